//! A link for the person on site: how long it opens, and whom it is for.
//!
//! It shows one migration's steps and nothing else, and nothing can be done with it.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::MigrationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Standing;
use super::change::Refused;

/// How many hours one is good for where nothing is said, and at most.
pub const USUAL_HOURS: u16 = 7 * 24;
pub const MOST_HOURS: u16 = 31 * 24;

/// No note is longer, in letters.
pub const LONGEST_NOTE: usize = 200;

/// A migration has so many that are good, at most.
pub const MOST: usize = 20;

/// Who looks at the last step still sees how it ended.
const AFTER_THE_END: Duration = Duration::from_hours(24);

/// A link, less what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: Uuid,
    pub migration: MigrationId,
    /// Whom it is for.
    pub note: String,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

/// A new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    pub note: String,
    pub by: String,
    pub expires_at: Timestamp,
    pub now: Timestamp,
}

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationLinkRequest)]
pub struct LinkRequest {
    /// Whom it is for, at most 200 letters.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub note: String,
    /// How many hours it is good for; a week where it is not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 744)]
    pub hours: Option<u16>,
}

/// A link, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationLink)]
pub struct LinkView {
    /// Its id, by which it is taken back.
    pub id: Uuid,
    /// Whom it is for.
    pub note: String,
    /// Who made it; nothing where that is not known any more.
    pub created_by: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it opens, unless the migration ends before.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last opened, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// Whether it opens now.
    pub is_good: bool,
}

/// A link that has just been made: the only time that what opens it is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = NewMigrationLink)]
pub struct NewLinkView {
    /// The link. What opens it comes after the `#`, where no server and no log sees it.
    pub url: String,
    /// What is known of it.
    #[serde(flatten)]
    pub view: LinkView,
}

impl Link {
    /// Whether it opens the page of `standing`, which is its migration.
    pub fn is_good(&self, standing: &Standing, now: Timestamp) -> bool {
        let is_late = standing.ended_at.is_some_and(|ended| now.since(ended) >= AFTER_THE_END);
        self.migration == standing.id
            && self.revoked_at.is_none()
            && now < self.expires_at
            && !is_late
    }

    pub fn view(self, standing: &Standing, now: Timestamp) -> LinkView {
        LinkView {
            is_good: self.is_good(standing, now),
            id: self.id,
            note: self.note,
            created_by: self.created_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        }
    }
}

/// The link that is asked for, if it can be had; `good` of the migration's links open now.
pub fn new(
    asked: &LinkRequest,
    standing: &Standing,
    good: usize,
    by: &str,
    now: Timestamp,
) -> Result<NewLink, Refused> {
    let invalid = |title: String| Refused::request("invalid", title, "Correct it, and ask again.");
    let hours = asked.hours.unwrap_or(USUAL_HOURS);
    if !(1..=MOST_HOURS).contains(&hours) {
        return Err(invalid(format!("a link is good for 1 to {MOST_HOURS} hours")));
    }
    let note = asked.note.trim();
    if note.chars().count() > LONGEST_NOTE {
        return Err(invalid(format!("a note has at most {LONGEST_NOTE} letters")));
    }
    if !standing.is_open() {
        let todo = "Links are for migrations that are under way; start one, or roll this one back.";
        return Err(Refused::now("over", "the migration is over", todo));
    }
    if good >= MOST {
        let title = format!("the migration has {good} links already");
        return Err(Refused::now("too_many_links", title, "Take one back that nobody needs."));
    }
    let expires_at = now + Duration::from_hours(u64::from(hours));
    Ok(NewLink { note: note.to_owned(), by: by.to_owned(), expires_at, now })
}
