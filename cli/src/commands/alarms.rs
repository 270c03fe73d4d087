//! `domfleet alarms`.

use crate::args::Selection;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 6] = [
    ("RAISED", "/raised_at"),
    ("OVER", "/cleared_at"),
    ("KIND", "/kind"),
    ("APPLIANCE", "/appliance/name"),
    ("WHAT", "/message"),
    ("ID", "/id"),
];

/// Those that are not over, or all.
pub(super) async fn run(
    client: &mut Client,
    format: Format,
    mut selection: Selection,
    all: bool,
) -> Result<(), Error> {
    if !all {
        selection.filter = format!("over=no {}", selection.filter);
    }
    let rows = super::all(client, "/alarms", "alarms", &selection).await?;
    output::rows(format, &COLUMNS, &rows)
}
