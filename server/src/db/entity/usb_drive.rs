//! A USB drive that is plugged into an appliance.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "usb_drive")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub appliance_id: Uuid,
    /// Its device there.
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(column_type = "Text")]
    pub path: String,
    pub organisation_id: Uuid,
    /// Which one it is, where it is one of ours.
    pub drive_id: Option<Uuid>,
    #[sea_orm(column_type = "Text", nullable)]
    pub serial: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub model: Option<String>,
    /// What it may be used for.
    #[sea_orm(column_type = "Text")]
    pub usage: String,
    pub size_bytes: i64,
    /// All that was told of it.
    #[sea_orm(column_type = "JsonBinary")]
    pub document: Json,
    pub told_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
