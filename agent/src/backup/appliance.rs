//! What an appliance's network is made of, which goes into the set with its VMs: whoever replaces the box
//! needs its addresses before anything of it can be reached.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::cipher::Cipher;
use super::documents::PlannedDisk;
use super::documents::{Manifest, SavedFile};
use super::durable;
use super::error::BackupError;
use super::files::{DiskFile, DiskFiles};
use super::hash::Hash;
use super::medium::Medium;
use super::names::Folder;
use super::source::Sources;

/// What is read of an appliance, where it is there.
const FILES: [&str; 9] = [
    "/etc/network/interfaces",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/dhcpcd.conf",
    "/etc/udhcpc/udhcpc.conf",
    // Which card is called what.
    "/etc/mactab",
    "/etc/udev/rules.d/70-persistent-net.rules",
    "/etc/udev/rules.d/80-net-name-slot.rules",
];
/// All that is in these.
const FOLDERS: [&str; 1] = ["/etc/network/interfaces.d"];
/// Each is a page or two.
const LONGEST: u64 = 256 * 1024;
/// No appliance has more, and no manifest.
pub(super) const MOST: usize = 200;

/// A file of an appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplianceFile {
    /// Where it is on the appliance.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// The disks of a machine's VMs, and its network configuration.
#[derive(Clone, Debug)]
pub struct OfAppliance {
    root: PathBuf,
}

impl OfAppliance {
    /// The machine whose files are below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

impl Sources for OfAppliance {
    type Source = DiskFile;

    fn open(&self, disk: &PlannedDisk) -> io::Result<DiskFile> {
        DiskFiles.open(disk)
    }

    fn appliance(&self) -> Vec<ApplianceFile> {
        network(&self.root)
    }
}

/// The network configuration of the machine whose files are below `root`.
fn network(root: &Path) -> Vec<ApplianceFile> {
    let mut paths: Vec<String> = FILES.map(str::to_owned).into();
    for folder in FOLDERS {
        let Ok(entries) = std::fs::read_dir(below(root, folder)) else { continue };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        paths.extend(names.into_iter().map(|name| format!("{folder}/{name}")));
    }
    let mut files = Vec::new();
    for path in paths.into_iter().take(MOST) {
        match read(&below(root, &path)) {
            Ok(Some(content)) => files.push(ApplianceFile { path, content }),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // A disk that begins to fail is when its VMs are backed up: they are what matters.
            Err(error) => tracing::warn!(path, %error, "it is not in the backup"),
        }
    }
    files
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// Nothing of what is no file, or one that is too long to be what it is called.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut content = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut content)?;
    Ok((content.len() as u64 <= LONGEST).then_some(content))
}

/// Brings the files into a set, and tells what the manifest will say of them.
pub(super) fn save(
    medium: &impl Medium,
    folder: &Folder,
    cipher: &Cipher,
    sources: &impl Sources,
) -> Result<Vec<SavedFile>, BackupError> {
    let files = sources.appliance();
    let failed = BackupError::medium("writing the network configuration");
    if !files.is_empty() {
        durable::make_folders(medium, &folder.appliance()).map_err(&failed)?;
    }
    let mut saved = Vec::new();
    for (number, ApplianceFile { path, content }) in files.into_iter().enumerate() {
        let name = folder.appliance_file(number);
        let stored = cipher.seal_file(&name, &content).map_err(&failed)?;
        durable::publish(medium, &name, &stored).map_err(&failed)?;
        saved.push(SavedFile { path, bytes: content.len() as u64, hash: Hash::of(&stored) });
    }
    Ok(saved)
}

/// The files of a manifest, each with its name in the set.
pub(super) fn names<'m>(
    manifest: &'m Manifest,
    folder: &'m Folder,
) -> impl Iterator<Item = (String, &'m SavedFile)> {
    let files = manifest.appliance.iter().enumerate();
    files.map(|(number, file)| (folder.appliance_file(number), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_appliance_has_is_read_and_what_it_lacks_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, content: &[u8]| {
            let path = below(root.path(), path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        put("/etc/network/interfaces", b"auto eth0\n");
        put("/etc/network/interfaces.d/b", b"2");
        put("/etc/network/interfaces.d/a", b"1");
        put("/etc/network/interfaces.d/folder/c", b"3");
        put("/etc/hosts", &vec![b'#'; usize::try_from(LONGEST).unwrap() + 1]);
        put("/etc/shadow", b"secret");

        let files = network(root.path());

        let found: Vec<_> =
            files.iter().map(|file| (file.path.as_str(), file.content.as_slice())).collect();
        assert_eq!(
            found,
            [
                ("/etc/network/interfaces", b"auto eth0\n".as_slice()),
                ("/etc/network/interfaces.d/a", b"1"),
                ("/etc/network/interfaces.d/b", b"2"),
            ]
        );
    }
}
