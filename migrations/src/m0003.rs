//! What is asked of many appliances at once, what goes first, and what is asked twice.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, integer, json_binary, small_integer, text, text_null, uuid, uuid_null,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_bulks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(bulk()).await?;
        manager.create_table(bulk_item()).await?;
        // SQLite takes one column at a time.
        let columns = [
            small_integer("priority").default(1_i16).to_owned(),
            uuid_null("bulk_id"),
            text_null("request_key"),
        ];
        for column in columns {
            let mut alter = Table::alter();
            alter.table("operation").add_column(column);
            manager.alter_table(alter).await?;
        }
        let index = |name: &str, table: &str, columns: &[&'static str]| {
            let mut index = Index::create();
            index.name(name).table(Alias::new(table));
            for column in columns {
                index.col(*column);
            }
            index
        };
        for unique in ["operation", "bulk"] {
            let name = format!("{unique}_request_unique");
            let mut index = index(&name, unique, &["requested_by", "request_key"]);
            index.unique();
            manager.create_index(index).await?;
        }
        manager.create_index(index("operation_bulk", "operation", &["bulk_id"])).await?;
        manager.create_index(index("bulk_item_open", "bulk_item", &["outcome", "bulk_id"])).await
    }
}

/// An operation that was asked of many.
fn bulk() -> TableCreateStatement {
    let mut table = keyed("bulk", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(uuid("requested_by"))
        .col(text("kind"))
        .col(json_binary("document"))
        .col(small_integer("priority"))
        .col(big_integer("wait_seconds"))
        .col(text("filter"))
        .col(text_null("request_key"))
        .col(text_null("address"))
        .col(text_null("request_id"))
        .col(big_integer("created_at"))
        .foreign_key(&mut refers("bulk", "organisation_id", "organisation"))
        .foreign_key(&mut refers("bulk", "requested_by", "operator"));
    table
}

/// One of the many, and what was answered for it.
fn bulk_item() -> TableCreateStatement {
    let mut part = refers("bulk_item", "bulk_id", "bulk");
    part.on_delete(ForeignKeyAction::Cascade);
    let mut table = keyed("bulk_item", &["bulk_id", "appliance_id"]);
    table
        .col(uuid("bulk_id"))
        .col(uuid("appliance_id"))
        .col(uuid("organisation_id"))
        .col(integer("place"))
        .col(text("outcome"))
        .col(uuid_null("operation_id"))
        .col(text_null("code"))
        .col(text_null("message"))
        .col(text_null("what_to_do"))
        .foreign_key(&mut part)
        .foreign_key(&mut refers("bulk_item", "appliance_id", "appliance"));
    table
}

pub(crate) fn keyed(name: &'static str, key: &[&'static str]) -> TableCreateStatement {
    let mut primary = Index::create();
    primary.name(format!("{name}_key")).primary();
    for column in key {
        primary.col(*column);
    }
    let mut table = Table::create();
    table.table(name).primary_key(&mut primary);
    table
}

pub(crate) fn refers(
    from: &'static str,
    column: &'static str,
    table: &'static str,
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(format!("{from}_{column}_exists"))
        .from(from, column)
        .to(table, "id")
        .on_delete(ForeignKeyAction::Restrict);
    key
}
