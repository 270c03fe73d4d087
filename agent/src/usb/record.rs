//! `DOMFLEET/DRIVE.json`: what makes a drive ours.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use domfleet_shared::usb::{ContentKind, DriveRecord};

/// Our folder on a drive, and the file in it.
pub(super) const FOLDER: &str = "DOMFLEET";
const NAME: &str = "DRIVE.json";
/// The same, from the root of its file system.
pub(super) const PATH: &str = "/DOMFLEET/DRIVE.json";
/// It has a few hundred bytes.
pub(super) const LIMIT: u64 = 64 * 1024;

/// Whether a file system of this kind may be a drive of ours: rename and fsync must mean what they
/// say, and a file may be as long as it has to be.
pub(super) fn can_be_in(kind: ContentKind) -> bool {
    kind == ContentKind::Ext4
}

/// What a file with this content says.
pub(super) fn decode(bytes: &[u8]) -> io::Result<DriveRecord> {
    let record: DriveRecord = serde_json::from_slice(bytes)?;
    if record.format != DriveRecord::FORMAT {
        let later = format!("it is of format {}: a later build wrote it", record.format);
        return Err(io::Error::new(io::ErrorKind::InvalidData, later));
    }
    Ok(record)
}

/// The file in the file system that is mounted at `mounted`.
pub(super) fn read_mounted(mounted: &Path) -> io::Result<Option<Vec<u8>>> {
    let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let path = mounted.join(FOLDER).join(NAME);
    let file = match File::options().read(true).custom_flags(no_link).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes it into the file system that is mounted at `mounted`. When this returns, it outlives a
/// power cut; before, it is there wholly or not at all.
pub(super) fn write(mounted: &Path, record: &DriveRecord) -> io::Result<()> {
    let folder = mounted.join(FOLDER);
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let unfinished = folder.join("DRIVE.json.new");
    let mut file = File::create(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(NAME))?;
    File::open(&folder)?.sync_all()?;
    File::open(mounted)?.sync_all()
}
