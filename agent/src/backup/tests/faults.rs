//! Drives that are full, write-protected, worn out, lying, swapped or tampered with.

use super::drive::Left;
use super::*;
use crate::backup::buffer::Buffer;
use crate::backup::frame::{FrameError, Record};
use crate::meter::Meter;

fn backed_up() -> (Drive, Guests) {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    (drive, guests)
}

/// Names of files below the set's folder.
fn files(drive: &Drive) -> Vec<String> {
    drive.kept().into_keys().collect()
}

#[test]
fn a_byte_that_a_drive_stores_wrongly_is_written_again_before_anything_is_called_verified() {
    let drive = Drive::new();
    back_up(&drive, &Guests::new()).unwrap();
    for flush in 1..=drive.flushes() {
        let (drive, guests) = (Drive::new(), Guests::new());
        drive.store_wrongly(flush);

        let done = back_up(&drive, &guests);

        // What it stored wrongly may be the journal, which is there twice, or the plan or the
        // manifest, without which there is no set.
        drive.power_up(Left::Nothing);
        nothing_is_claimed_that_is_not_so(&drive, &guests);
        if done.is_ok() {
            assert!(is_called_verified(&drive), "flush {flush}");
        }
    }
}

#[test]
fn a_sector_that_cannot_be_read_is_found_and_its_chunk_written_anew() {
    let (drive, guests) = backed_up();
    let chunk = files(&drive).into_iter().find(|name| name.contains("/c/")).unwrap();
    drive.make_unreadable(&chunk);

    let proof = prove(&drive).unwrap();

    assert_eq!(proof.damages.len(), 1);
    assert!(proof.damages[0].to_string().contains("cannot be read"), "{}", proof.damages[0]);
    assert!(!is_called_verified(&drive));
    assert!(restore(&drive, &used_volume(), "/a0").is_err());
    // What is written anew lies elsewhere on the drive.
    back_up(&drive, &guests).unwrap();
    assert_restores(&drive, &guests);
}

/// Takes the drive's power as soon as something was read of it.
struct PullsOut(Drive);

impl Meter for PullsOut {
    fn begin(&self, _what: &str, _total_bytes: u64) {}

