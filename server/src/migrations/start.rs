//! Starting one.

use domfleet_shared::id::{ApplianceId, MigrationId, OperationId};
use domfleet_shared::inventory::{Section, Vm};
use domfleet_shared::migration::preflight::Report;
use domfleet_shared::operation::OperationState;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::Failed;
use crate::app::App;
use crate::auth::Scope;
use crate::db::audit::{self, Actor, Change};
use crate::db::{
    OnConstraint, appliances, migrations, operations, reported, server_state, welcome,
};
use crate::domain::admission::Refusal;
use crate::domain::appliance::{Appliance, ApplianceState};
use crate::domain::migration::change::Refused;
use crate::domain::migration::start::{self, Asked, Ground, Planned};
use crate::domain::migration::view::MigrationPhase;
use crate::domain::migration::{Standing, Story, Wanted};

/// An older preflight says too little of what is there now.
const FRESH: std::time::Duration = std::time::Duration::from_hours(14 * 24);

/// Starts one, if nothing is in the way. In one transaction, which holds the appliance's row.
pub async fn start(
    app: &App,
    scope: &Scope,
    actor: &Actor,
    asked: &Asked,
) -> Result<MigrationId, Failed> {
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let (appliance, organisation) = appliances::lock(&txn, scope, asked.appliance)
        .await?
        .ok_or(Failed::NotFound("appliance"))?;
    admitted(&txn, &appliance).await?;
    let preflight = preflight(app, &txn, scope, &appliance, asked.preflight).await?;
    let guest = welcome::guest(&txn, appliance.id).await?.ok_or(Failed::NotFound("appliance"))?;
    let vms = reported::section::<Vec<Vm>>(&txn, appliance.id, Section::Vms).await?;
    let ground = Ground {
        preflight: &preflight,
        vms: vms.as_ref().map(|vms| vms.content.as_slice()),
        epoch: guest.epoch,
        fingerprint: &guest.known.fingerprint,
        by: &actor.name,
        now,
    };
    let Planned { plan, drive, second_drive } = start::plan(asked, &ground)?;
    let id = plan.migration;
    let story = Story::of(&plan, &[]).ok_or_else(|| anyhow::anyhow!("a plan that is none"))?;
    let standing = Standing {
        id,
        organisation,
        appliance: appliance.id,
        drive: Some(drive),
        wanted: Wanted { second_drive, ..Wanted::default() },
        revision: 1,
        records: 0,
        chain: None,
        phase: MigrationPhase::Preflight,
        now: None,
        started_by: Some(actor.name.clone()),
        started_at: now,
        changed_at: now,
        heard_at: None,
        ended_at: None,
        version: 1,
        plan,
    };
    let inserted = migrations::insert(&txn, &standing, &story, Some(asked.preflight)).await;
    inserted.on_constraint("migration_open_once", || Failed::Refused(another(None)))?;
    let change = Change {
        organisation,
        action: "migration.start",
        kind: "migration",
        id: id.to_string(),
        before: None,
        after: Some(json!({
            "appliance_id": appliance.id, "drive": drive, "second_drive": second_drive,
            "preflight": asked.preflight,
            "plan": standing.plan,
        })),
    };
    audit::record(&txn, actor, change, now).await?;
    migrations::changed(&txn, &standing, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    app.bus.migrations.wake();
    Ok(id)
}

fn another(id: Option<MigrationId>) -> Refused {
    let todo = match id {
        Some(id) => format!("Wait until migration {id} has ended, or cancel it."),
        None => "Wait until it has ended, or cancel it.".into(),
    };
    Refused::now("migration_open", "another migration of the appliance is under way", todo)
}

/// Whether anything may be asked of the appliance that changes it.
async fn admitted(txn: &impl ConnectionTrait, appliance: &Appliance) -> Result<(), Failed> {
    if server_state::is_held(txn).await? {
        return Err(Refusal::Held.into());
    }
    if appliance.state != ApplianceState::Accepted {
        return Err(Refusal::NotAccepted(appliance.state).into());
    }
    if let Some(reason) = &appliance.read_only {
        return Err(Refusal::ReadOnly(reason.clone()).into());
    }
    if let Some((id, _)) = migrations::open_of(txn, appliance.id).await? {
        return Err(another(Some(id)).into());
    }
    if let Some(held) = operations::locks(txn, appliance.id).await?.into_iter().next() {
        let lock = held.lock.to_string();
        return Err(Refusal::Locked { lock, holder: held.holder, kind: held.kind }.into());
    }
    Ok(())
}

/// The report of a preflight that says how the appliance is now.
async fn preflight(
    app: &App,
    txn: &impl ConnectionTrait,
    scope: &Scope,
    appliance: &Appliance,
    id: OperationId,
) -> Result<Report, Failed> {
    let refuse = |title: &str| {
        let todo = "Run a preflight of the appliance (migration_preflight), and start from that.";
        Failed::Refused(Refused::request("no_preflight", title, todo))
    };
    let found = operations::find(txn, scope, id).await?;
    let found = found.ok_or_else(|| refuse("there is no such preflight"))?;
    if found.kind != "migration_preflight" || ApplianceId(found.appliance.id) != appliance.id {
        return Err(refuse("the operation is no preflight of this appliance"));
    }
    if found.state != OperationState::Succeeded {
        return Err(refuse("the preflight has not succeeded"));
    }
    let ended = found.ended_at.unwrap_or(found.created_at);
    if found.epoch != appliance.epoch || app.clock.now().since(ended) > FRESH {
        return Err(refuse("the preflight is of another time: two weeks, or an epoch ago"));
    }
    let report = found.result.and_then(|result| serde_json::from_value(result).ok());
    report.ok_or_else(|| refuse("what the preflight said cannot be understood"))
}
