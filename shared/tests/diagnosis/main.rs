//! Fleets of which it is known what makes them freeze, and what is said of them.
//!
//! Each test is of a few fleets, or of a hundred where `DOMFLEET_PROVE_SEEDS=100` is set (`make prove`). What is
//! asked for in a hundred stands beside each.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fleet;
mod length_bias;
mod life;
mod mitigation;
mod releases;
mod world;

use domfleet_shared::component::Component;
use domfleet_shared::diagnosis::{Diagnosis, Hazard, Settings, Suspect, Verdict, diagnose};
use world::{Cause, World};

/// So many fleets, of seeds 1, 2, …
fn seeds() -> usize {
    std::env::var("DOMFLEET_PROVE_SEEDS").map_or(3, |seeds| seeds.parse().unwrap())
}

/// What is said of each of them.
fn diagnoses(world: World) -> impl Iterator<Item = Diagnosis> {
    (1..=seeds() as u64).map(move |seed| diagnose(&fleet::told(&world, seed), &Settings::default()))
}

/// That something holds for at least this many in a hundred. Of a few, one may be an exception.
#[track_caller]
fn assert_share(what: &str, held: usize, per_hundred: usize) {
    let of = seeds();
    let needed = if of < 20 { of - usize::from(per_hundred < 100) } else { of * per_hundred / 100 };
    assert!(held >= needed, "{what}: {held} of {of}, needed are {needed}");
}

fn suspects(diagnosis: &Diagnosis) -> &[Suspect] {
    match &diagnosis.verdict {
        Verdict::Suspects { suspects } | Verdict::Inseparable { suspects } => suspects,
        Verdict::NotEnough { .. } | Verdict::NothingStandsOut { .. } => &[],
    }
}

/// Whether this one, and no other together with it, is named first.
fn is_first(diagnosis: &Diagnosis, component: Component) -> bool {
    suspects(diagnosis).first().is_some_and(|first| first.components == [component])
}

/// What the joint model says of a value of a component beside another.
fn hazard<'d>(diagnosis: &'d Diagnosis, component: Component, values: [&str; 2]) -> &'d Hazard {
    let tests = &diagnosis.model.as_ref().unwrap().tests;
    let of = tests.iter().find(|test| test.components == [component]).unwrap();
    let is_of = |hazard: &&Hazard| {
        values.contains(&hazard.value.as_str()) && values.contains(&hazard.reference.as_str())
    };
    of.values.iter().find(is_of).unwrap()
}

#[test]
fn qemu_is_named_first_and_the_disk_format_that_mostly_changed_with_it_is_cleared() {
    let (mut first, mut qcow, mut raw) = (0, 0, 0);
    for diagnosis in diagnoses(World::blaming(Cause::Qemu)) {
        first += usize::from(is_first(&diagnosis, Component::QemuRunning));
        let covers = |values| {
            let ratio = hazard(&diagnosis, Component::DiskFormat, values).hazard_ratio.unwrap();
            usize::from(ratio.covers(1.0))
        };
        qcow += covers(["qcow", "qcow2"]);
        raw += covers(["raw", "qcow2"]);
    }
    assert_share("QEMU is named first", first, 95);
    assert_share("the interval of qcow beside qcow2 covers 1", qcow, 90);
    assert_share("the interval of raw beside qcow2 covers 1", raw, 90);
}

#[test]
fn qemu_and_a_disk_format_that_always_changed_with_it_cannot_be_told_apart() {
    let both = [Component::QemuRunning, Component::DiskFormat];
    let (mut said, mut first) = (0, 0);
    let world = World { keeping_format: 0.0, ..World::blaming(Cause::Qemu) };
    for diagnosis in diagnoses(world) {
        said += usize::from(diagnosis.inseparable.iter().any(|one| one.components == both));
        let is_inseparable = matches!(diagnosis.verdict, Verdict::Inseparable { .. });
        first += usize::from(is_inseparable && suspects(&diagnosis)[0].components == both);
    }
    assert_share("that they cannot be told apart is said", said, 100);
    assert_share("both together are named first", first, 100);
}

#[test]
fn where_nothing_is_to_blame_nothing_is_named() {
    let quiet = diagnoses(World::blaming(Cause::Nothing)).filter(|one| suspects(one).is_empty());
    assert_share("nothing is named", quiet.count(), 95);
}

#[test]
fn the_scheduler_is_named_first_where_it_is_to_blame() {
    let right = diagnoses(World::blaming(Cause::Scheduler))
        .filter(|one| is_first(one, Component::IoScheduler));
    assert_share("the I/O scheduler is named first", right.count(), 95);
}

#[test]
fn a_mitigation_that_halves_the_rate_is_found_though_those_that_froze_most_have_it() {
    let (mut first, mut true_ratio) = (0, 0);
    for diagnosis in diagnoses(World::blaming(Cause::Swap)) {
        first += usize::from(is_first(&diagnosis, Component::Swap));
        let swap = hazard(&diagnosis, Component::Swap, ["on", "off"]);
        let ratio = swap.hazard_ratio.unwrap();
        true_ratio += usize::from(ratio.covers(if swap.value == "on" { 2.0 } else { 0.5 }));
    }
    assert_share("swap is named first", first, 95);
    assert_share("its interval covers the true ratio", true_ratio, 85);
}

#[test]
fn the_same_fleet_gets_the_same_diagnosis() {
    let world = World { appliances: 200, ..World::blaming(Cause::Qemu) };
    let told = fleet::told(&world, 1);
    let json = || serde_json::to_string(&diagnose(&told, &Settings::default())).unwrap();

    assert_eq!(json(), json());
}
