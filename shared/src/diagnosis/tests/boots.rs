use crate::Timestamp;
use crate::boot::{Boot, BootEnd};
use crate::component::{Change, Component};
use crate::diagnosis::{End, Interval, Running, WhyNot, intervals};
use crate::id::{BootId, VmId};
use crate::inventory::Components;

const DAY: u64 = 86_400;

fn boot(number: u128) -> Boot {
    Boot {
        boot_id: BootId(uuid::Uuid::from_u128(number)),
        started_at: Timestamp::from_millis(i64::try_from(number).unwrap() * 1_000_000_000),
        ended_at: None,
        end: None,
        confidence: None,
        evidence: Vec::new(),
        components: Components::default(),
        first_seen_seconds: Some(0),
        last_seen_seconds: None,
        changes: Vec::new(),
    }
}

fn over(number: u128, days: u64, end: BootEnd) -> Boot {
    Boot { last_seen_seconds: Some(days * DAY), end: Some(end), ..boot(number) }
}

fn change(day: u64, component: Component, value: &str) -> Change {
    Change { uptime_seconds: day * DAY, component, vm: None, value: Some(value.to_owned()) }
}

fn spans(intervals: &[Interval]) -> Vec<(f64, f64, End)> {
    intervals.iter().map(|one| (one.entry_days, one.exit_days, one.end)).collect()
}

fn swap(intervals: &[Interval]) -> Vec<Option<&str>> {
    let of = |one: &Interval| one.values.get(&Component::Swap).map(String::len);
    let known = |one| of(one).is_some();
    intervals.iter().map(|one| known(one).then(|| one.values[&Component::Swap].as_str())).collect()
}

#[test]
fn a_boot_is_cut_where_something_changed_and_died_of_what_it_was_last() {
    let changes = vec![
        change(0, Component::Swap, "on"),
        change(0, Component::Xen, "4.6.0"),
        change(3, Component::Swap, "off"),
    ];
    let boots = [Boot { changes, ..over(1, 10, BootEnd::Hang) }];

    let told = intervals("a", &boots, None).intervals;

    let died = End::Ended(BootEnd::Hang);
    assert_eq!(spans(&told), [(0.0, 3.0, End::Alive), (3.0, 10.0, died)]);
    assert_eq!(swap(&told), [Some("on"), Some("off")]);
    assert!(told.iter().all(|one| one.values[&Component::Xen] == "4.6.0"));
}

#[test]
fn what_was_before_anybody_looked_does_not_count() {
    let boots = [Boot { first_seen_seconds: Some(4 * DAY), ..over(1, 10, BootEnd::Clean) }];

    let told = intervals("a", &boots, None).intervals;

    assert_eq!(spans(&told), [(4.0, 10.0, End::Ended(BootEnd::Clean))]);
}

#[test]
fn a_boot_that_runs_counts_until_it_was_last_heard_of() {
    let boots = [over(1, 2, BootEnd::Clean), boot(2)];
    let running = Running { boot: boots[1].boot_id, uptime_seconds: 5 * DAY };

    let told = intervals("a", &boots, Some(running)).intervals;

    assert_eq!(spans(&told), [(0.0, 2.0, End::Ended(BootEnd::Clean)), (0.0, 5.0, End::Alive)]);
}

#[test]
fn changes_out_of_order_or_beyond_the_boot_spoil_nothing() {
    let changes = vec![
        change(99, Component::Swap, "on"),
        change(6, Component::Swap, "on"),
        change(3, Component::Swap, "off"),
        change(0, Component::Swap, "on"),
    ];
    let boots = [Boot { changes, ..over(1, 10, BootEnd::Clean) }];

    let told = intervals("a", &boots, None).intervals;

    assert_eq!(swap(&told), [Some("on"), Some("off"), Some("on")]);
    assert_eq!(spans(&told)[2], (6.0, 10.0, End::Ended(BootEnd::Clean)));
}

#[test]
fn a_change_of_one_vm_that_changes_nothing_of_the_whole_cuts_nothing() {
    let of_vm = |day, vm: u128, value: &str| Change {
        vm: Some(VmId(uuid::Uuid::from_u128(vm))),
        ..change(day, Component::QemuRunning, value)
    };
    let changes = vec![of_vm(0, 1, "2.6.0"), of_vm(0, 2, "2.6.0"), {
        Change { value: None, ..of_vm(4, 2, "") }
    }];
    let boots = [Boot { changes, ..over(1, 10, BootEnd::Clean) }];

    let told = intervals("a", &boots, None).intervals;

    assert_eq!(spans(&told), [(0.0, 10.0, End::Ended(BootEnd::Clean))]);
}

#[test]
fn a_boot_that_is_told_of_twice_counts_once_and_with_its_end() {
    let unfinished = Boot { last_seen_seconds: Some(3 * DAY), ..boot(1) };
    let ended = over(1, 10, BootEnd::Hang);
    let once = intervals("a", std::slice::from_ref(&ended), None);

    let boots = [unfinished.clone(), ended.clone(), unfinished, ended];
    assert_eq!(intervals("a", &boots, None), once);
}

#[test]
fn older_agents_count_from_the_beginning_except_in_the_first_boot_that_is_known() {
    let older = |boot: Boot| Boot { first_seen_seconds: None, ..boot };
    let components = Components { swap: Some(true), ..Components::default() };
    let boots = [
        older(over(1, 200, BootEnd::Clean)),
        Boot { components, ..older(over(2, 7, BootEnd::Panic)) },
    ];

    let told = intervals("a", &boots, None);

    assert_eq!(told.left_out, [(boots[0].boot_id, WhyNot::NobodyKnowsSinceWhen)]);
    assert_eq!(spans(&told.intervals), [(0.0, 7.0, End::Ended(BootEnd::Panic))]);
    assert_eq!(swap(&told.intervals), [Some("on")]);
}

#[test]
fn what_cannot_be_is_left_out_with_why() {
    let backwards = Boot { first_seen_seconds: Some(20 * DAY), ..over(1, 10, BootEnd::Hang) };
    let endless = Boot { last_seen_seconds: Some(u64::MAX), ..over(2, 1, BootEnd::Hang) };
    let untold = Boot { first_seen_seconds: Some(0), end: Some(BootEnd::Unknown), ..boot(3) };

    let told = intervals("a", &[backwards, endless, untold], None);

    assert!(told.intervals.is_empty());
    let why: Vec<WhyNot> = told.left_out.into_iter().map(|(_, why)| why).collect();
    assert_eq!(why, [WhyNot::Senseless, WhyNot::Senseless, WhyNot::NobodyKnowsHowLong]);
}

#[test]
fn one_that_died_with_its_first_sign_of_life_lived_no_longer_than_to_the_next() {
    let boots = [Boot { first_seen_seconds: Some(DAY), ..over(1, 1, BootEnd::Panic) }];

    let told = intervals("a", &boots, None).intervals;

    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert!(one.end.is_death() && one.exit_days > 1.0 && one.exit_days < 1.001);
}
