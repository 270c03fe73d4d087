//! Debug bundles. Their bytes are in the object store.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BundleId, OperationId, OrganisationId};
use domfleet_shared::operation::OperationState;
use sea_orm::sea_query::{Expr, NullOrdering};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, Order,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::appliance_list::Window;
use super::entity::bundle::{ActiveModel, Column, Entity, Model};
use super::events::{self, EventKind, NewEvent};
use super::filter::{Field, condition};
use super::scope::{Names, count, known, within};
use crate::auth::Scope;
use crate::domain::bundle::{Bundle, BundleHold, BundleKind, BundleState, BundleTrigger};
use crate::domain::filter::{Holds, Key};

/// What bundles can be filtered by.
pub const KEYS: [Key; 8] = [
    Key { name: "appliance", holds: Holds::Name },
    Key { name: "organisation", holds: Holds::Name },
    Key {
        name: "state",
        holds: Holds::Words(&[
            "requested",
            "collecting",
            "uploading",
            "received",
            "complete",
            "failed",
            "expired",
        ]),
    },
    Key {
        name: "trigger",
        holds: Holds::Words(&["on_demand", "unclean_boot", "fatal_message", "upload"]),
    },
    Key { name: "kind", holds: Holds::Words(&["bundle", "archive", "file"]) },
    Key { name: "held", holds: Holds::Flag },
    Key { name: "file", holds: Holds::Text },
    Key { name: "note", holds: Holds::Text },
];

/// What bundles can be sorted by.
pub const SORTS: [&str; 4] = ["created_at", "completed_at", "size_bytes", "keep_until"];

/// A new one.
#[derive(Clone, Debug)]
pub struct NewBundle {
    pub id: BundleId,
    pub organisation: OrganisationId,
    pub appliance: ApplianceId,
    pub operation: Option<OperationId>,
    pub trigger: BundleTrigger,
    pub note: String,
    pub keep_until: Timestamp,
    pub now: Timestamp,
}

/// Adds one, and tells whoever follows.
pub async fn insert(txn: &impl ConnectionTrait, new: NewBundle) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(new.id.0),
        organisation_id: Set(new.organisation.0),
        appliance_id: Set(new.appliance.0),
        operation_id: Set(new.operation.map(|id| id.0)),
        trigger: Set(new.trigger.as_str().into()),
        state: Set(BundleState::Requested.as_str().into()),
        note: Set(new.note),
        size_bytes: Set(None),
        received_bytes: Set(0),
        blake3: Set(None),
        object: Set(None),
        completed_at: Set(None),
        keep_until: Set(new.keep_until.as_millis()),
        scanned_by: Set(None),
        held: Set(false),
        manifest: Set(None),
        upload: Set(None),
        created_at: Set(new.now.as_millis()),
        version: Set(1),
        kind: Set(BundleKind::Bundle.as_str().into()),
        file_name: Set(None),
        contents: Set(None),
        upload_expires_at: Set(None),
        held_at: Set(None),
        held_by: Set(None),
        hold_note: Set(None),
    };
    Entity::insert(row).exec_without_returning(txn).await?;
    tell(txn, new.id, new.now).await
}

fn event(row: &Model) -> NewEvent {
    NewEvent {
        kind: EventKind::Bundle,
        organisation: row.organisation_id,
        subject: row.id,
        version: row.version,
        appliance: Some(row.appliance_id),
        operation: row.operation_id,
        document: None,
    }
}

/// Takes a bundle along with the operation that asked for it; returns what to tell. Bytes that
/// are here count for more than what the operation says.
pub(super) async fn follow(
    txn: &impl ConnectionTrait,
    id: BundleId,
    operation: OperationState,
) -> Result<Option<NewEvent>, DbErr> {
    use OperationState as S;
    let (from, to) = match operation {
        S::Accepted | S::Running => (vec!["requested"], BundleState::Collecting),
        S::Failed | S::Rejected | S::Cancelled | S::Expired | S::WrittenOff => {
            (vec!["requested", "collecting", "uploading"], BundleState::Failed)
        }
        S::Queued | S::Offered | S::Cancelling | S::Lost | S::Succeeded => return Ok(None),
    };
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(to.as_str()))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::State.is_in(from))
        .exec(txn)
        .await?;
    if result.rows_affected == 0 {
        return Ok(None);
    }
    Ok(Entity::find_by_id(id.0).one(txn).await?.map(|row| event(&row)))
}

/// Tells whoever follows that a bundle has changed: what a transaction that has changed it, and
/// raised its version, ends with.
pub async fn tell(txn: &impl ConnectionTrait, id: BundleId, now: Timestamp) -> Result<(), DbErr> {
    let Some(row) = Entity::find_by_id(id.0).one(txn).await? else { return Ok(()) };
    events::append(txn, vec![event(&row)], now).await.map(|_| ())
}

