//! Backup sets, as their appliances told of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, json_binary, uuid};

use crate::m0003::{keyed, refers};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_backup_sets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(backup_set()).await?;
        let mut index = Index::create();
        index
            .name("backup_set_newest")
            .table(Alias::new("backup_set"))
            .col("organisation_id")
            .col("created_at");
        manager.create_index(index).await
    }
}

/// A set on a drive that an appliance has had plugged in. A drive moves, and is told of by each.
fn backup_set() -> TableCreateStatement {
    let mut table = keyed("backup_set", &["appliance_id", "drive_id", "set_id"]);
    table
        .col(uuid("appliance_id"))
        .col(uuid("drive_id"))
        .col(uuid("set_id"))
        .col(uuid("organisation_id"))
        .col(big_integer("created_at"))
        .col(big_integer_null("sealed_at"))
        .col(big_integer_null("verified_at"))
        .col(json_binary("document"))
        .col(big_integer("told_at"))
        .col(big_integer_null("gone_at"))
        .foreign_key(&mut refers("backup_set", "organisation_id", "organisation"))
        .foreign_key(&mut refers("backup_set", "appliance_id", "appliance"));
    table
}
