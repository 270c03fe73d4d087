//! What a drive thinks of its own health, where `smartctl` is there and the USB bridge lets it ask.

use std::time::Duration;

use domfleet_shared::usb::Smart;
use serde_json::Value;

use crate::dom0::xen::command;

const ASKED_WITHIN: Duration = Duration::from_secs(30);

/// What `device` says; nothing where it says nothing.
pub(super) async fn ask(device: &str) -> Option<Smart> {
    // Most bridges pass ATA commands on in this way. Its exit code is made of bits, of which some
    // tell of the drive's health and not of the command.
    let arguments = ["--json", "-a", "-d", "sat", device];
    let output = command::run("smartctl", &arguments, ASKED_WITHIN).await.ok()?;
    parse(&output.stdout)
}

/// What smartctl printed.
pub(super) fn parse(json: &[u8]) -> Option<Smart> {
    let said: Value = serde_json::from_slice(json).ok()?;
    let at = |pointer: &str| said.pointer(pointer);
    let attributes = at("/ata_smart_attributes/table").and_then(Value::as_array);
    let raw = |id: u64| {
        let has_id = |attribute: &&Value| attribute.get("id").and_then(Value::as_u64) == Some(id);
        attributes?.iter().find(has_id)?.pointer("/raw/value")?.as_u64()
    };
    let smart = Smart {
        passed: at("/smart_status/passed").and_then(Value::as_bool),
        reallocated_sectors: raw(5),
        pending_sectors: raw(197),
        uncorrectable_sectors: raw(198),
        power_on_hours: at("/power_on_time/hours").and_then(Value::as_u64),
        temperature: at("/temperature/current").and_then(Value::as_i64),
    };
    (smart != Smart::default()).then_some(smart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_disk_is_read_from_what_smartctl_prints_and_a_silent_bridge_is_nothing() {
        let failing = br#"{"json_format_version":[1,0],"smartctl":{"exit_status":24},
            "smart_status":{"passed":false},
            "ata_smart_attributes":{"revision":16,"table":[
                {"id":5,"name":"Reallocated_Sector_Ct","value":1,"raw":{"value":2072,"string":"2072"}},
                {"id":197,"name":"Current_Pending_Sector","raw":{"value":8,"string":"8"}}]},
            "power_on_time":{"hours":21345},"temperature":{"current":41}}"#;

        let smart = parse(failing).unwrap();

        assert_eq!((smart.passed, smart.reallocated_sectors), (Some(false), Some(2072)));
        assert_eq!((smart.pending_sectors, smart.uncorrectable_sectors), (Some(8), None));
        assert_eq!((smart.power_on_hours, smart.temperature), (Some(21345), Some(41)));
        assert_eq!(parse(br#"{"smartctl":{"exit_status":2}}"#), None);
        assert_eq!(parse(b"no JSON"), None);
    }
}
