//! How operations move on: by the agent's word, by time, and by an operator's.
//!
//! Each step is one conditional write on the version that was read, with the event, the locks and
//! the bundle in the same transaction; what may follow what is
//! [`OperationState::after`].

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BundleId, OperationId, OrganisationId};
use domfleet_shared::operation::{
    Change, IllegalChange, Operation, OperationState, Priority, Reason, Report, Reported,
};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::entity::operation::{Column, Entity, Model};
use super::entity::{operation_lock, operation_report};
use super::events::NewEvent;
use super::operations::{event, from_json, priority, state, to_json};
use super::{Db, Stored, backup_sets, bundles, events};

/// How often a step is tried again when another was faster.
const TRIES: usize = 8;

/// How many operations one run of a task moves on.
const BATCH: u64 = 500;

/// An operation, as those who carry it on need it.
#[derive(Clone, Debug)]
pub struct Work {
    pub id: OperationId,
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub epoch: u32,
    pub operation: Operation,
    pub state: OperationState,
    /// When it is no longer to be begun.
    pub expires_at: Timestamp,
    pub bundle: Option<BundleId>,
    pub priority: Priority,
    last_report: u64,
    version: i64,
}

impl Work {
    fn read(row: Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: OperationId(row.id),
            organisation: OrganisationId(row.organisation_id),
            appliance: ApplianceId(row.appliance_id),
            epoch: u32::try_from(row.epoch).unwrap_or(0),
            operation: from_json(row.document)?,
            state: state(&row.state)?,
            expires_at: Timestamp::from_millis(row.expires_at),
            bundle: row.bundle_id.map(BundleId),
            priority: priority(row.priority),
            last_report: u64::try_from(row.last_report).unwrap_or(0),
            version: row.version,
        })
    }
}

/// One, whoever's it is.
pub async fn find(db: &impl ConnectionTrait, id: OperationId) -> Result<Option<Work>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(Work::read).transpose()
}

const TO_TELL: [OperationState; 3] =
    [OperationState::Queued, OperationState::Offered, OperationState::Cancelling];

/// What an appliance's agent has to be told of: to be offered, or withdrawn. The most urgent first,
/// and of those the oldest.
pub async fn queued_for(
    db: &impl ConnectionTrait,
    appliance: ApplianceId,
) -> Result<Vec<Work>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(Column::State.is_in(TO_TELL.map(OperationState::as_str)))
        .order_by_desc(Column::Priority)
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .all(db)
        .await?;
    rows.into_iter().map(Work::read).collect()
}

/// Appliances whose agents have to be told of something.
pub async fn waiting_appliances(db: &impl ConnectionTrait) -> Result<Vec<ApplianceId>, DbErr> {
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::ApplianceId)
        .distinct()
        .filter(Column::State.is_in(TO_TELL.map(OperationState::as_str)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ApplianceId).collect())
}

/// What a step writes beside the state.
#[derive(Clone, Debug, Default)]
struct With {
    report: Option<Report>,
    reason: Option<Reason>,
    /// What else has happened.
    news: Vec<NewEvent>,
}

