use domfleet_shared::operation::{Operation, Priority, Report, Reported};
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::agent::{Settings, World};
use crate::alive::Alive;
use crate::boots;
use crate::clock::Clock;
use crate::execute::execute;
use crate::journal::Task;
use crate::network::Network;
use crate::testing::{Memory, Quiet, joined};

type Tested = Agent<Quiet, Memory, Network>;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

async fn agent(dom0: &Quiet, files: &Memory) -> Tested {
    let world = World {
        dom0: dom0.clone(),
        files: files.clone(),
        clock: Clock::new(|| NOW),
        dialer: Network::new("/nonexistent".into(), None),
        settings: Settings::default(),
    };
    let agent = Agent::open(world, mpsc::channel(1).0).await.unwrap();
    let observed = agent.observe().await;
    boots::begin(&agent, &observed).await;
    agent
}

async fn of_a_joined() -> (Quiet, Memory) {
    let files = Memory::default();
    joined(&files).await;
    (Quiet::new(BootId::new()), files)
}

async fn accepted(agent: &Tested) -> OperationId {
    let id = OperationId::new();
    let run = StressRun { seconds: Some(20), ..StressRun::default() };
    let task = Task {
        operation: Operation::StressRun(run),
        boot_id: agent.boot_id,
        begin_before_uptime_seconds: 1_000,
        priority: Priority::Normal,
    };
    assert!(agent.record(id, Event::Accepted(task)).await);
    id
}

/// The server says that it knows, as soon as it is told.
async fn acknowledge(agent: &Tested, id: OperationId) {
    let mut changes = agent.journal.changes();
    while agent.journal.report(id).is_none_or(|report| report.state != Reported::Running) {
        changes.changed().await.unwrap();
    }
    agent.journal.acknowledged(id, 2);
}

/// Brings it to where there is load, and drops the agent there.
async fn cut_off_under_load(dom0: &Quiet, files: &Memory) -> OperationId {
    let agent = agent(dom0, files).await;
    let id = accepted(&agent).await;
    tokio::select! {
        () = execute(&agent, id) => panic!("nothing ends it"),
        () = async {
            acknowledge(&agent, id).await;
            tokio::time::sleep(Duration::from_mins(1)).await;
        } => {}
    }
    assert_eq!(works(dom0), ["Stress"]);
    id
}

/// What was done, by the first word of each.
fn works(dom0: &Quiet) -> Vec<String> {
    let works = dom0.works.lock().unwrap();
    works.iter().map(|work| work.split('(').next().unwrap().to_owned()).collect()
}

fn reason_of(report: &Report) -> (&str, &str) {
    let reason = report.reason.as_ref().unwrap();
    (&reason.code, &reason.message)
}

#[test]
fn a_run_that_was_over_long_before_the_end_did_not_provoke_it() {
    let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
    let (operation, boot_id) = (OperationId::new(), BootId::new());
    let stress =
        Stress { operation, boot_id, started_at: at(0), started_seconds: 0, until: at(20) };

    assert!(stress.was_open(boot_id, Some(at(7))));
    assert!(stress.was_open(boot_id, Some(at(29))));
    assert!(stress.was_open(boot_id, None));
    assert!(!stress.was_open(boot_id, Some(at(31))));
    assert!(!stress.was_open(BootId::new(), Some(at(7))));
}

#[tokio::test(start_paused = true)]
async fn there_is_no_load_before_the_server_knows_of_it() {
    let (dom0, files) = of_a_joined().await;
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent).await;

    execute(&agent, id).await;

    let report = agent.journal.report(id).unwrap();
    assert_eq!((report.state, reason_of(&report).0), (Reported::Failed, "unacknowledged"));
    assert_eq!(works(&dom0), [""; 0]);
    assert_eq!(Stress::load(&files).await.unwrap().until, NOW, "it is over");
}

