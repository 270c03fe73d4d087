//! What goes into a debug bundle, one item at a time. What went wrong is part of the answer.

mod aside;
mod read;

use std::path::PathBuf;
use std::time::Duration;

use domfleet_shared::id::VmId;

pub(super) use self::aside::Aside;
use super::facts::Root;
use super::{Xen, command, lvm};
use crate::dom0::excerpt::{Excerpt, excerpt};
use crate::dom0::{Collected, Dom0 as _, ImageQuestion, Item, Limit};

/// Where Xen's tools write their logs.
const TOOL_LOGS: &str = "/var/log/xen";
/// An appliance has some dozens; what is older says little.
const TOOL_LOGS_AT_MOST: usize = 60;
const IMAGES_AT_MOST: usize = 32;
const LISTED_WITHIN: Duration = Duration::from_secs(10);

impl Xen {
    pub(super) async fn collected(&self, item: Item, limit: Limit) -> Collected {
        match item {
            Item::Output { command: [program, arguments @ ..], .. } => {
                ran(program, arguments, limit).await
            }
            Item::Output { .. } => Collected::failed("no program is named"),
            Item::Volumes => read_only("lvs", lvm::volumes_query(), limit).await,
            Item::VolumeGroups => read_only("vgs", lvm::groups_query(), limit).await,
            Item::PhysicalVolumes => read_only("pvs", lvm::physical_query(), limit).await,
            Item::Smart(disk) => {
                ran("smartctl", &["-x", "-j", &format!("/dev/{disk}")], limit).await
            }
            Item::Image { path, question } => {
                let arguments: &[&str] = match question {
                    ImageQuestion::InUse => &["info", "-U", "--output=json", &path],
                    ImageQuestion::Info => &["info", "--output=json", "--backing-chain", &path],
                    ImageQuestion::Check => &["check", "--output=json", &path],
                };
                ran("qemu-img", arguments, limit).await
            }
            Item::ConsoleLog(vm) => self.console_log(vm, limit).await,
            Item::AgentLog => excerpt(&self.log.bytes(), limit),
            Item::VmConfigs => {
                let folders = self.config_folders();
                self.read(limit, move |_| read::folders(&folders, limit)).await
            }
            Item::Proc(name) => {
                self.read(limit, move |root| {
                    read::file(&root.path(&format!("/proc/{name}")), limit)
                })
                .await
            }
            Item::File(path) => {
                self.read(limit, move |root| read::file(&root.path(path), limit)).await
            }
            Item::Folder(path) => {
                self.read(limit, move |root| read::folders(&[root.path(path)], limit)).await
            }
            Item::XenToolLog(name) => {
                let path = self.root.path(&format!("{TOOL_LOGS}/{name}"));
                self.read(limit, move |_| read::file(&path, limit)).await
            }
            Item::AgentConfig => {
                let path = "/etc/domfleet/agent.toml";
                self.read(limit, move |root| read::file(&root.path(path), limit)).await
            }
            Item::StuckTasks => self.read(limit, move |root| read::stuck_tasks(root, limit)).await,
            Item::Processes => self.read(limit, move |root| read::processes(root, limit)).await,
            Item::BlockDevices => {
                self.read(limit, move |root| read::block_devices(root, limit)).await
            }
            Item::Watchdogs => self.read(limit, move |root| read::watchdogs(root, limit)).await,
            Item::Withheld => self.read(limit, move |root| read::withheld(root, limit)).await,
        }
    }

    /// What there is to collect on this host beside [`Item::ALL`].
    pub(super) async fn further(&self) -> Vec<Item> {
        let root = self.root.clone();
        let listed = self.aside.run(LISTED_WITHIN, move || {
            let logs = read::newest(&root.path(TOOL_LOGS), TOOL_LOGS_AT_MOST);
            let disks = root.names("/sys/block").into_iter().filter(|name| has_health(name));
            logs.into_iter().map(Item::XenToolLog).chain(disks.map(Item::Smart)).collect()
        });
        let mut items: Vec<Item> = listed.await.unwrap_or_default();
        items.extend(self.images().await);
        items
    }

