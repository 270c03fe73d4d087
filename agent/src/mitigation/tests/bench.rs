//! A system to try mitigations out on: a copy of the fake one in `testdata`, whose kernel does what it
//! is told, and whose power can be cut.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use domfleet_shared::Timestamp;
use domfleet_shared::mitigation::{Mitigation, MitigationAnswer, MitigationStanding};

use super::super::{Asked, MitigationError, OnDisk, System, carry_out, standings};
use crate::dom0::Dom0Error;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

pub(super) struct Bench {
    folder: tempfile::TempDir,
    disk: OnDisk,
    is_live: bool,
    /// So many changes happen yet, before the power is gone.
    pub(super) left: Cell<Option<usize>>,
    /// Commands that it was given.
    pub(super) ran: RefCell<Vec<String>>,
    /// Commands that fail.
    pub(super) fails: RefCell<Vec<&'static str>>,
}

pub(super) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mitigation").join(name)
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        copy(&testdata("1.02"), &root);
        let disk = OnDisk::new(&root, &folder.path().join("data"), "/etc/domfleet-release");
        Self {
            folder,
            disk,
            is_live: true,
            left: Cell::new(None),
            ran: RefCell::default(),
            fails: RefCell::default(),
        }
    }

    /// One whose kernel does not run.
    pub(super) fn of_a_folder() -> Self {
        Self { is_live: false, ..Self::new() }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("root").join(path.trim_start_matches('/'))
    }

    pub(super) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces part of a file's text, which must be there.
    pub(super) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{text}");
        self.write(path, &text.replace(from, to));
    }

    pub(super) fn try_apply(&self, which: Mitigation) -> Result<MitigationAnswer, MitigationError> {
        self.ask(Asked::Apply { which, dry_run: false })
    }

    pub(super) fn apply(&self, which: Mitigation) -> MitigationAnswer {
        self.try_apply(which).unwrap()
    }

    pub(super) fn check(&self, which: Mitigation) -> MitigationAnswer {
        self.ask(Asked::Check(Some(which))).unwrap()
    }

    pub(super) fn try_revert(
        &self,
        which: Mitigation,
    ) -> Result<MitigationAnswer, MitigationError> {
        self.ask(Asked::Revert { which, dry_run: false })
    }

    pub(super) fn revert(&self, which: Mitigation) -> MitigationAnswer {
        self.try_revert(which).unwrap()
    }

    pub(super) fn ask(&self, asked: Asked) -> Result<MitigationAnswer, MitigationError> {
        Ok(carry_out(self, asked, NOW)?.mitigations.remove(0))
    }

    pub(super) fn standing(&self, which: Mitigation) -> MitigationStanding {
        let all = standings(self).unwrap();
        all.into_iter().find(|standing| standing.which == which).unwrap()
    }

    /// Its next boot: what the files say is so.
    pub(super) fn boot(&self) {
        let id = "/proc/sys/kernel/random/boot_id";
        self.write(id, &format!("{}\n", uuid::Uuid::new_v4()));
        let swap = self.text("/etc/fstab").lines().any(|line| line.starts_with("/dev/sda2 swap"));
        self.set_swap(swap);
        let noop = self.text("/boot/extlinux.conf").contains("elevator=noop");
        let choices = if noop { "[noop] deadline cfq\n" } else { "noop deadline [cfq]\n" };
        self.write("/sys/block/sda/queue/scheduler", choices);
        self.write("/proc/sys/vm/overcommit_memory", "0\n");
        self.write("/proc/sys/vm/overcommit_ratio", "50\n");
        self.sysctl();
    }

    fn set_swap(&self, is_on: bool) {
        let line = if is_on { "/dev/sda2 partition 524284 0 -1\n" } else { "" };
        self.write("/proc/swaps", &format!("Filename Type Size Used Priority\n{line}"));
    }

    fn sysctl(&self) {
        let Ok(text) = fs::read_to_string(self.path("/etc/sysctl.d/01-overcommit.conf")) else {
            return;
        };
        for line in text.lines().filter_map(|line| line.strip_prefix("vm.")) {
            let (key, value) = line.split_once('=').unwrap();
            self.write(&format!("/proc/sys/vm/{}", key.trim()), &format!("{}\n", value.trim()));
        }
    }

    /// One more change happens, unless the power is gone.
    fn spend(&self) -> io::Result<()> {
        match self.left.get() {
            Some(0) => Err(io::Error::other("the power is gone")),
            left => {
                self.left.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl System for Bench {
    fn is_live(&self) -> bool {
        self.is_live
    }

    fn release(&self) -> Option<String> {
        self.disk.release()
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(path)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        self.disk.names(folder)
    }

    fn resolved(&self, path: &str) -> Option<String> {
        self.disk.resolved(path)
    }

    fn obstacle(&self, path: &str) -> Option<String> {
        self.disk.obstacle(path)
    }

    fn replace(&self, path: &str, content: Option<&[u8]>, is_program: bool) -> io::Result<()> {
        self.spend()?;
        self.disk.replace(path, content, is_program)
    }

    fn set(&self, path: &str, value: &str) -> io::Result<()> {
        self.spend()?;
        let text = self.text(path).replace(['[', ']'], "");
        let chosen = text.replace(value, &format!("[{value}]"));
        self.write(path, if path.ends_with("scheduler") { &chosen } else { value });
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Dom0Error> {
        self.spend().map_err(|error| Dom0Error::not_run(program, error.to_string()))?;
        self.ran.borrow_mut().push(format!("{program} {}", arguments.join(" ")));
        if self.fails.borrow().contains(&program) {
            return Err(Dom0Error::refused(program, "exit code 1"));
        }
        match program {
            "swapoff" => self.set_swap(false),
            "swapon" => self.set_swap(true),
            "sysctl" => self.sysctl(),
            _ => {}
        }
        Ok(())
    }

    fn kept(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.disk.kept(name)
    }

    fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.spend()?;
        self.disk.keep(name, content)
    }

    fn kept_names(&self) -> Vec<String> {
        self.disk.kept_names()
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        self.spend()?;
        self.disk.forget(name)
    }
}
