//! What an appliance is: read from `/proc` and `/sys`, and from `xl info`.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{Components, Facts, Fingerprint};
use uuid::Uuid;

use super::{command, xl};
use crate::dom0::{Dom0Error, Running};

/// QEMU is megabytes to load: on one busy CPU, and from a busy disk, that took over five seconds.
const VERSION_WITHIN: Duration = Duration::from_secs(30);

/// Where things are read: `/`, or a folder with a fake system in it.
#[derive(Clone, Debug)]
pub(crate) struct Root(pub(crate) PathBuf);

impl Root {
    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.0.join(absolute.trim_start_matches('/'))
    }

    /// A small file's text without the blanks around it; nothing where it is missing or empty.
    pub(crate) fn text(&self, absolute: &str) -> Option<String> {
        text(&self.path(absolute))
    }

    pub(crate) fn names(&self, absolute: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(absolute)) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    pub(super) fn running(&self) -> Result<Running, Dom0Error> {
        let missing = |what: &str| Dom0Error::not_run(format!("reading {what}"), "it is not there");
        let boot_id = self
            .text("/proc/sys/kernel/random/boot_id")
            .and_then(|text| text.parse::<Uuid>().ok())
            .ok_or_else(|| missing("the boot id"))?;
        let uptime = self
            .text("/proc/uptime")
            .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
            .ok_or_else(|| missing("the uptime"))?;
        let taint = self.text("/proc/sys/kernel/tainted").and_then(|text| text.parse().ok());
        let uptime = Duration::try_from_secs_f64(uptime).unwrap_or_default();
        Ok(Running { boot_id: BootId(boot_id), uptime, taint })
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        let dmi = |name: &str| {
            self.text(&format!("/sys/class/dmi/id/{name}")).filter(|text| is_filled_in(text))
        };
        Fingerprint {
            system_uuid: dmi("product_uuid").map(|uuid| uuid.to_lowercase()),
            board_serial: dmi("board_serial"),
            macs: self.macs(),
            disks: self.disks(),
        }
    }

    /// Of cards that are hardware: bridges and backends have no device.
    fn macs(&self) -> BTreeSet<String> {
        let cards = self.names("/sys/class/net");
        let hardware =
            |card: &&String| self.path(&format!("/sys/class/net/{card}/device")).exists();
        let address = |card: &String| self.text(&format!("/sys/class/net/{card}/address"));
        cards.iter().filter(hardware).filter_map(address).map(|mac| mac.to_lowercase()).collect()
    }

    /// Of fixed disks: what is plugged in by USB comes and goes.
    fn disks(&self) -> BTreeSet<String> {
        let fixed = |disk: &&String| {
            let place = std::fs::canonicalize(self.path(&format!("/sys/block/{disk}")));
            let by_usb = place.is_ok_and(|place| place.to_string_lossy().contains("/usb"));
            !by_usb && ["sd", "vd", "nvme", "hd"].iter().any(|kind| disk.starts_with(kind))
        };
        self.names("/sys/block").iter().filter(fixed).filter_map(|disk| self.wwid(disk)).collect()
    }

    /// What a disk is known by for ever, where it says so.
    pub(crate) fn wwid(&self, disk: &str) -> Option<String> {
        ["device/wwid", "wwid", "serial"]
            .iter()
            .find_map(|file| self.text(&format!("/sys/block/{disk}/{file}")))
            .map(|wwid| wwid.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The first disk, which dom0 is on.
    pub(super) fn system_disk(&self) -> Option<String> {
        let is_disk =
            |name: &String| ["sd", "vd", "nvme", "hd"].iter().any(|kind| name.starts_with(kind));
        self.names("/sys/block").into_iter().find(is_disk)
    }

    fn io_scheduler(&self) -> Option<String> {
        let disk = self.system_disk()?;
        let line = self.text(&format!("/sys/block/{disk}/queue/scheduler"))?;
        let chosen = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        Some(chosen.map_or(line.clone(), |(chosen, _)| chosen.to_owned()))
    }

    /// `V:` of the first of these packages that is installed, without running apk.
    fn package(&self, names: &[&str]) -> Option<String> {
        let database = std::fs::read_to_string(self.path("/lib/apk/db/installed")).ok()?;
        database.split("\n\n").find_map(|entry| {
            let field = |key: &str| entry.lines().find_map(|line| line.strip_prefix(key));
            names.contains(&field("P:")?).then(|| field("V:").map(str::to_owned))?
        })
    }
}

fn text(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Boards whose maker filled in nothing all have the same serial number.
fn is_filled_in(text: &str) -> bool {
    let lower = text.to_lowercase();
    let zero = lower.chars().all(|c| matches!(c, '0' | '-' | 'f'));
    let phrases = ["to be filled", "not specified", "default string", "none", "system serial"];
    !zero && !phrases.iter().any(|phrase| lower.contains(phrase))
}

/// Everything that [`Facts`] has a place for.
pub(super) async fn observe(
    root: &Root,
    info: &HashMap<String, String>,
    release_file: &str,
) -> Facts {
    let running = root.running().ok();
    let btime = std::fs::read_to_string(root.path("/proc/stat")).ok().and_then(|stat| {
        stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse::<i64>().ok())
    });
    let meminfo = std::fs::read_to_string(root.path("/proc/meminfo")).unwrap_or_default();
    let total = meminfo.lines().find_map(|line| {
        let kibibytes = line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim();
        kibibytes.parse::<u64>().ok()?.checked_mul(1024)
    });
    Facts {
        fingerprint: root.fingerprint(),
        hostname: root.text("/proc/sys/kernel/hostname").unwrap_or_else(|| "unnamed".into()),
        boot_id: running.map_or(BootId(Uuid::nil()), |running| running.boot_id),
        booted_at: Timestamp::from_millis(btime.unwrap_or(0) * 1000),
        memory_bytes: xl::mebibytes(info, "total_memory"),
        free_memory_bytes: xl::mebibytes(info, "free_memory"),
        dom0_memory_bytes: total,
        cpus: info.get("nr_cpus").and_then(|cpus| cpus.parse().ok()),
        components: Components {
            hypervisor: root.text(release_file),
            dom0_kernel: root.text("/proc/sys/kernel/osrelease"),
            xen: xen_version(root, info),
            qemu_installed: qemu_installed(root).await,
            alpine: root.text("/etc/alpine-release"),
            agent: Some(env!("CARGO_PKG_VERSION").to_owned()),
            io_scheduler: root.io_scheduler(),
            swap: root.text("/proc/swaps").map(|swaps| swaps.lines().count() > 1),
            overcommit: root
                .text("/proc/sys/vm/overcommit_memory")
                .and_then(|mode| mode.parse().ok()),
        },
        taint: running.and_then(|running| running.taint),
    }
}

fn xen_version(root: &Root, info: &HashMap<String, String>) -> Option<String> {
    info.get("xen_version").filter(|version| !version.is_empty()).cloned().or_else(|| {
        let part = |name: &str| root.text(&format!("/sys/hypervisor/version/{name}"));
        let extra = part("extra").unwrap_or_default();
        Some(format!("{}.{}{extra}", part("major")?, part("minor")?))
    })
}

async fn qemu_installed(root: &Root) -> Option<String> {
    for program in ["qemu-img", "qemu-system-x86_64", "qemu-system-i386"] {
        if let Ok(Some(version)) = qemu_version(program).await {
            return Some(version);
        }
    }
    root.package(&["qemu-img", "qemu-system-x86_64", "qemu-system-i386", "qemu"])
}

/// What the program calls itself: `… version 7.2.22 (…)`. An error is one of the moment.
pub(super) async fn qemu_version(program: &str) -> Result<Option<String>, Dom0Error> {
    let output = command::run(program, &["--version"], VERSION_WITHIN).await?;
    Ok(version_in(&output.success(program)?.text()))
}

fn version_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("version ")?;
    let version = rest.split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
    (!version.is_empty()).then(|| version.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root(folder.path().to_owned());
        for (path, content) in files {
            let path = root.path(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        (folder, root)
    }

    #[tokio::test]
    async fn a_system_is_read_from_its_files_and_what_is_missing_is_unknown() {
        let (_folder, root) = system(&[
            ("/proc/sys/kernel/random/boot_id", "5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21\n"),
            ("/proc/uptime", "90061.25 1.0\n"),
            ("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n"),
            ("/sys/block/sda/queue/scheduler", "noop deadline [cfq]\n"),
            ("/sys/class/dmi/id/board_serial", "To be filled by O.E.M.\n"),
            ("/sys/class/dmi/id/product_uuid", "4C4C4544-0042\n"),
            ("/etc/domfleet-release", "1.02\n"),
        ]);

        let facts = observe(&root, &HashMap::new(), "/etc/domfleet-release").await;

        assert_eq!(facts.components.hypervisor.as_deref(), Some("1.02"));
        assert_eq!(facts.components.io_scheduler.as_deref(), Some("cfq"));
        assert_eq!(facts.components.swap, Some(true));
        assert_eq!(facts.components.xen, None);
        assert_eq!(facts.fingerprint.board_serial, None);
        assert_eq!(facts.fingerprint.system_uuid.as_deref(), Some("4c4c4544-0042"));
        assert_eq!(root.running().unwrap().uptime.as_secs(), 90061);
    }

    #[test]
    fn recorded_words_of_qemu_give_its_version() {
        let text = include_str!("../../../testdata/xen-4.17/qemu-version.txt");

        assert!(version_in(text).unwrap().starts_with("7.2."));
        assert_eq!(version_in("no such thing"), None);
    }

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let (_folder, root) = system(&[(
            "/lib/apk/db/installed",
            "C:Q1\nP:qemu-lang\nV:9\n\nC:Q2\nP:qemu\nV:8.1.5-r1\nA:x86_64\n\n",
        )]);

        assert_eq!(root.package(&["qemu"]).as_deref(), Some("8.1.5-r1"));
    }
}
