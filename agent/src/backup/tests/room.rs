//! What does not fit is not begun.

use super::drive::Left;
use super::*;
use crate::backup::room::DOCUMENTS;

/// What a backup says that it needs, at most.
fn needed(drive: &Drive, guests: &Guests) -> u64 {
    drive.set_room(Some(0));
    let error = back_up(drive, guests).unwrap_err();
    drive.set_room(None);
    let BackupError::NoRoom { needed, .. } = error else { panic!("{error:?}") };
    needed
}

fn used(drive: &Drive) -> u64 {
    drive.kept().values().map(|content| content.len() as u64).sum()
}

#[test]
fn what_may_not_fit_is_refused_before_anything_is_written() {
    let (drive, guests) = (Drive::new(), Guests::new());
    let needed = needed(&drive, &guests);
    drive.set_room(Some(needed - 1));

    let error = back_up(&drive, &guests).unwrap_err();

    let BackupError::NoRoom { needed: said, free } = error else { panic!("{error:?}") };
    assert_eq!((said, free), (needed, needed - 1));
    assert_eq!(drive.points(), 0, "something was written");
}

#[test]
fn what_is_said_to_fit_fits_though_nothing_can_be_compressed() {
    let (drive, guests) = (Drive::new(), Guests::new());
    for (n, guest) in guests.0.lock().unwrap().values_mut().enumerate() {
        // Whatever hashes look like, nobody compresses it.
        let noise = (0_u32..).flat_map(|at| {
            *blake3::hash(&[at.to_le_bytes(), [u8::try_from(n).unwrap(); 4]].concat()).as_bytes()
        });
        let length = guest.content.len();
        guest.content = noise.take(length).collect();
    }
    let needed = needed(&drive, &guests);
    drive.set_room(Some(needed));

    back_up(&drive, &guests).unwrap();

    assert!(is_called_verified(&drive));
    // What is set aside for the documents must not be what the disks needed.
    let is_of_a_disk = |name: &str| name.contains("/c/") || name.ends_with("/index");
    let kept = drive.kept();
    let disks = kept.iter().filter(|(name, _)| is_of_a_disk(name));
    let stored: u64 = disks.map(|(_, content)| content.len() as u64).sum();
    assert!(stored <= needed - DOCUMENTS, "{stored} of {needed}");
    assert!(used(&drive) <= needed, "{} of {needed}", used(&drive));
    // Two frames of three are data on these disks, and a bound that is far off refuses drives that do.
    assert!(used(&drive) * 2 > needed, "{} of {needed}", used(&drive));
}

#[test]
fn zeros_that_are_known_need_no_room() {
    let guests = Guests::new();
    let with_zeros = needed(&Drive::new(), &guests);
    guests.0.lock().unwrap().get_mut("/b1").unwrap().content.fill(1);

    assert!(needed(&Drive::new(), &guests) >= with_zeros + 2_048);
}

#[test]
fn a_set_that_is_gone_on_with_needs_only_what_it_lacks() {
    let guests = Guests::new();
    let whole = needed(&Drive::new(), &guests);
    let mut last = whole;
    for point in (0..400).step_by(20) {
        let drive = Drive::new();
        drive.cut_after(point);
        if back_up(&drive, &guests).is_ok() {
            break;
        }
        drive.power_up(Left::Nothing);
        if list::list(&drive).unwrap().iter().any(|set| set.manifest.is_some()) {
            break;
        }

        let needed = needed(&drive, &guests);

        // What is there already, and what is still to come, are not more than they were together.
        assert!(needed <= whole, "cut at {point}: {needed} of {whole}");
        drive.set_room(Some(used(&drive) + needed));
        back_up(&drive, &guests).unwrap();
        last = needed;
    }
    assert!(last + 60_000 < whole, "{last} of {whole}");
}

#[test]
fn a_set_that_is_sealed_is_proved_whatever_room_there_is() {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    let journal = used(&drive) + 4_096;
    drive.set_room(Some(journal));

    back_up(&drive, &guests).unwrap();
}
