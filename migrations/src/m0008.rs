//! What boots were made of and how long they were watched; releases and what is known of them; uptimes of
//! before there was Domfleet; signatures of operators' own, and what was found in bundles.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, json_binary, json_binary_null, text, text_null, uuid, uuid_null,
};

use crate::m0003::{keyed, refers};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0008_why_they_freeze"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite takes no more.
        for column in [
            big_integer_null("first_seen_seconds"),
            big_integer_null("last_seen_seconds"),
            json_binary_null("changes"),
        ] {
            add(manager, "boot", column).await?;
        }
        add(manager, "appliance", big_integer_null("uptime_seconds")).await?;
        add(manager, "bundle", text_null("scanned_by")).await?;
        for table in [release(), imported_boot(), signature(), finding()] {
            manager.create_table(table).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("release_version_once")
                    .table("release")
                    .unique()
                    .col("organisation_id")
                    .col("component")
                    .col("version")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("imported_boot_import")
                    .table("imported_boot")
                    .col("organisation_id")
                    .col("import_id")
                    .take(),
            )
            .await?;
        for (name, column) in [
            ("finding_bundle", "bundle_id"),
            ("finding_appliance", "appliance_id"),
            ("finding_signature", "signature"),
        ] {
            let index = Index::create().name(name).table("finding").col(column).take();
            manager.create_index(index).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("signature_name_once")
                    .table("signature")
                    .unique()
                    .col("organisation_id")
                    .col("name")
                    .take(),
            )
            .await?;
        // What is not stored is asked for again: so the new columns are filled.
        let db = manager.get_connection();
        db.execute_unprepared("UPDATE inventory SET digest = '' WHERE section = 'boots'").await?;
        Ok(())
    }
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    let mut alter = Table::alter();
    alter.table(table).add_column(column);
    manager.alter_table(alter).await
}

/// What the vendor says of a version of a component.
fn release() -> TableCreateStatement {
    let mut table = keyed("release", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(text("component"))
        .col(text("version"))
        .col(text("state"))
        .col(text("note"))
        .col(json_binary("problems"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer("revision"))
        .foreign_key(&mut refers("release", "organisation_id", "organisation"));
    table
}

/// A run of an appliance that was written down elsewhere.
fn imported_boot() -> TableCreateStatement {
    let mut table = keyed("imported_boot", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("import_id"))
        .col(uuid("organisation_id"))
        .col(uuid_null("appliance_id"))
        .col(text("appliance"))
        .col(text("boot"))
        .col(big_integer("line"))
        .col(big_integer("entry_seconds"))
        .col(big_integer("exit_seconds"))
        .col(text_null("ending"))
        .col(json_binary("components"))
        .col(text("source"))
        .col(big_integer("imported_at"))
        .foreign_key(&mut refers("imported_boot", "organisation_id", "organisation"))
        .foreign_key(&mut refers("imported_boot", "appliance_id", "appliance"));
    table
}

/// A signature that operators added.
fn signature() -> TableCreateStatement {
    let mut table = keyed("signature", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(text("name"))
        .col(json_binary("document"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer("revision"))
        .foreign_key(&mut refers("signature", "organisation_id", "organisation"));
    table
}

/// A hit of a signature in a bundle.
fn finding() -> TableCreateStatement {
    let mut table = keyed("finding", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(uuid("bundle_id"))
        .col(uuid("appliance_id"))
        .col(text("signature"))
        .col(text("severity"))
        .col(big_integer("rank"))
        .col(json_binary("document"))
        .col(big_integer("found_at"))
        .foreign_key(&mut refers("finding", "organisation_id", "organisation"))
        .foreign_key(&mut refers("finding", "bundle_id", "bundle"))
        .foreign_key(&mut refers("finding", "appliance_id", "appliance"));
    table
}
