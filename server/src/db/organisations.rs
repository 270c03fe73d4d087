//! Organisations: a tree, each with the path to it.

use domfleet_shared::Timestamp;
use domfleet_shared::id::OrganisationId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder,
};

use uuid::Uuid;

use super::entity::organisation::{ActiveModel, Column, Entity, Model};
use super::scope::{count, known};
use crate::auth::Scope;
use crate::domain::people::{Organisation, OrganisationKind};

/// A new one.
#[derive(Clone, Debug)]
pub struct NewOrganisation {
    pub id: OrganisationId,
    pub parent: Option<OrganisationId>,
    /// The path of the parent; `/` above all.
    pub parent_path: String,
    pub kind: OrganisationKind,
    pub name: String,
    pub now: Timestamp,
}

impl NewOrganisation {
    /// Its path: that of its parent, and its id.
    pub fn path(&self) -> String {
        format!("{}{}/", self.parent_path, self.id)
    }
}

/// Adds one.
pub async fn insert(db: &impl ConnectionTrait, new: &NewOrganisation) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new.id.0),
        parent_id: Set(new.parent.map(|parent| parent.0)),
        kind: Set(new.kind.as_str().into()),
        name: Set(new.name.clone()),
        path: Set(new.path()),
        created_at: Set(new.now.as_millis()),
        version: Set(1),
    };
    Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// Those in the scope, parents before children.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Organisation>, DbErr> {
    let mut rows = Entity::find()
        .filter(Column::Path.like(format!("{}%", scope.path())))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    rows.sort_by_key(|row| row.path.matches('/').count());
    rows.into_iter().map(|row| organisation(row, scope)).collect()
}

/// One in the scope, and its path.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: OrganisationId,
) -> Result<Option<(Organisation, String)>, DbErr> {
    let row = Entity::find_by_id(id.0)
        .filter(Column::Path.like(format!("{}%", scope.path())))
        .one(db)
        .await?;
    row.map(|row| {
        let path = row.path.clone();
        Ok((organisation(row, scope)?, path))
    })
    .transpose()
}

/// The path of one, for whoever is not an operator.
pub async fn path(db: &impl ConnectionTrait, id: OrganisationId) -> Result<Option<String>, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.map(|row| row.path))
}

/// Those of that name or id, for whoever has the console.
pub async fn named(db: &impl ConnectionTrait, wanted: &str) -> Result<Vec<OrganisationId>, DbErr> {
    let select = match wanted.parse::<Uuid>() {
        Ok(id) => Entity::find_by_id(id),
        Err(_) => Entity::find().filter(Column::Name.eq(wanted)),
    };
    Ok(select.all(db).await?.into_iter().map(|row| OrganisationId(row.id)).collect())
}

/// The topmost one, which the first start makes.
pub async fn topmost(db: &impl ConnectionTrait) -> Result<Option<OrganisationId>, DbErr> {
    let row = Entity::find().filter(Column::ParentId.is_null()).one(db).await?;
    Ok(row.map(|row| OrganisationId(row.id)))
}

/// Whether there is none yet.
pub async fn none(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(Entity::find().count(db).await? == 0)
}

fn organisation(row: Model, scope: &Scope) -> Result<Organisation, DbErr> {
    let id = OrganisationId(row.id);
    Ok(Organisation {
        id,
        // Who is above the caller's own organisation is not the caller's business.
        parent_id: row.parent_id.filter(|_| id != scope.organisation()).map(OrganisationId),
        kind: known(OrganisationKind::parse(&row.kind), "organisation.kind", &row.kind)?,
        name: row.name,
        created_at: Timestamp::from_millis(row.created_at),
        version: count(row.version),
    })
}
