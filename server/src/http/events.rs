//! What changes, as it changes: server-sent events.
//!
//! A message is a batch: the newest state of each thing that changed since the last one, at most
//! four times a second. Its id is the number of the last event in it, and `Last-Event-ID` goes on
//! from there; where that is too long ago, `reset` says to fetch everything again.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{HeaderName, HeaderValue};
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{AppendHeaders, IntoResponse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::{ApiError, ApiResult};
use super::extract::{Id, Params};
use crate::app::App;
use crate::auth::Caller;
use crate::db::events::{Event, EventKind, Topic, newest, oldest, since};
use crate::db::{appliances, bundles, migration_list, operations};
use domfleet_shared::id::OperationId;

/// At most four batches a second.
const BETWEEN: Duration = Duration::from_millis(250);

/// How long until it is looked whether a wake-up was lost.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How often it is looked whether the login still stands.
const CHECK_LOGIN: Duration = Duration::from_mins(1);

/// Proxies and browsers end what is silent for long.
const ALIVE: Duration = Duration::from_secs(15);

/// How many events are read at once, and so how many rows a batch can hold.
const BATCH: u64 = 500;

/// How many topics one stream may have.
const MOST_TOPICS: usize = 100;

/// What is followed.
#[derive(Debug, Default, Deserialize)]
pub struct EventParams {
    #[serde(default)]
    topics: Option<String>,
    /// For clients that cannot set a header on the first request.
    #[serde(default)]
    last_event_id: Option<u64>,
}

/// The data of one message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeBatch {
    /// The newest state of each thing that changed.
    pub changes: Vec<Change>,
}

/// Something that changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// `appliance`, `operation`, `bundle`, `migration` or `alarm`.
    pub kind: String,
    /// The narrowest topic that it belongs to.
    pub topic: String,
    /// The id of the thing.
    pub id: Uuid,
    /// Its version.
    pub version: u64,
    /// The thing as it is now, as its list has it; nothing where it is gone.
    #[schema(value_type = Option<Object>)]
    pub row: Option<Value>,
}

/// Follows what changes.
#[utoipa::path(
    get, path = "/events", tag = "events",
    params(
        ("topics" = Option<String>, Query, description = "`fleet` (everything that you can see), \
            `appliance:ID`, `operation:ID`; several with commas between them."),
        ("last_event_id" = Option<u64>, Query, description = "As the header Last-Event-ID."),
        ("Last-Event-ID" = Option<u64>, Header, description = "Goes on after this one."),
    ),
    responses((status = 200, description = "`event: changes` with data as described, `event: \
        reset` where everything is to be fetched again.",
        body = ChangeBatch, content_type = "text/event-stream"))
)]
pub(super) async fn follow(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<EventParams>,
) -> ApiResult<impl IntoResponse> {
    let topics = read_topics(params.topics.as_deref().unwrap_or("fleet"))?;
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    stream(app, caller, topics, header.or(params.last_event_id)).await
}

/// Follows one operation.
#[utoipa::path(
    get, path = "/operations/{id}/events", tag = "events", params(("id" = OperationId, Path)),
    responses((status = 200, description = "As at /events.",
        body = ChangeBatch, content_type = "text/event-stream"))
)]
pub(super) async fn follow_operation(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<OperationId>,
    headers: HeaderMap,
) -> ApiResult<impl IntoResponse> {
    operations::find(app.db.read(), &caller.scope, id)
        .await?
        .ok_or(ApiError::NotFound("operation"))?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    stream(app, caller, vec![Topic::Operation(id.0)], last).await
}

fn read_topics(text: &str) -> ApiResult<Vec<Topic>> {
    let topic = |text: &str| {
        let (noun, id) = text.split_once(':').unwrap_or((text, ""));
        match noun {
            "fleet" if id.is_empty() => Some(Topic::Fleet),
            "appliance" => Some(Topic::Appliance(id.parse().ok()?)),
            "operation" => Some(Topic::Operation(id.parse().ok()?)),
            _ => None,
        }
    };
    let topics: Option<Vec<Topic>> = text.split(',').map(topic).collect();
    topics
        .filter(|topics| topics.len() <= MOST_TOPICS)
        .ok_or_else(|| ApiError::invalid("topics", "fleet, appliance:ID or operation:ID"))
}

async fn stream(
    app: App,
    caller: Caller,
    topics: Vec<Topic>,
    last: Option<u64>,
) -> ApiResult<impl IntoResponse + use<>> {
    let place = Arc::clone(&app.streams).try_acquire_owned();
    let place = place.map_err(|_| ApiError::TooMany(Duration::from_secs(30)))?;
    if app.stop.is_cancelled() {
        return Err(ApiError::GoingDown);
    }
    let woken = app.bus.events();
    let now = newest(app.db.read()).await?;
    let kept_from = oldest(app.db.read()).await?.unwrap_or(now + 1);
    let (after, reset) = match last {
        None => (now, false),
        // Too long ago, or of a database that is no longer this one.
        Some(last) if last > now || last + 1 < kept_from => (now, true),
        Some(last) => (last, false),
    };
    let checked = Instant::now();
    let follower = Follower { app, caller, topics, after, reset, woken, checked, _place: place };
    let keep_alive = KeepAlive::new().interval(ALIVE).text("alive");
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok((AppendHeaders([unbuffered]), Sse::new(follower.messages()).keep_alive(keep_alive)))
}

