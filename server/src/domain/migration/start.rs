//! From a preflight to the plan of a migration: whether it may be started.

use std::collections::BTreeSet;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, DriveId, MigrationId, VmId};
use domfleet_shared::inventory::{Fingerprint, Vm, VmState};
use domfleet_shared::migration::Plan;
use domfleet_shared::migration::plan::{
    Copies, DOWNTIME, Excluded, FORMAT, HEALTHY_AFTER, PlannedVm, SOAK,
};
use domfleet_shared::migration::preflight::{
    Accepted, ConsentCode, ONLY_COPY, Report, SecondCopyBy, report,
};
use domfleet_shared::usb::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::{LONGEST_REASON, Refused};

/// Bounds of what can be said, in seconds.
const MOST_DOWNTIME: u64 = 7 * 24 * 3600;
const MOST_SOAK: u64 = 90 * 24 * 3600;
const MOST_HEALTHY: u64 = 24 * 3600;
/// Nobody means less than that.
const LEAST_DOWNTIME: u64 = 60;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationRequest)]
pub struct Asked {
    /// The appliance.
    pub appliance: ApplianceId,
    /// A preflight of it that has succeeded: the operation's id.
    pub preflight: domfleet_shared::id::OperationId,
    /// The drive; the one that the preflight has chosen where it is not said.
    #[serde(default)]
    pub drive: Option<DriveId>,
    /// Another drive that the preflight has seen: the set is copied to it before the permit, and read back there. Both are
    /// plugged in then; after that it is put away.
    #[serde(default)]
    pub second_drive: Option<DriveId>,
    /// VMs that do not come along. What they have is gone after the reset.
    #[serde(default)]
    pub excluded: Vec<Exclude>,
    /// Where one drive holds the only copy for a while: the sentence that says so, as it was typed.
    #[serde(default)]
    pub one_copy: Option<String>,
    /// The VMs that are given back first, in that order.
    #[serde(default)]
    pub order: Vec<VmId>,
    /// How long VMs may be off before the permit; four hours where it is not said.
    #[serde(default)]
    pub downtime_seconds: Option<u64>,
    /// How long the appliance is watched at the end; seven days where it is not said.
    #[serde(default)]
    pub soak_seconds: Option<u64>,
    /// How long a VM has to be up before it can be called healthy; ten minutes where it is not said.
    #[serde(default)]
    pub healthy_after_seconds: Option<u64>,
}

/// A VM that does not come along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MigrationExclude)]
pub struct Exclude {
    /// Which.
    pub vm: VmId,
    /// Why.
    pub reason: String,
}

/// What a start goes by.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// The preflight.
    pub preflight: &'a Report,
    /// The VMs that the appliance has reported since, where it has.
    pub vms: Option<&'a [Vm]>,
    pub epoch: u32,
    pub fingerprint: &'a Fingerprint,
    /// Who asks.
    pub by: &'a str,
    pub now: Timestamp,
}

/// A plan, and what it is carried out with.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: Plan,
    pub drive: DriveId,
    pub second_drive: Option<DriveId>,
}

/// The plan; or why there is none.
pub fn plan(asked: &Asked, ground: &Ground<'_>) -> Result<Planned, Refused> {
    let said = judged(asked, ground)?;
    blockers(&said)?;
    let copies = copies(asked, ground, &said)?;
    consents(&said)?;
    let drive = drive(&said)?;
    let plan = Plan {
        format: FORMAT,
        migration: MigrationId::new(),
        appliance: asked.appliance,
        epoch: ground.epoch,
        fingerprint: ground.fingerprint.clone(),
        created_at: ground.now,
        vms: vms(asked, ground, &said)?,
        excluded: excluded(asked, ground, &said),
        copies,
        downtime_seconds: seconds(
            ("downtime_seconds", asked.downtime_seconds, DOWNTIME.as_secs()),
            (LEAST_DOWNTIME, MOST_DOWNTIME),
        )?,
        soak_seconds: seconds(
            ("soak_seconds", asked.soak_seconds, SOAK.as_secs()),
            (0, MOST_SOAK),
        )?,
        healthy_after_seconds: seconds(
            ("healthy_after_seconds", asked.healthy_after_seconds, HEALTHY_AFTER.as_secs()),
            (0, MOST_HEALTHY),
        )?,
    };
    plan.check().map_err(|unsound| {
        Refused::request("unsound_plan", unsound.to_string(), "Name VMs once, and at least one.")
    })?;
    Ok(Planned { plan, drive, second_drive: asked.second_drive })
}

