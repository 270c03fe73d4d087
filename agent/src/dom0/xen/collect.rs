//! What goes into a debug bundle, one item at a time. What went wrong is part of the answer.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use domfleet_shared::id::VmId;

use super::{Xen, command, lvm};
use crate::dom0::{Collected, Dom0 as _, Item, Limit};

impl Xen {
    pub(super) async fn collected(&self, item: Item, limit: Limit) -> Collected {
        match item {
            Item::KernelLog => ran("dmesg", &[], limit).await,
            Item::XenLog => ran("xl", &["dmesg"], limit).await,
            Item::XenInfo => ran("xl", &["info", "-n"], limit).await,
            Item::Domains => ran("xl", &["list", "-v"], limit).await,
            Item::DomainConfigs => ran("xl", &["list", "-l"], limit).await,
            Item::VirtualCpus => ran("xl", &["vcpu-list"], limit).await,
            Item::Volumes => read_only("lvs", lvm::volumes_query(), limit).await,
            Item::VolumeGroups => read_only("vgs", lvm::groups_query(), limit).await,
            Item::PhysicalVolumes => read_only("pvs", lvm::physical_query(), limit).await,
            Item::Proc(name) => self.file(&format!("/proc/{name}"), limit),
            Item::StuckTasks => of(self.stuck_tasks(), limit),
            Item::XenToolLogs => of(self.tails("/var/log/xen"), limit),
            Item::VmConfigs => of(self.vm_configs(), limit),
            Item::BlockDevices => of(self.block_devices(), limit),
            Item::Packages => self.file("/lib/apk/db/installed", limit),
            Item::AgentLog => of(self.log.bytes(), limit),
            Item::AgentConfig => self.file("/etc/domfleet/agent.toml", limit),
            Item::ConsoleLog(vm) => self.console_log(vm, limit).await,
        }
    }

    fn file(&self, path: &str, limit: Limit) -> Collected {
        let mut bytes = Vec::new();
        // Twice the limit, so that a tail is left to keep.
        let read = File::open(self.root.path(path))
            .and_then(|file| file.take(2 * limit.bytes as u64).read_to_end(&mut bytes));
        let error = read.err().map(|error| error.to_string());
        Collected { error, ..of(bytes, limit) }
    }

    /// The end of a guest's console, where xenconsoled keeps it.
    async fn console_log(&self, vm: VmId, limit: Limit) -> Collected {
        let failed = |error: String| Collected { error: Some(error), ..Collected::default() };
        let name = match self.domains().await {
            Ok(domains) => domains.into_iter().find(|domain| domain.uuid == vm),
            Err(error) => return failed(error.to_string()),
        };
        let name = name.map(|domain| domain.name).or_else(|| {
            let files = self.configs();
            files.iter().find(|file| file.is_for(vm)).map(|file| file.name().to_owned())
        });
        // It becomes part of a path, and somebody else has chosen it.
        let Some(name) = name.filter(|name| !name.contains(['/', '\0'])) else {
            return failed(format!("there is no VM {vm}"));
        };
        let path = format!("{}/guest-{name}.log", self.layout.console_log_dir);
        let path = self.root.path(&path);
        let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        match tail(&path, limit.bytes as u64) {
            Some(bytes) => {
                let truncated = length > bytes.len() as u64;
                Collected { bytes, truncated, ..Collected::default() }
            }
            None => failed(format!(
                "{} is not there: dom0 keeps what {name} says only where xenconsoled runs with \
                 --log=guest",
                path.display()
            )),
        }
    }

    fn stuck_tasks(&self) -> Vec<u8> {
        let mut text = String::new();
        for pid in self.root.names("/proc").iter().filter(|name| name.parse::<u32>().is_ok()) {
            let read = |file: &str| self.root.text(&format!("/proc/{pid}/{file}"));
            let Some(status) = read("status") else { continue };
            if !status.lines().any(|line| line.starts_with("State:") && line.contains("D (")) {
                continue;
            }
            for file in ["status", "wchan", "stack"] {
                let value = read(file).unwrap_or_default();
                text.extend(["--- ", pid, "/", file, "\n", &value, "\n"]);
            }
        }
        text.into_bytes()
    }

    fn vm_configs(&self) -> Vec<u8> {
        let mut text = String::new();
        for file in self.configs() {
            text.extend(["--- ", &file.path, "\n", &file.text, "\n"]);
        }
        text.into_bytes()
    }

    fn block_devices(&self) -> Vec<u8> {
        let mut text = String::new();
        for disk in self.root.names("/sys/block") {
            for file in ["size", "stat", "queue/scheduler", "queue/nr_requests", "device/model"] {
                if let Some(value) = self.root.text(&format!("/sys/block/{disk}/{file}")) {
                    text.extend([&disk, "/", file, ": ", &value, "\n"]);
                }
            }
        }
        text.into_bytes()
    }

    fn tails(&self, folder: &str) -> Vec<u8> {
        const TAIL: u64 = 64 * 1024;
        let mut all = Vec::new();
        for name in self.root.names(folder) {
            let path = self.root.path(&format!("{folder}/{name}"));
            if let Some(tail) = tail(&path, TAIL) {
                all.extend_from_slice(format!("--- {name}\n").as_bytes());
                all.extend_from_slice(&tail);
                all.push(b'\n');
            }
        }
        all
    }
}

fn tail(path: &Path, bytes: u64) -> Option<Vec<u8>> {
    use std::io::{Seek as _, SeekFrom};
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() {
        return None;
    }
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(bytes))).ok()?;
    let mut tail = Vec::new();
    file.take(bytes).read_to_end(&mut tail).ok()?;
    Some(tail)
}

async fn ran(program: &str, arguments: &[&str], limit: Limit) -> Collected {
    match command::run(program, arguments, limit.time).await {
        Ok(output) => {
            let error = Some(output.stderr.trim().to_owned()).filter(|said| !said.is_empty());
            let cut = of(output.stdout, limit);
            Collected {
                exit_code: output.code,
                truncated: cut.truncated || output.truncated,
                error: error.map(|said| said.chars().take(2000).collect()),
                bytes: cut.bytes,
            }
        }
        Err(error) => Collected { error: Some(error.to_string()), ..Collected::default() },
    }
}

async fn read_only(program: &str, query: Vec<&'static str>, limit: Limit) -> Collected {
    let arguments: Vec<&str> = query.into_iter().chain(lvm::READ_ONLY).collect();
    ran(program, &arguments, limit).await
}

/// The first lines and the last ones: what is between is left out where there is too much.
fn of(mut bytes: Vec<u8>, limit: Limit) -> Collected {
    let truncated = bytes.len() > limit.bytes;
    if truncated {
        let head = (64 * 1024).min(limit.bytes / 2);
        let tail = bytes.split_off(bytes.len() - (limit.bytes - head));
        bytes.truncate(head);
        bytes.extend_from_slice(b"\n... left out ...\n");
        bytes.extend_from_slice(&tail);
    }
    Collected { bytes, truncated, ..Collected::default() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn of_too_much_the_first_lines_and_the_last_are_kept() {
        let limit = Limit { time: Duration::from_secs(1), bytes: 1000 };
        let long: Vec<u8> = [b"first".as_slice(), &[b'x'; 5000], b"last"].concat();

        let cut = of(long, limit);

        assert!(cut.truncated && cut.bytes.starts_with(b"first") && cut.bytes.ends_with(b"last"));
        assert!(cut.bytes.len() < 1100);
        assert!(!of(b"short".to_vec(), limit).truncated);
    }
}
