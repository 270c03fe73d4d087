//! Backup sets, as operators see them.

use domfleet_shared::Timestamp;
use domfleet_shared::backup_set::SetSummary;
use domfleet_shared::id::DriveId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Named;

/// A backup set on a drive, as the appliance last told of it that had the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BackupSetView)]
pub struct BackupSet {
    /// The appliance.
    pub appliance: Named,
    /// The drive.
    pub drive: DriveId,
    /// How sure it is.
    pub state: SetState,
    /// What is in it, and when it was verified.
    #[serde(flatten)]
    pub summary: SetSummary,
    /// When that was told.
    pub told_at: Timestamp,
    /// When it was told that it is not on the drive any more; nothing while it is.
    pub gone_at: Option<Timestamp>,
}

/// How sure a backup set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetState {
    /// Every byte of it was read back, with nothing written since: only this is a backup.
    Verified,
    /// Everything is in it, and was not read back.
    Unverified,
    /// Something in it is not what was written.
    Damaged,
    /// Not everything is in it yet.
    Unfinished,
    /// It is not on the drive any more.
    Gone,
}

impl SetState {
    /// The words for them, as in a filter.
    pub const WORDS: [&'static str; 5] =
        ["verified", "unverified", "damaged", "unfinished", "gone"];

    /// Of a set that is there.
    pub fn of(set: &SetSummary) -> Self {
        if !set.troubles.is_empty() {
            Self::Damaged
        } else if set.sealed_at.is_none() {
            Self::Unfinished
        } else if set.verified_at.is_none() {
            Self::Unverified
        } else {
            Self::Verified
        }
    }

    /// The one that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Verified, Self::Unverified, Self::Damaged, Self::Unfinished, Self::Gone];
        all.into_iter().find(|state| state.as_str() == word)
    }

    /// As it is written in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Unverified => "unverified",
            Self::Damaged => "damaged",
            Self::Unfinished => "unfinished",
            Self::Gone => "gone",
        }
    }
}

/// Whether somebody who has relied on a set must look at it: it was a backup, and is none any more.
pub fn is_lost(before: Option<&SetSummary>, now: &SetSummary) -> bool {
    let was_backup = before.is_some_and(|before| before.verified_at.is_some());
    was_backup && SetState::of(now) == SetState::Damaged
}

/// What is known of a set after `told`, of which `before` was known.
///
/// A list of sets says when one was verified, and not what was found to be damaged in it: that is
/// kept until it is written to, or read back, again.
pub fn after(before: Option<SetSummary>, told: SetSummary) -> SetSummary {
    let Some(before) = before else { return told };
    let is_as_damaged = told.verified_at.is_none()
        && told.troubles.is_empty()
        && told.sealed_at == before.sealed_at;
    if is_as_damaged { SetSummary { troubles: before.troubles, ..told } } else { told }
}

#[cfg(test)]
mod tests {
    use domfleet_shared::id::SetId;

    use super::*;

    fn set(verified: Option<i64>, sealed: i64, troubles: &[&str]) -> SetSummary {
        SetSummary {
            set: SetId(uuid::Uuid::from_u128(1)),
            created_at: Timestamp::from_millis(0),
            sealed_at: Some(Timestamp::from_millis(sealed)),
            verified_at: verified.map(Timestamp::from_millis),
            key: None,
            stored_bytes: 1,
            is_protected: false,
            troubles: troubles.iter().map(|&trouble| trouble.into()).collect(),
            vms: Vec::new(),
        }
    }

    #[test]
    fn only_a_set_that_was_a_backup_and_is_damaged_is_lost() {
        let (whole, damaged) = (set(Some(9), 5, &[]), set(None, 5, &["chunk 3"]));

        assert!(is_lost(Some(&whole), &damaged));
        assert!(!is_lost(Some(&damaged), &damaged));
        assert!(!is_lost(None, &damaged));
        assert!(!is_lost(Some(&whole), &set(None, 8, &[])));
    }

    #[test]
    fn a_set_is_verified_only_where_nothing_else_can_be_said_of_it() {
        let unfinished = SetSummary { sealed_at: None, ..set(None, 5, &[]) };

        assert_eq!(SetState::of(&set(Some(9), 5, &[])), SetState::Verified);
        assert_eq!(SetState::of(&set(None, 5, &[])), SetState::Unverified);
        assert_eq!(SetState::of(&unfinished), SetState::Unfinished);
        assert_eq!(SetState::of(&set(Some(9), 5, &["chunk 3"])), SetState::Damaged);
        assert!(SetState::WORDS.contains(&SetState::of(&unfinished).as_str()));
    }

    #[test]
    fn damage_that_was_found_is_known_until_the_set_is_whole_or_another_one() {
        let damaged = set(None, 5, &["chunk 3 is not what it was"]);
        let known = |told| after(Some(damaged.clone()), told).troubles.len();

        assert_eq!(known(set(None, 5, &[])), 1);
        assert_eq!(known(set(Some(9), 5, &[])), 0);
        assert_eq!(known(set(None, 8, &[])), 0);
        assert_eq!(after(None, set(None, 5, &[])).troubles.len(), 0);
    }
}
