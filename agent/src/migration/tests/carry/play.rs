//! A world, the server that it is told to, and the people who do as they are told.

use domfleet_shared::Timestamp;
use domfleet_shared::migration::talk::{Decision, GiveUp, Intent};
use domfleet_shared::migration::{End, Event, Migration, Record};

use super::system::{System, Up};
use super::*;
use crate::backup::tests::drive::{Drive, Left};
use crate::backup::{create, durable};

/// No way through it has more turns.
const MOST_TURNS: usize = 400;

#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub(super) struct Play {
    pub(super) world: World,
    pub(super) wanted: Wanted,
    pub(super) plan: Plan,
    /// What the server was told.
    pub(super) told: Vec<Record>,
    pub(super) phases: BTreeSet<Phase>,
    permits: u128,
    /// Whether the server signs permits.
    pub(super) signs: bool,
    /// Whether the drive has lost something of the set.
    pub(super) spoilt: bool,
    /// Whether people do what they are asked.
    pub(super) helps: bool,
    /// Whether it was switched on and nothing was started.
    pub(super) stands: bool,
    /// Whether the drive is broken.
    pub(super) is_dead: bool,
    /// Why the recovery has left the system as it was when it was started last.
    pub(super) refused: Option<String>,
    /// By how many milliseconds the appliance's clock is ahead of the server's.
    pub(super) ahead: i64,
    /// The right drive, while another one is plugged in.
    pub(super) pocket: Option<Drive>,
    /// Whether people have nothing to do but to wait: then more time passes between two turns.
    pub(super) is_slow: bool,
    pub(super) last: Option<Turn>,
}

/// Whether the power is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    On,
    Off,
}

impl Play {
    /// A copy, of which nothing is shared with this one.
    pub(super) fn copied(&self) -> Self {
        Self {
            world: self.world.copied(),
            wanted: self.wanted.clone(),
            plan: self.plan.clone(),
            told: self.told.clone(),
            phases: self.phases.clone(),
            pocket: self.pocket.as_ref().map(Drive::cloned),
            last: self.last.clone(),
            refused: self.refused.clone(),
            ..*self
        }
    }

    pub(super) fn new(vms: u128) -> Self {
        Self::of(World::new(vms), |plan| plan)
    }

