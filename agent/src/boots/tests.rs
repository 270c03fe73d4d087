use std::sync::{Arc, Mutex};

use domfleet_shared::boot::Confidence;
use domfleet_shared::component::Component;
use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Content, Section, VmState};
use tokio::sync::mpsc;

use super::*;
use crate::agent::World;
use crate::clock::Clock;
use crate::dom0::{Dom0Error, Kept, KeptLog};
use crate::network::Network;
use crate::testing::{Memory, Quiet, joined, managed};

type Box = Agent<Quiet, Memory, Network>;

/// The agent of a host, as it starts.
async fn start(dom0: &Quiet, files: &Memory) -> Box {
    joined(files).await;
    let world = World {
        dom0: dom0.clone(),
        files: files.clone(),
        clock: Clock::of_the_machine(),
        dialer: Network::new("/nonexistent".into(), None),
        settings: crate::agent::Settings::default(),
    };
    let agent = Agent::open(world, mpsc::channel(1).0).await.unwrap();
    let observed = agent.observe().await;
    begin(&agent, &observed).await;
    agent
}

fn stored(files: &Memory) -> Vec<Boot> {
    serde_json::from_slice(&files.of(BOOTS)).unwrap()
}

fn reported(agent: &Box) -> Vec<Boot> {
    match agent.inventory.content(Section::Boots) {
        Some(Content::Boots(boots)) => boots,
        other => panic!("{other:?}"),
    }
}

fn host() -> (Quiet, VmId) {
    let dom0 = Quiet::new(BootId::new());
    let vm = VmId::new();
    let running = domfleet_shared::inventory::Vm {
        qemu_running: Some("2.4.0".into()),
        ..managed(vm, VmState::Running, Some(3))
    };
    dom0.observed.lock().unwrap().vms = Ok(vec![running]);
    (dom0, vm)
}

#[tokio::test]
async fn what_a_boot_is_made_of_is_on_disk_before_it_is_told_and_told_anew_when_it_changes() {
    let (dom0, files) = (host().0, Memory::default());
    let agent = start(&dom0, &files).await;
    let first = stored(&files)[0].clone();
    assert_eq!(first.first_seen_seconds, Some(100));
    assert_eq!(first.makeup().value(Component::QemuRunning).as_deref(), Some("2.4.0"));
    let told = agent.inventory.digests()[&Section::Boots].clone();

    agent.observe().await;
    assert_eq!(agent.inventory.digests()[&Section::Boots], told);
    dom0.observed.lock().unwrap().vms.as_mut().unwrap()[0].qemu_running = Some("2.6.0".into());
    agent.observe().await;

    assert_ne!(agent.inventory.digests()[&Section::Boots], told);
    assert_eq!(stored(&files), reported(&agent));
    let now = stored(&files)[0].clone();
    assert_eq!(now.makeup().value(Component::QemuRunning).as_deref(), Some("2.6.0"));
    assert_eq!(now.changes.len(), first.changes.len() + 1);
}

#[tokio::test]
async fn vms_that_could_not_be_seen_are_not_gone_and_a_restart_of_the_agent_is_no_change() {
    let ((dom0, _), files) = (host(), Memory::default());
    let agent = start(&dom0, &files).await;
    let before = stored(&files);
    let seen = dom0.observed.lock().unwrap().vms.clone();
    dom0.observed.lock().unwrap().vms = Err(Dom0Error::unknown("xl list", "no end after 30 s"));

    agent.observe().await;
    assert_eq!(stored(&files), before);
    drop(agent);
    let again = start(&dom0, &files).await;
    assert_eq!(stored(&files), before);
    dom0.observed.lock().unwrap().vms = seen;
    again.observe().await;

    assert_eq!(stored(&files), before);
}

#[tokio::test]
async fn a_change_that_cannot_be_written_is_not_told_and_is_tried_again() {
    let ((dom0, _), files) = (host(), Memory::default());
    let agent = start(&dom0, &files).await;
    let before = stored(&files);
    dom0.observed.lock().unwrap().vms = Ok(Vec::new());

    files.full_after(0);
    agent.observe().await;
    assert_eq!((stored(&files), reported(&agent)), (before.clone(), before.clone()));
    files.full_after(1 << 20);
    agent.observe().await;

    assert_eq!(stored(&files)[0].makeup().value(Component::QemuRunning), None);
    assert_eq!(stored(&files), reported(&agent));
}

#[tokio::test]
async fn a_boot_that_an_older_agent_had_begun_to_watch_is_watched_from_now_on() {
    let ((dom0, _), files) = (host(), Memory::default());
    let old = Boot { components: domfleet_shared::inventory::Components::default(), ..old(&dom0) };
    files.put(BOOTS, serde_json::to_vec(&[old]).unwrap());

    start(&dom0, &files).await;

    assert_eq!(stored(&files).len(), 1);
    assert_eq!(stored(&files)[0].first_seen_seconds, Some(100));
}

fn old(dom0: &Quiet) -> Boot {
    begun(&dom0.observed.lock().unwrap().facts)
}

/// A boot of which that is left, ended; as the next agent tells of it.
async fn after(kept: Kept, leave: impl AsyncFnOnce(&Memory, BootId)) -> Boot {
    let ((mut dom0, _), files) = (host(), Memory::default());
    dom0.kept.lock().unwrap().power_cycles = Some(7);
    drop(start(&dom0, &files).await);
    leave(&files, dom0.boot_id).await;
    dom0.boot_anew();
    *dom0.kept.lock().unwrap() = kept;
    start(&dom0, &files).await;
    let [ended, running] = stored(&files).try_into().unwrap();
    assert_eq!((running.boot_id, running.end), (dom0.boot_id, None));
    ended
}

