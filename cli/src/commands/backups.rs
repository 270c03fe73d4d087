//! `domfleet backups …`.

use serde_json::{Value, json};

use crate::args::Selection;
use crate::args::media::{Backups, OneDrive};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 7] = [
    ("CREATED", "/created_at"),
    ("APPLIANCE", "/appliance/name"),
    ("VERIFIED", "/verified_at"),
    ("STORED", "/stored_bytes"),
    ("TROUBLES", "/troubles"),
    ("DRIVE", "/drive"),
    ("SET", "/set"),
];

/// What an appliance says of the sets on one drive.
const SETS: [Column; 5] = [
    ("CREATED", "/created_at"),
    ("VERIFIED", "/verified_at"),
    ("STORED", "/stored_bytes"),
    ("TROUBLES", "/troubles"),
    ("SET", "/set"),
];

const RESTORED: [Column; 4] =
    [("NAME", "/name"), ("SET", "/set"), ("CONFIG", "/config"), ("DISKS", "/disks")];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Backups,
) -> Result<(), Error> {
    match command {
        Backups::List(selection) => {
            let rows = super::all(client, "/backup-sets", "sets", &selection).await?;
            output::rows(format, &COLUMNS, &rows)
        }
        Backups::Look(drive) => sets(client, format, drive, json!({ "kind": "backup_list" })).await,
        Backups::Create { drive, vm, shut_down, snapshot, keep } => {
            let id = super::appliances::id(client, &drive.appliance).await?;
            let mut vms = Vec::new();
            for wanted in vm {
                vms.push(super::vms::uuid(client, &id, &wanted).await?);
            }
            let mut create = json!({ "kind": "backup_create", "vms": vms, "shut_down": shut_down });
            if snapshot {
                create["snapshot"] = true.into();
            }
            if let Some(keep) = keep.json() {
                create["keep"] = keep;
            }
            sets(client, format, drive, create).await
        }
        Backups::Verify { drive, set } => {
            let mut verify = json!({ "kind": "backup_verify" });
            if let Some(set) = set {
                verify["set"] = set.into();
            }
            sets(client, format, drive, verify).await
        }
        Backups::Restore { drive, vm, to, format: kind, group, set } => {
            let mut restore = json!({ "kind": "backup_restore" });
            restore["vm"] = saved(client, &drive, &vm).await?.into();
            restore["to"] = match (to, group) {
                (Some(path), _) => json!({ "folder": { "path": path, "format": kind } }),
                (None, group) => json!({ "volume_group": group }),
            };
            if let Some(set) = set {
                restore["set"] = set.into();
            }
            let result = ask(client, format, drive, restore).await?;
            result.map_or(Ok(()), |result| output::one(format, &RESTORED, &result))
        }
    }
}

async fn sets(
    client: &mut Client,
    format: Format,
    drive: OneDrive,
    operation: Value,
) -> Result<(), Error> {
    let Some(mut result) = ask(client, format, drive, operation).await? else { return Ok(()) };
    match result["sets"].take() {
        Value::Array(rows) => output::rows(format, &SETS, &rows),
        _ => Err(Error::Answer("a drive without a list of its sets".into())),
    }
}

async fn ask(
    client: &mut Client,
    format: Format,
    drive: OneDrive,
    mut operation: Value,
) -> Result<Option<Value>, Error> {
    let id = super::appliances::id(client, &drive.appliance).await?;
    let found = super::usb::find(client, &id, &drive.drive).await?;
    let ours = found["identity"]["drive"].as_str();
    let ours = ours.filter(|_| found["use"]["kind"] == "ours").ok_or_else(|| {
        let OneDrive { appliance, drive, .. } = &drive;
        Error::Usage(format!(
            "{drive} is no drive of ours: domfleet usb prepare {appliance} {drive} makes it one"
        ))
    })?;
    operation["drive"] = ours.into();
    let body = json!({ "operation": operation });
    super::operations::result(client, format, &id, &body, drive.waiting).await
}

/// The UUID of a VM that is in a set: it need not be on the appliance any more.
async fn saved(client: &mut Client, drive: &OneDrive, wanted: &str) -> Result<String, Error> {
    if super::is_uuid(wanted) {
        return Ok(wanted.to_owned());
    }
    let appliance = super::appliance(client, &drive.appliance).await?;
    let filter = format!("appliance={}", super::quoted(super::text(&appliance, "name")));
    let selection = Selection { filter, sort: Some("-created_at".into()), limit: 1000 };
    let sets = super::all(client, "/backup-sets", "sets", &selection).await?;
    named(&sets, wanted)
        .ok_or_else(|| Error::NotFound { what: "VM in a backup set", name: wanted.to_owned() })
}

/// In the newest set that holds it, which comes first.
fn named(sets: &[Value], wanted: &str) -> Option<String> {
    let vms = sets.iter().flat_map(|set| set["vms"].as_array().into_iter().flatten());
    let mut found = vms.filter(|vm| vm["name"] == wanted);
    found.next().and_then(|vm| vm["uuid"].as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vm_is_meant_as_the_newest_set_that_holds_its_name_has_it() {
        let sets = [
            json!({ "vms": [{ "name": "door", "uuid": "d" }] }),
            json!({ "vms": [{ "name": "pbx", "uuid": "new" }, { "name": "door", "uuid": "e" }] }),
            json!({ "vms": [{ "name": "pbx", "uuid": "old" }] }),
        ];

        assert_eq!(named(&sets, "pbx").as_deref(), Some("new"));
        assert_eq!(named(&sets, "door").as_deref(), Some("d"));
        assert_eq!(named(&sets, "none"), None);
    }
}
