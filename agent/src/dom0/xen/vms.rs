//! VMs: those with a domain from `xl`, those without one from their configuration files.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Vm, VmDisk, VmState};
use domfleet_shared::xl_config::{Document, VmConfig};
use uuid::Uuid;

use super::{QUERY_WITHIN, Xen, command, facts, xl};
use crate::dom0::Domain;

/// A configuration is a page of text.
const CONFIG_BYTES: u64 = 256 * 1024;

/// A configuration file that was read.
pub(super) struct Found {
    pub(super) path: String,
    pub(super) text: String,
    config: VmConfig,
    adopted: bool,
}

/// Which QEMU serves a domain: each process is asked until it has answered.
#[derive(Debug, Default)]
pub(super) struct DeviceModels(Mutex<HashMap<(u32, u32), Option<String>>>);

impl DeviceModels {
    async fn version(&self, root: &facts::Root, domid: u32) -> Option<String> {
        let pid = device_model(root, domid)?;
        let known =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(domid, pid)).cloned();
        if let Some(version) = known {
            return version;
        }
        // The very file that runs, which an upgrade may have removed from its place.
        let path = root.path(&format!("/proc/{pid}/exe"));
        let version = facts::qemu_version(&path.to_string_lossy()).await.ok()?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(of, _), _| *of != domid);
        all.insert((domid, pid), version.clone());
        version
    }
}

/// The process that was started with `-xen-domid DOMID`.
pub(super) fn device_model(root: &facts::Root, domid: u32) -> Option<u32> {
    let wanted = domid.to_string();
    root.names("/proc").into_iter().filter_map(|name| name.parse::<u32>().ok()).find(|pid| {
        let command = std::fs::read(root.path(&format!("/proc/{pid}/cmdline"))).unwrap_or_default();
        let mut arguments = command.split(|byte| *byte == 0);
        arguments.any(|argument| argument == b"-xen-domid")
            && arguments.next() == Some(wanted.as_bytes())
    })
}

impl Xen {
    /// Every VM, by UUID, and the texts of the configurations that are ours.
    pub(super) async fn vms(&self, domains: &[Domain]) -> (Vec<Vm>, BTreeMap<VmId, String>) {
        let devices = match command::run("xl", &["list", "-l"], QUERY_WITHIN).await {
            Ok(output) => xl::devices(&output.stdout),
            Err(_) => HashMap::new(),
        };
        let files = self.configs();
        let started = self.started_with_dom0();
        let starts = |vm: VmId, name: &str| {
            let is_it =
                |file: &Found| file.is_for(vm) || (!file.is_pinned() && file.config.name == name);
            Some(started.iter().any(is_it))
        };
        let mut vms = Vec::new();
        for domain in domains {
            let file = files.iter().find(|file| file.is_of(domain));
            let devices = devices.get(&domain.domid).cloned().unwrap_or_default();
            vms.push(Vm {
                uuid: domain.uuid,
                name: domain.name.clone(),
                state: domain.vm_state(),
                domid: Some(domain.domid),
                memory_bytes: domain.memory_bytes,
                vcpus: domain.vcpus,
                disks: self.by_content(devices.disks),
                macs: devices.macs,
                qemu_running: self.device_models.version(&self.root, domain.domid).await,
                config_path: file.map(|file| file.path.clone()),
                managed: file.is_some_and(|file| file.adopted),
                autostart: starts(domain.uuid, &domain.name),
                started_at: self.starts.at(domain).await,
            });
        }
        for file in &files {
            let uuid = file.vm();
            let is_there = vms.iter().any(|vm| vm.uuid == uuid || vm.name == file.config.name);
            if !is_there {
                vms.push(Vm {
                    autostart: starts(uuid, &file.config.name),
                    started_at: self.starts.last(uuid),
                    ..self.stopped(file)
                });
            }
        }
        vms.sort_by_key(|vm| vm.uuid);
        let ours = files.into_iter().filter(|file| file.adopted);
        (vms, ours.map(|file| (file.vm(), file.text)).collect())
    }

    fn stopped(&self, file: &Found) -> Vm {
        let config = file.config.clone();
        Vm {
            uuid: file.vm(),
            state: VmState::Off,
            domid: None,
            memory_bytes: config.memory_bytes(),
            vcpus: config.vcpus,
            disks: self.by_content(config.vm_disks()),
            macs: config.macs(),
            name: config.name,
            qemu_running: None,
            config_path: Some(file.path.clone()),
            managed: file.adopted,
            autostart: None,
            started_at: None,
        }
    }

    /// Every configuration file, ours first: a copy that we adopted stands for its original.
    pub(super) fn configs(&self) -> Vec<Found> {
        let ours = self.layout.adopted_dir.to_string_lossy().into_owned();
        let theirs = self.layout.vm_config_dirs.iter();
        let theirs = theirs.map(|folder| (self.root.path(folder), false));
        let mut found: Vec<Found> = Vec::new();
        for (folder, adopted) in std::iter::once((ours.into(), true)).chain(theirs) {
            found.extend(in_folder(&folder, adopted));
        }
        found
    }

    fn by_content(&self, disks: Vec<VmDisk>) -> Vec<VmDisk> {
        let judged = disks.into_iter().map(|disk| {
            let format =
                disk.target.as_deref().and_then(|target| format_of(&self.root.path(target)));
            VmDisk { format: format.map_or_else(|| disk.format.clone(), str::to_owned), ..disk }
        });
        judged.collect()
    }
}

