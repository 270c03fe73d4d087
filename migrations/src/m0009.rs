//! How a boot ended in the light of its site: what the appliance itself told apart from what is shown, when the
//! server last heard of the boot, and when its end is to be looked at again.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, json_binary_null, text_null};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0009_ends_in_the_light_of_the_site"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            text_null("told_ending"),
            text_null("told_confidence"),
            json_binary_null("told_evidence"),
            big_integer_null("heard_at"),
            big_integer_null("heard_uptime_seconds"),
            big_integer_null("refine_at"),
        ];
        for column in columns {
            // SQLite adds one at a time.
            let mut alter = Table::alter();
            alter.table("boot").add_column(column);
            manager.alter_table(alter).await?;
        }
        let mut index = Index::create();
        index.name("boot_refine_at").table("boot").col("refine_at");
        manager.create_index(index).await?;
        // So far nobody has shown anything else than what was told.
        let told = "UPDATE boot SET told_ending = ending, told_confidence = confidence, \
                    told_evidence = evidence WHERE ending IS NOT NULL";
        manager.get_connection().execute_unprepared(told).await?;
        Ok(())
    }
}
