//! `domfleet schedules …`.

use serde_json::{Value, json};

use crate::args::Selection;
use crate::args::media::Keep;
use crate::args::schedules::{Schedules, Sets, When, Which};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const PATH: &str = "/backup-schedules";

const COLUMNS: [Column; 9] = [
    ("NAME", "/plan/name"),
    ("PAUSED", "/paused"),
    ("APPLIANCES", "/appliances"),
    ("NEXT", "/next/0/at/0"),
    ("SUCCEEDED", "/last/succeeded"),
    ("FAILED", "/last/failed"),
    ("REFUSED", "/last/refused"),
    ("TROUBLE", "/trouble"),
    ("ID", "/id"),
];

const NEXT: [Column; 5] = [
    ("ZONE", "/time_zone"),
    ("APPLIANCES", "/appliances"),
    ("NEXT", "/at/0"),
    ("THEN", "/at/1"),
    ("AND", "/at/2"),
];

const RUNS: [Column; 7] = [
    ("APPLIANCE", "/appliance/name"),
    ("DUE", "/due_at"),
    ("OUTCOME", "/outcome"),
    ("STATE", "/state"),
    ("MISSED BEFORE", "/missed"),
    ("WHY", "/reason/message"),
    ("OPERATION", "/operation_id"),
];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Schedules,
) -> Result<(), Error> {
    match command {
        Schedules::List => output::rows(format, &COLUMNS, &all(client).await?),
        Schedules::Show { schedule } => {
            let found = find(client, &schedule).await?;
            output::one(super::json_or_table(format), &COLUMNS, &found)
        }
        Schedules::Runs { schedule, all } => {
            let path = path(&find(client, &schedule).await?);
            let latest = if all { "false" } else { "true" };
            let query = [("latest", latest), ("limit", "500")];
            let mut page = client.get(&format!("{path}/runs"), &query).await?;
            let rows: Vec<Value> = serde_json::from_value(page["runs"].take()).unwrap_or_default();
            output::rows(format, &RUNS, &rows)
        }
        Schedules::Create { name, which, when, keep, sets, dry_run } => {
            let mut plan = json!({ "name": name, "when": {} });
            change(client, &mut plan, which, when, keep).await?;
            make_as(&mut plan, &sets);
            if dry_run {
                let mut told = client.post(&format!("{PATH}/preview"), &plan).await?;
                let next: Vec<Value> =
                    serde_json::from_value(told["next"].take()).unwrap_or_default();
                return output::rows(format, &NEXT, &next);
            }
            let made = client.post(PATH, &plan).await?;
            output::one(format, &COLUMNS, &made)
        }
        Schedules::Change { schedule, name, which, when, keep, sets, keep_all } => {
            let found = find(client, &schedule).await?;
            let mut plan = found["plan"].clone();
            if let Some(name) = name {
                plan["name"] = name.into();
            }
            if keep_all {
                plan["keep"] = Value::Null;
            }
            change(client, &mut plan, which, when, keep).await?;
            make_as(&mut plan, &sets);
            patch(client, format, &found, &json!({ "plan": plan })).await
        }
        Schedules::Pause { schedule } => {
            let found = find(client, &schedule).await?;
            patch(client, format, &found, &json!({ "paused": true })).await
        }
        Schedules::Resume { schedule } => {
            let found = find(client, &schedule).await?;
            patch(client, format, &found, &json!({ "paused": false })).await
        }
        Schedules::Delete { schedule } => {
            let path = path(&find(client, &schedule).await?);
            client.delete(&path).await?;
            output::say("removed; what it has asked goes on, and its backups stay");
            Ok(())
        }
    }
}

async fn all(client: &mut Client) -> Result<Vec<Value>, Error> {
    let every = Selection { filter: String::new(), sort: None, limit: 100_000 };
    super::all(client, PATH, "schedules", &every).await
}

/// The schedule that is called so.
async fn find(client: &mut Client, wanted: &str) -> Result<Value, Error> {
    let mut rows = all(client).await?;
    for row in &mut rows {
        row["name"] = row["plan"]["name"].clone();
    }
    super::pick(&rows, "schedule", "id", wanted).cloned()
}

fn path(schedule: &Value) -> String {
    format!("{PATH}/{}", super::text(schedule, "id"))
}

async fn patch(
    client: &mut Client,
    format: Format,
    schedule: &Value,
    said: &Value,
) -> Result<(), Error> {
    let changed = client.patch(&path(schedule), said).await?;
    output::one(format, &COLUMNS, &changed)
}

/// Writes into `plan` what was said of the sets.
fn make_as(plan: &mut Value, sets: &Sets) {
    for (name, said) in [("encrypted", sets.encrypted), ("parity", sets.parity)] {
        if let Some(said) = said {
            plan[name] = said.into();
        }
    }
}

/// Writes into `plan` what was said.
async fn change(
    client: &mut Client,
    plan: &mut Value,
    which: Which,
    when: When,
    keep: Keep,
) -> Result<(), Error> {
    if let Some(filter) = which.filter {
        (plan["filter"], plan["appliances"]) = (filter.into(), Value::Null);
    }
    if !which.appliance.is_empty() {
        let mut ids = Vec::new();
        for wanted in &which.appliance {
            ids.push(super::appliances::id(client, wanted).await?);
        }
        (plan["filter"], plan["appliances"]) = (Value::Null, ids.into());
    }
    if let Some(how) = which.how {
        plan["how"] = how.word().into();
    }
    if let Some(at) = when.at {
        plan["when"]["at"] = at.into();
    }
    if !when.day.is_empty() {
        let days: Vec<String> = when.day.iter().map(|day| day.to_lowercase()).collect();
        plan["when"]["days"] = days.into();
    }
    if let Some(minutes) = when.spread {
        plan["when"]["spread_minutes"] = minutes.into();
    }
    if let Some(keep) = keep.json() {
        plan["keep"] = keep;
    }
    Ok(())
}
