//! What the agents and the medium do in a [`World`], in the parts between which the power may be cut.

use std::time::Duration;

use super::world::{MOST_PERMITS, Part, Runs, System, World};
use super::*;
use crate::id::DriveId;
use crate::migration::event::Event;
use crate::migration::next::{after, before};
use crate::migration::reset::{self, Difference, Look, PermitTrouble, Server, Verdict};
use crate::migration::reset_block::{Marker, ResetBlock, Stage};

impl World {
    /// What the agent does next, in its parts.
    pub(super) fn work(&self) -> (String, Vec<Part>) {
        let Runs::Hypervisor(on) = self.runs else { return (String::new(), Vec::new()) };
        // Without the drive nothing can be put on record; what is on the disk is destroyed all the same.
        let is_source =
            on == Release::One && self.story.adopted.is_none() && self.permit_to() != Some(on);
        if is_source { self.before(on) } else { self.after(on) }
    }

    /// What the permit that was used leads to.
    fn permit_to(&self) -> Option<Release> {
        let ResetBlock::Marker(marker) = self.block else { return None };
        let permit = self.permit.as_ref().filter(|permit| permit.id == marker.permit)?;
        (marker.stage == Stage::Done).then_some(permit.to)
    }

    fn before(&self, on: Release) -> (String, Vec<Part>) {
        let offered = self.signed.as_ref().and_then(|permit| match permit.proof {
            Proof::Nonce { nonce } => {
                Some(before::Offered { permit: permit.id, nonce, not_after: permit.not_after })
            }
            Proof::Marker { .. } => None,
        });
        let all = || self.disks.keys().copied().collect::<BTreeSet<VmId>>();
        let seen = before::Seen {
            now: hour(self.now),
            block: Some(self.block),
            running: self.running.clone(),
            changed: all()
                .into_iter()
                .filter(|vm| self.set.get(vm) != self.disks.get(vm))
                .collect(),
            autostart: if self.autostart { all() } else { BTreeSet::new() },
            drive_away: (!self.has_drive).then_some(before::DRIVE_AWAY / 2),
            has_second: self.has_second,
            off: if self.is_late { self.story.plan.downtime() } else { Duration::ZERO },
            freezes: 0,
            permit: offered,
            stored: self.permit.as_ref().filter(|_| self.has_drive).map(|permit| permit.id),
            wish: self.wish.map(|end| before::Wish { end, reason: "it is late".to_owned() }),
        };
        let step = before::step(&self.story, &seen);
        let tells = |event: Event| -> Part {
            Box::new(move |world: &mut Self| world.tell(on, event.clone()))
        };
        let parts: Vec<Part> = match step.clone() {
            before::Step::DestroyNonce => {
                vec![Box::new(|world| world.block = ResetBlock::Empty)]
            }
            before::Step::Wait(_) => Vec::new(),
            // The record is on the drive.
            _ if !self.has_drive => Vec::new(),
            before::Step::Record(event) => vec![tells(event)],
            before::Step::ClaimDrive => {
                vec![tells(Event::DriveClaimed { drive: DriveId(uuid(5)) })]
            }
            before::Step::TurnAutostartOff => vec![
                tells(Event::AutostartOff { vms: all().into_iter().collect() }),
                Box::new(|world| world.autostart = false),
            ],
            before::Step::TurnAutostartOffAgain => vec![Box::new(|world| world.autostart = false)],
            before::Step::StopVm(vm) => vec![
                Box::new(move |world| {
                    world.running.remove(&vm);
                }),
                tells(Event::VmStopped { vm, clean: true }),
            ],
            before::Step::BackUp => self.back_up(&tells),
            before::Step::Verify => vec![self.verified(&tells)],
            before::Step::Copy => vec![self.copied(&tells)],
            before::Step::Arm => {
                let nonce = Nonce([self.nonces + 1; 32]);
                let hash = Hash::of(&nonce.0);
                vec![
                    tells(Event::Armed { disk: disk(), nonce: hash }),
                    Box::new(move |world| {
                        world.nonces += 1;
                        world.block = ResetBlock::Nonce(nonce);
                    }),
                ]
            }
            before::Step::AskPermit(nonce) => {
                let is_signed = offered.is_some_and(|offered| offered.nonce == nonce);
                if self.server_says_no || self.permits >= MOST_PERMITS || is_signed {
                    return ("the server does not sign".to_owned(), Vec::new());
                }
                vec![Box::new(move |world| {
                    world.permits += 1;
                    world.signed = Some(Permit {
                        id: PermitId(uuid(0x300 + world.permits)),
                        generation: world.generation,
                        issued_at: hour(world.now),
                        not_after: hour(world.now + 24),
                        ..permit(nonce)
                    });
                })]
            }
            before::Step::TakePermit(offered) => vec![
                tells(Event::Permitted { permit: offered.permit, not_after: offered.not_after }),
                Box::new(|world| world.permit.clone_from(&world.signed)),
            ],
            before::Step::StorePermit(_) => {
                vec![Box::new(|world| world.permit.clone_from(&world.signed))]
            }
            before::Step::RestoreAutostart => {
                vec![Box::new(|world| world.autostart = true), tells(Event::AutostartRestored)]
            }
            before::Step::StartVm(vm) => vec![Box::new(move |world| world.start(vm))],
        };
        (format!("{on}: {step:?}"), parts)
    }

