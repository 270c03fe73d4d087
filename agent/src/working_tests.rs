use std::collections::VecDeque;

use domfleet_shared::id::{BootId, DriveId, VmId};
use domfleet_shared::inventory::VmState;
use domfleet_shared::operation::backup::BackupCreate;
use domfleet_shared::operation::image::{ConvertTo, ImageAt, ImageConvert};
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::operation::vm::NewVolume;
use domfleet_shared::operation::{Priority, Reported};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use crate::clock::Clock;
use crate::execute::execute;
use crate::journal::Task;
use crate::network::Network;
use crate::testing::{Memory, Quiet, domain, joined, managed};

type Tested = Agent<Quiet, Memory, Network>;
type Answer = Result<Value, WorkError>;

async fn agent(dom0: &Quiet, files: &Memory) -> Tested {
    let world = World {
        dom0: dom0.clone(),
        files: files.clone(),
        clock: Clock::new(|| domfleet_shared::Timestamp::from_millis(0)),
        dialer: Network::new("/nonexistent".into(), None),
        settings: crate::agent::Settings::default(),
    };
    Agent::open(world, mpsc::channel(1).0).await.unwrap()
}

async fn accepted(agent: &Tested, operation: Operation) -> OperationId {
    let id = OperationId::new();
    let task = Task {
        operation,
        boot_id: agent.boot_id,
        begin_before_uptime_seconds: 1_000,
        priority: Priority::Normal,
    };
    assert!(agent.record(id, Event::Accepted(task)).await);
    id
}

fn host(answers: impl IntoIterator<Item = Answer>) -> Quiet {
    let dom0 = Quiet::new(BootId::new());
    *dom0.answers.lock().unwrap() = VecDeque::from_iter(answers);
    dom0
}

async fn with_files() -> Memory {
    let files = Memory::default();
    joined(&files).await;
    files
}

fn check() -> Operation {
    Operation::ImageCheck { image: ImageAt::Path("/vm/a".into()), format: None }
}

fn onto_new_volume() -> Operation {
    let new = NewVolume {
        volume_group: "vg0".into(),
        name: "new".into(),
        size_bytes: 1 << 20,
        thin_pool: None,
    };
    Operation::ImageConvert(ImageConvert {
        source: ImageAt::Path("/vm/a".into()),
        source_format: None,
        target: ConvertTo::NewVolume(new),
        format: domfleet_shared::image::Format::Raw,
    })
}

fn backup(vm: VmId, shut_down: bool) -> Operation {
    Operation::BackupCreate(BackupCreate {
        drive: DriveId::new(),
        vms: vec![vm],
        shut_down,
        encrypted: false,
        key: None,
        parity: false,
        snapshot: false,
        keep: None,
    })
}

fn with_running_vm(dom0: &Quiet) -> VmId {
    let vm = VmId::new();
    let mut observed = dom0.observed.lock().unwrap();
    observed.vms = Ok(vec![managed(vm, VmState::Running, Some(3))]);
    observed.domains = Ok(vec![domain(3, vm)]);
    vm
}

fn has_domain(dom0: &Quiet, vm: VmId) -> bool {
    dom0.observed.lock().unwrap().vm(vm).unwrap().unwrap().domid.is_some()
}

#[tokio::test(start_paused = true)]
async fn what_a_work_says_is_the_operation_s_result() {
    let dom0 = host([Ok(json!({ "verdict": "ok" }))]);
    let agent = agent(&dom0, &with_files().await).await;
    let id = accepted(&agent, check()).await;

    execute(&agent, id).await;

    let report = agent.journal.report(id).unwrap();
    assert_eq!(report.state, Reported::Succeeded);
    assert_eq!(report.result, Some(json!({ "verdict": "ok" })));
}

