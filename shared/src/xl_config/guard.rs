//! What a configuration that comes over the network may not say: it would be dom0's root who does
//! it.

use super::device::{Disk, Nic};
use super::document::Document;
use super::error::ConfigError;
use super::vm::VmConfig;
use crate::operation::vm::{self, DiskSource, NewDisk, NewNic};

/// Keys whose value is a program, or an argument of one, that dom0 runs.
const PROGRAMS: [&str; 6] = [
    "device_model_override",
    "device_model_args",
    "device_model_args_hvm",
    "device_model_args_pv",
    "bootloader_args",
    "colo_checkpoint_host",
];
/// Where files for guests' kernels and firmware are taken from, less what leads out of there.
const FILES: [&str; 5] =
    ["kernel", "ramdisk", "firmware_override", "bios_path_override", "acpi_firmware"];

impl Document {
    /// Whether a VM may be made from it on somebody's word: it names a VM by a name that can be
    /// used, has memory, and has dom0 run nothing and touch no disk that is its own.
    pub fn check_new(&self) -> Result<VmConfig, ConfigError> {
        let wrong = |key: &str, what: String| ConfigError { line: self.line_of(key), what };
        let config = VmConfig::of(self)
            .ok_or_else(|| ConfigError::whole("it names no VM: name = \"…\" is missing"))?;
        vm::check_name(&config.name).map_err(|why| wrong("name", why.into()))?;
        if config.memory_mib == 0 {
            return Err(wrong("memory", "memory, in MiB, is missing or no number".into()));
        }
        if self.value("uuid").is_some() && config.uuid.is_none() {
            return Err(wrong("uuid", "the uuid is none".into()));
        }
        for key in PROGRAMS {
            if self.value(key).is_some() {
                let what = format!("{key} has dom0 run a program: it is not taken from here");
                return Err(wrong(key, what));
            }
        }
        let bootloader = self.atom("bootloader");
        if bootloader.as_deref().is_some_and(|program| !is_pygrub(program)) {
            let what = "the bootloader is a program that dom0 runs: only pygrub is taken from here";
            return Err(wrong("bootloader", what.into()));
        }
        for key in FILES {
            if let Some(path) = self.atom(key) {
                check_path(&path).map_err(|why| wrong(key, format!("{key}: {why}")))?;
            }
        }
        for disk in &config.disks {
            disk.check().map_err(|why| wrong("disk", why))?;
        }
        for nic in &config.nics {
            nic.check().map_err(|why| wrong("vif", why))?;
        }
        Ok(config)
    }
}

fn is_pygrub(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    let folder = program.strip_suffix(name).unwrap_or_default();
    name == "pygrub"
        && matches!(folder, "" | "/usr/bin/" | "/usr/lib/xen/bin/" | "/usr/libexec/xen/bin/")
}

impl Disk {
    /// Whether it may be a guest's.
    pub fn check(&self) -> Result<(), String> {
        if !is_vdev(&self.vdev) {
            return Err(format!("{:?} is no name of a disk, such as xvda", self.vdev));
        }
        if self.script.is_some() {
            return Err(
                "a disk's script is a program that dom0 runs: it is not taken from here".into()
            );
        }
        let Some(target) = &self.target else {
            let is_drive = self.cdrom || self.vdev.starts_with("hd");
            return if is_drive { Ok(()) } else { Err(format!("{} has no target", self.vdev)) };
        };
        check_path(target)?;
        if is_whole_disk(target) {
            return Err(format!(
                "{target} is a disk of dom0's own: only files and logical volumes are given to \
                 guests from here"
            ));
        }
        Ok(())
    }
}

impl Nic {
    /// Whether it may be a guest's.
    pub fn check(&self) -> Result<(), String> {
        if self
            .script
            .as_deref()
            .is_some_and(|script| script.contains('/') || script.contains(".."))
        {
            return Err(
                "a card's script is a program that dom0 runs: it is not taken from here".into()
            );
        }
        if self.mac.as_deref().is_some_and(|mac| !is_mac(mac)) {
            return Err(format!("{:?} is no MAC address of one card", self.mac));
        }
        if self.bridge.as_deref().is_some_and(|bridge| !is_interface(bridge)) {
            return Err(format!("{:?} is no name of a bridge", self.bridge));
        }
        Ok(())
    }
}

impl NewDisk {
    /// Whether it can be written into a configuration, and says nothing else there.
    pub fn check(&self) -> Result<(), String> {
        let target = match &self.source {
            DiskSource::Path(path) => Some(path.clone()),
            // Where volumes are is known, and no name of theirs leads elsewhere.
            DiskSource::Volume(_) | DiskSource::NewVolume(_) => Some("/dev/vg/lv".to_owned()),
            DiskSource::Empty => None,
        };
        Disk { vdev: self.vdev.clone(), target, cdrom: self.cdrom, ..Disk::default() }.check()
    }
}

impl NewNic {
    /// Whether it can be written into a configuration, and says nothing else there.
    pub fn check(&self) -> Result<(), String> {
        let is_word = |word: &str| {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
            (1..=32).contains(&word.len()) && word.chars().all(fits)
        };
        if self.model.as_deref().is_some_and(|model| !is_word(model)) {
            return Err(format!("{:?} is no model of a card, such as e1000", self.model));
        }
        Nic { mac: self.mac.clone(), bridge: self.bridge.clone(), script: None }.check()
    }
}

/// `xvda`, `hdc`, `sdb1`.
fn is_vdev(name: &str) -> bool {
    let stem = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let letters = ["xvd", "hd", "sd"].iter().find_map(|kind| stem.strip_prefix(kind));
    name.len() <= 8
        && letters.is_some_and(|rest| {
            (1..=2).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_lowercase())
        })
}

/// Six octets, the first of which says that it is one card's.
pub(super) fn is_mac(text: &str) -> bool {
    let octets: Vec<Option<u8>> = text
        .split(':')
        .map(|octet| (octet.len() == 2).then(|| u8::from_str_radix(octet, 16).ok()).flatten())
        .collect();
    octets.len() == 6
        && octets.iter().all(Option::is_some)
        && octets.first().copied().flatten().is_some_and(|first| first & 1 == 0)
}

/// A network interface, as Linux takes its name.
fn is_interface(name: &str) -> bool {
    (1..=15).contains(&name.len())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
        && !name.starts_with(['.', '-'])
}

/// An absolute path that leads where it says, and that needs no quoting.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("{path:?} {why}"));
    if !path.starts_with('/') {
        return refused("is not an absolute path");
    }
    if path.len() > 1024 {
        return Err("a path is too long".into());
    }
    if path.split('/').any(|part| part == ".." || part == ".") {
        return refused("leads elsewhere than it says");
    }
    if path.chars().any(|letter| letter.is_control() || matches!(letter, '\'' | '"' | '\\')) {
        return refused("has letters that no path here may have");
    }
    if ["/proc/", "/sys/"].iter().any(|folder| path.starts_with(folder)) {
        return refused("is no file of a guest's");
    }
    Ok(())
}

/// A device below /dev that is not a logical volume's: a disk, a partition, memory.
fn is_whole_disk(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/dev/") else { return false };
    let rest = rest.trim_matches('/');
    match rest.split_once('/') {
        None => true,
        Some(("mapper", _)) => false,
        Some((folder, _)) => {
            matches!(
                folder,
                "disk" | "block" | "char" | "fd" | "shm" | "bus" | "input" | "cciss" | "pts"
            )
        }
    }
}
