//! On the system that VMs are given back on: from the proof that the drive belongs here to the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domfleet_shared::id::VmId;
use domfleet_shared::migration::next::after::{Proved, Seen, Step, Wait, step};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::plan::PlannedVm;
use domfleet_shared::migration::talk::{Ask, Waits};
use domfleet_shared::migration::vm::Progress;
use domfleet_shared::migration::{Event, Permit};

use super::decisions;
use super::error::{TurnError, words};
use super::host::Host;
use super::ledger::Ledger;
use super::permits::{self, Here};
use super::placing::{Task, find_room, with_vm};
use super::scene::{Said, Scene};
use super::watch::MOST_STARTS;
use crate::backup::create;
use crate::migration::book;

/// A person or the server is looked for so often.
const GLANCE: Duration = Duration::from_secs(15);
/// While nothing is to be done but to watch.
const RARELY: Duration = Duration::from_mins(5);
/// Between two attempts to start a VM.
const BETWEEN: Duration = Duration::from_secs(5);

/// What a step did, or why it did not.
pub(super) fn take<H: Host>(scene: &Scene<'_, H>, ledger: &mut Ledger<'_, H>) -> Said {
    let is_here = ledger.story().adopted.is_some_and(|(on, _)| on == scene.release);
    let mut refused = Vec::new();
    if is_here && scene.drive.is_some() {
        match decisions::carry_out(scene, ledger) {
            Ok((None, unfit)) => refused = unfit,
            Ok((Some(what), refused)) => return Said { refused, ..Said::done(what) },
            Err(error) => return Said::failed("noting what was decided", &error),
        }
    }
    // It needs the set, and nothing may come to its end while somebody looks for the drive.
    let waits_for_drive =
        is_here && scene.drive.is_none() && decisions::wants_way_back(scene, ledger);
    let said = match start_again(scene, ledger) {
        Ok(None) if waits_for_drive => {
            let what = "plug the backup drive in: the way back needs it";
            Said::waits(Waits::Drive, what, GLANCE)
        }
        Ok(None) => look_and_go_on(scene, ledger),
        Ok(Some(what)) => Said::done(what),
        Err(error) => look_and_go_on(scene, ledger).with_trouble(Some(words(&error))),
    };
    Said { refused, ..said }
}

/// Starts a VM that was found to be healthy in an earlier run of dom0, and is off because dom0 does not start it by
/// itself yet: it must not wait for those that still have to become so, or for a person who decides about them. Whoever
/// shuts it down in this run of dom0 is left alone.
fn start_again<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
) -> Result<Option<String>, TurnError> {
    let story = ledger.story();
    let is_here = story.adopted.is_some_and(|(on, _)| on == scene.release);
    if !is_here || story.end.is_some() || story.rolling_back.is_some() {
        return Ok(None);
    }
    if story.soaking.is_some() {
        return Ok(None);
    }
    let watch = scene.host.watch();
    let is_due = |vm: &&PlannedVm| {
        let healthy = ledger.records().iter().rev().find(
            |record| matches!(&record.event, Event::VmHealthy { vm: of, .. } if *of == vm.uuid),
        );
        let was_before = healthy.is_some_and(|told| told.boot != scene.running.boot_id);
        let is_healthy = story.vms.get(&vm.uuid) == Some(&Progress::Healthy);
        vm.was_running && is_healthy && was_before && watch.starts(vm.uuid) < MOST_STARTS
    };
    let vms = scene.host.vms()?;
    for vm in story.plan.vms.iter().filter(is_due) {
        let Some(there) = vms.iter().find(|there| there.uuid == vm.uuid) else { continue };
        if there.domid.is_some() {
            // From here on it is whoever works on this system that says whether it runs.
            watch.let_go(vm.uuid);
            continue;
        }
        watch.starting(vm.uuid);
        scene.host.start(there)?;
        watch.let_go(vm.uuid);
        return Ok(Some(format!("starting {} again, which dom0 does not do yet", vm.name)));
    }
    Ok(None)
}

fn look_and_go_on<H: Host>(scene: &Scene<'_, H>, ledger: &mut Ledger<'_, H>) -> Said {
    let (seen, trouble) = match look(scene, ledger) {
        Ok(seen) => seen,
        Err(error) => return Said::failed("looking at the appliance", &error),
    };
    let next = step(ledger.story(), &seen);
    let what = describe(&next, ledger);
    let said = carry_out(scene, ledger, &seen, next);
    said.unwrap_or_else(|error| Said::failed(what, &error)).with_trouble(trouble)
}

