//! An appliance.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "appliance")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub site_id: Option<Uuid>,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    #[sea_orm(column_type = "Text")]
    pub hostname: String,
    #[sea_orm(column_type = "Text")]
    pub state: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub fingerprint: Json,
    pub epoch: i32,
    pub session: i64,
    pub instance: Option<Uuid>,
    pub incarnation: i64,
    #[sea_orm(column_type = "Text")]
    pub presence: String,
    pub presence_since: i64,
    pub last_seen_at: Option<i64>,
    pub expected_until: Option<i64>,
    pub boot_id: Option<Uuid>,
    pub booted_at: Option<i64>,
    pub uptime_seconds: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub hypervisor: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub dom0_kernel: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub xen: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub qemu_installed: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub alpine: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub agent: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub io_scheduler: Option<String>,
    pub swap: Option<bool>,
    pub overcommit: Option<i32>,
    pub vms_running: i32,
    pub vms_total: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub read_only: Option<String>,
    pub accepted_at: Option<i64>,
    pub join_token_id: Option<Uuid>,
    pub created_at: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
