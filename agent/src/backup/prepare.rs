//! From xl configurations to what is to be backed up: all that stands in the way is told at once,
//! before anything is written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use domfleet_shared::Timestamp;
use domfleet_shared::backup_key::KeyName;
use domfleet_shared::id::{SetId, VmId};
use domfleet_shared::image::Format;
use domfleet_shared::xl_config::{Disk, VmConfig};

use super::config;
use super::documents;
use super::documents::{LeftOut, MOST_DISKS, Plan, PlannedDisk, PlannedVm};
use super::geometry::Geometry;
use super::snapshots::Found;
use super::source::Sources;
use crate::image;
use crate::meter::Unwatched;

/// A configuration is a page or two.
const LONGEST_CONFIG: u64 = 1024 * 1024;

/// What is to be backed up.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What and from where.
    pub plan: Plan,
    /// The VMs' configurations, byte by byte.
    pub configs: BTreeMap<VmId, Vec<u8>>,
    /// VMs whose configuration says no UUID: theirs was made up for the plan.
    nameless: Vec<VmId>,
}

/// What stands in the way of a backup, all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Blockers(pub Vec<String>);

/// Looks at the configurations and at every disk that they name. The VMs must be off.
pub fn prepare(configs: &[PathBuf], now: Timestamp) -> Result<Prepared, Blockers> {
    prepare_from(configs, now, &|target| Found::in_dom0(target, None))
}

/// The same where some disks are read from what stands in for them: their VMs may run.
pub fn prepare_for(
    configs: &[PathBuf],
    now: Timestamp,
    sources: &impl Sources,
) -> Result<Prepared, Blockers> {
    prepare_from(configs, now, &|target| Found::in_dom0(target, sources.stand_in(target)))
}

/// Where the disk is that a configuration says is at `target`; an error in words.
pub(super) type Find<'f> = &'f dyn Fn(&str) -> Result<Found, String>;

/// The same for disks that are elsewhere than the configurations say.
pub(super) fn prepare_from(
    configs: &[PathBuf],
    now: Timestamp,
    find: Find<'_>,
) -> Result<Prepared, Blockers> {
    let (mut vms, mut texts) = (Vec::new(), BTreeMap::new());
    let (mut blockers, mut nameless) = (Vec::new(), Vec::new());
    for path in configs {
        let (text, config) = match read(path) {
            Ok(read) => read,
            Err(why) => {
                blockers.push(why);
                continue;
            }
        };
        let uuid = config.uuid.unwrap_or_else(|| {
            let uuid = VmId::new();
            nameless.push(uuid);
            uuid
        });
        let vm = look(uuid, &config, (path, find), &mut blockers);
        if texts.insert(uuid, text).is_some() {
            blockers.push(format!("{}: a VM of the same UUID is there already", path.display()));
        }
        vms.push(vm);
    }
    shared_disks(&vms, &mut blockers);
    if vms.is_empty() && blockers.is_empty() {
        blockers.push("no VM is named".to_owned());
    }
    let plan = Plan {
        format: documents::format(None),
        key: None,
        set: SetId::new(),
        created_at: now,
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        geometry: Geometry::USUAL,
        imported_from: None,
        parity: false,
        vms,
    };
    if let Err(error) = plan.check() {
        blockers.push(error.to_string());
    }
    if blockers.is_empty() {
        Ok(Prepared { plan, configs: texts, nameless })
    } else {
        Err(Blockers(blockers))
    }
}

/// What a configuration says that its VM is, as far as it can be read.
pub(crate) fn identity(path: &Path) -> (Option<VmId>, Option<String>) {
    match read(path) {
        Ok((_, config)) => (config.uuid, Some(config.name)),
        Err(_) => (None, None),
    }
}

fn read(path: &Path) -> Result<(Vec<u8>, VmConfig), String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST_CONFIG + 1).read_to_end(&mut text).map_err(unreadable)?;
    let config = match std::str::from_utf8(&text) {
        Ok(said) if text.len() as u64 <= LONGEST_CONFIG => config::parse(said),
        _ => None,
    };
    let config =
        config.ok_or_else(|| format!("{} is no xl configuration of a VM", path.display()))?;
    Ok((text, config))
}

