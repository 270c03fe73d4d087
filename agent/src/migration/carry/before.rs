//! On the system that is to go: VMs are shut down, copied and proved, and the disk is armed; or all of it is undone.

use std::collections::BTreeSet;
use std::time::Duration;

use domfleet_shared::hash::Hash;
use domfleet_shared::id::VmId;
use domfleet_shared::inventory::Vm;
use domfleet_shared::migration::Event;
use domfleet_shared::migration::next::before::{Offered, Seen, Step, Wait, Wish, step};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::reset_block::{Nonce, ResetBlock};
use domfleet_shared::migration::talk::{Ask, RefusedDecision, Waits};

use super::error::TurnError;
use super::host::Host;
use super::ledger::Ledger;
use super::permits::{self, Here};
use super::rejoin;
use super::saving;
use super::scene::{Said, Scene, planned};
use super::spent::{Asked, spent};
use crate::backup::create;
use crate::migration::book;

/// A person or the server is looked for so often.
const GLANCE: Duration = Duration::from_secs(15);

/// What a step did, or why it did not.
pub(super) fn take<H: Host>(scene: &Scene<'_, H>, ledger: &mut Ledger<'_, H>) -> Said {
    let (seen, trouble) = match look(scene, ledger) {
        Ok(seen) => seen,
        Err(error) => return Said::failed("looking at the appliance", &error),
    };
    let next = step(ledger.story(), &seen);
    let what = describe(&next, ledger);
    let said = carry_out(scene, ledger, &seen, next);
    let said = said.unwrap_or_else(|error| Said::failed(what, &error)).with_trouble(trouble);
    // What is decided about VMs that were given back cannot be done before.
    let too_early = |decision: &domfleet_shared::migration::talk::Decision| RefusedDecision {
        number: decision.number,
        why: "nothing has been given back yet: cancel the migration instead".to_owned(),
    };
    let decisions = scene.wanted.intent.iter().flat_map(|intent| &intent.decisions);
    Said { refused: decisions.map(too_early).collect(), ..said }
}

/// What is seen, and what is wrong with what the server sent.
fn look<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
) -> Result<(Seen, Option<String>), TurnError> {
    let (host, story) = (scene.host, ledger.story());
    let vms = host.vms()?;
    let of_plan = |is: &dyn Fn(&Vm) -> bool| -> BTreeSet<VmId> {
        let ids = story.plan.vms.iter().map(|vm| vm.uuid);
        ids.filter(|vm| planned(&vms, &story.plan, *vm).is_some_and(is)).collect()
    };
    let spent = spent(
        scene.keep,
        Asked {
            story,
            records: ledger.records(),
            running: &scene.running,
            now: host.clock().now(),
            has_drive: scene.drive.is_some(),
        },
    );
    let changed = match (scene.drive, story.sealed) {
        // One that is being made again is not held against anything.
        (Some(drive), Some(sealed))
            if create::sealed_as(drive, sealed.set)? == Some(sealed.manifest) =>
        {
            create::changed(drive, sealed.set, &host.sources())?
        }
        _ => BTreeSet::new(),
    };
    let stored = scene.drive.map(|drive| book::permit(drive, story.plan.migration)).transpose()?;
    let stored = stored.flatten().and_then(|signed| {
        let permit: Option<domfleet_shared::migration::Permit> =
            serde_json::from_str(&signed.permit).ok();
        Some(permit?.id)
    });
    let (permit, trouble) = match offered(scene, ledger) {
        Ok(permit) => {
            let now = host.clock().now();
            let trouble = permit.as_ref().and_then(|it| permits::run_out(it.not_after, now));
            (permit, trouble)
        }
        Err(why) => (None, Some(why)),
    };
    let give_up = scene.wanted.intent.as_ref().and_then(|intent| intent.give_up.clone());
    let seen = Seen {
        now: host.clock().now(),
        block: scene.disk.as_ref().map(|disk| disk.block),
        running: of_plan(&|vm| vm.domid.is_some()),
        changed,
        autostart: of_plan(&|vm| vm.autostart == Some(true)),
        drive_away: spent.away,
        has_second: !story.wants_second_drive() || scene.second.is_some(),
        off: spent.off,
        freezes: spent.freezes,
        permit,
        stored,
        wish: give_up.map(|give_up| Wish { end: give_up.end, reason: give_up.reason }),
    };
    Ok((seen, trouble))
}

