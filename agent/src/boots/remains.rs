//! Gathers what is left of the boot before this one.

use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Armed, Boot, Remains};
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{Components, Facts};
use serde::{Deserialize, Serialize};

use crate::alive::{Alive, Clean};
use crate::dom0::Kept;
use crate::kernel_log;
use crate::storage::Files;
use crate::storage::record::{self, RecordError};
use crate::stress::Stress;
use crate::watchdog::Feeding;

/// The newest warnings tell how it ended.
const WARNINGS: usize = 500;
const POWER: &str = "power.json";

/// How often the system disk had lost its power when a boot began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Power {
    pub(super) boot_id: BootId,
    /// Nothing where the disk does not count it.
    pub(super) cycles: Option<u64>,
}

impl Power {
    pub(super) async fn store(&self, files: &impl Files) -> Result<(), RecordError> {
        record::store(files, POWER, self).await
    }

    /// How often it was lost since `boot_id` began.
    async fn lost_since(files: &impl Files, boot_id: BootId, now: Option<u64>) -> Option<u64> {
        let then = record::load::<Self>(files, POWER).await.ok().flatten()?;
        // A disk that counts less than before is another disk.
        now?.checked_sub(then.cycles.filter(|_| then.boot_id == boot_id)?)
    }
}

pub(super) async fn of(
    files: &impl Files,
    last: &Boot,
    now: &Facts,
    kept: &Kept,
    pstore: Option<String>,
) -> Remains {
    let of_last = |boot_id| boot_id == last.boot_id;
    let clean = Clean::load(files).await;
    let alive = Alive::last(files).await.filter(|alive| of_last(alive.boot_id));
    let stress = Stress::load(files).await;
    let mut warnings = kernel_log::warnings(files, last.boot_id).await;
    warnings.drain(..warnings.len().saturating_sub(WARNINGS));
    let armed = Feeding::last(files).await.filter(|fed| of_last(fed.boot_id)).map(|fed| Armed {
        timeout_seconds: fed.timeout_seconds,
        fed_at_seconds: fed.uptime_seconds,
        away_seconds: away(fed.wall, now.booted_at),
    });
    let sign = alive.as_ref().map(|alive| alive.wall);
    Remains {
        clean_record: clean.is_some_and(|clean| of_last(clean.boot_id)),
        versions_changed: is_another_platform(&last.components, &now.components),
        stress_open: stress.is_some_and(|stress| stress.was_open(last.boot_id, sign)),
        pstore,
        xen_log: kept.xen_log.clone(),
        watchdog_reset: kept.watchdog_reset,
        armed,
        warnings,
        first_taint: alive.as_ref().and_then(|alive| alive.first_taint),
        last_taint: alive.as_ref().and_then(|alive| alive.taint),
        last_seen_seconds: alive.as_ref().map(|alive| alive.uptime_seconds),
        slowest_alive_milliseconds: alive.as_ref().map(|alive| alive.slowest_milliseconds),
        latest_alive_milliseconds: alive.as_ref().map(|alive| alive.latest_milliseconds),
        offline_seconds: alive.as_ref().map(|alive| alive.offline_seconds),
        away_seconds: sign.and_then(|sign| away(sign, now.booted_at)),
        power_cycles: Power::lost_since(files, last.boot_id, kept.power_cycles).await,
    }
}

/// Nothing where the clock was set back.
fn away(from: Timestamp, until: Timestamp) -> Option<u64> {
    (until >= from).then(|| until.since(from).as_secs())
}

/// Whether a version differs of which both are known: on a busy dom0 one may not be told in time.
fn is_another_platform(before: &Components, now: &Components) -> bool {
    let both = platform(before).into_iter().zip(platform(now));
    both.filter_map(|(before, now)| Some((before?, now?))).any(|(before, now)| before != now)
}

/// What an upgrade of the appliance changes: the agent updates itself, and settings are no versions.
fn platform(components: &Components) -> [Option<&String>; 5] {
    [
        components.hypervisor.as_ref(),
        components.dom0_kernel.as_ref(),
        components.xen.as_ref(),
        components.qemu_installed.as_ref(),
        components.alpine.as_ref(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_not_told_is_not_another_version() {
        let of = |qemu: Option<&str>, xen: &str| Components {
            qemu_installed: qemu.map(str::to_owned),
            xen: Some(xen.to_owned()),
            ..Components::default()
        };
        let before = of(Some("7.2.22"), "4.17.7");

        assert!(!is_another_platform(&before, &of(None, "4.17.7")));
        assert!(!is_another_platform(&of(None, "4.17.7"), &before));
        assert!(is_another_platform(&before, &of(None, "4.18.0")));
        assert!(is_another_platform(&before, &of(Some("8.1.5"), "4.17.7")));
    }
}
