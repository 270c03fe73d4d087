//! A state of the world between two turns: what tells it from another, and what must hold in it.

use std::cell::LazyCell;
use std::fmt::Write as _;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{MigrationId, PermitId, SetId, VmId};
use domfleet_shared::migration::vm::Progress;
use domfleet_shared::migration::{End, Migration};

use super::super::play::Play;
use super::super::system::System;
use super::super::world::{GROUP, State};
use super::faults::Moment;
use super::*;
use crate::backup::medium::Medium as _;
use crate::backup::pipeline::Width;
use crate::backup::restore::Sealed;
use crate::backup::target::Whole;
use crate::backup::tests::drive::{Drive, Left};
use crate::backup::tools::Tools;
use crate::clock::Clock;

/// By what two states are the same one: times and numbers that only say how often something was tried are left out.
pub(super) type Key = blake3::Hash;

/// A state.
pub(super) struct Node {
    pub(super) play: Play,
    /// How much may still go wrong.
    pub(super) left: u8,
    /// How often people may still want something else.
    pub(super) wishes: u8,
    /// The drive as it was when it was proved first: what somebody has copied then.
    pub(super) stale: Option<Drive>,
    /// How often people have seen it fail where it is.
    pub(super) tries: u8,
    /// Whether a VM was just started by somebody: nobody could have seen that yet.
    pub(super) by_hand: bool,
    /// In what the power was cut that led here.
    pub(super) cut: Option<(Phase, Moment)>,
}

impl Node {
    pub(super) fn copied(&self) -> Self {
        let stale = self.stale.as_ref().map(Drive::cloned);
        Self { play: self.play.copied(), stale, cut: None, ..*self }
    }

    pub(super) fn is_over(&self) -> bool {
        self.play.is_over()
    }

    pub(super) fn story(&self) -> Option<Migration> {
        (!self.play.told.is_empty()).then(|| self.play.story())
    }

    /// What the appliance says of the last step, and the recovery if it has left everything as it was.
    pub(super) fn says(&self) -> String {
        let now = self.play.last.as_ref().map(|turn| &turn.now);
        let (what, trouble) =
            now.map_or(("nothing", None), |now| (&now.what, now.trouble.as_ref()));
        let parts = [trouble, self.play.refused.as_ref()];
        parts.into_iter().flatten().fold(what.to_owned(), |said, part| format!("{said}; {part}"))
    }

    pub(super) fn key(&self) -> Key {
        let mut text = String::new();
        let state = self.play.world.state();
        let State { system, stick, has_drive, has_second, autostart, running, .. } = &*state;
        let Self { tries, by_hand, wishes, .. } = self;
        let clock = self.play.ahead.signum();
        let Play { signs, stands, is_dead, .. } = &self.play;
        let running: Vec<&VmId> = running.keys().collect();
        let over = self.is_over();
        writeln!(
            text,
            "{wishes} {system:?} {stick:?} {has_drive} {has_second} {is_dead} {autostart:?} {running:?} {tries} {by_hand} {clock} \
             {signs} {stands} {over}"
        )
        .unwrap();
        self.of_disk(&state, &mut text);
        writeln!(text, "{}", self.play.world.watch.outline(state.uptime)).unwrap();
        for (path, (content, _)) in &state.images {
            writeln!(text, "{path} {}", blake3::hash(content)).unwrap();
        }
        for vm in state.configs.keys() {
            writeln!(text, "{vm} {:?} {}", state.targets(*vm).len(), state.has_whole(*vm)).unwrap();
        }
        for (name, (file, tags)) in &state.volumes {
            let content = state.store.kept().get(file).map(|bytes| blake3::hash(bytes));
            writeln!(text, "{name} {tags:?} {content:?}").unwrap();
        }
        let wrong = self.play.pocket.is_some();
        let stranger = state.stranger.is_some();
        writeln!(text, "{wrong} {stranger} {}", self.stale.is_some()).unwrap();
        state.drive.outline(&mut text, is_of_time);
        state.second.outline(&mut text, is_of_time);
        state.keep.outline(&mut text, |_| true);
        if let Some(pocket) = &self.play.pocket {
            pocket.outline(&mut text, is_of_time);
        }
        drop(state);
        self.of_story(&mut text);
        blake3::hash(text.as_bytes())
    }