/// The permit that the server has sent, if it is one; else what is wrong with it.
fn offered<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
) -> Result<Option<Offered>, String> {
    let story = ledger.story();
    let signed = scene.wanted.intent.as_ref().and_then(|intent| intent.permit.as_ref());
    let (Some(signed), Some(disk)) = (signed, &scene.disk) else { return Ok(None) };
    // One that was sent for what is not armed any more is none, and nothing is wrong with it.
    if story.armed.is_none() || !story.is_proved() {
        return Ok(None);
    }
    let (trusted, fingerprint) = (&scene.wanted.trusted, &scene.fingerprint);
    let here = Here { trusted, story, fingerprint, disk: &disk.identity };
    permits::offered(here, signed).map(Some)
}

fn carry_out<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &mut Ledger<'_, H>,
    seen: &Seen,
    step: Step,
) -> Result<Said, TurnError> {
    let what = describe(&step, ledger);
    match step {
        Step::Record(event) => ledger.tell(event)?,
        Step::ClaimDrive => {
            let drive = scene.wanted.intent.as_ref().map(|intent| intent.drive);
            let (Some(drive), true) = (drive, scene.drive.is_some()) else {
                return Ok(wait(Wait::Drive));
            };
            ledger.tell(Event::DriveClaimed { drive })?;
        }
        Step::TurnAutostartOff => {
            let vms: Vec<VmId> = seen.autostart.iter().copied().collect();
            ledger.tell(Event::AutostartOff { vms: vms.clone() })?;
            set_autostart(scene, ledger, &vms, false)?;
        }
        Step::TurnAutostartOffAgain => {
            let off = ledger.story().autostart_off.clone().unwrap_or_default();
            let on: Vec<VmId> = off.into_iter().filter(|vm| seen.autostart.contains(vm)).collect();
            set_autostart(scene, ledger, &on, false)?;
        }
        Step::StopVm(vm) => {
            let vms = scene.host.vms()?;
            let there = planned(&vms, &ledger.story().plan, vm).filter(|vm| vm.domid.is_some());
            let clean = there.map_or(Ok(true), |vm| scene.host.shut_down(vm, scene.meter))?;
            ledger.tell(Event::VmStopped { vm, clean })?;
        }
        Step::BackUp => saving::back_up(scene, ledger)?,
        Step::Verify => saving::verify(scene, ledger)?,
        Step::Copy => saving::copy(scene, ledger)?,
        Step::Arm => arm(scene, ledger)?,
        Step::DestroyNonce => scene.write_block(ResetBlock::Empty)?,
        Step::AskPermit(nonce) => return ask(scene, ledger, nonce),
        Step::TakePermit(Offered { permit, not_after, .. }) => {
            // All that a permit vouches for is there for good before there is one.
            scene.settle(ledger.migration(), ledger.records())?;
            ledger.tell(Event::Permitted { permit, not_after })?;
            store_permit(scene, ledger)?;
        }
        Step::StorePermit(_) => {
            scene.settle(ledger.migration(), ledger.records())?;
            store_permit(scene, ledger)?;
        }
        Step::RestoreAutostart => {
            let off = ledger.story().autostart_off.clone().unwrap_or_default();
            set_autostart(scene, ledger, &off, true)?;
            ledger.tell(Event::AutostartRestored)?;
        }
        Step::StartVm(_) => start_all(scene, ledger)?,
        Step::Wait(what) => return Ok(wait(what)),
    }
    Ok(Said::done(what))
}

fn set_autostart<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
    which: &[VmId],
    enabled: bool,
) -> Result<(), TurnError> {
    let vms = scene.host.vms()?;
    for vm in which {
        // One that is gone by now is not started by anybody.
        if let Some(there) = planned(&vms, &ledger.story().plan, *vm) {
            scene.host.set_autostart(there, enabled)?;
        }
    }
    Ok(())
}