/// Moves `read` on to `after`, if it is still as it was read, with all that hangs on it.
async fn step(
    txn: &impl ConnectionTrait,
    read: &Work,
    after: OperationState,
    with: With,
    now: Timestamp,
) -> Result<Stored, DbErr> {
    use OperationState as S;
    let now_millis = Expr::value(now.as_millis());
    let first = |column| Expr::col(column).if_null(Expr::value(now.as_millis()));
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::value(after.as_str()))
        .col_expr(Column::Version, Expr::value(read.version + 1))
        .filter(Column::Id.eq(read.id.0))
        .filter(Column::Version.eq(read.version));
    if after == S::Offered {
        update = update.col_expr(Column::OfferedAt, first(Column::OfferedAt));
    }
    if matches!(after, S::Accepted | S::Running | S::Succeeded | S::Failed) {
        update = update.col_expr(Column::AcceptedAt, first(Column::AcceptedAt));
    }
    if matches!(after, S::Running | S::Succeeded | S::Failed) {
        update = update.col_expr(Column::StartedAt, first(Column::StartedAt));
    }
    if matches!(after, S::Accepted | S::Running) {
        let deadline = (now + read.operation.patience()).as_millis();
        update = update.col_expr(Column::DeadlineAt, Expr::value(deadline));
    }
    if after.is_end() {
        update = update
            .col_expr(Column::EndedAt, now_millis)
            .col_expr(Column::DeadlineAt, Expr::value(None::<i64>));
    }
    let With { report, mut reason, news: more } = with;
    // What is to be cancelled may go on meanwhile, and is expected to be heard of.
    let goes_on = report.as_ref().is_some_and(|report| !report.state.is_end());
    if after == S::Cancelling && goes_on {
        let deadline = (now + read.operation.patience()).as_millis();
        update = update
            .col_expr(Column::AcceptedAt, first(Column::AcceptedAt))
            .col_expr(Column::DeadlineAt, Expr::value(deadline));
    }
    if let Some(report) = report {
        let number = i64::try_from(report.report).unwrap_or(i64::MAX);
        update = update.col_expr(Column::LastReport, Expr::value(number));
        if let Some(progress) = &report.progress {
            update = update.col_expr(Column::Progress, Expr::value(to_json(progress)?));
        }
        if let Some(result) = report.result {
            update = update.col_expr(Column::Result, Expr::value(result));
        }
        reason = reason.or(report.reason);
    }
    if let Some(reason) = &reason {
        update = update.col_expr(Column::Reason, Expr::value(to_json(reason)?));
    }
    if Stored::from_rows(update.exec(txn).await?.rows_affected) == Stored::Stale {
        return Ok(Stored::Stale);
    }
    if after.is_end() {
        operation_lock::Entity::delete_many()
            .filter(operation_lock::Column::OperationId.eq(read.id.0))
            .exec(txn)
            .await?;
    }
    let (organisation, appliance) = (read.organisation.0, read.appliance.0);
    let mut news = vec![event(organisation, appliance, read.id.0, read.version + 1)];
    news.extend(more);
    if let Some(bundle) = read.bundle {
        news.extend(bundles::follow(txn, bundle, after).await?);
    }
    events::append(txn, news, now).await?;
    Ok(Stored::Yes)
}

/// Notes that an operation is sent to its agent. Sending it again is the same offer, and writes
/// nothing. Stale where it must not be sent any more.
pub async fn offer(db: &Db, read: &Work, now: Timestamp) -> Result<Stored, DbErr> {
    if read.state == OperationState::Offered {
        return Ok(Stored::Yes);
    }
    let Ok(after) = read.state.after(Change::Offer) else { return Ok(Stored::Stale) };
    let txn = db.begin().await?;
    let stored = step(&txn, read, after, With::default(), now).await?;
    txn.commit().await?;
    Ok(stored)
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The operation is now in this state.
    Now(OperationState),
    /// It had been heard before.
    Before,
    /// It came too late, or cannot be; it is kept.
    Late,
    /// There is no such operation of this appliance: it was asked for by a later incarnation, or
    /// by no one.
    Unknown,
}

/// Stores what an agent said of one of its operations. Once this returns it may be acknowledged,
/// whatever became of it; saying it again changes nothing.
pub async fn apply_report(
    db: &Db,
    appliance: ApplianceId,
    report: &Report,
    now: Timestamp,
) -> Result<Heard, DbErr> {
    for _ in 0..TRIES {
        let txn = db.begin().await?;
        let found = find(&txn, report.id).await?.filter(|work| work.appliance == appliance);
        let Some(work) = found else { return Ok(Heard::Unknown) };
        if report.report <= work.last_report {
            return Ok(Heard::Before);
        }
        let (stored, heard) = if let Ok(after) = after_report(work.state, report.state) {
            if after != work.state || report.state.is_end() {
                keep(&txn, &work, report, true, now).await?;
            }
            let news = match report.state {
                Reported::Succeeded => learn(&txn, &work, report, now).await?,
                _ => Vec::new(),
            };
            let with = With { report: Some(report.clone()), reason: None, news };
            (step(&txn, &work, after, with, now).await?, Heard::Now(after))
        } else {
            keep(&txn, &work, report, false, now).await?;
            (count_report(&txn, &work, report).await?, Heard::Late)
        };
        if stored == Stored::Yes {
            txn.commit().await?;
            return Ok(heard);
        }
    }
    Err(DbErr::Custom(format!("operation {} changed {TRIES} times at once", report.id)))
}

/// Takes over what is known now and was not before, and gives what to tell about it.
async fn learn(
    txn: &impl ConnectionTrait,
    work: &Work,
    report: &Report,
    now: Timestamp,
) -> Result<Vec<NewEvent>, DbErr> {
    let tells_of_sets = matches!(
        work.operation,
        Operation::BackupList { .. }
            | Operation::BackupCreate(_)
            | Operation::BackupVerify { .. }
            | Operation::BackupPrune(_)
            | Operation::BackupImport(_)
    );
    let Some(result) = report.result.as_ref().filter(|_| tells_of_sets) else {
        return Ok(Vec::new());
    };
    match from_json(result.clone()) {
        Ok(told) => backup_sets::record(txn, (work.organisation, work.appliance), told, now).await,
        Err(error) => {
            tracing::warn!(operation = %work.id, %error, "what was told of backup sets is not clear");
            Ok(Vec::new())
        }
    }
}

