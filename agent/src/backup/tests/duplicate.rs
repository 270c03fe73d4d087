//! A set on a second drive.

use super::drive::Left;
use super::*;
use crate::backup::duplicate;

const LEFT: [Left; 3] = [Left::Nothing, Left::Everything, Left::Some(1)];

fn sealed(guests: &Guests) -> Drive {
    let drive = Drive::new();
    back_up(&drive, guests).unwrap();
    drive
}

fn copy(from: &Drive, to: &Drive) -> Result<Proof, BackupError> {
    with_tools(from, |tools| duplicate(tools, to, plan().set))
}

#[test]
fn a_copy_gives_back_what_the_first_does_without_it() {
    let guests = Guests::new();
    let (first, second) = (sealed(&guests), Drive::new());

    let proof = copy(&first, &second).unwrap();

    assert_eq!(proof.damages, []);
    drop(first);
    assert_restores(&second, &guests);
}

#[test]
fn a_copy_that_is_cut_at_any_point_goes_on_and_is_whole() {
    let guests = Guests::new();
    let first = sealed(&guests);
    let whole = Drive::new();
    copy(&first, &whole).unwrap();
    let points = whole.points();
    assert!(points > 50, "{points}");
    for left in LEFT {
        for point in (0..points).step_by(3) {
            let second = Drive::new();
            second.cut_after(point);
            copy(&first, &second).unwrap_err();
            second.power_up(left);
            // Nobody takes for a set what is none yet.
            nothing_is_claimed_that_is_not_so(&second, &guests);

            let proof = copy(&first, &second).unwrap();

            assert_eq!(proof.damages, [], "cut at {point}, {left:?}");
            assert_restores(&second, &guests);
        }
    }
}

#[test]
fn what_the_second_drive_stores_wrongly_is_written_again() {
    let guests = Guests::new();
    let first = sealed(&guests);
    let flushes = {
        let second = Drive::new();
        second.store_wrongly(u64::MAX);
        copy(&first, &second).unwrap();
        second.flushes()
    };
    assert!(flushes > 5, "{flushes}");
    for flush in 1..=flushes {
        let second = Drive::new();
        second.store_wrongly(flush);

        let proof = copy(&first, &second).unwrap();

        assert_eq!(proof.damages, [], "flush {flush}");
        assert_restores(&second, &guests);
    }
}

#[test]
fn a_drive_that_keeps_nothing_is_found_out() {
    let (first, second) = (sealed(&Guests::new()), Drive::new());
    second.keep_nothing_large();

    let failed = copy(&first, &second).unwrap_err();

    assert!(matches!(failed, BackupError::Unreliable(_)), "{failed:?}");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (first, second) = (sealed(&Guests::new()), Drive::new());
    second.set_room(Some(1_000));

    let failed = copy(&first, &second).unwrap_err();

    assert!(matches!(failed, BackupError::NoRoom { free: 1_000, .. }), "{failed:?}");
    assert!(second.kept().is_empty());
}

#[test]
fn what_is_there_of_another_time_is_brought_up_to_the_first() {
    let guests = Guests::new();
    let second = Drive::new();
    copy(&sealed(&guests), &second).unwrap();
    guests.write("/a0", 5_000, 0xaa);
    let first = sealed(&guests);

    copy(&first, &second).unwrap();

    assert_restores(&second, &guests);
    let of_set = |drive: &Drive| drive.kept().into_keys().collect::<Vec<_>>();
    assert_eq!(of_set(&first), of_set(&second));
}
