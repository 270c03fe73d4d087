//! The database: queries in, domain types out. A file for each noun.
//!
//! Two dialects, one schema. SQLite has one connection that writes, so that no write ever finds
//! the database busy, and a few that only read. PostgreSQL has one pool for both.

use std::time::Duration;

use domfleet_migrations::Migrator;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

pub mod alarm_list;
pub mod alarms;
pub mod appliance_list;
pub mod appliances;
pub mod asking;
pub mod audit;
pub mod backup_sets;
pub mod boots;
pub mod bulk_list;
pub mod bulks;
pub mod bundles;
pub mod credentials;
pub mod dump;
pub mod ended_boots;
pub mod endings;
pub mod entity;
pub mod events;
mod filter;
pub mod findings;
pub mod hardware;
pub mod imports;
pub mod inventory;
pub mod join_tokens;
pub mod joining;
pub mod keeping;
pub mod migration_links;
pub mod migration_list;
pub mod migrations;
mod mitigations;
pub mod on_site;
pub mod operations;
pub mod operators;
pub mod organisations;
mod pools;
pub mod presence;
pub mod progress;
pub mod releases;
pub mod reported;
pub mod schedule_runs;
pub mod schedules;
mod scope;
pub mod server_state;
pub mod sessions;
pub mod signatures;
pub mod sites;
pub mod standing;
pub mod uploads;
pub mod usb_drives;
pub mod watched;
pub mod welcome;

/// How long a write waits for another process that writes to the same SQLite file, and anything
/// for a connection of the pool.
const PATIENCE: Duration = Duration::from_secs(10);

/// SQLite readers: more would only wait for the same disk.
const SQLITE_READERS: u32 = 4;

/// PostgreSQL connections: a server has 100 by default, and there may be several of us.
const POSTGRES_CONNECTIONS: u32 = 16;

/// The database, for reading and for writing.
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Db {
    /// Opens the database at `url` (`sqlite://…` or `postgres://…`), and makes an SQLite file that
    /// is not there yet.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            let write = Database::connect(sqlite(url, 1, false)).await?;
            let read = Database::connect(sqlite(url, SQLITE_READERS, true)).await?;
            return Ok(Self { write, read });
        }
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(POSTGRES_CONNECTIONS)
            .min_connections(0)
            .acquire_timeout(PATIENCE)
            .set_application_name("domfleet-server")
            .sqlx_logging(false);
        let pool = Database::connect(options).await?;
        Ok(Self { write: pool.clone(), read: pool })
    }

    /// Brings the schema up to this build's. Does nothing where it is there already.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        Migrator::up(&self.write, None).await
    }

    /// For reading.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For a single write. Never inside a transaction: SQLite has one connection that writes.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that writes. Dropping it rolls it back.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.write
            .begin_with_options(TransactionOptions {
                // Deferred, it could fail when it first writes after it has read.
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Which dialect it speaks.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Closes all connections, once nothing uses them.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }
}

fn sqlite(url: &str, connections: u32, only_reads: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE);
            if only_reads { sqlite.pragma("query_only", "ON") } else { sqlite }
        });
    options
}

/// Whether a conditional write found the row as it had been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Stored {
    /// It did, and the row is changed.
    Yes,
    /// It did not: someone else was faster. Read again.
    Stale,
}

impl Stored {
    /// From the number of rows that a write of one row changed.
    pub fn from_rows(rows: u64) -> Self {
        if rows == 1 { Self::Yes } else { Self::Stale }
    }
}

/// Constraints whose breach means something to someone, and the columns that SQLite names in
/// place of the constraint.
const CONSTRAINTS: [(&str, &str); 7] = [
    ("migration_open_once", "migration.open_for"),
    ("organisation_name_unique", "organisation.parent_id, organisation.name"),
    ("site_name_unique", "site.organisation_id, site.name"),
    ("operator_email_unique", "operator.email"),
    ("operation_lock_key", "operation_lock.appliance_id, operation_lock.name"),
    ("operation_request_unique", "operation.requested_by, operation.request_key"),
    ("bulk_request_unique", "bulk.requested_by, bulk.request_key"),
];

/// Gives the breach of a constraint its own error.
pub trait OnConstraint<T> {
    /// As `self`, but where the unique constraint `name` was breached, `error`.
    fn on_constraint<E: From<DbErr>>(self, name: &str, error: impl FnOnce() -> E) -> Result<T, E>;
}

impl<T> OnConstraint<T> for Result<T, DbErr> {
    fn on_constraint<E: From<DbErr>>(self, name: &str, error: impl FnOnce() -> E) -> Result<T, E> {
        self.map_err(|err| if breaches(&err, name) { error() } else { err.into() })
    }
}

fn breaches(err: &DbErr, name: &str) -> bool {
    let Some(SqlErr::UniqueConstraintViolation(message)) = err.sql_err() else { return false };
    let columns = CONSTRAINTS.iter().find(|(known, _)| *known == name).map(|(_, columns)| columns);
    message.contains(&format!("\"{name}\"")) || columns.is_some_and(|c| message.ends_with(c))
}
