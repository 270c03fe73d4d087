//! Sites.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{OrganisationId, SiteId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder,
};

use super::Stored;
use super::entity::site::{ActiveModel, Column, Entity, Model};
use super::scope::{count, within};
use crate::auth::Scope;
use crate::domain::people::Site;

/// Adds one. Its `version` is taken for 1.
pub async fn insert(db: &impl ConnectionTrait, site: &Site) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(site.id.0),
        organisation_id: Set(site.organisation_id.0),
        name: Set(site.name.clone()),
        address: Set(site.address.clone()),
        time_zone: Set(site.time_zone.clone()),
        contact: Set(site.contact.clone()),
        created_at: Set(site.created_at.as_millis()),
        version: Set(1),
    };
    Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// Writes `site`, if it is still at the version that was read.
pub async fn update(db: &impl ConnectionTrait, site: &Site) -> Result<Stored, DbErr> {
    let version = i64::try_from(site.version).unwrap_or(i64::MAX);
    let result = Entity::update_many()
        .col_expr(Column::Name, Expr::value(site.name.clone()))
        .col_expr(Column::Address, Expr::value(site.address.clone()))
        .col_expr(Column::TimeZone, Expr::value(site.time_zone.clone()))
        .col_expr(Column::Contact, Expr::value(site.contact.clone()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(site.id.0))
        .filter(Column::Version.eq(version))
        .exec(db)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Those in the scope, by name.
pub async fn list(db: &impl ConnectionTrait, scope: &Scope) -> Result<Vec<Site>, DbErr> {
    let rows = Entity::find()
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(site).collect())
}

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: SiteId,
) -> Result<Option<Site>, DbErr> {
    let row =
        Entity::find_by_id(id.0).filter(within(scope, Column::OrganisationId)).one(db).await?;
    Ok(row.map(site))
}

fn site(row: Model) -> Site {
    Site {
        id: SiteId(row.id),
        organisation_id: OrganisationId(row.organisation_id),
        name: row.name,
        address: row.address,
        time_zone: row.time_zone,
        contact: row.contact,
        created_at: Timestamp::from_millis(row.created_at),
        version: count(row.version),
    }
}
