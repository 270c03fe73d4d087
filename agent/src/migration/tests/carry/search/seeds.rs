//! Whole migrations by dice: whatever goes wrong at whatever moment, and however often. A seed always gives the
//! same one.

use std::fmt::Write as _;

use domfleet_shared::migration::End;

use super::faults::Of;
use super::*;
use crate::backup::tests::drive::Left;

/// So much goes wrong in one, at most.
const MOST_FAULTS: u8 = 8;
/// No migration has more steps, whatever goes wrong in it.
const MOST_STEPS: usize = 600;
/// In one of so many steps something goes wrong.
const RARELY: u64 = 9;

/// Splitmix64: <https://prng.di.unimi.it/splitmix64.c>.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// A point of a step: the long ones have hundreds, and most have few.
    fn point(&mut self) -> u64 {
        let most = [8, 30, 120, 500][usize::try_from(self.roll(4)).unwrap()];
        self.roll(most)
    }

    fn left(&mut self) -> Left {
        match self.roll(4) {
            0 => Left::Nothing,
            1 => Left::Everything,
            _ => Left::Some(self.roll(1 << 20)),
        }
    }

    fn of(&mut self, node: &Node) -> Of {
        let is_second = node.play.world.state().has_second && self.roll(2) == 0;
        if is_second { Of::Second } else { Of::First }
    }

    fn fault(&mut self, node: &Node) -> Option<Fault> {
        let could = node.between_steps();
        let could_want = node.wishes();
        let fault = match self.roll(16) {
            0..=5 => {
                Fault::Cut { point: self.point(), left: self.left(), stick_out: self.roll(4) == 0 }
            }
            6..=8 => Fault::Unplug { of: self.of(node), point: self.point(), left: self.left() },
            9 | 10 => Fault::BadFlush(self.of(node), 1 + self.point()),
            11 => *could_want.first()?,
            _ => could[usize::try_from(self.roll(could.len() as u64)).unwrap()],
        };
        Some(fault)
    }
}

/// How it went, and how it ended.
fn went(seed: u64, vms: u128) -> (String, End) {
    let mut dice = Dice(seed);
    let copies = if seed.is_multiple_of(3) { Copies::SecondDrive } else { accepted() };
    let mut node = first(vms, MOST_FAULTS, copies);
    let mut trace = String::new();
    let mut has_bad_sector = false;
    for _ in 0..MOST_STEPS {
        if node.is_over() {
            return (trace, node.story().and_then(|story| story.end).unwrap());
        }
        let fault = if node.left > 0 && dice.roll(RARELY) == 0 { dice.fault(&node) } else { None };
        // A second one of a group is more than parity mends, and nobody has said that it does.
        let fault = fault.filter(|fault| *fault != Fault::BadSector || !has_bad_sector);
        let moved = catch_unwind(AssertUnwindSafe(|| {
            let faulty = fault.and_then(|fault| node.with(fault));
            let went_wrong = faulty.is_some();
            let next = faulty.unwrap_or_else(|| {
                let mut next = node.copied();
                next.step().unwrap();
                next
            });
            next.check();
            (next, went_wrong)
        }));
        let story = node.story().map_or(Phase::Preflight, |story| story.phase());
        let Ok((next, went_wrong)) = moved else {
            panic!("seed {seed}, after\n{trace}{story:?}: {fault:?}");
        };
        if let (Some(fault), true) = (fault, went_wrong) {
            has_bad_sector |= fault == Fault::BadSector;
            writeln!(trace, "{story:?}: {fault:?}").unwrap();
        } else {
            writeln!(trace, "{story:?}: {}", next.says()).unwrap();
        }
        node = next;
    }
    panic!("seed {seed}: no end after\n{trace}");
}

#[expect(clippy::print_stdout, reason = "how many have ended how says what it is worth")]
#[test]
fn whatever_goes_wrong_at_random_no_vm_is_lost_and_each_ends_as_it_may() {
    // One alone, where it is to be looked at.
    let only: Option<u64> = std::env::var("DOMFLEET_PROVE_SEED").ok().map(|it| it.parse().unwrap());
    let seeds = only.map_or(0..asked("DOMFLEET_PROVE_MIGRATIONS", 60), |seed| seed..seed + 1);
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in seeds.clone() {
        let (trace, end) = went(seed, 1 + u128::from(seed % 2));
        *ends.entry(end.name()).or_default() += 1;
        if only.is_some() {
            println!("{trace}{end:?}");
        }
    }
    println!("{} migrations by dice: {ends:?}", seeds.end - seeds.start);
    if only.is_none() {
        assert!(ends.contains_key("succeeded") && ends.len() > 2, "{ends:?}");
    }
}

#[test]
fn a_seed_always_gives_the_same_migration() {
    for seed in [3, 4] {
        assert_eq!(went(seed, 2), went(seed, 2));
    }
    assert_ne!(went(3, 2).0, went(4, 2).0);
}
