//! A run of dom0.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "boot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub appliance_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub boot_id: Uuid,
    pub organisation_id: Uuid,
    pub epoch: i32,
    pub started_at: i64,
    pub ended_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub ending: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub confidence: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub evidence: Json,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub components: Option<Json>,
    pub received_at: i64,
    pub first_seen_seconds: Option<i64>,
    pub last_seen_seconds: Option<i64>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub changes: Option<Json>,
    #[sea_orm(column_type = "Text", nullable)]
    pub told_ending: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub told_confidence: Option<String>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub told_evidence: Option<Json>,
    pub heard_at: Option<i64>,
    pub heard_uptime_seconds: Option<i64>,
    pub refine_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
