//! The first schema: who may see what, which appliances there are, what is asked of them, and
//! what happened.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, uuid};

mod appliances;
mod operations;
mod people;
mod records;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_first_schema"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tables = people::tables();
        tables.extend(appliances::tables());
        tables.extend(operations::tables());
        tables.extend(records::tables());
        for table in tables {
            manager.create_table(table.create).await?;
            for index in table.indexes {
                manager.create_index(index).await?;
            }
        }
        // The values have the columns' types: PostgreSQL's driver keeps the statement by its text, and
        // a restore that says the same on the same connection would send it values of other types.
        manager
            .execute(
                Query::insert()
                    .into_table("event_counter")
                    .columns(["id", "seq"])
                    .values_panic([1_i32.into(), 0_i64.into()])
                    .to_owned(),
            )
            .await
    }
}

/// A table and its indexes.
struct NewTable {
    name: &'static str,
    create: TableCreateStatement,
    indexes: Vec<IndexCreateStatement>,
}

impl NewTable {
    /// A table whose key is the UUID `id`.
    fn new(name: &'static str) -> Self {
        Self::keyed(name, &["id"]).column(uuid("id"))
    }

    /// A table with a key of its own.
    fn keyed(name: &'static str, key: &[&'static str]) -> Self {
        let mut primary = Index::create();
        primary.name(format!("{name}_key")).primary();
        for column in key {
            primary.col(*column);
        }
        let mut create = Table::create();
        create.table(name).primary_key(&mut primary);
        Self { name, create, indexes: Vec::new() }
    }

    fn column(mut self, column: ColumnDef) -> Self {
        self.create.col(column);
        self
    }

    fn columns(mut self, columns: impl IntoIterator<Item = ColumnDef>) -> Self {
        for column in columns {
            self.create.col(column);
        }
        self
    }

    /// A table whose rows belong to an organisation: what an operator's scope is checked against.
    fn owned(self) -> Self {
        self.column(uuid("organisation_id")).refers("organisation_id", "organisation")
    }

    /// `column` is the id of a row of `table`, which cannot be removed while this one is there.
    fn refers(mut self, column: &'static str, table: &'static str) -> Self {
        self.create.foreign_key(
            ForeignKey::create()
                .name(format!("{}_{column}_exists", self.name))
                .from(self.name, column)
                .to(table, "id")
                .on_delete(ForeignKeyAction::Restrict),
        );
        self
    }

    /// As [`Self::refers`], but this row goes with the other.
    fn part_of(mut self, column: &'static str, table: &'static str) -> Self {
        self.create.foreign_key(
            ForeignKey::create()
                .name(format!("{}_{column}_exists", self.name))
                .from(self.name, column)
                .to(table, "id")
                .on_delete(ForeignKeyAction::Cascade),
        );
        self
    }

    fn unique(self, name: &str, columns: &[&'static str]) -> Self {
        self.index_of(name, columns, true)
    }

    fn index(self, name: &str, columns: &[&'static str]) -> Self {
        self.index_of(name, columns, false)
    }

    fn index_of(mut self, name: &str, columns: &[&'static str], unique: bool) -> Self {
        let mut index = Index::create();
        index.name(format!("{}_{name}", self.name)).table(self.name);
        for column in columns {
            index.col(*column);
        }
        if unique {
            index.unique();
        }
        self.indexes.push(index);
        self
    }
}

/// The two columns of a row that people change: when it was made, and a number that rises with
/// each change and fences writes that were decided on an older row.
fn made_and_version() -> [ColumnDef; 2] {
    [big_integer("created_at"), big_integer("version").default(1).to_owned()]
}

/// A text column of one of a few words.
fn word(name: &'static str) -> ColumnDef {
    text(name)
}
