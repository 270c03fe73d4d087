//! The story of a migration on the drive: `DOMFLEET/m/<migration>/`.
//!
//! The journal is there twice, line after line chained by hashes, as that of a set is: a line that a power cut
//! tore is found out, and so is one that was put behind a story that is not its own. An event is taken in only
//! where it may happen; when it is told, it is durable on both copies.

use std::io;

use domfleet_shared::id::{BootId, MigrationId};
use domfleet_shared::migration::journey::Illegal;
use domfleet_shared::migration::permit::{Release, SignedPermit};
use domfleet_shared::migration::talk::CarriedIdentity;
use domfleet_shared::migration::{Event, Migration, Plan, Record};
use uuid::Uuid;

use crate::backup::durable;
use crate::backup::journal::{self, Journal, JournalError, Place};
use crate::backup::medium::Medium;
use crate::backup::names::OURS;
use crate::clock::Clock;

const PERMIT: &str = "permit.json";
const IDENTITY: &str = "identity.json";
/// No document beside the journal is longer.
const LONGEST: u64 = 256 * 1024;

/// Who writes in it.
#[derive(Clone, Debug)]
pub struct Writer {
    /// The system that it runs on.
    pub on: Release,
    /// This run of dom0.
    pub boot: BootId,
    /// The version of the agent.
    pub agent: String,
    /// The time of day.
    pub clock: Clock,
}

