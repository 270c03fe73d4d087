//! `domfleet migrations link` and `links`: what the person on site is sent.

use serde_json::Value;

use super::path;
use crate::client::Client;
use crate::commands::text;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 6] = [
    ("MADE", "/created_at"),
    ("FOR", "/note"),
    ("GOOD", "/is_good"),
    ("GOOD UNTIL", "/expires_at"),
    ("LAST OPENED", "/last_used_at"),
    ("ID", "/id"),
];

/// Makes one, and prints it alone, so that it can be sent on as it is.
pub(super) async fn make(
    client: &mut Client,
    format: Format,
    migration: &str,
    asked: &Value,
) -> Result<(), Error> {
    let made = client.post(&path(migration, "/links"), asked).await?;
    let url = made["url"].as_str().ok_or_else(|| Error::Answer("a link without \"url\"".into()))?;
    match format {
        Format::Json => output::json(&made)?,
        Format::Ndjson => output::text(&format!("{made}\n")),
        Format::Id => output::text(&format!("{}\n", text(&made, "id"))),
        Format::Table => {
            output::text(&format!("{}\n", output::visible(url)));
            let until = text(&made, "expires_at");
            output::say(&format!("good until {until}, at most; it is not shown again"));
        }
    }
    Ok(())
}

pub(super) async fn list(
    client: &mut Client,
    format: Format,
    migration: &str,
) -> Result<(), Error> {
    let mut found = client.get(&path(migration, "/links"), &[]).await?;
    let Value::Array(links) = found["links"].take() else {
        return Err(Error::Answer("an answer without \"links\"".into()));
    };
    output::rows(format, &COLUMNS, &links)
}
