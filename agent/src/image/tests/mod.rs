//! Images as `qemu-img` and `qemu-io` make and break them.

mod check;
mod convert;
mod disk;
mod inspect;
mod repair;
mod volume;
mod write;

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use domfleet_shared::image::Judgement;
use tempfile::TempDir;

use super::disk::Disk;

/// A folder with images, and QEMU's tools to make them with.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What `qemu-img` or `qemu-io` answers; whether that is good is the caller's to say.
    #[expect(clippy::disallowed_methods, reason = "not on dom0, and this time without a deadline")]
    fn run(&self, tool: &str, arguments: &[&str]) -> (i32, String) {
        let mut command = std::process::Command::new(tool);
        let output = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        // A tool that aborted itself has no exit code.
        (output.status.code().unwrap_or(-1), text + &errors)
    }

    fn img(&self, arguments: &[&str]) -> String {
        let (mut code, mut text) = self.run("qemu-img", arguments);
        for _ in 0..20 {
            // What it measures for LUKS is too fast for the clock now and then.
            if !text.contains("accurate CPU usage") {
                break;
            }
            (code, text) = self.run("qemu-img", arguments);
        }
        assert_eq!(code, 0, "qemu-img {arguments:?}: {text}");
        text
    }

    /// Does something to an image as a VM would.
    fn io(&self, image: &str, commands: &[&str]) {
        let mut arguments: Vec<_> = commands.iter().flat_map(|command| ["-c", command]).collect();
        arguments.push(image);
        let (code, text) = self.run("qemu-io", &arguments);
        assert_eq!(code, 0, "qemu-io {arguments:?}: {text}");
    }

    /// A disk of 64 MiB with some data on it.
    fn disk(&self, name: &str, options: &str) -> PathBuf {
        self.img(&["create", "-q", "-f", "qcow2", "-o", options, name, "64M"]);
        self.io(name, &["write -q -P 7 0 1M", "write -q -P 8 20M 300k", "write -q -z 30M 1M"]);
        self.path(name)
    }

    fn check(&self, name: &str) -> Judgement {
        super::check(&self.path(name), None).unwrap()
    }

    /// What `qemu-img check` ends with.
    fn theirs(&self, name: &str) -> i32 {
        self.run("qemu-img", &["check", "-q", name]).0
    }
}

fn patch(path: &Path, offset: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, offset).unwrap();
}

fn number(path: &Path, offset: u64) -> u64 {
    let mut bytes = [0; 8];
    std::fs::File::open(path).unwrap().read_exact_at(&mut bytes, offset).unwrap();
    u64::from_be_bytes(bytes)
}

/// Where the first table of level 2 is.
fn first_l2(path: &Path) -> u64 {
    number(path, number(path, 40)) & 0x00ff_ffff_ffff_fe00
}

const DEFAULT: &str = "compat=1.1";

/// A small generator, so that a failing image can be made again from its seed.
struct Dice(u64);

impl Dice {
    /// Below `sides`: the generator of Marsaglia, Xorshift RNGs, 2003.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// The whole disk, read in pieces of an odd size; where zeros are known beforehand, they must be.
fn read_whole(path: &Path) -> Vec<u8> {
    let mut disk = Disk::open(path, None).unwrap();
    let mut whole = vec![1; usize::try_from(disk.virtual_bytes()).unwrap()];
    let mut at = 0;
    for part in whole.chunks_mut(777_777) {
        let zeros = disk.zeros(at, part.len() as u64).unwrap();
        disk.read(at, part).unwrap();
        assert!(part[..usize::try_from(zeros).unwrap()].iter().all(|byte| *byte == 0));
        at += part.len() as u64;
    }
    whole
}
