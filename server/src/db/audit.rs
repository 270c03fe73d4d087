//! Who changed what. Written in the transaction of the change.

use std::net::IpAddr;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperatorId, OrganisationId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entity::audit::{ActiveModel, Column, Entity, Model};
use super::scope::within;
use crate::auth::Scope;

/// Who does something.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Nothing where it is the server, or whoever has its console.
    pub id: Option<OperatorId>,
    /// The e-mail address, or a word such as `console`.
    pub name: String,
    pub address: Option<IpAddr>,
    pub request_id: Option<String>,
}

impl Actor {
    /// The server itself, or someone at its console.
    pub fn local(name: &str) -> Self {
        Self { id: None, name: name.to_owned(), address: None, request_id: None }
    }
}

/// What was done. Values hold no secrets.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    pub organisation: OrganisationId,
    /// Such as `appliance.accept`.
    pub action: &'a str,
    /// Such as `appliance`.
    pub kind: &'a str,
    pub id: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Who did what, for a transaction that somebody else makes.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub actor: Actor,
    pub change: Change<'a>,
}

/// Writes it down.
pub async fn record(
    db: &impl ConnectionTrait,
    actor: &Actor,
    change: Change<'_>,
    now: Timestamp,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        organisation_id: Set(change.organisation.0),
        at: Set(now.as_millis()),
        actor_id: Set(actor.id.map(|id| id.0)),
        actor: Set(actor.name.clone()),
        action: Set(change.action.into()),
        target_kind: Set(change.kind.into()),
        target_id: Set(change.id),
        address: Set(actor.address.map(|address| address.to_string())),
        request_id: Set(actor.request_id.clone()),
        before: Set(change.before),
        after: Set(change.after),
    };
    Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its id; they sort by age.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// The operator; nothing where it was the server or someone at its console.
    pub actor_id: Option<OperatorId>,
    /// Its e-mail address then, or a word.
    pub actor: String,
    /// What was done, such as `appliance.accept`.
    pub action: String,
    /// To what kind of thing.
    pub object_kind: String,
    /// To which.
    pub object_id: String,
    /// Where the request came from.
    pub remote_address: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// What it was before.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// What it was after.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub action: Option<String>,
    pub actor: Option<String>,
    pub object_id: Option<String>,
}

/// Entries in the scope, newest first, and how many there are.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    filter: &AuditFilter,
    offset: u64,
    limit: u64,
) -> Result<(Vec<AuditEntry>, u64), DbErr> {
    let mut select = Entity::find().filter(within(scope, Column::OrganisationId));
    if let Some(action) = &filter.action {
        select = select.filter(Column::Action.eq(action));
    }
    if let Some(actor) = &filter.actor {
        select = select.filter(Column::Actor.eq(actor));
    }
    if let Some(id) = &filter.object_id {
        select = select.filter(Column::TargetId.eq(id));
    }
    let total = select.clone().count(db).await?;
    let rows = select
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    Ok((rows.into_iter().map(entry).collect(), total))
}

fn entry(row: Model) -> AuditEntry {
    AuditEntry {
        id: row.id,
        at: Timestamp::from_millis(row.at),
        actor_id: row.actor_id.map(OperatorId),
        actor: row.actor,
        action: row.action,
        object_kind: row.target_kind,
        object_id: row.target_id,
        remote_address: row.address,
        request_id: row.request_id,
        before: row.before,
        after: row.after,
    }
}