    fn advance(&self, _bytes: u64) {
        self.0.cut();
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_drive_that_is_pulled_out_of_a_restore_is_not_taken_for_one_with_a_damaged_set() {
    let (drive, _) = backed_up();
    let (clock, meter) = (Clock::of_the_machine(), PullsOut(drive.clone()));
    let tools = Tools {
        medium: &drive,
        keys: &KEYLESS,
        clock: &clock,
        meter: &meter,
        width: Width::threads(1),
    };
    let sealed = Sealed::open(tools, plan().set).unwrap();
    let vm = &sealed.manifest.vms[0];
    let device = used_volume().open(VOLUME).unwrap().unwrap();

    let failed = sealed
        .restore(vm, vm.disks().next().unwrap(), Whole::used(device, VOLUME.to_owned()))
        .err()
        .unwrap();

    assert!(failed.may_be_of_the_drive(), "{failed:?}");
}

#[test]
fn no_byte_of_a_set_can_change_unseen() {
    let (drive, guests) = backed_up();
    for name in files(&drive) {
        let length = drive.kept()[&name].len();
        for at in (0..length).step_by(1 + length / 40).chain([length - 1]) {
            let drive = drive.cloned();
            drive.tamper(&name, |content| content[at] ^= 0x40);

            let seen = match prove(&drive) {
                Ok(proof) => !proof.damages.is_empty(),
                Err(_) => true,
            };

            // One journal of two may be damaged: the other says the same.
            assert!(seen || name.contains("journal."), "{name}, byte {at}");
            if seen {
                assert!(!is_called_verified(&drive), "{name}, byte {at}");
            }
            nothing_is_claimed_that_is_not_so(&drive, &guests);
        }
    }
}

#[test]
fn no_file_of_a_set_can_be_missing_cut_off_or_swapped_unseen() {
    let (drive, _) = backed_up();
    let chunks: Vec<String> =
        files(&drive).into_iter().filter(|name| name.contains("/c/")).collect();
    let swapped = drive.kept()[&chunks[0]].clone();
    for name in files(&drive).into_iter().filter(|name| !name.contains("journal.")) {
        let (missing, cut, other) = (drive.cloned(), drive.cloned(), drive.cloned());
        missing.take_away(&name);
        cut.tamper(&name, |content| {
            content.pop();
        });
        if name != chunks[0] {
            other.tamper(&name, |content| content.clone_from(&swapped));
        }

        for (drive, is_whole) in [(missing, false), (cut, false), (other, name == chunks[0])] {
            let seen = prove(&drive).map_or(true, |proof| !proof.damages.is_empty());
            assert_eq!(seen, !is_whole, "{name}");
        }
    }
}

#[test]
fn a_full_drive_says_so_and_the_backup_goes_on_when_there_is_room() {
    let guests = Guests::new();
    for room in (0..60_000).step_by(1_500) {
        let drive = Drive::new();
        drive.set_room(Some(room));
        drive.boast();
        let Err(error) = back_up(&drive, &guests) else { continue };
        assert!(
            error.to_string().contains("full") || error.to_string().contains("journal"),
            "{error}"
        );
        nothing_is_claimed_that_is_not_so(&drive, &guests);
        drive.set_room(None);

        back_up(&drive, &guests).unwrap();

        assert_restores(&drive, &guests);
    }
}

#[test]
fn a_write_protected_drive_is_named_and_what_is_on_it_can_be_restored() {
    let (drive, guests) = backed_up();
    drive.set_read_only(true);

    let error = back_up(&drive, &guests).unwrap_err();

    assert!(
        error.to_string().contains("write-protected") || error.to_string().contains("journal"),
        "{error}"
    );
    assert_restores(&drive, &guests);
}

#[test]
fn a_drive_that_is_pulled_is_no_damage() {
    let (drive, guests) = backed_up();
    drive.cut();

    let error = prove(&drive).unwrap_err();
    assert!(error.is_of_the_medium(), "{error:?}");

    drive.power_up(Left::Nothing);
    assert!(is_called_verified(&drive));
    assert_restores(&drive, &guests);
}

#[test]
fn a_disk_that_is_written_to_while_it_is_copied_is_not_sealed() {
    for frames in [0, 3, 7] {
        let (drive, guests) = (Drive::new(), Guests::new());
        guests.run_after(frames, "/b0", "/b0");

        let error = back_up(&drive, &guests).unwrap_err();

        assert!(matches!(&error, BackupError::Changed(path) if path == "/b0"), "{error:?}");
        assert!(!is_called_verified(&drive));
        back_up(&drive, &guests).unwrap();
        assert_restores(&drive, &guests);
    }
}

#[test]
fn a_disk_that_is_written_to_after_it_was_copied_is_not_sealed() {
    let (drive, guests) = (Drive::new(), Guests::new());
    guests.run_after(2, "/b0", "/a0");

    let error = back_up(&drive, &guests).unwrap_err();

    assert!(matches!(&error, BackupError::Changed(path) if path == "/a0"), "{error:?}");
    back_up(&drive, &guests).unwrap();
    assert_restores(&drive, &guests);
}

#[test]
fn a_target_that_stores_a_byte_wrongly_is_not_called_restored() {
    let (drive, _) = backed_up();
    let volume = used_volume();
    volume.store_wrongly(1);

    let error = restore(&drive, &volume, "/a0").unwrap_err();

    assert!(matches!(error, BackupError::TargetDiffers(_)), "{error:?}");
}

#[test]
fn a_frame_that_is_stored_well_and_holds_something_else_is_not_taken() {
    let disk = DiskId { vm: plan().vms[0].uuid, number: 0 };
    let (mut stored, mut plain) = (Buffer::new(0), vec![0; 512]);
    // What went wrong in memory between the hash of the guest's bytes and the packing of them.
    let mut frames = packer(&KEYLESS, None, disk);
    let meant = frames.pack(7, &[7; 512], &mut stored).unwrap();
    let packed = frames.pack(7, &[8; 512], &mut stored).unwrap();
    let bytes = usize::try_from(packed.stored_bytes).unwrap();
    let record = Record { plain: meant.plain, ..packed };

    let taken = frames.unpack(7, &record, &mut stored.as_mut()[..bytes].to_vec(), &mut plain);

    assert_eq!(taken, Err(FrameError::Plain));
    assert_eq!(frames.unpack(7, &packed, &mut stored.as_mut()[..bytes], &mut plain), Ok(()));
}
