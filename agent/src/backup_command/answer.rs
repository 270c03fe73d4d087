//! What is said of backup sets, to programs and to people.

use domfleet_agent::backup::BackupError;
use domfleet_agent::backup::documents::Manifest;
use domfleet_agent::backup::list::Listed;
use domfleet_agent::backup::verify::Proof;
use serde_json::{Value, json};

pub(super) fn told_manifest(
    manifest: &Manifest,
    (is_verified, is_protected): (bool, bool),
) -> Value {
    json!({
        "set": manifest.set,
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "sealed_at": manifest.sealed_at,
        "verified": is_verified,
        "protected": is_protected,
        "stored_bytes": manifest.stored_bytes(),
        "vms": manifest.vms,
        "appliance": manifest.appliance,
    })
}

/// What was found by reading a set back.
pub(super) fn told_proof(proof: &Proof) -> Value {
    let states = (proof.damages.is_empty(), proof.is_protected());
    let mut told = told_manifest(&proof.manifest, states);
    if let Some(protection) = &proof.protection {
        told["parity_bytes"] = json!(protection.bytes);
        told["parity_damages"] = parity_damages(proof).collect();
    }
    told
}

pub(super) fn parity_damages(proof: &Proof) -> impl Iterator<Item = String> {
    let all = proof.protection.iter().flat_map(|protection| &protection.damages);
    all.map(ToString::to_string)
}

pub(super) fn describe_proof(proof: &Proof) -> String {
    let word = if proof.damages.is_empty() { "verified" } else { "DAMAGED" };
    let parity = match &proof.protection {
        Some(protection) if !protection.is_whole() => {
            ", and NOT PROTECTED any more: its parity is damaged, and is to be made again"
        }
        protection => protected(protection.is_some()),
    };
    format!("{word}{parity}")
}

fn protected(is_protected: bool) -> &'static str {
    if is_protected { ", protected by parity" } else { "" }
}

pub(super) fn told_listed(listed: &Listed) -> Value {
    match &listed.manifest {
        Some(manifest) => {
            let states = (listed.verified.is_some(), listed.is_protected);
            let mut told = told_manifest(manifest, states);
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
        (Some(manifest), Some(at), _) => {
            describe(manifest, &format!("verified at {at}{}", protected(listed.is_protected)))
        }
        (Some(manifest), None, _) => {
            describe(manifest, &format!("NOT VERIFIED{}", protected(listed.is_protected)))
        }
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