/// What is seen, and what is wrong with the permit on the drive or from the server.
fn look<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
) -> Result<(Seen, Option<String>), TurnError> {
    let (host, story) = (scene.host, ledger.story());
    let vms = host.vms()?;
    let running: BTreeSet<VmId> =
        vms.iter().filter(|vm| vm.domid.is_some()).map(|vm| vm.uuid).collect();
    let mut health = BTreeMap::new();
    for planned in story.plan.vms.iter().filter(|vm| vm.was_running) {
        let is_watched = story.vms.get(&planned.uuid) == Some(&Progress::Booting);
        let there = vms.iter().find(|vm| vm.uuid == planned.uuid && vm.domid.is_some());
        if let (true, Some(there)) = (is_watched, there)
            && let Some(pulse) = host.pulse(there)?
        {
            let after = story.plan.healthy_after();
            health.insert(planned.uuid, host.watch().look(planned.uuid, &pulse, after));
        }
    }
    let (permit, trouble) = match proved(scene, ledger)? {
        Ok(permit) => (permit, None),
        Err(why) => (None, Some(why)),
    };
    let now = host.clock().now();
    let seen = Seen {
        release: scene.release,
        now,
        block: scene.disk.as_ref().map(|disk| disk.block),
        permit,
        way_back: stored_way_back(scene, ledger)?.map(|permit| permit.not_after),
        has_drive: scene.drive.is_some(),
        running,
        health,
    };
    // It is asked for only where it is to lead to something.
    let is_adopted = story.adopted.is_some_and(|(on, _)| on == scene.release);
    Ok((seen, trouble.filter(|_| !is_adopted)))
}

/// The permit on the drive, with all that can be checked here; else what is wrong, in words.
fn proved<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
) -> Result<Result<Option<Proved>, String>, TurnError> {
    let story = ledger.story();
    let (Some(drive), Some(disk)) = (scene.drive, &scene.disk) else { return Ok(Ok(None)) };
    let Some(signed) = book::permit(drive, story.plan.migration)? else { return Ok(Ok(None)) };
    let (trusted, fingerprint) = (&scene.wanted.trusted, &scene.fingerprint);
    let here = Here { trusted, story, fingerprint, disk: &disk.identity };
    let proved = match permits::proved(here, &signed) {
        Ok(proved) => proved,
        Err(why) => return Ok(Err(why)),
    };
    // And the set that it names is the one that is on the drive.
    let sealed = story.sealed.map(|sealed| (sealed.set, sealed.manifest));
    let is_there = match sealed {
        Some((set, manifest)) => create::sealed_as(drive, set)? == Some(manifest),
        None => false,
    };
    if is_there {
        Ok(Ok(Some(proved)))
    } else {
        Ok(Err("the backup set that the permit names is not on the drive".to_owned()))
    }
}

/// The permit for the way back that is on the drive.
fn stored_way_back<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
) -> Result<Option<Permit>, TurnError> {
    let story = ledger.story();
    let (Some(drive), Some(disk)) = (scene.drive, &scene.disk) else { return Ok(None) };
    if story.rolling_back.is_none() {
        return Ok(None);
    }
    let (trusted, fingerprint) = (&scene.wanted.trusted, &scene.fingerprint);
    let here = Here { trusted, story, fingerprint, disk: &disk.identity };
    let stored = book::permit(drive, story.plan.migration)?;
    Ok(stored.and_then(|signed| permits::way_back(here, &signed).ok()))
}

fn carry_out<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
    seen: &Seen,
    step: Step,
) -> Result<Said, TurnError> {
    let what = describe(&step, ledger);
    match step {
        Step::Record(event) => {
            if let Event::TrialBoot { vm } = event {
                scene.host.watch().forget(vm);
            }
            ledger.tell(event)?;
        }
        Step::FindRoom => find_room(scene, ledger)?,
        Step::Restore(vm) => {
            let restored = with_vm(scene, ledger, vm, Task::Restore)?;
            tell(ledger, vm, restored, Event::VmRestored { vm })?;
        }
        Step::Configure(vm) => {
            let configured = with_vm(scene, ledger, vm, Task::Configure)?;
            tell(ledger, vm, configured, Event::VmConfigured { vm })?;
        }
        Step::Start(vm) => start(scene, ledger, vm)?,
        Step::Watch(_) => return Ok(Said::waits(Waits::Health, what, GLANCE)),
        Step::RestoreAutostart => restore_autostart(scene, ledger)?,
        Step::AskWayBack => return ask_way_back(scene, ledger),
        Step::Wait(what) => {
            let has_other = scene.second.is_none() && ledger.story().copied.is_some();
            return Ok(wait(&what, seen, has_other));
        }
    }
    Ok(Said::done(what))
}

/// Whether it was done, or what a person has to know.
fn tell<H: Host>(
    ledger: &mut Ledger<'_, H>,
    vm: VmId,
    came_of_it: Result<(), String>,
    done: Event,
) -> Result<(), TurnError> {
    match came_of_it {
        Ok(()) => ledger.tell(done),
        Err(reason) => ledger.tell(Event::VmFailed { vm, reason }),
    }
}

fn start<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
    vm: VmId,
) -> Result<(), TurnError> {
    let watch = scene.host.watch();
    let vms = scene.host.vms()?;
    let Some(there) = vms.iter().find(|there| there.uuid == vm) else {
        let reason = "its configuration is not on this appliance any more".to_owned();
        return ledger.tell(Event::VmFailed { vm, reason });
    };
    let mut last = String::from("it does not stay up");
    while watch.starts(vm) < MOST_STARTS {
        scene.meter.go_on()?;
        watch.starting(vm);
        match scene.host.start(there) {
            Ok(()) => return Ok(()),
            Err(error) => last = words(&error),
        }
        scene.host.pause(BETWEEN);
    }
    let reason = format!("it was started {MOST_STARTS} times: {last}");
    ledger.tell(Event::VmFailed { vm, reason })
}

