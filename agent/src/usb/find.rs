//! Which USB drives are plugged in, and what is on each: read, and nothing but read.

use std::io;
use std::path::Path;

use domfleet_shared::usb::{DriveIdentity, DriveRecord, UsbDrive, UsbPartition};

use super::gpt::Made;
use super::in_use::InUse;
use super::marker::{self, Marker};
use super::sysfs::{self, Device};
use super::table::{self, Table};
use super::usage::{Facts, usage};
use super::window::Window;
use super::{Usb, ext, record, superblock};
use crate::dom0::xen::Root;

/// What has to be blank at both ends of a drive that is said to be empty.
const BLANK: usize = 1024 * 1024;
/// More than anybody looks at; an MBR has chains that never end.
const MOST_PARTITIONS: usize = 64;

impl Usb {
    /// The drives that are plugged in now, by their device's name.
    ///
    /// One that cannot be read is there too, and foreign. Blocks while the drives are read.
    pub fn drives(&self) -> Vec<UsbDrive> {
        let in_use = InUse::read(&self.root);
        let devices = sysfs::devices(&self.root);
        devices.iter().map(|device| self.drive(device, &in_use)).collect()
    }

    fn drive(&self, device: &Device, in_use: &InUse) -> UsbDrive {
        let (seen, unreadable) = match self.look(device, in_use) {
            Ok(seen) => (seen, None),
            Err(error) => (Seen::nothing(), Some(error.to_string())),
        };
        let mounted_at = in_use.mounted_at(&device.numbers, &device.name);
        let taken = in_use.reason(&self.root, device, |folder| self.is_ours(folder));
        let facts = Facts {
            taken,
            unreadable,
            table: &seen.table,
            content: seen.content.as_ref(),
            partitions: &seen.partitions,
            is_blank: seen.is_blank,
            begins_as_ours: seen.begins_as_ours,
            are_partitions_blank: seen.are_partitions_blank,
            record: seen.record.as_ref().map(|(record, _)| record),
            marker: seen.marker.as_ref(),
        };
        let usage = usage(&facts);
        // Of ours that which holds the record; else the only one that there is.
        let place = seen.record.as_ref().map(|(_, place)| *place);
        let place = place.or((seen.partitions.len() == 1).then_some(Place::Partition(0)));
        let partition = match place {
            Some(Place::Partition(at)) => seen.partitions.get(at),
            Some(Place::Whole) | None => None,
        };
        let content = partition.map_or(seen.content.as_ref(), |part| part.content.as_ref());
        let hardware = device.hardware.clone();
        let identity = DriveIdentity {
            drive: seen.record.as_ref().and_then(|(record, _)| record.identity.drive),
            file_system: content.and_then(|content| content.uuid.clone()),
            partition: partition.and_then(|partition| partition.uuid.clone()),
            size_bytes: device.size_bytes,
            vendor_id: hardware.vendor_id.clone(),
            product_id: hardware.product_id.clone(),
            serial: hardware.serial.clone(),
        };
        UsbDrive {
            path: format!("/dev/{}", device.name),
            size_bytes: device.size_bytes,
            read_only: device.read_only,
            table: seen.table.kind,
            content: seen.content,
            mounted_at,
            partitions: seen.partitions,
            usage,
            identity,
            hardware,
        }
    }

    fn look(&self, device: &Device, in_use: &InUse) -> io::Result<Seen> {
        let path = self.device(&device.name);
        let whole = Window::open(&path, 0, device.size_bytes)?;
        let head = whole.read(0, BLANK)?;
        let tail =
            whole.read(device.size_bytes.saturating_sub(BLANK as u64), BLANK.min(head.len()))?;
        let table = table::read(&whole, device.sector)?;
        let marker = Marker::read(&whole)?;
        let mut seen = Seen {
            content: superblock::content(&whole)?,
            partitions: partitions(&table, device, in_use),
            is_blank: is_blank(&head) && is_blank(&tail),
            begins_as_ours: marker.is_some_and(|marker| begins_as_ours(&head, &marker, device)),
            are_partitions_blank: true,
            marker,
            table,
            record: None,
        };
        // A hybrid image is both a CD and divided; then the table is for boot loaders.
        for partition in &mut seen.partitions {
            let window = open_part(&self.root, &path, partition)?;
            partition.content = superblock::content(&window)?;
            seen.are_partitions_blank &= is_blank(&window.read(0, WIPED)?);
        }
        seen.record = self.find_record(&path, device, &seen, in_use);
        Ok(seen)
    }

    /// The first `DRIVE.json` on it. One that cannot be read makes the drive foreign: then it says
    /// why in the log.
    fn find_record(
        &self,
        path: &Path,
        device: &Device,
        seen: &Seen,
        in_use: &InUse,
    ) -> Option<(DriveRecord, Place)> {
        let parts = seen.partitions.iter().enumerate();
        let parts = parts.map(|(at, part)| {
            let open = open_part(&self.root, path, part);
            (Place::Partition(at), part.content.as_ref(), part.mounted_at.clone(), open)
        });
        let whole = (
            Place::Whole,
            seen.content.as_ref(),
            in_use.mounted_at(&device.numbers, &device.name),
            Window::open(path, 0, device.size_bytes),
        );
        for (place, content, mounted_at, window) in std::iter::once(whole).chain(parts) {
            if !content.is_some_and(|content| record::can_be_in(content.kind)) {
                continue;
            }
            // What is mounted is newer in memory than on the drive.
            let read = match mounted_at.first() {
                Some(folder) if self.is_ours(folder) => record::read_mounted(Path::new(folder)),
                Some(folder) => record::read_mounted(&self.root.path(folder)),
                None => window.and_then(|window| ext::read(window, record::PATH, record::LIMIT)),
            };
            match read.and_then(|bytes| bytes.map(|bytes| record::decode(&bytes)).transpose()) {
                Ok(Some(record)) => return Some((record, place)),
                Ok(None) => {}
                Err(error) => tracing::warn!(
                    path = %path.display(),
                    error = &error as &dyn std::error::Error,
                    "DRIVE.json cannot be read"
                ),
            }
        }
        None
    }
}

