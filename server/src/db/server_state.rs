//! What the server knows of itself, under fixed keys.

use domfleet_shared::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entity::server_state::{ActiveModel, Column, Entity};

const INCARNATION: &str = "incarnation";
const HOLD: &str = "hold";

/// That the server was restored from a backup, and waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when.
    pub since: Timestamp,
}

/// Counts the restores of the database from a backup; 1 before the first.
pub async fn incarnation(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    Ok(read(db, INCARNATION).await?.and_then(|value| value.as_u64()).unwrap_or(1))
}

/// Sets it.
pub async fn set_incarnation(db: &impl ConnectionTrait, incarnation: u64) -> Result<(), DbErr> {
    write(db, INCARNATION, json!(incarnation)).await
}

/// Whether the server waits after a restore.
pub async fn hold(db: &impl ConnectionTrait) -> Result<Option<Hold>, DbErr> {
    let value = read(db, HOLD).await?;
    value
        .map(|value| serde_json::from_value(value).map_err(|error| DbErr::Json(error.to_string())))
        .transpose()
}

/// Whether it waits.
pub async fn is_held(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(read(db, HOLD).await?.is_some())
}

/// Lets it wait.
pub async fn set_hold(db: &impl ConnectionTrait, hold: &Hold) -> Result<(), DbErr> {
    let value = serde_json::to_value(hold).map_err(|error| DbErr::Json(error.to_string()))?;
    write(db, HOLD, value).await
}

/// Ends the waiting; says whether there was any.
pub async fn release_hold(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let result = Entity::delete_by_id(HOLD.to_owned()).exec(db).await?;
    Ok(result.rows_affected > 0)
}

async fn read(db: &impl ConnectionTrait, key: &str) -> Result<Option<Value>, DbErr> {
    Ok(Entity::find_by_id(key.to_owned()).one(db).await?.map(|row| row.value))
}

async fn write(db: &impl ConnectionTrait, key: &str, value: Value) -> Result<(), DbErr> {
    let row = ActiveModel { key: Set(key.to_owned()), value: Set(value) };
    Entity::insert(row)
        .on_conflict(OnConflict::column(Column::Key).update_column(Column::Value).to_owned())
        .exec_without_returning(db)
        .await
        .map(|_| ())
}
