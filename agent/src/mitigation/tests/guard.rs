//! Memory that is promised already: what is refused, and with which numbers.

use domfleet_shared::mitigation::{Mitigation, MitigationStatus as Is};

use super::bench::Bench;

const COMMITTED: &str = "Committed_AS:     301000 kB";

fn committed(bench: &Bench, kibibytes: u64) {
    bench.edit("/proc/meminfo", COMMITTED, &format!("Committed_AS:     {kibibytes} kB"));
}

#[test]
fn the_least_ratio_that_is_enough_is_set_with_the_mode() {
    let bench = Bench::new();
    bench.apply(Mitigation::Swap);
    committed(&bench, 500_000);

    let applied = bench.apply(Mitigation::Overcommit);

    assert_eq!(applied.standing.status, Is::Applied, "{applied:?}");
    // 63 % of 1006592 KiB, of which 80 % are 507321.
    assert!(applied.files[0].diff.contains("+vm.overcommit_ratio=63\n+vm.overcommit_memory=2\n"));
    assert_eq!(bench.text("/proc/sys/vm/overcommit_ratio").trim(), "63");
    bench.revert(Mitigation::Overcommit);
    assert_eq!(bench.text("/proc/sys/vm/overcommit_ratio").trim(), "50");
}

#[test]
fn swap_counts_as_long_as_dom0_will_have_some() {
    let with_swap = Bench::new();
    committed(&with_swap, 500_000);
    let without = Bench::new();
    committed(&without, 800_000);
    without.apply(Mitigation::Swap);

    let applied = with_swap.apply(Mitigation::Overcommit);
    let refused = without.try_apply(Mitigation::Overcommit).unwrap_err().to_string();

    assert!(!applied.files[0].diff.contains("ratio"), "{applied:?}");
    assert!(refused.contains("781 MiB") && refused.contains("933 MiB"), "{refused}");
    let checked = without.check(Mitigation::Overcommit);
    assert_eq!(checked.standing.status, Is::Refused);
    assert!(checked.standing.reasons.contains(&refused), "{checked:?}");
    assert!(without.read_overcommit().is_none());
}

#[test]
fn swap_is_not_turned_off_where_the_kernel_would_have_promised_too_much() {
    let bench = Bench::new();
    committed(&bench, 500_000);
    bench.apply(Mitigation::Overcommit);

    let refused = bench.try_apply(Mitigation::Swap).unwrap_err().to_string();

    assert!(refused.contains("revert overcommit"), "{refused}");
    assert!(bench.text("/etc/fstab").contains("\n/dev/sda2 swap"));
}

#[test]
fn swap_that_has_no_room_in_memory_stays_on_until_the_next_boot() {
    let bench = Bench::new();
    bench.edit("/proc/meminfo", "MemAvailable:     623104 kB", "MemAvailable:      70000 kB");

    let pending = bench.apply(Mitigation::Swap);

    assert_eq!(pending.standing.status, Is::PendingReboot);
    assert!(pending.standing.reasons.join(" ").contains("until the next boot"), "{pending:?}");
    assert!(bench.ran.borrow().is_empty());
    bench.boot();
    assert_eq!(bench.standing(Mitigation::Swap).status, Is::Applied);
}

#[test]
fn what_is_in_force_is_not_refused_when_memory_gets_tight() {
    let bench = Bench::new();
    bench.apply(Mitigation::Overcommit);
    committed(&bench, 2_000_000);

    assert_eq!(bench.apply(Mitigation::Overcommit).standing.status, Is::Applied);
}

impl Bench {
    fn read_overcommit(&self) -> Option<String> {
        std::fs::read_to_string(self.path("/etc/sysctl.d/01-overcommit.conf")).ok()
    }
}
