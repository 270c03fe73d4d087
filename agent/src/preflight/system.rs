//! The disk that dom0 was booted from, which 2.x is put onto.

use std::collections::BTreeSet;

use domfleet_shared::migration::preflight::{PartitionFacts, SystemDisk};

use super::blocks::Blocks;
use super::complaints;
use super::vms::Where;
use crate::dom0::KernelMessage;
use crate::dom0::xen::Root;
use crate::usb::mounted_numbers;

/// Where the system is, the first that is on a disk: Alpine may run from memory, and boots from a partition then.
const FOLDERS: [&str; 3] = ["/", "/boot", "/media/root-ro"];

/// Its name, such as `sda`; nothing where it cannot be told.
pub(crate) fn system_disk_name(root: &Root, blocks: &Blocks) -> Option<String> {
    FOLDERS.iter().find_map(|folder| {
        let numbers = mounted_numbers(root, folder)?;
        let block = blocks.numbered(&numbers)?;
        let below = blocks.below(block).into_iter();
        let disks: BTreeSet<String> =
            below.map(|block| block.disk.clone().unwrap_or_else(|| block.name.clone())).collect();
        // A system on two disks is on none that could be overwritten.
        let mut disks = disks.into_iter();
        match (disks.next(), disks.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    })
}

/// All that is known of it; `disks_are_on` says where the disks of the VMs are.
pub(crate) fn system_disk(
    root: &Root,
    (blocks, name): (&Blocks, &str),
    disks_are_on: &[Where],
    messages: &[KernelMessage],
) -> Option<SystemDisk> {
    let disk = blocks.named(name)?;
    let parts = blocks.partitions_of(name);
    let names: Vec<String> = std::iter::once(name.to_owned())
        .chain(parts.iter().map(|part| part.name.clone()))
        .collect();
    let holds_disks =
        |part: &str| disks_are_on.iter().any(|place| place.partition.as_deref() == Some(part));
    Some(SystemDisk {
        path: format!("/dev/{name}"),
        wwid: root.wwid(name),
        bytes: disk.bytes,
        partitions: parts
            .iter()
            .map(|part| PartitionFacts {
                path: format!("/dev/{}", part.name),
                start_bytes: part.start_bytes,
                bytes: part.bytes,
                holds_disks: holds_disks(&part.name),
            })
            .collect(),
        io_errors: complaints(messages, &names),
        smart: None,
    })
}
