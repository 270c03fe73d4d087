//! What the vendor says of versions. It belongs to the topmost organisation and is for everybody to read.

use domfleet_shared::Timestamp;
use domfleet_shared::component::{Component, Makeup};
use domfleet_shared::id::OrganisationId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder,
};
use serde_json::Value;
use uuid::Uuid;

use super::entity::release::{ActiveModel, Column, Entity, Model};
use super::operations::{from_json, to_json};
use super::scope::{count, known};
use crate::domain::release::{Release, ReleaseState, Said};
use crate::domain::version;

/// All, by component, and newest version first.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Release>, DbErr> {
    let rows = Entity::find().order_by_asc(Column::Component).all(db).await?;
    let mut found = rows.into_iter().map(release).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| {
        a.component.cmp(&b.component).then_with(|| version::compare(&b.version, &a.version))
    });
    Ok(found)
}

/// Those that an appliance runs which is made so.
pub async fn of(db: &impl ConnectionTrait, makeup: &Makeup) -> Result<Vec<Release>, DbErr> {
    Ok(all(db).await?.into_iter().filter(|release| release.is_in(makeup)).collect())
}

/// The one of that id.
pub async fn find(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Release>, DbErr> {
    Entity::find_by_id(id).one(db).await?.map(release).transpose()
}

/// The one of that version.
pub async fn of_version(
    db: &impl ConnectionTrait,
    component: Component,
    version: &str,
) -> Result<Option<Release>, DbErr> {
    let select = Entity::find()
        .filter(Column::Component.eq(component.as_str()))
        .filter(Column::Version.eq(version));
    select.one(db).await?.map(release).transpose()
}

/// Takes down what is said of a version, in place of what was said before.
pub async fn put(
    txn: &impl ConnectionTrait,
    organisation: OrganisationId,
    said: &Said,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        organisation_id: Set(organisation.0),
        component: Set(said.component.as_str().into()),
        version: Set(said.version.clone()),
        state: Set(said.state.as_str().into()),
        note: Set(said.note.clone()),
        problems: Set(to_json(&said.problems)?),
        created_at: Set(now.as_millis()),
        updated_at: Set(now.as_millis()),
        revision: Set(1),
    };
    let newest = OnConflict::columns([Column::OrganisationId, Column::Component, Column::Version])
        .update_columns([Column::State, Column::Note, Column::Problems, Column::UpdatedAt])
        .value(Column::Revision, Expr::col((Entity, Column::Revision)).add(1))
        .to_owned();
    Entity::insert(row).on_conflict(newest).exec_without_returning(txn).await.map(|_| ())
}

/// Forgets what was said of a version.
pub async fn remove(txn: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(txn).await.map(|_| ())
}

fn release(row: Model) -> Result<Release, DbErr> {
    Ok(Release {
        id: row.id,
        component: from_json(Value::String(row.component))?,
        version: row.version,
        state: known(ReleaseState::parse(&row.state), "release.state", &row.state)?,
        note: row.note,
        problems: from_json(row.problems)?,
        updated_at: Timestamp::from_millis(row.updated_at),
        revision: count(row.revision),
    })
}
