//! Appliances' moves: what is wanted of each, and the records of its journal as far as the server was told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, json_binary, json_binary_null, text,
    text_null, uuid, uuid_null,
};

use crate::m0003::{keyed, refers};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0011_migrations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(migration()).await?;
        manager.create_table(migration_record()).await?;
        // One is under way for an appliance, at most. Those that are over say nothing here.
        let mut once = Index::create();
        once.name("migration_open_once").table("migration").unique().col("open_for");
        manager.create_index(once).await?;
        let mut of_appliance = Index::create();
        of_appliance.name("migration_appliance").table("migration").col("appliance_id");
        manager.create_index(of_appliance).await
    }
}

/// A move of an appliance.
fn migration() -> TableCreateStatement {
    let mut table = keyed("migration", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(uuid("appliance_id"))
        // The appliance again, as long as it is under way.
        .col(uuid_null("open_for"))
        .col(uuid_null("drive_id"))
        .col(uuid_null("preflight_id"))
        .col(integer("epoch"))
        .col(json_binary("plan"))
        .col(json_binary("wanted"))
        .col(big_integer("revision"))
        .col(text("phase"))
        .col(boolean("is_past_the_point"))
        .col(text_null("waits"))
        .col(json_binary_null("now"))
        .col(text_null("trouble"))
        .col(big_integer("records"))
        .col(text_null("chain"))
        .col(integer("vms_total"))
        .col(integer("vms_settled"))
        .col(integer("vms_failed"))
        .col(text_null("started_by"))
        .col(big_integer("started_at"))
        .col(big_integer("changed_at"))
        .col(big_integer_null("heard_at"))
        .col(big_integer_null("soaking_until"))
        .col(big_integer_null("ended_at"))
        .col(big_integer("version"))
        .foreign_key(&mut refers("migration", "organisation_id", "organisation"))
        .foreign_key(&mut refers("migration", "appliance_id", "appliance"));
    table
}

/// A line of its journal.
fn migration_record() -> TableCreateStatement {
    let mut table = keyed("migration_record", &["migration_id", "number"]);
    table
        .col(uuid("migration_id"))
        .col(big_integer("number"))
        .col(uuid("organisation_id"))
        .col(json_binary("document"))
        .foreign_key(&mut refers("migration_record", "organisation_id", "organisation"))
        .foreign_key(&mut refers("migration_record", "migration_id", "migration"));
    table
}
