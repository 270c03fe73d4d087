//! `domfleet bundles …`.

use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::args::Bundles;
use crate::client::{Client, answer};
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 5] = [
    ("CREATED", "/created_at"),
    ("APPLIANCE", "/appliance/name"),
    ("STATE", "/state"),
    ("BYTES", "/size_bytes"),
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
        Bundles::Download { bundle, to } => {
            let to = to.unwrap_or_else(|| PathBuf::from(format!("{bundle}.tar.zst")));
            download(client, &bundle, &to).await
        }
    }
}

/// Writes beside the target and renames at the end: a file of that name is a whole bundle.
async fn download(client: &mut Client, bundle: &str, to: &Path) -> Result<(), Error> {
    let path = format!("/bundles/{bundle}/content");
    let response = client.send(&Method::GET, &path, &[], None).await?;
    if !response.status().is_success() {
        return answer(response).await.map(|_| ());
    }
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let draft = to.with_file_name(name);
    let file_error = |e: std::io::Error| Error::File { path: draft.clone(), why: e.to_string() };
    let mut file = tokio::fs::File::create(&draft).await.map_err(file_error)?;
    let mut body = response.bytes_stream();
    let mut bytes = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| Error::Unreachable(e.to_string()))?;
        file.write_all(&chunk).await.map_err(file_error)?;
        bytes += chunk.len();
    }
    file.sync_all().await.map_err(file_error)?;
    tokio::fs::rename(&draft, to).await.map_err(file_error)?;
    output::say(&format!("{}: {bytes} bytes", to.display()));
    Ok(())
}
