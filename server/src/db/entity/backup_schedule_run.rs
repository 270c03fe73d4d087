//! A time at which an appliance was to be backed up, and what came of it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "backup_schedule_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub appliance_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_at: i64,
    pub organisation_id: Uuid,
    pub decided_at: i64,
    pub missed: i32,
    #[sea_orm(column_type = "Text")]
    pub outcome: String,
    pub operation_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub code: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub message: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub what_to_do: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