/// What was read of a drive.
#[derive(Debug)]
struct Seen {
    table: Table,
    content: Option<domfleet_shared::usb::Content>,
    partitions: Vec<UsbPartition>,
    is_blank: bool,
    begins_as_ours: bool,
    /// Whether each partition begins as preparing leaves it before there is a file system.
    are_partitions_blank: bool,
    record: Option<(DriveRecord, Place)>,
    marker: Option<Marker>,
}

impl Seen {
    fn nothing() -> Self {
        Self {
            table: Table::none(),
            content: None,
            partitions: Vec::new(),
            is_blank: false,
            begins_as_ours: false,
            are_partitions_blank: false,
            record: None,
            marker: None,
        }
    }
}

/// Where on a drive something is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Whole,
    Partition(usize),
}

/// Whether a drive begins as preparing leaves it before it has a table: blank, but for the marker and
/// for whatever was written of the table. A file system of a kind that nobody here knows does not.
fn begins_as_ours(head: &[u8], marker: &Marker, device: &Device) -> bool {
    let made = Made::new(marker.disk, marker.partition, device.sector, device.size_bytes);
    let pieces = made.into_iter().flat_map(|made| made.pieces);
    let begun = usize::try_from(device.sector).map(|length| (marker::AT, marker.encode(length)));
    let mut ours = vec![0; head.len()];
    for (at, bytes) in pieces.chain(begun) {
        let range = usize::try_from(at).ok().map(|at| at..at.saturating_add(bytes.len()));
        if let Some(place) = range.and_then(|range| ours.get_mut(range)) {
            place.copy_from_slice(&bytes);
        }
    }
    let sectors = head.chunks(SMALLEST_SECTOR).zip(ours.chunks(SMALLEST_SECTOR));
    sectors.into_iter().all(|(seen, ours)| is_blank(seen) || seen == ours)
}

/// So much of a write is whole after a power cut, or not there.
const SMALLEST_SECTOR: usize = 512;

/// So many bytes at a partition's beginning preparing makes blank.
const WIPED: usize = 128 * 1024;

/// All zeros, or all ones as flash is when it is erased.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    let first = bytes.first().copied().unwrap_or_default();
    matches!(first, 0 | 0xff) && bytes.iter().all(|byte| *byte == first)
}

/// Those in the table, with the kernel's name where it has one, and those that only the kernel
/// knows: logical partitions in an extended one.
fn partitions(table: &Table, device: &Device, in_use: &InUse) -> Vec<UsbPartition> {
    let of_kernel = |start: u64, size: u64| {
        let mut parts = device.partitions.iter();
        parts.find(|part| part.start_bytes == start && part.size_bytes == size)
    };
    let mut found: Vec<UsbPartition> = table
        .entries
        .iter()
        .filter(|entry| entry.start_bytes.saturating_add(entry.size_bytes) <= device.size_bytes)
        .map(|entry| {
            let part = of_kernel(entry.start_bytes, entry.size_bytes);
            let mounted_at = part.map(|part| in_use.mounted_at(&part.numbers, &part.name));
            UsbPartition {
                path: part.map(|part| format!("/dev/{}", part.name)),
                start_bytes: entry.start_bytes,
                size_bytes: entry.size_bytes,
                uuid: Some(entry.uuid.clone()),
                content: None,
                mounted_at: mounted_at.unwrap_or_default(),
            }
        })
        .collect();
    for part in &device.partitions {
        if !found.iter().any(|known| known.start_bytes == part.start_bytes) {
            let signature = table.entries.first().and_then(|entry| entry.uuid.split_once('-'));
            let is_logical = part.number > 4 && table.disk.is_none();
            let uuid = signature.filter(|_| is_logical);
            found.push(UsbPartition {
                path: Some(format!("/dev/{}", part.name)),
                start_bytes: part.start_bytes,
                size_bytes: part.size_bytes,
                uuid: uuid.map(|(signature, _)| format!("{signature}-{:02x}", part.number)),
                content: None,
                mounted_at: in_use.mounted_at(&part.numbers, &part.name),
            });
        }
    }
    found.sort_by_key(|partition| partition.start_bytes);
    found.truncate(MOST_PARTITIONS);
    found
}

/// Through the partition's own device where there is one: what was written through that is newer
/// there than in what the kernel remembers of the whole.
fn open_part(root: &Root, whole: &Path, part: &UsbPartition) -> io::Result<Window> {
    let own = part.path.as_deref().map(|path| root.path(path)).filter(|path| path.exists());
    match own {
        Some(path) => Window::open(&path, 0, part.size_bytes),
        None => Window::open(whole, part.start_bytes, part.size_bytes),
    }
}
