//! The kernel's own list: which block devices are plugged in by USB, and what they are.

use std::path::{Path, PathBuf};

use domfleet_shared::usb::UsbHardware;

use crate::dom0::xen::Root;

/// What sysfs counts in, whatever the drive's own sectors are.
const SECTOR: u64 = 512;

/// A block device that is plugged in by USB.
#[derive(Clone, Debug)]
pub(super) struct Device {
    /// Such as `sdb`.
    pub(super) name: String,
    pub(super) numbers: Numbers,
    pub(super) size_bytes: u64,
    /// What it is read and written in.
    pub(super) sector: u64,
    pub(super) read_only: bool,
    pub(super) hardware: UsbHardware,
    pub(super) partitions: Vec<Part>,
}

/// A partition, as the kernel has read the table.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) numbers: Numbers,
    pub(super) number: u32,
    pub(super) start_bytes: u64,
    pub(super) size_bytes: u64,
}

/// The kernel's `major:minor` of a block device.
pub(super) type Numbers = String;

/// All of them, by name. A reader without a card in it is none.
///
/// `removable` says nothing: it is 0 for most disks in a USB case.
pub(super) fn devices(root: &Root) -> Vec<Device> {
    root.names("/sys/block").iter().filter_map(|name| device(root, name)).collect()
}

fn device(root: &Root, name: &str) -> Option<Device> {
    let folder = format!("/sys/block/{name}");
    // CD drives: what modems and recovery sticks pretend to be is not to be written to.
    if name.starts_with("sr") {
        return None;
    }
    let place = root.path(&folder).canonicalize().ok()?;
    if !place.components().any(|part| is_bus(&part.as_os_str().to_string_lossy())) {
        return None;
    }
    let size_bytes = number(root, &format!("{folder}/size"))?.checked_mul(SECTOR)?;
    if size_bytes == 0 {
        return None;
    }
    let parts = root.names(&folder).into_iter().filter_map(|part| partition(root, &folder, part));
    let mut partitions: Vec<_> = parts.collect();
    partitions.sort_by_key(|part| part.start_bytes);
    Some(Device {
        numbers: root.text(&format!("{folder}/dev"))?,
        size_bytes,
        sector: number(root, &format!("{folder}/queue/logical_block_size")).unwrap_or(SECTOR),
        read_only: number(root, &format!("{folder}/ro")) == Some(1),
        hardware: hardware(root, &folder, &place),
        partitions,
        name: name.to_owned(),
    })
}

/// `usb1` is a bus; `usb` and `usbmisc` are not.
fn is_bus(name: &str) -> bool {
    let digits = name.strip_prefix("usb").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn partition(root: &Root, folder: &str, name: String) -> Option<Part> {
    let at = format!("{folder}/{name}");
    Some(Part {
        number: u32::try_from(number(root, &format!("{at}/partition"))?).ok()?,
        numbers: root.text(&format!("{at}/dev"))?,
        start_bytes: number(root, &format!("{at}/start"))?.checked_mul(SECTOR)?,
        size_bytes: number(root, &format!("{at}/size"))?.checked_mul(SECTOR)?,
        name,
    })
}

fn number(root: &Root, path: &str) -> Option<u64> {
    root.text(path)?.parse().ok()
}

/// The USB device that the block device belongs to is the nearest one above it with an `idVendor`;
/// those further up are hubs.
fn hardware(root: &Root, folder: &str, place: &Path) -> UsbHardware {
    let Some(usb) = place.ancestors().find(|above| above.join("idVendor").is_file()) else {
        return UsbHardware::default();
    };
    let text = |path: PathBuf| {
        // Whatever a stranger's stick says here is shown to people, and compared.
        let text = std::fs::read_to_string(path).ok()?.replace(|c: char| c.is_control(), "");
        let text = text.trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let of_usb = |name: &str| text(usb.join(name));
    let of_disk = |name: &str| text(root.path(&format!("{folder}/device/{name}")));
    UsbHardware {
        vendor_id: of_usb("idVendor").unwrap_or_default().to_lowercase(),
        product_id: of_usb("idProduct").unwrap_or_default().to_lowercase(),
        serial: of_usb("serial"),
        vendor: of_disk("vendor").or_else(|| of_usb("manufacturer")),
        model: of_disk("model").or_else(|| of_usb("product")),
        port: usb.file_name().map(|name| name.to_string_lossy().into_owned()),
        speed_megabits: of_usb("speed").and_then(|text| text.parse().ok()),
    }
}
