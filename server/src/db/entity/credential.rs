//! A key that the CA has certified, and its newest certificate.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub appliance_id: Uuid,
    pub epoch: i32,
    #[sea_orm(column_type = "Text")]
    pub spki_sha256: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    #[sea_orm(column_type = "Text")]
    pub serial: String,
    #[sea_orm(column_type = "Text")]
    pub certificate_pem: String,
    pub not_before: i64,
    pub not_after: i64,
    pub join_token_id: Option<Uuid>,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
