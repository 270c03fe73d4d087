//! The story that a turn goes on with: on the drive, and a copy of it in the agent's folder.
//!
//! The drive's counts. The copy is for the time in which the drive is away: VMs that are off must come up again
//! without it, and what was done meanwhile is told there, as the end of a story that the drive's is the beginning
//! of. Once the drive is back, it is told to the drive, as it was and with the time at which it was.

use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::{Event, Migration, Plan, Record};

use super::error::{TurnError, words};
use super::host::Host;
use crate::migration::book::{self, BookError, Writer};

/// A story that can be added to.
pub(super) struct Ledger<'l, H: Host> {
    drive: Option<&'l H::Drive>,
    keep: &'l H::Keep,
    writer: Writer,
    records: Vec<Record>,
    story: Migration,
}

impl<'l, H: Host> Ledger<'l, H> {
    /// The story of `migration`; nothing where neither tells one. What the drive does not have yet is told to it.
    pub(super) fn open(
        (drive, keep): (Option<&'l H::Drive>, &'l H::Keep),
        migration: MigrationId,
        writer: Writer,
    ) -> Result<Option<Self>, TurnError> {
        let told = drive.map(|drive| book::read(drive, migration)).transpose()?.flatten();
        let told = told.map(|(_, records)| records);
        let records = match (told, kept(keep, migration)) {
            (None, None) => return Ok(None),
            // Also where a drive was made ours anew: what it is to be told is all of it.
            (None, Some(kept)) => kept,
            (Some(told), None) => told,
            (Some(told), Some(kept)) if kept.starts_with(&told) => kept,
            (Some(told), Some(kept)) => {
                if !told.starts_with(&kept) {
                    tracing::warn!(%migration, "the drive tells another story than the agent's folder");
                    forget(keep, migration);
                }
                told
            }
        };
        let story = Migration::of(&records).map_err(BookError::from)?;
        let ledger = Self { drive, keep, writer, records, story };
        ledger.bring_up(migration)?;
        Ok(Some(ledger))
    }

    /// Begins the story of `plan`, wherever it can be told.
    pub(super) fn begin(
        (drive, keep): (Option<&'l H::Drive>, &'l H::Keep),
        plan: Plan,
        writer: Writer,
    ) -> Result<Self, TurnError> {
        let story = Migration::begin(plan.clone()).map_err(BookError::from)?;
        let mut ledger = Self { drive, keep, writer, records: Vec::new(), story };
        let planned = ledger.record(Event::Planned { plan: Box::new(plan) }, None);
        ledger.records.push(planned);
        ledger.bring_up(ledger.migration())?;
        Ok(ledger)
    }

    /// What it comes to.
    pub(super) fn story(&self) -> &Migration {
        &self.story
    }

    /// All that was told.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// All that was told, for good.
    pub(super) fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// Of which migration it is.
    pub(super) fn migration(&self) -> MigrationId {
        self.story.plan.migration
    }

    /// Tells what happened, or is about to. Durable when it returns.
    pub(super) fn tell(&mut self, event: Event) -> Result<(), TurnError> {
        self.add(event, None)
    }

    /// Tells what a person has decided. As durable.
    pub(super) fn tell_decision(&mut self, number: u64, event: Event) -> Result<(), TurnError> {
        self.add(event, Some(number))
    }

    fn add(&mut self, event: Event, decision: Option<u64>) -> Result<(), TurnError> {
        let mut story = self.story.clone();
        let record = self.record(event, decision);
        story.add(&record).map_err(BookError::from)?;
        self.records.push(record);
        let told = self.bring_up(self.migration());
        if told.is_ok() {
            self.story = story;
        } else {
            // Whether it is there is seen when it is read again.
            self.records.pop();
        }
        told
    }

    fn record(&self, event: Event, decision: Option<u64>) -> Record {
        let Writer { on, boot, agent, clock } = &self.writer;
        Record { at: clock.now(), boot: *boot, on: *on, agent: agent.clone(), decision, event }
    }

    fn bring_up(&self, migration: MigrationId) -> Result<(), TurnError> {
        let Some(drive) = self.drive else {
            return Ok(book::bring_up(self.keep, migration, &self.records)?);
        };
        book::bring_up(drive, migration, &self.records)?;
        // With the drive there, a system disk that is full is no reason not to go on.
        if let Err(error) = book::bring_up(self.keep, migration, &self.records) {
            tracing::warn!(error = words(&error), "there is no copy of the story");
            forget(self.keep, migration);
        }
        Ok(())
    }
}

/// What the copy tells. One that cannot be read is as good as none.
fn kept(keep: &impl crate::backup::medium::Medium, migration: MigrationId) -> Option<Vec<Record>> {
    match book::read(keep, migration) {
        Ok(kept) => kept.map(|(_, records)| records),
        Err(error) => {
            tracing::warn!(error = words(&error), "the copy of the story cannot be read");
            forget(keep, migration);
            None
        }
    }
}

fn forget(keep: &impl crate::backup::medium::Medium, migration: MigrationId) {
    if let Err(error) = book::forget(keep, migration) {
        tracing::warn!(%error, "the copy of the story cannot be removed");
    }
}
