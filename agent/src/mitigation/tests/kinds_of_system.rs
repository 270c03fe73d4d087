//! Releases, boot loaders, kernels and media that differ.

use domfleet_shared::mitigation::{Mitigation, MitigationStatus as Is};

use super::bench::Bench;

fn refusal(bench: &Bench, which: Mitigation) -> String {
    bench.try_apply(which).unwrap_err().to_string()
}

#[test]
fn from_1_03_they_are_seen_to_only_and_on_2_x_not_offered() {
    let bench = Bench::new();
    for (release, status, why) in [
        ("1.03", Is::Drifted, "built into"),
        ("2.0", Is::NotOffered, "1.x"),
        ("", Is::NotOffered, "release_file"),
    ] {
        bench.write("/etc/domfleet-release", release);
        for which in Mitigation::ALL {
            assert_eq!(bench.standing(which).status, status, "{release}");
            assert!(refusal(&bench, which).contains(why), "{release}");
        }
    }
    bench.write("/etc/domfleet-release", "1.03");
    bench.write("/proc/sys/vm/overcommit_memory", "2");
    assert_eq!(bench.standing(Mitigation::Overcommit).status, Is::BuiltIn);
    assert!(bench.text("/etc/fstab").contains("\n/dev/sda2"));
}

#[test]
fn the_boot_loader_s_menu_is_the_one_that_is_there_and_two_or_none_are_a_question() {
    let page = Bench::new();
    std::fs::rename(page.path("/boot/extlinux.conf"), page.path("/boot/extlinux.cfg")).unwrap();
    let both = Bench::new();
    both.write("/boot/extlinux.cfg", "DEFAULT xen\n");
    let none = Bench::new();
    std::fs::remove_file(none.path("/boot/extlinux.conf")).unwrap();
    let no_xen = Bench::new();
    no_xen.write("/boot/extlinux.conf", "LABEL a\n  APPEND root=/dev/sda1 quiet\n");

    page.apply(Mitigation::Scheduler);

    assert!(page.text("/boot/extlinux.cfg").contains("ext4 elevator=noop quiet --- init"));
    assert!(refusal(&both, Mitigation::Scheduler).contains("both"));
    assert!(refusal(&none, Mitigation::Scheduler).contains("neither"));
    assert!(refusal(&no_xen, Mitigation::Scheduler).contains("boots Xen"));
    assert_eq!(both.standing(Mitigation::Scheduler).status, Is::Refused);
    assert!(both.text("/sys/block/sda/queue/scheduler").contains("[cfq]"));
}

#[test]
fn where_the_parameter_has_no_effect_a_script_sets_the_scheduler_and_that_is_said() {
    let bench = Bench::new();
    bench.write("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
    bench.write("/sys/block/sda/queue/scheduler", "[mq-deadline] none\n");
    bench.write("/sys/block/dm-0/queue/scheduler", "[mq-deadline] none\n");
    std::fs::remove_file(bench.path("/boot/extlinux.conf")).unwrap();

    let applied = bench.apply(Mitigation::Scheduler);

    assert_eq!(applied.standing.status, Is::Applied);
    assert!(applied.standing.reasons.join(" ").contains("elevator= has no effect"), "{applied:?}");
    assert_eq!(applied.commands, ["echo none > /sys/block/sda/queue/scheduler"]);
    let script = bench.path("/etc/local.d/domfleet-scheduler.start");
    let mode = std::os::unix::fs::PermissionsExt::mode(&script.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o755);
    assert!(bench.text("/sys/block/dm-0/queue/scheduler").contains("[mq-deadline]"));
    bench.revert(Mitigation::Scheduler);
    assert!(!script.exists());
    assert!(bench.text("/sys/block/sda/queue/scheduler").contains("[mq-deadline]"));
}

#[test]
fn a_script_that_nothing_runs_at_boot_is_told_of() {
    let bench = Bench::new();
    bench.write("/proc/sys/kernel/osrelease", "6.1.0\n");
    std::fs::remove_file(bench.path("/etc/runlevels/default/local")).unwrap();

    let reasons = bench.apply(Mitigation::Scheduler).standing.reasons.join(" ");

    assert!(reasons.contains("rc-update add local"), "{reasons}");
}

#[test]
fn a_system_in_memory_keeps_its_files_by_lbu_and_its_menu_is_not_its_own() {
    let bench = Bench::new();
    bench.write("/proc/mounts", "tmpfs / tmpfs rw 0 0\n");

    let applied = bench.apply(Mitigation::Swap);
    let menu = refusal(&bench, Mitigation::Scheduler);
    bench.fails.borrow_mut().push("lbu");
    let not_kept = bench.try_apply(Mitigation::Overcommit).unwrap_err();

    assert_eq!(applied.standing.status, Is::Applied);
    assert_eq!(
        *bench.ran.borrow(),
        [
            "swapoff /dev/sda2",
            "lbu commit",
            "sysctl -p /etc/sysctl.d/01-overcommit.conf",
            "lbu commit"
        ]
    );
    assert!(menu.contains("lbu does not keep"), "{menu}");
    assert_eq!(not_kept.code(), "not_kept");
    let drifted = bench.standing(Mitigation::Overcommit);
    assert_eq!(drifted.status, Is::Drifted);
    bench.fails.borrow_mut().clear();
    assert_eq!(bench.apply(Mitigation::Overcommit).standing.status, Is::Applied);
}

#[test]
fn a_file_system_that_is_read_only_is_so_again_afterwards() {
    let bench = Bench::new();
    bench.edit("/proc/mounts", "/boot ext4 rw", "/boot ext4 ro");

    bench.apply(Mitigation::Scheduler);

    assert_eq!(*bench.ran.borrow(), ["mount -o remount,rw /boot", "mount -o remount,ro /boot"]);
}

#[test]
fn a_link_is_not_followed_and_what_is_no_file_not_replaced() {
    let link = Bench::new();
    std::fs::rename(link.path("/etc/fstab"), link.path("/etc/fstab.real")).unwrap();
    std::os::unix::fs::symlink("fstab.real", link.path("/etc/fstab")).unwrap();
    let folder = Bench::new();
    std::fs::create_dir(folder.path("/etc/sysctl.d/01-overcommit.conf")).unwrap();

    assert!(refusal(&link, Mitigation::Swap).contains("symbolic link"));
    assert!(refusal(&folder, Mitigation::Overcommit).contains("is no file"));
    assert!(link.text("/etc/fstab.real").contains("\n/dev/sda2"));
}

#[test]
fn disks_that_are_plugged_in_by_usb_are_none_of_it() {
    let bench = Bench::new();
    let device = bench.path("/sys/devices/pci0000:00/usb2/2-1/block/sdb");
    std::fs::create_dir_all(device.join("queue")).unwrap();
    std::fs::write(device.join("queue/scheduler"), "noop deadline [cfq]\n").unwrap();
    std::os::unix::fs::symlink(&device, bench.path("/sys/block/sdb")).unwrap();

    let applied = bench.apply(Mitigation::Scheduler);

    assert_eq!(applied.standing.status, Is::Applied);
    assert_eq!(applied.standing.runtime.len(), 1, "{applied:?}");
}

#[test]
fn another_file_that_says_otherwise_later_is_told_of() {
    let bench = Bench::new();
    bench.write("/etc/sysctl.d/99-local.conf", "vm.overcommit_memory = 1\n");

    let reasons = bench.apply(Mitigation::Overcommit).standing.reasons.join(" ");

    assert!(reasons.contains("99-local.conf is read later"), "{reasons}");
}
