//! The power is cut at every point of what protects and of what repairs.

use super::*;

const LEFT: [Left; 4] = [Left::Nothing, Left::Everything, Left::Some(1), Left::Some(2)];

fn points(drive: &Drive, work: impl FnOnce(&Drive)) -> u64 {
    let drive = drive.cloned();
    let before = drive.points();
    work(&drive);
    drive.points() - before
}

/// A set that is called protected is.
fn nothing_is_called_protected_that_is_not(drive: &Drive) {
    if is_called_protected(drive) {
        let drive = drive.cloned();
        drive.power_up(Left::Nothing);
        assert_eq!(prove(&drive).unwrap().protection.unwrap().damages, []);
    }
}

#[test]
fn protection_cut_at_any_point_leaves_the_verified_set_and_is_gone_on_with() {
    let (bare, guests) = (Drive::new(), Guests::new());
    back_up(&bare, &guests).unwrap();
    let points = points(&bare, |drive| drop(protect_it(drive).unwrap()));
    assert!(points > 100, "{points}");
    for left in LEFT {
        for point in 0..points {
            let drive = bare.cloned();
            drive.cut_after(point);
            protect_it(&drive).unwrap_err();
            drive.power_up(left);

            assert!(is_called_verified(&drive), "cut at {point}, {left:?}");
            what_has_its_name_is_whole(&drive);
            nothing_is_called_protected_that_is_not(&drive);
            if point % 7 == 0 {
                nothing_is_claimed_that_is_not_so(&drive, &guests);
            }
            protect_it(&drive).unwrap();
            assert!(is_called_protected(&drive), "cut at {point}, {left:?}");
            nothing_is_called_protected_that_is_not(&drive);
        }
    }
}

/// Two chunks, a configuration and an index are damaged.
fn damaged() -> (Drive, Guests) {
    let (drive, guests) = protected();
    let chunks = files(&drive, "/c/");
    drive.make_block_unreadable(&chunks[0], 1);
    drive.tamper(&chunks[0], |content| content[2 * BLOCK] ^= 1);
    // Its head.
    drive.tamper(&chunks[3], |content| content[100] ^= 1);
    let config = files(&drive, "config.xl").into_iter().find(|name| !name.contains("/copy/"));
    drive.tamper(&config.unwrap(), |content| content[0] ^= 1);
    let index = files(&drive, "/index").into_iter().rfind(|name| !name.contains("/copy/"));
    drive.tamper(&index.unwrap(), |content| content[90] ^= 1);
    // From here on nothing says that it is verified.
    assert_eq!(prove(&drive).unwrap().damages.len(), 4);
    (drive, guests)
}

#[test]
fn a_repair_cut_at_any_point_leaves_nothing_worse_and_is_gone_on_with() {
    let (broken, guests) = damaged();
    let whole = protected().0.kept();
    let points = points(&broken, |drive| {
        let repaired = repair_it(drive).unwrap();
        assert_eq!((repaired.mended.len(), repaired.lost.len()), (4, 0), "{repaired:?}");
    });
    assert!(points > 30, "{points}");
    for left in LEFT {
        for point in 0..points {
            let drive = broken.cloned();
            drive.cut_after(point);
            repair_it(&drive).unwrap_err();
            drive.power_up(left);

            nothing_is_claimed_that_is_not_so(&drive, &guests);
            assert_restores(&drive, &guests);
            let repaired = repair_it(&drive).unwrap();

            assert_eq!(repaired.proof.damages, [], "cut at {point}, {left:?}");
            nothing_is_claimed_that_is_not_so(&drive, &guests);
            drive.power_up(Left::Nothing);
            let after = drive.kept();
            for (name, content) in whole.iter().filter(|(name, _)| !name.contains("journal.")) {
                assert!(after[name] == *content, "{name}, cut at {point}, {left:?}");
            }
        }
    }
}

#[test]
fn parity_that_a_drive_stores_wrongly_is_written_again_before_anything_is_called_protected() {
    let (bare, guests) = (Drive::new(), Guests::new());
    back_up(&bare, &guests).unwrap();
    let drive = bare.cloned();
    drive.store_wrongly(0);
    protect_it(&drive).unwrap();
    for flush in 1..=drive.flushes() {
        let drive = bare.cloned();
        drive.store_wrongly(flush);

        protect_it(&drive).unwrap();

        drive.power_up(Left::Nothing);
        nothing_is_called_protected_that_is_not(&drive);
        nothing_is_claimed_that_is_not_so(&drive, &guests);
    }
}

#[test]
fn a_chunk_that_a_drive_stores_wrongly_while_it_is_repaired_is_not_called_verified() {
    let (broken, guests) = damaged();
    let drive = broken.cloned();
    drive.store_wrongly(0);
    repair_it(&drive).unwrap();
    for flush in 1..=drive.flushes() {
        let drive = broken.cloned();
        drive.store_wrongly(flush);

        let repaired = repair_it(&drive);

        drive.power_up(Left::Nothing);
        nothing_is_claimed_that_is_not_so(&drive, &guests);
        assert!(repaired.is_err() || is_called_verified(&drive), "flush {flush}");
        // What is wrong now can be mended as it could be before.
        assert_restores(&drive, &guests);
    }
}
