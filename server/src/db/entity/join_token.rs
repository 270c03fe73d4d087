//! What new appliances join with.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "join_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub site_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub secret_hash: String,
    pub preauthorised: bool,
    pub uses: i32,
    pub used: i32,
    pub expires_at: i64,
    #[sea_orm(column_type = "Text")]
    pub note: String,
    pub created_by: Option<Uuid>,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
