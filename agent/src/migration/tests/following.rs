//! Following a migration: what is wanted, what is told, what is forbidden meanwhile.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, DriveId, MigrationId, OperationId, VmId};
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::talk::{Decision, GiveUp, Intent, Now, What};
use domfleet_shared::migration::{End, Event, Plan, Record};
use domfleet_shared::operation::{Operation, Priority};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::agent::{Agent, Settings, World};
use crate::clock::Clock;
use crate::journal::{self, Task};
use crate::migration::carry::{Again, Turn};
use crate::migration::following::{Following, keep_turning, take};
use crate::network::Network;
use crate::testing::{Memory, Quiet, joined};

type Tested = Agent<Quiet, Memory, Network>;

async fn agent(dom0: &Quiet, files: &Memory) -> Tested {
    joined(files).await;
    let world = World {
        dom0: dom0.clone(),
        files: files.clone(),
        clock: Clock::new(|| Timestamp::from_millis(0)),
        dialer: Network::new("/nonexistent".into(), None),
        settings: Settings::default(),
    };
    Agent::open(world, mpsc::channel(1).0).await.unwrap()
}

pub(super) fn plan() -> Plan {
    serde_json::from_str(include_str!("plan-1.json")).unwrap()
}

pub(super) fn intent(revision: u64) -> Intent {
    Intent {
        migration: plan().migration,
        revision,
        plan: plan(),
        drive: DriveId::new(),
        give_up: None,
        decisions: Vec::new(),
        second_drive: None,
        permit_keys: Vec::new(),
        permit: None,
        way_back: None,
    }
}

fn other(revision: u64) -> Intent {
    let migration = MigrationId::new();
    Intent { migration, plan: Plan { migration, ..plan() }, ..intent(revision) }
}

fn record(event: Event) -> Record {
    Record {
        at: Timestamp::from_millis(7),
        boot: BootId(uuid::Uuid::from_u128(1)),
        on: Release::One,
        agent: "1".into(),
        decision: None,
        event,
    }
}

/// A story, and the same one to its end.
pub(super) fn story(is_over: bool) -> Vec<Record> {
    let planned = Event::Planned { plan: Box::new(plan()) };
    let given_up = Event::GoingBack { end: End::Cancelled, reason: "it is late".into() };
    let mut events = vec![planned, given_up];
    if is_over {
        events.push(Event::Ended { end: End::Cancelled });
    }
    events.into_iter().map(record).collect()
}

fn turn(story: Vec<Record>, again: Again) -> Turn {
    Turn { story: Some(story), ..Turn::idle("it goes back", None, again) }
}

/// So many turns as there are.
async fn turns(agent: &Tested) {
    drop(timeout(Duration::from_secs(5), keep_turning(agent)).await);
}

#[tokio::test(start_paused = true)]
async fn the_newest_that_is_wanted_counts_and_outlives_the_agent() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;

    for revision in [1, 3, 2] {
        take(&agent, intent(revision)).await;
    }

    assert_eq!(agent.following.intent().unwrap().revision, 3);
    assert_eq!(Following::open(&files).await.unwrap().intent().unwrap().revision, 3);
}

#[tokio::test(start_paused = true)]
async fn another_migration_waits_for_the_end_of_the_one_that_is_under_way() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;
    take(&agent, intent(1)).await;

    let next = other(1);
    take(&agent, next.clone()).await;
    let meanwhile = agent.following.intent().unwrap().migration;
    dom0.turns.lock().unwrap().push_back(turn(story(true), Again::Never));
    turns(&agent).await;
    take(&agent, next.clone()).await;

    assert_eq!(meanwhile, plan().migration);
    assert_eq!(agent.following.intent().unwrap().migration, next.migration);
}

