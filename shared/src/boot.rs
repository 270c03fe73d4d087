//! Boots: runs of dom0, and how each ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::component::Change;
use crate::id::BootId;
use crate::inventory::Components;
use crate::timestamp::Timestamp;

/// One run of dom0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Boot {
    /// The kernel's `boot_id`.
    pub boot_id: BootId,
    /// When it began, by dom0's clock.
    pub started_at: Timestamp,
    /// The last sign of life, once it is over.
    pub ended_at: Option<Timestamp>,
    /// How it ended; nothing while it runs.
    pub end: Option<BootEnd>,
    /// How sure that is.
    pub confidence: Option<Confidence>,
    /// What was found, a sentence each.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// The versions that ran.
    pub components: Components,
    /// dom0's uptime when the agent first saw this boot; nothing where an older agent did not note it. What
    /// was before that was not watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen_seconds: Option<u64>,
    /// dom0's uptime at the last sign of life, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_seconds: Option<u64>,
    /// What it was made of when it was first seen, and what changed later, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// How a boot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BootEnd {
    /// It was shut down or restarted in order.
    Clean,
    /// It was restarted in order, for other versions.
    Upgrade,
    /// dom0's kernel or Xen panicked.
    Panic,
    /// A watchdog ended it.
    Watchdog,
    /// It froze.
    Hang,
    /// The power went.
    PowerLoss,
    /// A stress run ended it.
    Provoked,
    /// Not in order, and nothing says how.
    Unknown,
    /// It never came back.
    Lost,
}

impl BootEnd {
    /// Whether it counts as a death of the system in statistics. Unknown ends count both ways
    /// there, and are not deaths here.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Panic | Self::Watchdog | Self::Hang => true,
            Self::Clean
            | Self::Upgrade
            | Self::PowerLoss
            | Self::Provoked
            | Self::Unknown
            | Self::Lost => false,
        }
    }
}

/// How sure a classification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The nearest guess.
    Low,
    /// What was found points there.
    Medium,
    /// There is a record of it.
    High,
}

/// What is left of a boot that is over, as the agent of the next one finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "findings, each independent of the others")]
pub struct Remains {
    /// The agent wrote that dom0 was being shut down in order.
    pub clean_record: bool,
    /// Versions differ between that boot and this one.
    pub versions_changed: bool,
    /// A stress run had been recorded as begun, and not as ended.
    pub stress_open: bool,
    /// Text of kernel logs that the platform kept over the reset (pstore).
    pub pstore: Option<String>,
    /// The watchdog's boot status says that it reset the machine (`WDIOF_CARDRESET`).
    pub watchdog_reset: bool,
    /// Warnings that the agent had persisted during that boot, oldest first.
    pub warnings: Vec<String>,
    /// The slowest write of the agent's sign of life, late in that boot, in milliseconds.
    pub slowest_alive_milliseconds: Option<u64>,
}

/// Lines in a persisted kernel log after which a silent end is most likely a hang (`DOMAIN.md` 4.1:
/// new taint, hung task, soft lockup, I/O errors).
const PRECURSORS: [&str; 8] = [
    "blocked for more than",
    "blocked in I/O wait for more than",
    "soft lockup",
    "rcu_sched detected stalls",
    "self-detected stall",
    "I/O error",
    "BUG: ",
    "Oops: ",
];

/// A write of the sign of life that took this long says that storage hung.
const STALLED_MILLISECONDS: u64 = 30_000;

