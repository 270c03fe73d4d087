//! The newest content of each section of an appliance's inventory.

use domfleet_shared::Timestamp;
use domfleet_shared::id::ApplianceId;
use domfleet_shared::inventory::Section;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde::de::DeserializeOwned;

use super::entity::inventory::Entity;

/// A section, as it was last reported.
#[derive(Clone, Debug)]
pub struct Reported<T> {
    pub content: T,
    pub at: Timestamp,
}

/// A section of an appliance's inventory: the content alone, such as a list of VMs.
///
/// Only of an appliance that was found in the caller's scope.
pub async fn section<T: DeserializeOwned>(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
    section: Section,
) -> Result<Option<Reported<T>>, DbErr> {
    let key = (appliance.0, section.as_str().to_owned());
    let Some(row) = Entity::find_by_id(key).one(db).await? else { return Ok(None) };
    let content =
        serde_json::from_value(row.document).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Some(Reported { content, at: Timestamp::from_millis(row.at) }))
}