/// The configurations in a folder, by name. What begins with a dot is not finished.
pub(super) fn in_folder(folder: &Path, adopted: bool) -> Vec<Found> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_draft =
        |path: &Path| path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(|path| !is_draft(path)).collect();
    paths.sort();
    paths.iter().filter_map(|path| read(path, adopted)).collect()
}

pub(super) fn read(path: &Path, adopted: bool) -> Option<Found> {
    if !path.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(CONFIG_BYTES).read_to_string(&mut text).ok()?;
    let config = parsed(&text)?;
    Some(Found { path: path.to_string_lossy().into_owned(), text, config, adopted })
}

/// What a text says of a VM, as far as it can be read: other files lie beside configurations.
pub(super) fn parsed(text: &str) -> Option<VmConfig> {
    VmConfig::of(&Document::read(text.as_bytes()).ok()?)
}

impl Found {
    /// The VM that it is for.
    ///
    /// A file without a UUID gets one at random from `xl` at each start. So that there is one thing
    /// to speak of, such a file has one that follows from its path, and is started with it.
    pub(super) fn vm(&self) -> VmId {
        self.config.uuid.unwrap_or_else(|| {
            let hash = blake3::hash(format!("domfleet vm {}", self.path).as_bytes());
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&hash.as_bytes()[..16]);
            VmId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
        })
    }

    /// Its VM's name.
    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    /// Whether it says which VM it is for.
    pub(super) fn is_pinned(&self) -> bool {
        self.config.uuid.is_some()
    }

    /// Whether it says that it is for that VM, or stands for it by its path.
    pub(super) fn is_for(&self, vm: VmId) -> bool {
        self.vm() == vm
    }

    fn is_of(&self, domain: &Domain) -> bool {
        self.vm() == domain.uuid || (self.config.uuid.is_none() && self.config.name == domain.name)
    }
}

/// What the first bytes say: a file's name and its configuration may both be wrong.
fn format_of(path: &Path) -> Option<&'static str> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_block_device() {
        let place = std::fs::canonicalize(path).ok()?;
        let is_lv =
            place.to_string_lossy().starts_with("/dev/dm-") || path.starts_with("/dev/mapper");
        return Some(if is_lv { "lv" } else { "raw" });
    }
    if !kind.is_file() {
        return None;
    }
    let mut head = Vec::new();
    File::open(path).ok()?.take(8).read_to_end(&mut head).ok()?;
    Some(match head.as_slice() {
        [b'Q', b'F', b'I', 0xfb, 0, 0, 0, 1, ..] => "qcow",
        [b'Q', b'F', b'I', 0xfb, ..] => "qcow2",
        [b'Q', b'E', b'D', 0, ..] => "qed",
        b"conectix" | b"vhdxfile" => "vhd",
        _ => "raw",
    })
}

/// So that a nil UUID, which `xl` prints for a domain it knows nothing of, is never a VM.
pub(super) fn is_known(vm: VmId) -> bool {
    vm.0 != Uuid::nil()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_disk_is_what_its_first_bytes_say() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        let format = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            format_of(&path)
        };

        assert_eq!(format(b"QFI\xfb\0\0\0\x01rest"), Some("qcow"));
        assert_eq!(format(b"QFI\xfb\0\0\0\x03rest"), Some("qcow2"));
        assert_eq!(format(b"conectix"), Some("vhd"));
        assert_eq!(format(b"\xeb\x63\x90"), Some("raw"));
        assert_eq!(format_of(&folder.path().join("gone")), None);
    }

    #[tokio::test]
    async fn a_device_model_that_did_not_answer_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let process = folder.path().join("proc/77");
        std::fs::create_dir_all(&process).unwrap();
        std::fs::write(process.join("cmdline"), b"qemu\0-xen-domid\x003\0-nographic").unwrap();
        let root = facts::Root(folder.path().to_owned());
        let models = DeviceModels::default();
        let answers = |script: &str| {
            let exe = process.join("exe");
            drop(std::fs::remove_file(&exe));
            std::fs::write(&exe, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&exe, PermissionsExt::from_mode(0o755)).unwrap();
        };

        answers("exit 1");
        assert_eq!(models.version(&root, 3).await, None);
        answers("echo QEMU emulator version 7.2.22");
        assert_eq!(models.version(&root, 3).await.as_deref(), Some("7.2.22"));
        answers("exit 1");
        assert_eq!(models.version(&root, 3).await.as_deref(), Some("7.2.22"), "asked once");
        assert_eq!(models.version(&root, 4).await, None);
    }

    #[test]
    fn a_file_without_a_uuid_is_always_the_same_vm_and_another_file_another() {
        let file = |path: &str| Found {
            path: path.into(),
            text: String::new(),
            config: VmConfig { name: "a".into(), ..VmConfig::default() },
            adopted: false,
        };

        assert_eq!(file("/etc/xen/a.cfg").vm(), file("/etc/xen/a.cfg").vm());
        assert_ne!(file("/etc/xen/a.cfg").vm(), file("/etc/xen/b.cfg").vm());
        assert!(is_known(file("/etc/xen/a.cfg").vm()));
    }
}
