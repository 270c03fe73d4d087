//! `domfleet appliances stress`.

use serde_json::json;

use crate::args::stress::Stress;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 6] = [
    ("seconds survived", "/seconds"),
    ("bytes read", "/read_bytes"),
    ("bytes written", "/written_bytes"),
    ("slowest, ms", "/slowest_milliseconds"),
    ("operations", "/operations"),
    ("chance to die of it at one death an hour", "/chance_of_death"),
];

pub(super) async fn run(client: &mut Client, format: Format, asked: Stress) -> Result<(), Error> {
    let Stress { appliance, confirm, seconds, jobs, size, folder, waive_backups, waiting } = asked;
    let id = super::appliances::id(client, &appliance).await?;
    let mut operation = json!({ "kind": "stress_run", "waive_backups": waive_backups });
    let size_bytes = size.map(|mib| mib.saturating_mul(1 << 20));
    let said = [
        ("seconds", json!(seconds)),
        ("jobs", json!(jobs)),
        ("size_bytes", json!(size_bytes)),
        ("folder", json!(folder)),
    ];
    for (field, value) in said.into_iter().filter(|(_, value)| !value.is_null()) {
        operation[field] = value;
    }
    let body = json!({ "operation": operation, "confirm": confirm });
    let result = super::operations::result(client, format, &id, &body, waiting).await?;
    result.map_or(Ok(()), |result| output::one(format, &COLUMNS, &result))
}
