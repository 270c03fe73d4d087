use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{DriveId, MigrationId, OrganisationId, PermitId, VmId};
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::permit::{Proof, Release, SignedPermit};
use domfleet_shared::migration::phase::{End, Phase};
use domfleet_shared::migration::reset_block::Nonce;
use domfleet_shared::migration::talk::Told;
use domfleet_shared::migration::{Event, Plan, Record};

use super::change::{Wish, check, make};
use super::line::{LineState, line};
use super::mirror::{self, Take};
use super::on_site::Off;
use super::permit::{self, Asker, Sign};
use super::rejoin::{self, Answer, Claim, No};
use super::view::MigrationPhase;
use super::wanted::{Rejoined, Signed, SignedBack};
use super::{Standing, Story, Wanted};

const STORY: &str = include_str!("../../../../shared/src/migration/tests/journal-1.jsonl");
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
/// The record that says that the disk is armed the second time, that there is a permit, and that 2.x is there.
const ARMED: usize = 13;
const PERMITTED: usize = 14;
const ADOPTED: usize = 15;

fn records(many: usize) -> Vec<Record> {
    let lines = STORY.lines().take(many);
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn plan() -> Plan {
    let value: serde_json::Value = serde_json::from_str(STORY.lines().next().unwrap()).unwrap();
    serde_json::from_value(value["plan"].clone()).unwrap()
}

fn standing(records: u64) -> Standing {
    let plan = plan();
    Standing {
        id: plan.migration,
        organisation: OrganisationId::new(),
        appliance: plan.appliance,
        plan,
        drive: Some(DriveId::new()),
        wanted: Wanted::default(),
        revision: 1,
        records,
        chain: (records > 0).then(|| hash(records)),
        phase: MigrationPhase::Preflight,
        now: None,
        started_by: None,
        started_at: NOW,
        changed_at: NOW,
        heard_at: None,
        ended_at: None,
        version: 1,
    }
}

fn story(many: usize) -> Story {
    Story::of(&plan(), &records(many)).unwrap()
}

fn hash(records: u64) -> Hash {
    Hash::of(&records.to_le_bytes())
}

fn told(from: usize, to: usize) -> Told {
    Told {
        migration: MigrationId::new(),
        revision: 1,
        from: from as u64,
        records: records(to)[from..].to_vec(),
        before: hash(from as u64),
        after: hash(to as u64),
        ask: None,
        now: None,
        refused: Vec::new(),
    }
}

/// What is done with that, where `known` records are known.
fn taken(known: usize, told: &Told) -> Take {
    let from = usize::try_from(told.from).unwrap();
    let stored = records(known);
    let overlap: Vec<Record> = stored.into_iter().skip(from).take(told.records.len()).collect();
    mirror::take(&standing(known as u64), told, &overlap)
}

#[test]
fn what_comes_next_is_taken_and_what_came_before_is_not_taken_twice() {
    assert_eq!(taken(0, &told(0, 3)), Take::Append(records(3)));
    assert_eq!(taken(3, &told(3, 5)), Take::Append(records(5)[3..].to_vec()));
    assert_eq!(taken(3, &told(1, 5)), Take::Append(records(5)[3..].to_vec()));
    assert_eq!(taken(5, &told(2, 5)), Take::Nothing);
    assert_eq!(taken(5, &told(5, 5)), Take::Nothing);
    assert_eq!(taken(5, &told(2, 4)), Take::Known);
    assert_eq!(taken(3, &told(4, 5)), Take::Again);
    assert_eq!(taken(3, &told(0, 0)), Take::Nothing, "a question: what is known?");
}

#[test]
fn who_told_otherwise_tells_all_of_it_again_and_that_comes_to_an_end() {
    let mut other = told(3, 5);
    other.before = hash(99);
    assert_eq!(taken(3, &other), Take::Again);

    // From the beginning it is either another story, or the same with another hash.
    let mut same = told(0, 3);
    same.after = hash(99);
    assert_eq!(taken(3, &same), Take::Rechain);
    let mut another = told(0, 3);
    another.records.swap(1, 2);
    assert_eq!(taken(3, &another), Take::Replace(another.records.clone()));
    let mut elsewhere = told(1, 3);
    elsewhere.records.swap(0, 1);
    assert_eq!(taken(3, &elsewhere), Take::Again);
    // All of it, and that is less than what is known.
    assert_eq!(taken(5, &told(0, 3)), Take::Replace(records(3)));
}

#[test]
fn a_journal_without_end_is_not_kept() {
    let mut endless = told(0, 1);
    endless.from = mirror::MOST;

    assert_eq!(taken(1, &endless), Take::TooLong);
}

fn asker() -> Asker {
    Asker { epoch: 3, fingerprint: plan().fingerprint, may_change: true, held: false }
}

/// The nonce whose hash the story is told with.
fn nonce(story: &Story) -> Nonce {
    let wanted = story.journey.armed.as_ref().unwrap().nonce;
    (0..=255_u8).map(|byte| Nonce([byte; 32])).find(|nonce| Hash::of(&nonce.0) == wanted).unwrap()
}

fn signed(id: PermitId, nonce: Hash) -> Signed {
    let signed =
        SignedPermit { permit: String::new(), key: String::new(), signature: String::new() };
    Signed { id, nonce, issued_at: NOW, not_after: NOW + permit::GOOD_FOR, signed }
}

#[test]
fn a_permit_is_for_what_the_journal_tells_and_for_nothing_else() {
    let story = story(ARMED);
    let nonce = nonce(&story);
    let there = |standing: &Standing, asker: &Asker, nonce, key| {
        permit::there(standing, &story, asker, (nonce, key), NOW)
    };
    let fresh = standing(13);

    let Ok(Sign::New(permit)) = there(&fresh, &asker(), nonce, KEY) else { panic!() };
    assert_eq!((permit.epoch, permit.generation, permit.to), (3, 2, Release::Two));
    assert_eq!(permit.proof, Proof::Nonce { nonce });
    assert!(there(&fresh, &asker(), Nonce([255; 32]), KEY).is_err());
    assert!(there(&fresh, &asker(), nonce, "no key").is_err());
    assert!(there(&fresh, &Asker { held: true, ..asker() }, nonce, KEY).is_err());
    assert!(there(&fresh, &Asker { may_change: false, ..asker() }, nonce, KEY).is_err());

    let mut before = standing(13);
    before.wanted.permit = Some(signed(PermitId::new(), Hash::of(&nonce.0)));
    before.wanted.rejoin_key = Some(KEY.into());
    assert_eq!(there(&before, &asker(), nonce, KEY), Ok(Sign::Again));
    let late = permit::there(&before, &story, &asker(), (nonce, KEY), NOW + permit::GOOD_FOR);
    assert!(late.is_err(), "one that has run out is not signed anew for the same number");
    let other = KEY.replace('d', "e");
    assert!(there(&before, &asker(), nonce, &other).is_err(), "the key of another drive");
}

#[test]
fn no_record_can_be_left_out_of_what_a_permit_asks_for() {
    let nonce = nonce(&story(ARMED));
    let ask = |records: &[Record]| {
        let story = Story::of(&plan(), records).unwrap();
        permit::there(&standing(13), &story, &asker(), (nonce, KEY), NOW)
    };
    let all = records(ARMED);
    assert!(ask(&all).is_ok());

    // What was overtaken later may be missing: the first seal, and that the disk was armed before.
    let needed = (0..ARMED).filter(|left| ![5, 10, 11].contains(left));
    for left in needed {
        let mut records = all.clone();
        let gone = records.remove(left);
        assert!(ask(&records).is_err(), "without {gone:?}");
    }
}

#[test]
fn the_way_back_from_what_never_came_up_is_signed_on_a_persons_word_and_under_one_id() {
    let permitted = story(PERMITTED);
    let mut standing = standing(14);

    let Ok(Sign::New(first)) = permit::back_unseen(&standing, &permitted, &asker(), NOW) else {
        panic!()
    };
    let after = permitted.journey.permit.unwrap().permit;
    assert_eq!((first.to, first.proof.clone()), (Release::One, Proof::Marker { after }));
    let Signed { id, issued_at, not_after, signed, .. } = signed(first.id, hash(0));
    let back = SignedBack { id, after, issued_at, not_after, signed, is_withdrawn: false };
    standing.wanted.way_back = Some(back);
    assert_eq!(permit::back_unseen(&standing, &permitted, &asker(), NOW), Ok(Sign::Again));
    let later = NOW + permit::GOOD_FOR;
    let Ok(Sign::New(anew)) = permit::back_unseen(&standing, &permitted, &asker(), later) else {
        panic!()
    };

    assert_eq!(anew.id, first.id);
    assert!(permit::back_unseen(&standing, &story(ARMED), &asker(), NOW).is_err());
    assert!(permit::back_unseen(&standing, &story(ADOPTED), &asker(), NOW).is_err());
}

#[test]
fn the_way_back_is_of_the_epoch_that_the_journal_tells_of() {
    let permitted = story(PERMITTED);
    let asker = Asker { epoch: plan().epoch + 1, ..asker() };

    let Ok(Sign::New(back)) = permit::back_unseen(&standing(14), &permitted, &asker, NOW) else {
        panic!()
    };

    assert_eq!(back.epoch, plan().epoch);
}

fn reason() -> String {
    "not today".into()
}

#[test]
fn what_may_be_done_depends_on_where_the_point_of_no_return_is() {
    let give_up = || Wish::GiveUp { end: End::Cancelled, reason: reason() };
    let back = || Wish::RollBack { reason: reason() };
    let may = |many: usize, wish: Wish, is_there| {
        check(&standing(many as u64), &story(many), &wish, is_there).map_err(|no| no.code)
    };

    assert_eq!(may(5, give_up(), false), Ok(()));
    assert_eq!(may(5, back(), true), Err("before_the_point"));
    assert_eq!(may(PERMITTED, give_up(), true), Ok(()), "1.x is there and takes the number back");
    assert_eq!(may(PERMITTED, give_up(), false), Err("past_the_point"));
    assert_eq!(may(PERMITTED, back(), false), Ok(()));
    assert_eq!(may(PERMITTED, back(), true), Err("before_the_point"));
    assert_eq!(may(ADOPTED, give_up(), true), Err("past_the_point"));
    assert_eq!(may(ADOPTED, back(), true), Ok(()));
    assert_eq!(may(ADOPTED, Wish::Stay, true), Err("not_going_back"));
    assert_eq!(may(27, Wish::Stay, true), Ok(()));
    assert_eq!(may(27, back(), true), Err("going_back"));
    assert_eq!(may(40, give_up(), true), Err("over"));
    assert_eq!(may(40, back(), true), Err("back_already"));
    assert_eq!(may(20, Wish::Waive { vm: VmId::new() }, true), Err("no_such_vm"));
}

#[test]
fn a_decision_has_a_number_that_no_other_has_though_a_restored_server_forgot_some() {
    let mut it = standing(15);
    let story = Story { decided: 7, ..story(ADOPTED) };

    make(&mut it, &story, Wish::RollBack { reason: reason() }, "ada", NOW);
    make(&mut it, &story, Wish::Stay, "ada", NOW);

    let numbers: Vec<u64> = it.wanted.decisions.iter().map(|decided| decided.number).collect();
    assert_eq!((numbers, it.revision), (vec![8, 9], 3));
    let intent = it.intent(vec!["key".into()]).unwrap();
    assert_eq!((intent.decisions.len(), intent.permit_keys.len()), (2, 1));
}

fn claim<'a>(fingerprint: &'a Fingerprint, key: &'a str) -> Claim<'a> {
    Claim { spki_sha256: key, fingerprint, is_signed: true, is_there: false }
}

#[test]
fn who_was_reset_is_taken_in_once_for_each_reset_and_otherwise_by_a_person() {
    let same = plan().fingerprint;
    let mut other = same.clone();
    other.system_uuid = Some("another".into());
    let fresh = standing(14);
    let permitted = story(PERMITTED);
    let permit = permitted.journey.permit.unwrap().permit;
    let at_once = Ok(Answer::TakeIn { after: permit, accepted: true, why: None });

    assert_eq!(rejoin::answer(&fresh, &permitted, &claim(&same, "one")), at_once);
    assert_eq!(rejoin::answer(&fresh, &story(5), &claim(&same, "one")), Err(No::NoPermit));
    let unsigned = Claim { is_signed: false, ..claim(&same, "one") };
    assert_eq!(rejoin::answer(&fresh, &permitted, &unsigned), Err(No::Signature));
    let there = Claim { is_there: true, ..claim(&same, "one") };
    assert_eq!(rejoin::answer(&fresh, &permitted, &there), Err(No::StillThere));
    let is_accepted = |standing: &Standing, claim: &Claim<'_>| {
        let answer = rejoin::answer(standing, &permitted, claim).unwrap();
        matches!(answer, Answer::TakeIn { accepted: true, .. })
    };
    assert!(!is_accepted(&fresh, &claim(&other, "one")));

    let mut before = standing(14);
    let (appliance, at) = (before.appliance, NOW);
    let spki_sha256 = "one".to_owned();
    before.wanted.rejoined = Some(Rejoined { after: permit, spki_sha256, appliance, epoch: 2, at });
    assert_eq!(rejoin::answer(&before, &permitted, &claim(&same, "one")), Ok(Answer::Again));
    assert!(!is_accepted(&before, &claim(&same, "two")));
    // The way back is another reset.
    let Signed { signed, issued_at, not_after, .. } = signed(permit, hash(0));
    let id = PermitId::new();
    before.wanted.way_back =
        Some(SignedBack { id, after: permit, issued_at, not_after, signed, is_withdrawn: false });
    assert!(is_accepted(&before, &claim(&same, "two")));
}

