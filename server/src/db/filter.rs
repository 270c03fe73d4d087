//! The filter language as conditions, the same in both dialects.

use domfleet_shared::Timestamp;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement};
use sea_orm::{EntityName, EntityTrait, IdenStatic, Iterable};
use uuid::Uuid;

use super::entity::{appliance, organisation};
use crate::domain::filter::{Compares, Filter, Is};

const HOUR_MILLISECONDS: i64 = 60 * 60 * 1000;
const DAY_MILLISECONDS: i64 = 24 * HOUR_MILLISECONDS;

/// Where a key's value is.
pub(super) enum Field {
    /// A column of text; empty text stands for what is not known.
    Text(Expr),
    /// A column of numbers.
    Number(Expr),
    /// A column of numbers that stand for words.
    Word { column: Expr, rank: fn(&str) -> Option<i64> },
    /// A column of ids.
    Id(Expr),
    /// A column with a moment; the key is the whole days since then.
    DaysSince(Expr),
    /// A column with a moment; the key is the whole hours since then.
    HoursSince(Expr),
    /// A column whose being there is the answer.
    Flag(Expr),
    /// A column with the id of a row that has a name.
    Named { id: Expr, table: Box<Named> },
}

impl Field {
    /// A column with the id of an appliance.
    pub(super) fn appliance(id: Expr) -> Self {
        Self::Named { id, table: Named::of::<appliance::Entity>(appliance::Column::Name) }
    }

    /// A column with the id of an organisation.
    pub(super) fn organisation(id: Expr) -> Self {
        Self::Named { id, table: Named::of::<organisation::Entity>(organisation::Column::Name) }
    }
}

/// A table of things that have an id and a name.
pub(super) struct Named {
    select: SelectStatement,
}

impl Named {
    /// The table of `E`, whose columns `id` and `name` are meant.
    pub(super) fn of<E: EntityTrait + EntityName>(name: E::Column) -> Box<Self> {
        let id = E::PrimaryKey::iter().next();
        let mut select = Query::select();
        if let Some(id) = id {
            select.column(sea_orm::sea_query::Alias::new(id.as_str()));
        }
        select.from(E::default()).and_where(Expr::col(name).is_not_null());
        Box::new(Self { select })
    }
}

/// The condition that `filter` is. Keys that `field` does not know hold for nothing: they were
/// refused before.
pub(super) fn condition(
    filter: &Filter,
    name: &Expr,
    field: impl Fn(&str) -> Option<Field>,
    now: Timestamp,
) -> Condition {
    let mut all = Condition::all();
    for term in &filter.terms {
        all = match &term.is {
            Is::Word(word) => all.add(contains(name.clone(), word)),
            Is::Key { key, compares, values } => match field(key) {
                Some(field) => all.add(compare(field, *compares, values, now)),
                None => all.add(never()),
            },
        };
    }
    all
}

/// Holds for nothing.
pub(super) fn never() -> Expr {
    Expr::value(1).eq(0)
}

fn contains(text: Expr, part: &str) -> Expr {
    let part = part.to_ascii_lowercase();
    let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Expr::expr(Func::lower(text)).like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
}

fn any(conditions: impl IntoIterator<Item = Expr>) -> Condition {
    conditions.into_iter().fold(Condition::any(), Condition::add)
}

fn compare(field: Field, compares: Compares, values: &[String], now: Timestamp) -> Condition {
    if compares == Compares::Differs {
        return compare(field, Compares::Equal, values, now).not();
    }
    match field {
        Field::Text(column) => text(column, compares, values),
        Field::Number(column) => any(numbers(values).map(|number| match compares {
            Compares::Less => column.clone().lt(number),
            Compares::Greater => column.clone().gt(number),
            Compares::Equal | Compares::Differs | Compares::Contains => column.clone().eq(number),
        })),
        Field::Word { column, rank } => {
            any(values.iter().filter_map(|word| rank(word)).map(|number| column.clone().eq(number)))
        }
        Field::Id(column) => any(values.iter().map(|id| match id.parse::<Uuid>() {
            Ok(id) => column.clone().is_not_null().and(column.clone().eq(id)),
            Err(_) => never(),
        })),
        Field::DaysSince(column) => {
            any(numbers(values).map(|days| since(&column, compares, days, DAY_MILLISECONDS, now)))
        }
        Field::HoursSince(column) => {
            any(numbers(values)
                .map(|hours| since(&column, compares, hours, HOUR_MILLISECONDS, now)))
        }
        Field::Flag(column) => any(values.iter().map(|value| {
            if value == "yes" { column.clone().is_not_null() } else { column.clone().is_null() }
        })),
        Field::Named { id, table } => named(&id, &table, compares, values),
    }
}

fn numbers(values: &[String]) -> impl Iterator<Item = i64> {
    values.iter().filter_map(|value| value.parse().ok())
}

/// Never unknown, so that its opposite holds for whatever it does not hold for.
fn text(column: Expr, compares: Compares, values: &[String]) -> Condition {
    let column = Expr::expr(Func::coalesce([column, Expr::value("")]));
    if values.is_empty() {
        return Condition::all().add(never());
    }
    if compares == Compares::Contains {
        return any(values.iter().map(|value| contains(column.clone(), value)));
    }
    Condition::all().add(column.is_in(values.iter().map(String::as_str)))
}

fn since(column: &Expr, compares: Compares, number: i64, unit: i64, now: Timestamp) -> Expr {
    let ago = |number: i64| now.as_millis().saturating_sub(number.saturating_mul(unit));
    match compares {
        // The column by itself, so that an index finds it.
        Compares::Less => column.clone().gt(ago(number)),
        Compares::Greater => column.clone().lt(ago(number)),
        // Never unknown, as with `text`.
        Compares::Equal | Compares::Differs | Compares::Contains => {
            let since = Expr::expr(Func::coalesce([column.clone(), Expr::value(i64::MAX)]));
            since.clone().lte(ago(number)).and(since.gt(ago(number.saturating_add(1))))
        }
    }
}

fn named(id: &Expr, table: &Named, compares: Compares, values: &[String]) -> Condition {
    any(values.iter().map(|value| {
        if value.is_empty() {
            return id.clone().is_null();
        }
        let mut select = table.select.clone();
        let name = Expr::col("name");
        select.and_where(match compares {
            Compares::Contains => contains(name, value),
            Compares::Equal | Compares::Differs | Compares::Less | Compares::Greater => {
                name.eq(value.as_str())
            }
        });
        let by_name = id.clone().is_not_null().and(id.clone().in_subquery(select));
        match value.parse::<Uuid>() {
            Ok(value) => by_name.or(id.clone().is_not_null().and(id.clone().eq(value))),
            Err(_) => by_name,
        }
    }))
}
