//! What may go wrong, at a point of a step or between two of them, and what people may decide.

use std::sync::LazyLock;

use domfleet_shared::id::{ApplianceId, MigrationId};
use domfleet_shared::migration::End;

use super::super::system::System;
use super::super::world::vm;
use super::node::{Node, stored};
use super::*;
use crate::backup::tests::drive::{Drive, Left};

/// What people do when something does not work, and does not work again.
const MOST_TRIES: u8 = 3;

/// A step of so many points, as a reset is, is short.
const SHORT: u64 = 24;

/// Which of two drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// The one that counts.
    First,
    /// The one that holds the copy.
    Second,
}

impl Of {
    fn drive(self, play: &Play) -> Drive {
        let state = play.world.state();
        match self {
            Self::First => state.drive.clone(),
            Self::Second => state.second.clone(),
        }
    }

    fn goes(self, play: &Play) {
        let mut state = play.world.state();
        match self {
            Self::First => state.has_drive = false,
            Self::Second => state.has_second = false,
        }
    }
}

/// One thing that goes wrong, or is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The power goes at that point of the step; the stick may be gone as well when it is back.
    Cut { point: u64, left: Left, stick_out: bool },
    /// The drive goes at that point of the step.
    Unplug { of: Of, point: u64, left: Left },
    /// The drive is gone when the step begins.
    Away(Of),
    /// It breaks, for good.
    Dead,
    /// Somebody plugs another appliance's drive in, in its place or beside it.
    Wrong { beside: bool },
    /// That flush of the drive in this step stores something wrongly.
    BadFlush(Of, u64),
    /// From now on the drive keeps nothing of what is larger than a little.
    Fake,
    /// Somebody plugs a copy in that was made when the set was proved first.
    Stale,
    /// A sector of the set cannot be read any more.
    BadSector,
    /// Somebody starts that VM.
    ByHand(u128),
    /// Somebody has started that VM, and shut it down again before anybody looks.
    Ran(u128),
    /// The clock leaps by ten years, back or ahead.
    Clock(i8),
    /// The server is gone, for good.
    NoServer,
    /// The server is one of yesterday, and knows nothing of its permit.
    OldServer,
    /// It is freezing, and somebody pulls the plug.
    Restart,
    /// Somebody does not want it any more.
    GiveUp,
    /// Somebody wants 1.x back.
    RollBack,
}

/// Where a cut came: before what its step does lasts, or after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Before,
    After,
}

impl Fault {
    /// Whether it is something that people want.
    pub(super) fn is_wish(self) -> bool {
        matches!(self, Self::GiveUp | Self::RollBack)
    }
}

/// The drive of another appliance, which is to be reset as well.
fn strangers() -> &'static Drive {
    static DRIVE: LazyLock<Drive> = LazyLock::new(|| {
        let other = |plan: Plan| Plan {
            migration: MigrationId(Uuid::from_u128(0x77)),
            appliance: ApplianceId(Uuid::from_u128(0x78)),
            ..plan
        };
        let mut play = Play::of(World::new(1), other);
        play.until(|play| play.waits() == Some(Waits::Reset));
        play.world.drive().unplugged().cloned()
    });
    &DRIVE
}

impl Node {
    /// A step without anything that goes wrong. `None` where the power went in it.
    pub(super) fn step(&mut self) -> Option<()> {
        let was_by_hand = std::mem::take(&mut self.by_hand);
        let told = self.play.told.len();
        if !self.play.stands {
            let came = if was_by_hand { self.play.turn_unchecked() } else { self.play.turn() };
            if came == Came::Off {
                return None;
            }
        }
        self.between(told)
    }

