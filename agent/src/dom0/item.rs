//! What goes into a debug bundle from dom0.

use std::time::Duration;

use domfleet_shared::id::VmId;

/// A log's first lines say what the system was, its last ones what became of it.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;
/// What an item is given where nothing else is said.
pub(crate) const ITEM_BYTES: usize = 2 * 1024 * 1024 + HEAD_BYTES;
const USUALLY_WITHIN: Duration = Duration::from_secs(10);
/// Checking an image or asking a disk how it is takes longer.
const SLOW_WITHIN: Duration = Duration::from_mins(1);

/// One thing to collect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// What a program prints.
    Output {
        /// Its path in the bundle.
        path: &'static str,
        /// The program and its arguments.
        command: &'static [&'static str],
    },
    /// A file of `/proc`, by its name below it.
    Proc(&'static str),
    /// A file, by its absolute path.
    File(&'static str),
    /// The files of a folder and of those below it, by its absolute path.
    Folder(&'static str),
    /// Tasks in uninterruptible sleep, with their kernel stacks.
    StuckTasks,
    /// All processes, as `ps` would show them.
    Processes,
    /// `lvs`, as JSON, without touching the metadata.
    Volumes,
    /// `vgs`.
    VolumeGroups,
    /// `pvs`.
    PhysicalVolumes,
    /// The configurations of VMs, wherever they are: hold passwords.
    VmConfigs,
    /// Queue settings and counters of the block devices.
    BlockDevices,
    /// What the watchdogs say of themselves.
    Watchdogs,
    /// Files that are never collected, by name, size and time alone.
    Withheld,
    /// The agent's own last log lines.
    AgentLog,
    /// The agent's configuration.
    AgentConfig,
    /// A log of Xen's tools, by its path below `/var/log/xen`.
    XenToolLog(String),
    /// What a disk says of its own health, by its name below `/dev`.
    Smart(String),
    /// What `qemu-img` says of a disk image.
    Image {
        /// The image.
        path: String,
        /// What is asked.
        question: ImageQuestion,
    },
    /// The end of what a VM said on its console. In no bundle: it is asked for by itself.
    ConsoleLog(VmId),
}

/// What an image is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageQuestion {
    /// What it says of itself, while a VM writes to it.
    InUse,
    /// What it says of itself and of what it is based on. Of a VM that is off.
    Info,
    /// Whether its tables are in order. Of a VM that is off.
    Check,
}

const fn output(path: &'static str, command: &'static [&'static str]) -> Item {
    Item::Output { path, command }
}

impl Item {
    /// Those that are known to hold secrets, what is ours first: they are read before all others, so that those
    /// are known everywhere.
    pub const REVEALING: &[Self] = &[
        Self::AgentConfig,
        Self::VmConfigs,
        output("xen/list-long.json", &["xl", "list", "-l"]),
        Self::Processes,
        output("xen/xenstore.txt", &["xenstore-ls", "-f"]),
    ];

    /// The others that every dom0 has, in the order of collecting: what is gone first comes first.
    pub const ALL: &[Self] = &[
        output("kernel/dmesg.txt", &["dmesg"]),
        output("xen/dmesg.txt", &["xl", "dmesg"]),
        Self::Proc("uptime"),
        Self::Proc("loadavg"),
        Self::Proc("sys/kernel/tainted"),
        Self::Proc("meminfo"),
        Self::Proc("vmstat"),
        Self::Proc("stat"),
        Self::Proc("diskstats"),
        Self::Proc("interrupts"),
        Self::Proc("softirqs"),
        Self::Proc("slabinfo"),
        Self::Proc("buddyinfo"),
        Self::Proc("zoneinfo"),
        Self::Proc("pressure/cpu"),
        Self::Proc("pressure/io"),
        Self::Proc("pressure/memory"),
        Self::Proc("swaps"),
        Self::Proc("mounts"),
        Self::Proc("mdstat"),
        Self::Proc("modules"),
        Self::Proc("partitions"),
        Self::Proc("cmdline"),
        Self::StuckTasks,
        Self::Watchdogs,
        output("xen/info.txt", &["xl", "info", "-n"]),
        output("xen/list.txt", &["xl", "list", "-v"]),
        output("xen/vcpu-list.txt", &["xl", "vcpu-list"]),
        output("xen/uptime.txt", &["xl", "uptime"]),
        Self::Folder("/sys/hypervisor"),
        Self::Volumes,
        Self::VolumeGroups,
        Self::PhysicalVolumes,
        Self::File("/etc/lvm/lvm.conf"),
        Self::Folder("/etc/lvm/backup"),
        Self::Folder("/etc/lvm/archive"),
        Self::BlockDevices,
        output("storage/dmsetup-table.txt", &["dmsetup", "table"]),
        output("storage/dmsetup-status.txt", &["dmsetup", "status"]),
        output("storage/free.txt", &["df", "-k"]),
        output("storage/free-inodes.txt", &["df", "-i"]),
        Self::File("/etc/alpine-release"),
        Self::File("/lib/apk/db/installed"),
        output("system/services.txt", &["rc-status", "--all"]),
        Self::File("/etc/fstab"),
        Self::File("/boot/extlinux.conf"),
        Self::File("/boot/extlinux.cfg"),
        Self::File("/etc/update-extlinux.conf"),
        output("system/sysctl.txt", &["sysctl", "-a"]),
        Self::File("/etc/sysctl.conf"),
        Self::Folder("/etc/sysctl.d"),
        Self::Folder("/etc/crontabs"),
        Self::File("/etc/network/interfaces"),
        output("system/addresses.txt", &["ip", "addr"]),
        output("system/routes.txt", &["ip", "route"]),
        output("system/links.txt", &["ip", "-s", "link"]),
        output("system/bridges.txt", &["brctl", "show"]),
        output("system/pci.txt", &["lspci", "-nn"]),
        output("system/usb.txt", &["lsusb"]),
        output("system/dmi.txt", &["dmidecode"]),
        Self::Withheld,
        Self::AgentLog,
    ];

    /// Its path in the bundle.
    pub fn path(&self) -> String {
        match self {
            Self::Output { path, .. } => (*path).to_owned(),
            Self::Proc(name) => format!("proc/{name}"),
            Self::File(path) => format!("files{path}"),
            Self::Folder(path) => format!("files{path}.txt"),
            Self::StuckTasks => "kernel/stuck-tasks.txt".to_owned(),
            Self::Processes => "system/processes.txt".to_owned(),
            Self::Volumes => "storage/lvs.json".to_owned(),
            Self::VolumeGroups => "storage/vgs.json".to_owned(),
            Self::PhysicalVolumes => "storage/pvs.json".to_owned(),
            Self::VmConfigs => "xen/configurations.txt".to_owned(),
            Self::BlockDevices => "storage/block-devices.txt".to_owned(),
            Self::Watchdogs => "kernel/watchdogs.txt".to_owned(),
            Self::Withheld => "system/withheld.txt".to_owned(),
            Self::AgentLog => "agent/log.txt".to_owned(),
            Self::AgentConfig => "agent/agent.toml".to_owned(),
            Self::XenToolLog(name) => format!("xen/log/{name}"),
            Self::Smart(disk) => format!("storage/smart-{disk}.json"),
            Self::Image { path, question } => {
                let what = match question {
                    ImageQuestion::InUse | ImageQuestion::Info => "info",
                    ImageQuestion::Check => "check",
                };
                format!("storage/images{path}.{what}.json")
            }
            Self::ConsoleLog(vm) => format!("xen/console-{vm}.txt"),
        }
    }

    /// What it may cost in a bundle.
    pub fn limit(&self) -> Limit {
        let is_slow =
            matches!(self, Self::Smart(_) | Self::Image { question: ImageQuestion::Check, .. });
        let time = if is_slow { SLOW_WITHIN } else { USUALLY_WITHIN };
        Limit { time, bytes: ITEM_BYTES }
    }
}

/// How much time and room an item is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// After this it is left alone, whether it can be killed or not.
    pub time: Duration,
    /// Beyond this the middle is left out.
    pub bytes: usize,
}

/// What came of collecting an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// What there was.
    pub bytes: Vec<u8>,
    /// The command's exit code, where it was one and ended.
    pub exit_code: Option<i32>,
    /// Whether something was left out.
    pub truncated: bool,
    /// What went wrong, for people.
    pub error: Option<String>,
}

impl Collected {
    /// Nothing, and why.
    pub fn failed(error: impl Into<String>) -> Self {
        Self { error: Some(error.into()), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_items_have_one_path() {
        let all = Item::ALL.iter().chain(Item::REVEALING);
        let paths: BTreeSet<String> = all.clone().map(Item::path).collect();

        assert_eq!(paths.len(), all.count());
    }
}
