//! One thing asked of one appliance.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "operation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub appliance_id: Uuid,
    pub epoch: i32,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub class: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub document: Json,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    pub requested_by: Option<Uuid>,
    pub offered_at: Option<i64>,
    pub accepted_at: Option<i64>,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub expires_at: i64,
    pub deadline_at: Option<i64>,
    pub last_report: i64,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub progress: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub reason: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub result: Option<Json>,
    pub bundle_id: Option<Uuid>,
    /// 0 is the last, 2 the first to be offered.
    #[serde(default = "usual")]
    pub priority: i16,
    #[serde(default)]
    pub bulk_id: Option<Uuid>,
    /// What whoever asked has called the request, so that asking twice is asking once.
    #[sea_orm(column_type = "Text", nullable)]
    #[serde(default)]
    pub request_key: Option<String>,
    pub created_at: i64,
    pub version: i64,
}

/// Backups of earlier builds have no priority.
fn usual() -> i16 {
    1
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
