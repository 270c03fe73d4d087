//! What the recovery medium refuses, case by case.

use super::*;
use crate::migration::event::{Event, Record};
use crate::migration::journey::Migration;
use crate::migration::reset::{
    Difference, Look, PermitTrouble, Refusal, Seen, Server, Verdict, judge,
};
use crate::migration::reset_block::{Marker, ResetBlock, Stage};

const NONCE: Nonce = Nonce([7; 32]);

fn marker(stage: Stage) -> ResetBlock {
    ResetBlock::Marker(Marker { permit: PermitId(uuid(3)), stage })
}

/// One that is permitted, with one VM.
fn permitted() -> Migration {
    let mut migration = Migration::begin(plan(1)).unwrap();
    for event in [
        Event::DriveClaimed { drive: crate::id::DriveId(uuid(5)) },
        Event::AutostartOff { vms: vec![vm(0)] },
        Event::VmStopped { vm: vm(0), clean: true },
        Event::Sealed { set: SetId(uuid(4)), generation: 1, manifest: Hash::of(b"manifest") },
        Event::Verified { generation: 1 },
        Event::Copied { drive: crate::id::DriveId(uuid(6)), generation: 1 },
        Event::Armed { disk: disk(), nonce: Hash::of(&NONCE.0) },
        Event::Permitted { permit: PermitId(uuid(3)), not_after: hour(24) },
    ] {
        add(&mut migration, event);
    }
    migration
}

fn add(migration: &mut Migration, event: Event) {
    let boot = crate::id::BootId(uuid(9));
    let record = Record {
        at: hour(0),
        boot,
        on: Release::One,
        agent: "1.0.0".to_owned(),
        decision: None,
        event,
    };
    migration.add(&record).unwrap();
}

/// The verdict on one where all is as it should be, but for what `spoil` changes.
fn verdict(spoil: impl FnOnce(&mut Bench)) -> Verdict {
    let mut bench = Bench {
        permit: permit(NONCE),
        trouble: None,
        disk: Some(disk()),
        block: Some(ResetBlock::Nonce(NONCE)),
        fingerprint: fingerprint(),
        lays_out: Release::Two,
        journal: Some(permitted()),
        server: Server::Yes,
        look: Some(Look::Good),
        now: hour(1),
    };
    spoil(&mut bench);
    judge(&Seen {
        now: bench.now,
        permit: bench.trouble.map_or(Ok(&bench.permit), Err),
        disk: bench.disk.as_ref(),
        block: bench.block,
        fingerprint: &bench.fingerprint,
        lays_out: bench.lays_out,
        journal: bench.journal.as_ref(),
        server: bench.server,
        look: bench.look,
    })
}

struct Bench {
    permit: Permit,
    trouble: Option<PermitTrouble>,
    disk: Option<DiskIdentity>,
    block: Option<ResetBlock>,
    fingerprint: Fingerprint,
    lays_out: Release,
    journal: Option<Migration>,
    server: Server,
    look: Option<Look>,
    now: Timestamp,
}

fn begun() -> Marker {
    Marker { permit: PermitId(uuid(3)), stage: Stage::Begun }
}

#[test]
fn with_everything_as_it_should_be_it_looks_and_then_resets() {
    assert_eq!(verdict(|bench| bench.look = None), Verdict::TakeLook);
    assert_eq!(verdict(|_| {}), Verdict::Reset(begun()));
    assert_eq!(verdict(|bench| bench.server = Server::Silent), Verdict::Reset(begun()));
}

