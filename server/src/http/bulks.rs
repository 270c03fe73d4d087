//! Operations that are asked of many appliances at once.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domfleet_shared::id::{ApplianceId, BulkId, OrganisationId};
use domfleet_shared::operation::{Operation, Priority, Reason};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::operations::{completed, request_key, wait};
use super::page::Asked;
use crate::app::App;
use crate::auth::Caller;
use crate::bulk;
use crate::db::appliance_list::{self, KEYS, Sort, Window};
use crate::db::asking::{self, AskError};
use crate::db::audit::{self, Change};
use crate::db::bulks::{self, NewBulk};
use crate::db::{OnConstraint, appliances};
use crate::domain::admission::{for_one_of_many, settle};
use crate::domain::appliance::Appliance;
use crate::domain::bulk::{ADMITTED, Bulk, BulkResult, REFUSED, confirmation, rank};
use crate::domain::filter;
use crate::domain::operation::Requester;
use crate::domain::people::{Named, Role};

/// So many appliances are asked at once, at most.
const MOST: u64 = 2000;
/// So many can be named one by one.
const MOST_NAMED: usize = 1000;
/// Whoever asks waits so long for answers; the rest is asked after that.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// What is asked of many appliances.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// Which: a filter of appliances (docs/filter.md). Either this or `appliances`.
    #[serde(default)]
    pub filter: Option<String>,
    /// Which: their ids, at most 1000.
    #[serde(default)]
    pub appliances: Option<Vec<ApplianceId>>,
    /// What. A debug bundle needs no id here: each appliance gets one of its own.
    pub operation: Operation,
    /// How many appliances it concerns, in words such as `12 appliances`, where something is ended
    /// or destroyed.
    #[serde(default)]
    pub confirm: Option<String>,
    /// How long it may wait for an appliance; an hour where it is not said.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub expires_in_seconds: Option<u32>,
    /// What of it that waits for an appliance is offered first; after everything else where it is
    /// not said.
    #[serde(default = "bulk_priority")]
    pub priority: Priority,
    /// At most so many appliances, the first by name. Where it is not said, all that match are
    /// meant, and more than 2000 are refused.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2000)]
    pub limit: Option<u64>,
    /// Whether only to say what would be admitted and what refused.
    #[serde(default)]
    pub dry_run: bool,
}

fn bulk_priority() -> Priority {
    Priority::Bulk
}

/// Asks many appliances for something. The answer says which were asked, and which were refused
/// and why; those that it does not say that of are asked soon.
#[utoipa::path(
    post, path = "/operations", tag = "operations", request_body = BulkRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "What you call this request: \
        asked again with the same key, nothing more is asked.")),
    responses(
        (status = 202, description = "They are asked.", body = Bulk),
        (status = 200, description = "What would be asked (`dry_run`).", body = Bulk),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(request): Body<BulkRequest>,
) -> ApiResult<Response> {
    caller.needs(Role::Operator)?;
    let key = request_key(&headers)?;
    if let Some(key) = &key
        && let Some((id, kind)) = bulks::by_request(app.db.read(), caller.id, key).await?
    {
        if kind != request.operation.kind() {
            return Err(ApiError::Conflict(AskError::KeyUsed.to_string()));
        }
        return accepted(&app, &caller, id).await;
    }
    if request.operation == Operation::Unknown {
        return Err(crate::domain::admission::Refusal::UnknownKind.into());
    }
    // What is wrong everywhere is said once.
    settle(request.operation.clone(), None)?;
    let wait = wait(request.expires_in_seconds)?;
    let chosen = choose(&app, &caller, &request).await?;
    if request.dry_run {
        return Ok(Json(try_out(&app, &caller, request, chosen).await?).into_response());
    }
    if let Some(text) = confirmation(request.operation.class(), chosen.len())
        && request.confirm.as_deref() != Some(text.as_str())
    {
        return Err(ApiError::ConfirmRequired(text));
    }
    let now = app.clock.now();
    let id = BulkId::new();
    let new = NewBulk {
        id,
        organisation: caller.organisation_id(),
        actor: caller.actor(),
        operation: completed(&app, request.operation),
        priority: request.priority,
        wait,
        filter: request.filter.unwrap_or_default(),
        request_key: key,
        now,
    };
    let items: Vec<_> =
        chosen.iter().map(|found| (found.id, OrganisationId(found.organisation.id))).collect();
    let txn = app.db.begin().await?;
    let change = Change {
        organisation: new.organisation,
        action: "bulk.create",
        kind: "bulk",
        id: id.to_string(),
        before: None,
        after: Some(json!({
            "operation": new.operation, "filter": new.filter, "appliances": items.len(),
        })),
    };
    audit::record(&txn, &new.actor, change, now).await?;
    bulks::insert(&txn, &new, &items).await.on_constraint("bulk_request_unique", || {
        ApiError::Conflict("the same request is being made already".into())
    })?;
    txn.commit().await?;
    bulk::proceed(&app, id, ANSWERED_WITHIN).await?;
    accepted(&app, &caller, id).await
}

