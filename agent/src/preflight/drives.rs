//! The USB drives that a backup could go onto.

use std::path::PathBuf;

use domfleet_shared::migration::preflight::DriveFacts;
use domfleet_shared::usb::{ContentKind, Usage, UsbDrive};

use super::rate;
use crate::dom0::KernelMessage;
use crate::meter::{Cancelled, Meter};
use crate::usb::Usb;
use crate::usb::mount::Access;

/// What is known of a drive without looking into it; nothing where the system works with it.
pub fn drive_facts(drive: &UsbDrive) -> Option<DriveFacts> {
    if matches!(drive.usage, Usage::System { .. }) {
        return None;
    }
    Some(DriveFacts {
        path: drive.path.clone(),
        model: drive.hardware.model.clone(),
        serial: drive.hardware.serial.clone(),
        size_bytes: drive.size_bytes,
        usage: drive.usage.clone(),
        file_system: file_system(drive),
        is_read_only: drive.read_only,
        free_bytes: None,
        io_errors: Vec::new(),
        unreadable: None,
        smart: None,
        speed_megabits: drive.hardware.speed_megabits,
        read_rate: None,
        write_rate: None,
    })
}

/// Of which the drive is known by its UUID.
fn file_system(drive: &UsbDrive) -> Option<ContentKind> {
    let contents = drive.partitions.iter().map(|part| part.content.as_ref());
    let mut contents = std::iter::once(drive.content.as_ref()).chain(contents).flatten();
    let uuid = drive.identity.file_system.as_ref()?;
    contents.find(|content| content.uuid.as_ref() == Some(uuid)).map(|content| content.kind)
}

/// The same, looked into: its room, what the kernel has said against it, and how fast it is read. It is mounted
/// read-only for a moment.
pub(crate) fn look_into(
    usb: &Usb,
    drive: &UsbDrive,
    messages: &[KernelMessage],
    meter: &dyn Meter,
) -> Result<Option<DriveFacts>, Cancelled> {
    let Some(mut facts) = drive_facts(drive) else { return Ok(None) };
    let parts = drive.partitions.iter().filter_map(|part| part.path.as_ref());
    let paths = std::iter::once(&drive.path).chain(parts);
    let names: Vec<String> =
        paths.map(|path| path.trim_start_matches("/dev/").to_owned()).collect();
    facts.io_errors = super::complaints(messages, &names);
    if !matches!(drive.usage, Usage::Ours { .. }) {
        return Ok(Some(facts));
    }
    meter.begin(&format!("looking into {}", drive.path), 0);
    match free(usb, drive) {
        Ok(bytes) => facts.free_bytes = Some(bytes),
        Err(why) => facts.unreadable = Some(why),
    }
    let device: PathBuf = usb.root().join(drive.path.trim_start_matches('/'));
    let read = rate::read(&device, "the drive", meter)?;
    facts.read_rate = read;
    Ok(Some(facts))
}

fn free(usb: &Usb, drive: &UsbDrive) -> Result<u64, String> {
    let mounted = usb.mount(drive, Access::ReadOnly).map_err(|error| {
        let why = std::error::Error::source(&error).map(|why| format!(": {why}"));
        format!("{error}{}", why.unwrap_or_default())
    })?;
    let room = rustix::fs::statvfs(mounted.folder()).map_err(|error| error.to_string())?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}
