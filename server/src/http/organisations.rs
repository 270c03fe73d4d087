//! Organisations and sites.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domfleet_shared::id::{OrganisationId, SiteId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::appliances::checked_name;
use super::error::{ApiError, ApiResult};
use super::extract::{Body, Id};
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::organisations::{self, NewOrganisation};
use crate::db::{self, OnConstraint, Stored, sites};
use crate::domain::people::{Organisation, OrganisationKind, Role, Site};
use crate::domain::zone::Zone;

pages! {
    /// The organisations.
    Organisations { organisations: Organisation }
    /// The sites.
    Sites { sites: Site }
}

/// A new organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRequest {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// The one above; the caller's own where it is not said.
    #[serde(default)]
    pub parent_id: Option<OrganisationId>,
}

/// A new site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteRequest {
    /// Whose; the caller's own organisation where it is not said.
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// Its name.
    pub name: String,
    /// Where it is.
    #[serde(default)]
    pub address: String,
    /// Its time zone, such as `Europe/Vienna`; `UTC` where it is not said.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whom to call.
    #[serde(default)]
    pub contact: String,
}

/// What is to be changed of a site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SitePatch {
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub address: Option<String>,
    /// Its time zone.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whom to call.
    #[serde(default)]
    pub contact: Option<String>,
}

/// The caller's organisation and all below, parents before children.
#[utoipa::path(
    get, path = "/organisations", tag = "organisations", params(PageParams),
    responses((status = 200, description = "All of them.", body = Organisations))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Organisations>> {
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = organisations::list(app.db.read(), &caller.scope).await?;
    Ok(Json(Organisations::whole(rows, revision)))
}

/// Makes an organisation below one that the caller can see.
#[utoipa::path(
    post, path = "/organisations", tag = "organisations", request_body = OrganisationRequest,
    responses((status = 201, description = "The organisation.", body = Organisation))
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<OrganisationRequest>,
) -> ApiResult<(StatusCode, Json<Organisation>)> {
    caller.needs(Role::Admin)?;
    let name = checked_name(&request.name)?;
    let now = app.clock.now();
    let parent = request.parent_id.unwrap_or(caller.organisation_id());
    let txn = app.db.begin().await?;
    let (_, parent_path) = organisations::find(&txn, &caller.scope, parent)
        .await?
        .ok_or_else(|| ApiError::invalid("parent_id", "there is no such organisation"))?;
    let new = NewOrganisation {
        id: OrganisationId::new(),
        parent: Some(parent),
        parent_path,
        kind: request.kind,
        name: name.clone(),
        now,
    };
    organisations::insert(&txn, &new)
        .await
        .on_constraint("organisation_name_unique", || ApiError::Taken("name", name))?;
    let change = Change {
        // Of the one above: who that is, is not the new one's business.
        organisation: parent,
        action: "organisation.create",
        kind: "organisation",
        id: new.id.to_string(),
        before: None,
        after: Some(json!({ "name": new.name, "kind": new.kind, "parent_id": parent })),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    let (view, _) = organisations::find(&txn, &caller.scope, new.id)
        .await?
        .ok_or(ApiError::NotFound("organisation"))?;
    txn.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// The sites, by name.
#[utoipa::path(
    get, path = "/sites", tag = "organisations", params(PageParams),
    responses((status = 200, description = "All of them.", body = Sites))
)]
pub(super) async fn list_sites(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<Sites>> {
    asked.nothing_else()?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = sites::list(app.db.read(), &caller.scope).await?;
    Ok(Json(Sites::whole(rows, revision)))
}

/// Makes a site.
#[utoipa::path(
    post, path = "/sites", tag = "organisations", request_body = SiteRequest,
    responses((status = 201, description = "The site.", body = Site))
)]
pub(super) async fn create_site(
    State(app): State<App>,
    caller: Caller,
    Body(request): Body<SiteRequest>,
) -> ApiResult<(StatusCode, Json<Site>)> {
    caller.needs(Role::Admin)?;
    let now = app.clock.now();
    let site = Site {
        id: SiteId::new(),
        organisation_id: request.organisation_id.unwrap_or(caller.organisation_id()),
        name: checked_name(&request.name)?,
        address: checked_text("address", request.address)?,
        time_zone: checked_zone(request.time_zone.unwrap_or_else(|| "UTC".into()))?,
        contact: checked_text("contact", request.contact)?,
        created_at: now,
        version: 1,
    };
    let txn = app.db.begin().await?;
    if organisations::find(&txn, &caller.scope, site.organisation_id).await?.is_none() {
        return Err(ApiError::invalid("organisation_id", "there is no such organisation"));
    }
    sites::insert(&txn, &site)
        .await
        .on_constraint("site_name_unique", || ApiError::Taken("name", site.name.clone()))?;
    let change = Change {
        organisation: site.organisation_id,
        action: "site.create",
        kind: "site",
        id: site.id.to_string(),
        before: None,
        after: Some(json!(site)),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    Ok((StatusCode::CREATED, Json(site)))
}

/// Changes a site.
#[utoipa::path(
    patch, path = "/sites/{id}", tag = "organisations", params(("id" = SiteId, Path)),
    request_body = SitePatch,
    responses((status = 200, description = "The site as it is now.", body = Site))
)]
pub(super) async fn update_site(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SiteId>,
    Body(patch): Body<SitePatch>,
) -> ApiResult<Json<Site>> {
    caller.needs(Role::Admin)?;
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let before = sites::find(&txn, &caller.scope, id).await?.ok_or(ApiError::NotFound("site"))?;
    let mut site = before.clone();
    if let Some(name) = patch.name {
        site.name = checked_name(&name)?;
    }
    if let Some(address) = patch.address {
        site.address = checked_text("address", address)?;
    }
    if let Some(zone) = patch.time_zone {
        site.time_zone = checked_zone(zone)?;
    }
    if let Some(contact) = patch.contact {
        site.contact = checked_text("contact", contact)?;
    }
    let stored = sites::update(&txn, &site)
        .await
        .on_constraint("site_name_unique", || ApiError::Taken("name", site.name.clone()))?;
    if stored == Stored::Stale {
        return Err(ApiError::Conflict("the site has just changed".into()));
    }
    site.version += 1;
    let change = Change {
        organisation: site.organisation_id,
        action: "site.change",
        kind: "site",
        id: id.to_string(),
        before: Some(json!(before)),
        after: Some(json!(site)),
    };
    audit::record(&txn, &caller.actor(), change, now).await?;
    txn.commit().await?;
    Ok(Json(site))
}

fn checked_text(field: &'static str, text: String) -> ApiResult<String> {
    if text.len() <= 2000 {
        Ok(text)
    } else {
        Err(ApiError::invalid(field, "at most 2000 letters"))
    }
}

/// A name in the IANA database.
fn checked_zone(zone: String) -> ApiResult<String> {
    let fits = zone.len() <= 64 && Zone::named(&zone).is_some();
    let message = "a name such as Europe/Vienna";
    if fits { Ok(zone) } else { Err(ApiError::invalid("time_zone", message)) }
}
