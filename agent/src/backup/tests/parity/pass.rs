//! What is protected, when, and what becomes of parity that is not right any more.

use super::*;
use crate::backup::begun;
use crate::backup::parity::create_protected;
use crate::backup::prune::prune;
use crate::backup::retention::{Fate, Keep};

#[test]
fn only_a_set_that_is_verified_is_protected() {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    let chunk = files(&drive, "/c/").remove(0);
    drive.tamper(&chunk, |content| content[BLOCK] ^= 1);
    prove(&drive).unwrap();

    let refused = protect_it(&drive).unwrap_err();

    assert!(matches!(refused, BackupError::Refused(_)), "{refused:?}");
    assert!(files(&drive, "/p/").is_empty());
}

#[test]
fn no_parity_is_made_of_a_chunk_that_changed_after_it_was_verified() {
    let (bare, guests) = (Drive::new(), Guests::new());
    back_up(&bare, &guests).unwrap();
    for chunk in files(&bare, "/c/") {
        let length = bare.kept()[&chunk].len();
        for at in [0, 100, BLOCK, length - 1] {
            let drive = bare.cloned();
            drive.tamper(&chunk, |content| content[at] ^= 1);

            let error = protect_it(&drive).unwrap_err();

            assert!(matches!(error, BackupError::Damaged(_)), "{error:?}");
            assert!(!is_called_verified(&drive) && !is_called_protected(&drive));
            assert!(!drive.kept().contains_key(&chunk.replace("/c/", "/p/")));
        }
    }
}

#[test]
fn a_set_whose_parity_is_damaged_is_verified_and_not_protected_until_that_is_mended() {
    let (whole, guests) = protected();
    let is_of_parity = |name: &String| name.contains("/p/") || name.contains("/copy/");
    for name in whole.kept().into_keys().filter(is_of_parity) {
        let length = whole.kept()[&name].len();
        let (flipped, missing, unreadable) = (whole.cloned(), whole.cloned(), whole.cloned());
        flipped.tamper(&name, |content| content[length - 1] ^= 1);
        missing.take_away(&name);
        unreadable.make_block_unreadable(&name, (length - 1) / BLOCK);
        for drive in [flipped, missing, unreadable] {
            let proof = prove(&drive).unwrap();

            assert_eq!(proof.damages, [], "{name}");
            assert_eq!(proof.protection.unwrap().damages.len(), 1, "{name}");
            assert!(is_called_verified(&drive) && !is_called_protected(&drive), "{name}");
            assert_restores(&drive, &guests);
            protect_it(&drive).unwrap();
            assert!(is_called_protected(&drive), "{name}");
            drive.power_up(Left::Nothing);
            assert!(drive.kept()[&name] == whole.kept()[&name], "{name}");
        }
    }
}

#[test]
fn a_repair_makes_damaged_parity_again() {
    let (drive, _) = protected();
    let parity = files(&drive, "/p/").remove(1);
    drive.tamper(&parity, |content| content[BLOCK + 1] ^= 1);

    let repaired = repair_it(&drive).unwrap();

    assert_eq!(repaired.mended, ["the parity"]);
    assert!(is_called_verified(&drive) && is_called_protected(&drive));
}

#[test]
fn parity_of_an_earlier_state_is_never_used_and_is_made_anew() {
    let (drive, guests) = protected();
    let old = drive.kept();
    let chunk = files(&drive, "/c/").into_iter().find(|name| name.contains("d1/c/")).unwrap();
    drive.tamper(&chunk, |content| content[BLOCK] ^= 1);
    prove(&drive).unwrap();
    guests.write("/a1", 4_150, 0xbb);
    guests.write("/a1", 9, 0xbc);
    back_up(&drive, &guests).unwrap();
    assert!(drive.kept()[&chunk] != old[&chunk]);

    assert!(is_called_verified(&drive) && !is_called_protected(&drive));
    let broken = drive.cloned();
    broken.tamper(&chunk, |content| content[BLOCK] ^= 1);
    let error = restore(&broken, &used_volume(), "/a1").unwrap_err();
    assert!(error.to_string().contains("of an earlier state"), "{error}");
    assert_eq!(repair_it(&broken).unwrap().lost.len(), 1);

    protect_it(&drive).unwrap();

    assert!(is_called_protected(&drive));
    what_has_its_name_is_whole(&drive);
    assert!(drive.kept()[&chunk.replace("/c/", "/p/")] != old[&chunk.replace("/c/", "/p/")]);
    drive.tamper(&chunk, |content| content[BLOCK] ^= 1);
    assert_restores(&drive, &guests);
}

#[test]
fn parity_that_nothing_needs_any_more_is_removed() {
    let (drive, _) = protected();
    let parity = files(&drive, "/p/").remove(0);
    let content = drive.kept()[&parity].clone();
    let (stale, unfinished) =
        (format!("{}7", &parity[..parity.len() - 1]), format!("{parity}.new"));
    drive.leave(&stale, &content);
    drive.leave(&unfinished, &content);

    protect_it(&drive).unwrap();

    drive.power_up(Left::Nothing);
    assert!(!drive.kept().contains_key(&stale) && !drive.kept().contains_key(&unfinished));
    assert!(drive.kept().contains_key(&parity));
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    let (before, used) = (drive.kept(), |drive: &Drive| -> u64 {
        drive.kept().values().map(|content| content.len() as u64).sum()
    });
    drive.set_room(Some(used(&drive)));
    let BackupError::NoRoom { needed, free: 0 } = protect_it(&drive).unwrap_err() else { panic!() };
    assert!(drive.kept() == before);

    drive.set_room(Some(used(&drive) + needed));
    protect_it(&drive).unwrap();

    assert!(is_called_protected(&drive));
    // What is there needs no room again, but for one that might be damaged.
    drive.set_room(Some(used(&drive) + needed / 3));
    protect_it(&drive).unwrap();
}