/// One in the scope.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: BundleId,
) -> Result<Option<Bundle>, DbErr> {
    let row =
        Entity::find_by_id(id.0).filter(within(scope, Column::OrganisationId)).one(db).await?;
    let manifest = row.as_ref().and_then(|row| row.manifest.clone());
    let found = views(db, row.into_iter().collect()).await?.pop();
    Ok(found.map(|bundle| Bundle { manifest, ..bundle }))
}

/// Those of the ids that are in the scope.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    scope: &Scope,
    ids: Vec<Uuid>,
) -> Result<Vec<Bundle>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(within(scope, Column::OrganisationId))
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    views(db, rows).await
}

/// The object that holds the bytes of a complete bundle.
pub async fn object(db: &impl ConnectionTrait, id: BundleId) -> Result<Option<String>, DbErr> {
    let row = Entity::find_by_id(id.0).one(db).await?;
    Ok(row.filter(|row| row.state == BundleState::Complete.as_str()).and_then(|row| row.object))
}

/// The files in a bundle, if they have been looked at.
pub async fn contents(
    db: &impl ConnectionTrait,
    id: BundleId,
) -> Result<Option<serde_json::Value>, DbErr> {
    Ok(Entity::find_by_id(id.0).one(db).await?.and_then(|row| row.contents))
}

/// The part of the table in `window`, and how many rows the table has.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &Scope,
    window: &Window,
    now: Timestamp,
) -> Result<(Vec<Bundle>, u64), DbErr> {
    let note = Expr::col((Entity, Column::Note));
    let select = Entity::find().filter(within(scope, Column::OrganisationId)).filter(condition(
        &window.filter,
        &note,
        field,
        now,
    ));
    let total = select.clone().count(db).await?;
    let column = match window.sort.by.as_str() {
        "completed_at" => Column::CompletedAt,
        "size_bytes" => Column::SizeBytes,
        "keep_until" => Column::KeepUntil,
        _ => Column::CreatedAt,
    };
    let order = if window.sort.descending { Order::Desc } else { Order::Asc };
    let rows = select
        .order_by_with_nulls(column, order.clone(), NullOrdering::Last)
        .order_by(Column::Id, order)
        .offset(window.offset)
        .limit(window.limit)
        .all(db)
        .await?;
    Ok((views(db, rows).await?, total))
}

fn field(key: &str) -> Option<Field> {
    let col = |column: Column| Expr::col((Entity, column));
    Some(match key {
        "appliance" => Field::appliance(col(Column::ApplianceId)),
        "organisation" => Field::organisation(col(Column::OrganisationId)),
        "state" => Field::Text(col(Column::State)),
        "trigger" => Field::Text(col(Column::Trigger)),
        "held" => Field::Flag(col(Column::HeldAt)),
        "kind" => Field::Text(col(Column::Kind)),
        "file" => Field::Text(col(Column::FileName)),
        "note" => Field::Text(col(Column::Note)),
        _ => return None,
    })
}

async fn views(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<Vec<Bundle>, DbErr> {
    let appliances = Names::appliances(db, rows.iter().map(|row| row.appliance_id)).await?;
    rows.into_iter().map(|row| view(row, &appliances)).collect()
}

fn view(row: Model, appliances: &Names) -> Result<Bundle, DbErr> {
    Ok(Bundle {
        id: BundleId(row.id),
        appliance: appliances.named(row.appliance_id),
        operation_id: row.operation_id.map(OperationId),
        trigger: known(BundleTrigger::parse(&row.trigger), "bundle.trigger", &row.trigger)?,
        state: known(BundleState::parse(&row.state), "bundle.state", &row.state)?,
        kind: known(BundleKind::parse(&row.kind), "bundle.kind", &row.kind)?,
        file_name: row.file_name,
        note: row.note,
        size_bytes: row.size_bytes.map(count),
        received_bytes: count(row.received_bytes),
        blake3: row.blake3,
        created_at: Timestamp::from_millis(row.created_at),
        completed_at: row.completed_at.map(Timestamp::from_millis),
        keep_until: Timestamp::from_millis(row.keep_until),
        hold: row.held.then(|| BundleHold {
            since: Timestamp::from_millis(row.held_at.unwrap_or(row.created_at)),
            by: row.held_by.unwrap_or_default(),
            note: row.hold_note.unwrap_or_default(),
        }),
        // Long: whoever asks for one bundle is told.
        manifest: None,
        version: count(row.version),
    })
}