#[test]
fn the_line_tells_what_is_done_and_on_what_evidence() {
    use LineState::{Ahead, Current, Done, Skipped};
    use MigrationPhase as P;
    let shown = |many: usize, phase| {
        let steps = line(&plan(), &records(many), phase);
        move |phase| {
            let step = steps.iter().find(|step| step.phase == phase);
            step.map(|step| (step.state, step.evidence.len()))
        }
    };

    let sealed = shown(ARMED, P::Sealed);
    assert_eq!(sealed(P::BackingUp).unwrap().0, Done);
    assert!(sealed(P::BackingUp).unwrap().1 >= 4);
    assert_eq!(sealed(P::Sealed).unwrap().0, Current);
    assert_eq!(sealed(P::Permitted).unwrap().0, Ahead);
    let resetting = shown(PERMITTED, P::Resetting);
    assert_eq!(resetting(P::Permitted).unwrap(), (Done, 1));
    assert_eq!(resetting(P::Resetting).unwrap().0, Current);
    let restoring = shown(16, P::Restoring);
    assert_eq!(restoring(P::Resetting).unwrap().0, Done);
    assert_eq!(restoring(P::NeedsHands), None);
    let hands = shown(21, P::NeedsHands);
    assert_eq!(hands(P::NeedsHands).unwrap().0, Current);
    assert_eq!(hands(P::Soaking).unwrap().0, Ahead);
    let back = shown(40, P::RolledBack);
    assert_eq!(back(P::RolledBack).unwrap().0, Current);
    assert_eq!(back(P::Succeeded).unwrap().0, Skipped);
}

