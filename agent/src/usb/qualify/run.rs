//! Writes to a drive, and reads back: everything, or a net and a comb.
//!
//! A fake drive of true size P puts what is written at X to X mod P, or nowhere. The quick test
//! writes one stretch without a gap, the net, as long as the teeth of a comb are apart that goes
//! over the whole of it. So, whatever P is, one tooth falls into the net or behind P's end. Teeth
//! are written from the last to the first, so that of those that fall on each other the true one
//! stays.

use std::io;
use std::ops::Range;
use std::time::Duration;

use super::super::device::{Aligned, BLOCK, Device};
use super::pattern::{self, Found};
use crate::meter::{Cancelled, Meter};

/// What is moved at once.
const PIECE: u64 = 1024 * 1024;
const BLOCK_BYTES: u64 = BLOCK as u64;
/// More teeth than this find nothing more, and each costs a random write.
const TEETH: u64 = 2048;
/// Each error may take the kernel half a minute; after so many there is nothing more to know.
const MOST_ERRORS: u64 = 32;

/// What is to be tried.
#[derive(Clone, Debug)]
pub(super) struct Test {
    /// Every block, or some.
    pub(super) is_full: bool,
    /// Which run it is: any number that was never used before.
    pub(super) run: u128,
    /// Where it may write: whole blocks.
    pub(super) range: Range<u64>,
    /// Whether it may write over what is not blank.
    pub(super) may_overwrite: bool,
}

/// How a stretch of blocks turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Everything as it was written.
    Good,
    /// What was written so many bytes further on, or before.
    Displaced(u64),
    /// Something else than was written, without an error.
    Wrong,
    /// It could not be written or read.
    Failed,
}

/// A stretch of blocks that turned out alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) range: Range<u64>,
    /// How many blocks of it were read, and pieces failed.
    pub(super) probes: u64,
    pub(super) state: State,
}

/// So many bytes took so long.
pub(super) type Sample = (u64, Duration);

/// What a run found, in the order of the drive.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub(super) stretches: Vec<Stretch>,
    pub(super) written: Vec<Sample>,
    pub(super) read: Vec<Sample>,
    pub(super) tested_bytes: u64,
    pub(super) errors: u64,
    /// Whether it was given up after too many errors.
    pub(super) gave_up: bool,
    /// Whether the end was searched for block by block.
    pub(super) is_end_exact: bool,
}

/// Why a run came to no end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error("it was unplugged")]
    Gone,
    #[error("there is something at byte {0} of it")]
    NotBlank(u64),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error("it does not take what is flushed")]
    Flush(#[source] io::Error),
}

/// Carries `test` out.
pub(super) fn run(
    device: &mut impl Device,
    test: &Test,
    meter: &dyn Meter,
) -> Result<Findings, Stopped> {
    let plan = Plan::of(test);
    let mut work = Work {
        memory: Aligned::new(usize::try_from(PIECE).unwrap_or(BLOCK)),
        findings: Findings::default(),
        failed: Vec::new(),
        device,
        test,
        meter,
    };
    if !test.may_overwrite {
        work.look_before(&plan)?;
    }
    work.write(&plan)?;
    work.read_back(&plan)?;
    work.search_the_end()?;
    Ok(work.findings)
}

/// Where is written: the net, and the blocks of the comb, from first to last.
struct Plan {
    net: Range<u64>,
    teeth: Vec<u64>,
}

impl Plan {
    fn of(test: &Test) -> Self {
        let Range { start, end } = test.range.clone();
        let length = end.saturating_sub(start);
        let apart = (length / TEETH).next_power_of_two().max(PIECE);
        if test.is_full || length <= 2 * apart {
            return Self { net: start..end, teeth: Vec::new() };
        }
        // All teeth are shifted alike, by what nobody can foresee: a drive may know where such
        // tests look.
        let blocks = u128::from(apart / BLOCK_BYTES);
        let shift = u64::try_from(test.run % blocks).unwrap_or_default() * BLOCK_BYTES;
        let step = usize::try_from(apart).unwrap_or(usize::MAX);
        let mut teeth: Vec<u64> = (start + apart + shift..end).step_by(step).collect();
        teeth.retain(|tooth| tooth + BLOCK_BYTES <= end);
        if teeth.last().is_none_or(|last| last + BLOCK_BYTES < end) {
            teeth.push(end - BLOCK_BYTES);
        }
        Self { net: start..start + apart, teeth }
    }