/// A report on an operation that is queued is of an offer that a restored backup does not know of.
fn after_report(
    state: OperationState,
    reported: Reported,
) -> Result<OperationState, IllegalChange> {
    let from = if state == OperationState::Queued { OperationState::Offered } else { state };
    from.after(Change::Report(reported))
}

async fn keep(
    txn: &impl ConnectionTrait,
    work: &Work,
    report: &Report,
    applied: bool,
    now: Timestamp,
) -> Result<(), DbErr> {
    use operation_report::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        operation_id: Set(work.id.0),
        report: Set(i64::try_from(report.report).unwrap_or(i64::MAX)),
        organisation_id: Set(work.organisation.0),
        state: Set(report.state.state().as_str().into()),
        at: Set(report.at.as_millis()),
        received_at: Set(now.as_millis()),
        applied: Set(applied),
        reason: Set(report.reason.as_ref().map(to_json).transpose()?),
        result: Set(report.result.clone()),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::OperationId, Column::Report]).do_nothing().to_owned(),
        )
        .exec_without_returning(txn)
        .await
        .map(|_| ())
}

async fn count_report(
    txn: &impl ConnectionTrait,
    work: &Work,
    report: &Report,
) -> Result<Stored, DbErr> {
    let number = i64::try_from(report.report).unwrap_or(i64::MAX);
    let result = Entity::update_many()
        .col_expr(Column::LastReport, Expr::value(number))
        .filter(Column::Id.eq(work.id.0))
        .filter(Column::Version.eq(work.version))
        .exec(txn)
        .await?;
    Ok(Stored::from_rows(result.rows_affected))
}

/// Why an operator's wish is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is in another state.
    #[error(transparent)]
    Illegal(#[from] IllegalChange),
    /// The database.
    #[error("the database failed")]
    Db(#[from] DbErr),
}

/// Changes an operation for an operator, in a transaction that also holds the audit entry.
pub async fn change(
    txn: &impl ConnectionTrait,
    read: &Work,
    change: Change,
    now: Timestamp,
) -> Result<(Stored, OperationState), ChangeError> {
    let after = read.state.after(change)?;
    if after == read.state {
        return Ok((Stored::Yes, after));
    }
    Ok((step(txn, read, after, With::default(), now).await?, after))
}

/// Makes operations lost whose agents have been silent past their deadline; returns how many.
pub async fn silence(db: &Db, now: Timestamp) -> Result<usize, DbErr> {
    let rows = Entity::find()
        .filter(Column::State.is_in(["accepted", "running", "cancelling"]))
        .filter(Column::DeadlineAt.lt(now.as_millis()))
        .limit(BATCH)
        .all(db.read())
        .await?;
    move_on(db, rows, Change::Silence, None, now).await
}

/// Ends operations that nobody could be offered in time; returns how many.
pub async fn expire(db: &Db, now: Timestamp) -> Result<usize, DbErr> {
    let rows = Entity::find()
        .filter(Column::State.eq("queued"))
        .filter(Column::ExpiresAt.lte(now.as_millis()))
        .limit(BATCH)
        .all(db.read())
        .await?;
    let reason = Reason {
        code: "expired".into(),
        message: "the appliance was not there in time to be asked".into(),
    };
    move_on(db, rows, Change::Expire, Some(reason), now).await
}

async fn move_on(
    db: &Db,
    rows: Vec<Model>,
    change: Change,
    reason: Option<Reason>,
    now: Timestamp,
) -> Result<usize, DbErr> {
    let mut moved = 0;
    for row in rows {
        let work = Work::read(row)?;
        let Ok(after) = work.state.after(change) else { continue };
        let txn = db.begin().await?;
        let with = With { reason: reason.clone(), ..With::default() };
        // Stale is fine: whoever was faster knew more.
        if step(&txn, &work, after, with, now).await? == Stored::Yes {
            txn.commit().await?;
            moved += 1;
        }
    }
    Ok(moved)
}

/// Operations of an appliance that its agent has accepted, and not said the end of.
pub async fn begun(db: &impl ConnectionTrait, appliance: ApplianceId) -> Result<Vec<Work>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ApplianceId.eq(appliance.0))
        .filter(
            Column::State
                .is_in(["accepted", "running", "lost"])
                // Cancelled before it was accepted, it may never have come there.
                .or(Column::State.eq("cancelling").and(Column::AcceptedAt.is_not_null())),
        )
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .all(db)
        .await?;
    rows.into_iter().map(Work::read).collect()
}
