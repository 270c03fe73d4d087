//! Which files a mitigation is in, what they say, and what they would say.

use domfleet_shared::mitigation::Mitigation;
use serde::{Deserialize, Serialize};

use super::error::{MitigationError, of};
use super::host::{Host, Mount};
use super::scheduler::{Disk, has_only_many_queues};
use super::system::System;
use super::text::{Conflict, extlinux, fstab, local_start, sysctl, update_extlinux};

pub(super) const FSTAB: &str = "/etc/fstab";
/// The vendor's page says `.cfg`, Alpine `.conf`.
const EXTLINUX: [&str; 2] = ["/boot/extlinux.conf", "/boot/extlinux.cfg"];
const UPDATE_EXTLINUX: &str = "/etc/update-extlinux.conf";
/// The page's name for it.
pub(super) const SYSCTL: &str = "/etc/sysctl.d/01-overcommit.conf";
const LOCAL_START: &str = "/etc/local.d/domfleet-scheduler.start";

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Fstab,
    Extlinux,
    UpdateExtlinux,
    Sysctl,
    LocalStart,
}

impl Kind {
    /// `current` with our change to `before` taken out, and nothing else.
    pub(super) fn undo(
        self,
        current: &[u8],
        before: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, Conflict> {
        let then = before.unwrap_or_default();
        match self {
            Self::Fstab => fstab::undo(current, then).map(Some),
            Self::Extlinux => Ok(Some(extlinux::undo(current, then))),
            Self::UpdateExtlinux => Ok(Some(update_extlinux::undo(current, then))),
            Self::Sysctl => Ok(sysctl::undo(current, before)),
            Self::LocalStart if before.is_some() => {
                Err(Conflict("there was another script of that name before".into()))
            }
            Self::LocalStart => local_start::undo(current),
        }
    }

    pub(super) fn is_program(self) -> bool {
        self == Self::LocalStart
    }
}

/// A file, as it is and as it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) kind: Kind,
    pub(super) path: String,
    pub(super) now: Option<Vec<u8>>,
    pub(super) wanted: Vec<u8>,
}

impl Edit {
    pub(super) fn is_done(&self) -> bool {
        self.now.as_ref() == Some(&self.wanted)
    }
}

/// The files of a mitigation, and what else is to be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits {
    pub(super) files: Vec<Edit>,
    pub(super) notes: Vec<String>,
}

/// Why there are none: refusals for people, or a file that cannot be read.
pub(super) type Edited = Result<Edits, MitigationError>;

/// What `which` does to the files of a system; with that `vm.overcommit_ratio`.
pub(super) fn edits(
    which: Mitigation,
    host: &Host,
    system: &impl System,
    ratio: Option<u64>,
) -> Edited {
    let edits = match which {
        Mitigation::Swap => swap(system)?,
        Mitigation::Scheduler => scheduler(host, system)?,
        Mitigation::Overcommit => overcommit(system, ratio)?,
        Mitigation::Unknown => {
            let why = "this agent does not know that mitigation: update it";
            return Err(MitigationError::Refused(why.into()));
        }
    };
    let obstacles: Vec<String> = edits
        .files
        .iter()
        .filter(|edit| !edit.is_done())
        .filter_map(|edit| Some(format!("{} {}", edit.path, system.obstacle(&edit.path)?)))
        .collect();
    if obstacles.is_empty() { Ok(edits) } else { Err(MitigationError::refused(&obstacles)) }
}

fn read(system: &impl System, path: &str) -> Result<Option<Vec<u8>>, MitigationError> {
    system.read(path).map_err(of(path))
}

fn swap(system: &impl System) -> Edited {
    let mut edits = Edits::default();
    if let Some(now) = read(system, FSTAB)? {
        let wanted = fstab::off(&now);
        edits.files.push(Edit { kind: Kind::Fstab, path: FSTAB.into(), now: Some(now), wanted });
    }
    if let Some(level) = runlevel_of(system, "swap") {
        edits.notes.push(format!(
            "OpenRC's service swap is in runlevel {level}: it turns on what {FSTAB} names, and so nothing"
        ));
    }
    Ok(edits)
}

