//! What an appliance has reported: VMs, storage, boots, drives, mitigations.

use axum::Json;
use axum::extract::State;
use domfleet_shared::Timestamp;
use domfleet_shared::boot::Boot;
use domfleet_shared::id::ApplianceId;
use domfleet_shared::inventory::{Section, Storage, Vm, Volume, VolumeGroup};
use domfleet_shared::mitigation::MitigationStanding;
use domfleet_shared::usb::UsbDrive;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::Id;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::boots::BootInEpoch;
use crate::db::{self, appliances, boots, reported, watched};
use crate::domain::history::{self, ComponentSpan};
use crate::domain::mitigation_effect::{self, MitigationEffect};

/// The VMs of an appliance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Vms {
    /// By UUID.
    pub vms: Vec<Vm>,
    /// When the appliance reported them; nothing where it has not.
    pub at: Option<Timestamp>,
}

/// The storage of an appliance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = VolumesView)]
pub struct Volumes {
    /// By name.
    pub volume_groups: Vec<VolumeGroup>,
    /// By volume group and name.
    pub volumes: Vec<Volume>,
    /// When the appliance reported them; nothing where it has not.
    pub at: Option<Timestamp>,
}

/// The USB drives of an appliance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct UsbDrives {
    /// Those that are plugged in, by their device.
    pub drives: Vec<UsbDrive>,
    /// When the appliance reported them; nothing where it has not.
    pub at: Option<Timestamp>,
}

/// What an appliance was made of, and when.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ComponentHistory {
    /// By component and VM, newest first.
    pub spans: Vec<ComponentSpan>,
}

/// A history of more boots than that is told of the newest.
const BOOTS: u64 = 2000;

/// How the mitigations of an appliance stand.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Mitigations {
    /// In the order in which they are applied.
    pub mitigations: Vec<MitigationStanding>,
    /// When the appliance reported them; nothing where it has not.
    pub at: Option<Timestamp>,
}

/// What mitigations did for an appliance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MitigationEffects {
    /// In the order in which they are applied.
    pub effects: Vec<MitigationEffect>,
}

pages! {
    /// A part of the list of boots.
    Boots { boots: BootInEpoch }
}

/// The VMs of an appliance, as it last reported them.
#[utoipa::path(
    get, path = "/appliances/{id}/vms", tag = "appliances", params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "Its VMs.", body = Vms))
)]
pub(super) async fn vms(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<Vms>> {
    check(&app, &caller, id).await?;
    let found = reported::section::<Vec<Vm>>(app.db.read(), id, Section::Vms).await?;
    let at = found.as_ref().map(|found| found.at);
    Ok(Json(Vms { vms: found.map(|found| found.content).unwrap_or_default(), at }))
}

/// The volume groups and volumes of an appliance, as it last reported them.
#[utoipa::path(
    get, path = "/appliances/{id}/volumes", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "Its storage.", body = Volumes))
)]
pub(super) async fn volumes(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<Volumes>> {
    check(&app, &caller, id).await?;
    let found = reported::section::<Storage>(app.db.read(), id, Section::Storage).await?;
    let at = found.as_ref().map(|found| found.at);
    let Storage { volume_groups, volumes } = found.map(|found| found.content).unwrap_or_default();
    Ok(Json(Volumes { volume_groups, volumes, at }))
}

/// The USB drives that are plugged into an appliance, as it last reported them.
#[utoipa::path(
    get, path = "/appliances/{id}/usb-drives", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "Its drives.", body = UsbDrives))
)]
pub(super) async fn usb_drives(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<UsbDrives>> {
    check(&app, &caller, id).await?;
    let found = reported::section::<Vec<UsbDrive>>(app.db.read(), id, Section::Usb).await?;
    let at = found.as_ref().map(|found| found.at);
    Ok(Json(UsbDrives { drives: found.map(|found| found.content).unwrap_or_default(), at }))
}

/// How the mitigations of an appliance stand, as it last reported it: in its files, and in the kernel
/// that runs.
#[utoipa::path(
    get, path = "/appliances/{id}/mitigations", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "Its mitigations.", body = Mitigations))
)]
pub(super) async fn mitigations(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<Mitigations>> {
    check(&app, &caller, id).await?;
    let section = Section::Mitigations;
    let found = reported::section::<Vec<MitigationStanding>>(app.db.read(), id, section).await?;
    let at = found.as_ref().map(|found| found.at);
    Ok(Json(Mitigations { mitigations: found.map(|found| found.content).unwrap_or_default(), at }))
}

/// How often an appliance died before each mitigation was first in force on it, and since: it beside itself, by what its
/// boots tell of swap, scheduler and overcommit, whoever changed them. Mitigations that never were in force are
/// not there.
#[utoipa::path(
    get, path = "/appliances/{id}/mitigations/effect", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "Before and after, and what may be said of it.", body = MitigationEffects))
)]
pub(super) async fn mitigation_effect(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<MitigationEffects>> {
    check(&app, &caller, id).await?;
    let intervals = watched::of_appliance(app.db.read(), id).await?;
    Ok(Json(MitigationEffects { effects: mitigation_effect::effects(&intervals) }))
}

/// The runs of dom0 of an appliance through all epochs, newest first.
#[utoipa::path(
    get, path = "/appliances/{id}/boots", tag = "appliances",
    params(("id" = ApplianceId, Path), PageParams),
    responses((status = 200, description = "Its boots.", body = Boots))
)]
pub(super) async fn boots(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
    asked: Asked,
) -> ApiResult<Json<Boots>> {
    check(&app, &caller, id).await?;
    asked.nothing_else()?;
    let (offset, limit) = asked.part();
    let revision = db::events::newest(app.db.read()).await?;
    let rows = boots::list(app.db.read(), id, offset, limit).await?;
    Ok(Json(Boots::new(offset, rows, revision)))
}

/// What an appliance was made of, and when, as far as its boots are known here: by component and VM, newest first.
#[utoipa::path(
    get, path = "/appliances/{id}/components", tag = "appliances",
    params(("id" = ApplianceId, Path)),
    responses((status = 200, description = "Its history.", body = ComponentHistory))
)]
pub(super) async fn components(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApplianceId>,
) -> ApiResult<Json<ComponentHistory>> {
    check(&app, &caller, id).await?;
    let (boots, _) = boots::list(app.db.read(), id, 0, BOOTS).await?;
    let boots: Vec<Boot> = boots.into_iter().rev().map(|found| found.boot).collect();
    Ok(Json(ComponentHistory { spans: history::spans(&boots) }))
}

async fn check(app: &App, caller: &Caller, id: ApplianceId) -> ApiResult<()> {
    let found = appliances::find(app.db.read(), &caller.scope, id).await?;
    found.map(|_| ()).ok_or(ApiError::NotFound("appliance"))
}
