//! Asking an appliance for something: admitted and queued in one transaction that holds the
//! appliance's row. Who asks by hand and who asks many at once go this way.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{
    ApplianceId, BulkId, BundleId, MigrationId, OperationId, OperatorId, OrganisationId,
};
use domfleet_shared::inventory::{Section, Storage, Vm};
use domfleet_shared::operation::{Operation, Priority};
use domfleet_shared::usb::UsbDrive;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use serde_json::json;

use super::audit::{self, Actor, Change};
use super::entity::operation::{Column, Entity};
use super::operations::{self, NewOperation};
use super::{OnConstraint, backup_sets, bundles, migrations, reported, server_state};
use crate::domain::admission::{self, Backup, Consent, Held, Refusal, Situation, Window, settle};
use crate::domain::appliance::Appliance;
use crate::domain::bundle::BundleTrigger;
use crate::domain::set_keys::SetKeys;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub operation: Operation,
    pub confirm: Confirmed,
    /// How long it may wait for the appliance.
    pub wait: Duration,
    pub priority: Priority,
    /// Why, where debug files are asked for.
    pub note: Option<String>,
    pub bulk: Option<BulkId>,
    /// What whoever asks has called the request.
    pub request_key: Option<String>,
    pub keep_bundles: Duration,
    pub set_keys: SetKeys,
}

/// That a person means it.
#[derive(Clone, Debug)]
pub enum Confirmed {
    /// They typed this, or nothing.
    Typed(Option<String>),
    /// They confirmed it for all that it is asked of.
    ForAll,
}

/// Why nothing is asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It is not admitted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another was faster.
    #[error("another operation has just taken the same lock")]
    Race,
    /// The request was made before.
    #[error("the request was made before")]
    Again(OperationId),
    /// The request's key was used for something else.
    #[error("the key of the request was used for something else")]
    KeyUsed,
    /// The database.
    #[error("the database failed")]
    Db(#[from] DbErr),
}

/// What an admission looks at, as it is now.
struct Looked {
    vms: Option<Vec<Vm>>,
    storage: Option<Storage>,
    usb: Option<Vec<UsbDrive>>,
    backups: Vec<Backup>,
    locks: Vec<Held>,
    migration: Option<(MigrationId, String)>,
    unfinished: usize,
    held: bool,
}

impl Looked {
    async fn at(
        db: &impl ConnectionTrait,
        appliance: ApplianceId,
        operation: &Operation,
    ) -> Result<Self, DbErr> {
        let vms = reported::section::<Vec<Vm>>(db, appliance, Section::Vms).await?;
        let storage = reported::section::<Storage>(db, appliance, Section::Storage).await?;
        let usb = reported::section::<Vec<UsbDrive>>(db, appliance, Section::Usb).await?;
        Ok(Self {
            usb: usb.map(|found| found.content),
            vms: vms.map(|found| found.content),
            storage: storage.map(|found| found.content),
            // Nothing else asks for them, and they are many documents.
            backups: match operation {
                Operation::StressRun(_) => backup_sets::of_vms(db, appliance).await?,
                _ => Vec::new(),
            },
            locks: operations::locks(db, appliance).await?,
            migration: migrations::open_of(db, appliance).await?,
            unfinished: operations::count_unfinished(db, appliance).await?,
            held: server_state::is_held(db).await?,
        })
    }

    fn situation<'a>(&'a self, appliance: &'a Appliance) -> Situation<'a> {
        Situation {
            name: &appliance.name,
            state: appliance.state,
            read_only: appliance.read_only.as_deref(),
            held: self.held,
            vms: self.vms.as_deref(),
            storage: self.storage.as_ref(),
            usb: self.usb.as_deref(),
            backups: &self.backups,
            locks: &self.locks,
            migration: self.migration.as_ref().map(|(id, phase)| (*id, phase.as_str())),
            unfinished: self.unfinished,
            window: Window::Open,
            consent: Consent::Given,
        }
    }
}

