//! A debug bundle.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "bundle")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub appliance_id: Uuid,
    pub operation_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub trigger: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "Text")]
    pub note: String,
    pub size_bytes: Option<i64>,
    pub received_bytes: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub blake3: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub object: Option<String>,
    pub completed_at: Option<i64>,
    pub keep_until: i64,
    pub held: bool,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub manifest: Option<Json>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub upload: Option<Json>,
    pub created_at: i64,
    /// The signatures that it was searched for.
    #[sea_orm(column_type = "Text", nullable)]
    pub scanned_by: Option<String>,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
