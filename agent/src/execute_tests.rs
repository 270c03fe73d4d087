use domfleet_shared::id::VmId;
use domfleet_shared::inventory::VmState;
use domfleet_shared::operation::vm::{Disks, VmCreate, VmSource};
use domfleet_shared::operation::{Priority, Reported};
use tokio::sync::mpsc;

use super::*;
use crate::clock::Clock;
use crate::network::Network;
use crate::testing::{Fuse, Memory, Quiet, domain, joined, managed, volume};

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

/// A host with a running VM, one that is off, and a volume of ours.
fn host() -> (Quiet, VmId, VmId, String) {
    let dom0 = Quiet::new(BootId::new());
    let (running, off) = (VmId::new(), VmId::new());
    let spare = volume("vg0", "spare", 1 << 30, OperationId::new());
    let lv_uuid = spare.lv_uuid.clone();
    let mut observed = dom0.observed.lock().unwrap();
    observed.vms =
        Ok(vec![managed(running, VmState::Running, Some(3)), managed(off, VmState::Off, None)]);
    observed.domains = Ok(vec![domain(3, running)]);
    observed.storage.as_mut().unwrap().volumes = vec![spare];
    drop(observed);
    (dom0, running, off, lv_uuid)
}

fn operations(running: VmId, off: VmId, lv_uuid: &str) -> Vec<Operation> {
    vec![
        Operation::VmStart { vm: off },
        Operation::VmShutdown { vm: running, timeout_seconds: None },
        Operation::VmReboot { vm: running, timeout_seconds: None },
        Operation::VmDestroy { vm: running },
        Operation::VolumeCreate {
            volume_group: "vg0".into(),
            name: "new".into(),
            size_bytes: 1 << 20,
            thin_pool: None,
        },
        Operation::VolumeRemove { volume: lv_uuid.to_owned() },
        Operation::VmPause { vm: running },
        Operation::VmCreate(VmCreate {
            vm: Some(VmId(uuid::Uuid::from_u128(7))),
            from: VmSource::Config("name = 'new'\nmemory = 64\n".into()),
        }),
        Operation::VmAutostart { vm: off, enabled: true },
        Operation::VmRemove { vm: off, disks: Disks::Remove },
        Operation::VolumeGrow { volume: lv_uuid.to_owned(), size_bytes: 2 << 30 },
        Operation::VolumeRename { volume: lv_uuid.to_owned(), name: "renamed".into() },
    ]
}

/// How many steps each of them has.
const STEPS: [usize; 12] = [1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1];

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

fn ended(agent: &Tested, id: OperationId) -> (Reported, Option<String>) {
    let report = agent.journal.report(id).unwrap();
    assert!(report.state.is_end(), "{report:?}");
    (report.state, report.reason.map(|reason| reason.code))
}

/// Kills the agent after so many happenings, and lets the next one go on. Nothing where it had come
/// to its end before.
async fn killed_after(
    happenings: usize,
    which: usize,
    another_boot: bool,
) -> Option<(Quiet, (Reported, Option<String>), usize)> {
    let (mut dom0, running, off, lv_uuid) = host();
    let operation = operations(running, off, &lv_uuid).swap_remove(which);
    let files = Memory::default();
    joined(&files).await;
    let first = agent(&dom0, &files).await;
    let id = accepted(&first, operation).await;
    drop(first);

    let fuse = Fuse::of(happenings);
    let dying_dom0 = Quiet { fuse: fuse.clone(), ..dom0.clone() };
    let dying_files = files.with(fuse.clone());
    let dying = agent(&dying_dom0, &dying_files).await;
    tokio::select! {
        () = execute(&dying, id) => return None,
        () = fuse.blown() => {}
    }
    drop(dying);
    if another_boot {
        dom0.boot_anew();
    }
    let next = agent(&dom0, &files).await;
    execute(&next, id).await;

    let effects = dom0.effects.lock().unwrap().len();
    Some((dom0, ended(&next, id), effects))
}