#[tokio::test(start_paused = true)]
async fn it_is_on_record_while_there_is_load_and_over_afterwards() {
    let (dom0, files) = of_a_joined().await;
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent).await;

    tokio::join!(execute(&agent, id), async {
        acknowledge(&agent, id).await;
        // The quiet dom0 goes on until it is told otherwise.
        tokio::time::sleep(Duration::from_secs(10)).await;
        let open = Stress::load(&files).await.unwrap();
        assert_eq!((open.operation, open.boot_id), (id, dom0.boot_id));
        assert!(open.until >= NOW + Duration::from_secs(20));
        agent.cancel(id);
    });

    assert_eq!(agent.journal.report(id).unwrap().state, Reported::Cancelled);
    assert_eq!(Stress::load(&files).await.unwrap().until, NOW);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_no_longer_wanted_is_not_waited_for() {
    let (dom0, files) = of_a_joined().await;
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent).await;

    tokio::join!(execute(&agent, id), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        agent.cancel(id);
    });

    assert_eq!(agent.journal.report(id).unwrap().state, Reported::Cancelled);
    assert_eq!(works(&dom0), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_dom0_says_of_it_is_the_result() {
    let (dom0, files) = of_a_joined().await;
    dom0.answers.lock().unwrap().push_back(Ok(json!({ "seconds": 20 })));
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent).await;

    tokio::join!(execute(&agent, id), acknowledge(&agent, id));

    let report = agent.journal.report(id).unwrap();
    assert_eq!(report.result, Some(json!({ "seconds": 20 })));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_was_killed_ends_the_load_and_does_not_begin_again() {
    let (dom0, files) = of_a_joined().await;
    let id = cut_off_under_load(&dom0, &files).await;
    dom0.answers.lock().unwrap().push_back(Ok(json!({})));
    let next = agent(&dom0, &files).await;

    execute(&next, id).await;

    let report = next.journal.report(id).unwrap();
    assert_eq!((report.state, reason_of(&report).0), (Reported::Failed, "interrupted"));
    assert_eq!(works(&dom0), ["Stress", "ClearStress"]);
    assert_eq!(Stress::load(&files).await.unwrap().until, NOW);
}

#[tokio::test(start_paused = true)]
async fn a_dom0_that_died_of_it_is_told_with_how_long_it_lived() {
    let (mut dom0, files) = of_a_joined().await;
    let id = cut_off_under_load(&dom0, &files).await;
    // The run was begun when dom0 had been up for 100 s.
    let alive = Alive {
        boot_id: dom0.boot_id,
        uptime_seconds: 460,
        wall: NOW,
        seq: 9,
        taint: Some(0),
        slowest_milliseconds: 3,
        connected: true,
        first_taint: Some(0),
        latest_milliseconds: 0,
        offline_seconds: 0,
    };
    record::store(&files, crate::alive::SLOTS[1], &alive).await.unwrap();
    dom0.boot_anew();
    dom0.answers.lock().unwrap().push_back(Ok(json!({})));
    let next = agent(&dom0, &files).await;

    execute(&next, id).await;

    let report = next.journal.report(id).unwrap();
    let (code, message) = reason_of(&report);
    assert_eq!((report.state, code), (Reported::Failed, "died"));
    assert!(message.contains("360 s after the run began"), "{message}");
    assert!(message.contains("a stress run was under way"), "{message}");
    let boots: Vec<Boot> = record::load(&files, BOOTS).await.unwrap().unwrap();
    assert_eq!(boots[0].end, Some(BootEnd::Provoked));
    assert_eq!(works(&dom0), ["Stress", "ClearStress"]);
}

#[tokio::test(start_paused = true)]
async fn where_dom0_cannot_be_seen_the_load_is_ended_all_the_same() {
    let (dom0, files) = of_a_joined().await;
    let id = cut_off_under_load(&dom0, &files).await;
    dom0.answers.lock().unwrap().push_back(Ok(json!({})));
    let hung = crate::dom0::Dom0Error::unknown("lvs", "it did not end in time");
    dom0.observed.lock().unwrap().storage = Err(hung);
    let next = agent(&dom0, &files).await;

    execute(&next, id).await;

    assert_eq!(reason_of(&next.journal.report(id).unwrap()).0, "interrupted");
    assert_eq!(works(&dom0), ["Stress", "ClearStress"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_ended_stays_on_record() {
    let (dom0, files) = of_a_joined().await;
    let id = cut_off_under_load(&dom0, &files).await;
    let stuck = WorkError::failed(UNDER_LOAD, "fio waits for the disk and cannot be ended");
    dom0.answers.lock().unwrap().push_back(Err(stuck));
    let next = agent(&dom0, &files).await;

    execute(&next, id).await;

    assert_eq!(reason_of(&next.journal.report(id).unwrap()).0, UNDER_LOAD);
    assert!(Stress::load(&files).await.unwrap().until > NOW, "it is not over");
}
