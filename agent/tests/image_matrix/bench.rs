//! A folder with images, and the tools of QEMU that make them.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What is in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = command(program);
        command.args(arguments).current_dir(self.0.path());
        command
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program, arguments).output().unwrap()
    }

    /// Runs a program that must end well, and gives what it said.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut output = self.output(program, arguments);
        // What it measures for LUKS is too fast for the clock now and then.
        for _ in 0..20 {
            if !String::from_utf8_lossy(&output.stderr).contains("accurate CPU usage") {
                break;
            }
            output = self.output(program, arguments);
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn img(&self, arguments: &[&str]) {
        self.run("qemu-img", arguments);
    }

    /// Does something to an image as a VM would.
    pub(crate) fn io(&self, image: &str, commands: &[&str]) {
        let mut arguments: Vec<_> = commands.iter().flat_map(|command| ["-c", command]).collect();
        arguments.push(image);
        self.run("qemu-io", &arguments);
    }

    /// The same, and is killed before it closes the image.
    pub(crate) fn io_killed(&self, image: &str, command: &str) {
        let output = self.output("qemu-io", &["-c", command, "-c", "abort", image]);
        assert!(!output.status.success());
    }

    /// A disk of 64 MiB with some data on it.
    pub(crate) fn disk(&self, name: &str, options: &str) {
        self.img(&["create", "-q", "-f", "qcow2", "-o", options, name, "64M"]);
        self.io(name, &["write -q -P 7 0 1M", "write -q -P 8 20M 300k", "write -q -z 30M 1M"]);
    }

    pub(crate) fn patch(&self, name: &str, offset: u64, bytes: &[u8]) {
        let file = std::fs::OpenOptions::new().write(true).open(self.path(name)).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }

    pub(crate) fn number(&self, name: &str, offset: u64) -> u64 {
        let mut bytes = [0; 8];
        std::fs::File::open(self.path(name)).unwrap().read_exact_at(&mut bytes, offset).unwrap();
        u64::from_be_bytes(bytes)
    }

    /// Where the first table of level 2 of a qcow2 is.
    pub(crate) fn first_l2(&self, name: &str) -> u64 {
        self.number(name, self.number(name, 40)) & 0x00ff_ffff_ffff_fe00
    }

    pub(crate) fn is_same_disk(&self, first: &str, second: &str) -> bool {
        self.output("qemu-img", &["compare", "-q", first, second]).status.success()
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[expect(clippy::disallowed_methods, reason = "the tests' own machine, not an appliance")]
fn command(program: &str) -> Command {
    Command::new(program)
}

/// A block device over a file full of something else.
pub(crate) struct Loop {
    pub(crate) backing: PathBuf,
    pub(crate) device: String,
}

impl Loop {
    pub(crate) fn new(bench: &Bench, bytes: usize) -> Self {
        let backing = bench.path("backing");
        std::fs::write(&backing, vec![0xa5; bytes]).unwrap();
        let device = bench.run("losetup", &["--find", "--show", &backing.display().to_string()]);
        Self { backing, device: device.trim().to_owned() }
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        std::fs::read(&self.backing).unwrap()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        drop(command("losetup").args(["-d", &self.device]).status());
    }
}

/// A file system that has room for so many bytes.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(bench: &Bench, name: &str, bytes: u64) -> Self {
        let image = format!("{name}.ext4");
        std::fs::File::create(bench.path(&image)).unwrap().set_len(bytes).unwrap();
        bench.run("mkfs.ext4", &["-q", "-m", "0", &image]);
        std::fs::create_dir(bench.path(name)).unwrap();
        bench.run("mount", &["-o", "loop", &image, name]);
        Self(bench.path(name))
    }

    pub(crate) fn names(&self) -> Vec<String> {
        names_in(&self.0)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(command("umount").arg(&self.0).status());
    }
}
