//! What is left of the boot before this one: kernel logs in persistent memory, what the watchdog and the disk
//! remember, Xen's log.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::Duration;

use serde_json::Value;

use super::command;
use super::facts::Root;
use crate::dom0::{Kept, KeptLog};

/// pstore records are tens of kilobytes; there may be a dozen.
const KEPT_BYTES: usize = 1024 * 1024;
/// `WDIOF_CARDRESET`: the watchdog reset the machine.
const CARD_RESET: u32 = 0x20;
/// A disk that does not answer must not keep the agent from starting.
const SMART_WITHIN: Duration = Duration::from_secs(10);
/// Where xenconsoled (`--log=hv`) writes what Xen says.
const XEN_LOG: &str = "hypervisor.log";
const XEN_LOG_BYTES: u64 = 256 * 1024;
/// What Xen says first.
const BANNER: &str = "Xen version ";

pub(super) async fn kept(root: &Root, console_log_dir: &str) -> Kept {
    Kept {
        logs: logs(root),
        watchdog_reset: watchdog_reset(root),
        xen_log: xen_log(root, console_log_dir),
        power_cycles: power_cycles(root).await,
    }
}

fn logs(root: &Root) -> Vec<KeptLog> {
    let mut logs = Vec::new();
    for name in root.names("/sys/fs/pstore") {
        let Ok(file) = File::open(root.path(&format!("/sys/fs/pstore/{name}"))) else { continue };
        let mut bytes = Vec::new();
        if file.take(KEPT_BYTES as u64).read_to_end(&mut bytes).is_ok() {
            logs.push(KeptLog { name, bytes });
        }
    }
    logs
}

fn watchdog_reset(root: &Root) -> bool {
    let reset = |watchdog: String| {
        let status = root.text(&format!("/sys/class/watchdog/{watchdog}/bootstatus"))?;
        let status = status.strip_prefix("0x").map_or_else(
            || status.parse().ok(),
            |hexadecimal| u32::from_str_radix(hexadecimal, 16).ok(),
        )?;
        Some(status & CARD_RESET != 0)
    };
    root.names("/sys/class/watchdog").into_iter().filter_map(reset).any(|reset| reset)
}

fn xen_log(root: &Root, console_log_dir: &str) -> Option<String> {
    let mut file = File::open(root.path(&format!("{console_log_dir}/{XEN_LOG}"))).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(XEN_LOG_BYTES))).ok()?;
    let mut bytes = Vec::new();
    file.take(XEN_LOG_BYTES).read_to_end(&mut bytes).ok()?;
    run_before(&String::from_utf8_lossy(&bytes)).map(str::to_owned)
}

/// Of a log of many runs, the one before the last. Nothing where that does not begin in it: what is said there may
/// be of any run before.
fn run_before(log: &str) -> Option<&str> {
    let last = log.rfind(BANNER)?;
    let before = log.get(..last)?.rfind(BANNER)?;
    log.get(before..last)
}

/// Of the system disk.
async fn power_cycles(root: &Root) -> Option<u64> {
    let disk = root.system_disk()?;
    let device = format!("/dev/{disk}");
    let output = command::run("smartctl", &["-A", "-j", &device], SMART_WITHIN).await.ok()?;
    // Its exit code is a set of bits, most of which do not mean that there is no answer.
    counted(&serde_json::from_slice(&output.stdout).ok()?)
}

fn counted(smart: &Value) -> Option<u64> {
    let by_ata = || {
        let table = smart["ata_smart_attributes"]["table"].as_array()?;
        table.iter().find(|row| row["id"] == 12)?["raw"]["value"].as_u64()
    };
    smart["power_cycle_count"]
        .as_u64()
        .or_else(|| smart["nvme_smart_health_information_log"]["power_cycles"].as_u64())
        .or_else(by_ata)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn disks_of_every_kind_count_how_often_they_lost_their_power() {
        let nvme = json!({"nvme_smart_health_information_log": {"power_cycles": 71}});
        let row = |id: u64, value: u64| json!({"id": id, "raw": {"value": value}});
        let ata = json!({"ata_smart_attributes": {"table": [row(9, 8123), row(12, 412)]}});

        assert_eq!(counted(&nvme), Some(71));
        assert_eq!(counted(&ata), Some(412));
        assert_eq!(counted(&json!({"power_cycle_count": 5})), Some(5));
        assert_eq!(counted(&json!({"smartctl": {"exit_status": 2}})), None);
    }

    #[test]
    fn of_xens_log_only_the_run_before_this_one_is_of_it() {
        let run = |said: &str| format!("(XEN) Xen version 4.17.7 (Debian)\n(XEN) {said}\n");
        let log = ["old", "Watchdog timer fired for domain 0", "new"].map(run).concat();

        let before = run_before(&log).unwrap();

        assert!(before.contains("fired for domain 0"));
        assert!(!before.contains("old") && !before.contains("new"));
        assert_eq!(run_before(&run("new")), None);
        assert_eq!(run_before(&format!("(XEN) cut off\n{}", run("new"))), None);
    }

    #[tokio::test]
    async fn the_watchdogs_boot_status_and_kept_logs_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root(folder.path().to_owned());
        for (path, content) in [
            ("/sys/class/watchdog/watchdog0/bootstatus", "32\n"),
            ("/sys/fs/pstore/dmesg-erst-1", "Panic#1 Part1\n"),
        ] {
            let path = root.path(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }

        let kept = kept(&root, "/var/log/xen/console").await;

        assert!(kept.watchdog_reset);
        assert_eq!(kept.logs[0].name, "dmesg-erst-1");
        assert_eq!((kept.xen_log, kept.power_cycles), (None, None));
    }
}