    fn of_disk(&self, state: &State, text: &mut String) {
        let block = block::read(&state.disk).unwrap();
        let stored = stored(&state.drive, self.play.plan.migration);
        let known = |permit: PermitId| stored.as_ref().is_some_and(|stored| stored.id == permit);
        match block {
            ResetBlock::Nonce(nonce) => {
                let now = self.play.world.clock.now();
                let permitted = stored
                    .as_ref()
                    .map(|it| (it.proof == Proof::Nonce { nonce }, it.issued_at > now));
                write!(text, "nonce {permitted:?} ").unwrap();
            }
            ResetBlock::Marker(Marker { permit, stage }) => {
                write!(text, "{stage:?} {} ", known(permit)).unwrap();
            }
            other => write!(text, "{other:?} ").unwrap(),
        }
        let table = blake3::hash(&state.disk.bytes[..512]);
        writeln!(text, "{table} {:?}", stored.map(|stored| stored.to)).unwrap();
    }

    fn of_story(&self, text: &mut String) {
        if let Some(intent) = &self.play.wanted.intent {
            let (permit, back) = (intent.permit.is_some(), intent.way_back.is_some());
            let up = intent.give_up.as_ref().map(|it| it.end);
            let decided = intent.decisions.len();
            writeln!(text, "{permit} {back} {up:?} {decided}").unwrap();
        }
        let waits = self.play.waits();
        let trouble = self.play.last.as_ref().is_some_and(|turn| turn.now.trouble.is_some());
        writeln!(text, "{waits:?} {trouble}").unwrap();
        let Some(story) = self.story() else { return };
        let now = self.play.world.clock.now();
        let soaks = story
            .soaking
            .map(|until| ((until.as_millis() - now.as_millis()) / 600_000).clamp(-1, 20));
        let vms: Vec<(&VmId, u8)> = story.vms.iter().map(|(vm, it)| (vm, number(it))).collect();
        let Migration { autostart_off, stopped, armed, going_back, adopted, has_room, .. } = &story;
        let (armed, permit) = (armed.is_some(), story.permit.is_some());
        let going_back = going_back.as_ref().map(|(end, _)| end);
        let adopted = adopted.map(|(release, _)| release);
        let rolling = story.rolling_back.is_some();
        let early = self.play.refused.is_some();
        let expired = story.permit.is_some_and(|permit| permit.not_after < now);
        let generation = story.sealed.map(|sealed| sealed.generation);
        let (off, runs) = self.play.off();
        let off = (off / 60 / 20, runs);
        writeln!(
            text,
            "{:?} {autostart_off:?} {stopped:?} {generation:?} {} {armed} {permit} {early} {expired} {going_back:?} \
             {adopted:?} {has_room} {vms:?} {soaks:?} {rolling} {:?} {off:?}",
            story.phase(),
            story.is_proved(),
            story.end
        )
        .unwrap();
    }

    /// What must hold whatever has happened.
    pub(super) fn check(&self) {
        let story = self.story();
        let state = self.play.world.state();
        let sealed = story.as_ref().and_then(|story| story.sealed);
        let contents =
            |drive| sealed.and_then(|sealed| contents_of(drive, sealed.set)).unwrap_or_default();
        let first = self.play.pocket.as_ref().unwrap_or(&state.drive);
        let on_first =
            LazyCell::new(|| if self.play.is_dead { BTreeMap::new() } else { contents(first) });
        let on_second = LazyCell::new(|| contents(&state.second));
        let is_on = |set: &BTreeMap<VmId, _>, vm: &VmId| set.get(vm) == Some(&state.current[vm]);
        let gives_back = |vm: &VmId| is_on(&on_first, vm) || is_on(&on_second, vm);
        for vm in state.current.keys() {
            assert!(state.has_whole(*vm) || gives_back(vm), "no good copy of {vm} is left");
        }
        let block = block::read(&state.disk).unwrap();
        if matches!(block, ResetBlock::Nonce(_)) {
            let pocket = self.play.pocket.iter();
            let books = pocket.chain([&state.drive, &state.second, &state.keep]);
            let tells = |book: &Drive| {
                let told = book::read(book, self.play.plan.migration).ok().flatten();
                told.is_some_and(|(story, _)| story.armed.is_some())
            };
            assert!(books.into_iter().any(tells), "there is a nonce that nobody knows of");
        }
        if let ResetBlock::Nonce(nonce) = block
            && matches!(state.system, System::Whole(Release::One))
            && !self.by_hand
        {
            assert!(state.running.is_empty(), "a VM runs on a disk that may be overwritten");
            assert!(state.autostart.is_empty(), "dom0 would start a VM of a disk that may go");
            let permit = stored(&state.drive, self.play.plan.migration);
            let is_meant = permit.is_some_and(|it| it.proof == Proof::Nonce { nonce });
            let all_are_there = || state.current.keys().all(gives_back);
            assert!(
                !is_meant || all_are_there(),
                "there is a permit, and the set does not hold all"
            );
        }
        let (before, after) = state.disk.bytes.split_at(OFFSET);
        let beside = after[LENGTH..].iter().chain(&before[512..]);
        assert!(beside.into_iter().all(|byte| *byte == 0), "the disk was written to elsewhere");
        drop(state);
        if self.is_over() {
            self.check_end(story.as_ref().and_then(|story| story.end));
        }
    }

