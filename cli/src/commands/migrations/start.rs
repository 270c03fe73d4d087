//! `domfleet migrations start`.

use serde_json::{Value, json};

use super::{COLUMNS, preflight};
use crate::args::migrations::{Preflight, Start};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Format};

/// How long the preflight may take, in seconds.
const PREFLIGHT: u64 = 3600;

pub(super) async fn run(client: &mut Client, format: Format, asked: Start) -> Result<(), Error> {
    let appliance = crate::commands::appliances::id(client, &asked.appliance).await?;
    let (operation, result) = match &asked.preflight {
        Some(operation) => {
            let mut found = client.get(&format!("/operations/{operation}"), &[]).await?;
            (operation.clone(), found["result"].take())
        }
        None => looked(client, format, &asked).await?,
    };
    let body = body(&asked, &appliance, &operation, &result)?;
    let begun = client.post("/migrations", &body).await?;
    output::one(format, &COLUMNS, &begun)
}

/// Runs a preflight and shows it. What is in the way ends it here.
async fn looked(
    client: &mut Client,
    format: Format,
    asked: &Start,
) -> Result<(String, Value), Error> {
    let wanted = Preflight {
        appliance: asked.appliance.clone(),
        window: None,
        hours: asked.hours,
        stick: None,
        vendor_stick: false,
        second_drive: asked.second_drive.clone(),
        json: false,
        timeout: PREFLIGHT,
    };
    let (operation, result) = preflight::done(client, &wanted).await?;
    // Beside the data: what is printed for programs is the migration alone. A VM that is left behind is
    // in nobody's way, so that with some the server decides.
    let report = preflight::understood(&result)?;
    if format == Format::Table {
        output::say(&preflight::words(&report));
    }
    if report.is_clear() || !asked.exclude.is_empty() {
        return Ok((operation, result));
    }
    for blocker in &report.blockers {
        let line = format!("{} {}", blocker.sentence, blocker.what_to_do);
        output::say(&output::visible(&line));
    }
    Err(Error::InTheWay { count: report.blockers.len() })
}

/// What is asked of the server.
fn body(asked: &Start, appliance: &str, operation: &str, result: &Value) -> Result<Value, Error> {
    let vms = result["facts"]["vms"].as_array().cloned().unwrap_or_default();
    let mut excluded = Vec::new();
    for (vm, reason) in &asked.exclude {
        let vm = crate::commands::pick(&vms, "VM of the appliance", "vm", vm)?;
        excluded.push(json!({ "vm": vm["vm"], "reason": reason }));
    }
    let mut body = json!({ "appliance": appliance, "preflight": operation, "excluded": excluded });
    if let Some(sentence) = &asked.one_copy {
        body["one_copy"] = sentence.as_str().into();
    }
    if let Some(drive) = &asked.drive {
        body["drive"] = drive.as_str().into();
    }
    if let Some(drive) = &asked.second_drive {
        body["second_drive"] = drive.as_str().into();
    }
    if let Some(hours) = asked.hours {
        body["downtime_seconds"] = (u64::from(hours) * 3600).into();
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Start {
        Start {
            appliance: "pbx-12".into(),
            preflight: None,
            exclude: vec![("fax".into(), "nobody uses it".into())],
            one_copy: Some("one drive holds the only copy".into()),
            drive: None,
            second_drive: Some("d2".into()),
            hours: Some(2),
        }
    }

    #[test]
    fn vms_are_left_behind_by_the_names_that_the_preflight_has_seen() {
        let result = json!({ "facts": { "vms": [
            { "vm": "a1", "name": "pbx" }, { "vm": "b2", "name": "fax" },
        ] } });

        let body = body(&asked(), "box", "op", &result).unwrap();

        assert_eq!(body["excluded"], json!([{ "vm": "b2", "reason": "nobody uses it" }]));
        assert_eq!(body["downtime_seconds"], 7200);
        assert_eq!(body["one_copy"], "one drive holds the only copy");
        assert!(body.get("drive").is_none());
        assert_eq!(body["second_drive"], "d2");
    }

    #[test]
    fn a_vm_that_is_not_there_is_not_left_behind() {
        let wrong = body(&asked(), "box", "op", &json!({})).unwrap_err();

        assert!(matches!(wrong, Error::NotFound { .. }), "{wrong}");
    }
}
