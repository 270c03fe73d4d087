//! Backups on a schedule.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, integer, json_binary, text, text_null, uuid, uuid_null,
};

use crate::m0003::{keyed, refers};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_backup_schedules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(backup_schedule()).await?;
        manager.create_table(backup_schedule_run()).await?;
        let mut index = Index::create();
        index
            .name("backup_schedule_of")
            .table(Alias::new("backup_schedule"))
            .col("organisation_id");
        manager.create_index(index).await
    }
}

/// A schedule. `since` is from when on its times count.
fn backup_schedule() -> TableCreateStatement {
    let mut table = keyed("backup_schedule", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(uuid("created_by"))
        .col(json_binary("document"))
        .col(boolean("paused"))
        .col(text_null("trouble"))
        .col(big_integer("since"))
        .col(big_integer("created_at"))
        .col(big_integer("version"))
        .foreign_key(&mut refers("backup_schedule", "organisation_id", "organisation"))
        .foreign_key(&mut refers("backup_schedule", "created_by", "operator"));
    table
}

/// A time at which an appliance was to be backed up. Its key is what lets two servers make one of it.
fn backup_schedule_run() -> TableCreateStatement {
    let mut part = refers("backup_schedule_run", "schedule_id", "backup_schedule");
    part.on_delete(ForeignKeyAction::Cascade);
    let mut table = keyed("backup_schedule_run", &["schedule_id", "appliance_id", "due_at"]);
    table
        .col(uuid("schedule_id"))
        .col(uuid("appliance_id"))
        .col(big_integer("due_at"))
        .col(uuid("organisation_id"))
        .col(big_integer("decided_at"))
        .col(integer("missed"))
        .col(text("outcome"))
        .col(uuid_null("operation_id"))
        .col(text_null("code"))
        .col(text_null("message"))
        .col(text_null("what_to_do"))
        .foreign_key(&mut part)
        .foreign_key(&mut refers("backup_schedule_run", "appliance_id", "appliance"));
    table
}