fn scheduler(host: &Host, system: &impl System) -> Edited {
    let only_many = has_only_many_queues(&host.kernel);
    let has_few = !only_many
        && (host.disks.is_empty() || host.disks.iter().any(|disk| !disk.has_many_queues()));
    let has_many = only_many || host.disks.iter().any(Disk::has_many_queues);
    let mut edits = if has_few { boot_loader(host, system)? } else { Edits::default() };
    if has_many {
        edits.notes.push(format!(
            "elevator= has no effect on disks with many queues, with kernel {}: {LOCAL_START} sets their \
             scheduler at each boot",
            host.kernel
        ));
        let (now, wanted) = (read(system, LOCAL_START)?, local_start::SCRIPT.to_vec());
        edits.files.push(Edit { kind: Kind::LocalStart, path: LOCAL_START.into(), now, wanted });
        if runlevel_of(system, "local").is_none() {
            edits.notes.push(
                "OpenRC's service local is in no runlevel, and so runs no script at boot: \
                 rc-update add local default"
                    .into(),
            );
        }
    }
    Ok(edits)
}

fn boot_loader(host: &Host, system: &impl System) -> Edited {
    let mut menus = Vec::new();
    for path in EXTLINUX {
        menus.extend(read(system, path)?.map(|now| (path, now)));
    }
    let refused = |why: String| Err(MitigationError::Refused(why));
    let (path, now) = match menus.pop() {
        None => return refused(format!("there is neither {} nor {}", EXTLINUX[0], EXTLINUX[1])),
        Some(menu) if menus.is_empty() => menu,
        Some(_) => {
            return refused(format!(
                "there are both {} and {}, and which of them is used cannot be told: remove the other",
                EXTLINUX[0], EXTLINUX[1]
            ));
        }
    };
    if !extlinux::boots_xen(&now) {
        return refused(format!("no entry of {path} boots Xen"));
    }
    let wanted = extlinux::with_noop(&now);
    if now != wanted && host.mount_of(path).is_some_and(Mount::is_in_memory) {
        return refused(format!(
            "{path} is in memory, and lbu does not keep what is in /boot: change the file on the medium \
             that dom0 boots from"
        ));
    }
    let mut edits = Edits::default();
    edits.files.push(Edit { kind: Kind::Extlinux, path: path.into(), now: Some(now), wanted });
    if let Some(now) = read(system, UPDATE_EXTLINUX)? {
        if !update_extlinux::has_parameters(&now) {
            edits.notes.push(format!(
                "{UPDATE_EXTLINUX} sets no default_kernel_opts on one line, and is left as it is: when a \
                 kernel is upgraded, {path} may be written without the parameter"
            ));
        }
        let (kind, wanted) = (Kind::UpdateExtlinux, update_extlinux::with_noop(&now));
        edits.files.push(Edit { kind, path: UPDATE_EXTLINUX.into(), now: Some(now), wanted });
    }
    Ok(edits)
}

fn overcommit(system: &impl System, ratio: Option<u64>) -> Edited {
    let now = read(system, SYSCTL)?;
    let wanted = sysctl::strict(now.as_deref(), ratio);
    let mut edits = Edits::default();
    edits.files.push(Edit { kind: Kind::Sysctl, path: SYSCTL.into(), now, wanted });
    for path in later_settings(system) {
        if let Some(mode) = read(system, &path)?.as_deref().and_then(sysctl::mode)
            && mode != 2
        {
            edits.notes.push(format!("{path} is read later and sets vm.overcommit_memory={mode}"));
        }
    }
    Ok(edits)
}

/// Files of settings that OpenRC's service sysctl reads after ours.
fn later_settings(system: &impl System) -> Vec<String> {
    let folder = "/etc/sysctl.d";
    let names =
        system.names(folder).into_iter().filter(|name| name.strip_suffix(".conf").is_some());
    let paths = names.map(|name| format!("{folder}/{name}")).filter(|path| path.as_str() > SYSCTL);
    paths.chain(["/etc/sysctl.conf".to_owned()]).collect()
}

/// `vm.overcommit_ratio` as it is after a boot, where a file sets it.
pub(super) fn lasting_ratio(system: &impl System) -> Result<Option<u64>, MitigationError> {
    let mut found = None;
    for path in [SYSCTL.to_owned()].into_iter().chain(later_settings(system)) {
        found = read(system, &path)?.as_deref().and_then(sysctl::ratio).or(found);
    }
    Ok(found)
}

/// Whether dom0 will have swap after its next boot.
pub(super) fn has_lasting_swap(system: &impl System) -> Result<bool, MitigationError> {
    Ok(read(system, FSTAB)?.is_some_and(|text| fstab::has_swap(&text)))
}

/// The runlevel of OpenRC's that a service is in.
fn runlevel_of(system: &impl System, service: &str) -> Option<String> {
    let folder = "/etc/runlevels";
    system
        .names(folder)
        .into_iter()
        .find(|level| system.names(&format!("{folder}/{level}")).iter().any(|name| name == service))
}
