//! Which disk the running system is on, and what tells it apart: never its name, which changes with the order
//! in which disks are found.

use std::io;
use std::path::{Path, PathBuf};

use domfleet_shared::migration::permit::DiskIdentity;

use super::block::Disk;
use super::partition_table;

/// A disk, as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The kernel's name of it: `sda`.
    pub name: String,
    /// What it is known by, with runs of blanks made one.
    pub wwid: String,
    /// Its size.
    pub bytes: u64,
}

/// Why there is no system disk to be found.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// The kernel.
    #[error("the kernel does not tell which disk the system is on")]
    Io(#[from] io::Error),
    /// The root file system is on two or more disks.
    #[error("the system is on more than one disk: {0}; this cannot be migrated by itself")]
    Several(String),
    /// It cannot be told apart.
    #[error("{0} has neither a WWID nor a serial number: nobody could tell it from another disk")]
    Nameless(String),
}

/// The disk with the file system whose device number that is, by what is below `root` (`/`, but for tests).
pub fn of_device(root: &Path, major: u32, minor: u32) -> Result<Found, NotFound> {
    let mut device = std::fs::canonicalize(root.join(format!("sys/dev/block/{major}:{minor}")))?;
    // Down from a volume to what it is made of.
    loop {
        let below = slaves(&device)?;
        match below.as_slice() {
            [] => break,
            [one] => device = std::fs::canonicalize(device.join("slaves").join(one))?,
            several => return Err(NotFound::Several(several.join(", "))),
        }
    }
    if device.join("partition").exists() {
        device.pop();
    }
    found(&device)
}

/// The disk that is known by `wwid`, by what is below `root`; nothing where there is none, or there are two.
pub fn by_wwid(root: &Path, wwid: &str) -> io::Result<Option<Found>> {
    let mut matching = all(root)?;
    matching.retain(|disk| disk.wwid == normalised(wwid));
    Ok(if matching.len() == 1 { matching.pop() } else { None })
}

/// All that are known by something, by what is below `root`.
pub fn all(root: &Path) -> io::Result<Vec<Found>> {
    let mut disks = Vec::new();
    for entry in std::fs::read_dir(root.join("sys/block"))? {
        // What has no identity is nobody's system disk.
        disks.extend(found(&std::fs::canonicalize(entry?.path())?));
    }
    Ok(disks)
}

/// What a permit is bound to.
pub fn identity(found: &Found, disk: &impl Disk) -> io::Result<DiskIdentity> {
    let partition_table = partition_table::hash(disk)?;
    Ok(DiskIdentity { wwid: found.wwid.clone(), bytes: found.bytes, partition_table })
}

fn slaves(device: &Path) -> io::Result<Vec<String>> {
    let folder = match std::fs::read_dir(device.join("slaves")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        folder => folder?,
    };
    let mut names = Vec::new();
    for entry in folder {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn found(device: &Path) -> Result<Found, NotFound> {
    let name = device.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = |file: &str| std::fs::read_to_string(device.join(file)).ok();
    let wwid = ["device/wwid", "wwid", "serial"]
        .iter()
        .filter_map(|file| text(file))
        .map(|wwid| normalised(&wwid))
        .find(|wwid| !wwid.is_empty());
    let wwid = wwid.ok_or_else(|| NotFound::Nameless(name.clone()))?;
    // In sectors of 512 bytes, whatever the disk's are.
    let sectors = text("size").and_then(|size| size.trim().parse::<u64>().ok());
    let sectors = sectors.ok_or_else(|| io::Error::other("the disk has no size"))?;
    Ok(Found { name, wwid, bytes: sectors * 512 })
}

/// With each run of blanks made one, and none around it.
pub(crate) fn normalised(wwid: &str) -> String {
    wwid.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the kernel has its device.
pub fn device(found: &Found) -> PathBuf {
    Path::new("/dev").join(&found.name)
}