fn is_it(usage: &Usage, wanted: DriveId) -> bool {
    matches!(usage, Usage::Ours { drive } if *drive == wanted)
}

/// What the preflight says with what is asked for taken into account, by the facts that it was made of.
fn judged(asked: &Asked, ground: &Ground<'_>) -> Result<Report, Refused> {
    let (mut facts, mut assumptions) =
        (ground.preflight.facts.clone(), ground.preflight.assumptions.clone());
    if let Some(second) = asked.second_drive {
        if asked.drive == Some(second) {
            let todo = "Name two different drives, or leave second_drive out.";
            let title = format!("{second} is both the drive and the second drive");
            return Err(Refused::request("same_drive", title, todo));
        }
        if !facts.drives.iter().any(|drive| is_it(&drive.usage, second)) {
            let title = format!("the preflight has seen no second drive {second}");
            let todo = "Plug both drives in, prepare them, and run another preflight.";
            return Err(Refused::request("no_such_drive", title, todo));
        }
    }
    assumptions.second_drive = asked.second_drive;
    if let Some(wanted) = asked.drive {
        let is_asked_for = |id: &Usage| {
            is_it(id, wanted) || asked.second_drive.is_some_and(|second| is_it(id, second))
        };
        facts.drives.retain(|drive| is_asked_for(&drive.usage));
        if !facts.drives.iter().any(|drive| is_it(&drive.usage, wanted)) {
            let title = format!("the preflight has seen no drive {wanted}");
            let todo = "Plug it in and run another preflight, or choose one that was seen.";
            return Err(Refused::request("no_such_drive", title, todo));
        }
    }
    // Those of whom a preflight was told that they would be left out come along unless that is said here, too.
    assumptions.excluded.clear();
    for exclude in &asked.excluded {
        let vm = exclude.vm;
        if !facts.vms.iter().any(|known| known.vm == vm) {
            let todo = "Choose one that the preflight has seen.";
            return Err(Refused::request("no_such_vm", format!("there is no VM {vm}"), todo));
        }
        if !(1..=LONGEST_REASON).contains(&exclude.reason.trim().chars().count()) {
            let todo =
                format!("Say why it does not come along, in at most {LONGEST_REASON} letters.");
            return Err(Refused::request("invalid", "a VM is left behind without a reason", todo));
        }
        assumptions.excluded.push(vm);
        // It is named with a reason: that is the word that is asked for.
        let to = Accepted { code: ConsentCode::VmExcluded, vm: Some(vm), disk: None };
        assumptions.accepted.push(to);
    }
    let seen: BTreeSet<VmId> = facts.vms.iter().map(|vm| vm.vm).collect();
    if let Some(new) = ground.vms.and_then(|vms| vms.iter().find(|vm| !seen.contains(&vm.uuid))) {
        return Err(Refused::now(
            "preflight_old",
            format!("the appliance has a VM that the preflight has not seen: {}", new.name),
            "Run another preflight, and start from that.",
        ));
    }
    Ok(report(&facts, &assumptions))
}

fn blockers(said: &Report) -> Result<(), Refused> {
    let consented = |blocker: &&domfleet_shared::migration::preflight::Blocker| {
        !said.consents.iter().any(|consent| consent.sentence == blocker.sentence)
    };
    let hard: Vec<String> = said
        .blockers
        .iter()
        .filter(consented)
        .map(|blocker| format!("{} {}", blocker.sentence, blocker.what_to_do))
        .collect();
    let Some(first) = said.blockers.iter().find(consented) else { return Ok(()) };
    let title =
        format!("{} in the way: {}", many(hard.len(), "thing is", "things are"), first.sentence);
    Err(Refused::now("in_the_way", title, hard.join(" ")))
}

