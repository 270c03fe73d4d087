//! Why they freeze: what was watched, what it amounts to, and uptimes of before.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use domfleet_shared::component::Component;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::Id;
use super::page::{Asked, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::appliance_list::KEYS;
use crate::db::audit::{self, Change};
use crate::db::imports::{self, NewImport};
use crate::db::{self};
use crate::domain::people::Role;
use crate::domain::reliability::{Comparison, Import, Reliability, TableError, read_table};
use crate::reckoning;

/// The largest table of uptimes.
const TABLE_BYTES: usize = 32 * 1024 * 1024;
/// What chance must not explain, where nothing else is said.
const ALPHA: f64 = 0.01;

pages! {
    /// The tables of uptimes that were brought here.
    Imports { imports: Import }
}

/// Routes that take larger bodies than others.
pub(super) fn with_tables() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_imports, import))
        .layer(DefaultBodyLimit::max(TABLE_BYTES))
}

/// Which component makes appliances freeze, as far as that can be said of what was watched: rates with exact intervals,
/// curves, what cannot be told apart, a model of all components at once, and what that amounts to. Never the
/// cause, always the evidence. It may be a minute old.
#[utoipa::path(
    get, path = "/reliability", tag = "reliability",
    params(
        ("q" = Option<String>, Query, description = "Of the appliances for which this filter holds (docs/filter.md). \
            Uptimes that were brought here count where they are of such an appliance."),
        ("alpha" = Option<f64>, Query, description = "How improbable chance must be, after all components were asked \
            about, before one is named: 0.01 where nothing is said, from 0.0001 to 0.2."),
    ),
    responses((status = 200, description = "What can be said.", body = Reliability))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    mut asked: Asked,
) -> ApiResult<Json<Reliability>> {
    let alpha = match asked.take("alpha") {
        None => ALPHA,
        Some(text) => text
            .parse::<f64>()
            .ok()
            .filter(|alpha| (0.0001..=0.2).contains(alpha))
            .ok_or_else(|| ApiError::invalid("alpha", "a number from 0.0001 to 0.2"))?,
    };
    let filter = asked.window(&KEYS, &["name"], "name")?.filter;
    let found = reckoning::reliability(&app, &caller.scope, &filter, alpha).await?;
    Ok(Json(found.as_ref().clone()))
}

/// Two values of a component beside each other: rates, curves, and what became of appliances that changed from one to the
/// other.
#[utoipa::path(
    get, path = "/reliability/compare", tag = "reliability",
    params(
        ("component" = Component, Query, description = "Of which component."),
        ("a" = String, Query, description = "One value."),
        ("b" = String, Query, description = "The other."),
        ("q" = Option<String>, Query, description = "Of the appliances for which this filter holds."),
    ),
    responses((status = 200, description = "Both.", body = Comparison))
)]
pub(super) async fn compare(
    State(app): State<App>,
    caller: Caller,
    mut asked: Asked,
) -> ApiResult<Json<Comparison>> {
    let mut take = |name: &'static str| {
        asked.take(name).ok_or_else(|| ApiError::invalid(name, "this must be said"))
    };
    let (component, one, other) = (take("component")?, take("a")?, take("b")?);
    let component = match serde_json::from_value(Value::String(component)) {
        Ok(component) if component != Component::Unknown => component,
        _ => return Err(ApiError::invalid("component", "such as qemu_running or disk_format")),
    };
    let filter = asked.window(&KEYS, &["name"], "name")?.filter;
    let what = (component, one, other);
    Ok(Json(reckoning::compare(&app, &caller.scope, &filter, what).await?))
}

/// The tables of uptimes that were brought here, newest first.
#[utoipa::path(
    get, path = "/reliability/imports", tag = "reliability",
    responses((status = 200, description = "All of them.", body = Imports))
)]
pub(super) async fn list_imports(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Imports>> {
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    Ok(Json(Imports::whole(imports::list(app.db.read(), &caller.scope).await?, revision)))
}

/// Brings uptimes of before: CSV with a header and a row for each boot, or for each part of one in which nothing changed. The
/// columns are `appliance`, `exit_days` (the uptime in days), `end` (how it ended, or `running`), `entry_days` (the
/// uptime from which on it was watched), `boot`, and any component such as `xen` or `disk_format`. An appliance of the
/// fleet is known by its name.
#[utoipa::path(
    post, path = "/reliability/imports", tag = "reliability",
    params(("source" = Option<String>, Query, description = "What the table is called.")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, description = "The table.", body = Import))
)]
pub(super) async fn import(
    State(app): State<App>,
    caller: Caller,
    mut asked: Asked,
    body: Bytes,
) -> ApiResult<(StatusCode, Json<Import>)> {
    caller.needs(Role::Operator)?;
    let source = asked.take("source").unwrap_or_else(|| "a table".into());
    if source.trim().is_empty() || source.len() > 200 {
        return Err(ApiError::invalid("source", "a name of at most 200 bytes"));
    }
    asked.nothing_else()?;
    let rows = tokio::task::spawn_blocking(move || read_table(&body))
        .await
        .map_err(|error| ApiError::Internal(error.into()))?
        .map_err(|error: TableError| ApiError::invalid("table", error.to_string()))?;
    let now = app.clock.now();
    let new =
        NewImport { id: Uuid::now_v7(), organisation: caller.organisation_id(), source, rows };
    let txn = app.db.begin().await?;
    imports::insert(&txn, &new, now).await?;
    let change = Change {
        organisation: new.organisation,
        action: "uptimes.import",
        kind: "import",
        id: new.id.to_string(),
        before: None,
        after: Some(json!({ "source": new.source, "rows": new.rows.len() })),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    app.reckoning.forget();
    let appliances: std::collections::BTreeSet<_> =
        new.rows.iter().map(|row| &row.appliance).collect();
    let import = Import {
        id: new.id,
        source: new.source.clone(),
        imported_at: now,
        rows: new.rows.len() as u64,
        appliances: appliances.len() as u64,
    };
    Ok((StatusCode::CREATED, Json(import)))
}

/// Forgets a table of uptimes.
#[utoipa::path(
    delete, path = "/reliability/imports/{id}", tag = "reliability", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn remove_import(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<Uuid>,
) -> ApiResult<StatusCode> {
    caller.needs(Role::Operator)?;
    let txn = app.db.begin().await?;
    let rows = imports::remove(&txn, &caller.scope, id).await?;
    if rows == 0 {
        return Err(ApiError::NotFound("import"));
    }
    let change = Change {
        organisation: caller.organisation_id(),
        action: "uptimes.forget",
        kind: "import",
        id: id.to_string(),
        before: Some(json!({ "rows": rows })),
        after: None,
    };
    audit::record(&txn, &caller.actor(), change, app.clock.now()).await?;
    txn.commit().await?;
    app.reckoning.forget();
    Ok(StatusCode::NO_CONTENT)
}