/// Why the story does not go on.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The drive.
    #[error("the drive cannot be read or written")]
    Medium(#[from] io::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It tells what cannot be.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// There is one of it already.
    #[error("the drive holds the beginning of migration {0} already")]
    Begun(MigrationId),
    /// There is none of it.
    #[error("the drive holds nothing of migration {0}")]
    None(MigrationId),
    /// What is there goes on otherwise.
    #[error("the journal there tells another story of migration {0}")]
    Differs(MigrationId),
    /// What is on the drive is none.
    #[error("the permit on the drive cannot be understood")]
    Permit(#[source] serde_json::Error),
    /// What is on the drive is none.
    #[error("identity.json on the drive cannot be understood")]
    Identity(#[source] serde_json::Error),
}

/// A story that can be added to.
pub struct Book<M: Medium> {
    story: Migration,
    journal: Journal<M::File>,
    writer: Writer,
}

/// The folder of a migration.
pub(crate) fn folder(migration: MigrationId) -> String {
    format!("{OURS}/m/{migration}")
}

fn place(migration: MigrationId) -> Place {
    Place { folder: folder(migration), of: migration.0 }
}

/// The migrations on a drive.
pub fn list(medium: &impl Medium) -> io::Result<Vec<MigrationId>> {
    let names = medium.list(&format!("{OURS}/m"))?;
    Ok(names.iter().filter_map(|name| name.parse::<Uuid>().ok()).map(MigrationId).collect())
}

/// What is told of a migration, read without changing anything; nothing where there is none of it.
pub fn read(
    medium: &impl Medium,
    migration: MigrationId,
) -> Result<Option<(Migration, Vec<Record>)>, BookError> {
    if medium.list(&folder(migration))?.is_empty() {
        return Ok(None);
    }
    let records = journal::read::<Record>(medium, &place(migration))?.records;
    if records.is_empty() {
        return Ok(None);
    }
    let story = Migration::of(&records)?;
    if story.plan.migration != migration {
        return Err(JournalError::Damaged("it is of another migration").into());
    }
    Ok(Some((story, records)))
}

/// Brings what is told on a medium up to `records`, which have to go on where it ends. Durable, twice, when it
/// returns; where it is cut, the same call goes on.
pub fn bring_up(
    medium: &impl Medium,
    migration: MigrationId,
    records: &[Record],
) -> Result<(), BookError> {
    if medium.list(&folder(migration))?.is_empty() {
        durable::make_folders(medium, &folder(migration))?;
    }
    let there = journal::read::<Record>(medium, &place(migration))?;
    let Some(more) = records.strip_prefix(there.records.as_slice()) else {
        return Err(BookError::Differs(migration));
    };
    let mut journal = Journal::open(medium, &place(migration), &there)?;
    for record in more {
        journal.record(record)?;
    }
    Ok(())
}

/// Brings a story, with what lies beside it, from one drive to another: from then on both are worth the same. Durable
/// when it returns; where it is cut, the same call goes on.
pub fn mirror<M: Medium>(
    (from, to): (&M, &M),
    migration: MigrationId,
    records: &[Record],
    permit: Option<&SignedPermit>,
) -> Result<(), BookError> {
    match bring_up(to, migration, records) {
        // What a copy tells otherwise was never anything but a copy.
        Err(BookError::Differs(_) | BookError::Journal(_)) => {
            forget(to, migration)?;
            bring_up(to, migration, records)?;
        }
        told => told?,
    }
    if let Some(identity) = identity(from, migration)? {
        store_identity(to, migration, &identity)?;
    }
    if let Some(permit) = permit {
        store_permit(to, migration, permit)?;
    }
    to.remount()?;
    match read(to, migration)? {
        Some((_, there)) if there == records => Ok(()),
        _ => Err(BookError::Differs(migration)),
    }
}

/// Forgets a story that is no longer worth anything, such as a copy of one that went on elsewhere.
pub fn forget(medium: &impl Medium, migration: MigrationId) -> io::Result<()> {
    for name in ["journal.a", "journal.b"] {
        medium.remove(&format!("{}/{name}", folder(migration)))?;
    }
    medium.sync_folder(&folder(migration))
}

impl<M: Medium> Book<M> {
    /// Begins the story of `plan`.
    pub fn begin(medium: &M, plan: Plan, writer: Writer) -> Result<Self, BookError> {
        let migration = plan.migration;
        if read(medium, migration)?.is_some() {
            return Err(BookError::Begun(migration));
        }
        let story = Migration::begin(plan.clone())?;
        durable::make_folders(medium, &folder(migration))?;
        let read = journal::read::<Record>(medium, &place(migration))?;
        let journal = Journal::open(medium, &place(migration), &read)?;
        let mut book = Self { story, journal, writer };
        let planned = book.record(Event::Planned { plan: Box::new(plan) }, None);
        book.journal.record(&planned)?;
        Ok(book)
    }

    /// Goes on with the story of `migration`, and mends what a power cut left of it.
    pub fn open(medium: &M, migration: MigrationId, writer: Writer) -> Result<Self, BookError> {
        let (story, _) = read(medium, migration)?.ok_or(BookError::None(migration))?;
        let read = journal::read::<Record>(medium, &place(migration))?;
        let journal = Journal::open(medium, &place(migration), &read)?;
        Ok(Self { story, journal, writer })
    }

    /// What has been told.
    pub fn story(&self) -> &Migration {
        &self.story
    }

    /// Tells what happened, or is about to. Durable, twice, when it returns.
    pub fn tell(&mut self, event: Event) -> Result<(), BookError> {
        self.add(event, None)
    }

    /// Tells what a person has decided. As durable.
    pub fn tell_decision(&mut self, number: u64, event: Event) -> Result<(), BookError> {
        self.add(event, Some(number))
    }

    fn add(&mut self, event: Event, decision: Option<u64>) -> Result<(), BookError> {
        let mut story = self.story.clone();
        let record = self.record(event, decision);
        story.add(&record)?;
        self.journal.record(&record)?;
        self.story = story;
        Ok(())
    }

    fn record(&self, event: Event, decision: Option<u64>) -> Record {
        let Writer { on, boot, agent, clock } = &self.writer;
        Record { at: clock.now(), boot: *boot, on: *on, agent: agent.clone(), decision, event }
    }
}

/// Puts a permit beside the story, in place of what is there.
pub fn store_permit(
    medium: &impl Medium,
    migration: MigrationId,
    permit: &SignedPermit,
) -> Result<(), BookError> {
    let bytes = serde_json::to_vec_pretty(permit).map_err(io::Error::other)?;
    Ok(durable::publish(medium, &format!("{}/{PERMIT}", folder(migration)), &bytes)?)
}

/// The permit beside a story.
pub fn permit(
    medium: &impl Medium,
    migration: MigrationId,
) -> Result<Option<SignedPermit>, BookError> {
    let name = format!("{}/{PERMIT}", folder(migration));
    let bytes = durable::read(medium, &name, LONGEST)?;
    bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose().map_err(BookError::Permit)
}

/// Puts beside the story what the appliance is to be taken in again by, in place of what is there.
pub fn store_identity(
    medium: &impl Medium,
    migration: MigrationId,
    identity: &CarriedIdentity,
) -> Result<(), BookError> {
    let bytes = serde_json::to_vec_pretty(identity).map_err(io::Error::other)?;
    Ok(durable::publish(medium, &format!("{}/{IDENTITY}", folder(migration)), &bytes)?)
}

/// What the appliance is to be taken in again by.
pub fn identity(
    medium: &impl Medium,
    migration: MigrationId,
) -> Result<Option<CarriedIdentity>, BookError> {
    let name = format!("{}/{IDENTITY}", folder(migration));
    let bytes = durable::read(medium, &name, LONGEST)?;
    bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose().map_err(BookError::Identity)
}