#[test]
fn a_backup_with_parity_asks_for_the_room_of_both_and_is_protected_in_the_end() {
    let (drive, guests) = (Drive::new(), Guests::new());
    let with_parity = |drive: &Drive| {
        with_tools(drive, |tools| create_protected(tools, &plan(), &configs(), &guests, |_| ()))
    };
    drive.set_room(Some(0));
    let BackupError::NoRoom { needed: bare, .. } = back_up(&drive, &guests).unwrap_err() else {
        panic!()
    };
    let BackupError::NoRoom { needed, .. } = with_parity(&drive).unwrap_err() else { panic!() };
    assert!(needed > bare + bare / 10, "{needed} of {bare}");
    drive.set_room(Some(needed));
    assert_eq!(drive.points(), 0);

    let proof = with_parity(&drive).unwrap();

    assert_eq!((proof.damages.len(), proof.protection.unwrap().damages.len()), (0, 0));
    assert!(is_called_protected(&drive));
    assert_restores(&drive, &guests);
}

#[test]
fn a_set_is_removed_with_its_parity() {
    let (drive, guests) = protected();
    let newer =
        Plan { set: SetId(Uuid::from_u128(10)), created_at: Timestamp::from_millis(2), ..plan() };
    with_tools(&drive, |tools| create(tools, &newer, &configs(), &guests)).unwrap();
    let keep = Keep { last: 1, ..Keep::default() };

    let pruned =
        with_tools(&drive, |tools| prune(tools, keep, &std::collections::BTreeSet::new())).unwrap();

    assert_eq!(pruned.sets[0].fate, Fate::Removed);
    drive.power_up(Left::Nothing);
    let kept = drive.kept();
    assert!(kept.keys().all(|name| name.contains(&newer.set.to_string())), "{kept:?}");
}

#[test]
fn a_drive_that_is_pulled_while_a_set_is_protected_or_repaired_is_no_damage() {
    let (drive, guests) = protected();
    drive.tamper(&files(&drive, "/c/")[0], |content| content[BLOCK] ^= 1);
    let (bare, pulled) = (Drive::new(), drive.cloned());
    back_up(&bare, &guests).unwrap();
    for point in 1..60 {
        for work in
            [|drive: &Drive| protect_it(drive).err(), |drive: &Drive| repair_it(drive).err()]
        {
            for drive in [bare.cloned(), pulled.cloned()] {
                drive.cut_after(point);
                if let Some(error) = work(&drive) {
                    let is_of_it =
                        error.may_be_of_the_drive() || matches!(error, BackupError::Refused(_));
                    assert!(is_of_it, "{error:?}");
                }
            }
        }
    }
}

#[test]
fn a_backup_that_was_proved_and_not_protected_is_gone_on_with_from_there() {
    let (drive, guests) = (Drive::new(), Guests::new());
    for guest in guests.0.lock().unwrap().values_mut() {
        guest.is_volume = false;
    }
    let wanted = Plan { parity: true, ..plan() };
    let back_up = |drive: &Drive, proved: &mut Option<SetId>| {
        with_tools(drive, |tools| {
            create_protected(tools, &wanted, &configs(), &guests, |set| *proved = Some(set))
        })
    };
    let mut proved = None;
    let points = {
        let drive = drive.cloned();
        let before = drive.points();
        back_up(&drive, &mut proved).unwrap();
        drive.points() - before
    };
    let mut seen = 0;
    for point in (0..points).step_by(5) {
        let (drive, mut proved) = (drive.cloned(), None);
        drive.cut_after(point);
        let error = back_up(&drive, &mut proved).unwrap_err();
        drive.power_up(Left::Nothing);
        assert_eq!(proved.is_some(), matches!(error, BackupError::Unprotected(_)), "{error:?}");
        assert!(error.may_be_of_the_drive(), "{error:?}");
        let is_open = with_tools(&drive, |tools| {
            let sets = list::list(tools.medium).unwrap();
            sets.iter().all(|set| begun::is_unfinished(tools.medium, set, &guests))
        });
        assert!(is_open, "cut at {point}");
        if proved.is_some() {
            seen += 1;
            assert!(is_called_verified(&drive));
            // It is not copied again, and not read back again.
            guests.0.lock().unwrap().get_mut("/a0").unwrap().then_written =
                Some((0, "/a0".to_owned()));
        }

        let proof = back_up(&drive, &mut proved).unwrap();

        guests.0.lock().unwrap().get_mut("/a0").unwrap().then_written = None;
        assert!(proof.is_protected() && is_called_protected(&drive), "cut at {point}");
        assert!(with_tools(&drive, |tools| {
            let sets = list::list(tools.medium).unwrap();
            !sets.iter().any(|set| begun::is_unfinished(tools.medium, set, &guests))
        }));
    }
    assert!(seen > 10, "{seen}");
}
