//! Links by which the person on site sees what is to be done for a migration.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null, uuid};

use crate::m0003::{keyed, refers};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0012_migration_links"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(migration_link()).await?;
        let mut by_secret = Index::create();
        by_secret
            .name("migration_link_secret_unique")
            .table("migration_link")
            .unique()
            .col("secret_hash");
        manager.create_index(by_secret).await?;
        let mut of_migration = Index::create();
        of_migration.name("migration_link_migration").table("migration_link").col("migration_id");
        manager.create_index(of_migration).await
    }
}

fn migration_link() -> TableCreateStatement {
    let mut table = keyed("migration_link", &["id"]);
    table
        .col(uuid("id"))
        .col(uuid("organisation_id"))
        .col(uuid("migration_id"))
        .col(text("secret_hash"))
        .col(text("note"))
        .col(text_null("created_by"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("revoked_at"))
        .col(big_integer_null("last_used_at"))
        .foreign_key(&mut refers("migration_link", "organisation_id", "organisation"))
        .foreign_key(&mut refers("migration_link", "migration_id", "migration"));
    table
}
