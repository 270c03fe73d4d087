//! Drives that lie about their size, fail and go.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use domfleet_shared::usb::{Qualification, QualifyMode};
use proptest::prelude::*;

use super::judge::{Tried, judge, rate};
use super::run::{Findings, Stopped, Test, run};
use crate::meter::Unwatched;
use crate::usb::device::{BLOCK, Device};

const BLOCK_BYTES: u64 = BLOCK as u64;
const MIB: u64 = 1024 * 1024;

#[derive(Clone, Copy, Debug)]
enum Behind {
    Wraps,
    Drops,
    Zeros,
}

/// A drive that says one thing and does another.
#[derive(Debug)]
struct Simulated {
    claimed: u64,
    holds: u64,
    behind: Behind,
    broken: BTreeSet<u64>,
    /// After so many reads and writes it is pulled out.
    stays_for: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
    now: Duration,
    /// How many bytes are written fast before they are written slowly.
    cache: u64,
}

impl Simulated {
    fn honest(size: u64) -> Self {
        Self {
            claimed: size,
            holds: size,
            behind: Behind::Drops,
            broken: BTreeSet::new(),
            stays_for: u64::MAX,
            blocks: BTreeMap::new(),
            now: Duration::ZERO,
            cache: u64::MAX,
        }
    }

    fn fake(claimed: u64, holds: u64, behind: Behind) -> Self {
        Self { holds, behind, ..Self::honest(claimed) }
    }

    /// Where a block is kept, if anywhere.
    fn place(&self, at: u64) -> Option<u64> {
        match self.behind {
            _ if at < self.holds => Some(at),
            Behind::Wraps => Some(at % self.holds),
            Behind::Drops | Behind::Zeros => None,
        }
    }

    fn step(&mut self, at: u64, length: usize) -> io::Result<()> {
        assert_eq!((at % BLOCK_BYTES, length % BLOCK), (0, 0));
        assert!(at + length as u64 <= self.claimed);
        self.stays_for = self.stays_for.saturating_sub(1);
        if self.stays_for == 0 || self.broken.range(at..at + length as u64).next().is_some() {
            return Err(io::Error::other("I/O error"));
        }
        Ok(())
    }
}

