//! `domfleet boots …`.

use serde_json::{Value, json};

use crate::args::Boots;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 6] = [
    ("APPLIANCE", "/appliance/name"),
    ("ENDED", "/ended_at"),
    ("END", "/end"),
    ("SURE", "/confidence"),
    ("UPTIME", "/uptime"),
    ("EVIDENCE", "/evidence/0"),
];

pub(super) async fn run(client: &mut Client, format: Format, command: Boots) -> Result<(), Error> {
    let Boots::List(selection) = command;
    let mut rows = super::all(client, "/boots", "boots", &selection).await?;
    match format {
        Format::Table => rows.iter_mut().for_each(for_people),
        // A boot is known by an id of its own name.
        Format::Id => rows.iter_mut().for_each(|row| row["id"] = row["boot_id"].clone()),
        Format::Json | Format::Ndjson => {}
    }
    output::rows(format, &COLUMNS, &rows)
}

fn for_people(row: &mut Value) {
    if let Some(seconds) = row["last_seen_seconds"].as_u64() {
        row["uptime"] = json!(uptime(seconds));
    }
    // It was told by an appliance, out of its logs.
    if let Some(sentence) = row["evidence"][0].as_str() {
        row["evidence"][0] = json!(output::visible(sentence));
    }
}

fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    if days > 0 { format!("{days}d {hours}h") } else { format!("{hours}h {minutes}min") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uptime_is_told_in_its_two_largest_units() {
        assert_eq!(uptime(59), "0h 0min");
        assert_eq!(uptime(86399), "23h 59min");
        assert_eq!(uptime(87 * 86400 + 3 * 3600 + 59), "87d 3h");
    }

    #[test]
    fn an_end_that_nobody_noted_much_of_stays_a_row() {
        let mut row = json!({ "last_seen_seconds": null, "evidence": [] });
        for_people(&mut row);
        assert_eq!(row["uptime"], Value::Null);
        let mut row = json!({ "last_seen_seconds": 60, "evidence": ["a\u{1b}[2Jb"] });
        for_people(&mut row);
        assert_eq!(
            (&row["uptime"], &row["evidence"][0]),
            (&json!("0h 1min"), &json!("a\\u{1b}[2Jb"))
        );
    }
}
