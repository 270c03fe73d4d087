//! A mitigation from its check to its end, on the fake system of `testdata`.

use std::fs;

use domfleet_shared::mitigation::{Mitigation, MitigationStatus as Is};

use super::super::{Asked, System as _};
use super::bench::{Bench, testdata};

const FILES: [&str; 4] = [
    "/etc/fstab",
    "/boot/extlinux.conf",
    "/etc/update-extlinux.conf",
    "/etc/sysctl.d/01-overcommit.conf",
];

fn is_as_in(bench: &Bench, name: &str) {
    for path in FILES {
        let golden = fs::read(testdata(name).join(path.trim_start_matches('/'))).ok();
        assert_eq!(bench.read(path).unwrap(), golden, "{path}");
    }
}

#[test]
fn all_are_applied_and_reverted_to_the_byte_on_a_fake_system() {
    let bench = Bench::of_a_folder();

    for which in Mitigation::ALL {
        let applied = bench.apply(which);
        assert_eq!(applied.standing.status, Is::PendingReboot, "{applied:?}");
    }

    is_as_in(&bench, "1.02-applied");
    for which in Mitigation::ALL {
        assert_eq!(bench.revert(which).standing.status, Is::NotApplied);
    }
    is_as_in(&bench, "1.02");
    assert_eq!(bench.kept_names(), ["record.json"]);
    assert!(bench.ran.borrow().is_empty(), "a folder has no kernel");
}

#[test]
fn each_is_in_force_at_once_and_after_each_boot_until_it_is_reverted() {
    let bench = Bench::new();
    for which in Mitigation::ALL {
        assert_eq!(bench.standing(which).status, Is::NotApplied, "{which}");

        let applied = bench.apply(which);

        assert_eq!(applied.standing.status, Is::Applied, "{applied:?}");
        assert!(applied.standing.ours && !applied.files.is_empty() && !applied.commands.is_empty());
        bench.boot();
        assert_eq!(bench.standing(which).status, Is::Applied, "{which} after a boot");
    }
    for which in Mitigation::ALL {
        let reverted = bench.revert(which);

        assert_eq!(reverted.standing.status, Is::NotApplied, "{reverted:?}");
    }
    is_as_in(&bench, "1.02");
    assert!(bench.text("/proc/swaps").contains("/dev/sda2"));
    assert!(bench.text("/sys/block/sda/queue/scheduler").contains("[cfq]"));
    assert_eq!(bench.text("/proc/sys/vm/overcommit_memory").trim(), "0");
}

#[test]
fn a_mitigation_that_is_applied_twice_changes_nothing_the_second_time() {
    let bench = Bench::new();
    for which in Mitigation::ALL {
        bench.apply(which);
        let record = bench.kept("record.json").unwrap();
        bench.ran.borrow_mut().clear();

        let again = bench.apply(which);

        assert_eq!(again.standing.status, Is::Applied);
        assert!(again.files.is_empty() && again.commands.is_empty(), "{again:?}");
        assert_eq!(bench.kept("record.json").unwrap(), record);
        assert!(bench.ran.borrow().is_empty());
    }
}

#[test]
fn a_dry_run_says_what_would_be_changed_and_changes_nothing() {
    let bench = Bench::new();

    let swap = bench.ask(Asked::Apply { which: Mitigation::Swap, dry_run: true }).unwrap();
    let scheduler = bench.check(Mitigation::Scheduler);
    let revert = Asked::Revert { which: Mitigation::Swap, dry_run: true };
    let revert = bench.ask(revert).unwrap();

    assert!(swap.files[0].diff.contains("-/dev/sda2 swap swap defaults 0 0\n+#/dev/sda2 swap"));
    assert_eq!(swap.commands, ["swapoff /dev/sda2"]);
    let paths: Vec<&str> = scheduler.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/boot/extlinux.conf", "/etc/update-extlinux.conf"]);
    assert_eq!(scheduler.commands, ["echo noop > /sys/block/sda/queue/scheduler"]);
    assert!(
        revert.files.is_empty() && revert.standing.reasons.join(" ").contains("nothing to take")
    );
    is_as_in(&bench, "1.02");
    assert!(bench.kept_names().is_empty() && bench.ran.borrow().is_empty());
}

#[test]
fn a_password_in_fstab_is_in_no_diff() {
    let bench = Bench::new();

    let diff = &bench.apply(Mitigation::Swap).files[0].diff;

    assert!(diff.contains("//nas/backup") && diff.contains("user=backup"), "{diff}");
    assert!(!diff.contains("hunter2secret"), "{diff}");
}

#[test]
fn wherever_the_power_is_cut_each_file_is_whole_and_asking_again_does_the_rest() {
    for which in Mitigation::ALL {
        for point in 0.. {
            let bench = Bench::new();
            bench.left.set(Some(point));
            let cut = bench.try_apply(which);
            let was_cut = bench.left.replace(None) == Some(0);
            for path in FILES {
                let now = bench.read(path).unwrap();
                let is = |name: &str| {
                    fs::read(testdata(name).join(path.trim_start_matches('/'))).ok() == now
                };
                assert!(is("1.02") || is("1.02-applied"), "{which} cut after {point}: {path}");
            }
            bench.boot();

            let applied = bench.apply(which);
            bench.left.set(Some(point));
            let reverted = bench.try_revert(which);
            bench.left.set(None);
            bench.boot();
            bench.revert(which);

            assert_eq!(applied.standing.status, Is::Applied, "{which} cut after {point}");
            is_as_in(&bench, "1.02");
            if !was_cut && cut.is_ok() && reverted.is_ok() {
                break;
            }
            assert!(point < 40, "it never ends");
        }
    }
}