fn alive(boot_id: BootId, uptime_seconds: u64) -> Alive {
    Alive {
        boot_id,
        uptime_seconds,
        wall: domfleet_shared::Timestamp::from_millis(3_600_000),
        seq: 9,
        taint: Some(0),
        slowest_milliseconds: 2,
        connected: true,
        first_taint: Some(0),
        latest_milliseconds: 0,
        offline_seconds: 0,
    }
}

fn put_alive(files: &Memory, alive: &Alive) {
    files.put("alive.1.json", serde_json::to_vec(alive).unwrap());
}

#[tokio::test]
async fn the_last_sign_of_life_says_how_long_a_boot_was_up() {
    let ended =
        after(Kept::default(), async |files, boot| put_alive(files, &alive(boot, 4242))).await;
    assert_eq!(ended.last_seen_seconds, Some(4242));

    let ended = after(Kept::default(), async |_, _| ()).await;
    assert_eq!(ended.last_seen_seconds, Some(100));
}

#[tokio::test]
async fn what_is_left_of_a_boot_says_how_it_ended() {
    let panic =
        KeptLog { name: "dmesg-erst-1".into(), bytes: b"Kernel panic - not syncing: x".into() };
    let panic = Kept { logs: vec![panic], ..Kept::default() };
    assert_eq!(after(panic, async |_, _| ()).await.end, Some(BootEnd::Panic));

    let bitten = Kept { watchdog_reset: true, ..Kept::default() };
    assert_eq!(after(bitten, async |_, _| ()).await.end, Some(BootEnd::Watchdog));

    let by_xen = "(XEN) Hardware Dom0 shutdown: watchdog rebooting machine";
    let by_xen = Kept { xen_log: Some(by_xen.into()), ..Kept::default() };
    assert_eq!(after(by_xen, async |_, _| ()).await.end, Some(BootEnd::Watchdog));

    let tainted = async |files: &Memory, boot| {
        put_alive(files, &Alive { taint: Some(1 << 14), ..alive(boot, 300) });
    };
    assert_eq!(after(Kept::default(), tainted).await.end, Some(BootEnd::Hang));

    let cut = Kept { power_cycles: Some(8), ..Kept::default() };
    assert_eq!(after(cut, async |_, _| ()).await.end, Some(BootEnd::PowerLoss));

    let reset = Kept { power_cycles: Some(7), ..Kept::default() };
    let ended = after(reset, async |_, _| ()).await;
    assert_eq!((ended.end, ended.confidence), (Some(BootEnd::Unknown), Some(Confidence::Low)));
    assert!(ended.evidence[1].contains("kept its power"), "{:?}", ended.evidence);
}

#[tokio::test]
async fn an_open_stress_run_and_an_armed_watchdog_are_on_record() {
    let stressed = async |files: &Memory, boot_id| {
        let at = domfleet_shared::Timestamp::from_millis;
        let stress = crate::stress::Stress {
            operation: domfleet_shared::id::OperationId::new(),
            boot_id,
            started_at: at(0),
            started_seconds: 0,
            until: at(7_200_000),
        };
        put_alive(files, &alive(boot_id, 300));
        record::store(files, crate::stress::STRESS, &stress).await.unwrap();
    };
    assert_eq!(after(Kept::default(), stressed).await.end, Some(BootEnd::Provoked));

    let armed = async |files: &Memory, boot_id| {
        // A quarter of a minute before the next boot begins, which is at 1970.
        let feeding = crate::watchdog::Feeding {
            boot_id,
            uptime_seconds: 300,
            wall: domfleet_shared::Timestamp::from_millis(-15_000),
            timeout_seconds: 60,
            seq: 3,
        };
        files.put("watchdog.1.json", serde_json::to_vec(&feeding).unwrap());
    };
    let ended = after(Kept::default(), armed).await;
    assert_eq!((ended.end, ended.confidence), (Some(BootEnd::Watchdog), Some(Confidence::Medium)));
}

#[tokio::test]
async fn a_kept_log_that_the_platform_does_not_let_go_of_is_of_one_boot_only() {
    let ((mut dom0, _), files) = (host(), Memory::default());
    let log = KeptLog { name: "dmesg-1".into(), bytes: b"Kernel panic - not syncing: x".into() };
    dom0.kept = Arc::new(Mutex::new(Kept { logs: vec![log], ..Kept::default() }));
    drop(start(&dom0, &files).await);

    for _ in 0..2 {
        dom0.boot_anew();
        start(&dom0, &files).await;
    }

    let ends: Vec<_> = stored(&files).into_iter().map(|boot| boot.end).collect();
    assert_eq!(ends, [Some(BootEnd::Panic), Some(BootEnd::Unknown), None]);
}

#[tokio::test]
async fn a_secret_in_a_line_that_is_quoted_does_not_leave() {
    let bytes = b"Kernel panic - not syncing: password=hunter2hunter2".to_vec();
    let panic = Kept { logs: vec![KeptLog { name: "dmesg-1".into(), bytes }], ..Kept::default() };

    let ended = after(panic, async |_, _| ()).await;

    assert!(ended.evidence[0].contains("password=***"), "{:?}", ended.evidence);
}