    fn pieces(&self) -> impl Iterator<Item = Range<u64>> + use<> {
        let (start, end) = (self.net.start, self.net.end);
        let step = usize::try_from(PIECE).unwrap_or(usize::MAX);
        (start..end).step_by(step).map(move |at| at..end.min(at + PIECE))
    }

    fn bytes(&self) -> u64 {
        self.net.end - self.net.start + self.teeth.len() as u64 * BLOCK_BYTES
    }
}

struct Work<'w, D> {
    memory: Aligned,
    findings: Findings,
    /// Where each of the probes begins that could not be written.
    failed: Vec<u64>,
    device: &'w mut D,
    test: &'w Test,
    meter: &'w dyn Meter,
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(BLOCK)
}

impl<D: Device> Work<'_, D> {
    /// Nothing is written over that is not blank.
    fn look_before(&mut self, plan: &Plan) -> Result<(), Stopped> {
        self.meter.begin("looking", plan.bytes());
        let teeth = plan.teeth.iter().map(|tooth| *tooth..tooth + BLOCK_BYTES);
        for range in plan.pieces().chain(teeth) {
            self.meter.go_on()?;
            if !self.is_free(&range)? {
                return Err(Stopped::NotBlank(range.start));
            }
            self.meter.advance(range.end - range.start);
        }
        Ok(())
    }

    fn is_free(&mut self, range: &Range<u64>) -> Result<bool, Stopped> {
        let blocks = self.memory.part(length(range));
        match self.device.read(range.start, blocks) {
            Ok(()) => Ok(pattern::is_free(blocks)),
            // What cannot be read cannot be lost; writing it is what tells.
            Err(_) if self.device.is_there() => Ok(true),
            Err(_) => Err(Stopped::Gone),
        }
    }

    fn write(&mut self, plan: &Plan) -> Result<(), Stopped> {
        self.meter.begin("writing", plan.bytes());
        for range in plan.pieces() {
            let took = self.write_one(&range)?;
            self.findings.written.extend(took.map(|took| (range.end - range.start, took)));
        }
        let before = self.device.elapsed();
        self.flush()?;
        let took = self.device.elapsed().saturating_sub(before);
        // What the drive still had in its own memory belongs to the last piece.
        if let Some((_, last)) = self.findings.written.last_mut() {
            *last += took;
        }
        for tooth in plan.teeth.iter().rev() {
            self.write_one(&(*tooth..tooth + BLOCK_BYTES))?;
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        match self.device.flush() {
            Ok(()) => Ok(()),
            Err(_) if !self.device.is_there() => Err(Stopped::Gone),
            Err(error) => Err(Stopped::Flush(error)),
        }
    }

    /// How long it took; nothing where it failed.
    fn write_one(&mut self, range: &Range<u64>) -> Result<Option<Duration>, Stopped> {
        self.meter.go_on()?;
        self.meter.advance(range.end - range.start);
        if self.findings.gave_up {
            return Ok(None);
        }
        let blocks = self.memory.part(length(range));
        pattern::fill(self.test.run, range.start, blocks);
        let before = self.device.elapsed();
        let written = self.device.write(range.start, blocks);
        let took = self.device.elapsed().saturating_sub(before);
        match written {
            Ok(()) => Ok(Some(took)),
            Err(_) if !self.device.is_there() => Err(Stopped::Gone),
            Err(_) => {
                self.failed.push(range.start);
                self.count_error();
                Ok(None)
            }
        }
    }

    fn count_error(&mut self) {
        self.findings.errors += 1;
        self.findings.gave_up = self.findings.errors >= MOST_ERRORS;
    }

    fn read_back(&mut self, plan: &Plan) -> Result<(), Stopped> {
        self.meter.begin("reading", plan.bytes());
        // Giving up on writing is no reason not to read what was written.
        let gave_up = std::mem::take(&mut self.findings.gave_up);
        for range in plan.pieces() {
            let took = self.read_one(&range)?;
            self.findings.read.extend(took.map(|took| (range.end - range.start, took)));
        }
        for tooth in &plan.teeth {
            self.read_one(&(*tooth..tooth + BLOCK_BYTES))?;
        }
        self.findings.gave_up |= gave_up;
        Ok(())
    }

    fn read_one(&mut self, range: &Range<u64>) -> Result<Option<Duration>, Stopped> {
        self.meter.go_on()?;
        self.meter.advance(range.end - range.start);
        if self.findings.gave_up {
            return Ok(None);
        }
        if self.failed.contains(&range.start) {
            self.note(range.clone(), State::Failed);
            return Ok(None);
        }
        let blocks = self.memory.part(length(range));
        let before = self.device.elapsed();
        let read = self.device.read(range.start, blocks);
        let took = self.device.elapsed().saturating_sub(before);
        if read.is_err() {
            if !self.device.is_there() {
                return Err(Stopped::Gone);
            }
            self.count_error();
            self.note(range.clone(), State::Failed);
            return Ok(None);
        }
        self.findings.tested_bytes += range.end - range.start;
        let states: Vec<_> = (range.start..)
            .step_by(BLOCK)
            .zip(blocks.chunks_exact(BLOCK))
            .map(|(at, block)| (at, state(self.test.run, at, block)))
            .collect();
        for stretch in states.chunk_by(|(_, one), (_, next)| one == next) {
            if let (Some((first, state)), Some((last, _))) = (stretch.first(), stretch.last()) {
                self.note(*first..last + BLOCK_BYTES, *state);
            }
        }
        Ok(Some(took))
    }

    /// Adds what was found, to what was found before it where that is the same.
    fn note(&mut self, range: Range<u64>, state: State) {
        let blocks = (range.end - range.start) / BLOCK_BYTES;
        if state == State::Wrong {
            self.findings.errors += blocks;
        }
        // One bad sector fails a piece, and says nothing of the others in it.
        let probes = if state == State::Failed { 1 } else { blocks };
        match self.findings.stretches.last_mut() {
            Some(last) if last.state == state => {
                last.range.end = range.end;
                last.probes += probes;
            }
            _ => self.findings.stretches.push(Stretch { range, probes, state }),
        }
    }

    /// Where the drive ends between the last good block and the first of a bad end, to the block.
    fn search_the_end(&mut self) -> Result<(), Stopped> {
        let ends = match self.findings.stretches.as_slice() {
            [.., good, bad] if good.state == State::Good && bad.state == State::Wrong => {
                Some((good.range.end, bad.range.start))
            }
            _ => None,
        };
        let Some((mut good, mut bad)) = ends else { return Ok(()) };
        self.meter.begin("searching", 0);
        while good < bad {
            self.meter.go_on()?;
            let middle = good + (bad - good) / 2 / BLOCK_BYTES * BLOCK_BYTES;
            let range = middle..middle + BLOCK_BYTES;
            if !self.test.may_overwrite && !self.is_free(&range)? {
                return Ok(());
            }
            let is_good = self.write_one(&range)?.is_some() && {
                self.flush()?;
                let block = self.memory.part(BLOCK);
                let read = self.device.read(middle, block);
                read.is_ok() && state(self.test.run, middle, block) == State::Good
            };
            if is_good { good = middle + BLOCK_BYTES } else { bad = middle }
        }
        if let [.., last, tail] = self.findings.stretches.as_mut_slice() {
            last.range.end = good;
            tail.range.start = good;
        }
        self.findings.is_end_exact = true;
        Ok(())
    }
}

fn state(run: u128, at: u64, block: &[u8]) -> State {
    match pattern::look(run, at, block) {
        Found::Good => State::Good,
        Found::Elsewhere(other) => State::Displaced(other.abs_diff(at)),
        Found::Other => State::Wrong,
    }
}
