//! `domfleet migrations …`.

mod links;
mod preflight;
mod show;
mod start;
mod watch;

use serde_json::{Value, json};

use crate::args::migrations::Migrations;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 8] = [
    ("STARTED", "/started_at"),
    ("APPLIANCE", "/appliance/name"),
    ("PHASE", "/phase"),
    ("WAITS FOR", "/waits"),
    ("VMS", "/vms_total"),
    ("SETTLED", "/vms_settled"),
    ("FAILED", "/vms_failed"),
    ("ID", "/id"),
];

const RECORDS: [Column; 4] =
    [("NUMBER", "/number"), ("AT", "/at"), ("ON", "/on"), ("EVENT", "/event")];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Migrations,
) -> Result<(), Error> {
    match command {
        Migrations::Preflight(asked) => preflight::run(client, format, asked).await,
        Migrations::List(selection) => {
            let rows = super::all(client, "/migrations", "migrations", &selection).await?;
            output::rows(format, &COLUMNS, &rows)
        }
        Migrations::Show { migration } => {
            let found = client.get(&path(&migration, ""), &[]).await?;
            show::show(format, &found)
        }
        Migrations::Start(asked) => start::run(client, format, asked).await,
        Migrations::Watch { migration, to_the_end, timeout } => {
            watch::run(client, format, &migration, to_the_end, timeout).await
        }
        Migrations::Cancel { migration, reason, defer } => {
            let body = json!({ "reason": reason, "defer": defer });
            wish(client, format, &path(&migration, "/cancel"), &body).await
        }
        Migrations::Rollback { migration, reason } => {
            wish(client, format, &path(&migration, "/rollback"), &json!({ "reason": reason })).await
        }
        Migrations::Stay { migration } => {
            wish(client, format, &path(&migration, "/stay"), &json!({})).await
        }
        Migrations::Lose { migration, reason } => {
            wish(client, format, &path(&migration, "/lose"), &json!({ "reason": reason })).await
        }
        Migrations::Retry { migration, vm, afresh } => {
            let vm = vm_of(client, &migration, &vm).await?;
            let to = path(&migration, &format!("/vms/{vm}/retry"));
            wish(client, format, &to, &json!({ "afresh": afresh })).await
        }
        Migrations::Waive { migration, vm } => {
            let vm = vm_of(client, &migration, &vm).await?;
            wish(client, format, &path(&migration, &format!("/vms/{vm}/waive")), &json!({})).await
        }
        Migrations::Permit { migration, way_back } => {
            let query: &[(&str, &str)] = if way_back { &[("way_back", "true")] } else { &[] };
            let signed = client.get(&path(&migration, "/permit"), query).await?;
            output::text(&format!("{signed}\n"));
            Ok(())
        }
        Migrations::Link { migration, hours, note } => {
            links::make(client, format, &migration, &json!({ "hours": hours, "note": note })).await
        }
        Migrations::Links { migration } => links::list(client, format, &migration).await,
        Migrations::Unlink { migration, link } => {
            client.delete(&path(&migration, &format!("/links/{link}"))).await
        }
        Migrations::Records { migration } => records(client, format, &migration).await,
    }
}

fn path(migration: &str, end: &str) -> String {
    format!("/migrations/{migration}{end}")
}

/// Says what is wanted, and shows what it is then.
async fn wish(client: &mut Client, format: Format, to: &str, body: &Value) -> Result<(), Error> {
    let wanted = client.post(to, body).await?;
    output::one(format, &COLUMNS, &wanted)
}

/// The UUID of one of its VMs.
async fn vm_of(client: &mut Client, migration: &str, wanted: &str) -> Result<String, Error> {
    let found = client.get(&path(migration, ""), &[]).await?;
    let vms = found["vms"].as_array().cloned().unwrap_or_default();
    let vm = super::pick(&vms, "VM of the migration", "vm", wanted)?;
    Ok(super::text(vm, "vm").to_owned())
}

/// All of the journal, part by part.
async fn records(client: &mut Client, format: Format, migration: &str) -> Result<(), Error> {
    let mut all: Vec<Value> = Vec::new();
    let mut after = 0_u64;
    loop {
        let from = after.to_string();
        let query = [("after", from.as_str()), ("limit", "500")];
        let mut part = client.get(&path(migration, "/records"), &query).await?;
        let Value::Array(more) = part["records"].take() else {
            return Err(Error::Answer("a journal without \"records\"".into()));
        };
        all.extend(more);
        match part["next"].as_u64().filter(|next| *next > after) {
            Some(next) => after = next,
            None => return output::rows(format, &RECORDS, &all),
        }
    }
}
