//! Alarms, as operators see them.

use domfleet_shared::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::Named;

/// Something that a person must look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlarmView)]
pub struct Alarm {
    /// Its id.
    pub id: Uuid,
    /// What kind of thing is wrong, such as `backup_damaged`.
    pub kind: String,
    /// Whose it is.
    pub organisation: Named,
    /// The appliance that it is about, where it is about one.
    pub appliance: Option<Named>,
    /// What is wrong.
    pub message: String,
    /// Since when.
    pub raised_at: Timestamp,
    /// When it was over; nothing while it is not.
    pub cleared_at: Option<Timestamp>,
}
