//! All rows of all tables, as lines of JSON: what a backup is made of.

use std::io::{BufRead, Write};

use futures_util::TryStreamExt as _;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, Iterable, PrimaryKeyToColumn, QueryOrder, StreamTrait, TransactionTrait,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entity;

/// How many rows are put in at once: SQLite takes 32,766 values in a statement, and a row has up
/// to forty.
const AT_ONCE: usize = 200;

/// Longest line that is read back, in bytes: an inventory section is the longest.
const LONGEST: usize = 16 * 1024 * 1024;

/// Why rows could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    #[error("the database failed")]
    Db(#[from] DbErr),
    #[error("the file failed")]
    File(#[from] std::io::Error),
    #[error("line {1} of table {0} is damaged")]
    Line(&'static str, u64, #[source] serde_json::Error),
    #[error("there is no table {0:?}")]
    NoTable(String),
    #[error("a line of table {0} is too long")]
    TooLong(&'static str),
}

/// A transaction in which the whole database stands still for whoever reads in it.
pub async fn snapshot(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    use sea_orm::{AccessMode, IsolationLevel};
    if db.get_database_backend() == DbBackend::Sqlite {
        // Every transaction of SQLite's is one.
        return db.begin().await;
    }
    let level = Some(IsolationLevel::RepeatableRead);
    db.begin_with_config(level, Some(AccessMode::ReadOnly)).await
}

async fn write_rows<E>(
    db: &(impl ConnectionTrait + StreamTrait),
    out: &mut impl Write,
) -> Result<u64, DumpError>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    let mut select = E::find();
    for key in E::PrimaryKey::iter() {
        select = select.order_by_asc(key.into_column());
    }
    let mut rows = select.stream(db).await?;
    let mut written = 0;
    while let Some(row) = rows.try_next().await? {
        serde_json::to_writer(&mut *out, &row).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        written += 1;
    }
    Ok(written)
}

async fn read_rows<E>(
    name: &'static str,
    db: &impl ConnectionTrait,
    lines: &mut impl BufRead,
) -> Result<u64, DumpError>
where
    E: EntityTrait,
    E::Model: DeserializeOwned + IntoActiveModel<E::ActiveModel>,
{
    E::delete_many().exec(db).await?;
    let mut read = 0;
    let mut rows = Vec::with_capacity(AT_ONCE);
    loop {
        let line = next_line(name, lines)?;
        let end = line.is_none();
        if let Some(line) = line {
            read += 1;
            let row: E::Model = serde_json::from_slice(&line)
                .map_err(|error| DumpError::Line(name, read, error))?;
            rows.push(row.into_active_model());
        }
        if rows.len() == AT_ONCE || (end && !rows.is_empty()) {
            E::insert_many(std::mem::take(&mut rows)).exec_without_returning(db).await?;
        }
        if end {
            return Ok(read);
        }
    }
}

fn next_line(name: &'static str, lines: &mut impl BufRead) -> Result<Option<Vec<u8>>, DumpError> {
    use std::io::Read as _;
    let mut line = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    lines.by_ref().take(most).read_until(b'\n', &mut line)?;
    if line.len() == LONGEST {
        return Err(DumpError::TooLong(name));
    }
    Ok((!line.is_empty()).then_some(line))
}

macro_rules! tables {
    ($($name:ident)+) => {
        /// The tables, in an order in which rows can be put in.
        pub const TABLES: &[&str] = &[$(stringify!($name)),+];

        /// Writes the rows of a table; returns how many.
        pub async fn write_table(
            table: &str,
            db: &(impl ConnectionTrait + StreamTrait),
            out: &mut impl Write,
        ) -> Result<u64, DumpError> {
            match table {
                $(stringify!($name) => write_rows::<entity::$name::Entity>(db, out).await,)+
                other => Err(DumpError::NoTable(other.to_owned())),
            }
        }

        /// Puts the rows of a table in, in place of those that are there; returns how many.
        pub async fn read_table(
            table: &str,
            db: &impl ConnectionTrait,
            lines: &mut impl BufRead,
        ) -> Result<u64, DumpError> {
            match table {
                $(stringify!($name) => {
                    read_rows::<entity::$name::Entity>(stringify!($name), db, lines).await
                })+
                other => Err(DumpError::NoTable(other.to_owned())),
            }
        }
    };
}

tables! {
    server_state organisation site operator session join_token appliance hardware_part credential
    inventory     boot operation operation_report operation_lock bundle backup_set backup_schedule backup_schedule_run usb_drive release imported_boot signature finding bulk bulk_item migration migration_record migration_link event_counter event audit alarm
}