fn restore_autostart<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<(), TurnError> {
    let vms = scene.host.vms()?;
    let story = ledger.story();
    for planned in story.plan.vms.iter().filter(|vm| vm.autostart) {
        let is_given = story.vms.get(&planned.uuid) == Some(&Progress::Healthy);
        let there = vms.iter().find(|vm| vm.uuid == planned.uuid);
        // One that a person goes without, or takes as it is, is theirs.
        if let Some(there) = there.filter(|_| is_given) {
            scene.host.set_autostart(there, true)?;
        }
    }
    ledger.tell(Event::AutostartRestored)
}

fn ask_way_back<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
) -> Result<Said, TurnError> {
    let story = ledger.story();
    let Some(disk) = &scene.disk else { return Ok(wait_for_disk()) };
    let Some((_, after)) = story.adopted else {
        return Err(TurnError::Refused("there was no reset to go back from".to_owned()));
    };
    let (trusted, fingerprint) = (&scene.wanted.trusted, &scene.fingerprint);
    let here = Here { trusted, story, fingerprint, disk: &disk.identity };
    let offered = scene.wanted.intent.as_ref().and_then(|intent| intent.way_back.as_ref());
    let checked = offered.map(|signed| permits::way_back(here, signed));
    let now = scene.host.clock().now();
    let trouble = match (checked, offered) {
        (Some(Ok(permit)), Some(signed)) if permit.not_after >= now => {
            scene.settle(ledger.migration(), ledger.records())?;
            let (id, not_after) = (permit.id, permit.not_after);
            ledger.tell(Event::Permitted { permit: id, not_after })?;
            scene.store_permit(ledger.records(), ledger.migration(), signed)?;
            return Ok(Said::done("writing the permit for the way back to the drive"));
        }
        (Some(Ok(permit)), _) => permits::run_out(permit.not_after, now),
        (Some(Err(why)), _) => Some(why),
        (None, _) => None,
    };
    let what = "the server is to sign a permit for the way back";
    let said = Said::waits(Waits::Permit, what, GLANCE).with_trouble(trouble);
    Ok(Said { ask: Some(Ask::WayBack { after, disk: disk.identity.clone() }), ..said })
}

fn wait_for_disk() -> Said {
    Said::waits(Waits::SystemDisk, "the system disk cannot be read", GLANCE)
}

fn wait(wait: &Wait, seen: &Seen, has_other: bool) -> Said {
    match wait {
        Wait::Drive => Said::waits(Waits::Drive, "plug the backup drive in", GLANCE),
        Wait::Reset => {
            let what = "the reset was not finished: plug the recovery stick in and restart";
            Said::waits(Waits::Reset, what, GLANCE)
        }
        Wait::Proof if seen.block.is_none() => wait_for_disk(),
        Wait::Proof => {
            let what = "nothing here says that the set on the drive belongs to this appliance";
            Said::waits(Waits::Proof, what, GLANCE)
        }
        Wait::Hands => {
            let other =
                if has_other { "plug the second drive in instead of the first, and " } else { "" };
            let what = format!("VMs failed: {other}try them again, or go without them");
            Said::waits(Waits::Hands, what, RARELY)
        }
        Wait::Soaking(until) => {
            let left = until.as_millis().saturating_sub(seen.now.as_millis());
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            Said::waits(Waits::Soaking, "all VMs run, and are watched", left.min(RARELY))
        }
        Wait::ResetBack => {
            let what = format!("plug the recovery stick of {} in and restart", Release::One);
            Said::waits(Waits::ResetBack, what, GLANCE)
        }
        Wait::Nothing => Said::over("it is over"),
    }
}

fn describe<H: Host>(step: &Step, ledger: &Ledger<'_, H>) -> String {
    let name = |vm: &VmId| {
        let vms = &ledger.story().plan.vms;
        vms.iter()
            .find(|known| known.uuid == *vm)
            .map_or_else(|| vm.to_string(), |vm| vm.name.clone())
    };
    match step {
        Step::Record(Event::Adopted { .. }) => "taking the VMs of this appliance over".to_owned(),
        Step::Record(Event::Soaking { .. }) => {
            "all VMs run, and are watched from now on".to_owned()
        }
        Step::Record(_) => "noting what was seen".to_owned(),
        Step::FindRoom => "looking for room".to_owned(),
        Step::Restore(vm) => format!("writing the disks of {}", name(vm)),
        Step::Configure(vm) => format!("putting the configuration of {} in place", name(vm)),
        Step::Start(vm) => format!("starting {}", name(vm)),
        Step::Watch(vm) => format!("{} is watched until it is healthy", name(vm)),
        Step::RestoreAutostart => "having dom0 start VMs by itself again".to_owned(),
        Step::AskWayBack => "asking for a permit for the way back".to_owned(),
        Step::Wait(_) => "waiting".to_owned(),
    }
}
