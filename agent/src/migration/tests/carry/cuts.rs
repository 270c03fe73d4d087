//! The power is cut at each point of the whole way.

use domfleet_shared::migration::End;

use super::*;
use crate::backup::create;
use crate::backup::tests::drive::Left;

const LEFT: [Left; 4] = [Left::Nothing, Left::Everything, Left::Some(1), Left::Some(2)];

/// So many points are cut at, spread over all of them; `make prove` takes more.
fn cuts() -> u64 {
    std::env::var("DOMFLEET_PROVE_CUTS").ok().and_then(|count| count.parse().ok()).unwrap_or(40)
}

/// Does what `way` does to its end, whatever is cut.
fn with_cut(way: fn(&mut Play) -> Came, cut: Option<(u64, Left)>) -> Play {
    let mut play = Play::new(2);
    if let Some((point, left)) = cut {
        play.world.power.cut_after(point);
        if way(&mut play) == Came::Off {
            assert_eq!(play.starts_again(left), Came::On, "it was cut twice");
        }
    }
    assert_eq!(way(&mut play), Came::On, "it was cut twice");
    play
}

fn search(way: fn(&mut Play) -> Came, end: End, release: Release) {
    let whole = with_cut(way, None);
    let points = whole.world.power.points();
    assert_eq!(whole.story().end, Some(end));
    let step = (points / cuts()).max(1);
    // Not always at the same of them.
    for (round, point) in (0..points).step_by(usize::try_from(step).unwrap()).enumerate() {
        let left = LEFT[round % LEFT.len()];
        let came = std::panic::catch_unwind(|| {
            let play = with_cut(way, Some((point, left)));
            let (story, state) = (play.story(), play.world.state());
            assert_eq!((story.end, state.release()), (Some(end), release));
            assert_eq!((state.running.len(), state.autostart.len()), (2, 2));
            let has_nonce = matches!(block::read(&state.disk).unwrap(), ResetBlock::Nonce(_));
            assert!(!has_nonce, "there is a nonce at the end");
        });
        assert!(came.is_ok(), "cut at point {point} of {points}, {left:?}");
    }
}

#[test]
fn whatever_is_cut_all_vms_are_on_2x_at_the_end() {
    search(Play::ends, End::Succeeded, Release::Two);
}

#[test]
fn whatever_is_cut_a_migration_that_is_given_up_leaves_everything_as_it_was() {
    let way = |play: &mut Play| {
        let is_given_up = |play: &Play| play.wanted.intent.as_ref().unwrap().give_up.is_some();
        if !is_given_up(play) {
            if play.until(|play| play.waits() == Some(Waits::Reset)) == Came::Off {
                return Came::Off;
            }
            play.gives_up(End::Cancelled);
        }
        play.ends()
    };
    search(way, End::Cancelled, Release::One);
}

#[test]
fn whatever_is_cut_the_way_back_gives_all_vms_back() {
    let way = |play: &mut Play| {
        let is_wanted = |play: &Play| !play.wanted.intent.as_ref().unwrap().decisions.is_empty();
        if !is_wanted(play) {
            if play.until(|play| play.waits() == Some(Waits::Soaking)) == Came::Off {
                return Came::Off;
            }
            play.decides(What::RollBack { reason: "the telephones are silent".to_owned() });
        }
        play.ends()
    };
    search(way, End::RolledBack, Release::One);
}

/// Between the seal of a set that is made again and the record of it lies a moment that few cuts come to.
#[test]
fn a_set_that_was_sealed_anew_counts_only_once_that_is_on_record() {
    let mut before = Play::new(1);
    before.until(|play| play.story().sealed.is_some());
    before.spoils_the_set();
    let mut whole = before.copied();
    let begins = whole.world.power.points();
    whole.until(|play| play.story().is_proved());
    let ends = whole.world.power.points();
    let mut met = 0;
    for point in 0..ends - begins {
        let mut play = before.copied();
        play.world.power.cut_after(point);
        if play.turn() == Came::On {
            continue;
        }
        play.starts_again(Left::Everything);
        let drive = play.world.drive();
        let (story, _) = book::read(&drive, play.plan.migration).unwrap().unwrap();
        let sealed = story.sealed.unwrap();
        let there = create::sealed_as(&drive, sealed.set).unwrap();
        met += u32::from(there.is_some_and(|there| there != sealed.manifest));

        play.until(|play| play.story().is_proved());
    }
    assert!(met > 0, "none of {} cuts came between the two", ends - begins);
}

#[test]
fn whatever_is_cut_a_set_that_was_damaged_is_made_again() {
    let way = |play: &mut Play| {
        if !play.spoilt {
            if play.until(|play| play.story().sealed.is_some()) == Came::Off {
                return Came::Off;
            }
            // Whoever was cut off between the two hears of both at once.
            if play.story().verified.is_none() {
                play.spoils_the_set();
            }
        }
        play.ends()
    };
    search(way, End::Succeeded, Release::Two);
}
