use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use domfleet_shared::id::{BootId, DriveId, VmId};
use domfleet_shared::inventory::{Vm, VmDisk};
use domfleet_shared::operation::backup::BackupCreate;
use domfleet_shared::operation::{Operation, Priority, Reported};
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::agent::World;
use crate::clock::Clock;
use crate::dom0::DiskSnapshot;
use crate::execute::execute;
use crate::journal::{Event, Task};
use crate::network::Network;
use crate::testing::{Fuse, Memory, Quiet, domain, joined, managed, taken, volume};
use crate::works::WorkError;

type Tested = Agent<Quiet, Memory, Network>;

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

async fn with_files() -> Memory {
    let files = Memory::default();
    joined(&files).await;
    files
}

async fn accepted(agent: &Tested, vm: VmId) -> OperationId {
    let id = OperationId::new();
    let create = BackupCreate {
        drive: DriveId::new(),
        vms: vec![vm],
        shut_down: false,
        snapshot: true,
        keep: None,
        encrypted: false,
        key: None,
        parity: false,
    };
    let task = Task {
        operation: Operation::BackupCreate(create),
        boot_id: agent.boot_id,
        begin_before_uptime_seconds: 1_000,
        priority: Priority::Normal,
    };
    assert!(agent.record(id, Event::Accepted(task)).await);
    id
}

/// A VM that runs from two volumes, which nobody but it has made.
fn host() -> (Quiet, VmId) {
    let dom0 = Quiet::new(BootId::new());
    let vm = VmId::new();
    let disk = |vdev: &str, name: &str| VmDisk {
        vdev: vdev.into(),
        target: Some(format!("/dev/vg0/{name}")),
        format: "lv".into(),
        writable: true,
    };
    {
        let mut observed = dom0.observed.lock().unwrap();
        let disks = vec![disk("xvda", "root"), disk("xvdb", "data")];
        observed.vms = Ok(vec![Vm { disks, ..managed(vm, VmState::Running, Some(3)) }]);
        observed.domains = Ok(vec![domain(3, vm)]);
        for name in ["root", "data"] {
            let mut volume = volume("vg0", name, 1 << 30, OperationId::new());
            (volume.managed, volume.tags) = (false, [].into());
            observed.storage.as_mut().unwrap().volumes.push(volume);
        }
    }
    (dom0, vm)
}

/// Every volume but the VM's own.
fn snapshots(dom0: &Quiet) -> Vec<String> {
    let observed = dom0.observed.lock().unwrap();
    let volumes = observed.storage.as_ref().unwrap().volumes.iter();
    let others = volumes.filter(|volume| !["root", "data"].contains(&volume.name.as_str()));
    others.map(|volume| volume.name.clone()).collect()
}

fn runs(dom0: &Quiet, vm: VmId) -> bool {
    let observed = dom0.observed.lock().unwrap();
    observed.vm(vm).unwrap().unwrap().state == VmState::Running
}

fn put(dom0: &Quiet, volume: Volume) {
    dom0.observed.lock().unwrap().storage.as_mut().unwrap().volumes.push(volume);
}

fn answers(dom0: &Quiet, answers: impl IntoIterator<Item = Result<serde_json::Value, WorkError>>) {
    *dom0.answers.lock().unwrap() = VecDeque::from_iter(answers);
}

