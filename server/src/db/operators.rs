//! Operators and their logins.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperatorId, OrganisationId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder,
};
use uuid::Uuid;

use super::Stored;
use super::entity::operator::{ActiveModel, Column, Entity, Model};
use super::entity::{organisation, session};
use super::scope::{Names, count, known, within};
use crate::auth::Scope;
use crate::domain::people::{Named, Operator, Role};

/// A new one.
#[derive(Clone, Debug)]
pub struct NewOperator {
    pub id: OperatorId,
    pub organisation: OrganisationId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password_hash: String,
    pub now: Timestamp,
}

/// Adds one.
pub async fn insert(db: &impl ConnectionTrait, new: &NewOperator) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new.id.0),
        organisation_id: Set(new.organisation.0),
        email: Set(new.email.clone()),
        name: Set(new.name.clone()),
        role: Set(new.role.as_str().into()),
        password_hash: Set(new.password_hash.clone()),
        disabled_at: Set(None),
        last_login_at: Set(None),
        created_at: Set(new.now.as_millis()),
        version: Set(1),
    };
    Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// An operator whose login still stands, and the path of its organisation.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    pub operator: Operator,
    pub path: String,
}

/// Who `id` is, if it is not disabled and the login `session` is not over.
pub async fn logged_in(
    db: &impl ConnectionTrait,
    id: OperatorId,
    session: Uuid,
) -> Result<Option<LoggedIn>, DbErr> {
    let login = session::Entity::find_by_id(session)
        .filter(session::Column::OperatorId.eq(id.0))
        .filter(session::Column::RevokedAt.is_null())
        .one(db)
        .await?;
    if login.is_none() {
        return Ok(None);
    }
    let row = Entity::find_by_id(id.0).filter(Column::DisabledAt.is_null()).one(db).await?;
    match row {
        Some(row) => with_path(db, row).await.map(Some),
        None => Ok(None),
    }
}

/// Who `id` is, if it is not disabled: whoever has something done in their absence.
pub async fn enabled(db: &impl ConnectionTrait, id: OperatorId) -> Result<Option<LoggedIn>, DbErr> {
    let row = Entity::find_by_id(id.0).filter(Column::DisabledAt.is_null()).one(db).await?;
    match row {
        Some(row) => with_path(db, row).await.map(Some),
        None => Ok(None),
    }
}

async fn with_path(db: &impl ConnectionTrait, row: Model) -> Result<LoggedIn, DbErr> {
    let above = organisation::Entity::find_by_id(row.organisation_id)
        .one(db)
        .await?
        .ok_or_else(|| DbErr::RecordNotFound("the operator's organisation".into()))?;
    let named = Named { id: above.id, name: above.name };
    Ok(LoggedIn { operator: operator(row, named)?, path: above.path })
}

/// Someone who wants to log in.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub operator: Operator,
    pub password_hash: String,
}

/// Who has this e-mail address and is not disabled.
pub async fn candidate(db: &impl ConnectionTrait, email: &str) -> Result<Option<Candidate>, DbErr> {
    let row = Entity::find()
        .filter(Column::Email.eq(email))
        .filter(Column::DisabledAt.is_null())
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let password_hash = row.password_hash.clone();
    let operator = with_path(db, row).await?.operator;
    Ok(Some(Candidate { operator, password_hash }))
}

/// Notes that it logged in.
pub async fn mark_login(
    db: &impl ConnectionTrait,
    id: OperatorId,
    now: Timestamp,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastLoginAt, Expr::value(now.as_millis()))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await
        .map(|_| ())
}

/// Those in the scope, by e-mail address.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Operator>, DbErr> {
    let rows = Entity::find()
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Email)
        .all(db)
        .await?;
    let names = Names::organisations(db, rows.iter().map(|row| row.organisation_id)).await?;
    rows.into_iter()
        .map(|row| {
            let organisation = names.named(row.organisation_id);
            operator(row, organisation)
        })
        .collect()
}

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: OperatorId,
) -> Result<Option<Operator>, DbErr> {
    let row =
        Entity::find_by_id(id.0).filter(within(scope, Column::OrganisationId)).one(db).await?;
    match row {
        Some(row) => Ok(Some(with_path(db, row).await?.operator)),
        None => Ok(None),
    }
}

/// What can be changed of an operator.
#[derive(Clone, Debug, Default)]
pub struct OperatorChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub password_hash: Option<String>,
}

/// Changes one, if it is still at the version that was read.
pub async fn update(
    db: &impl ConnectionTrait,
    read: &Operator,
    change: OperatorChange,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    let version = i64::try_from(read.version).unwrap_or(i64::MAX);
    let mut update = Entity::update_many()
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(read.id.0))
        .filter(Column::Version.eq(version));
    if let Some(name) = change.name {
        update = update.col_expr(Column::Name, Expr::value(name));
    }
    if let Some(role) = change.role {
        update = update.col_expr(Column::Role, Expr::value(role.as_str()));
    }
    if let Some(disabled) = change.disabled {
        let at = disabled.then_some(now.as_millis());
        update = update.col_expr(Column::DisabledAt, Expr::value(at));
    }
    if let Some(hash) = change.password_hash {
        update = update.col_expr(Column::PasswordHash, Expr::value(hash));
    }
    Ok(Stored::from_rows(update.exec(db).await?.rows_affected))
}

/// Admins of the organisation that can log in, other than `but`.
pub async fn other_admins(
    db: &impl ConnectionTrait,
    organisation: Uuid,
    but: OperatorId,
) -> Result<u64, DbErr> {
    use sea_orm::PaginatorTrait as _;
    Entity::find()
        .filter(Column::OrganisationId.eq(organisation))
        .filter(Column::Role.eq(Role::Admin.as_str()))
        .filter(Column::DisabledAt.is_null())
        .filter(Column::Id.ne(but.0))
        .count(db)
        .await
}

fn operator(row: Model, organisation: Named) -> Result<Operator, DbErr> {
    Ok(Operator {
        id: OperatorId(row.id),
        email: row.email,
        name: row.name,
        role: known(Role::parse(&row.role), "operator.role", &row.role)?,
        organisation,
        disabled: row.disabled_at.is_some(),
        last_login_at: row.last_login_at.map(Timestamp::from_millis),
        created_at: Timestamp::from_millis(row.created_at),
        version: count(row.version),
    })
}