async fn accepted(app: &App, caller: &Caller, id: BulkId) -> ApiResult<Response> {
    let view = bulks::view(app.db.read(), &caller.scope, id, (0, 100), &[]).await?;
    let view = view.ok_or(ApiError::NotFound("bulk"))?;
    let location =
        HeaderValue::from_str(&format!("/api/v1/bulks/{id}")).map_err(anyhow::Error::from)?;
    Ok((StatusCode::ACCEPTED, AppendHeaders([(LOCATION, location)]), Json(view)).into_response())
}

/// The appliances that are meant, by name.
async fn choose(app: &App, caller: &Caller, request: &BulkRequest) -> ApiResult<Vec<Appliance>> {
    let limit = request.limit.unwrap_or(MOST);
    if limit == 0 || limit > MOST {
        return Err(ApiError::invalid("limit", format!("1 to {MOST}")));
    }
    let (mut found, total) = match (&request.filter, &request.appliances) {
        (Some(text), None) => {
            let filter = filter::parse(text)?;
            filter.check(&KEYS)?;
            let sort = Sort { by: "name".into(), descending: false };
            let window = Window { filter, sort, offset: 0, limit };
            let now = app.clock.now();
            appliance_list::list(app.db.read(), &caller.scope, &window, now).await?
        }
        (None, Some(ids)) => {
            let ids: HashSet<ApplianceId> = ids.iter().copied().collect();
            if ids.len() > MOST_NAMED {
                let why = format!("at most {MOST_NAMED}: use a filter for more");
                return Err(ApiError::invalid("appliances", why));
            }
            let wanted: Vec<ApplianceId> = ids.into_iter().collect();
            let found = appliances::by_names(app.db.read(), &caller.scope, &wanted).await?;
            if found.len() < wanted.len() {
                let missing = wanted.len() - found.len();
                return Err(ApiError::invalid("appliances", format!("{missing} are not there")));
            }
            let total = found.len() as u64;
            (found, total)
        }
        _ => return Err(ApiError::invalid("filter", "either filter or appliances is needed")),
    };
    if request.limit.is_none() && total > MOST {
        let why = format!("{total} match, and at most {MOST} are asked at once: set a limit");
        return Err(ApiError::invalid("filter", why));
    }
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    if found.is_empty() {
        return Err(ApiError::invalid("filter", "no appliance matches"));
    }
    Ok(found)
}

/// What would be admitted, as things are.
async fn try_out(
    app: &App,
    caller: &Caller,
    request: BulkRequest,
    chosen: Vec<Appliance>,
) -> ApiResult<Bulk> {
    let mut results = Vec::new();
    let mut counts = BTreeMap::new();
    for appliance in chosen {
        let operation = for_one_of_many(&request.operation);
        let refusal = match asking::would(app.db.read(), &appliance, &operation).await {
            Ok(()) => None,
            Err(AskError::Refused(refusal)) => Some(refusal),
            Err(error) => return Err(error.into()),
        };
        let state = if refusal.is_none() { ADMITTED } else { REFUSED };
        *counts.entry(state.to_owned()).or_insert(0) += 1;
        results.push(BulkResult {
            appliance: Named { id: appliance.id.0, name: appliance.name },
            state: state.into(),
            operation_id: None,
            reason: refusal.as_ref().map(|refusal| Reason {
                code: refusal.code().into(),
                message: refusal.to_string(),
            }),
            what_to_do: refusal.map(|refusal| refusal.what_to_do()),
            progress: None,
        });
    }
    results.sort_by_key(|result| rank(&result.state));
    Ok(Bulk {
        id: None,
        dry_run: true,
        kind: request.operation.kind().into(),
        class: request.operation.class(),
        operation: request.operation,
        priority: request.priority,
        filter: request.filter,
        requested_by: Some(Requester { id: caller.id, email: caller.email.clone() }),
        created_at: app.clock.now(),
        total: results.len() as u64,
        counts,
        done: true,
        results,
        next: None,
    })
}

/// What was asked of many appliances, and what became of it; failures first.
#[utoipa::path(
    get, path = "/bulks/{id}", tag = "operations",
    params(
        ("id" = BulkId, Path),
        ("state" = Option<String>, Query, description = "Only results in this state, or one of \
            several with commas between them."),
        ("limit" = Option<u64>, Query, description = "How many results, at most 500."),
        ("offset" = Option<u64>, Query, description = "How many results are skipped."),
        ("next" = Option<String>, Query, description = "`next` of the page before."),
    ),
    responses((status = 200, description = "How far it is.", body = Bulk))
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BulkId>,
    mut asked: Asked,
) -> ApiResult<Json<Bulk>> {
    let only = asked.take("state").unwrap_or_default();
    let only: Vec<String> =
        only.split(',').filter(|state| !state.is_empty()).map(str::to_owned).collect();
    asked.nothing_else()?;
    let view = bulks::view(app.db.read(), &caller.scope, id, asked.part(), &only).await?;
    view.map(Json).ok_or(ApiError::NotFound("bulk"))
}