/// Whether it would be admitted as things are. Changes nothing.
pub async fn would(
    db: &impl ConnectionTrait,
    appliance: &Appliance,
    operation: &Operation,
) -> Result<(), AskError> {
    let looked = Looked::at(db, appliance.id, operation).await?;
    let operation = settle(operation.clone(), looked.vms.as_deref())?;
    let situation = looked.situation(appliance);
    let confirm = admission::confirmation(&operation, &situation);
    admission::admit(&operation, confirm.as_deref(), &situation)?;
    Ok(())
}

/// Asks `appliance`, whose row the transaction holds. Where it is refused, nothing is written.
pub async fn ask(
    txn: &impl ConnectionTrait,
    actor: &Actor,
    (appliance, organisation): (&Appliance, OrganisationId),
    wanted: Wanted,
    now: Timestamp,
) -> Result<OperationId, AskError> {
    if let Some((by, key)) = actor.id.zip(wanted.request_key.as_deref())
        && let Some((id, of, kind)) = asked_before(txn, by, key).await?
    {
        let is_same = of == appliance.id && kind == wanted.operation.kind();
        return Err(if is_same { AskError::Again(id) } else { AskError::KeyUsed });
    }
    let looked = Looked::at(txn, appliance.id, &wanted.operation).await?;
    let operation = settle(wanted.operation, looked.vms.as_deref())?;
    let operation = wanted.set_keys.settle(operation, organisation);
    let situation = looked.situation(appliance);
    let confirm = match wanted.confirm {
        Confirmed::Typed(text) => text,
        Confirmed::ForAll => admission::confirmation(&operation, &situation),
    };
    let locks = admission::admit(&operation, confirm.as_deref(), &situation)?;
    let bundle = match operation {
        Operation::DebugBundle { bundle } => Some(bundle),
        _ => None,
    };
    let id = OperationId::new();
    let change = Change {
        organisation,
        action: "operation.create",
        kind: "operation",
        id: id.to_string(),
        before: None,
        after: Some(json!({
            "appliance_id": appliance.id, "operation": operation, "bulk_id": wanted.bulk,
        })),
    };
    audit::record(txn, actor, change, now).await?;
    let new = NewOperation {
        id,
        organisation,
        appliance: appliance.id,
        epoch: appliance.epoch,
        operation,
        locks,
        requested_by: actor.id,
        bundle,
        priority: wanted.priority,
        bulk: wanted.bulk,
        request_key: wanted.request_key,
        expires_at: now + wanted.wait,
        now,
    };
    let inserted = operations::insert(txn, new).await;
    inserted.on_constraint("operation_lock_key", || AskError::Race).or_else(
        |error| match error {
            AskError::Db(error) => {
                Err(error).on_constraint("operation_request_unique", || AskError::KeyUsed)
            }
            other => Err(other),
        },
    )?;
    if let Some(bundle) = bundle {
        let keep_until = now + wanted.keep_bundles;
        let note = wanted.note.unwrap_or_default();
        add_bundle(txn, (organisation, appliance.id), (bundle, id), note, keep_until, now).await?;
    }
    Ok(id)
}

async fn add_bundle(
    txn: &impl ConnectionTrait,
    (organisation, appliance): (OrganisationId, ApplianceId),
    (id, operation): (BundleId, OperationId),
    note: String,
    keep_until: Timestamp,
    now: Timestamp,
) -> Result<(), DbErr> {
    let new = bundles::NewBundle {
        id,
        organisation,
        appliance,
        operation: Some(operation),
        trigger: BundleTrigger::OnDemand,
        note,
        keep_until,
        now,
    };
    bundles::insert(txn, new).await
}

async fn asked_before(
    txn: &impl ConnectionTrait,
    by: OperatorId,
    key: &str,
) -> Result<Option<(OperationId, ApplianceId, String)>, DbErr> {
    let row = Entity::find()
        .filter(Column::RequestedBy.eq(by.0))
        .filter(Column::RequestKey.eq(key))
        .one(txn)
        .await?;
    Ok(row.map(|row| (OperationId(row.id), ApplianceId(row.appliance_id), row.kind)))
}
