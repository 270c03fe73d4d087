//! What goes into a debug bundle from dom0.

use std::time::Duration;

use domfleet_shared::id::VmId;

/// One thing to collect. The most volatile come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// `dmesg`.
    KernelLog,
    /// `xl dmesg`.
    XenLog,
    /// A file of `/proc`, by its name below it.
    Proc(&'static str),
    /// Tasks in uninterruptible sleep, with their kernel stacks.
    StuckTasks,
    /// `xl info`.
    XenInfo,
    /// `xl list -v`.
    Domains,
    /// `xl list -l`: holds passwords, which are taken out before anything leaves.
    DomainConfigs,
    /// `xl vcpu-list`.
    VirtualCpus,
    /// `lvs`, as JSON, without touching the metadata.
    Volumes,
    /// `vgs`.
    VolumeGroups,
    /// `pvs`.
    PhysicalVolumes,
    /// `/var/log/xen`, each file's tail.
    XenToolLogs,
    /// The configurations of VMs: hold passwords.
    VmConfigs,
    /// Queue settings and counters of the block devices.
    BlockDevices,
    /// Installed packages and their versions.
    Packages,
    /// The agent's own last log lines.
    AgentLog,
    /// The agent's configuration.
    AgentConfig,
    /// The end of what a VM said on its console. In no bundle: it is asked for by itself.
    ConsoleLog(VmId),
}

impl Item {
    /// What a bundle holds, in the order of collecting.
    pub const ALL: [Self; 34] = [
        Self::KernelLog,
        Self::XenLog,
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
        Self::Proc("pressure/io"),
        Self::Proc("pressure/memory"),
        Self::Proc("swaps"),
        Self::Proc("mounts"),
        Self::Proc("modules"),
        Self::Proc("partitions"),
        Self::Proc("cmdline"),
        Self::StuckTasks,
        Self::XenInfo,
        Self::Domains,
        Self::DomainConfigs,
        Self::VirtualCpus,
        Self::Volumes,
        Self::VolumeGroups,
        Self::PhysicalVolumes,
        Self::XenToolLogs,
        Self::VmConfigs,
        Self::BlockDevices,
        Self::Packages,
        Self::AgentLog,
    ];

    /// Its path in the bundle.
    pub fn path(self) -> String {
        match self {
            Self::KernelLog => "kernel/dmesg.txt".to_owned(),
            Self::XenLog => "xen/dmesg.txt".to_owned(),
            Self::Proc(name) => format!("proc/{name}"),
            Self::StuckTasks => "kernel/stuck-tasks.txt".to_owned(),
            Self::XenInfo => "xen/info.txt".to_owned(),
            Self::Domains => "xen/list.txt".to_owned(),
            Self::DomainConfigs => "xen/list-long.json".to_owned(),
            Self::VirtualCpus => "xen/vcpu-list.txt".to_owned(),
            Self::Volumes => "storage/lvs.json".to_owned(),
            Self::VolumeGroups => "storage/vgs.json".to_owned(),
            Self::PhysicalVolumes => "storage/pvs.json".to_owned(),
            Self::XenToolLogs => "xen/logs.txt".to_owned(),
            Self::VmConfigs => "xen/configurations.txt".to_owned(),
            Self::BlockDevices => "storage/block-devices.txt".to_owned(),
            Self::Packages => "system/packages.txt".to_owned(),
            Self::AgentLog => "agent/log.txt".to_owned(),
            Self::AgentConfig => "agent/agent.toml".to_owned(),
            Self::ConsoleLog(vm) => format!("xen/console-{vm}.txt"),
        }
    }
}

/// How much time and room an item is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// After this it is left alone, whether it can be killed or not.
    pub time: Duration,
    /// Beyond this the middle is left out: a log's first lines and its last ones matter most.
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