#[test]
fn each_thing_that_is_otherwise_is_refused() {
    type Spoil = Box<dyn FnOnce(&mut Bench)>;
    let refused: Vec<(Spoil, Refusal)> = vec![
        (
            Box::new(|bench| bench.trouble = Some(PermitTrouble::None)),
            Refusal::Permit(PermitTrouble::None),
        ),
        (
            Box::new(|bench| bench.trouble = Some(PermitTrouble::BadSignature)),
            Refusal::Permit(PermitTrouble::BadSignature),
        ),
        (
            Box::new(|bench| bench.lays_out = Release::One),
            Refusal::OtherRelease { wanted: Release::Two, has: Release::One },
        ),
        (
            Box::new(|bench| bench.fingerprint.board_serial = Some("BN9".to_owned())),
            Refusal::OtherAppliance,
        ),
        (Box::new(|bench| bench.disk = None), Refusal::NoDisk),
        (Box::new(|bench| bench.disk.as_mut().unwrap().wwid = "naa.5".to_owned()), Refusal::NoDisk),
        (Box::new(|bench| bench.block = None), Refusal::UnreadableDisk),
        (Box::new(|bench| bench.block = Some(ResetBlock::Empty)), Refusal::NoNonce),
        (Box::new(|bench| bench.block = Some(ResetBlock::Damaged)), Refusal::NoNonce),
        (Box::new(|bench| bench.block = Some(ResetBlock::Nonce(Nonce([8; 32])))), Refusal::NoNonce),
        (Box::new(|bench| bench.block = Some(marker(Stage::Done))), Refusal::Used(Release::Two)),
        (
            Box::new(|bench| bench.permit.id = PermitId(uuid(33))),
            Refusal::Journal(MigrationId(uuid(1))),
        ),
        (
            Box::new(|bench| bench.server = Server::No("halt".to_owned())),
            Refusal::Revoked("halt".to_owned()),
        ),
        (Box::new(|bench| bench.now = hour(-1)), Refusal::Clock),
        (Box::new(|bench| bench.now = hour(25)), Refusal::Expired),
        (Box::new(|bench| bench.journal = None), Refusal::Journal(MigrationId(uuid(1)))),
        (
            Box::new(|bench| {
                bench.disk.as_mut().unwrap().partition_table = Hash::of(b"others");
            }),
            Refusal::OtherPartitions,
        ),
        (
            Box::new(|bench| {
                add(bench.journal.as_mut().unwrap(), Event::VmRan { vm: vm(0) });
            }),
            Refusal::Look(Difference::Started(vm(0))),
        ),
        (
            Box::new(|bench| bench.permit.manifest = Hash::of(b"another")),
            Refusal::Look(Difference::OtherSet),
        ),
        (
            Box::new(|bench| bench.look = Some(Look::Bad(Difference::NoSet(SetId(uuid(4)))))),
            Refusal::Look(Difference::NoSet(SetId(uuid(4)))),
        ),
    ];
    for (spoil, refusal) in refused {
        assert_eq!(verdict(spoil), Verdict::Refuse(refusal.clone()), "{refusal}");
    }
}

#[test]
fn a_half_reset_goes_on_under_its_own_permit_and_asks_nobody() {
    let half = |bench: &mut Bench| {
        bench.block = Some(marker(Stage::Begun));
        bench.disk.as_mut().unwrap().partition_table = Hash::of(b"none");
        bench.now = hour(1000);
        bench.server = Server::No("halt".to_owned());
        bench.journal = None;
    };
    assert_eq!(verdict(half), Verdict::GoOn(begun()));
    let other = |bench: &mut Bench| {
        half(bench);
        bench.permit.id = PermitId(uuid(33));
    };
    let refusal = Refusal::OtherMarker(PermitId(uuid(3)));
    assert_eq!(verdict(other), Verdict::Refuse(refusal));
}

#[test]
fn a_reset_that_had_not_come_to_the_partitions_is_looked_at_anew() {
    let begun = |bench: &mut Bench| bench.block = Some(marker(Stage::Begun));
    let again = |bench: &mut Bench| {
        begun(bench);
        bench.look = None;
    };
    assert_eq!(verdict(again), Verdict::TakeLook);
    let late = |bench: &mut Bench| {
        begun(bench);
        bench.now = hour(25);
    };
    assert_eq!(verdict(late), Verdict::Refuse(Refusal::Expired));
}

#[test]
fn a_card_that_was_replaced_makes_no_other_machine_of_it() {
    let mends = |bench: &mut Bench| {
        bench.fingerprint.macs = BTreeSet::from(["00:50:c2:00:00:02".to_owned()]);
    };
    assert_eq!(verdict(mends), Verdict::Reset(begun()));
    let says_nothing = |bench: &mut Bench| {
        bench.fingerprint.macs.clear();
        (bench.fingerprint.board_serial, bench.fingerprint.system_uuid) = (None, None);
    };
    assert_eq!(verdict(says_nothing), Verdict::Refuse(Refusal::OtherAppliance));
}

#[test]
fn a_system_that_is_to_stay_is_not_led_back() {
    let used = PermitId(uuid(33));
    let adopted = || {
        let mut journal = permitted();
        let after = None;
        let event = Event::Adopted { permit: PermitId(uuid(3)), after };
        let boot = crate::id::BootId(uuid(9));
        let agent = "1.0.0".to_owned();
        let record = Record { at: hour(1), boot, on: Release::Two, agent, decision: None, event };
        journal.add(&record).unwrap();
        journal
    };
    let back = |bench: &mut Bench| {
        bench.lays_out = Release::One;
        bench.permit.to = Release::One;
        bench.permit.id = used;
        bench.permit.proof = Proof::Marker { after: PermitId(uuid(3)) };
        bench.block = Some(marker(Stage::Done));
        bench.journal = Some(adopted());
    };
    assert_eq!(verdict(back), Verdict::Refuse(Refusal::GivenUp));
    let wanted = |bench: &mut Bench| {
        back(bench);
        bench.journal.as_mut().unwrap().rolling_back = Some("no sound".to_owned());
    };
    assert_eq!(verdict(wanted), Verdict::Reset(Marker { permit: used, stage: Stage::Begun }));
}
