//! A set that can be written to: its plan, its journal, and where it stands.

use super::cipher::Cipher;
use super::documents::{LONGEST, PLAN, Plan};
use super::durable;
use super::error::BackupError;
use super::hash::Hash;
use super::journal::{Journal, JournalError, Record};
use super::medium::Medium;
use super::names::Folder;
use super::standing::{self, Event, Standing};
use super::tools::Tools;

/// The journal of a set, to be added to, and what it says.
pub(super) struct OpenRecord<'t, M: Medium> {
    tools: Tools<'t, M>,
    pub(super) standing: Standing,
    journal: Journal<M::File>,
}

impl<'t, M: Medium> OpenRecord<'t, M> {
    /// Mends what a power cut left of it.
    pub(super) fn open(tools: Tools<'t, M>, folder: &Folder) -> Result<Self, BackupError> {
        let read = standing::read(tools.medium, folder)?;
        let standing = Standing::of(&read.records);
        let journal = Journal::open(tools.medium, &folder.journal(), &read)?;
        Ok(Self { tools, standing, journal })
    }

    /// Puts something on record. Durable when it returns.
    pub(super) fn add(&mut self, event: Event) -> Result<(), BackupError> {
        let record = Record { at: self.tools.clock.now(), event };
        self.journal.record(&record)?;
        self.standing.take(&record);
        Ok(())
    }
}

/// A set that something can be added to.
pub(super) struct OpenSet<'t, M: Medium> {
    pub(super) tools: Tools<'t, M>,
    pub(super) folder: Folder,
    pub(super) plan: Plan,
    pub(super) record: OpenRecord<'t, M>,
    pub(super) cipher: Cipher,
}

impl<'t, M: Medium> OpenSet<'t, M> {
    /// Opens the set of `plan`, which is begun where it is not there.
    pub(super) fn open(tools: Tools<'t, M>, plan: &Plan) -> Result<Self, BackupError> {
        let folder = Folder::new(plan.set);
        let failed = BackupError::medium("beginning a set");
        let name = folder.file(PLAN);
        if durable::read(tools.medium, &name, LONGEST).map_err(&failed)?.is_none() {
            plan.check()?;
            let bytes = serde_json::to_vec_pretty(plan).map_err(std::io::Error::other);
            durable::make_folders(tools.medium, folder.path()).map_err(&failed)?;
            durable::publish(tools.medium, &name, &bytes.map_err(&failed)?).map_err(&failed)?;
        }
        let bytes = durable::read(tools.medium, &name, LONGEST).map_err(&failed)?;
        let bytes = bytes.unwrap_or_default();
        let (plan, hash) = (Plan::decode(&bytes)?, Hash::of(&bytes));
        let cipher = tools.keys.cipher(plan.key)?;
        let mut record = OpenRecord::open(tools, &folder)?;
        match record.standing.plan {
            None => record.add(Event::Planned { plan: hash })?,
            Some(planned) if planned == hash => {}
            Some(_) => return Err(JournalError::Damaged("it is of another plan").into()),
        }
        Ok(Self { tools, folder, plan, record, cipher })
    }
}