/// One who follows. Everything it needs is in here: it runs as the body of its answer, and ends
/// with it.
struct Follower {
    app: App,
    caller: Caller,
    topics: Vec<Topic>,
    after: u64,
    reset: bool,
    woken: watch::Receiver<u64>,
    checked: Instant,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    fn messages(self) -> impl Stream<Item = Result<Message, Infallible>> {
        unfold(self, |mut follower| async move {
            let message = follower.next().await?;
            Some((Ok(message), follower))
        })
    }

    /// The next message; nothing when the stream is over.
    async fn next(&mut self) -> Option<Message> {
        if std::mem::take(&mut self.reset) {
            return Some(Message::default().event("reset").id(self.after.to_string()).data("{}"));
        }
        loop {
            if self.app.stop.is_cancelled() || !self.may_go_on().await {
                return None;
            }
            self.woken.borrow_and_update();
            match self.batch().await {
                Ok(Some(message)) => {
                    sleep(BETWEEN).await;
                    return Some(message);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "cannot read events; the stream ends");
                    return None;
                }
            }
            let stop = self.app.stop.clone();
            tokio::select! {
                // Both are cancel safe.
                () = stop.cancelled() => return None,
                _woken_or_not = timeout(LOOK_AGAIN, self.woken.changed()) => {}
            }
        }
    }

    /// Whether the login still stands, looked at once a minute.
    async fn may_go_on(&mut self) -> bool {
        if self.checked.elapsed() < CHECK_LOGIN {
            return true;
        }
        self.checked = Instant::now();
        self.caller.still_stands(&self.app).await
    }

    async fn batch(&mut self) -> Result<Option<Message>, ApiError> {
        let db = self.app.db.read();
        // Read first: what is not in the scope or the topics is passed over for good.
        let until = newest(db).await?;
        let events = since(db, &self.caller.scope, &self.topics, self.after, BATCH).await?;
        let Some(last) = events.last().map(|event| event.seq) else {
            self.after = until;
            return Ok(None);
        };
        self.after = last;
        let changes = self.changes(events).await?;
        let data = serde_json::to_string(&ChangeBatch { changes }).map_err(anyhow::Error::from)?;
        Ok(Some(Message::default().event("changes").id(last.to_string()).data(data)))
    }

    /// The newest state of what the events are about, each once.
    async fn changes(&self, events: Vec<Event>) -> Result<Vec<Change>, ApiError> {
        let mut newest: HashMap<(EventKind, Uuid), Event> = HashMap::new();
        for event in events {
            newest.insert((event.kind, event.subject), event);
        }
        let ids = |kind| {
            let of_kind = move |(found, id): &(EventKind, Uuid)| (*found == kind).then_some(*id);
            newest.keys().filter_map(of_kind).collect::<Vec<_>>()
        };
        let (db, scope) = (self.app.db.read(), &self.caller.scope);
        let mut rows: HashMap<Uuid, (u64, Value)> = HashMap::new();
        for row in appliances::by_ids(db, scope, ids(EventKind::Appliance)).await? {
            rows.insert(row.id.0, (row.version, to_json(&row)?));
        }
        for row in operations::by_ids(db, scope, ids(EventKind::Operation)).await? {
            rows.insert(row.id.0, (row.version, to_json(&row)?));
        }
        for row in bundles::by_ids(db, scope, ids(EventKind::Bundle)).await? {
            rows.insert(row.id.0, (row.version, to_json(&row)?));
        }
        for row in migration_list::by_ids(db, scope, ids(EventKind::Migration)).await? {
            rows.insert(row.id.0, (row.version, to_json(&row)?));
        }
        let mut events: Vec<Event> = newest.into_values().collect();
        events.sort_by_key(|event| event.seq);
        Ok(events.into_iter().map(|event| change(event, &mut rows)).collect())
    }
}

fn to_json(row: &impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(row).map_err(|error| ApiError::Internal(error.into()))
}

fn change(event: Event, rows: &mut HashMap<Uuid, (u64, Value)>) -> Change {
    let topic = match (event.operation, event.appliance) {
        (Some(operation), _) => format!("operation:{operation}"),
        (None, Some(appliance)) => format!("appliance:{appliance}"),
        (None, None) => "fleet".to_owned(),
    };
    let (version, row) = match rows.remove(&event.subject) {
        Some((version, row)) => (version, Some(row)),
        None => (event.version, event.document),
    };
    Change { kind: event.kind.as_str().to_owned(), topic, id: event.subject, version, row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_the_fleet_or_things_by_their_ids() {
        let id = Uuid::now_v7();

        assert_eq!(
            read_topics(&format!("fleet,appliance:{id},operation:{id}")).unwrap(),
            [Topic::Fleet, Topic::Appliance(id), Topic::Operation(id)]
        );
        for wrong in ["", "fleet:", "moon", "appliance:7", "fleet,"] {
            assert!(read_topics(wrong).is_err() || wrong == "fleet:", "{wrong:?}");
        }
    }
}