#[tokio::test(start_paused = true)]
async fn a_work_that_was_cut_off_is_begun_again_and_one_that_overwrites_is_not() {
    let drive = DriveAt { path: "/dev/sdb".into(), size_bytes: 1, serial: None };
    for (operation, works) in [(check(), 2), (Operation::UsbPrepare { drive }, 1)] {
        let (dom0, files) = (host([]), with_files().await);
        let first = agent(&dom0, &files).await;
        let id = accepted(&first, operation).await;
        tokio::select! {
            () = execute(&first, id) => panic!("nothing ends it"),
            () = tokio::time::sleep(Duration::from_mins(1)) => {}
        }
        drop(first);
        dom0.answers.lock().unwrap().push_back(Ok(json!({})));
        let next = agent(&dom0, &files).await;

        execute(&next, id).await;

        let report = next.journal.report(id).unwrap();
        assert_eq!(dom0.works.lock().unwrap().len(), works);
        assert_eq!(report.state == Reported::Succeeded, works == 2, "{report:?}");
        if works == 1 {
            assert_eq!(report.reason.unwrap().code, "interrupted");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_work_that_is_no_longer_wanted_stops_and_says_so() {
    let (dom0, files) = (host([]), with_files().await);
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent, check()).await;

    tokio::join!(execute(&agent, id), async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        agent.cancel(id);
    });

    let report = agent.journal.report(id).unwrap();
    assert_eq!(report.state, Reported::Cancelled);
    assert_eq!(report.reason.unwrap().code, "withdrawn");
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_was_made_for_nothing_is_taken_away_again() {
    let failure = WorkError::failed("unfit", "it is corrupt");
    for (answer, volumes) in [(Err(failure), 0), (Ok(json!({})), 1)] {
        let dom0 = host([answer]);
        let agent = agent(&dom0, &with_files().await).await;
        let id = accepted(&agent, onto_new_volume()).await;

        execute(&agent, id).await;

        let observed = dom0.observed.lock().unwrap();
        assert_eq!(observed.storage.as_ref().unwrap().volumes.len(), volumes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_runs_is_not_backed_up_unless_it_may_be_shut_down() {
    let dom0 = host([]);
    let vm = with_running_vm(&dom0);
    let agent = agent(&dom0, &with_files().await).await;
    let id = accepted(&agent, backup(vm, false)).await;

    execute(&agent, id).await;

    let report = agent.journal.report(id).unwrap();
    assert_eq!(report.state, Reported::Rejected);
    assert!(report.reason.unwrap().message.contains("shut it down first"));
    assert!(dom0.works.lock().unwrap().is_empty());
    assert!(has_domain(&dom0, vm));
}

#[tokio::test(start_paused = true)]
async fn vms_that_were_shut_down_for_a_backup_run_again_whatever_comes_of_it() {
    let failure = || Err(WorkError::failed("drive", "it was pulled out"));
    for answer in [Ok(json!({})), failure()] {
        let is_good = answer.is_ok();
        let dom0 = host([answer]);
        let vm = with_running_vm(&dom0);
        let agent = agent(&dom0, &with_files().await).await;
        let id = accepted(&agent, backup(vm, true)).await;

        execute(&agent, id).await;

        let report = agent.journal.report(id).unwrap();
        let expected = if is_good { Reported::Succeeded } else { Reported::Failed };
        assert_eq!(report.state, expected, "{report:?}");
        assert_eq!(dom0.works.lock().unwrap().len(), 1);
        assert!(has_domain(&dom0, vm));
    }
}

#[tokio::test(start_paused = true)]
async fn vms_run_again_after_the_agent_was_killed_in_the_middle_of_their_backup() {
    let (dom0, files) = (host([]), with_files().await);
    let vm = with_running_vm(&dom0);
    let first = agent(&dom0, &files).await;
    let id = accepted(&first, backup(vm, true)).await;
    tokio::select! {
        () = execute(&first, id) => panic!("nothing ends it"),
        () = tokio::time::sleep(Duration::from_mins(1)) => {}
    }
    drop(first);
    assert!(!has_domain(&dom0, vm));
    dom0.answers.lock().unwrap().push_back(Ok(json!({ "sets": [] })));

    let next = agent(&dom0, &files).await;
    execute(&next, id).await;

    let report = next.journal.report(id).unwrap();
    assert_eq!(report.state, Reported::Succeeded, "{report:?}");
    assert_eq!(report.result.unwrap()["started_again"], json!(["pbx"]));
    assert!(has_domain(&dom0, vm));
}
