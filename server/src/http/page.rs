//! Parts of tables: how one is asked for, in the same way for each.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::ApiError;
use super::extract::Params;
use crate::db::appliance_list::{Sort, Window};
use crate::domain::cursor::offset_of;
use crate::domain::filter::{self, Filter, Holds, Key};

/// How many rows there are where nothing is said, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 500;

/// What every table takes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the OpenAPI document what `Asked` reads")]
pub struct PageParams {
    /// How many rows, at most 500.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u64>,
    /// How many rows are skipped.
    #[param(minimum = 0, default = 0)]
    offset: Option<u64>,
    /// The column to sort by; after a hyphen, the other way round.
    sort: Option<String>,
    /// A filter (docs/filter.md).
    q: Option<String>,
    /// `next` of the page before; goes on from there.
    next: Option<String>,
}

/// The query of a table, before it is known which.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    limit: Option<u64>,
    offset: Option<u64>,
    sort: Option<String>,
    q: String,
    rest: Vec<(String, String)>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(pairs) =
            Params::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        let mut asked = Self::default();
        let number = |name, value: &str| {
            value.parse::<u64>().map_err(|_| ApiError::invalid(name, "this must be a number"))
        };
        for (name, value) in pairs {
            match name.as_str() {
                "limit" => asked.limit = Some(number("limit", &value)?),
                "offset" => asked.offset = Some(number("offset", &value)?),
                "next" => {
                    let offset = offset_of(&value)
                        .ok_or_else(|| ApiError::invalid("next", "this is no cursor of ours"))?;
                    asked.offset = Some(offset);
                }
                "sort" => asked.sort = Some(value),
                "q" => asked.q = value,
                _ => asked.rest.push((name, value)),
            }
        }
        Ok(asked)
    }
}

impl Asked {
    /// The part of a table with these keys and columns. The first column sorts where nothing else
    /// is said; after a hyphen, the other way round.
    pub fn window(self, keys: &[Key], sorts: &[&str], usual: &str) -> Result<Window, ApiError> {
        let mut filter = filter::parse(&self.q)?;
        for (name, value) in &self.rest {
            add(&mut filter, keys, name, value);
        }
        filter.check(keys)?;
        let sort = self.sort.unwrap_or_else(|| usual.to_owned());
        let (by, descending) = match sort.strip_prefix('-') {
            Some(by) => (by, true),
            None => (sort.as_str(), false),
        };
        if !sorts.contains(&by) {
            return Err(ApiError::invalid("sort", format!("one of {}", sorts.join(", "))));
        }
        Ok(Window {
            filter,
            sort: Sort { by: by.to_owned(), descending },
            offset: self.offset.unwrap_or(0).min(i64::MAX.unsigned_abs()),
            limit: self.limit.unwrap_or(USUAL).clamp(1, MOST),
        })
    }

    /// Where and how much, for tables without a filter.
    pub fn part(&self) -> (u64, u64) {
        let offset = self.offset.unwrap_or(0).min(i64::MAX.unsigned_abs());
        (offset, self.limit.unwrap_or(USUAL).clamp(1, MOST))
    }

    /// The value of a parameter that only this table has.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.rest.iter().position(|(found, _)| found == name)?;
        Some(self.rest.swap_remove(at).1)
    }

    /// Refuses parameters that nobody took.
    pub fn nothing_else(&self) -> Result<(), ApiError> {
        match self.rest.first() {
            Some((name, _)) => Err(ApiError::Malformed(format!("there is no parameter {name:?}"))),
            None => Ok(()),
        }
    }
}

/// `presence=online` says what `q=presence=online` says. Only words are told apart by commas:
/// names may have some.
fn add(filter: &mut Filter, keys: &[Key], name: &str, value: &str) {
    let words =
        keys.iter().any(|key| key.name == name && !matches!(key.holds, Holds::Name | Holds::Text));
    let values =
        if words { value.split(',').map(str::to_owned).collect() } else { vec![value.to_owned()] };
    filter.and(name, values);
}

/// A page of a table, with the name that its rows have.
macro_rules! pages {
    ($($(#[$doc:meta])* $page:ident { $rows:ident: $row:ty })+) => {$(
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub struct $page {
            /// The rows.
            pub $rows: Vec<$row>,
            /// How many there are in all.
            pub total: u64,
            /// What to send as `next` to go on; nothing at the end.
            pub next: Option<String>,
            /// Rises with every change of anything.
            pub revision: u64,
        }

        impl $page {
            /// The rows from `offset` on, of `total`.
            pub fn new(offset: u64, ($rows, total): (Vec<$row>, u64), revision: u64) -> Self {
                let next = $crate::domain::cursor::next(offset, $rows.len(), total);
                Self { $rows, total, next, revision }
            }

            /// All there is.
            #[allow(dead_code, reason = "not every table is short")]
            pub fn whole($rows: Vec<$row>, revision: u64) -> Self {
                let total = u64::try_from($rows.len()).unwrap_or(u64::MAX);
                Self { $rows, total, next: None, revision }
            }
        }
    )+};
}
pub(crate) use pages;
