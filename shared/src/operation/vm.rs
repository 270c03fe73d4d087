//! What is said of a VM that is to be made or changed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Lock;
use crate::id::VmId;

/// The longest configuration that is taken, in bytes: a page of text, many times over.
pub const CONFIG_BYTES: usize = 32 * 1024;
/// The most that is read of a console's log at once, in bytes.
pub const CONSOLE_LOG_BYTES: u32 = 64 * 1024;

/// A VM to be made. It is not started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = VmCreateOperation)]
pub struct VmCreate {
    /// Its UUID; where it is not said, the one that the configuration says, or a new one. The
    /// server settles it when it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
    /// What it is made from.
    pub from: VmSource,
}

/// What a VM is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VmSource {
    /// A form that was filled in.
    Form(Box<VmForm>),
    /// The text of an xl configuration (xl.cfg(5)), at most 32 KiB. It is kept as it is, but for
    /// the UUID and the MAC addresses, which are written into it.
    Config(String),
}

/// A VM, as it is described in a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VmForm {
    /// Its name: up to 64 letters, digits and `+ _ . -`, and not only digits.
    pub name: String,
    /// How it is virtualised.
    #[serde(rename = "type")]
    pub vm_type: VmType,
    /// Memory.
    pub memory_mib: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Its disks.
    #[serde(default)]
    pub disks: Vec<NewDisk>,
    /// Its network cards.
    #[serde(default)]
    pub nics: Vec<NewNic>,
    /// The guest's kernel, a file in dom0. Without one, a PV or PVH guest is booted by pygrub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Its first file system, a file in dom0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramdisk: Option<String>,
    /// What the kernel is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cmdline: Option<String>,
    /// What an HVM guest is booted from, such as `dc`: `c` a disk, `d` the CD drive, `n` the
    /// network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Whether an HVM guest is booted by UEFI in place of BIOS.
    #[serde(default)]
    pub uefi: bool,
}

/// How a guest is virtualised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VmType {
    /// The guest knows that it is one, and needs no QEMU.
    Pv,
    /// The same, with the CPU's help.
    Pvh,
    /// The guest sees a whole computer.
    Hvm,
}

/// A disk to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewDisk {
    /// Its name in the guest, such as `xvda` or `hdc`.
    pub vdev: String,
    /// What it is.
    pub source: DiskSource,
    /// How its content is laid out; `raw` where it is not said, as volumes are.
    #[serde(default)]
    pub format: DiskFormat,
    /// Whether the guest may write; yes where it is not said.
    #[serde(default = "yes")]
    pub writable: bool,
    /// Whether it is a CD drive.
    #[serde(default)]
    pub cdrom: bool,
}

fn yes() -> bool {
    true
}

/// What a disk is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskSource {
    /// A file or a block device in dom0, by its absolute path.
    Path(String),
    /// A volume, by its `lv_uuid`.
    Volume(String),
    /// A volume that is made with the VM.
    NewVolume(NewVolume),
    /// Nothing: an empty CD drive.
    Empty,
}

/// A volume that is made for a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewVolume {
    /// The volume group's name.
    pub volume_group: String,
    /// The new volume's name.
    pub name: String,
    /// At least so many bytes; rounded up to whole extents.
    pub size_bytes: u64,
    /// The thin pool that it is made in; a thick volume where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thin_pool: Option<String>,
}

/// How a disk's content is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskFormat {
    /// As the guest sees it.
    #[default]
    Raw,
    /// QEMU's first format.
    Qcow,
    /// QEMU's own format.
    Qcow2,
    /// Microsoft's format.
    Vhd,
}

impl DiskFormat {
    /// As xl writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow => "qcow",
            Self::Qcow2 => "qcow2",
            Self::Vhd => "vhd",
        }
    }
}

/// A network card to be attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewNic {
    /// dom0's bridge; xl's own default where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<String>,
    /// Its address; a new one, which then stays, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// What an HVM guest sees, such as `e1000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What is to be changed of a VM. It takes effect at the VM's next start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = VmChangeOperation)]
pub struct VmChange {
    /// The VM. It must be managed.
    pub vm: VmId,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Virtual CPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<u32>,
    /// Disks to be attached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_disks: Vec<NewDisk>,
    /// Disks to be taken away, by their names in the guest. What they were stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_disks: Vec<String>,
    /// Network cards to be attached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_nics: Vec<NewNic>,
    /// Network cards to be taken away, by their MAC addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_nics: Vec<String>,
}

/// What becomes of the disks of a VM that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disks {
    /// They stay.
    Keep,
    /// Volumes that carry our tag are removed with what is on them. Everything else stays.
    Remove,
}

impl VmCreate {
    /// The disks of its form.
    pub fn disks(&self) -> &[NewDisk] {
        match &self.from {
            VmSource::Form(form) => &form.disks,
            VmSource::Config(_) => &[],
        }
    }
}

/// What is held while `vm` is given `disks`.
pub(super) fn locks(vm: Option<VmId>, disks: &[NewDisk]) -> Vec<Lock> {
    let makes_volumes = disks.iter().any(|disk| matches!(disk.source, DiskSource::NewVolume(_)));
    let storage = makes_volumes.then_some(Lock::Storage);
    vm.map(Lock::Vm).into_iter().chain(storage).collect()
}

/// Why `name` cannot be a VM's: it becomes part of files' names, and `xl` takes a number for a
/// domain's.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let fits = (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "+_.-".contains(letter))
        && !name.chars().all(|letter| letter.is_ascii_digit())
        && name != "Domain-0";
    if fits {
        return Ok(());
    }
    Err(
        "a VM's name is up to 64 letters, digits and + _ . -, begins with a letter or digit, and is \
         not a number",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_lead_elsewhere_is_none() {
        for name in ["", "..", "../etc/passwd", "a/b", "a b", "-rf", "17", "Domain-0", "a\0b", "ä"]
        {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"a".repeat(65)).is_err());
        for name in ["pbx", "win10.2", "7of9", "a_b+c-d"] {
            assert!(check_name(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_form_may_leave_out_what_has_a_usual_value() {
        let json = r#"{"name":"pbx","type":"pv","memory_mib":512,"vcpus":1,
            "disks":[{"vdev":"xvda","source":{"volume":"u"}},
                     {"vdev":"hdc","source":"empty","cdrom":true}]}"#;

        let form: VmForm = serde_json::from_str(json).unwrap();

        assert!(form.disks[0].writable);
        assert_eq!(form.disks[0].format, DiskFormat::Raw);
        assert_eq!(form.disks[1].source, DiskSource::Empty);
    }
}
