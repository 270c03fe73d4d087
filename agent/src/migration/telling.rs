//! What of a migration is said in a session, and when: one word at a time, the next only when the server has
//! answered, so that neither a server that answers nothing nor one that always asks from the beginning is talked
//! over.

use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::talk::{Ask, Heard, Now, RefusedDecision, Told};

use super::following::Standing;

/// What was said beside records.
type Beside = (u64, Option<Ask>, Option<Now>, Vec<RefusedDecision>);

/// The telling of one session.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// How many records the server has, by its own word.
    heard: Option<(MigrationId, u64)>,
    /// Whether it has answered the last word.
    is_unanswered: bool,
    said: Option<Beside>,
    /// Whether it does not know what a migration is.
    is_deaf: bool,
}

impl Telling {
    /// The next word about `migration`; nothing where there is none, or none yet. `revision` is that of what is
    /// being followed.
    pub(crate) fn next(
        &mut self,
        migration: MigrationId,
        standing: &Standing,
        revision: u64,
    ) -> Option<Told> {
        if self.is_unanswered || self.is_deaf {
            return None;
        }
        let is_its = standing.migration() == Some(migration);
        let beside =
            (revision, standing.ask.clone(), standing.now.clone(), standing.refused.clone());
        // The first word is a question: what of it does the server have?
        let heard = self.heard.filter(|(of, _)| *of == migration).map(|(_, records)| records);
        let mut piece = standing.after(if is_its { heard.unwrap_or(0) } else { 0 });
        if heard.is_none() || !is_its {
            piece = piece.without_records();
        }
        if heard.is_some() && piece.records.is_empty() && self.said.as_ref() == Some(&beside) {
            return None;
        }
        self.is_unanswered = true;
        self.said = Some(beside.clone());
        let (revision, ask, now, refused) = beside;
        let (from, records) = (piece.from, piece.records);
        let (before, after) = (piece.before, piece.after);
        Some(Told { migration, revision, from, records, before, after, ask, now, refused })
    }

    /// The server has answered. Whether it has more than it had, so that the next word need not wait.
    pub(crate) fn heard(&mut self, heard: &Heard) -> bool {
        let before = self.heard.filter(|(of, _)| *of == heard.migration);
        self.is_unanswered = false;
        self.heard = Some((heard.migration, heard.records));
        before.is_none_or(|(_, records)| heard.records > records)
    }

    /// The server knows nothing of migrations: it is not told in this session again.
    pub(crate) fn fall_silent(&mut self) {
        // What was not understood may have been something else.
        self.is_deaf = self.is_unanswered;
    }
}
