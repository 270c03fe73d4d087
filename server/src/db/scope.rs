//! A scope as a condition, and names of what ids stand for.

use std::collections::HashMap;

use sea_orm::sea_query::{Query, SimpleExpr};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::entity::{appliance, operator, organisation, site};
use crate::auth::Scope;
use crate::domain::people::Named;

/// Rows whose organisation, in `column`, is in the scope.
pub(super) fn within<C: ColumnTrait>(scope: &Scope, column: C) -> SimpleExpr {
    column.in_subquery(
        Query::select()
            .column(organisation::Column::Id)
            .from(organisation::Entity)
            // Paths are of hexadecimal digits, hyphens and slashes: nothing to escape.
            .and_where(organisation::Column::Path.like(format!("{}%", scope.path())))
            .to_owned(),
    )
}

/// Names by id.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<Uuid, String>);

impl Names {
    pub(super) async fn organisations(
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, DbErr> {
        let select = organisation::Entity::find()
            .select_only()
            .columns([organisation::Column::Id, organisation::Column::Name]);
        Self::read(db, select, organisation::Column::Id, ids).await
    }

    pub(super) async fn sites(
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, DbErr> {
        let select =
            site::Entity::find().select_only().columns([site::Column::Id, site::Column::Name]);
        Self::read(db, select, site::Column::Id, ids).await
    }

    pub(super) async fn appliances(
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, DbErr> {
        let select = appliance::Entity::find()
            .select_only()
            .columns([appliance::Column::Id, appliance::Column::Name]);
        Self::read(db, select, appliance::Column::Id, ids).await
    }

    /// E-mail addresses.
    pub(super) async fn operators(
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, DbErr> {
        let select = operator::Entity::find()
            .select_only()
            .columns([operator::Column::Id, operator::Column::Email]);
        Self::read(db, select, operator::Column::Id, ids).await
    }

    async fn read<E: EntityTrait, C: ColumnTrait>(
        db: &impl ConnectionTrait,
        select: Select<E>,
        id: C,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, DbErr> {
        let mut ids: Vec<Uuid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let rows = select.filter(id.is_in(ids)).into_tuple::<(Uuid, String)>().all(db).await?;
        Ok(Self(rows.into_iter().collect()))
    }

    pub(super) fn text(&self, id: Uuid) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn named(&self, id: Uuid) -> Named {
        Named { id, name: self.text(id) }
    }
}

/// A word of the database that this build must know.
pub(super) fn known<T>(parsed: Option<T>, column: &str, word: &str) -> Result<T, DbErr> {
    parsed.ok_or_else(|| {
        DbErr::Custom(format!("{column} holds {word:?}, which this build does not know"))
    })
}

/// A version, or another count that is never negative.
pub(super) fn count(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(0)
}