    /// What people and the server do.
    fn between(&mut self, told: usize) -> Option<()> {
        if self.is_over() {
            return Some(());
        }
        let has_trouble = self.play.last.as_ref().is_some_and(|turn| turn.now.trouble.is_some());
        if !matches!(self.play.waits(), Some(Waits::Reset | Waits::ResetBack)) {
            self.play.refused = None;
        }
        let is_refused = self.play.refused.is_some();
        let is_stuck = ((has_trouble || is_refused) && self.play.told.len() == told)
            || matches!(self.play.waits(), Some(Waits::Proof | Waits::Hands))
            || (self.play.is_dead && self.play.waits() == Some(Waits::Drive));
        if is_stuck || self.play.waits() == Some(Waits::Drive) {
            // Whoever looks what is plugged in finds it.
            self.play.world.state().stranger = None;
            if let Some(right) = self.play.pocket.take() {
                self.play.world.state().drive = right;
            }
        }
        if self.play.waits() == Some(Waits::SecondDrive) && !self.play.world.state().has_drive {
            self.play.world.state().has_drive = !self.play.is_dead;
        }
        let is_back_wanted = self.story().is_some_and(|story| story.rolling_back.is_some());
        if is_back_wanted && self.play.waits() == Some(Waits::Permit) {
            // VMs run meanwhile, and whoever wants the way back waits until there is a server again.
            self.play.signs = true;
        }
        let trouble = self.play.last.as_ref().and_then(|turn| turn.now.trouble.as_ref());
        if [trouble, self.play.refused.as_ref()].iter().flatten().any(|it| it.contains("clock")) {
            // As it says, here or on the screen of the recovery.
            self.play.set_clock(0);
        }
        // A drive on which nothing stays is made good again and again.
        let again = self.story().is_some_and(|story| {
            story.adopted.is_none() && story.sealed.is_some_and(|sealed| sealed.generation > 3)
        });
        if is_stuck {
            self.tries = (self.tries + 1).min(MOST_TRIES + 1);
        }
        if (is_stuck && self.tries > MOST_TRIES) || again {
            self.decide();
        } else if self.play.waits() == Some(Waits::Hands) {
            self.take_the_other();
            self.retry();
        } else if self.play.refused.as_ref().is_some_and(|why| why.contains("take that one")) {
            self.take_the_other();
        }
        (self.play.go_on() == Came::On).then(|| self.note_copy())
    }

    fn decide(&mut self) {
        if self.play.wanted.intent.is_none() {
            return;
        }
        let Some(story) = self.story() else { return self.play.gives_up(End::Cancelled) };
        if story.adopted.is_none() {
            self.play.gives_up(End::Cancelled);
        } else if story.rolling_back.is_some() {
            // 2.x is as it was.
            self.decide_once(What::Stay);
        } else if story.end.is_none() {
            self.roll_back();
        }
    }

    /// Whoever has said it once waits for what comes of it.
    fn decide_once(&mut self, what: What) {
        let intent = self.play.wanted.intent.as_ref();
        if intent.and_then(|it| it.decisions.last()).is_none_or(|last| last.what != what) {
            self.play.decides(what);
        }
    }

    /// What cannot be read from one drive is read from the other.
    fn take_the_other(&mut self) {
        let is_copied = self.story().is_some_and(|story| story.copied.is_some());
        if is_copied && self.play.world.state().has_drive {
            self.play.breaks_the_drive();
            self.play.world.state().has_second = true;
        }
    }

    fn retry(&mut self) {
        let Some(story) = self.story() else { return };
        let failed = story.vms.iter().find(|(_, progress)| !progress.is_settled());
        if let (Some((vm, _)), true) = (failed, self.play.wanted.intent.is_some()) {
            self.play.decides(What::Retry { vm: *vm, afresh: false });
        }
    }

    fn roll_back(&mut self) {
        self.decide_once(What::RollBack { reason: "the telephones are silent".to_owned() });
    }

    fn note_copy(&mut self) {
        let proved = self.story().is_some_and(|story| story.is_proved());
        if proved && self.stale.is_none() && self.play.pocket.is_none() {
            self.stale = Some(self.play.world.drive().cloned());
        }
    }

