//! What hardware is known by, a part a row: a box that joins again is found by the parts that it
//! shares with what is known.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, uuid};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_hardware_parts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut key = Index::create();
        key.name("hardware_part_key").primary().col("part").col("appliance_id");
        let mut table = Table::create();
        table
            .table("hardware_part")
            .col(text("part"))
            .col(uuid("appliance_id"))
            .primary_key(&mut key)
            .foreign_key(
                ForeignKey::create()
                    .name("hardware_part_appliance_id_exists")
                    .from("hardware_part", "appliance_id")
                    .to("appliance", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            );
        manager.create_table(table).await?;
        let mut index = Index::create();
        index.name("hardware_part_appliance").table("hardware_part").col("appliance_id");
        manager.create_index(index).await
    }
}