#[test]
fn the_phases_that_people_see_have_the_names_that_the_story_gives_them() {
    use End::{Cancelled, Deferred, FailedSafe, LostAppliance, RolledBack, Succeeded};
    let ends = [Succeeded, FailedSafe, Deferred, Cancelled, RolledBack, LostAppliance];
    let under_way = [
        Phase::Preflight,
        Phase::BackingUp,
        Phase::Verifying,
        Phase::Sealed,
        Phase::Permitted,
        Phase::GoingBack,
        Phase::Resetting,
        Phase::AwaitingReturn,
        Phase::Restoring,
        Phase::Validating,
        Phase::NeedsHands,
        Phase::Soaking,
    ];
    let phases: Vec<Phase> = under_way.into_iter().chain(ends.map(Phase::Ended)).collect();

    let names: Vec<&str> = phases.iter().map(|phase| phase.name()).collect();
    let shown: Vec<&str> =
        phases.into_iter().map(|phase| MigrationPhase::from(phase).as_str()).collect();

    assert_eq!(shown, names);
    assert_eq!(MigrationPhase::WORDS.len(), names.len());
    assert!(names.iter().all(|name| MigrationPhase::WORDS.contains(name)), "{names:?}");
}

#[test]
fn vms_are_off_until_all_are_back_and_again_from_the_reset_that_leads_back() {
    let off = |records: &[Record]| {
        let Off { since, back } = Off::of(records);
        let hour = |at: Timestamp| at.since(records[0].at).as_secs() / 3600;
        (since.map(hour), back.map(hour))
    };
    let rolling_back = records(27).pop().unwrap();
    let stays =
        Record { event: Event::WayBackWithdrawn { by: "ada".into() }, ..rolling_back.clone() };
    let with = |many: usize, more: &[&Record]| {
        let mut records = records(many);
        records.extend(more.iter().map(|&record| record.clone()));
        off(&records)
    };

    assert_eq!(with(3, &[]), (None, None));
    assert_eq!(with(4, &[]), (Some(1), None));
    assert_eq!(with(ADOPTED, &[]), (Some(1), None));
    assert_eq!(with(26, &[]), (Some(1), Some(6)));
    assert_eq!(with(27, &[]), (None, None), "they run, and are only wanted back");
    assert_eq!(with(27, &[&stays]), (Some(1), Some(6)));
    assert_eq!(with(21, &[&rolling_back]), (Some(1), None), "they were never back");
    assert_eq!(with(29, &[]), (Some(7), None));
    assert_eq!(with(40, &[]), (Some(7), Some(10)));
}

#[test]
fn a_story_that_cannot_be_is_told_as_far_as_it_goes() {
    let mut records = records(ARMED);
    records.remove(9);

    let story = Story::of(&plan(), &records).unwrap();

    assert!(story.trouble.unwrap().contains("without a proved set"));
    assert!(!story.journey.is_proved());
}
