//! An appliance from a seed: its hardware, its VMs, its volumes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domfleet_agent::dom0::step::MANAGED_TAG;
use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Fingerprint, VmDisk, Volume, VolumeGroup};
use domfleet_shared::xl_config::{Document, VmConfig};

use super::dice::Dice;
use super::release::Release;

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;
/// LVM's own default.
const EXTENT: u64 = 4 * MIB;
/// The group of every simulated appliance that has one.
pub const VOLUME_GROUP: &str = "vg0";

/// What does not change while the box stands.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// What it is known by.
    pub fingerprint: Fingerprint,
    /// dom0's name for itself.
    pub hostname: String,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Of that, dom0's.
    pub dom0_memory_bytes: u64,
    /// Physical CPUs.
    pub cpus: u32,
}

/// What a guest does when it is asked to shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// It is gone after so long.
    Obeys(Duration),
    /// Nothing.
    Deaf,
}

/// A VM: its configuration, in a file or only in Xen.
#[derive(Clone, Debug)]
pub struct SimVm {
    pub uuid: VmId,
    pub name: String,
    pub memory_bytes: u64,
    pub vcpus: u32,
    pub disks: Vec<VmDisk>,
    pub macs: Vec<String>,
    pub config_path: Option<String>,
    /// The text of its configuration, where it is ours.
    pub config: Option<String>,
    pub managed: bool,
    pub starts_with_dom0: bool,
    pub guest: Guest,
}

/// An appliance as it was sold and set up.
#[derive(Clone, Debug)]
pub struct Appliance {
    pub release: &'static Release,
    pub hardware: Hardware,
    pub vms: BTreeMap<VmId, SimVm>,
    pub groups: Vec<VolumeGroup>,
    pub volumes: Vec<Volume>,
    pub uptime: Duration,
}

const ROLES: [(&str, u64, u32, u64); 6] = [
    ("pbx", 1, 1, 16),
    ("win10", 3, 2, 64),
    ("winserver", 3, 2, 120),
    ("linux", 1, 1, 20),
    ("voicemail", 1, 1, 8),
    ("monitor", 1, 1, 12),
];

impl Appliance {
    /// The appliance of those dice, with `release` or one that the dice choose.
    pub fn roll(dice: &mut Dice, release: Option<&'static Release>) -> Self {
        let release = release.unwrap_or_else(|| Release::drawn(dice));
        let hardware = hardware(dice);
        let uptime = release.uptime(dice);
        let mut volumes = Vec::new();
        let mut vms = BTreeMap::new();
        let mut memory_left = hardware.memory_bytes - hardware.dom0_memory_bytes;
        let first = dice.below(ROLES.len() as u64);
        for index in 0..dice.between(2, 4) {
            let role = usize::try_from((first + index) % ROLES.len() as u64).unwrap_or(0);
            let Some(left) = memory_left.checked_sub(ROLES[role].1 * GIB) else { continue };
            memory_left = left;
            let vm = vm(dice, ROLES[role], index, release, &mut volumes);
            vms.insert(vm.uuid, vm);
        }
        let groups = if release.has_volumes() { vec![group(dice)] } else { Vec::new() };
        Self { release, hardware, vms, groups, volumes, uptime }
    }
}

fn hardware(dice: &mut Dice) -> Hardware {
    let serial = format!("BN{:06}", dice.below(1_000_000));
    let first = dice.mac("00:50:c2");
    let hostname = format!("appliance-{}", serial.to_lowercase());
    Hardware {
        fingerprint: Fingerprint {
            system_uuid: Some(dice.uuid().to_string()),
            board_serial: Some(serial),
            macs: BTreeSet::from([first, dice.mac("00:50:c2")]),
            disks: BTreeSet::from([format!("naa.{:016x}", dice.roll())]),
        },
        hostname,
        memory_bytes: *dice.pick(&[8 * GIB, 8 * GIB, 16 * GIB]),
        dom0_memory_bytes: GIB,
        cpus: *dice.pick(&[2, 4, 4]),
    }
}

fn vm(
    dice: &mut Dice,
    (role, memory, vcpus, disk): (&str, u64, u32, u64),
    index: u64,
    release: &'static Release,
    volumes: &mut Vec<Volume>,
) -> SimVm {
    let name = if index == 0 { role.to_owned() } else { format!("{role}-{index}") };
    let uuid = VmId(dice.uuid());
    let target = if release.has_volumes() {
        volumes.push(volume(dice, &name, disk * GIB));
        format!("/dev/{VOLUME_GROUP}/{name}")
    } else {
        format!("/data/vms/{name}/disk0.{}", release.disk_format)
    };
    SimVm {
        uuid,
        memory_bytes: memory * GIB,
        vcpus,
        disks: vec![VmDisk {
            vdev: "xvda".into(),
            target: Some(target),
            format: release.disk_format.into(),
            writable: true,
        }],
        macs: vec![dice.mac("00:16:3e")],
        config_path: Some(format!("/etc/xen/{name}.cfg")),
        config: None,
        managed: false,
        // The first two always; what is left over is what somebody switched off.
        starts_with_dom0: index < 2 || dice.percent(50),
        guest: Guest::Obeys(Duration::from_millis(dice.between(20, 60))),
        name,
    }
}

