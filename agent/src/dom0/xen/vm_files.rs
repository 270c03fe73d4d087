//! The files of VMs: their configurations in our folder, and the links that have them started with
//! dom0. Whatever is written outlives a power cut once the step is done.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use domfleet_shared::id::VmId;

use super::vms::Found;
use super::{QUERY_WITHIN, Xen, command, vms};
use crate::dom0::{Dom0 as _, Dom0Error};

/// Where configurations are put that were removed.
const REMOVED: &str = "removed";

impl Xen {
    /// Writes a configuration, unless there is another than the one that it was made from.
    pub(super) async fn write_config(
        &self,
        vm: VmId,
        text: &str,
        replaces: Option<&str>,
    ) -> Result<(), Dom0Error> {
        const WHAT: &str = "writing the configuration";
        let failed = |error: io::Error| Dom0Error::refused(WHAT, error.to_string());
        let folder = &self.layout.adopted_dir;
        let path = folder.join(format!("{vm}.cfg"));
        let there = match std::fs::read_to_string(&path) {
            Ok(there) => Some(there),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if there.as_deref() == Some(text) {
            return Ok(());
        }
        if there.as_deref() != replaces {
            return Err(Dom0Error::not_run(WHAT, "somebody has changed it meanwhile"));
        }
        let said = vms::parsed(text);
        if said.as_ref().and_then(|config| config.uuid) != Some(vm) {
            return Err(Dom0Error::not_run(WHAT, "it does not say the VM's UUID"));
        }
        let name = said.map(|config| config.name).unwrap_or_default();
        if self.is_name_of_another(vm, &name).await? {
            return Err(Dom0Error::not_run(WHAT, format!("there is another VM {name}")));
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        let draft = folder.join(format!(".{vm}.new"));
        write_whole(&draft, text).map_err(failed)?;
        self.check_config(&draft).await?;
        std::fs::rename(&draft, &path).and_then(|()| sync(folder)).map_err(failed)
    }

    /// What `xl` itself says of a configuration, where there is an `xl`.
    async fn check_config(&self, path: &Path) -> Result<(), Dom0Error> {
        if command::find("xl").is_none() {
            return Ok(());
        }
        let path = path.to_string_lossy();
        let output = command::run("xl", &["-N", "create", &path], QUERY_WITHIN).await?;
        output.success("xl -N create").map(|_| ())
    }

    async fn is_name_of_another(&self, vm: VmId, name: &str) -> Result<bool, Dom0Error> {
        let domains = self.domains().await?;
        let by_domain = domains.iter().any(|domain| domain.name == name && domain.uuid != vm);
        Ok(by_domain || self.configs().iter().any(|file| file.name() == name && !file.is_for(vm)))
    }

    /// Puts every file of a VM that is off aside, and keeps a copy of each.
    pub(super) async fn remove_config(&self, vm: VmId) -> Result<(), Dom0Error> {
        const WHAT: &str = "removing the configuration";
        let failed = |error: io::Error| Dom0Error::refused(WHAT, error.to_string());
        if self.domains().await?.iter().any(|domain| domain.uuid == vm) {
            return Err(Dom0Error::not_run(WHAT, "the VM has a domain"));
        }
        let (links, files): (Vec<Found>, Vec<Found>) =
            self.files_of(vm).into_iter().partition(|file| is_link(&file.path));
        let folder = self.layout.adopted_dir.join(REMOVED);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        for (at, file) in files.iter().enumerate() {
            let copy = folder.join(format!("{vm}.{at}.cfg"));
            write_whole(&copy, &file.text).map_err(failed)?;
        }
        sync(&folder).map_err(failed)?;
        // What starts it first, ours last: a VM that is half removed is still ours to remove.
        for file in links.iter().chain(files.iter().rev()) {
            remove(Path::new(&file.path)).map_err(failed)?;
        }
        Ok(())
    }

    /// Has a VM started with dom0, or no more.
    pub(super) fn set_autostart(
        &self,
        vm: VmId,
        config_path: &str,
        enabled: bool,
    ) -> Result<(), Dom0Error> {
        const WHAT: &str = "setting what is started with dom0";
        let failed = |error: io::Error| Dom0Error::refused(WHAT, error.to_string());
        let folder = self.autostart_folder();
        for file in self.started_with_dom0().iter().filter(|file| self.is_of_vm(file, vm)) {
            if !is_link(&file.path) {
                let why = format!("{} is a file and no link: move it away by hand", file.path);
                return Err(Dom0Error::not_run(WHAT, why));
            }
            remove(Path::new(&file.path)).map_err(failed)?;
        }
        if enabled {
            std::fs::create_dir_all(&folder).map_err(failed)?;
            let link = folder.join(format!("{vm}.cfg"));
            symlink(config_path, &link).and_then(|()| sync(&folder)).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn autostart_folder(&self) -> PathBuf {
        self.root.path(&self.layout.autostart_dir)
    }

    /// What dom0 starts by itself.
    pub(super) fn started_with_dom0(&self) -> Vec<Found> {
        vms::in_folder(&self.autostart_folder(), false)
    }

    /// Every file that a VM is, or could be, started from.
    fn files_of(&self, vm: VmId) -> Vec<Found> {
        let mut files = self.configs();
        let known: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
        files.extend(self.started_with_dom0().into_iter().filter(|f| !known.contains(&f.path)));
        files.into_iter().filter(|file| self.is_of_vm(file, vm)).collect()
    }

    /// Whether a file is for that VM: it says so, or it says no UUID and the VM's name.
    fn is_of_vm(&self, file: &Found, vm: VmId) -> bool {
        let ours = self.layout.adopted_dir.join(format!("{vm}.cfg"));
        let name = || vms::read(&ours, true).map(|ours| ours.name().to_owned());
        file.is_for(vm) || (!file.is_pinned() && name().as_deref() == Some(file.name()))
    }
}

fn is_link(path: &str) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// A file with all of `text`, on the disk. It may hold passwords.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Names that were given or taken away in a folder outlive a power cut from then on.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    path.parent().map_or(Ok(()), sync)
}

#[cfg(test)]
#[path = "vm_files_tests.rs"]
mod tests;
