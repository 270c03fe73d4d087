//! Every world that can be reached, and what must hold in each.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::world::World;
use crate::migration::phase::Phase;

/// What a search has found.
struct Found {
    states: usize,
    phases: BTreeSet<Phase>,
}

fn search(first: World) -> Found {
    let mut number = HashMap::from([(first.key(), 0_usize)]);
    let mut came_from: Vec<(usize, String)> = vec![(0, "it begins".to_owned())];
    let mut without_fault: Vec<Vec<usize>> = vec![Vec::new()];
    let mut is_over = Vec::new();
    let mut phases = BTreeSet::new();
    let mut waiting = VecDeque::from([first]);
    let mut at = 0;
    while let Some(world) = waiting.pop_front() {
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            world.check();
            world.edges()
        }));
        let Ok(edges) = held else { panic!("after\n{}\n{world:#?}", path(&came_from, at)) };
        phases.insert(world.story.phase());
        is_over.push(world.story.end.is_some());
        for edge in edges {
            let new = number.len();
            let known = *number.entry(edge.world.key()).or_insert(new);
            if known == new {
                came_from.push((at, edge.name));
                without_fault.push(Vec::new());
                waiting.push_back(edge.world);
            }
            if !edge.is_fault {
                without_fault[at].push(known);
            }
        }
        at += 1;
    }
    let states = is_over.len();
    if let Some(stuck) = stuck(&without_fault, &is_over) {
        panic!("no end can be reached after\n{}", path(&came_from, stuck));
    }
    Found { states, phases }
}

/// What led to a state, a line each.
fn path(came_from: &[(usize, String)], mut state: usize) -> String {
    let mut steps = Vec::new();
    while state != 0 {
        let (before, step) = &came_from[state];
        steps.push(step.as_str());
        state = *before;
    }
    steps.reverse();
    steps.join("\n")
}

/// The first state from which no end can be reached although nothing else goes wrong.
fn stuck(edges: &[Vec<usize>], is_over: &[bool]) -> Option<usize> {
    let mut leads_to = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate() {
        for to in to {
            leads_to[*to].push(from);
        }
    }
    let mut ends = is_over.to_vec();
    let mut waiting: Vec<usize> = (0..edges.len()).filter(|state| is_over[*state]).collect();
    while let Some(state) = waiting.pop() {
        for before in &leads_to[state] {
            if !std::mem::replace(&mut ends[*before], true) {
                waiting.push(*before);
            }
        }
    }
    ends.iter().position(|ends| !ends)
}

/// So many VMs and faults are asked for by whoever has more time; one of each is searched always.
fn asked(name: &str, otherwise: u8) -> u8 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "how much it has visited says what it is worth")]
#[test]
fn no_vm_is_lost_and_an_end_can_be_reached_from_everywhere_whatever_goes_wrong() {
    let vms = asked("DOMFLEET_PROVE_VMS", 1);
    let faults = asked("DOMFLEET_PROVE_FAULTS", 1);
    let found = search(World::new(vms.into(), faults));

    println!("{} states with {vms} VMs and {faults} faults", found.states);
    let ended = found.phases.iter().filter(|phase| matches!(phase, Phase::Ended(_))).count();
    // Succeeded, failed safe, cancelled, rolled back.
    assert_eq!(ended, 4, "{:?}", found.phases);
    for phase in [Phase::GoingBack, Phase::Permitted, Phase::Restoring, Phase::Soaking] {
        assert!(found.phases.contains(&phase), "{phase:?} was never reached");
    }
}
