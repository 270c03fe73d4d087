//! How sure each backup set is, and the USB drives of the whole fleet: to be found by it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json_binary, text, text_null, uuid, uuid_null};
use sea_orm_migration::sea_orm::DbBackend;

use crate::m0003::{keyed, refers};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_sets_and_drives"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut alter = Table::alter();
        alter.table("backup_set").add_column(text("state").default("unverified").to_owned());
        manager.alter_table(alter).await?;
        let db = manager.get_connection();
        db.execute_unprepared(&known_states(manager.get_database_backend())).await?;
        manager.create_table(usb_drive()).await?;
        let index = |name: &str, table: &str, columns: [&'static str; 2]| {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(column);
            }
            index
        };
        let columns = ["organisation_id", "state"];
        manager.create_index(index("backup_set_state", "backup_set", columns)).await?;
        let columns = ["organisation_id", "usage"];
        manager.create_index(index("usb_drive_usage", "usb_drive", columns)).await?;
        // What is not stored is asked for again: so the new table is filled.
        db.execute_unprepared("UPDATE inventory SET digest = '' WHERE section = 'usb'").await?;
        Ok(())
    }
}

fn known_states(backend: DbBackend) -> String {
    let is_damaged = match backend {
        DbBackend::Sqlite => "json_type(document, '$.troubles') IS NOT NULL",
        _ => "jsonb_exists(document, 'troubles')",
    };
    format!(
        "UPDATE backup_set SET state = CASE WHEN gone_at IS NOT NULL THEN 'gone' \
         WHEN {is_damaged} THEN 'damaged' WHEN sealed_at IS NULL THEN 'unfinished' \
         WHEN verified_at IS NULL THEN 'unverified' ELSE 'verified' END"
    )
}

/// A drive that is plugged into an appliance, as it was last told of.
fn usb_drive() -> TableCreateStatement {
    let mut table = keyed("usb_drive", &["appliance_id", "path"]);
    table
        .col(uuid("appliance_id"))
        .col(text("path"))
        .col(uuid("organisation_id"))
        .col(uuid_null("drive_id"))
        .col(text_null("serial"))
        .col(text_null("model"))
        .col(text("usage"))
        .col(big_integer("size_bytes"))
        .col(json_binary("document"))
        .col(big_integer("told_at"))
        .foreign_key(&mut refers("usb_drive", "organisation_id", "organisation"))
        .foreign_key(&mut refers("usb_drive", "appliance_id", "appliance"));
    table
}