    fn back_up(&self, tells: &dyn Fn(Event) -> Part) -> Vec<Part> {
        let generation = self.generation + 1;
        let copy: Part = Box::new(move |world| {
            world.generation = generation;
            for (vm, disk) in &world.disks {
                world.set.insert(*vm, *disk);
            }
        });
        let manifest = Hash::of(b"manifest");
        vec![copy, tells(Event::Sealed { set: SetId(uuid(4)), generation, manifest })]
    }

    fn verified(&self, tells: &dyn Fn(Event) -> Part) -> Part {
        assert!(self.set.values().all(|copy| copy.is_good));
        tells(Event::Verified { generation: self.generation })
    }

    fn copied(&self, tells: &dyn Fn(Event) -> Part) -> Part {
        assert!(self.has_second);
        let drive = DriveId(uuid(6));
        tells(Event::Copied { drive, generation: self.generation })
    }

    fn after(&self, on: Release) -> (String, Vec<Part>) {
        let proved = self.permit.as_ref().filter(|_| self.has_drive).map(|permit| after::Proved {
            permit: permit.id,
            to: permit.to,
            after: match permit.proof {
                Proof::Marker { after } => Some(after),
                Proof::Nonce { .. } => None,
            },
        });
        let well = |vm: &VmId| (*vm, after::Health::Healthy(vec!["it runs".to_owned()]));
        let seen = after::Seen {
            release: on,
            // A week passes when nothing else does.
            now: self.story.soaking.unwrap_or(hour(self.now)),
            block: Some(self.block),
            permit: proved,
            way_back: self.permit.as_ref().filter(|permit| permit.to != on).map(|it| it.not_after),
            has_drive: self.has_drive,
            running: self.running.clone(),
            health: self.running.iter().map(well).collect(),
        };
        let step = after::step(&self.story, &seen);
        let tells = |event: Event| -> Part {
            Box::new(move |world: &mut Self| world.tell(on, event.clone()))
        };
        let parts: Vec<Part> = match step.clone() {
            after::Step::Record(event) if self.has_drive => vec![tells(event)],
            after::Step::FindRoom => vec![tells(Event::RoomFound { needed: 1, free: 2 })],
            after::Step::Restore(vm) => vec![
                Box::new(move |world| {
                    let copy = world.set[&vm];
                    world.disks.insert(vm, copy);
                }),
                tells(Event::VmRestored { vm }),
            ],
            after::Step::Configure(vm) => vec![tells(Event::VmConfigured { vm })],
            after::Step::Start(vm) => vec![Box::new(move |world| world.start(vm))],
            after::Step::RestoreAutostart => {
                vec![Box::new(|world| world.autostart = true), tells(Event::AutostartRestored)]
            }
            after::Step::AskWayBack => {
                let (_, used) = self.story.adopted.unwrap();
                vec![Box::new(move |world| world.permit = Some(world.way_back(used)))]
            }
            _ => Vec::new(),
        };
        (format!("{on}: {step:?}"), parts)
    }

    pub(super) fn medium(&self, lays_out: Release) -> (String, Vec<Part>) {
        let machine = fingerprint();
        let mut found = disk();
        if self.system != System::Whole(Release::One) || self.story.adopted.is_some() {
            found.partition_table = Hash::of(format!("{:?}", self.system).as_bytes());
        }
        let trouble = if self.has_drive { PermitTrouble::None } else { PermitTrouble::NoDrive };
        let permit = self.permit.as_ref().filter(|_| self.has_drive).ok_or(trouble);
        let mut seen = reset::Seen {
            now: hour(self.now),
            permit,
            disk: Some(&found),
            block: Some(self.block),
            fingerprint: &machine,
            lays_out,
            journal: self.has_drive.then_some(&self.story),
            server: if self.server_says_no { Server::No("stop".to_owned()) } else { Server::Yes },
            look: None,
        };
        let mut verdict = reset::judge(&seen);
        if verdict == Verdict::TakeLook {
            seen.look = Some(self.look());
            verdict = reset::judge(&seen);
        }
        let layout = |marker: Marker| -> Vec<Part> {
            vec![
                Box::new(move |world| world.block = ResetBlock::Marker(marker)),
                Box::new(move |world| {
                    world.system = System::Half(lays_out);
                    world.disks.clear();
                }),
                Box::new(move |world| {
                    world.system = System::Whole(lays_out);
                    world.autostart = false;
                }),
                Box::new(move |world| {
                    let done = Marker { stage: Stage::Done, ..marker };
                    world.block = ResetBlock::Marker(done);
                }),
                Box::new(|world| {
                    world.stick = None;
                    world.boot_disk();
                }),
            ]
        };
        let parts: Vec<Part> = match &verdict {
            Verdict::TakeLook => Vec::new(),
            Verdict::Refuse(_) => vec![Box::new(Self::boot_disk)],
            Verdict::Reset(marker) | Verdict::GoOn(marker) => layout(*marker),
        };
        (format!("stick of {lays_out}: {verdict:?}"), parts)
    }

    fn look(&self) -> Look {
        if self.set.values().any(|copy| !copy.is_good) {
            return Look::Bad(Difference::Damaged("a chunk".to_owned()));
        }
        let is_source = self.story.adopted.is_none() && self.system == System::Whole(Release::One);
        for (vm, disk) in self.disks.iter().filter(|_| is_source) {
            if self.set.get(vm) != Some(disk) {
                return Look::Bad(Difference::Changed { vm: *vm, disk: "xvda".to_owned() });
            }
        }
        Look::Good
    }
}
