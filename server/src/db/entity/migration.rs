//! A move of an appliance.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "migration")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub appliance_id: Uuid,
    /// The appliance again, as long as it is under way.
    pub open_for: Option<Uuid>,
    pub drive_id: Option<Uuid>,
    pub preflight_id: Option<Uuid>,
    pub epoch: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub plan: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub wanted: Json,
    /// Of what is wanted.
    pub revision: i64,
    #[sea_orm(column_type = "Text")]
    pub phase: String,
    pub is_past_the_point: bool,
    #[sea_orm(column_type = "Text", nullable)]
    pub waits: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub now: Option<Json>,
    /// What its journal tells that cannot be.
    #[sea_orm(column_type = "Text", nullable)]
    pub trouble: Option<String>,
    pub records: i64,
    /// The hash of all that was told, by the agent's own reckoning.
    #[sea_orm(column_type = "Text", nullable)]
    pub chain: Option<String>,
    pub vms_total: i32,
    pub vms_settled: i32,
    pub vms_failed: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub started_by: Option<String>,
    pub started_at: i64,
    pub changed_at: i64,
    pub heard_at: Option<i64>,
    pub soaking_until: Option<i64>,
    pub ended_at: Option<i64>,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
