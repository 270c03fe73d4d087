//! What the agent wrote down about operations, before and after it acted.
//!
//! One file, a JSON line per event, each durable before anything follows from it. A line without
//! its newline never happened. When the file has grown long it is written anew with what still
//! matters: open operations whole, ended ones as their end, which is kept for long so that an offer
//! that comes again is never carried out again.

pub mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use domfleet_shared::Timestamp;
use domfleet_shared::id::OperationId;
use domfleet_shared::operation::{Progress, Report};
use tokio::sync::watch;

pub use standing::{Ending, Entry, Event, IllegalEvent, Standing, Task};

use crate::storage::Files;

/// Its file.
pub const JOURNAL: &str = "journal.jsonl";

/// It is written anew beyond this.
const LONG: u64 = 512 * 1024;
/// No journal of ours is longer than this.
const LIMIT: usize = 16 * 1024 * 1024;
/// So many ends are remembered: at one operation a minute it is more than a day, at a busy
/// appliance's ten a day more than half a year.
const REMEMBERED: usize = 2_000;

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system.
    #[error("the journal cannot be read or written")]
    Io(#[from] std::io::Error),
    /// A line in the middle is not one of ours.
    #[error(
        "line {line} of {JOURNAL} is damaged: what was under way cannot be known; look at the VMs, \
         then move the file away"
    )]
    Damaged {
        /// Counted from 1.
        line: usize,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Not an event that can follow.
    #[error("an event does not fit")]
    Illegal(#[from] IllegalEvent),
}

/// The journal of all operations.
pub struct Journal {
    ledger: Mutex<Ledger>,
    /// Whoever holds it writes.
    file: tokio::sync::Mutex<File>,
    changed: watch::Sender<u64>,
}

/// What is known of the file.
struct File {
    /// So many bytes of it are known to be whole.
    length: u64,
    /// So many it had when it was last written anew: it is again when it has doubled.
    length_anew: u64,
}

/// The fold of the journal, in memory.
#[derive(Debug, Default)]
struct Ledger {
    standings: BTreeMap<OperationId, Standing>,
    progress: BTreeMap<OperationId, Progress>,
    /// The number of the last report of each running operation. After a restart nobody knows which
    /// of the reserved numbers were used, so it is the highest of them.
    numbers: BTreeMap<OperationId, u64>,
    /// Running operations of which the server has told this run of the agent that it knows.
    known_to_run: BTreeSet<OperationId>,
}

impl Journal {
    /// Reads the journal, and cuts off what a power cut left unfinished.
    pub async fn open(files: &impl Files) -> Result<Self, JournalError> {
        let bytes = files.read(JOURNAL, LIMIT).await?.unwrap_or_default();
        let (ledger, length) = read(&bytes)?;
        let journal = Self {
            ledger: Mutex::new(ledger),
            file: tokio::sync::Mutex::new(File { length, length_anew: 0 }),
            changed: watch::Sender::new(0),
        };
        Ok(journal)
    }

    /// Records what happened; durable when it returns. Where it fails, nothing has happened.
    pub async fn record(
        &self,
        files: &impl Files,
        id: OperationId,
        at: Timestamp,
        event: Event,
    ) -> Result<(), JournalError> {
        let mut file = self.file.lock().await;
        let entry = Entry { id, at, event };
        let line = line(&entry);
        let after = Standing::after(self.standing(id).as_ref(), entry)?;
        let bytes = line.len() as u64;
        files.append(JOURNAL, file.length, line).await?;
        file.length += bytes;
        self.with(|ledger| ledger.take(id, after));
        self.changed.send_modify(|version| *version += 1);
        if file.length > LONG.max(2 * file.length_anew)
            && let Err(error) = self.write_anew(files, &mut file).await
        {
            // What was to be recorded is recorded; the next record tries again.
            tracing::warn!(error = &error as &dyn std::error::Error, "the journal stays long");
        }
        Ok(())
    }

    /// A crash in here leaves the old file or the new one, which say the same.
    async fn write_anew(&self, files: &impl Files, file: &mut File) -> Result<(), JournalError> {
        let bytes = self.with(|ledger| {
            ledger.forget();
            let entries = ledger.standings.iter().flat_map(|(id, standing)| standing.entries(*id));
            entries.flat_map(|entry| line(&entry)).collect::<Vec<u8>>()
        });
        let written = bytes.len() as u64;
        files.replace(JOURNAL, bytes).await?;
        *file = File { length: written, length_anew: written };
        Ok(())
    }

    /// Says how far a running operation is. Not durable; the numbers it uses are.
    pub async fn progress(
        &self,
        files: &impl Files,
        id: OperationId,
        at: Timestamp,
        progress: Progress,
    ) -> Result<(), JournalError> {
        let Some(Standing::Begun { reports, .. }) = self.standing(id) else { return Ok(()) };
        let next = self.with(|ledger| ledger.numbers.get(&id).copied().unwrap_or(reports)) + 1;
        if next > reports {
            let counted = Event::Counted { reports: next + standing::RESERVED_REPORTS };
            self.record(files, id, at, counted).await?;
        }
        self.with(|ledger| {
            ledger.numbers.insert(id, next);
            ledger.progress.insert(id, progress);
        });
        self.changed.send_modify(|version| *version += 1);
        Ok(())
    }

    /// Where an operation stands; nothing where it was never heard of.
    pub fn standing(&self, id: OperationId) -> Option<Standing> {
        self.with(|ledger| ledger.standings.get(&id).cloned())
    }

    /// Operations that are not over, oldest first.
    pub fn open_operations(&self) -> Vec<(OperationId, Standing)> {
        self.with(|ledger| {
            let mut open: Vec<_> = ledger
                .standings
                .iter()
                .filter(|(_, standing)| !standing.is_ended())
                .map(|(id, standing)| (*id, standing.clone()))
                .collect();
            open.sort_by_key(|(id, standing)| (standing.report(*id).at, *id));
            open
        })
    }

    /// What the server has still to acknowledge.
    pub fn owed(&self) -> Vec<Report> {
        self.with(|ledger| {
            let owed = ledger.standings.iter().filter(|(_, standing)| standing.is_owed());
            owed.map(|(id, standing)| ledger.report(*id, standing)).collect()
        })
    }

    /// What is to be said of one operation, whoever has acknowledged it.
    pub fn report(&self, id: OperationId) -> Option<Report> {
        self.with(|ledger| Some(ledger.report(id, ledger.standings.get(&id)?)))
    }

    /// The server has acknowledged a report on an operation that has not ended.
    pub fn acknowledged(&self, id: OperationId, report: u64) {
        let is_running = |standing: &Standing| matches!(standing, Standing::Begun { .. });
        let is_news = self.with(|ledger| {
            // The first report on a running operation has the number 2.
            let is_known = report >= 2 && ledger.standings.get(&id).is_some_and(is_running);
            is_known && ledger.known_to_run.insert(id)
        });
        if is_news {
            self.touch();
        }
    }

    /// Returns once the server has said that it knows this operation to be running.
    pub async fn until_known_to_run(&self, id: OperationId) {
        let mut changes = self.changes();
        while !self.with(|ledger| ledger.known_to_run.contains(&id)) {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Changes with every record.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Wakes those that wait for changes.
    pub fn touch(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        work(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ledger {
    fn report(&self, id: OperationId, standing: &Standing) -> Report {
        let mut report = standing.report(id);
        if let Standing::Begun { .. } = standing {
            report.report = self.numbers.get(&id).copied().unwrap_or(report.report);
            report.progress = self.progress.get(&id).cloned();
        }
        report
    }

    fn take(&mut self, id: OperationId, standing: Standing) {
        match &standing {
            Standing::Begun { .. } => {
                self.numbers.entry(id).or_insert(2);
            }
            Standing::Accepted { .. } | Standing::Ended { .. } => {
                self.numbers.remove(&id);
                self.progress.remove(&id);
                self.known_to_run.remove(&id);
            }
        }
        self.standings.insert(id, standing);
    }

    /// Forgets the oldest ends beyond what is remembered, acknowledged ones only.
    fn forget(&mut self) {
        let mut ended: Vec<_> = self
            .standings
            .iter()
            .filter(|(_, standing)| !standing.is_owed())
            .map(|(id, standing)| (standing.report(*id).at, *id))
            .collect();
        ended.sort_unstable();
        let excess = ended.len().saturating_sub(REMEMBERED);
        for (_, id) in ended.into_iter().take(excess) {
            self.standings.remove(&id);
        }
    }
}

fn line(entry: &Entry) -> Vec<u8> {
    // Text keys only: this cannot fail.
    let mut line = serde_json::to_vec(entry).unwrap_or_default();
    line.push(b'\n');
    line
}

/// The fold of the whole lines, and their length.
fn read(bytes: &[u8]) -> Result<(Ledger, u64), JournalError> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut ledger = Ledger::default();
    let lines = bytes.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
    for (number, text) in lines.enumerate() {
        let damaged = |source: Box<dyn std::error::Error + Send + Sync>| JournalError::Damaged {
            line: number + 1,
            source,
        };
        let entry: Entry = serde_json::from_slice(text).map_err(|error| damaged(error.into()))?;
        let id = entry.id;
        let before = ledger.standings.get(&id);
        let after = Standing::after(before, entry).map_err(|error| damaged(error.into()))?;
        if let Standing::Begun { reports, .. } = &after {
            ledger.numbers.insert(id, *reports);
        }
        ledger.standings.insert(id, after);
    }
    Ok((ledger, whole as u64))
}
