//! `domfleet backups …`.

use serde_json::{Value, json};

use crate::args::Selection;
use crate::args::media::{Backups, KeepArguments, OneDrive};
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

const RESTORED: [Column; 5] = [
    ("NAME", "/name"),
    ("AS", "/as/name"),
    ("SET", "/set"),
    ("CONFIG", "/config"),
    ("DISKS", "/disks"),
];

const COMPARED: [Column; 6] = [
    ("VM", "/name"),
    ("DISK", "/vdev"),
    ("FOUND", "/found"),
    ("BYTES THAT DIFFER", "/bytes"),
    ("WHY", "/why"),
    ("WHERE IT WAS", "/path"),
];

const JUDGED: [Column; 5] = [
    ("CREATED", "/created_at"),
    ("VMS", "/vms"),
    ("STORED", "/stored_bytes"),
    ("FATE", "/fate"),
    ("SET", "/set"),
];

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
        Backups::Create { drive, vm, shut_down, encrypted, parity, snapshot, keep } => {
            let id = super::appliances::id(client, &drive.appliance).await?;
            let mut vms = Vec::new();
            for wanted in vm {
                vms.push(super::vms::uuid(client, &id, &wanted).await?);
            }
            let mut create = json!({
                "kind": "backup_create", "vms": vms, "shut_down": shut_down, "encrypted": encrypted,
                "parity": parity,
            });
            if snapshot {
                create["snapshot"] = true.into();
            }
            if let Some(keep) = keep.json() {
                create["keep"] = keep;
            }
            sets(client, format, drive, create).await
        }
        Backups::Key { set } => {
            let key = client.post(&format!("/backup-sets/{set}/key"), &Value::Null).await?;
            match format {
                Format::Table => {
                    output::text(&format!(
                        "# The key {} of the backup set {set}. Whoever has it can read the set.\n{}",
                        super::text(&key, "id"),
                        super::text(&key, "key"),
                    ));
                    Ok(())
                }
                _ => output::one(format, &[("ID", "/id"), ("KEY", "/key")], &key),
            }
        }
        Backups::Verify { drive, set } => {
            let mut verify = json!({ "kind": "backup_verify" });
            if let Some(set) = set {
                verify["set"] = set.into();
            }
            sets(client, format, drive, verify).await
        }
        Backups::Restore { drive, vm, to, format: kind, group, set, as_name } => {
            let mut restore = json!({ "kind": "backup_restore" });
            restore["vm"] = saved(client, &drive, &vm).await?.into();
            restore["to"] = match (to, group) {
                (Some(path), _) => json!({ "folder": { "path": path, "format": kind } }),
                (None, group) => json!({ "volume_group": group }),
            };
            if let Some(set) = set {
                restore["set"] = set.into();
            }
            if let Some(name) = as_name {
                restore["as_name"] = name.into();
            }
            let result = ask(client, format, drive, restore, None).await?;
            result.map_or(Ok(()), |result| output::one(format, &RESTORED, &result))
        }
        Backups::Compare { drive, set, vm } => {
            let mut compare = json!({ "kind": "backup_compare" });
            if let Some(vm) = vm {
                compare["vm"] = saved(client, &drive, &vm).await?.into();
            }
            if let Some(set) = set {
                compare["set"] = set.into();
            }
            let result = ask(client, format, drive, compare, None).await?;
            result.map_or(Ok(()), |result| compared(format, &result))
        }
        Backups::Prune { drive, keep, dry_run, confirm } => {
            let prune = json!({ "kind": "backup_prune", "dry_run": dry_run, "keep": told(keep) });
            let result = ask(client, format, drive, prune, confirm).await?;
            result.map_or(Ok(()), |result| pruned(format, &result))
        }
        Backups::Import { drive, from, encrypted } => {
            let import = json!({ "kind": "backup_import", "from": from, "encrypted": encrypted });
            sets(client, format, drive, import).await
        }
    }
}

fn told(keep: KeepArguments) -> Value {
    let KeepArguments { last, daily, weekly, monthly } = keep;
    let kept = [("last", last), ("daily", daily), ("weekly", weekly), ("monthly", monthly)];
    kept.into_iter().filter_map(|(of, count)| Some((of.to_owned(), json!(count?)))).collect()
}

/// Prints each disk; one that is not the same is an error.
fn compared(format: Format, result: &Value) -> Result<(), Error> {
    output::rows(format, &COMPARED, rows(result, "disks")?)?;
    match result["same"].as_bool() {
        Some(true) => Ok(()),
        _ => Err(Error::Differs),
    }
}

fn pruned(format: Format, result: &Value) -> Result<(), Error> {
    output::rows(format, &JUDGED, rows(result, "judged")?)?;
    let word = if result["dry_run"] == true { "would be freed" } else { "freed" };
    output::say(&format!("{} bytes {word}", result["freed_bytes"]));
    Ok(())
}

fn rows<'r>(result: &'r Value, of: &str) -> Result<&'r [Value], Error> {
    let rows = result[of].as_array().map(Vec::as_slice);
    rows.ok_or_else(|| Error::Answer(format!("an answer without its {of}")))
}

async fn sets(
    client: &mut Client,
    format: Format,
    drive: OneDrive,
    operation: Value,
) -> Result<(), Error> {
    let Some(mut result) = ask(client, format, drive, operation, None).await? else {
        return Ok(());
    };
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
    confirm: Option<String>,
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
    let mut body = json!({ "operation": operation });
    if let Some(confirm) = confirm {
        body["confirm"] = confirm.into();
    }
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
    fn only_what_was_said_to_be_kept_is_asked_for() {
        let keep = KeepArguments { last: Some(2), daily: None, weekly: Some(0), monthly: None };

        assert_eq!(told(keep), json!({ "last": 2, "weekly": 0 }));
    }

    #[test]
    fn a_script_can_tell_a_disk_that_differs_from_one_that_is_the_same() {
        let answer = |same| json!({ "same": same, "disks": [] });

        assert!(compared(Format::Ndjson, &answer(true)).is_ok());
        let error = compared(Format::Ndjson, &answer(false)).unwrap_err();
        assert_eq!(error.exit_code(), 1);
    }

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
