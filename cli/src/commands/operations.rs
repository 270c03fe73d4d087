//! `domfleet operations …`, and waiting for one.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::args::{Many, Operations, Waiting};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 6] = [
    ("CREATED", "/created_at"),
    ("APPLIANCE", "/appliance/name"),
    ("KIND", "/kind"),
    ("STATE", "/state"),
    ("WHY", "/reason/message"),
    ("ID", "/id"),
];

const RESULTS: [Column; 4] = [
    ("APPLIANCE", "/appliance/name"),
    ("STATE", "/state"),
    ("WHY", "/reason/message"),
    ("OPERATION", "/operation_id"),
];

const BULKS: [Column; 7] = [
    ("CREATED", "/created_at"),
    ("KIND", "/kind"),
    ("APPLIANCES", "/total"),
    ("STATES", "/counts"),
    ("OVER", "/done"),
    ("BY", "/requested_by/email"),
    ("ID", "/id"),
];

const CANCELLED: [Column; 3] = [
    ("NOT ASKED ANY MORE", "/withdrawn"),
    ("CANCELLED", "/cancelled"),
    ("CANCELLED ONCE THE APPLIANCE SAYS SO", "/cancelling"),
];

/// How often an operation is looked at while it is waited for.
const PERIOD: Duration = Duration::from_millis(500);

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Operations,
) -> Result<(), Error> {
    match command {
        Operations::List(selection) => {
            let rows = super::all(client, "/operations", "operations", &selection).await?;
            output::rows(format, &COLUMNS, &rows)
        }
        Operations::Show { operation } => {
            let value = client.get(&format!("/operations/{operation}"), &[]).await?;
            output::one(format, &COLUMNS, &value)
        }
        Operations::Watch { operation, timeout } => {
            wait(client, format, &operation, Duration::from_secs(timeout)).await
        }
        Operations::Cancel { operation } => {
            let value = client.post(&format!("/operations/{operation}/cancel"), &json!({})).await?;
            output::one(format, &COLUMNS, &value)
        }
        Operations::Bulks(selection) => {
            let rows = super::all(client, "/bulks", "bulks", &selection).await?;
            output::rows(format, &BULKS, &rows)
        }
        Operations::CancelBulk { bulk, begun } => {
            let body = json!({ "begun": begun });
            let done = client.post(&format!("/bulks/{bulk}/cancel"), &body).await?;
            output::one(format, &CANCELLED, &done)
        }
        Operations::Ask(many) => ask_many(client, format, many).await,
        Operations::Bulk { bulk } => {
            let mut results = Vec::new();
            let mut next: Option<String> = None;
            loop {
                let mut query = vec![("limit", "500")];
                query.extend(next.as_deref().map(|next| ("next", next)));
                let mut part = client.get(&format!("/bulks/{bulk}"), &query).await?;
                let Value::Array(more) = part["results"].take() else {
                    return Err(Error::Answer("a bulk without results".into()));
                };
                results.extend(more);
                next = part["next"].as_str().map(str::to_owned);
                if next.is_none() {
                    summary(&part);
                    return output::rows(format, &RESULTS, &results);
                }
            }
        }
    }
}

async fn ask_many(client: &mut Client, format: Format, many: Many) -> Result<(), Error> {
    let operation: Value = serde_json::from_str(&many.operation)
        .map_err(|error| Error::Usage(format!("--operation is not JSON: {error}")))?;
    let mut body = json!({ "operation": operation, "dry_run": many.dry_run });
    if let Some(filter) = many.filter {
        body["filter"] = filter.into();
    } else {
        let mut ids = Vec::new();
        for appliance in &many.appliance {
            ids.push(super::appliances::id(client, appliance).await?);
        }
        body["appliances"] = ids.into();
    }
    if let Some(confirm) = many.confirm {
        body["confirm"] = confirm.into();
    }
    if let Some(limit) = many.limit {
        body["limit"] = limit.into();
    }
    let bulk = client.post("/operations", &body).await?;
    summary(&bulk);
    if let Some(id) = bulk["id"].as_str() {
        output::say(&format!("see how it goes: domfleet operations bulk {id}"));
    }
    let results = bulk["results"].as_array().cloned().unwrap_or_default();
    output::rows(format, &RESULTS, &results)?;
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    match count(&bulk["counts"]["refused"]) {
        0 => Ok(()),
        refused => Err(Error::Partly { refused, total: count(&bulk["total"]) }),
    }
}