    pub(super) fn of(world: World, change: impl FnOnce(Plan) -> Plan) -> Self {
        let plan = change(world.plan());
        world.state().plan = Some(plan.clone());
        // As it comes from the server.
        let has_second = plan.copies == Copies::SecondDrive;
        let intent: Intent = serde_json::from_value(serde_json::json!({
            "migration": plan.migration,
            "revision": 1,
            "plan": plan,
            "drive": DRIVE,
            "second_drive": has_second.then_some(SECOND),
        }))
        .unwrap();
        world.state().has_second = has_second;
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
            stands: false,
            is_dead: false,
            refused: None,
            ahead: 0,
            pocket: None,
            is_slow: false,
            last: None,
        }
    }

    pub(super) fn intent(&mut self) -> &mut Intent {
        self.wanted.intent.as_mut().unwrap()
    }

    pub(super) fn story(&self) -> Migration {
        Migration::of(&self.told).unwrap()
    }

    pub(super) fn last(&self) -> &Turn {
        self.last.as_ref().unwrap()
    }

    pub(super) fn waits(&self) -> Option<Waits> {
        self.last.as_ref().and_then(|turn| turn.now.waits)
    }

    pub(super) fn block(&self) -> ResetBlock {
        block::read(&self.world.state().disk).unwrap()
    }

    pub(super) fn is_over(&self) -> bool {
        self.last.as_ref().is_some_and(|turn| turn.again == Again::Never)
    }

    pub(super) fn decides(&mut self, what: What) {
        let number = self.intent().decisions.len() as u64 + 1;
        self.intent().decisions.push(Decision { number, by: "ada".to_owned(), what });
    }

    pub(super) fn gives_up(&mut self, end: End) {
        let reason = "nobody wants it any more".to_owned();
        self.intent().give_up = Some(GiveUp { end, reason });
    }

    /// One turn, and what comes of it.
    pub(super) fn turn(&mut self) -> Came {
        let turn = turn(&self.world, &self.wanted, &Keyring::EMPTY, &Unwatched);
        if self.world.power.is_off() {
            return Came::Off;
        }
        if let Some(story) = &turn.story {
            self.check_what_was_proved(story);
            let goes_on = story.starts_with(&self.told);
            let brief = |records: &[Record]| {
                let of = |record: &Record| format!("{:?}", record.event).chars().take(40).collect();
                records.iter().map(of).collect::<Vec<String>>().join("\n")
            };
            assert!(
                goes_on || self.pocket.is_some(),
                "what was told is another story now:\n{}\nand was\n{}",
                brief(story),
                brief(&self.told)
            );
            if goes_on {
                self.told.clone_from(story);
            }
            self.phases.insert(self.story().phase());
        }
        self.check_nothing_is_lost();
        self.last = Some(turn);
        Came::On
    }

    /// The same, where for the moment a VM runs on a disk that may be overwritten: somebody has just started it.
    pub(super) fn turn_unchecked(&mut self) -> Came {
        let turn = turn(&self.world, &self.wanted, &Keyring::EMPTY, &Unwatched);
        self.last = Some(turn);
        if self.world.power.is_off() { Came::Off } else { Came::On }
    }

    /// To the end, with a quarter of an hour between two turns that wait.
    pub(super) fn ends_slowly(&mut self) {
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
    pub(super) fn until(&mut self, is_seen: impl Fn(&Self) -> bool) -> Came {
        for _ in 0..MOST_TURNS {
            if self.stands {
                if self.go_on() == Came::Off {
                    return Came::Off;
                }
                continue;
            }
            if self.turn() == Came::Off {
                return Came::Off;
            }
            if is_seen(self) {
                return Came::On;
            }
            if self.go_on() == Came::Off {
                return Came::Off;
            }
        }
        panic!("it does not come to that: {:#?}", self.last());
    }

    pub(super) fn ends(&mut self) -> Came {
        self.until(Self::is_over)
    }

    /// What the server and people do, and time.
    pub(super) fn go_on(&mut self) -> Came {
        if self.stands {
            // Whoever stands before it reads what the screen says.
            self.plugs_in();
            let laying_out = match &self.world.state().system {
                System::Parts(release, _) | System::Whole(release) => *release,
            };
            self.world.state().stick = Some(laying_out);
            return self.restart();
        }
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
            Some(Waits::Drive) if self.helps => self.plugs_in(),
            Some(Waits::SecondDrive) if self.helps => self.world.state().has_second = true,
            _ => {}
        }
        match turn.again {
            Again::AtOnce => self.world.pass(Duration::from_secs(1)),
            Again::After(_) if self.is_slow && turn.now.waits.is_some() => {
                self.world.pass(Duration::from_mins(20));
            }
            Again::After(time) => self.world.pass(time),
            Again::Never => {}
        }
        Came::On
    }

    /// What people do whom it asks for the drive. With one that is broken they take the one that holds the copy.
    fn plugs_in(&mut self) {
        let mut state = self.world.state();
        state.stranger = None;
        if self.is_dead {
            state.has_second = self.plan.copies == Copies::SecondDrive;
        } else {
            state.has_drive = true;
        }
    }

    /// The drive breaks, for good.
    pub(super) fn breaks_the_drive(&mut self) {
        self.is_dead = true;
        self.world.state().has_drive = false;
    }

    /// For how many seconds VMs have been off, and in how many runs of dom0, as the agent has noted it.
    pub(super) fn off(&self) -> (u64, usize) {
        let name = format!("DOMFLEET/m/{}/spent.json", self.plan.migration);
        let notes = durable::read(&self.world.state().keep, &name, 1 << 20).ok().flatten();
        let notes: Option<serde_json::Value> =
            notes.and_then(|notes| serde_json::from_slice(&notes).ok());
        let runs = notes.as_ref().and_then(|notes| notes["runs"].as_array());
        let runs: Vec<&serde_json::Value> = runs.into_iter().flatten().collect();
        let number = |run: &serde_json::Value, of: &str| run[of].as_u64().unwrap_or(0);
        let within = runs.iter().map(|run| number(run, "to") - number(run, "from"));
        (within.sum::<u64>() / 1_000, runs.len())
    }

    /// Somebody sets the clock, or it leaps.
    pub(super) fn set_clock(&mut self, ahead: i64) {
        *self.world.state().now.lock().unwrap() += ahead - self.ahead;
        self.ahead = ahead;
    }

    pub(super) fn has_permit(&self) -> bool {
        self.wanted.intent.as_ref().is_some_and(|intent| intent.permit.is_some())
    }

    /// The drive loses a byte of what was sealed.
    pub(super) fn spoils_the_set(&mut self) {
        let set = self.story().sealed.unwrap().set;
        let chunk = format!("DOMFLEET/sets/{set}/vm/{}/d0/c/00000000", world::vm(0));
        self.world.drive().tamper(&chunk, |bytes| *bytes.last_mut().unwrap() ^= 1);
        self.spoilt = true;
    }

    pub(super) fn permit(&mut self, to: Release, proof: Proof) -> Permit {
        self.permits += 1;
        let story = self.story();
        let (sealed, armed) = (story.sealed.unwrap(), self.told.iter().rev());
        let mut disk = armed.filter_map(|record| match &record.event {
            Event::Armed { disk, .. } => Some(disk.clone()),
            _ => None,
        });
        // By the server's clock.
        let now = self.world.clock.now().as_millis() - self.ahead;
        let now = Timestamp::from_millis(now);
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

    /// Somebody plugs the stick in that is asked for, and restarts.
    pub(super) fn reset(&mut self) -> Came {
        let back = self.waits() == Some(Waits::ResetBack);
        self.world.state().stick = Some(if back { Release::One } else { Release::Two });
        self.restart()
    }

    /// Somebody restarts it, as it should be done.
    pub(super) fn restart(&mut self) -> Came {
        self.world.shut_down(Left::Everything);
        self.switch_on()
    }

    /// The power is back after a cut, and it is switched on.
    pub(super) fn starts_again(&mut self, left: Left) -> Came {
        self.world.power_up(left);
        self.switch_on()
    }

    pub(super) fn switch_on(&mut self) -> Came {
        self.stands = false;
        match self.world.switch_on(&self.wanted.trusted) {
            Up::Off => return Came::Off,
            Up::Stands => self.stands = true,
            Up::Runs { was_laid_out, refused } => {
                if was_laid_out {
                    self.world.state().stick = None;
                }
                self.refused = refused;
            }
        }
        Came::On
    }

    /// What was read back just now is the set that is on record.
    fn check_what_was_proved(&self, told: &[Record]) {
        let new = told.strip_prefix(self.told.as_slice()).unwrap_or_default();
        if !new.iter().any(|record| matches!(record.event, Event::Verified { .. })) {
            return;
        }
        let Some(sealed) = Migration::of(told).unwrap().sealed else { return };
        if let Ok(Some(there)) = create::sealed_as(&self.world.drive(), sealed.set) {
            assert_eq!(there, sealed.manifest, "another set was read back than the one on record");
        }
    }

    /// A VM is in its newest state, on the system or in a set that is proved.
    pub(super) fn check_nothing_is_lost(&self) {
        let story = (!self.told.is_empty()).then(|| self.story());
        let state = self.world.state();
        for id in state.current.keys() {
            let is_proved = story.as_ref().is_some_and(Migration::is_proved);
            assert!(state.has_whole(*id) || is_proved, "no good copy of {id} is left");
        }
        let has_nonce = matches!(block::read(&state.disk).unwrap(), ResetBlock::Nonce(_));
        if has_nonce {
            assert!(state.running.is_empty(), "a VM runs on a disk that may be overwritten");
        }
    }
}