fn many(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// What still needs a person's word.
fn consents(said: &Report) -> Result<(), Refused> {
    let missing = |consent: &&domfleet_shared::migration::preflight::Consent| {
        !consent.is_given && consent.to.code != ConsentCode::OnlyCopy
    };
    let Some(first) = said.consents.iter().find(missing) else { return Ok(()) };
    let all: Vec<&str> =
        said.consents.iter().filter(missing).map(|consent| consent.typed.as_str()).collect();
    let todo = format!(
        "Run another preflight with what is accepted (each by typing what is asked for: {}), and start \
         from that.",
        all.join("; ")
    );
    let title = format!("nobody has said yes to this: {}", first.sentence);
    Err(Refused::now("consent_missing", title, todo))
}

/// Where the second copy is.
fn copies(asked: &Asked, ground: &Ground<'_>, said: &Report) -> Result<Copies, Refused> {
    match said.second_copy.by {
        SecondCopyBy::SecondDrive => return Ok(Copies::SecondDrive),
        SecondCopyBy::OtherDisk => return Ok(Copies::DataRegion),
        SecondCopyBy::OneDrive => {}
    }
    match asked.one_copy.as_deref() {
        Some(ONLY_COPY) => Ok(Copies::Accepted { by: ground.by.to_owned(), at: ground.now }),
        Some(_) => Err(Refused::request(
            "wrong_sentence",
            "the sentence is not the one that is asked for",
            format!("Send {ONLY_COPY:?} in one_copy, if it is accepted."),
        )),
        None => Err(Refused::now(
            "consent_missing",
            "between the reset and the restore one drive holds the only copy of the VMs",
            format!(
                "Name another drive that the preflight has seen in second_drive, or send {ONLY_COPY:?} in one_copy, \
                 if it is accepted."
            ),
        )),
    }
}

fn drive(said: &Report) -> Result<DriveId, Refused> {
    let chosen =
        said.facts.drives.iter().find(|drive| Some(&drive.path) == said.drive.path.as_ref());
    match chosen.map(|drive| &drive.usage) {
        Some(Usage::Ours { drive }) => Ok(*drive),
        _ => Err(Refused::now(
            "no_such_drive",
            "the preflight has seen no drive of ours that everything fits on",
            "Plug one in, prepare it, and run another preflight.",
        )),
    }
}

/// In the order that was asked for; then in that of the preflight: those that start with dom0 first, and
/// of those the smallest.
fn vms(asked: &Asked, ground: &Ground<'_>, said: &Report) -> Result<Vec<PlannedVm>, Refused> {
    let left: BTreeSet<VmId> = asked.excluded.iter().map(|exclude| exclude.vm).collect();
    let comes =
        |vm: VmId| said.facts.vms.iter().find(|known| known.vm == vm && !left.contains(&known.vm));
    let mut order: Vec<VmId> = Vec::new();
    for vm in &asked.order {
        if comes(*vm).is_none() {
            let todo = "Name only VMs that come along.";
            let title = format!("the VM {vm} in the order does not come along");
            return Err(Refused::request("no_such_vm", title, todo));
        }
        if order.contains(vm) {
            let todo = "Name each VM once.";
            return Err(Refused::request("unsound_plan", format!("{vm} is there twice"), todo));
        }
        order.push(*vm);
    }
    let foretold = said.time.vms.iter().map(|vm| vm.vm);
    for vm in foretold.chain(said.facts.vms.iter().map(|vm| vm.vm)) {
        if !order.contains(&vm) {
            order.push(vm);
        }
    }
    let now = |vm: VmId| ground.vms.and_then(|vms| vms.iter().find(|known| known.uuid == vm));
    let planned = order.into_iter().filter_map(comes).map(|vm| {
        let newest = now(vm.vm);
        let has_domain = |vm: &Vm| !matches!(vm.state, VmState::Off | VmState::Unknown);
        PlannedVm {
            uuid: vm.vm,
            name: vm.name.clone(),
            was_running: newest.map_or(vm.is_running, has_domain),
            autostart: newest.and_then(|vm| vm.autostart).or(vm.autostart).unwrap_or(false),
        }
    });
    Ok(planned.collect())
}

fn excluded(asked: &Asked, ground: &Ground<'_>, said: &Report) -> Vec<Excluded> {
    let name = |vm: VmId| said.facts.vms.iter().find(|known| known.vm == vm);
    let all = asked.excluded.iter().map(|exclude| Excluded {
        uuid: exclude.vm,
        name: name(exclude.vm).map_or_else(String::new, |vm| vm.name.clone()),
        by: ground.by.to_owned(),
        reason: exclude.reason.clone(),
    });
    all.collect()
}

fn seconds(
    (field, said, usual): (&'static str, Option<u64>, u64),
    (least, most): (u64, u64),
) -> Result<u64, Refused> {
    let seconds = said.unwrap_or(usual);
    if (least..=most).contains(&seconds) {
        return Ok(seconds);
    }
    let todo = format!("Say {least} to {most} in {field}.");
    Err(Refused::request("invalid", format!("{field} cannot be {seconds}"), todo))
}
