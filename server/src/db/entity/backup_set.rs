//! A backup set on a drive that an appliance has had plugged in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "backup_set")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub appliance_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub drive_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub set_id: Uuid,
    pub organisation_id: Uuid,
    pub created_at: i64,
    pub sealed_at: Option<i64>,
    pub verified_at: Option<i64>,
    /// How sure it is, in a word.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// All that was told of it.
    #[sea_orm(column_type = "JsonBinary")]
    pub document: Json,
    pub told_at: i64,
    /// When it was told that it is not on the drive any more.
    pub gone_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
