//! What an appliance was made of, and when: its boots told as spans of time.

use std::collections::BTreeMap;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::component::{Change, Component, Makeup};
use domfleet_shared::id::VmId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A time in which a component was the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentSpan {
    /// Which.
    pub component: Component,
    /// The VM that it is of, where it is one of a VM.
    pub vm: Option<VmId>,
    /// What it was.
    pub value: String,
    /// From when on, by dom0's clock.
    pub from: Timestamp,
    /// Until when; nothing where it still is.
    pub until: Option<Timestamp>,
    /// In how many boots.
    pub boots: u32,
}

type Key = (Component, Option<VmId>);

/// The spans that `boots`, oldest first, tell of; by component and VM, newest first.
pub fn spans(boots: &[Boot]) -> Vec<ComponentSpan> {
    let mut found: BTreeMap<Key, Vec<ComponentSpan>> = BTreeMap::new();
    for boot in boots {
        let mut makeup = Makeup::default();
        for change in &changes(boot) {
            makeup.apply(change);
            let at = boot.started_at + Duration::from_secs(change.uptime_seconds);
            // No clock makes a boot longer than it was.
            let at = boot.ended_at.map_or(at, |end| at.min(end)).max(boot.started_at);
            let spans = found.entry((change.component, change.vm)).or_default();
            take(spans, change, at);
        }
        for spans in found.values_mut() {
            if let Some(last) = spans.last_mut().filter(|last| last.until.is_none()) {
                last.until = boot.ended_at;
            }
        }
    }
    found.into_values().flat_map(|spans| spans.into_iter().rev()).collect()
}

/// Those of a boot; where its agent did not note any, as if all had been so from its beginning.
fn changes(boot: &Boot) -> Vec<Change> {
    if boot.changes.is_empty() {
        return Makeup::default().changes_to(&Makeup::of(&boot.components, &[]), 0);
    }
    boot.changes.clone()
}

fn take(spans: &mut Vec<ComponentSpan>, change: &Change, at: Timestamp) {
    let Some(value) = &change.value else {
        if let Some(last) = spans.last_mut().filter(|last| last.until.is_none()) {
            last.until = Some(at);
        }
        return;
    };
    if let Some(last) = spans.last_mut() {
        if last.value == *value {
            // The same again, after a reboot or a stop.
            last.boots += u32::from(last.until.is_some());
            last.until = None;
            return;
        }
        last.until = Some(last.until.map_or(at, |until| until.min(at)));
    }
    spans.push(ComponentSpan {
        component: change.component,
        vm: change.vm,
        value: value.clone(),
        from: at,
        until: None,
        boots: 1,
    });
}

#[cfg(test)]
mod tests {
    use domfleet_shared::id::BootId;
    use domfleet_shared::inventory::Components;

    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn boot(start_day: u64, days: Option<u64>, changes: Vec<Change>) -> Boot {
        let day = |day: u64| Timestamp::from_millis(0) + Duration::from_secs(day * DAY);
        Boot {
            boot_id: BootId::new(),
            started_at: day(start_day),
            ended_at: days.map(|days| day(start_day + days)),
            end: None,
            confidence: None,
            evidence: Vec::new(),
            components: Components::default(),
            first_seen_seconds: Some(0),
            last_seen_seconds: None,
            changes,
        }
    }

    fn change(day: u64, component: Component, value: Option<&str>) -> Change {
        let value = value.map(str::to_owned);
        Change { uptime_seconds: day * DAY, component, vm: None, value }
    }

    fn told(spans: &[ComponentSpan]) -> Vec<(&str, i64, Option<i64>, u32)> {
        let day = |at: Timestamp| at.as_millis() / 86_400_000;
        let tell = |span: &ComponentSpan| (day(span.from), span.until.map(day), span.boots);
        spans
            .iter()
            .map(|span| {
                let (from, until, boots) = tell(span);
                (span.value.as_str(), from, until, boots)
            })
            .collect()
    }

    #[test]
    fn what_stays_the_same_over_a_reboot_is_one_span() {
        let xen = |day, value| change(day, Component::Xen, Some(value));
        let boots = [
            boot(0, Some(5), vec![xen(0, "4.6")]),
            boot(5, Some(5), vec![xen(0, "4.6")]),
            boot(10, None, vec![xen(0, "4.7")]),
        ];

        assert_eq!(told(&spans(&boots)), [("4.7", 10, None, 1), ("4.6", 0, Some(10), 2)]);
    }

    #[test]
    fn a_change_within_a_boot_ends_one_span_and_begins_another() {
        let swap = |day, value| change(day, Component::Swap, Some(value));
        let boots = [boot(0, None, vec![swap(0, "on"), swap(3, "off")])];

        assert_eq!(told(&spans(&boots)), [("off", 3, None, 1), ("on", 0, Some(3), 1)]);
    }

    #[test]
    fn what_is_gone_has_an_end() {
        let qemu = |day, value| change(day, Component::QemuRunning, value);
        let boots = [boot(0, None, vec![qemu(0, Some("2.4")), qemu(2, None)])];

        assert_eq!(told(&spans(&boots)), [("2.4", 0, Some(2), 1)]);
    }

    #[test]
    fn a_boot_of_an_older_agent_counts_whole() {
        let components = Components { alpine: Some("3.4".into()), ..Components::default() };
        let boots = [Boot { components, ..boot(1, Some(4), Vec::new()) }];

        assert_eq!(told(&spans(&boots)), [("3.4", 1, Some(5), 1)]);
    }
}