    /// The same state with that fault in its next step, or at once; nothing where it cannot be.
    pub(super) fn with(&self, fault: Fault) -> Option<Self> {
        let mut node = self.copied();
        if fault.is_wish() {
            node.wishes -= 1;
        } else {
            node.left -= 1;
        }
        let play = &mut node.play;
        match fault {
            Fault::Cut { point, left, stick_out } => {
                play.world.power.cut_after(point);
                play.world.state().loses = left == Left::Nothing;
                if node.step().is_some() {
                    return None;
                }
                node.cut = Some(node.starts_again(self, left, stick_out));
            }
            Fault::Restart => {
                play.world.power.cut();
                node.starts_again(self, Left::Nothing, false);
            }
            Fault::Unplug { of, point, left } => {
                if play.stands {
                    return None;
                }
                let drive = of.drive(play);
                drive.cut_after(point);
                play.turn_unchecked();
                node.by_hand = false;
                if !drive.is_cut() {
                    return None;
                }
                drive.power_up(left);
                of.goes(play);
                let told = play.told.len();
                node.between(told)?;
            }
            Fault::Away(of) => of.goes(play),
            Fault::Dead => play.breaks_the_drive(),
            Fault::Wrong { beside } => {
                let other = strangers().cloned();
                other.plug_into(&play.world.power);
                let mut state = play.world.state();
                state.has_drive &= beside;
                state.stranger = Some(other);
            }
            Fault::BadFlush(of, flush) => {
                let drive = of.drive(play);
                drive.store_wrongly(flush);
                node.step()?;
                if drive.flushes() < flush {
                    return None;
                }
                drive.store_rightly();
            }
            Fault::Fake => play.world.drive().keep_nothing_large(),
            Fault::Stale => {
                let copy = node.stale.as_ref()?.cloned();
                copy.plug_into(&play.world.power);
                play.pocket = Some(std::mem::replace(&mut play.world.state().drive, copy));
            }
            Fault::BadSector => {
                let set = node.play.story().sealed?.set;
                let name = format!("DOMFLEET/sets/{set}/vm/{}/d0/c/00000000", vm(0));
                let drive = node.play.pocket.clone().unwrap_or_else(|| node.play.world.drive());
                drive.make_block_unreadable(&name, 0);
            }
            Fault::ByHand(n) => {
                let mut state = play.world.state();
                let before = state.running.len();
                state.start(vm(n));
                if state.running.len() == before {
                    return None;
                }
                drop(state);
                node.by_hand = true;
            }
            Fault::Ran(n) => {
                let mut state = play.world.state();
                let before = state.running.len();
                state.start(vm(n));
                if state.running.len() == before {
                    return None;
                }
                state.running.remove(&vm(n));
                drop(state);
                node.by_hand = true;
            }
            Fault::Clock(way) => {
                play.set_clock(i64::from(way) * 10 * 365 * 24 * 3_600_000);
            }
            Fault::NoServer => play.signs = false,
            Fault::OldServer => play.wanted.intent.as_mut()?.permit = None,
            Fault::GiveUp => play.gives_up(End::Cancelled),
            Fault::RollBack => node.roll_back(),
        }
        Some(node)
    }

    /// The power is back. Tells in what the cut came, and whether what that was to do lasted.
    fn starts_again(&mut self, before: &Self, left: Left, stick_out: bool) -> (Phase, Moment) {
        self.play.world.power_up(left);
        self.play.world.state().loses = false;
        let told = |node: &Self| {
            let story = book::read(&node.play.world.drive(), node.play.plan.migration);
            story.ok().flatten().map_or(0, |(_, records)| records.len())
        };
        let disk = |node: &Self| {
            let state = node.play.world.state();
            (state.system.clone(), block::read(&state.disk).unwrap())
        };
        let lasted = told(self) != told(before) || disk(self) != disk(before);
        let phase = before.story().map_or(Phase::Preflight, |story| story.phase());
        let is_resetting = self.play.world.state().stick.is_some();
        if stick_out {
            self.play.world.state().stick = None;
        }
        // What it had in mind is gone.
        self.play.last = None;
        self.by_hand = false;
        assert_eq!(self.play.switch_on(), Came::On);
        let moment = if lasted { Moment::After } else { Moment::Before };
        (if is_resetting { Phase::Resetting } else { phase }, moment)
    }

