//! `domfleet bundles …`.

mod download;
mod files;
mod upload;

use serde_json::json;

use crate::args::bundles::Bundles;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 7] = [
    ("CREATED", "/created_at"),
    ("APPLIANCE", "/appliance/name"),
    ("STATE", "/state"),
    ("KIND", "/kind"),
    ("BYTES", "/size_bytes"),
    ("HELD BY", "/hold/by"),
    ("ID", "/id"),
];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Bundles,
) -> Result<(), Error> {
    match command {
        Bundles::List(selection) => {
            let rows = super::all(client, "/bundles", "bundles", &selection).await?;
            output::rows(format, &COLUMNS, &rows)
        }
        Bundles::Collect { appliance, waiting } => {
            let id = super::appliances::id(client, &appliance).await?;
            super::operations::ask(client, format, &id, "bundles", &json!({}), waiting).await
        }
        Bundles::Upload { appliance, file, note } => {
            let id = super::appliances::id(client, &appliance).await?;
            upload::upload(client, format, &id, &file, &note).await
        }
        Bundles::Download { bundle, to } => download::download(client, &bundle, to).await,
        Bundles::Files { bundle } => files::list(client, format, &bundle).await,
        Bundles::Show { bundle, file } => files::show(client, &bundle, &file).await,
        Bundles::Search { bundle, text, limit } => {
            files::search(client, format, &bundle, &text, limit).await
        }
        Bundles::Hold { bundle, note } => {
            let path = format!("/bundles/{bundle}/hold");
            let held = client.post(&path, &json!({ "note": note })).await?;
            output::one(format, &COLUMNS, &held)
        }
        Bundles::Release { bundle } => {
            let released = client.post(&format!("/bundles/{bundle}/release"), &json!({})).await?;
            output::one(format, &COLUMNS, &released)
        }
        Bundles::Delete { bundle } => client.delete(&format!("/bundles/{bundle}")).await,
    }
}
