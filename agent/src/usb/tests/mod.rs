//! Drives in a fake system, and drives that are files.

mod find;
pub(crate) mod loops;
mod prepare;
mod which;

use std::fs;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};

use domfleet_shared::usb::{Usage, UsbDrive};
use tempfile::TempDir;

use super::Usb;

pub(crate) const MIB: u64 = 1024 * 1024;

/// A folder that looks like the root of a dom0.
pub(crate) struct System(TempDir);

impl System {
    pub(crate) fn new() -> Self {
        let system = Self(tempfile::tempdir().unwrap());
        for folder in ["sys/block", "proc/self", "dev"] {
            fs::create_dir_all(system.path(folder)).unwrap();
        }
        system.write("proc/self/mountinfo", "");
        system.write("proc/swaps", "Filename Type Size Used Priority\n");
        system
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn usb(&self) -> Usb {
        Usb::new(self.0.path(), &self.path("data"))
    }

    /// Plugs in a blank drive; its content is the file that is answered.
    pub(crate) fn plug(&self, name: &str, serial: &str, size: u64) -> PathBuf {
        let port = format!("1-{}", name.len() + usize::from(name.as_bytes()[2]));
        let usb = format!("sys/devices/pci0/usb1/{port}");
        for (file, text) in
            [("idVendor", "0781"), ("idProduct", "5583"), ("serial", serial), ("speed", "5000")]
        {
            self.write(&format!("{usb}/{file}"), text);
        }
        let place = format!("{usb}/{port}:1.0/host0/target0:0:0/0:0:0:0/block/{name}");
        self.disk(&place, name, size)
    }

    /// A disk at `place` in sysfs.
    pub(crate) fn disk(&self, place: &str, name: &str, size: u64) -> PathBuf {
        let minor = u32::from(name.as_bytes()[2].saturating_sub(b'a')) * 16;
        self.write(&format!("{place}/dev"), format!("8:{minor}"));
        self.write(&format!("{place}/size"), (size / 512).to_string());
        self.write(&format!("{place}/ro"), "0");
        self.write(&format!("{place}/queue/logical_block_size"), "512");
        symlink(self.path(place), self.path(&format!("sys/block/{name}"))).unwrap();
        let file = self.path(&format!("dev/{name}"));
        fs::File::create(&file).unwrap().set_len(size).unwrap();
        file
    }

    /// The kernel reads the table.
    pub(crate) fn partition(&self, disk: &str, number: u32, start: u64, size: u64) {
        let folder = format!("sys/block/{disk}/{disk}{number}");
        let minor = u32::from(disk.as_bytes()[2] - b'a') * 16 + number;
        for (file, value) in [
            ("dev", format!("8:{minor}")),
            ("partition", number.to_string()),
            ("start", (start / 512).to_string()),
            ("size", (size / 512).to_string()),
        ] {
            self.write(&format!("{folder}/{file}"), value);
        }
    }

    pub(crate) fn only(&self) -> UsbDrive {
        let mut drives = self.usb().drives();
        assert_eq!(drives.len(), 1, "{drives:?}");
        drives.remove(0)
    }

    pub(crate) fn usage(&self) -> Usage {
        self.only().usage
    }
}

pub(crate) fn put(path: &Path, offset: u64, bytes: impl AsRef<[u8]>) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes.as_ref(), offset).unwrap();
}

/// Runs a tool of the machine that tests.
#[expect(clippy::disallowed_methods, reason = "not on dom0, and this time without a deadline")]
pub(crate) fn run(tool: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(tool).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {said}{errors}");
    said
}