fn look(
    uuid: VmId,
    config: &VmConfig,
    (path, find): (&Path, Find<'_>),
    blockers: &mut Vec<String>,
) -> PlannedVm {
    let is_uuid_made_up = config.uuid.is_none();
    let (mut disks, mut left_out) = (Vec::new(), Vec::new());
    if config.disks.len() > MOST_DISKS {
        // Each would be looked at.
        blockers.push(format!("{}: no VM has {} disks", path.display(), config.disks.len()));
        return PlannedVm { uuid, is_uuid_made_up, name: config.name.clone(), disks, left_out };
    }
    for (number, disk) in (0..).zip(&config.disks) {
        match look_at_disk(number, disk, find) {
            Ok(Kept::Disk(disk)) => disks.push(disk),
            Ok(Kept::LeftOut(reason)) => {
                left_out.push(LeftOut { vdev: disk.vdev.clone(), reason: reason.to_owned() });
            }
            Err(why) => blockers.push(format!("{}, disk {}: {why}", path.display(), disk.vdev)),
        }
    }
    PlannedVm { uuid, is_uuid_made_up, name: config.name.clone(), disks, left_out }
}

enum Kept {
    Disk(PlannedDisk),
    LeftOut(&'static str),
}

fn look_at_disk(number: u32, disk: &Disk, find: Find<'_>) -> Result<Kept, String> {
    let Some(target) = &disk.target else { return Ok(Kept::LeftOut("an empty drive")) };
    let cd = Kept::LeftOut("a CD that the guest cannot write to: keep a copy of it yourself");
    if disk.cdrom {
        return Ok(cd);
    }
    let Found { path, look_at } = find(target)?;
    let target = path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    let format = Format::from_name(&disk.format);
    if !disk.writable && is_cd(&look_at) {
        return Ok(cd);
    }
    let examined = image::examine(&look_at, Some(format), &Unwatched).map_err(|error| {
        let why =
            std::error::Error::source(&error).map_or_else(String::new, |why| format!(": {why}"));
        format!("{error}{why}")
    })?;
    if let Some(holder) = examined.holder() {
        return Err(format!("{holder} writes to {target}: shut its VM down first"));
    }
    let judgement = examined.judgement;
    if !judgement.convertible {
        return Err(format!(
            "{target} cannot be backed up as it is: {}",
            judgement.reasons.join(" ")
        ));
    }
    let target = target.to_owned();
    let virtual_bytes = judgement.virtual_bytes;
    Ok(Kept::Disk(PlannedDisk {
        number,
        vdev: disk.vdev.clone(),
        path: target,
        format,
        virtual_bytes,
    }))
}

/// By the volume descriptor of ISO 9660, at sector 16.
pub(crate) fn is_cd(path: &Path) -> bool {
    let mut mark = [0; 5];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(16 * 2048 + 1))?;
        file.read_exact(&mut mark)
    });
    read.is_ok() && mark == *b"CD001"
}

/// A disk that two VMs write to cannot be restored to both.
fn shared_disks(vms: &[PlannedVm], blockers: &mut Vec<String>) {
    let mut owners = BTreeMap::new();
    for vm in vms {
        for disk in &vm.disks {
            let real =
                std::fs::canonicalize(&disk.path).unwrap_or_else(|_| disk.path.clone().into());
            if let Some(other) = owners.insert(real, &vm.name) {
                blockers.push(format!("{} is a disk of {other} and of {}", disk.path, vm.name));
            }
        }
    }
}

impl Prepared {
    #[cfg(test)]
    pub(super) fn of(plan: Plan, configs: BTreeMap<VmId, Vec<u8>>) -> Self {
        Self { plan, configs, nameless: Vec::new() }
    }

    /// The same, to be encrypted with that key if there is one.
    #[must_use]
    pub fn encrypted(mut self, key: Option<KeyName>) -> Self {
        (self.plan.key, self.plan.format) = (key, documents::format(key));
        self
    }

    /// The same, with the VMs under these ids, in the order of their configurations: of one whose configuration
    /// says none, everybody else knows already which it is.
    #[must_use]
    pub fn known_as(mut self, ids: &[VmId]) -> Self {
        for (vm, id) in self.plan.vms.iter_mut().zip(ids) {
            if vm.uuid != *id
                && let Some(text) = self.configs.remove(&vm.uuid)
            {
                self.nameless.retain(|nameless| *nameless != vm.uuid);
                self.configs.insert(*id, text);
                vm.uuid = *id;
            }
        }
        self
    }

    /// The same work, as `begun` has it, if that is what was begun: then it goes on under its ids.
    pub fn as_begun(&self, begun: &Plan) -> Option<Self> {
        let mut vms = begun.vms.clone();
        let mut configs = BTreeMap::new();
        for vm in &self.plan.vms {
            let at = vms.iter().position(|other| {
                let is_it = other.uuid == vm.uuid || self.nameless.contains(&vm.uuid);
                is_it && (&other.name, &other.disks) == (&vm.name, &vm.disks)
            })?;
            configs.insert(vms.swap_remove(at).uuid, self.configs.get(&vm.uuid)?.clone());
        }
        let is_the_same = vms.is_empty()
            && begun.geometry == self.plan.geometry
            && begun.key.is_some() == self.plan.key.is_some();
        is_the_same.then(|| Self { plan: begun.clone(), configs, nameless: self.nameless.clone() })
    }
}
