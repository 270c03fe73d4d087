//! `domfleet usb …`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::args::media::{OneDrive, Usb};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 7] = [
    ("DEVICE", "/path"),
    ("SIZE", "/size_bytes"),
    ("VENDOR", "/hardware/vendor"),
    ("MODEL", "/hardware/model"),
    ("SERIAL", "/hardware/serial"),
    ("USE", "/use/kind"),
    ("ID", "/identity/drive"),
];

const OF_THE_FLEET: [Column; 7] = [
    ("APPLIANCE", "/appliance/name"),
    ("DEVICE", "/path"),
    ("SIZE", "/size_bytes"),
    ("MODEL", "/hardware/model"),
    ("SERIAL", "/hardware/serial"),
    ("USE", "/use/kind"),
    ("ID", "/identity/drive"),
];

const VERDICT: [Column; 7] = [
    ("FIT FOR BACKUPS", "/is_fit"),
    ("SAYS IT HOLDS", "/claimed_bytes"),
    ("HOLDS", "/true_bytes"),
    ("TESTED", "/tested_bytes"),
    ("WRITES A SECOND", "/write_rate/mean"),
    ("READS A SECOND", "/read_rate/mean"),
    ("REASONS", "/reasons"),
];

pub(super) async fn run(client: &mut Client, format: Format, command: Usb) -> Result<(), Error> {
    match command {
        Usb::List { appliance, again, timeout } => {
            let id = super::appliances::id(client, &appliance).await?;
            let found = if again {
                let body = json!({ "operation": { "kind": "usb_list" } });
                let asked = client.post(&format!("/appliances/{id}/operations"), &body).await?;
                let limit = Duration::from_secs(timeout);
                let operation = super::text(&asked, "id");
                let mut done = super::operations::end_of(client, operation, limit).await?;
                rows(done["result"]["drives"].take())?
            } else {
                drives(client, &id).await?
            };
            output::rows(format, &COLUMNS, &found)
        }
        Usb::All(selection) => {
            let rows = super::all(client, "/usb-drives", "drives", &selection).await?;
            output::rows(format, &OF_THE_FLEET, &rows)
        }
        Usb::Qualify { drive, full, erase } => {
            let mode = if full { "full" } else { "quick" };
            let qualify = json!({ "kind": "usb_qualify", "mode": mode, "erase": erase.is_some() });
            let result = ask(client, format, drive, qualify, erase).await?;
            result.map_or(Ok(()), |result| output::one(format, &VERDICT, &result))
        }
        Usb::Prepare { drive, confirm } => {
            let more = json!({ "kind": "usb_prepare" });
            let result = ask(client, format, drive, more, Some(confirm)).await?;
            result.map_or(Ok(()), |result| output::one(format, &COLUMNS, &result["drive"]))
        }
    }
}

async fn ask(
    client: &mut Client,
    format: Format,
    drive: OneDrive,
    mut operation: Value,
    confirm: Option<String>,
) -> Result<Option<Value>, Error> {
    let id = super::appliances::id(client, &drive.appliance).await?;
    let found = find(client, &id, &drive.drive).await?;
    operation["drive"] = json!({ "path": found["path"], "size_bytes": found["size_bytes"] });
    if let Some(serial) = found["hardware"]["serial"].as_str() {
        operation["drive"]["serial"] = serial.into();
    }
    let mut body = json!({ "operation": operation });
    if let Some(confirm) = confirm {
        body["confirm"] = confirm.into();
    }
    super::operations::result(client, format, &id, &body, drive.waiting).await
}

/// The drive that is called so. Two that might be meant are a question, and not a guess.
pub(super) async fn find(
    client: &mut Client,
    appliance: &str,
    wanted: &str,
) -> Result<Value, Error> {
    let drives = drives(client, appliance).await?;
    let is_meant = |drive: &&Value| {
        drive["path"] == wanted
            || drive["hardware"]["serial"] == wanted
            || drive["identity"]["drive"] == wanted
    };
    let meant: Vec<&Value> = drives.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [] => Err(Error::NotFound { what: "USB drive", name: wanted.to_owned() }),
        [one] => Ok((*one).clone()),
        several => {
            let paths: Vec<&str> = several.iter().map(|drive| super::text(drive, "path")).collect();
            let paths = paths.join(", ");
            Err(Error::Usage(format!("{wanted} is several USB drives: name the device, {paths}")))
        }
    }
}

async fn drives(client: &mut Client, appliance: &str) -> Result<Vec<Value>, Error> {
    let mut answer = client.get(&format!("/appliances/{appliance}/usb-drives"), &[]).await?;
    rows(answer["drives"].take())
}

fn rows(drives: Value) -> Result<Vec<Value>, Error> {
    match drives {
        Value::Array(rows) => Ok(rows),
        _ => Err(Error::Answer("USB drives without a list of them".into())),
    }
}
