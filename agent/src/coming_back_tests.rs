use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BootId};
use domfleet_shared::migration::Event;
use domfleet_shared::migration::permit::Release;

use super::*;
use crate::agent::Settings;
use crate::clock::Clock;
use crate::dial::DialError;
use crate::migration::carry::Turn;
use crate::testing::{Memory, Quiet};

/// A network on which nobody answers.
#[derive(Clone, Default)]
struct Nobody(Arc<AtomicUsize>);

impl Dialer for Nobody {
    type Stream = tokio::io::DuplexStream;

    async fn dial(&self, host: &str, port: u16) -> Result<Self::Stream, DialError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let source = io::ErrorKind::ConnectionRefused.into();
        Err(DialError::Unreachable { host: host.to_owned(), port, source })
    }
}

type Tested = World<Quiet, Memory, Nobody>;

fn world() -> Tested {
    World {
        dom0: Quiet::new(BootId::new()),
        files: Memory::default(),
        clock: Clock::new(|| Timestamp::from_millis(0)),
        dialer: Nobody::default(),
        settings: Settings::default(),
    }
}

fn carried() -> CarriedIdentity {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    CarriedIdentity {
        appliance: ApplianceId::new(),
        server: "https://fleet.example".into(),
        trust_bundle_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        server_time: None,
    }
}

fn story() -> Vec<Record> {
    let plan = serde_json::from_str(include_str!("migration/tests/plan-1.json")).unwrap();
    vec![Record {
        at: Timestamp::from_millis(7),
        boot: BootId::new(),
        on: Release::One,
        agent: "1".into(),
        decision: None,
        event: Event::Planned { plan: Box::new(plan) },
    }]
}

fn turn(again: Again, carried: Option<CarriedIdentity>) -> Turn {
    Turn { story: Some(story()), carried, ..Turn::idle("restoring", None, again) }
}

fn turns(world: &Tested, turns: impl Into<VecDeque<Turn>>) {
    *world.dom0.turns.lock().unwrap() = turns.into();
}

async fn come_back_for(world: &Tested, long: Duration) -> CameBack {
    let stop = CancellationToken::new();
    let stopping = async {
        sleep(long).await;
        stop.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = come_back(world, &stop) => ended.unwrap(),
        () = stopping => unreachable!(),
    }
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_migration_nothing_is_asked_of_anybody() {
    let world = world();
    turns(&world, [Turn::idle("nothing is here", None, Again::Never)]);

    let ended = come_back_for(&world, Duration::from_hours(1)).await;

    assert_eq!(ended, CameBack::Never);
    assert_eq!(world.dialer.0.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_asked_again_and_the_migration_goes_on_meanwhile() {
    let world = world();
    let mut all = vec![turn(Again::AtOnce, Some(carried()))];
    all.extend((0..20).map(|_| turn(Again::After(Duration::from_mins(1)), None)));
    turns(&world, all);

    let ended = come_back_for(&world, Duration::from_mins(21)).await;

    assert_eq!(ended, CameBack::Stopped);
    let asked = world.dialer.0.load(Ordering::Relaxed);
    assert!((5..=100).contains(&asked), "asked {asked} times");
    assert!(world.dom0.turns.lock().unwrap().is_empty(), "turns were left");
    assert!(matches!(Identity::load(&world.files).await, Err(IdentityError::NotJoined)));
}

#[tokio::test(start_paused = true)]
async fn what_the_drive_carries_is_kept_for_when_it_is_pulled_out() {
    let world = world();
    turns(&world, [turn(Again::Never, Some(carried()))]);
    come_back_for(&world, Duration::from_mins(1)).await;
    let asked = world.dialer.0.swap(0, Ordering::Relaxed);
    turns(&world, [Turn::idle("the drive is not there", None, Again::Never)]);

    let ended = come_back_for(&world, Duration::from_mins(1)).await;

    assert_eq!(ended, CameBack::Stopped);
    assert!(asked > 0 && world.dialer.0.load(Ordering::Relaxed) > 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_asked_to_stop_waits_for_the_safe_point_of_a_turn() {
    let world = world();
    // One that goes on until it is no longer wanted.
    turns(&world, []);

    let ended = come_back_for(&world, Duration::from_secs(10)).await;

    assert_eq!(ended, CameBack::Stopped);
    assert_eq!(world.dom0.wanted.lock().unwrap().len(), 1);
}
