//! Backup sets: the table.

use axum::Json;
use axum::extract::State;
use domfleet_shared::backup_key::KeyId;
use domfleet_shared::id::{ApplianceId, DriveId, SetId};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use super::extract::Id;
use super::page::{Asked, PageParams, pages};
use crate::app::App;
use crate::auth::Caller;
use crate::db::audit::{self, Change};
use crate::db::backup_sets::{KEYS, SORTS};
use crate::db::{self, backup_sets};
use crate::domain::backup_set::{BackupSet, SetState};
use crate::domain::people::Role;

pages! {
    /// A part of the table of backup sets.
    BackupSets { sets: BackupSet }
}

/// The table of backup sets, as the appliances last told of them. Ask for `backup_list` to have what
/// is on a drive told anew.
#[utoipa::path(
    get, path = "/backup-sets", tag = "backups",
    params(
        PageParams,
        ("appliance" = Option<ApplianceId>, Query, description = "Of this appliance."),
        ("drive" = Option<DriveId>, Query, description = "On this drive."),
        ("state" = Option<SetState>, Query, description = "In this state, or one of several with \
            commas between them."),
    ),
    responses((status = 200, description = "The part that was asked for.", body = BackupSets))
)]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Asked,
) -> ApiResult<Json<BackupSets>> {
    let window = asked.window(&KEYS, &SORTS, "-created_at")?;
    let revision = db::events::newest(app.db.read()).await?;
    let rows = backup_sets::list(app.db.read(), &caller.scope, &window, app.clock.now()).await?;
    Ok(Json(BackupSets::new(window.offset, rows, revision)))
}

/// The key of an encrypted backup set.
#[derive(Serialize, ToSchema)]
pub(super) struct SetKey {
    /// Which it is.
    id: KeyId,
    /// The key itself, as a line of the file that `domfleet-agent backup --key FILE` takes. Whoever has it
    /// can read the set.
    key: String,
}

/// Gives the key of an encrypted backup set away, for work on site without a server and for safekeeping.
/// It is put on record who asked.
#[utoipa::path(
    post, path = "/backup-sets/{id}/key", tag = "backups", params(("id" = SetId, Path)),
    responses((status = 200, description = "The key.", body = SetKey))
)]
pub(super) async fn key(
    State(app): State<App>,
    caller: Caller,
    Id(set): Id<SetId>,
) -> ApiResult<Json<SetKey>> {
    caller.needs(Role::Admin)?;
    let found = backup_sets::key_of(app.db.read(), &caller.scope, set).await?;
    let (organisation, name) = found.ok_or(ApiError::NotFound("encrypted backup set"))?;
    let salt = name.salt.ok_or_else(|| {
        let why = "its key was made on site: whoever made it has it in a file";
        ApiError::Conflict(format!("the server does not have the key {}; {why}", name.id))
    })?;
    let key = app.set_keys.key(organisation, salt);
    if key.id() != name.id {
        let why = "it was made by another server, or before keys/backup-sets.key was lost";
        return Err(ApiError::Conflict(format!("the key {} is not here: {why}", name.id)));
    }
    let txn = app.db.begin().await?;
    let change = Change {
        organisation,
        action: "backup_set.key",
        kind: "backup_set",
        id: set.to_string(),
        before: None,
        after: Some(json!({ "key_id": name.id })),
    };
    audit::record(&txn, &caller.actor(), change, app.clock.now()).await?;
    txn.commit().await?;
    Ok(Json(SetKey { id: name.id, key: key.to_text() }))
}