#[tokio::test(start_paused = true)]
async fn a_vm_goes_on_running_and_its_snapshots_are_gone_whatever_comes_of_its_backup() {
    let failure = || Err(WorkError::failed("drive", "it was pulled out"));
    for (answer, end) in [(Ok(json!({})), Reported::Succeeded), (failure(), Reported::Failed)] {
        let (dom0, vm) = host();
        answers(&dom0, [answer]);
        let agent = agent(&dom0, &with_files().await).await;
        let id = accepted(&agent, vm).await;

        execute(&agent, id).await;

        assert_eq!(agent.journal.report(id).unwrap().state, end);
        let works = dom0.works.lock().unwrap();
        assert_eq!(works.len(), 1);
        for origin in ["/dev/vg0/root", "/dev/vg0/data"] {
            assert!(works[0].contains(origin), "{works:?}");
        }
        assert!(runs(&dom0, vm));
        assert_eq!(snapshots(&dom0), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vm_of_which_no_snapshot_can_be_made_goes_on_running() {
    let (dom0, vm) = host();
    dom0.refuse_snapshots.store(true, Ordering::Relaxed);
    let agent = agent(&dom0, &with_files().await).await;
    let id = accepted(&agent, vm).await;

    execute(&agent, id).await;

    let report = agent.journal.report(id).unwrap();
    assert_eq!(report.state, Reported::Failed, "{report:?}");
    assert!(dom0.works.lock().unwrap().is_empty());
    assert!(runs(&dom0, vm));
    assert_eq!(snapshots(&dom0), [""; 0]);
}

/// Kills the agent at each point between any two things that happen, and has the next one go on.
#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_a_backup_in_the_middle_of_which_the_agent_was_killed() {
    let mut cuts_while_paused = 0;
    for happenings in 0.. {
        let (dom0, vm) = host();
        answers(&dom0, [Ok(json!({}))]);
        let files = with_files().await;
        let (fuse, first) = (Fuse::of(happenings), agent(&dom0, &files).await);
        let id = accepted(&first, vm).await;
        let dying = Quiet { fuse: fuse.clone(), ..dom0.clone() };
        let dying = agent(&dying, &files.with(fuse.clone())).await;
        let was_killed = tokio::select! {
            () = execute(&dying, id) => false,
            () = fuse.blown() => true,
        };
        if !was_killed {
            break;
        }
        drop((first, dying));
        cuts_while_paused += usize::from(!runs(&dom0, vm));
        let before = dom0.works.lock().unwrap().len();
        if dom0.answers.lock().unwrap().is_empty() {
            answers(&dom0, [Ok(json!({}))]);
        }

        let next = agent(&dom0, &files).await;
        execute(&next, id).await;

        let report = next.journal.report(id).unwrap();
        assert_eq!(report.state, Reported::Succeeded, "after {happenings}: {report:?}");
        assert!(dom0.works.lock().unwrap().len() <= before + 1);
        assert!(runs(&dom0, vm), "after {happenings}");
        assert_eq!(snapshots(&dom0), [""; 0], "after {happenings}");
    }
    // Before the first snapshot, between them, and after the second.
    assert!(cuts_while_paused >= 3, "{cuts_while_paused}");
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_stands_still_goes_on_although_its_backup_is_no_longer_wanted() {
    let ((dom0, vm), files) = (host(), with_files().await);
    let first = agent(&dom0, &files).await;
    let id = accepted(&first, vm).await;
    // Before the step and after the pause; it dies with the first of the snapshots made.
    let fuse = Fuse::of(2);
    let dying = Quiet { fuse: fuse.clone(), ..dom0.clone() };
    let dying = agent(&dying, &files).await;
    tokio::select! {
        () = execute(&dying, id) => panic!("nothing ends it"),
        () = fuse.blown() => {}
    }
    drop((first, dying));
    assert!(!runs(&dom0, vm));
    let next = agent(&dom0, &files).await;
    next.cancel(id);

    execute(&next, id).await;

    assert_eq!(next.journal.report(id).unwrap().state, Reported::Cancelled);
    assert!(runs(&dom0, vm));
    assert_eq!(snapshots(&dom0), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn snapshots_that_are_still_there_are_gone_on_with_and_lost_ones_are_made_anew() {
    for is_lost in [false, true] {
        let ((dom0, vm), files) = (host(), with_files().await);
        let first = agent(&dom0, &files).await;
        let id = accepted(&first, vm).await;
        tokio::select! {
            () = execute(&first, id) => panic!("nothing ends it"),
            () = sleep(Duration::from_mins(1)) => {}
        }
        drop(first);
        if is_lost {
            let mut observed = dom0.observed.lock().unwrap();
            let volumes = &mut observed.storage.as_mut().unwrap().volumes;
            let snapshot = volumes.iter_mut().find(|volume| is_of(volume, id)).unwrap();
            "sri-I-s---".clone_into(&mut snapshot.attributes);
        }
        answers(&dom0, [Ok(json!({}))]);
        let next = agent(&dom0, &files).await;

        execute(&next, id).await;

        assert_eq!(next.journal.report(id).unwrap().state, Reported::Succeeded);
        let effects = dom0.effects.lock().unwrap();
        let times = effects.iter().filter(|step| matches!(step, Step::SnapshotDisks { .. }));
        assert_eq!(times.count(), if is_lost { 2 } else { 1 });
        assert_eq!(dom0.works.lock().unwrap().len(), 2);
        assert_eq!(snapshots(&dom0), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_stranger_or_another_operation_made_is_never_removed() {
    let (dom0, vm) = host();
    answers(&dom0, [Ok(json!({}))]);
    let agent = agent(&dom0, &with_files().await).await;
    let id = accepted(&agent, vm).await;
    let disk = |name: &str| DiskSnapshot {
        origin_uuid: "uuid".into(),
        volume_group: "vg0".into(),
        origin: "root".into(),
        name: name.into(),
        size_bytes: Some(1),
    };
    // All of the backup's tags, but not ours.
    put(&dom0, Volume { managed: false, ..taken(&disk("strange"), id) });
    // A person has asked for it.
    let mut kept = taken(&disk("kept"), OperationId::new());
    kept.tags.remove(crate::dom0::snapshots::BACKUP_TAG);
    put(&dom0, kept);
    // Somebody works on site.
    let mut on_site = taken(&disk("on-site"), OperationId::new());
    on_site.tags.insert(ON_SITE_TAG.to_owned());
    put(&dom0, on_site);

    execute(&agent, id).await;
    sweep(&agent).await;

    assert_eq!(snapshots(&dom0), ["strange", "kept", "on-site"]);
}

#[tokio::test(start_paused = true)]
async fn snapshots_whose_backup_is_over_are_swept_away_and_those_in_use_are_not() {
    let ((dom0, vm), files) = (host(), with_files().await);
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent, vm).await;
    let disk = DiskSnapshot {
        origin_uuid: "uuid".into(),
        volume_group: "vg0".into(),
        origin: "root".into(),
        name: "left-over".into(),
        size_bytes: Some(1),
    };
    put(&dom0, taken(&disk, OperationId::new()));

    tokio::select! {
        () = execute(&agent, id) => panic!("nothing ends it"),
        () = sleep(Duration::from_mins(1)) => {}
    }
    sweep(&agent).await;

    let left = snapshots(&dom0);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(!left.contains(&"left-over".to_owned()), "{left:?}");
}
