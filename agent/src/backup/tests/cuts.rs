//! The power is cut at every point of every piece of work.

use super::drive::Left;
use super::*;
use crate::backup::documents::SavedDisk;
use crate::backup::names::Folder;
use crate::backup::reader::{DiskReader, Part};
use crate::backup::standing::{self, Saved, Standing};

const LEFT: [Left; 4] = [Left::Nothing, Left::Everything, Left::Some(1), Left::Some(2)];

/// A disk that is on record as copied is not copied again before it was read back, and by then its VM may
/// not be off any more.
fn what_is_called_copied_is_there(drive: &Drive) {
    let folder = Folder::new(plan().set);
    let Ok(read) = standing::read(drive, &folder) else { return };
    let standing = Standing::of(&read.records);
    for (_, id, planned) in plan().disks() {
        let Some((_, saved)) = standing.disk(id).copied else { continue };
        let Saved { data_bytes, stored_bytes, content, index } = saved;
        let planned = planned.clone();
        let disk = SavedDisk { planned, data_bytes, stored_bytes, content, index };
        let mut reader = DiskReader::open(drive, &folder, (id, &disk), GEOMETRY).unwrap();
        while let Some(part) = reader.next().unwrap() {
            if let Part::Bad { place, what, .. } = part {
                panic!(
                    "{} is called copied, and chunk {}: {what}",
                    disk.planned.path,
                    place.number()
                );
            }
        }
    }
}

fn contents(proof: &Proof) -> Vec<Hash> {
    proof.manifest.disks().map(|(_, disk)| disk.content).collect()
}

/// How many points `work` passes on a drive like this one.
fn points(drive: &Drive, work: impl FnOnce(&Drive)) -> u64 {
    let drive = drive.cloned();
    let before = drive.points();
    work(&drive);
    drive.points() - before
}

#[test]
fn a_backup_cut_at_any_point_goes_on_to_the_same_verified_set() {
    let guests = Guests::new();
    let whole = contents(&back_up(&Drive::new(), &guests).unwrap());
    let points = points(&Drive::new(), |drive| drop(back_up(drive, &guests).unwrap()));
    assert!(points > 100, "{points}");
    for left in LEFT {
        for point in 0..points {
            let drive = Drive::new();
            drive.cut_after(point);
            back_up(&drive, &guests).unwrap_err();
            drive.power_up(left);
            what_has_its_name_is_whole(&drive);
            what_is_called_copied_is_there(&drive);
            nothing_is_claimed_that_is_not_so(&drive, &guests);

            let proof = back_up(&drive, &guests).unwrap_or_else(|error| {
                panic!("cut at {point}, {left:?}: {error:?}");
            });

            assert_eq!(proof.damages, [], "cut at {point}, {left:?}");
            assert_eq!(contents(&proof), whole, "cut at {point}, {left:?}");
            nothing_is_claimed_that_is_not_so(&drive, &guests);
        }
    }
}

#[test]
fn a_backup_cut_again_and_again_ends_all_the_same() {
    let guests = Guests::new();
    for every in 3..40 {
        let drive = Drive::new();
        // Each time a little longer, because what is begun again must be got through once.
        let proof = (0..1_000).find_map(|attempt| {
            drive.cut_after(every + attempt);
            let proof = back_up(&drive, &guests).ok();
            drive.power_up(Left::Some(every * 1_000 + attempt));
            nothing_is_claimed_that_is_not_so(&drive, &guests);
            proof
        });

        assert_eq!(proof.unwrap().damages, []);
        assert_restores(&drive, &guests);
    }
}

#[test]
fn a_guest_that_ran_between_two_windows_is_in_the_set_as_it_is_now() {
    let points = points(&Drive::new(), |drive| drop(back_up(drive, &Guests::new()).unwrap()));
    for point in (0..points).step_by(3) {
        let (drive, guests) = (Drive::new(), Guests::new());
        drive.cut_after(point);
        back_up(&drive, &guests).unwrap_err();
        drive.power_up(Left::Some(point));
        let was_sealed = list::list(&drive).unwrap().iter().any(|set| set.manifest.is_some());
        guests.write("/a0", 5_000, 0xaa);
        guests.write("/a1", 10, 0xbb);
        guests.write("/b0", 0, 0xcc);

        back_up(&drive, &guests).unwrap();

        if was_sealed {
            // It is the backup of the day on which it was sealed.
            assert!(is_called_verified(&drive));
        } else {
            nothing_is_claimed_that_is_not_so(&drive, &guests);
            assert_restores(&drive, &guests);
        }
    }
}

#[test]
fn a_window_that_is_cut_while_it_looks_for_what_changed_looks_again() {
    let points = points(&Drive::new(), |drive| drop(back_up(drive, &Guests::new()).unwrap()));
    for first in (0..points).step_by(47) {
        for second in 0..points {
            let (drive, guests) = (Drive::new(), Guests::new());
            drive.cut_after(first);
            back_up(&drive, &guests).unwrap_err();
            drive.power_up(Left::Everything);
            if list::list(&drive).unwrap().iter().any(|set| set.manifest.is_some()) {
                // It is the backup of the day on which it was sealed.
                break;
            }
            guests.write("/a0", 5_000, 0xaa);
            guests.write("/b0", 0, 0xcc);
            drive.cut_after(second);
            if back_up(&drive, &guests).is_ok() {
                break;
            }
            drive.power_up(Left::Everything);

            back_up(&drive, &guests).unwrap();

            nothing_is_claimed_that_is_not_so(&drive, &guests);
            assert_restores(&drive, &guests);
        }
    }
}

#[test]
fn a_verification_cut_at_any_point_leaves_a_set_that_can_be_verified() {
    let guests = Guests::new();
    let drive = Drive::new();
    back_up(&drive, &guests).unwrap();
    let points = points(&drive, |drive| drop(prove(drive).unwrap()));
    for left in LEFT {
        for point in 0..points {
            let drive = drive.cloned();
            drive.cut_after(point);
            prove(&drive).unwrap_err();
            drive.power_up(left);
            nothing_is_claimed_that_is_not_so(&drive, &guests);

            assert_eq!(prove(&drive).unwrap().damages, []);
        }
    }
}

#[test]
fn a_restore_cut_at_any_point_can_be_done_again() {
    let guests = Guests::new();
    let drive = Drive::new();
    back_up(&drive, &guests).unwrap();
    for path in ["/a0", "/a1"] {
        let points = points(&used_volume(), |volume| drop(restore(&drive, volume, path).unwrap()));
        for left in LEFT {
            for point in 0..points {
                let volume = used_volume();
                volume.cut_after(point);
                restore(&drive, &volume, path).unwrap_err();
                volume.power_up(left);

                let restored = restore(&drive, &volume, path).unwrap();

                let content = guests.content(path);
                assert!(restored[..content.len()] == content);
                assert!(restored[content.len()..].iter().all(|byte| *byte == 0));
            }
        }
    }
}
