//! Drives prepared and mounted for real: loop devices and ext4. Needs root, as the agent does.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use domfleet_shared::usb::{ContentKind, QualifyMode, Usage};

use super::super::gpt::ALIGNMENT;
use super::super::mount::{Access, MountError};
use super::super::prepare::PrepareError;
use super::loops::{Loops, SIZE};
use super::{put, run};
use crate::meter::{Meter, Unwatched};

/// Has work stop at its n-th safe point.
struct Cut(AtomicUsize);

impl Meter for Cut {
    fn begin(&self, _what: &str, _total_bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn is_cancelled(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_err()
    }
}

#[tokio::test]
async fn an_empty_drive_becomes_ours_and_preparing_it_again_changes_nothing() {
    let loops = Loops::new();

    let ours = loops.prepare(None, &Unwatched).await.unwrap();
    let before = fs::read(&loops.image).unwrap();
    let again = loops.prepare(None, &Unwatched).await.unwrap();

    assert!(matches!(ours, Usage::Ours { .. }), "{ours:?}");
    assert_eq!(again, ours);
    assert!(fs::read(&loops.image).unwrap() == before);
    let drive = loops.system.only();
    let content = drive.partitions[0].content.as_ref().unwrap();
    assert_eq!(content.kind, ContentKind::Ext4);
    // A kernel of ten years ago mounts it.
    for feature in ["metadata_csum", "64bit", "orphan_file", "metadata_csum_seed", "needs_recovery"]
    {
        assert!(!content.features.iter().any(|name| name == feature), "{:?}", content.features);
    }
    let listed = run("dumpe2fs", &["-h", loops.devices[1].trim()]);
    let theirs = listed.lines().find_map(|line| line.strip_prefix("Filesystem features:")).unwrap();
    let mut theirs: Vec<_> = theirs.split_whitespace().collect();
    let mut own: Vec<_> = content.features.iter().map(String::as_str).collect();
    theirs.sort_unstable();
    own.sort_unstable();
    assert_eq!(own, theirs);
    run("e2fsck", &["-fn", loops.devices[1].trim()]);
}

#[tokio::test]
async fn cut_off_anywhere_preparing_goes_on_without_being_asked_again() {
    for cut in 0.. {
        let loops = Loops::new();
        put(&loops.image, 0, b"something dear");

        let ended = loops.prepare(Some("4C530001"), &Cut(AtomicUsize::new(cut))).await;
        if ended.is_ok() {
            assert!(cut > 4, "there are that many points at least");
            return;
        }

        assert!(matches!(ended, Err(PrepareError::Cancelled(_))), "{ended:?}");
        match loops.system.usage() {
            // The table of before is still there: it is asked again.
            Usage::Foreign { .. } => {
                assert!(cut < 2, "{cut}");
                let refused = loops.prepare(None, &Unwatched).await;
                assert!(matches!(refused, Err(PrepareError::NoConsent { .. })), "{refused:?}");
            }
            Usage::Unfinished { .. } | Usage::Ours { .. } => {
                let done = loops.prepare(None, &Unwatched).await.unwrap();
                assert!(matches!(done, Usage::Ours { .. }), "{cut}: {done:?}");
            }
            other => panic!("{cut}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_is_erased_without_its_name_and_what_is_in_use_not_with_it() {
    let loops = Loops::new();
    put(&loops.image, 0, b"something dear");
    let before = fs::read(&loops.image).unwrap();

    let unasked = loops.prepare(None, &Unwatched).await.unwrap_err();
    let other = loops.prepare(Some("4C530002"), &Unwatched).await.unwrap_err();
    assert!(unasked.to_string().contains("--erase 4C530001"), "{unasked}");
    assert!(matches!(other, PrepareError::OtherConsent { .. }));

    loops.system.write("proc/swaps", "Filename\n/dev/sdb1 partition 8 0 -2\n");
    fs::remove_file(loops.system.path("dev/sdb1")).unwrap();
    let taken = loops.prepare(Some("4C530001"), &Unwatched).await.unwrap_err();
    assert!(matches!(taken, PrepareError::System { .. }), "{taken}");
    assert!(fs::read(&loops.image).unwrap() == before);
}

#[tokio::test]
async fn a_drive_of_ours_is_mounted_remounted_and_let_go() {
    let loops = Loops::new();
    loops.prepare(None, &Unwatched).await.unwrap();
    let (usb, drive) = (loops.system.usb(), loops.system.only());

    let mut mounted = usb.mount(&drive, Access::ReadWrite).unwrap();
    let folder = mounted.folder().to_owned();
    fs::write(folder.join("backup"), "data").unwrap();
    mounted.check().unwrap();
    // Ours, while it is mounted, and nobody else's.
    assert_eq!(loops.system.usage(), drive.usage);
    let options = mount_of(&folder);
    for option in ["noatime", "nodev", "nosuid", "noexec", "errors=remount-ro"] {
        assert!(options.contains(option), "{options}");
    }

    mounted.remount(Access::ReadOnly).unwrap();
    assert_eq!(fs::read_to_string(folder.join("backup")).unwrap(), "data");
    assert!(fs::write(folder.join("backup"), "other").is_err());
    mounted.check().unwrap();

    // What an error of the drive does.
    mounted.remount(Access::ReadWrite).unwrap();
    run("mount", &["-o", "remount,ro", folder.to_str().unwrap()]);
    assert!(matches!(mounted.check(), Err(MountError::ReadOnly(_))));
    mounted.remount(Access::ReadWrite).unwrap();
    mounted.complaints().unwrap();
    drop(mounted);
    assert!(!folder.exists());
}

#[tokio::test]
async fn what_a_killed_agent_left_mounted_is_taken_over_and_another_drive_is_not_mounted_for_it() {
    let loops = Loops::new();
    loops.prepare(None, &Unwatched).await.unwrap();
    let (usb, drive) = (loops.system.usb(), loops.system.only());

    // Its mount stays, and its claim is given up with it.
    let folder = usb.mount(&drive, Access::ReadWrite).unwrap().folder().to_owned();
    fs::create_dir(&folder).unwrap();
    run("mount", &[loops.devices[1].trim(), folder.to_str().unwrap()]);
    usb.mount(&drive, Access::ReadOnly).unwrap().unmount().unwrap();

    loops.prepare(Some("4C530001"), &Unwatched).await.unwrap();
    let other = usb.mount(&drive, Access::ReadOnly);
    assert!(matches!(other, Err(MountError::Other { .. })), "{other:?}");
}

#[tokio::test]
async fn a_drive_that_was_pulled_out_while_it_was_written_to_is_still_ours() {
    let loops = Loops::new();
    let ours = loops.prepare(None, &Unwatched).await.unwrap();
    let mounted = loops.system.usb().mount(&loops.system.only(), Access::ReadWrite).unwrap();
    let file = fs::File::create(mounted.folder().join("backup")).unwrap();
    file.sync_all().unwrap();
    fs::File::open(mounted.folder()).unwrap().sync_all().unwrap();

    // What is on the drive at that moment.
    let pulled_out = fs::read(&loops.image).unwrap();
    drop(file);
    mounted.unmount().unwrap();
    fs::write(&loops.image, pulled_out).unwrap();
    for device in &loops.devices {
        run("blockdev", &["--flushbufs", device.trim()]);
    }

    let content = loops.system.only().partitions[0].content.clone().unwrap();
    assert!(content.features.contains(&"needs_recovery".to_owned()), "{content:?}");
    assert_eq!(loops.system.usage(), ours);
    let mounted = loops.system.usb().mount(&loops.system.only(), Access::ReadOnly).unwrap();
    assert!(mounted.folder().join("backup").exists());
}

#[tokio::test]
async fn a_drive_is_mounted_by_one_run_of_the_agent_at_a_time() {
    let loops = Loops::new();
    loops.prepare(None, &Unwatched).await.unwrap();
    let (usb, drive) = (loops.system.usb(), loops.system.only());
    let mounted = usb.mount(&drive, Access::ReadWrite).unwrap();
    fs::write(mounted.folder().join("backup"), "half").unwrap();

    let second = usb.mount(&drive, Access::ReadWrite);
    assert!(matches!(second, Err(MountError::Claimed(_))), "{second:?}");

    // The first one's is still mounted.
    assert_eq!(fs::read_to_string(mounted.folder().join("backup")).unwrap(), "half");
    mounted.unmount().unwrap();
    usb.mount(&drive, Access::ReadOnly).unwrap().unmount().unwrap();
}

/// The line of the mount, from the kernel.
fn mount_of(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let folder = folder.to_str().unwrap();
    mounts.lines().find(|line| line.contains(folder)).unwrap().to_owned()
}

#[tokio::test]
async fn qualifying_leaves_an_empty_drive_empty_and_our_own_as_it_is() {
    let loops = Loops::new();
    let usb = loops.system.usb();
    let drive = loops.system.only();

    let empty = usb.qualify(&drive, QualifyMode::Quick, None, None, &Unwatched).unwrap();
    assert!(empty.is_fit && empty.is_exact, "{empty:?}");
    assert_eq!((empty.true_bytes, loops.system.usage()), (SIZE, Usage::Empty));

    loops.prepare(None, &Unwatched).await.unwrap();
    let drive = loops.system.only();
    let mounted = usb.mount(&drive, Access::ReadWrite).unwrap();
    fs::write(mounted.folder().join("backup"), "data").unwrap();
    mounted.unmount().unwrap();
    let ours = usb.qualify(&drive, QualifyMode::Full, None, None, &Unwatched).unwrap();
    assert!(ours.is_fit && ours.tested_bytes > SIZE / 2, "{ours:?}");
    let mounted = usb.mount(&drive, Access::ReadOnly).unwrap();
    assert_eq!(fs::read_to_string(mounted.folder().join("backup")).unwrap(), "data");
    mounted.unmount().unwrap();
    run("e2fsck", &["-fn", loops.devices[1].trim()]);

    // A stranger's is not written to, until its name is typed.
    put(&loops.image, 0, b"something dear");
    put(&loops.image, 512, [1; 512]);
    put(&loops.image, SIZE - 512, [1; 512]);
    put(&loops.image, ALIGNMENT, [1; 8192]);
    let drive = loops.system.only();
    let before = fs::read(&loops.image).unwrap();
    usb.qualify(&drive, QualifyMode::Quick, None, None, &Unwatched).unwrap_err();
    assert!(fs::read(&loops.image).unwrap() == before);
    let typed = Some("4C530001");
    let erased = usb.qualify(&drive, QualifyMode::Quick, typed, None, &Unwatched).unwrap();
    assert!(erased.is_fit, "{erased:?}");
}
