//! `domfleet operations …`, and waiting for one.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::args::{Operations, Waiting};
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
    }
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

/// Stays until the operation has ended; an end that is no success is an error.
async fn wait(client: &mut Client, format: Format, id: &str, limit: Duration) -> Result<(), Error> {
    let started = Instant::now();
    let mut last = String::new();
    loop {
        let operation = client.get(&format!("/operations/{id}"), &[]).await?;
        let state = super::text(&operation, "state").to_owned();
        if state != last {
            output::say(&format!("{:>6.1} s  {state}", started.elapsed().as_secs_f64()));
            last.clone_from(&state);
        }
        match state.as_str() {
            "succeeded" => return output::one(format, &COLUMNS, &operation),
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
