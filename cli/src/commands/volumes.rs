//! `domfleet volumes …`.

use serde_json::{Value, json};

use crate::args::{OneVolume, Volumes};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 7] = [
    ("GROUP", "/volume_group"),
    ("NAME", "/name"),
    ("SIZE", "/size_bytes"),
    ("KIND", "/segment_type"),
    ("ORIGIN", "/origin"),
    ("MANAGED", "/managed"),
    ("UUID", "/lv_uuid"),
];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Volumes,
) -> Result<(), Error> {
    match command {
        Volumes::List { appliance } => {
            let id = super::appliances::id(client, &appliance).await?;
            output::rows(format, &COLUMNS, &volumes(client, &id).await?)
        }
        Volumes::Create { appliance, name, group, size, thin_pool, waiting } => {
            let id = super::appliances::id(client, &appliance).await?;
            let operation = json!({
                "kind": "volume_create", "volume_group": group, "name": name, "size_bytes": size,
                "thin_pool": thin_pool,
            });
            let body = json!({ "operation": operation });
            super::operations::ask(client, format, &id, "operations", &body, waiting).await
        }
        Volumes::Grow { volume, size } => {
            let more = json!({ "size_bytes": size });
            ask(client, format, "volume_grow", volume, more, None).await
        }
        Volumes::Snapshot { volume, to } => {
            ask(client, format, "volume_snapshot", volume, json!({ "name": to }), None).await
        }
        Volumes::Revert { volume, confirm } => {
            ask(client, format, "volume_revert", volume, json!({}), Some(confirm)).await
        }
        Volumes::Rename { volume, to } => {
            ask(client, format, "volume_rename", volume, json!({ "name": to }), None).await
        }
        Volumes::Remove { volume, confirm } => {
            ask(client, format, "volume_remove", volume, json!({}), Some(confirm)).await
        }
        Volumes::Adopt(volume) => {
            ask(client, format, "volume_adopt", volume, json!({}), None).await
        }
    }
}

async fn ask(
    client: &mut Client,
    format: Format,
    kind: &str,
    volume: OneVolume,
    more: Value,
    confirm: Option<String>,
) -> Result<(), Error> {
    let id = super::appliances::id(client, &volume.appliance).await?;
    let mut operation = more;
    operation["kind"] = kind.into();
    operation["volume"] = uuid(client, &id, &volume.volume).await?;
    let mut body = json!({ "operation": operation });
    if let Some(confirm) = confirm {
        body["confirm"] = Value::String(confirm);
    }
    super::operations::ask(client, format, &id, "operations", &body, volume.waiting).await
}

/// The `lv_uuid` of the volume that is called so.
pub(super) async fn uuid(
    client: &mut Client,
    appliance: &str,
    wanted: &str,
) -> Result<Value, Error> {
    let rows = volumes(client, appliance).await?;
    Ok(super::pick(&rows, "volume", "lv_uuid", wanted)?["lv_uuid"].clone())
}

async fn volumes(client: &mut Client, appliance: &str) -> Result<Vec<Value>, Error> {
    let mut answer = client.get(&format!("/appliances/{appliance}/volumes"), &[]).await?;
    match answer["volumes"].take() {
        Value::Array(rows) => Ok(rows),
        _ => Err(Error::Answer("volumes without a list of them".into())),
    }
}
