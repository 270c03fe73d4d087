//! Signatures that operators added.

use std::collections::HashMap;

use domfleet_shared::Timestamp;
use domfleet_shared::id::OrganisationId;
use domfleet_shared::signatures::Signature;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

use super::entity::organisation;
use super::entity::signature::{ActiveModel, Column, Entity, Model};
use super::operations::{from_json, to_json};
use super::scope::{Names, within};
use crate::auth::Scope;
use crate::domain::signature::Own;

/// One that somebody added.
#[derive(Clone, Debug)]
pub struct Added {
    pub own: Own,
    pub signature: Signature,
}

/// Those of the organisations in the scope, and of those above.
pub async fn seen(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Added>, DbErr> {
    let seen = Condition::any()
        .add(within(scope, Column::OrganisationId))
        .add(Column::OrganisationId.is_in(on_path(scope.path())));
    let rows = Entity::find().filter(seen).order_by_asc(Column::Name).all(db).await?;
    views(db, rows).await
}

/// One that belongs to an organisation in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<Added>, DbErr> {
    let row = Entity::find_by_id(id).filter(within(scope, Column::OrganisationId)).one(db).await?;
    Ok(views(db, row.into_iter().collect()).await?.pop())
}

/// What is looked for, beside ours, in the bundles of each organisation: what was added by it or by one above, those above
/// first. Organisations for which nothing was added are not in it.
pub async fn by_organisation(
    db: &impl ConnectionTrait,
) -> Result<HashMap<Uuid, Vec<Signature>>, DbErr> {
    let rows = Entity::find().order_by_asc(Column::CreatedAt).all(db).await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let mut of: HashMap<Uuid, Vec<Signature>> = HashMap::new();
    for row in rows {
        of.entry(row.organisation_id).or_default().push(from_json(row.document)?);
    }
    let organisations = organisation::Entity::find().all(db).await?;
    let found = organisations.into_iter().filter_map(|organisation| {
        let added = on_path(&organisation.path).filter_map(|id| of.get(&id)).flatten();
        let added: Vec<Signature> = added.cloned().collect();
        (!added.is_empty()).then_some((organisation.id, added))
    });
    Ok(found.collect())
}

/// Adds one.
pub async fn insert(
    txn: &impl ConnectionTrait,
    organisation: OrganisationId,
    signature: &Signature,
    now: Timestamp,
) -> Result<Uuid, DbErr> {
    let id = Uuid::now_v7();
    let row = ActiveModel {
        id: Set(id),
        organisation_id: Set(organisation.0),
        name: Set(signature.id.clone()),
        document: Set(to_json(signature)?),
        created_at: Set(now.as_millis()),
        updated_at: Set(now.as_millis()),
        revision: Set(1),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    Ok(id)
}

/// Forgets one.
pub async fn remove(txn: &impl ConnectionTrait, id: Uuid) -> Result<(), DbErr> {
    Entity::delete_by_id(id).exec(txn).await.map(|_| ())
}

/// The organisations that a path names, the topmost first.
fn on_path(path: &str) -> impl Iterator<Item = Uuid> {
    path.split('/').filter_map(|id| id.parse().ok())
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<Added>, DbErr> {
    let names = Names::organisations(db, rows.iter().map(|row| row.organisation_id)).await?;
    rows.into_iter()
        .map(|row| {
            let own = Own {
                id: row.id,
                organisation: names.named(row.organisation_id),
                updated_at: Timestamp::from_millis(row.updated_at),
            };
            Ok(Added { own, signature: from_json(row.document)? })
        })
        .collect()
}
