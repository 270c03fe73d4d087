//! Mitigations through the agent's own binary, on a folder with a fake system in it: to the byte, there
//! and back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = "release_file = '/etc/domfleet-release'\n";
const ALL: [&str; 3] = ["swap", "scheduler", "overcommit"];

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mitigation").join(name)
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, bytes)| (name.join(below), bytes)));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

struct System(TempDir);

impl System {
    fn new() -> Self {
        let system = Self(tempfile::tempdir().unwrap());
        for (path, bytes) in files(&testdata("1.02")) {
            let path = system.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::create_dir(system.root().join("etc/domfleet")).unwrap();
        fs::write(system.root().join("etc/domfleet/agent.toml"), CONFIG).unwrap();
        system
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("root")
    }

    #[expect(clippy::disallowed_methods, reason = "the agent's own binary is what is tried out")]
    fn run(&self, arguments: &[&str]) -> Output {
        let data = self.0.path().join("data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_domfleet-agent"));
        command.arg("--json").arg("--root").arg(self.root()).arg("--data").arg(data);
        command.arg("mitigations").args(arguments).output().unwrap()
    }

    fn ask(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn every_mitigation_is_applied_and_reverted_to_the_byte_below_a_root() {
    let system = System::new();
    let before = files(&system.root());

    let checked = system.ask(&["check"]);
    let dry = system.ask(&["apply", "swap", "--dry-run"]);
    assert_eq!(files(&system.root()), before, "looking has changed something");
    for which in ALL {
        let applied = system.ask(&["apply", which]);
        assert_eq!(applied["mitigations"][0]["status"], "pending_reboot", "{applied}");
        assert!(!applied.to_string().contains("hunter2secret"), "{applied}");
    }

    let mut expected = before.clone();
    expected.extend(files(&testdata("1.02-applied")));
    assert_eq!(checked["mitigations"].as_array().unwrap().len(), 3);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(files(&system.root()), expected);
    for which in ALL {
        system.ask(&["revert", which]);
    }
    assert_eq!(files(&system.root()), before);
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let system = System::new();
    fs::write(system.root().join("boot/extlinux.cfg"), "DEFAULT xen\n").unwrap();
    let before = files(&system.root());

    let refused = system.run(&["apply", "scheduler"]);

    assert!(!refused.status.success());
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("remove the other"), "{why}");
    assert_eq!(files(&system.root()), before);
}
