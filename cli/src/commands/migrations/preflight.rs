//! `domfleet migrations preflight`.

use std::time::Duration;

use domfleet_shared::migration::preflight::Report;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::args::migrations::Preflight;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Format};

/// Runs one, and shows it.
pub(super) async fn run(
    client: &mut Client,
    format: Format,
    asked: Preflight,
) -> Result<(), Error> {
    let (_, result) = done(client, &asked).await?;
    show(if asked.json { Format::Json } else { format }, &result)
}

/// Runs one, and gives its operation's id and what it came to.
pub(super) async fn done(client: &mut Client, asked: &Preflight) -> Result<(String, Value), Error> {
    let id = crate::commands::appliances::id(client, &asked.appliance).await?;
    let body = json!({ "operation": operation(asked) });
    let limit = Duration::from_secs(asked.timeout);
    let begun = client.post(&format!("/appliances/{id}/operations"), &body).await?;
    let operation = crate::commands::text(&begun, "id").to_owned();
    let mut done = crate::commands::operations::end_of(client, &operation, limit).await?;
    Ok((operation, done["result"].take()))
}

fn operation(asked: &Preflight) -> Value {
    let mut operation = json!({ "kind": "migration_preflight" });
    if let Some(window) = asked.window {
        operation["window"] =
            json!({ "begins_minute": window.begins_minute, "seconds": window.seconds });
    }
    if let Some(hours) = asked.hours {
        operation["window"] = json!({ "seconds": u64::from(hours) * 3600 });
    }
    if let Some(key) = &asked.stick {
        operation["stick"] = json!({ "kind": "ours", "key": key });
    }
    if let Some(second) = &asked.second_drive {
        operation["second_drive"] = second.as_str().into();
    }
    if asked.vendor_stick {
        operation["stick"] = json!({ "kind": "vendor" });
    }
    operation
}

/// In words for people; as it came for programs. What is in the way is an error either way.
pub(super) fn show(format: Format, result: &Value) -> Result<(), Error> {
    let report = understood(result)?;
    match format {
        Format::Table => output::text(&words(&report)),
        Format::Json => output::json(result)?,
        Format::Ndjson | Format::Id => output::text(&format!("{result}\n")),
    }
    if report.is_clear() { Ok(()) } else { Err(Error::InTheWay { count: report.blockers.len() }) }
}

/// What a preflight came to.
pub(super) fn understood(result: &Value) -> Result<Report, Error> {
    Report::deserialize(result)
        .map_err(|error| Error::Answer(format!("a preflight that is none: {error}")))
}

/// A line at a time: names are whatever somebody gave a VM or a drive.
pub(super) fn words(report: &Report) -> String {
    let mut text = String::new();
    for line in report.to_string().lines() {
        text.push_str(&output::visible(line));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use domfleet_shared::migration::preflight::{Assumptions, Facts, report};

    use super::*;
    use crate::args::migrations::Window;

    fn asked() -> Preflight {
        Preflight {
            appliance: "pbx-12".into(),
            window: None,
            hours: None,
            stick: None,
            vendor_stick: false,
            second_drive: None,
            json: false,
            timeout: 1,
        }
    }

    #[test]
    fn what_is_asked_is_what_an_agent_understands() {
        use domfleet_shared::id::DriveId;
        use domfleet_shared::migration::preflight::{Stick, Window as AsWindow};
        use domfleet_shared::operation::Operation;
        let window = Some(Window { begins_minute: 1320, seconds: 21_600 });
        let full = Preflight { window, stick: Some("k1".into()), ..asked() };
        let understood = |asked: &Preflight| {
            let operation = serde_json::from_value(operation(asked)).unwrap();
            let Operation::MigrationPreflight(assumptions) = operation else { panic!() };
            *assumptions
        };

        assert_eq!(understood(&asked()), Assumptions::default());
        let said = understood(&full);
        assert_eq!(said.window, Some(AsWindow { begins_minute: Some(1320), seconds: 21_600 }));
        assert_eq!(said.stick, Stick::Ours { key: "k1".into() });
        let hours = understood(&Preflight { hours: Some(4), vendor_stick: true, ..asked() });
        assert_eq!(hours.window, Some(AsWindow { begins_minute: None, seconds: 14_400 }));
        assert_eq!(hours.stick, Stick::Vendor);
        let second = DriveId::new();
        let two = Preflight { second_drive: Some(second.to_string()), ..asked() };
        assert_eq!(understood(&two).second_drive, Some(second));
    }

    #[test]
    fn what_is_in_the_way_is_an_error_and_a_failure() {
        let nothing = report(&Facts::default(), &Assumptions::default());

        let ended = show(Format::Json, &json!(nothing)).unwrap_err();

        assert!(matches!(ended, Error::InTheWay { count: 2 }), "{ended}");
        assert_eq!(ended.exit_code(), 1);
        assert!(words(&nothing).contains("No USB drive is plugged in"));
    }
}