/// On record first: whoever finds the nonce without that knows that it is not to be believed.
fn arm<H: Host>(scene: &Scene<'_, H>, ledger: &mut Ledger<'_, H>) -> Result<(), TurnError> {
    let disk = scene.disk.as_ref().map(|disk| disk.identity.clone());
    let disk =
        disk.ok_or_else(|| TurnError::Refused("the system disk cannot be read".to_owned()))?;
    let mut nonce = Nonce([0; 32]);
    scene.host.random(&mut nonce.0)?;
    scene.host.sync()?;
    ledger.tell(Event::Armed { disk, nonce: Hash::of(&nonce.0) })?;
    scene.write_block(ResetBlock::Nonce(nonce))
}

fn ask<H: Host>(
    scene: &Scene<'_, H>,
    ledger: &Ledger<'_, H>,
    nonce: Nonce,
) -> Result<Said, TurnError> {
    let what = "the server is to sign a permit to overwrite the system disk";
    let said = Said::waits(Waits::Permit, what, GLANCE);
    let Some(home) = &scene.wanted.home else {
        let trouble = "this appliance has not joined a server, and only that signs a permit";
        return Ok(said.with_trouble(Some(trouble.to_owned())));
    };
    let rejoin_key = rejoin::ensure(scene.drive()?, &ledger.story().plan, home)?;
    Ok(Said { ask: Some(Ask::Permit { nonce, rejoin_key }), ..said })
}

fn store_permit<H: Host>(scene: &Scene<'_, H>, ledger: &Ledger<'_, H>) -> Result<(), TurnError> {
    let signed = scene.wanted.intent.as_ref().and_then(|intent| intent.permit.as_ref());
    let signed = signed.ok_or_else(|| TurnError::Refused("there is no permit".to_owned()))?;
    scene.store_permit(ledger.records(), ledger.migration(), signed)
}

/// One that does not start keeps no other from it.
fn start_all<H: Host>(scene: &Scene<'_, H>, ledger: &Ledger<'_, H>) -> Result<(), TurnError> {
    let vms = scene.host.vms()?;
    let plan = &ledger.story().plan;
    let mut failed = None;
    for vm in plan.vms.iter().filter(|vm| vm.was_running) {
        let started = match planned(&vms, plan, vm.uuid) {
            Some(there) if there.domid.is_some() => Ok(()),
            Some(there) => scene.host.start(there).map_err(TurnError::from),
            None => {
                let why = format!("the VM {} is not on this appliance any more", vm.name);
                Err(TurnError::Refused(why))
            }
        };
        if let Err(error) = started {
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

fn wait(wait: Wait) -> Said {
    match wait {
        Wait::Drive => Said::waits(Waits::Drive, "plug the backup drive in again", GLANCE),
        Wait::SecondDrive => {
            let what = "plug the second backup drive in, beside the first";
            Said::waits(Waits::SecondDrive, what, GLANCE)
        }
        Wait::Reset => {
            let what = format!("plug the recovery stick of {} in and restart", Release::Two);
            Said::waits(Waits::Reset, what, GLANCE)
        }
        Wait::Return => Said::waits(Waits::Return, "the other system goes on with it", GLANCE),
        Wait::SystemDisk => {
            Said::waits(Waits::SystemDisk, "the system disk cannot be read", GLANCE)
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
        Step::Record(_) => "noting what was seen".to_owned(),
        Step::ClaimDrive => "taking the drive in hand".to_owned(),
        Step::TurnAutostartOff | Step::TurnAutostartOffAgain => {
            "keeping dom0 from starting VMs by itself".to_owned()
        }
        Step::StopVm(vm) => format!("shutting {} down", name(vm)),
        Step::BackUp => "copying the VMs to the drive".to_owned(),
        Step::Verify => "reading every byte of the set back".to_owned(),
        Step::Copy => "copying the set to the second drive".to_owned(),
        Step::Arm => "writing a nonce to the system disk".to_owned(),
        Step::DestroyNonce => "destroying the nonce on the system disk".to_owned(),
        Step::AskPermit(_) => "asking for a permit".to_owned(),
        Step::TakePermit(_) | Step::StorePermit(_) => "writing the permit to the drive".to_owned(),
        Step::RestoreAutostart => "having dom0 start VMs by itself again".to_owned(),
        Step::StartVm(vm) => format!("starting {}", name(vm)),
        Step::Wait(_) => "waiting".to_owned(),
    }
}
