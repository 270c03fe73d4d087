use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::operation::Reported;
use tokio::sync::mpsc;

use super::*;
use crate::clock::Clock;
use crate::network::Network;
use crate::testing::{Fuse, Memory, Quiet, domain, joined, volume};

type Tested = Agent<Quiet, Memory, Network>;

async fn agent(dom0: &Quiet, files: &Memory) -> Tested {
    let world = World {
        dom0: dom0.clone(),
        files: files.clone(),
        clock: Clock::new(|| domfleet_shared::Timestamp::from_millis(0)),
        dialer: Network::new("/nonexistent".into(), None),
    };
    Agent::open(world, mpsc::channel(1).0).await.unwrap()
}

/// A host with a running VM, one that is off, and a volume of ours.
fn host() -> (Quiet, VmId, VmId, String) {
    let dom0 = Quiet::new(BootId::new());
    let (running, off) = (VmId::new(), VmId::new());
    let vm = |uuid, state, domid| Vm {
        uuid,
        name: "pbx".into(),
        state,
        domid,
        memory_bytes: 1 << 30,
        vcpus: 1,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: Some("/etc/xen/pbx.cfg".into()),
        managed: false,
        autostart: None,
    };
    let spare = volume("vg0", "spare", 1 << 30, OperationId::new());
    let lv_uuid = spare.lv_uuid.clone();
    let mut observed = dom0.observed.lock().unwrap();
    observed.vms = Ok(vec![vm(running, VmState::Running, Some(3)), vm(off, VmState::Off, None)]);
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
    ]
}

async fn accepted(agent: &Tested, operation: Operation) -> OperationId {
    let id = OperationId::new();
    let task = Task { operation, boot_id: agent.boot_id, begin_before_uptime_seconds: 1_000 };
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
    let steps_of = [1, 1, 2, 1, 1, 1];
    for (which, steps) in steps_of.into_iter().enumerate() {
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
    for which in 0..6 {
        let mut deaths = 0;
        while let Some((_, (state, code), effects)) = killed_after(deaths, which, true).await {
            let told = format!("operation {which}, death {deaths}: {state:?} {code:?} {effects}");
            match state {
                // Not begun before the cut: never begun.
                Reported::Rejected => {
                    assert_eq!((code.as_deref(), effects), (Some("expired"), 0), "{told}");
                }
                // Begun, and what was to be is not.
                Reported::Failed => assert_eq!(code.as_deref(), Some("interrupted"), "{told}"),
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
