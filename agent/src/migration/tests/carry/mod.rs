//! A migration carried out from its beginning to its end, with everything that may happen in between.

mod cuts;
mod faults;
mod holding;
mod host;
mod story;
mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use domfleet_shared::id::PermitId;
use domfleet_shared::migration::permit::{Proof, Release};
use domfleet_shared::migration::reset_block::{Marker, ResetBlock, Stage};
use domfleet_shared::migration::talk::{Ask, Decision, GiveUp, Intent, Waits, What};
use domfleet_shared::migration::{Event, Migration, Permit, Phase, Plan, Record};
use uuid::Uuid;

use self::world::{DRIVE, World};
use super::permit::{key, sign, trusted};
use crate::backup::cipher::Keyring;
use crate::meter::Unwatched;
use crate::migration::carry::{Again, Home, Turn, Wanted, turn};
use crate::migration::{block, book};

/// No way through it has more turns.
const MOST_TURNS: usize = 400;

/// A world, the server that it is told to, and the people who do as they are told.
struct Play {
    world: World,
    wanted: Wanted,
    plan: Plan,
    /// What the server was told.
    told: Vec<Record>,
    phases: BTreeSet<Phase>,
    permits: u128,
    /// Whether the server signs permits.
    signs: bool,
    /// Whether the drive has lost something of the set.
    spoilt: bool,
    /// Whether people do what they are asked.
    helps: bool,
    last: Option<Turn>,
}

/// Whether the power is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    On,
    Off,
}

impl Play {
    fn new(vms: u128) -> Self {
        Self::of(World::new(vms), |plan| plan)
    }

    fn of(world: World, change: impl FnOnce(Plan) -> Plan) -> Self {
        let plan = change(world.plan());
        world.state().plan = Some(plan.clone());
        // As it comes from the server.
        let intent: Intent = serde_json::from_value(serde_json::json!({
            "migration": plan.migration,
            "revision": 1,
            "plan": plan,
            "drive": DRIVE,
        }))
        .unwrap();
        let home = Home {
            server: "https://cloud.example:8443".to_owned(),
            trust_bundle_pem: "a bundle".to_owned(),
            server_time: None,
        };
        let wanted = Wanted { intent: Some(intent), trusted: trusted(&[1]), home: Some(home) };
        Self {
            world,
            wanted,
            plan,
            told: Vec::new(),
            phases: BTreeSet::new(),
            permits: 0,
            signs: true,
            spoilt: false,
            helps: true,
            last: None,
        }
    }

    fn intent(&mut self) -> &mut Intent {
        self.wanted.intent.as_mut().unwrap()
    }

    fn story(&self) -> Migration {
        Migration::of(&self.told).unwrap()
    }

    fn last(&self) -> &Turn {
        self.last.as_ref().unwrap()
    }

    fn waits(&self) -> Option<Waits> {
        self.last.as_ref().and_then(|turn| turn.now.waits)
    }

    fn block(&self) -> ResetBlock {
        block::read(&self.world.state().disk).unwrap()
    }

    fn is_over(&self) -> bool {
        self.last.as_ref().is_some_and(|turn| turn.again == Again::Never)
    }

    fn decides(&mut self, what: What) {
        let number = self.intent().decisions.len() as u64 + 1;
        self.intent().decisions.push(Decision { number, by: "ada".to_owned(), what });
    }

    fn gives_up(&mut self, end: domfleet_shared::migration::End) {
        let reason = "nobody wants it any more".to_owned();
        self.intent().give_up = Some(GiveUp { end, reason });
    }

    /// One turn, and what comes of it.
    fn turn(&mut self) -> Came {
        let turn = turn(&self.world, &self.wanted, &Keyring::EMPTY, &Unwatched);
        if self.world.power.is_off() {
            return Came::Off;
        }
        if let Some(story) = &turn.story {
            assert!(story.starts_with(&self.told), "what was told is another story now");
            self.told.clone_from(story);
            self.phases.insert(self.story().phase());
        }
        let story = (!self.told.is_empty()).then(|| self.story());
        self.world.check_nothing_is_lost(story.as_ref());
        self.last = Some(turn);
        Came::On
    }

    /// The same, where for the moment a VM runs on a disk that may be overwritten: somebody has just started it.
    fn turn_unchecked(&mut self) {
        let turn = turn(&self.world, &self.wanted, &Keyring::EMPTY, &Unwatched);
        self.last = Some(turn);
    }