    /// All that may go wrong here, with every `stride`-th point of a step that has many, and more of the short ones.
    pub(super) fn faults(&self, stride: usize) -> Vec<Fault> {
        if self.is_over() {
            return Vec::new();
        }
        let mut faults = self.wishes();
        let points = |all: u64| (0..all).step_by(if all > SHORT { stride } else { stride.min(3) });
        if self.left == 0 {
            return faults;
        }
        let mut probe = self.copied();
        let plugged_in = self.plugged_in();
        let drives: Vec<(Of, Drive, u64)> = plugged_in
            .into_iter()
            .map(|of| (of, of.drive(&probe.play)))
            .map(|(of, drive)| (of, drive.clone(), drive.points()))
            .collect();
        let all = probe.play.world.power.points();
        for (_, drive, _) in &drives {
            drive.store_wrongly(u64::MAX);
        }
        let stick_before = probe.play.world.state().stick;
        assert!(probe.step().is_some(), "the power went by itself");
        let all = probe.play.world.power.points() - all;
        let has_stick = stick_before.is_some() || probe.play.world.state().stick.is_some();
        faults.extend(self.between_steps());
        for point in points(all) {
            for left in [Left::Nothing, Left::Everything, Left::Some(point + 1)] {
                faults.push(Fault::Cut { point, left, stick_out: false });
            }
            if has_stick {
                faults.push(Fault::Cut { point, left: Left::Nothing, stick_out: true });
            }
        }
        for (of, drive, before) in drives {
            for point in points(drive.points() - before) {
                for left in [Left::Nothing, Left::Everything] {
                    faults.push(Fault::Unplug { of, point, left });
                }
            }
            faults.extend(points(drive.flushes()).map(|flush| Fault::BadFlush(of, flush + 1)));
        }
        faults
    }

    fn plugged_in(&self) -> Vec<Of> {
        let state = self.play.world.state();
        let second = state.has_second.then_some(Of::Second);
        state.has_drive.then_some(Of::First).into_iter().chain(second).collect()
    }

    pub(super) fn between_steps(&self) -> Vec<Fault> {
        let story = self.story();
        let state = self.play.world.state();
        let mut faults = vec![Fault::Restart];
        if state.has_second {
            faults.push(Fault::Away(Of::Second));
        }
        if state.has_drive {
            faults.push(Fault::Away(Of::First));
            // Where there is a copy. Whoever has one alone has taken that upon themselves.
            if self.play.plan.copies == Copies::SecondDrive && self.play.pocket.is_none() {
                faults.push(Fault::Dead);
            }
            if state.stranger.is_none() {
                faults.extend([false, true].map(|beside| Fault::Wrong { beside }));
            }
            let is_wiped = !matches!(state.system, System::Whole(Release::One));
            if self.stale.is_some() && self.play.pocket.is_none() {
                faults.push(Fault::Stale);
            }
            if is_wiped && story.is_some() {
                faults.push(Fault::BadSector);
            } else {
                faults.push(Fault::Fake);
            }
        }
        if !self.play.stands {
            let vms = 0..state.current.len() as u128;
            faults.extend(vms.flat_map(|vm| [Fault::ByHand(vm), Fault::Ran(vm)]));
        }
        faults.extend([Fault::Clock(-1), Fault::Clock(1)]);
        if self.play.signs {
            faults.push(Fault::NoServer);
        }
        if stored(&state.drive, self.play.plan.migration).is_some() || self.play.has_permit() {
            faults.push(Fault::OldServer);
        }
        faults
    }

    /// What people may want here.
    pub(super) fn wishes(&self) -> Vec<Fault> {
        if self.wishes == 0 || !self.play.signs {
            return Vec::new();
        }
        let story = self.story();
        let mut wishes = Vec::new();
        let is_wanted = self.play.wanted.intent.as_ref().is_some_and(|it| it.give_up.is_none());
        if is_wanted
            && story.as_ref().is_none_or(|story| story.adopted.is_none())
            && !self.play.stands
        {
            wishes.push(Fault::GiveUp);
        }
        let is_back = story.as_ref().is_some_and(|story| story.rolling_back.is_some());
        let on_two =
            story.as_ref().is_some_and(|it| it.adopted.is_some_and(|(on, _)| on == Release::Two));
        if on_two && !is_back {
            wishes.push(Fault::RollBack);
        }
        wishes
    }
}
