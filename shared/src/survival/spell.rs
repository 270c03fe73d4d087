//! A stretch of time in which something was watched.

/// From `entry`, not included, to `exit`, included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    entry: f64,
    exit: f64,
    is_event: bool,
}

/// Why a spell is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SpellError {
    /// It is no time.
    #[error("a time must be a finite number that is not negative")]
    NoTime,
    /// Nothing was watched.
    #[error("it must end after it begins: it begins at {entry} and ends at {exit}")]
    Empty {
        /// Where it begins.
        entry: f64,
        /// Where it ends.
        exit: f64,
    },
}

impl Spell {
    /// Of something that was watched from its beginning on.
    pub fn whole(exit: f64, is_event: bool) -> Result<Self, SpellError> {
        if !(exit.is_finite() && exit >= 0.0) {
            return Err(SpellError::NoTime);
        }
        // What ends at 0 was there at 0.
        Ok(Self { entry: f64::NEG_INFINITY, exit, is_event })
    }

    /// Of something that was of age `entry` when it was first seen.
    pub fn late(entry: f64, exit: f64, is_event: bool) -> Result<Self, SpellError> {
        if ![entry, exit].iter().all(|time| time.is_finite() && *time >= 0.0) {
            return Err(SpellError::NoTime);
        }
        if exit <= entry {
            return Err(SpellError::Empty { entry, exit });
        }
        Ok(Self { entry, exit, is_event })
    }

    /// At risk at any time after this.
    pub fn entry(&self) -> f64 {
        self.entry
    }

    /// At risk up to this time.
    pub fn exit(&self) -> f64 {
        self.exit
    }

    /// Whether it ended with an event.
    pub fn is_event(&self) -> bool {
        self.is_event
    }

    /// The time that was watched.
    pub fn exposure(&self) -> f64 {
        self.exit - self.entry.max(0.0)
    }
}

/// How many are at risk at one time after another.
pub(super) struct AtRisk {
    entries: Vec<f64>,
    exits: Vec<f64>,
    entered: usize,
    left: usize,
}

impl AtRisk {
    pub(super) fn of<'s>(spells: impl Iterator<Item = &'s Spell> + Clone) -> Self {
        let sorted = |mut times: Vec<f64>| {
            times.sort_unstable_by(f64::total_cmp);
            times
        };
        Self {
            entries: sorted(spells.clone().map(Spell::entry).collect()),
            exits: sorted(spells.map(Spell::exit).collect()),
            entered: 0,
            left: 0,
        }
    }

    /// At `time`, which is not before the one asked for last.
    pub(super) fn at(&mut self, time: f64) -> usize {
        while self.entries.get(self.entered).is_some_and(|entry| *entry < time) {
            self.entered += 1;
        }
        while self.exits.get(self.left).is_some_and(|exit| *exit < time) {
            self.left += 1;
        }
        self.entered.saturating_sub(self.left)
    }
}

/// The times at which there were events, each with how many; in order.
pub(super) fn event_times<'s>(spells: impl Iterator<Item = &'s Spell>) -> Vec<(f64, usize)> {
    let mut times: Vec<f64> = spells.filter(|spell| spell.is_event).map(Spell::exit).collect();
    times.sort_unstable_by(f64::total_cmp);
    let mut counted: Vec<(f64, usize)> = Vec::new();
    for time in times {
        match counted.last_mut() {
            // They are in order: no less is the same.
            Some((last, count)) if *last >= time => *count += 1,
            _ => counted.push((time, 1)),
        }
    }
    counted
}
