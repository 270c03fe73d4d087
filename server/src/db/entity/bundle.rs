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
    /// What it is, in a word. Backups of older servers do not say it.
    #[sea_orm(column_type = "Text")]
    #[serde(default = "bundle")]
    pub kind: String,
    /// What the operator who brought it called it.
    #[sea_orm(column_type = "Text", nullable)]
    #[serde(default)]
    pub file_name: Option<String>,
    /// The files in it, once they have been looked at.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[serde(default)]
    pub contents: Option<Json>,
    /// Until when its upload may go on.
    #[serde(default)]
    pub upload_expires_at: Option<i64>,
    #[serde(default)]
    pub held_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    #[serde(default)]
    pub held_by: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    #[serde(default)]
    pub hold_note: Option<String>,
}

fn bundle() -> String {
    "bundle".into()
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