#[tokio::test(start_paused = true)]
async fn killed_anywhere_it_ends_once_and_does_everything_once() {
    for (which, steps) in STEPS.into_iter().enumerate() {
        let mut deaths = 0;
        while let Some((_, end, effects)) = killed_after(deaths, which, false).await {
            assert_eq!(end, (Reported::Succeeded, None), "operation {which}, death {deaths}");
            assert_eq!(effects, steps, "operation {which}, death {deaths}");
            deaths += 1;
        }
        assert!(deaths > 6, "operation {which} died {deaths} times only");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_power_cut_nothing_is_begun_again_and_the_end_tells_what_is() {
    for which in 0..STEPS.len() {
        let mut deaths = 0;
        while let Some((_, (state, code), effects)) = killed_after(deaths, which, true).await {
            let told = format!("operation {which}, death {deaths}: {state:?} {code:?} {effects}");
            match state {
                // Not begun before the cut: never begun.
                Reported::Rejected => {
                    assert_eq!((code.as_deref(), effects), (Some("expired"), 0), "{told}");
                }
                // Begun, and what was to be is not.
                Reported::Failed => {
                    // A domain that is gone with its boot cannot be paused any more.
                    let codes = [Some("interrupted"), Some("conflict")];
                    assert!(codes.contains(&code.as_deref()), "{told}");
                }
                // It took effect, or the cut did what it was to do.
                Reported::Succeeded => {}
                other => panic!("{other:?} is no end: {told}"),
            }
            assert!(effects <= 2, "{told}");
            deaths += 1;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reboot_is_asked_for_once_and_done_in_the_next_boot() {
    let (mut dom0, ..) = host();
    let files = Memory::default();
    joined(&files).await;
    let first = agent(&dom0, &files).await;
    let id = accepted(&first, Operation::ApplianceReboot).await;
    let asked = dom0.clone();
    tokio::select! {
        () = execute(&first, id) => panic!("it cannot know that dom0 went down"),
        () = async { while asked.effects.lock().unwrap().is_empty() { tokio::task::yield_now().await } } => {}
    }
    assert!(crate::alive::Clean::load(&files).await.is_some(), "the end is on record first");
    drop(first);

    dom0.boot_anew();
    let next = agent(&dom0, &files).await;
    execute(&next, id).await;

    assert_eq!(ended(&next, id), (Reported::Succeeded, None));
    assert_eq!(*dom0.effects.lock().unwrap(), [Step::Reboot]);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_that_may_have_been_asked_for_is_never_asked_for_again() {
    let (dom0, ..) = host();
    let files = Memory::default();
    joined(&files).await;
    let first = agent(&dom0, &files).await;
    let id = accepted(&first, Operation::ApplianceReboot).await;
    let begun = Event::Begun { boot_id: first.boot_id, steps: vec![Step::Reboot] };
    assert!(first.record(id, begun).await);

    let next = agent(&dom0, &files).await;
    execute(&next, id).await;

    assert_eq!(ended(&next, id), (Reported::Failed, Some("unknown".into())));
    assert!(dom0.effects.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_vm_of_the_same_name_in_another_domain_is_not_destroyed_in_its_place() {
    let (dom0, running, ..) = host();
    let files = Memory::default();
    joined(&files).await;
    let first = agent(&dom0, &files).await;
    let id = accepted(&first, Operation::VmDestroy { vm: running }).await;
    let step = Step::DestroyDomain { vm: running, domid: 3 };
    assert!(first.record(id, Event::Begun { boot_id: first.boot_id, steps: vec![step] }).await);
    dom0.observed.lock().unwrap().domains = Ok(vec![domain(4, running)]);

    let next = agent(&dom0, &files).await;
    execute(&next, id).await;

    assert_eq!(ended(&next, id), (Reported::Succeeded, None));
    assert_eq!(dom0.observed.lock().unwrap().domains, Ok(vec![domain(4, running)]));
}

#[tokio::test(start_paused = true)]
async fn on_a_full_disk_nothing_is_begun_and_it_goes_on_once_there_is_room() {
    let (dom0, running, ..) = host();
    let files = Memory::default();
    joined(&files).await;
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent, Operation::VmDestroy { vm: running }).await;
    files.full_after(10);
    let made_room = async {
        sleep(Duration::from_mins(5)).await;
        assert!(dom0.effects.lock().unwrap().is_empty());
        files.full_after(100_000);
    };

    tokio::join!(execute(&agent, id), made_room);

    assert_eq!(ended(&agent, id), (Reported::Succeeded, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_wanted_is_never_begun_and_what_has_begun_stops_before_a_step() {
    let (dom0, running, off, _) = host();
    let files = Memory::default();
    joined(&files).await;
    let agent = agent(&dom0, &files).await;

    let waits = accepted(&agent, Operation::VmStart { vm: off }).await;
    agent.cancel(waits);
    execute(&agent, waits).await;
    assert_eq!(ended(&agent, waits), (Reported::Cancelled, None));

    let begun = accepted(&agent, Operation::VmDestroy { vm: running }).await;
    let step = Step::DestroyDomain { vm: running, domid: 3 };
    assert!(agent.record(begun, Event::Begun { boot_id: agent.boot_id, steps: vec![step] }).await);
    agent.cancel(begun);
    execute(&agent, begun).await;

    assert_eq!(ended(&agent, begun), (Reported::Cancelled, Some("withdrawn".into())));
    assert!(dom0.effects.lock().unwrap().is_empty());
    assert!(!agent.is_cancelled(begun), "it is forgotten with the end");
}

#[tokio::test(start_paused = true)]
async fn a_reboot_that_is_cancelled_in_the_middle_starts_the_guest_again() {
    let (dom0, running, ..) = host();
    let files = Memory::default();
    joined(&files).await;
    let agent = agent(&dom0, &files).await;
    let id = accepted(&agent, Operation::VmReboot { vm: running, timeout_seconds: None }).await;
    let seen = dom0.clone();
    let cancelled_in_the_middle = async {
        while seen.effects.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        agent.cancel(id);
    };

    tokio::join!(execute(&agent, id), cancelled_in_the_middle);

    assert_eq!(ended(&agent, id), (Reported::Succeeded, None));
    assert_eq!(dom0.effects.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_know_is_told_of_a_vm_once_it_is_there() {
    let (dom0, _, off, _) = host();
    let files = Memory::default();
    joined(&files).await;
    let agent = agent(&dom0, &files).await;

    let removed = accepted(&agent, Operation::VmRemove { vm: off, disks: Disks::Keep }).await;
    execute(&agent, removed).await;
    let start =
        accepted(&agent, Operation::VolumeGrow { volume: "none".into(), size_bytes: 1 }).await;
    execute(&agent, start).await;

    let told = dom0.told.lock().unwrap();
    let [news] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (news.event, news.vm, news.operation),
        (crate::dom0::Happened::VmRemoved, off, removed)
    );
    assert_eq!(agent.journal.report(removed).unwrap().result.unwrap()["hook"], "told");
}
