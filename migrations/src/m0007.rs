//! Debug bundles: what they are, what is in them, until when their upload may go on, and who holds them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, json_binary_null, text, text_null};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_bundles"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            // What came before this was from agents, which send nothing else.
            text("kind").default("bundle").to_owned(),
            text_null("file_name"),
            json_binary_null("contents"),
            big_integer_null("upload_expires_at"),
            big_integer_null("held_at"),
            text_null("held_by"),
            text_null("hold_note"),
        ];
        for column in columns {
            // SQLite adds one at a time.
            let mut alter = Table::alter();
            alter.table("bundle").add_column(column);
            manager.alter_table(alter).await?;
        }
        let mut index = Index::create();
        index.name("bundle_state").table("bundle").col("state").col("upload_expires_at");
        manager.create_index(index).await
    }
}