    async fn images(&self) -> Vec<Item> {
        let Ok(domains) = self.domains().await else { return Vec::new() };
        let (vms, _) = self.vms(&domains).await;
        let mut items = Vec::new();
        for vm in vms {
            let questions: &[ImageQuestion] = match vm.domid {
                Some(_) => &[ImageQuestion::InUse],
                None => &[ImageQuestion::Info, ImageQuestion::Check],
            };
            let images = vm.disks.into_iter().filter(|disk| disk.format.starts_with('q'));
            for path in images.filter_map(|disk| disk.target) {
                let ask = |question: &ImageQuestion| Item::Image {
                    path: path.clone(),
                    question: *question,
                };
                items.extend(questions.iter().map(ask));
            }
        }
        items.truncate(IMAGES_AT_MOST);
        items
    }

    fn config_folders(&self) -> Vec<PathBuf> {
        let theirs = self.layout.vm_config_dirs.iter().map(String::as_str);
        let all = std::iter::once("/etc/xen").chain(theirs).map(|folder| self.root.path(folder));
        let mut folders = vec![self.layout.adopted_dir.clone()];
        for folder in all {
            // Of one that is below another the other has it all.
            if !folders.iter().any(|outer| folder.starts_with(outer)) {
                folders.push(folder);
            }
        }
        folders
    }

    /// Reads files where it does no harm if they hang.
    async fn read(
        &self,
        limit: Limit,
        work: impl FnOnce(&Root) -> Collected + Send + 'static,
    ) -> Collected {
        let root = self.root.clone();
        self.aside.run(limit.time, move || work(&root)).await.unwrap_or_else(Collected::failed)
    }

    /// The end of a guest's console, where xenconsoled keeps it.
    async fn console_log(&self, vm: VmId, limit: Limit) -> Collected {
        let name = match self.domains().await {
            Ok(domains) => domains.into_iter().find(|domain| domain.uuid == vm),
            Err(error) => return Collected::failed(error.to_string()),
        };
        let name = name.map(|domain| domain.name).or_else(|| {
            let files = self.configs();
            files.iter().find(|file| file.is_for(vm)).map(|file| file.name().to_owned())
        });
        // It becomes part of a path, and somebody else has chosen it.
        let Some(name) = name.filter(|name| !name.contains(['/', '\0'])) else {
            return Collected::failed(format!("there is no VM {vm}"));
        };
        let path = format!("{}/guest-{name}.log", self.layout.console_log_dir);
        let path = self.root.path(&path);
        let length = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        match read::tail(&path, limit.bytes as u64) {
            Some(bytes) => {
                let truncated = length > bytes.len() as u64;
                Collected { bytes, truncated, ..Collected::default() }
            }
            None => Collected::failed(format!(
                "{} is not there: dom0 keeps what {name} says only where xenconsoled runs with \
                 --log=guest",
                path.display()
            )),
        }
    }
}

/// Whether a block device is a disk that can be asked how it is.
fn has_health(name: &str) -> bool {
    ["sd", "hd", "nvme"].iter().any(|kind| name.starts_with(kind))
}

/// What came before a program was given up is kept.
async fn ran(program: &str, arguments: &[&str], limit: Limit) -> Collected {
    let mut heard = Excerpt::of(limit.bytes);
    let ended = command::hear(program, arguments, |piece| heard.push(piece), limit.time).await;
    let kept = heard.finish();
    match ended {
        Ok(output) => {
            let error = Some(output.stderr.trim().to_owned()).filter(|said| !said.is_empty());
            Collected {
                exit_code: output.code,
                error: error.map(|said| said.chars().take(2000).collect()),
                ..kept
            }
        }
        Err(error) => Collected { error: Some(error.to_string()), ..kept },
    }
}

async fn read_only(program: &str, query: Vec<&'static str>, limit: Limit) -> Collected {
    let arguments: Vec<&str> = query.into_iter().chain(lvm::READ_ONLY).collect();
    ran(program, &arguments, limit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_program_that_never_ends_what_it_said_so_far_is_kept() {
        let limit = Limit { time: Duration::from_millis(400), bytes: 64 * 1024 };

        let endless = ran("/bin/sh", &["-c", "echo first; exec yes more"], limit).await;

        assert!(endless.truncated && endless.bytes.starts_with(b"first\n"));
        assert!(endless.bytes.len() <= limit.bytes);
        assert!(endless.error.unwrap().contains("no end after"));
    }
}
