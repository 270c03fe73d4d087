//! Whether a mitigation is in force in the kernel that runs, and what brings it there.

use domfleet_shared::mitigation::{Mitigation, RuntimeValue};

use super::edits::SYSCTL;
use super::host::Host;

/// Something that is done to the running kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// A command.
    Run(Vec<String>),
    /// A setting.
    Set { path: String, value: String },
}

impl Act {
    pub(super) fn run(words: &[&str]) -> Self {
        Self::Run(words.iter().map(|word| (*word).to_owned()).collect())
    }

    /// As somebody would type it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Run(words) => words.join(" "),
            Self::Set { path, value } => format!("echo {value} > {path}"),
        }
    }
}

/// What brings `which` into force, and what keeps it from that until the next boot.
pub(super) fn acts(which: Mitigation, host: &Host) -> (Vec<Act>, Vec<String>) {
    match which {
        Mitigation::Swap if host.swaps.is_empty() => (Vec::new(), Vec::new()),
        Mitigation::Swap => match host.memory.map(|memory| memory.has_room_without_swap()) {
            // By name: busybox's `swapoff -a` once looked into fstab alone, where they are no more.
            Some(Ok(())) => {
                (host.swaps.iter().map(|swap| Act::run(&["swapoff", swap])).collect(), Vec::new())
            }
            Some(Err(why)) => (Vec::new(), vec![why]),
            None => (Vec::new(), vec!["how much memory is free cannot be told".into()]),
        },
        Mitigation::Scheduler => {
            let changes = host.disks.iter().filter(|disk| !disk.is_as_wanted());
            let (can, cannot): (Vec<_>, Vec<_>) = changes.partition(|disk| disk.can_be_as_wanted());
            let acts = can.into_iter().map(|disk| Act::Set {
                path: scheduler_of(&disk.name),
                value: disk.wanted().into(),
            });
            let notes = cannot.into_iter().map(|disk| {
                let choices = disk.choices.join(", ");
                format!(
                    "{} cannot have scheduler {}: it offers {choices}",
                    disk.name,
                    disk.wanted()
                )
            });
            (acts.collect(), notes.collect())
        }
        Mitigation::Overcommit => (vec![Act::run(&["sysctl", "-p", SYSCTL])], Vec::new()),
        Mitigation::Unknown => (Vec::new(), Vec::new()),
    }
}

pub(super) fn scheduler_of(disk: &str) -> String {
    format!("/sys/block/{disk}/queue/scheduler")
}

/// Why it is not in force: empty where it is.
pub(super) fn lacks(which: Mitigation, host: &Host) -> Vec<String> {
    match which {
        Mitigation::Swap => host.swaps.iter().map(|swap| format!("dom0 swaps to {swap}")).collect(),
        Mitigation::Scheduler => host
            .disks
            .iter()
            .filter(|disk| !disk.is_as_wanted() && disk.can_be_as_wanted())
            .map(|disk| format!("{} has scheduler {}", disk.name, disk.chosen))
            .collect(),
        Mitigation::Overcommit => match host.overcommit {
            Some(2) => Vec::new(),
            Some(mode) => vec![format!("vm.overcommit_memory is {mode}")],
            None => vec!["the kernel does not say vm.overcommit_memory".into()],
        },
        Mitigation::Unknown => Vec::new(),
    }
}

/// What the kernel says. Nothing that changes by itself, or it would be news each time.
pub(super) fn values(which: Mitigation, host: &Host) -> Vec<RuntimeValue> {
    let value = |name: String, value: String| RuntimeValue { name, value };
    match which {
        Mitigation::Swap if host.swaps.is_empty() => vec![value("swap".into(), "off".into())],
        Mitigation::Swap => vec![value("swap".into(), host.swaps.join(", "))],
        Mitigation::Scheduler => host
            .disks
            .iter()
            .map(|disk| value(format!("scheduler of {}", disk.name), disk.chosen.clone()))
            .collect(),
        Mitigation::Overcommit => {
            let mode =
                host.overcommit.map(|mode| value("vm.overcommit_memory".into(), mode.to_string()));
            let ratio = value("vm.overcommit_ratio".into(), host.ratio.to_string());
            mode.into_iter().chain([ratio]).collect()
        }
        Mitigation::Unknown => Vec::new(),
    }
}
