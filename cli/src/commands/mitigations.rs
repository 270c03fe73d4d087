//! `domfleet mitigations …`.

use serde_json::{Value, json};

use crate::args::Waiting;
use crate::args::mitigations::{Mitigations, OneMitigation};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 4] =
    [("MITIGATION", "/which"), ("STATUS", "/status"), ("OURS", "/ours"), ("WHY", "/why")];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Mitigations,
) -> Result<(), Error> {
    match command {
        Mitigations::Check { appliance, which, waiting } => {
            let mut operation = json!({ "kind": "mitigation_check" });
            if let Some(which) = which {
                operation["which"] = which.as_str().into();
            }
            ask(client, format, &appliance, operation, waiting).await
        }
        Mitigations::Apply(one) => ask_one(client, format, "mitigation_apply", one).await,
        Mitigations::Revert(one) => ask_one(client, format, "mitigation_revert", one).await,
    }
}

/// How an appliance's mitigations stand, as it last reported it.
pub(super) async fn list(
    client: &mut Client,
    format: Format,
    appliance: &str,
) -> Result<(), Error> {
    let id = super::appliances::id(client, appliance).await?;
    let mut answer = client.get(&format!("/appliances/{id}/mitigations"), &[]).await?;
    show(format, answer["mitigations"].take())
}

async fn ask_one(
    client: &mut Client,
    format: Format,
    kind: &str,
    one: OneMitigation,
) -> Result<(), Error> {
    let OneMitigation { appliance, which, dry_run, waiting } = one;
    let operation = json!({ "kind": kind, "which": which.as_str(), "dry_run": dry_run });
    ask(client, format, &appliance, operation, waiting).await
}

async fn ask(
    client: &mut Client,
    format: Format,
    appliance: &str,
    operation: Value,
    waiting: Waiting,
) -> Result<(), Error> {
    let id = super::appliances::id(client, appliance).await?;
    let body = json!({ "operation": operation });
    let result = super::operations::result(client, format, &id, &body, waiting).await?;
    result.map_or(Ok(()), |mut result| show(format, result["mitigations"].take()))
}

/// For people with what was changed, or would be: the diffs after the table.
fn show(format: Format, mitigations: Value) -> Result<(), Error> {
    let Value::Array(mut rows) = mitigations else {
        return Err(Error::Answer("mitigations without a list of them".into()));
    };
    if format != Format::Table {
        return output::rows(format, &COLUMNS, &rows);
    }
    for row in &mut rows {
        row["why"] = texts(&row["reasons"]).join("; ").into();
    }
    output::rows(format, &COLUMNS, &rows)?;
    for row in &rows {
        for file in row["files"].as_array().into_iter().flatten() {
            output::text(&format!("\n{}", super::text(file, "diff")));
        }
        for command in texts(&row["commands"]) {
            output::text(&format!("\n$ {command}\n"));
        }
    }
    Ok(())
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
