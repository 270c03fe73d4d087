//! A run of an appliance that was written down elsewhere.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "imported_boot")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub import_id: Uuid,
    pub organisation_id: Uuid,
    pub appliance_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub appliance: String,
    #[sea_orm(column_type = "Text")]
    pub boot: String,
    /// Where it was in the table, from 1.
    pub line: i64,
    pub entry_seconds: i64,
    pub exit_seconds: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub ending: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub components: Json,
    #[sea_orm(column_type = "Text")]
    pub source: String,
    pub imported_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