#[tokio::test(start_paused = true)]
async fn what_changes_something_is_forbidden_from_the_first_word_to_the_end_of_a_migration() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;
    let (start, list) = (Operation::VmStart { vm: VmId::new() }, Operation::UsbList);
    let is_forbidden = || agent.following.forbids(&start).map(|reason| reason.code);

    let before = is_forbidden();
    take(&agent, intent(1)).await;
    let meanwhile = (is_forbidden(), agent.following.forbids(&list));
    dom0.turns.lock().unwrap().push_back(turn(story(true), Again::Never));
    turns(&agent).await;

    assert_eq!(before, None);
    assert_eq!(meanwhile, (Some("migrating".to_owned()), None));
    assert_eq!(is_forbidden(), None);
}

#[tokio::test(start_paused = true)]
async fn the_first_turn_waits_for_what_was_begun_before() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;
    let id = OperationId::new();
    let task = Task {
        operation: Operation::VmStart { vm: VmId::new() },
        boot_id: agent.boot_id,
        begin_before_uptime_seconds: 60,
        priority: Priority::default(),
    };
    agent.record(id, journal::Event::Accepted(task)).await;
    take(&agent, intent(1)).await;

    turns(&agent).await;
    let while_it_is_open = dom0.wanted.lock().unwrap().len();
    agent.record(id, journal::Event::Withdrawn).await;
    turns(&agent).await;

    assert_eq!(while_it_is_open, 0);
    assert_eq!(dom0.wanted.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_story_is_kept_for_when_the_drive_is_away_and_damage_to_the_copy_loses_nothing() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;
    take(&agent, intent(1)).await;
    dom0.turns.lock().unwrap().push_back(turn(story(false), Again::Never));
    turns(&agent).await;

    let kept = Following::open(&files).await.unwrap().standing().borrow().after(0).records;
    files.put("migration/story.json", b"[{".to_vec());
    let damaged = Following::open(&files).await.unwrap().standing().borrow().migration();

    assert_eq!(kept, story(false));
    assert_eq!(damaged, None);
}

#[tokio::test(start_paused = true)]
async fn a_turn_under_way_is_told_of_and_stopped_when_something_else_is_wanted() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;
    take(&agent, intent(1)).await;
    let mut standing = agent.following.standing();

    let turning = async {
        standing.wait_for(|standing| standing.now.is_some()).await.unwrap();
        let now = standing.borrow().now.clone();
        let decided = What::RollBack { reason: "no".into() };
        let decisions = vec![Decision { number: 1, by: "ada".into(), what: decided }];
        take(&agent, Intent { decisions, ..intent(2) }).await;
        let is_idle = |now: &Now| now.waits.is_some();
        standing.wait_for(|standing| standing.now.as_ref().is_some_and(is_idle)).await.unwrap();
        now
    };
    let now = tokio::select! {
        now = timeout(Duration::from_mins(5), turning) => now.unwrap().unwrap(),
        () = keep_turning(&agent) => panic!("it came to an end"),
    };

    assert_eq!((now.what.as_str(), now.total), ("copying", Some(100)));
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_stops_what_is_under_way_and_a_permit_that_comes_does_not() {
    let (dom0, files) = (Quiet::new(BootId::new()), Memory::default());
    let agent = agent(&dom0, &files).await;
    take(&agent, intent(1)).await;
    let told = || dom0.wanted.lock().unwrap().len();

    let acting = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let permit_keys = vec!["ab".repeat(32)];
        take(&agent, Intent { permit_keys, ..intent(2) }).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let while_nothing_is_given_up = told();
        let give_up = Some(GiveUp { end: End::Cancelled, reason: "it is late".into() });
        take(&agent, Intent { give_up, ..intent(3) }).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        while_nothing_is_given_up
    };
    let before = tokio::select! {
        before = acting => before,
        () = keep_turning(&agent) => panic!("it came to an end"),
    };

    assert_eq!((before, told()), (1, 2));
    let wanted = dom0.wanted.lock().unwrap().last().unwrap().clone();
    assert!(wanted.intent.unwrap().give_up.is_some());
    assert_eq!(wanted.home.unwrap().server, "https://fleet.example");
}