/// How many there are in each state.
fn summary(bulk: &Value) {
    let counts = bulk["counts"].as_object().into_iter().flatten();
    let counts: Vec<String> = counts.map(|(state, count)| format!("{count} {state}")).collect();
    output::say(&format!("{} appliances: {}", bulk["total"], counts.join(", ")));
}

/// Asks an appliance for an operation, and stays if that is wanted.
pub(super) async fn ask(
    client: &mut Client,
    format: Format,
    appliance: &str,
    route: &str,
    body: &Value,
    waiting: Waiting,
) -> Result<(), Error> {
    let operation = client.post(&format!("/appliances/{appliance}/{route}"), body).await?;
    if !waiting.wait {
        return output::one(format, &COLUMNS, &operation);
    }
    let id = super::text(&operation, "id");
    wait(client, format, id, Duration::from_secs(waiting.timeout)).await
}

/// Asks an appliance for an operation. What came of it, if it is waited for; otherwise the operation is
/// printed.
pub(super) async fn result(
    client: &mut Client,
    format: Format,
    appliance: &str,
    body: &Value,
    waiting: Waiting,
) -> Result<Option<Value>, Error> {
    let operation = client.post(&format!("/appliances/{appliance}/operations"), body).await?;
    if !waiting.wait {
        output::one(format, &COLUMNS, &operation)?;
        return Ok(None);
    }
    let limit = Duration::from_secs(waiting.timeout);
    let mut done = end_of(client, super::text(&operation, "id"), limit).await?;
    Ok(Some(done["result"].take()))
}

/// Stays until the operation has ended; an end that is no success is an error.
async fn wait(client: &mut Client, format: Format, id: &str, limit: Duration) -> Result<(), Error> {
    let operation = end_of(client, id, limit).await?;
    output::one(format, &COLUMNS, &operation)
}

/// The operation, once it has succeeded.
pub(super) async fn end_of(client: &mut Client, id: &str, limit: Duration) -> Result<Value, Error> {
    let started = Instant::now();
    let mut last = String::new();
    loop {
        let operation = client.get(&format!("/operations/{id}"), &[]).await?;
        let state = super::text(&operation, "state").to_owned();
        let now = format!("{state}{}", progress(&operation["progress"]));
        if now != last {
            output::say(&format!("{:>6.1} s  {now}", started.elapsed().as_secs_f64()));
            last = now;
        }
        match state.as_str() {
            "succeeded" => return Ok(operation),
            "failed" | "rejected" | "cancelled" | "expired" | "written_off" => {
                let why = super::text(&operation["reason"], "message").to_owned();
                return Err(Error::Ended { state, why });
            }
            _ if started.elapsed() >= limit => {
                return Err(Error::TimedOut { id: id.to_owned(), state, seconds: limit.as_secs() });
            }
            _ => sleep(PERIOD).await,
        }
    }
}

/// How far it is, where bytes are counted.
fn progress(progress: &Value) -> String {
    let (Some(done), Some(total)) =
        (progress["done_bytes"].as_u64(), progress["total_bytes"].as_u64().filter(|all| *all > 0))
    else {
        return String::new();
    };
    let percent = done.saturating_mul(100) / total;
    let left = progress["left_seconds"].as_u64();
    let left = left.map(|left| format!(", {left} s left")).unwrap_or_default();
    format!("  {} {percent} %{left}", super::text(progress, "step"))
}
