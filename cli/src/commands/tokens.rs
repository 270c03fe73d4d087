//! `domfleet tokens …`.

use serde_json::json;

use crate::args::Tokens;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 5] = [
    ("CREATED", "/created_at"),
    ("USES LEFT", "/uses_left"),
    ("EXPIRES", "/expires_at"),
    ("NOTE", "/note"),
    ("ID", "/id"),
];

const MADE: [Column; 3] = [("token", "/token"), ("expires", "/expires_at"), ("id", "/id")];

pub(super) async fn run(client: &mut Client, format: Format, command: Tokens) -> Result<(), Error> {
    match command {
        Tokens::List(selection) => {
            let rows = super::all(client, "/join-tokens", "join_tokens", &selection).await?;
            output::rows(format, &COLUMNS, &rows)
        }
        Tokens::Create { uses, preauthorised, hours, note } => {
            let body = json!({
                "uses": uses,
                "preauthorised": preauthorised,
                "expires_in_seconds": hours.saturating_mul(3600),
                "note": note,
            });
            let made = client.post("/join-tokens", &body).await?;
            output::say("on the appliance: domfleet-agent join TOKEN. It is not shown again.");
            output::one(format, &MADE, &made)
        }
    }
}
