//! Files that somebody changes after a mitigation was applied.

use domfleet_shared::mitigation::{Mitigation, MitigationStatus as Is};

use super::super::{Asked, System as _};
use super::bench::Bench;

#[test]
fn a_menu_that_was_written_anew_without_the_parameter_is_a_drift_until_it_is_applied_again() {
    let bench = Bench::new();
    bench.apply(Mitigation::Scheduler);
    let regenerated = bench
        .text("/boot/extlinux.conf")
        .replace(" elevator=noop", "")
        .replace("grsec", "virtgrsec");
    bench.write("/boot/extlinux.conf", &regenerated);

    let drifted = bench.standing(Mitigation::Scheduler);
    let again = bench.apply(Mitigation::Scheduler);
    let with_noop = bench.text("/boot/extlinux.conf");
    bench.revert(Mitigation::Scheduler);

    assert_eq!(drifted.status, Is::Drifted);
    assert_eq!(drifted.reasons, ["/boot/extlinux.conf does not say it any more"]);
    assert_eq!(again.standing.status, Is::Applied);
    assert_eq!(with_noop.matches("elevator=noop quiet").count(), 1);
    assert_eq!(bench.text("/boot/extlinux.conf"), regenerated);
}

#[test]
fn what_is_not_in_force_after_a_boot_is_a_drift_and_before_it_is_pending() {
    let bench = Bench::new();
    bench.fails.borrow_mut().push("swapoff");
    let pending = bench.apply(Mitigation::Swap).standing;
    assert_eq!(pending.status, Is::PendingReboot);
    assert!(pending.reasons.join(" ").contains("swapoff was refused"), "{pending:?}");

    bench.boot();
    assert_eq!(bench.standing(Mitigation::Swap).status, Is::Applied);
    bench.boot();
    bench.write("/proc/swaps", "Filename Type Size Used Priority\n/swap file 1 0 -2\n");

    let drifted = bench.standing(Mitigation::Swap);
    assert_eq!(drifted.status, Is::Drifted);
    assert_eq!(drifted.reasons, ["dom0 swaps to /swap"]);
}

#[test]
fn what_was_in_force_and_is_no_more_is_a_drift_in_the_same_boot() {
    let bench = Bench::new();
    bench.apply(Mitigation::Overcommit);
    bench.write("/proc/sys/vm/overcommit_memory", "1\n");

    let drifted = bench.standing(Mitigation::Overcommit);

    assert_eq!(drifted.status, Is::Drifted);
    assert_eq!(drifted.reasons, ["vm.overcommit_memory is 1"]);
}

#[test]
fn from_a_file_that_was_changed_since_only_ours_is_taken() {
    let bench = Bench::new();
    for which in Mitigation::ALL {
        bench.apply(which);
    }
    bench.edit("/etc/fstab", "tmpfs /tmp", "# by hand\ntmpfs /var/tmp");
    bench.edit("/boot/extlinux.conf", "dom0_mem=1024M", "dom0_mem=2048M");
    bench.edit(
        "/etc/sysctl.d/01-overcommit.conf",
        "vm.overcommit_memory",
        "vm.swappiness=1\nvm.overcommit_memory",
    );

    for which in Mitigation::ALL {
        let reverted = bench.revert(which);
        let reasons = reverted.standing.reasons.join(" ");
        assert!(reasons.contains("somebody has changed"), "{which}: {reasons}");
    }

    assert!(bench.text("/etc/fstab").contains("\n/dev/sda2 swap swap defaults 0 0\n"));
    assert!(bench.text("/etc/fstab").contains("# by hand\ntmpfs /var/tmp"));
    let menu = bench.text("/boot/extlinux.conf");
    assert!(menu.contains("dom0_mem=2048M") && !menu.contains("elevator"), "{menu}");
    assert_eq!(bench.text("/etc/sysctl.d/01-overcommit.conf"), "vm.swappiness=1\n");
}

#[test]
fn where_ours_cannot_be_told_from_theirs_nothing_is_changed_and_the_difference_is_shown() {
    let bench = Bench::new();
    bench.apply(Mitigation::Swap);
    bench.edit(
        "/etc/fstab",
        "#/dev/sda2 swap",
        "#/dev/sda2 swap swap defaults 0 0\n#/dev/sda2 swap",
    );
    let before = bench.text("/etc/fstab");

    let preview = bench.ask(Asked::Revert { which: Mitigation::Swap, dry_run: true }).unwrap();
    let refused = bench.try_revert(Mitigation::Swap).unwrap_err();

    assert_eq!(preview.standing.status, Is::Refused);
    assert!(preview.files[0].diff.contains("+#/dev/sda2"), "{preview:?}");
    let why = refused.to_string();
    assert!(why.contains("2 times") && why.contains("+#/dev/sda2"), "{why}");
    assert!(!why.contains("hunter2secret"), "{why}");
    assert_eq!(bench.text("/etc/fstab"), before);
    assert_eq!(bench.standing(Mitigation::Swap).status, Is::Applied);
}

#[test]
fn a_copy_that_is_damaged_is_restored_from_nowhere() {
    let bench = Bench::new();
    bench.apply(Mitigation::Swap);
    let name = bench.kept_names().into_iter().find(|name| name != "record.json").unwrap();
    bench.keep(&name, b"/dev/sda9 / ext4\n").unwrap();

    let refused = bench.try_revert(Mitigation::Swap).unwrap_err();

    assert_eq!(refused.code(), "io");
    assert!(bench.text("/etc/fstab").contains("#/dev/sda2 swap"));
}

#[test]
fn what_was_made_by_hand_is_in_force_and_not_ours_to_take_back() {
    let bench = Bench::new();
    bench.edit("/etc/fstab", "/dev/sda2 swap", "#/dev/sda2 swap");
    bench.boot();

    let standing = bench.apply(Mitigation::Swap).standing;
    let reverted = bench.revert(Mitigation::Swap);

    assert!(standing.status == Is::Applied && !standing.ours, "{standing:?}");
    assert!(reverted.files.is_empty(), "{reverted:?}");
    assert_eq!(reverted.standing.status, Is::Applied);
}

/// Taking our change out of a text is not always the way back: quotes that were put around several words
/// would stay.
#[test]
fn a_file_that_is_as_we_left_it_gets_back_what_it_was_though_others_were_changed_since() {
    let bench = Bench::new();
    let file = "/etc/update-extlinux.conf";
    bench.edit(file, "default_kernel_opts=\"quiet\"", "default_kernel_opts=quiet");
    let before = bench.text(file);
    bench.apply(Mitigation::Scheduler);
    bench.edit("/boot/extlinux.conf", " elevator=noop", "");

    bench.apply(Mitigation::Scheduler);
    let with = bench.text(file);
    bench.revert(Mitigation::Scheduler);

    assert!(with.contains("default_kernel_opts=\"elevator=noop quiet\""), "{with}");
    assert_eq!(bench.text(file), before);
}