    /// To the end, with a quarter of an hour between two turns that wait.
    fn ends_slowly(&mut self) {
        for _ in 0..MOST_TURNS {
            self.turn();
            if self.is_over() {
                return;
            }
            if self.waits().is_some() {
                self.world.pass(Duration::from_mins(15));
            }
            self.go_on();
        }
        panic!("it does not come to an end: {:#?}", self.last());
    }

    /// Turns until something is seen, or the power is off.
    fn until(&mut self, is_seen: impl Fn(&Self) -> bool) -> Came {
        for _ in 0..MOST_TURNS {
            if self.turn() == Came::Off {
                return Came::Off;
            }
            if is_seen(self) {
                return Came::On;
            }
            self.go_on();
        }
        panic!("it does not come to that: {:#?}", self.last());
    }

    fn ends(&mut self) -> Came {
        self.until(Self::is_over)
    }

    /// What the server and people do, and time.
    fn go_on(&mut self) {
        let turn = self.last().clone();
        match turn.ask {
            Some(Ask::Permit { nonce, .. }) if self.signs => {
                let to = Release::Two;
                let permit = self.permit(to, Proof::Nonce { nonce });
                let signed = sign(&key(1), &permit.to_json().unwrap());
                self.intent().permit = Some(signed);
            }
            Some(Ask::WayBack { after, .. }) if self.signs => {
                let permit = self.permit(Release::One, Proof::Marker { after });
                let permit = Permit { id: PermitId(Uuid::from_u128(0x8000)), ..permit };
                let signed = sign(&key(1), &permit.to_json().unwrap());
                self.intent().way_back = Some(signed);
            }
            _ => {}
        }
        match turn.now.waits {
            Some(Waits::Reset | Waits::ResetBack) if self.helps => return self.reset(),
            Some(Waits::Drive) if self.helps => self.world.state().has_drive = true,
            _ => {}
        }
        match turn.again {
            Again::AtOnce => self.world.pass(Duration::from_secs(1)),
            Again::After(time) => self.world.pass(time),
            Again::Never => {}
        }
    }

    /// The drive loses a byte of what was sealed.
    fn spoils_the_set(&mut self) {
        let set = self.story().sealed.unwrap().set;
        let chunk = format!("DOMFLEET/sets/{set}/vm/{}/d0/c/00000000", world::vm(0));
        self.world.drive.tamper(&chunk, |bytes| *bytes.last_mut().unwrap() ^= 1);
        self.spoilt = true;
    }

    fn permit(&mut self, to: Release, proof: Proof) -> Permit {
        self.permits += 1;
        let story = self.story();
        let (sealed, armed) = (story.sealed.unwrap(), self.told.iter().rev());
        let mut disk = armed.filter_map(|record| match &record.event {
            Event::Armed { disk, .. } => Some(disk.clone()),
            _ => None,
        });
        let now = self.world.clock.now();
        Permit {
            id: PermitId(Uuid::from_u128(0x300 + self.permits)),
            migration: self.plan.migration,
            appliance: self.plan.appliance,
            epoch: self.plan.epoch,
            fingerprint: self.plan.fingerprint.clone(),
            to,
            set: sealed.set,
            generation: sealed.generation,
            manifest: sealed.manifest,
            disk: disk.next().unwrap(),
            proof,
            issued_at: now,
            not_after: now + Duration::from_hours(24),
        }
    }

    /// Somebody plugs the stick in that the permit on the drive is for, and restarts.
    fn reset(&mut self) {
        let signed = book::permit(&self.world.drive, self.plan.migration).unwrap().unwrap();
        let permit = trusted(&[1]).check(&signed).unwrap();
        let there = match (&permit.proof, self.block()) {
            (Proof::Nonce { nonce }, ResetBlock::Nonce(there)) => *nonce == there,
            (Proof::Marker { after }, ResetBlock::Marker(there)) => *after == there.permit,
            _ => false,
        };
        assert!(there, "the medium refuses");
        let done = Marker { permit: permit.id, stage: Stage::Done };
        let mut state = self.world.state();
        if permit.to == Release::One {
            // What VMs have written since is given up, and the page says so.
            state.current = state.in_set.clone();
        } else {
            state.in_set = state.current.clone();
        }
        drop(state);
        self.world.put_there(permit.to, ResetBlock::Marker(done));
    }
}