/// A volume that others made: it carries no tag of ours.
pub(super) fn volume(dice: &mut Dice, name: &str, size_bytes: u64) -> Volume {
    Volume {
        lv_uuid: lvm_uuid(dice),
        name: name.to_owned(),
        volume_group: VOLUME_GROUP.into(),
        size_bytes: size_bytes.next_multiple_of(EXTENT),
        attributes: "-wi-ao----".into(),
        segment_type: "linear".into(),
        origin: None,
        data_basis_points: None,
        metadata_basis_points: None,
        pool: None,
        tags: BTreeSet::new(),
        managed: false,
    }
}

/// Makes a volume ours.
pub(super) fn tag(volume: &mut Volume, tags: impl IntoIterator<Item = String>) {
    volume.tags.extend(tags);
    volume.managed = volume.tags.contains(MANAGED_TAG);
}

fn group(dice: &mut Dice) -> VolumeGroup {
    VolumeGroup {
        uuid: lvm_uuid(dice),
        name: VOLUME_GROUP.into(),
        size_bytes: *dice.pick(&[512 * GIB, 1024 * GIB]),
        // What is free follows from the volumes.
        free_bytes: 0,
        extent_bytes: EXTENT,
    }
}

/// LVM writes UUIDs as groups of letters and digits.
pub(super) fn lvm_uuid(dice: &mut Dice) -> String {
    const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let group = |length: usize, dice: &mut Dice| -> String {
        (0..length).map(|_| char::from(*dice.pick(LETTERS))).collect()
    };
    [6, 4, 4, 4, 4, 4, 6].map(|length| group(length, dice)).join("-")
}

impl SimVm {
    /// As somebody would have written it.
    pub(super) fn written(&self) -> String {
        let list = |items: Vec<String>| items.join(", ");
        let disk = |disk: &VmDisk| {
            let target = disk.target.as_deref().unwrap_or_default();
            let format = if disk.format == "lv" { "raw" } else { &disk.format };
            format!("'format={format}, vdev={}, access=rw, target={target}'", disk.vdev)
        };
        format!(
            "name = '{}'\nuuid = '{}'\nmemory = {}\nvcpus = {}\ndisk = [ {} ]\nvif = [ {} ]\n",
            self.name,
            self.uuid,
            self.memory_bytes / MIB,
            self.vcpus,
            list(self.disks.iter().map(disk).collect()),
            list(self.macs.iter().map(|mac| format!("'mac={mac}'")).collect()),
        )
    }

    /// A VM that a configuration describes.
    pub(super) fn configured(uuid: VmId, text: &str, path: String) -> Option<Self> {
        let config = VmConfig::of(&Document::parse(text.as_bytes()).ok()?)?;
        let mut vm = Self {
            uuid,
            name: String::new(),
            memory_bytes: 0,
            vcpus: 0,
            disks: Vec::new(),
            macs: Vec::new(),
            config_path: Some(path),
            config: None,
            managed: true,
            starts_with_dom0: false,
            guest: Guest::Obeys(Duration::from_millis(30)),
        };
        vm.take(&config, text);
        Some(vm)
    }

    /// What its configuration says from now on. A running domain has what it was created with; only
    /// its name shows at once.
    pub(super) fn take(&mut self, config: &VmConfig, text: &str) {
        self.name.clone_from(&config.name);
        self.memory_bytes = config.memory_bytes();
        self.vcpus = config.vcpus;
        self.disks = config.vm_disks();
        self.macs = config.macs();
        self.config = Some(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_appliance() {
        let roll = |seed| format!("{:?}", Appliance::roll(&mut Dice::new(seed), None));

        assert_eq!(roll(5), roll(5));
        assert_ne!(roll(5), roll(6));
    }

    #[test]
    fn only_2_x_has_volumes_and_every_appliance_has_vms() {
        for seed in 0..200 {
            let appliance = Appliance::roll(&mut Dice::new(seed), None);

            assert_eq!(
                appliance.groups.is_empty(),
                !appliance.release.hypervisor.starts_with("2."),
            );
            assert!(appliance.vms.len() >= 2, "{appliance:?}");
        }
    }
}