impl Device for Simulated {
    fn read(&mut self, offset: u64, blocks: &mut [u8]) -> io::Result<()> {
        self.step(offset, blocks.len())?;
        self.now += Duration::from_nanos(10 * blocks.len() as u64);
        for (at, block) in (offset..).step_by(BLOCK).zip(blocks.chunks_exact_mut(BLOCK)) {
            match self.place(at) {
                Some(place) => match self.blocks.get(&place) {
                    Some(kept) => block.copy_from_slice(kept),
                    None => block.fill(0),
                },
                None => block.fill(0),
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, blocks: &[u8]) -> io::Result<()> {
        self.step(offset, blocks.len())?;
        let bytes = blocks.len() as u64;
        let fast = bytes.min(self.cache);
        self.cache -= fast;
        self.now += Duration::from_nanos(10 * fast + 1000 * (bytes - fast));
        for (at, block) in (offset..).step_by(BLOCK).zip(blocks.chunks_exact(BLOCK)) {
            if let Some(place) = self.place(at) {
                self.blocks.insert(place, block.to_vec());
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn is_there(&self) -> bool {
        self.stays_for > 0
    }

    fn elapsed(&self) -> Duration {
        self.now
    }
}

fn attempt(drive: &mut Simulated, is_full: bool, run_id: u128) -> Result<Findings, Stopped> {
    let range = MIB..drive.claimed - MIB;
    let test = Test { is_full, run: run_id, range, may_overwrite: false };
    run(drive, &test, &Unwatched)
}

fn qualify(drive: &mut Simulated, is_full: bool, run_id: u128) -> Qualification {
    let findings = attempt(drive, is_full, run_id).unwrap();
    let mode = if is_full { QualifyMode::Full } else { QualifyMode::Quick };
    judge(Tried { mode, claimed_bytes: drive.claimed, is_raw: true }, &findings, None)
}

fn any_behind() -> impl Strategy<Value = Behind> {
    prop::sample::select(vec![Behind::Wraps, Behind::Drops, Behind::Zeros])
}

/// What a drive claims, in blocks: small enough to be written whole, or large. And what it holds.
fn any_sizes(most: u64) -> impl Strategy<Value = (u64, u64)> {
    (2048..most).prop_flat_map(|claimed| {
        // Round numbers are what factories make, and what such tests fail at.
        let round = prop::sample::select(vec![2, 4, 8, 16]).prop_map(move |by| claimed / by);
        (Just(claimed), prop_oneof![512..claimed * 3 / 4, round.prop_map(|n| n.max(512))])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_fake_is_found_by_a_few_blocks_and_its_true_size_to_the_block(
        (claimed, holds) in any_sizes(2_000_000),
        behind in any_behind(),
        run_id: u128,
    ) {
        let mut drive = Simulated::fake(claimed * BLOCK_BYTES, holds * BLOCK_BYTES, behind);

        let verdict = qualify(&mut drive, false, run_id);

        prop_assert!(verdict.is_fake && !verdict.is_fit, "{verdict:?}");
        prop_assert!(verdict.is_exact, "{verdict:?}");
        prop_assert_eq!(verdict.true_bytes, holds * BLOCK_BYTES);
        prop_assert!(verdict.tested_bytes <= 2 * MIB.max(drive.claimed / 1024) + 16 * MIB);
    }

    #[test]
    fn a_fake_is_found_by_all_blocks(
        (claimed, holds) in any_sizes(4096),
        behind in any_behind(),
        run_id: u128,
    ) {
        let mut drive = Simulated::fake(claimed * BLOCK_BYTES, holds * BLOCK_BYTES, behind);

        let verdict = qualify(&mut drive, true, run_id);

        prop_assert!(verdict.is_fake, "{verdict:?}");
        prop_assert_eq!(verdict.true_bytes, holds * BLOCK_BYTES);
    }

    #[test]
    fn an_honest_drive_is_never_called_fake_and_one_that_fails_is_not_fit(
        claimed in 2048_u64..200_000,
        broken in prop::collection::btree_set(0_u64..1000, 0..4),
        is_full: bool,
        run_id: u128,
    ) {
        let claimed = if is_full { claimed % 2048 + 2048 } else { claimed } * BLOCK_BYTES;
        let mut drive = Simulated::honest(claimed);
        drive.broken = broken.iter().map(|at| (256 + at) * BLOCK_BYTES).collect();
        drive.broken.retain(|at| *at < claimed / 2);

        let broken = drive.broken.clone();
        let verdict = qualify(&mut drive, is_full, run_id);

        prop_assert!(!verdict.is_fake, "{verdict:?}");
        // All of the first mebibyte of the range is looked at in either mode.
        let is_hit = broken.iter().any(|at| *at < 2 * MIB) || is_full && !broken.is_empty();
        prop_assert!(!is_hit || (!verdict.is_fit && verdict.errors > 0), "{verdict:?}");
        prop_assert!(verdict.is_fit || !broken.is_empty(), "{verdict:?}");
    }

    #[test]
    fn pulled_out_at_any_moment_it_is_gone_and_nothing_is_said_of_its_size(
        stays_for in 1_u64..200,
        run_id: u128,
    ) {
        let mut drive = Simulated::honest(64 * MIB);
        drive.stays_for = stays_for;

        let ended = attempt(&mut drive, false, run_id);

        let is_over = drive.stays_for > 0;
        prop_assert!(is_over || matches!(ended, Err(Stopped::Gone)), "{ended:?}");
    }

    #[test]
    fn nothing_that_is_on_it_is_written_over(at in 0_u64..4096, is_full: bool, run_id: u128) {
        let mut drive = Simulated::honest(16 * MIB);
        drive.blocks.insert(at * BLOCK_BYTES, vec![b'x'; BLOCK]);

        let ended = attempt(&mut drive, is_full, run_id);

        let kept = &drive.blocks[&(at * BLOCK_BYTES)];
        prop_assert!(kept.iter().all(|byte| *byte == b'x'), "{ended:?}");
        let is_inside = (256..3840).contains(&at);
        prop_assert!(!(is_full && is_inside) || matches!(ended, Err(Stopped::NotBlank(_))));
    }
}

#[test]
fn what_an_earlier_run_left_is_not_in_the_way_and_not_taken_for_this_run_s() {
    let mut drive = Simulated::honest(16 * MIB);
    assert!(qualify(&mut drive, true, 1).is_fit);

    // From now on it keeps nothing of its second half, but what was there before is still there.
    drive.holds = 8 * MIB;
    drive.behind = Behind::Drops;
    let verdict = qualify(&mut drive, true, 2);

    assert!(verdict.is_fake, "{verdict:?}");
    assert_eq!(verdict.true_bytes, 8 * MIB);
}

#[test]
fn a_drive_of_which_nothing_can_be_read_is_broken_and_not_fake_and_is_given_up() {
    let mut drive = Simulated::honest(256 * MIB);
    drive.broken = (0..drive.claimed / BLOCK_BYTES).map(|at| at * BLOCK_BYTES).collect();

    let verdict = qualify(&mut drive, true, 1);

    assert!(!verdict.is_fake && !verdict.is_fit, "{verdict:?}");
    assert!(verdict.errors <= 64, "{verdict:?}");
}

#[test]
fn the_end_of_a_fast_cache_shows_in_the_slowest_stretch() {
    let mut drive = Simulated::honest(32 * MIB);
    drive.cache = 24 * MIB;

    let verdict = qualify(&mut drive, true, 1);

    let written = verdict.write_rate.unwrap();
    assert!(written.slowest < written.mean && written.slowest <= 2_000_000, "{written:?}");
    assert_eq!(verdict.read_rate.unwrap().mean, 100_000_000);
    assert!(verdict.reasons.iter().any(|reason| reason.contains("slow")), "{verdict:?}");
    assert_eq!(rate(&[]), None);
}
