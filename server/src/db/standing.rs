//! What is on record of appliances that decides whether their sessions may go on.

use std::collections::{HashMap, HashSet};

use domfleet_shared::id::ApplianceId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::credentials::Status;
use super::entity::{appliance, credential};
use crate::domain::appliance::ApplianceState;
use crate::domain::standing::Standing;

/// All appliances' standing.
pub async fn all(db: &impl ConnectionTrait) -> Result<HashMap<ApplianceId, Standing>, DbErr> {
    let rows: Vec<(Uuid, String, i32, Option<String>)> = appliance::Entity::find()
        .select_only()
        .columns([
            appliance::Column::Id,
            appliance::Column::State,
            appliance::Column::Epoch,
            appliance::Column::ReadOnly,
        ])
        .into_tuple()
        .all(db)
        .await?;
    let keys: HashSet<(Uuid, i32)> = credential::Entity::find()
        .select_only()
        .columns([credential::Column::ApplianceId, credential::Column::Epoch])
        .filter(credential::Column::Status.eq(Status::Active.as_str()))
        .into_tuple::<(Uuid, i32)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let standing = |(id, state, epoch, read_only): (Uuid, String, i32, Option<String>)| {
        let standing = Standing {
            // A state that this build does not know admits nobody.
            state: ApplianceState::parse(&state).unwrap_or(ApplianceState::Rejected),
            epoch: u32::try_from(epoch).unwrap_or(0),
            read_only: read_only.is_some(),
            has_key: keys.contains(&(id, epoch)),
        };
        (ApplianceId(id), standing)
    };
    Ok(rows.into_iter().map(standing).collect())
}
