//! Something that changed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub organisation_id: Uuid,
    pub at: i64,
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    pub subject_id: Uuid,
    pub subject_version: i64,
    pub appliance_id: Option<Uuid>,
    pub operation_id: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub document: Option<Json>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