/// How the boot ended that left `remains`, with what says so.
pub fn classify(remains: &Remains) -> (BootEnd, Confidence, Vec<String>) {
    let found = |end, confidence, sentence: &str| (end, confidence, vec![sentence.to_owned()]);
    if remains.stress_open {
        return found(BootEnd::Provoked, Confidence::High, "a stress run was under way");
    }
    if remains.clean_record && remains.versions_changed {
        return found(
            BootEnd::Upgrade,
            Confidence::High,
            "dom0 was shut down in order, and other versions run since",
        );
    }
    if remains.clean_record {
        return found(BootEnd::Clean, Confidence::High, "dom0 was shut down in order");
    }
    if let Some(line) = remains.pstore.as_deref().and_then(fatal_line) {
        return (
            BootEnd::Panic,
            Confidence::High,
            vec![format!("the kernel log kept over the reset says: {line}")],
        );
    }
    if remains.watchdog_reset {
        return found(
            BootEnd::Watchdog,
            Confidence::High,
            "the watchdog says that it reset the machine",
        );
    }
    let precursor = remains
        .warnings
        .iter()
        .rev()
        .find(|line| PRECURSORS.iter().any(|precursor| line.contains(precursor)));
    if let Some(line) = precursor {
        return (
            BootEnd::Hang,
            Confidence::Medium,
            vec![format!("the last kernel warnings include: {line}")],
        );
    }
    if let Some(took) =
        remains.slowest_alive_milliseconds.filter(|took| *took >= STALLED_MILLISECONDS)
    {
        return (
            BootEnd::Hang,
            Confidence::Medium,
            vec![format!("writing a sign of life had taken {} s", took / 1000)],
        );
    }
    found(BootEnd::Unknown, Confidence::Low, "it ended without a word")
}

/// The line that says why the kernel died.
fn fatal_line(log: &str) -> Option<&str> {
    ["Kernel panic - not syncing", "kernel BUG at", "Oops: ", "BUG: unable to handle"]
        .into_iter()
        .find_map(|sign| log.lines().find(|line| line.contains(sign)))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(remains: &Remains) -> BootEnd {
        classify(remains).0
    }

    #[test]
    fn an_orderly_end_is_clean_whatever_the_log_had_said_before() {
        let warnings = vec!["INFO: task jbd2 blocked for more than 120 seconds.".into()];

        let end = end_of(&Remains { clean_record: true, warnings, ..Remains::default() });

        assert_eq!(end, BootEnd::Clean);
    }

    #[test]
    fn other_versions_after_an_orderly_end_are_an_upgrade() {
        let remains = Remains { clean_record: true, versions_changed: true, ..Remains::default() };

        assert_eq!(end_of(&remains), BootEnd::Upgrade);
    }

    #[test]
    fn a_panic_kept_over_the_reset_is_quoted() {
        let pstore = "<6>usb 1-1\n<0>Kernel panic - not syncing: sysrq triggered crash\n";

        let (end, confidence, evidence) =
            classify(&Remains { pstore: Some(pstore.into()), ..Remains::default() });

        assert_eq!((end, confidence), (BootEnd::Panic, Confidence::High));
        assert!(evidence[0].contains("sysrq triggered crash"));
    }

    #[test]
    fn a_kept_log_without_a_panic_proves_none() {
        let pstore = Some("<6>usb 1-1: new device\n".into());

        assert_eq!(end_of(&Remains { pstore, ..Remains::default() }), BootEnd::Unknown);
    }

    #[test]
    fn silence_after_a_hung_task_is_a_hang() {
        let warnings = vec![
            "INFO: task jbd2/sda2-8:311 blocked for more than 120 seconds.".into(),
            "usb 1-1: reset high-speed USB device".into(),
        ];

        assert_eq!(end_of(&Remains { warnings, ..Remains::default() }), BootEnd::Hang);
    }

    #[test]
    fn silence_after_a_stalled_disk_is_a_hang() {
        let slow = |took| Remains { slowest_alive_milliseconds: Some(took), ..Remains::default() };

        assert_eq!(end_of(&slow(31_000)), BootEnd::Hang);
        assert_eq!(end_of(&slow(29_000)), BootEnd::Unknown);
    }

    #[test]
    fn a_provoked_end_is_no_failure_of_the_system() {
        let remains = Remains {
            stress_open: true,
            pstore: Some("Kernel panic - not syncing: x".into()),
            ..Remains::default()
        };

        assert!(!end_of(&remains).is_failure());
    }
}
