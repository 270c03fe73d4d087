//! The database schema and its history.
//!
//! Written with sea-query's builders, so that SQLite and PostgreSQL get the same schema. Times are
//! milliseconds in `BIGINT` (`docs/decisions/0003-times-are-integers.md`), ids are UUIDs, enums are
//! text, and every constraint and index has a name: a breach is told apart by it.
//!
//! A file is never changed once a build with it has been released; a change is a new file.

use sea_orm_migration::prelude::*;

mod m0001;
mod m0002;
mod m0003;
mod m0004;
mod m0005;
mod m0006;
mod m0007;
mod m0008;
mod m0009;
mod m0010;
mod m0011;
mod m0012;

/// The history, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001::Migration),
            Box::new(m0002::Migration),
            Box::new(m0003::Migration),
            Box::new(m0004::Migration),
            Box::new(m0005::Migration),
            Box::new(m0006::Migration),
            Box::new(m0007::Migration),
            Box::new(m0008::Migration),
            Box::new(m0009::Migration),
            Box::new(m0010::Migration),
            Box::new(m0011::Migration),
            Box::new(m0012::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("schema_history").into_iden()
    }
}
