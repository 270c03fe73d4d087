//! What is said of backup sets, to programs and to people.

use domfleet_agent::backup::BackupError;
use domfleet_agent::backup::documents::Manifest;
use domfleet_agent::backup::list::Listed;
use serde_json::{Value, json};

pub(super) fn told(manifest: &Manifest, is_verified: bool) -> Value {
    json!({
        "set": manifest.set,
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "sealed_at": manifest.sealed_at,
        "verified": is_verified,
        "stored_bytes": manifest.stored_bytes(),
        "vms": manifest.vms,
        "appliance": manifest.appliance,
    })
}

pub(super) fn told_listed(listed: &Listed) -> Value {
    match &listed.manifest {
        Some(manifest) => {
            let mut told = told(manifest, listed.verified.is_some());
            told["verified_at"] = json!(listed.verified);
            told
        }
        None => json!({
            "set": listed.set,
            "created_at": listed.plan.created_at,
            "verified": false,
            "trouble": listed.trouble.as_ref().map(BackupError::to_string),
            "vms": listed.plan.vms,
        }),
    }
}

pub(super) fn describe_listed(listed: &Listed) -> String {
    match (&listed.manifest, listed.verified, &listed.trouble) {
        (Some(manifest), Some(at), _) => describe(manifest, &format!("verified at {at}")),
        (Some(manifest), None, _) => describe(manifest, "NOT VERIFIED"),
        (None, _, Some(trouble)) => format!("{}  NOT VERIFIED: {trouble}", listed.set),
        (None, _, None) => format!("{}  not finished: run the backup again to go on", listed.set),
    }
}

pub(super) fn describe(manifest: &Manifest, word: &str) -> String {
    let mut lines = vec![format!("{}  {word}", manifest.set)];
    for vm in &manifest.vms {
        lines.push(format!("  {}", vm.name));
        lines.extend(vm.disks.iter().map(|disk| {
            let (vdev, bytes) = (&disk.planned.vdev, disk.planned.virtual_bytes);
            let (data, stored) = (disk.data_bytes, disk.stored_bytes);
            format!("    {vdev}  {bytes} bytes, {data} of data, {stored} stored")
        }));
        let left_out = vm.left_out.iter();
        lines.extend(left_out.map(|disk| format!("    {}  left out: {}", disk.vdev, disk.reason)));
    }
    lines.join("\n")
}