    fn check_end(&self, end: Option<End>) {
        let state = self.play.world.state();
        let all: Vec<&VmId> = state.current.keys().collect();
        let end = end.expect("it is over, and has no end");
        let release = state.release();
        match end {
            End::Succeeded => assert_eq!(release, Release::Two),
            End::FailedSafe | End::Cancelled | End::RolledBack => {
                assert_eq!(release, Release::One);
            }
            other => panic!("{other:?}"),
        }
        assert!(all.iter().all(|vm| state.has_whole(**vm)), "{end:?}, and not all are there");
        assert!(all.iter().all(|vm| state.running.contains_key(vm)), "{end:?}, and one is off");
        assert!(all.iter().all(|vm| state.autostart.contains(vm)), "{end:?}: no autostart");
        let is_on_volumes =
            |vm: &&VmId| state.targets(**vm).iter().all(|target| target.starts_with(GROUP));
        assert_eq!(all.iter().all(is_on_volumes), end == End::Succeeded);
        let block = block::read(&state.disk).unwrap();
        assert!(!matches!(block, ResetBlock::Nonce(_)), "{end:?}, and the disk may be overwritten");
    }
}

const OFFSET: usize = 32 * 1024;
const LENGTH: usize = 4096;

/// What holds times, or is of another length each time it is written.
fn is_of_time(name: &str) -> bool {
    [".json", "journal.a", "journal.b"]
        .iter()
        .any(|end| name.trim_end_matches(".new").ends_with(end))
}

fn number(progress: &Progress) -> u8 {
    match progress {
        Progress::Waiting => 0,
        Progress::Restored => 1,
        Progress::Configured => 2,
        Progress::Booting => 3,
        Progress::Healthy => 4,
        Progress::Failed { .. } => 5,
        Progress::Waived { .. } => 6,
    }
}

/// The permit on the drive.
pub(super) fn stored(drive: &Drive, migration: MigrationId) -> Option<Permit> {
    let signed = book::permit(drive, migration).ok().flatten()?;
    serde_json::from_str(&signed.permit).ok()
}

/// What the disks of each VM of the set give back, as it would be once the power was gone.
fn contents_of(drive: &Drive, set: SetId) -> Option<BTreeMap<VmId, Vec<Vec<u8>>>> {
    let drive = drive.cloned();
    drive.unplugged().power_up(Left::Nothing);
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let (medium, keys, clock, meter) = (&drive, &Keyring::EMPTY, &clock, &Unwatched);
    let sealed = Sealed::open(Tools { medium, keys, clock, meter, width: Width::threads(1) }, set);
    let sealed = sealed.ok()?;
    let mut contents = BTreeMap::new();
    for vm in &sealed.manifest.vms {
        let of_disk = |(id, disk): (_, &crate::backup::documents::SavedDisk)| {
            let bytes = usize::try_from(disk.planned.virtual_bytes).unwrap();
            let to = Drive::new();
            to.leave("to", &vec![0xee; bytes]);
            let device = to.open("to").unwrap().unwrap();
            sealed.restore(vm, (id, disk), Whole::used(device, "to".to_owned())).ok()?;
            Some(to.kept()["to"].clone())
        };
        let disks: Option<Vec<Vec<u8>>> = vm.disks().map(of_disk).collect();
        // Of a VM that is damaged there is nothing, and of the others there is.
        contents.extend(disks.map(|disks| (vm.uuid, disks)));
    }
    Some(contents)
}
