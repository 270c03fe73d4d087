//! Every state that a migration can come to, with the real agent, the real backup, the real recovery and the real
//! restore on a simulated box; and what must hold in each.
//!
//! A state is between two turns. What comes of it is one more step of all of them, or the same step with something
//! that goes wrong at one of its points. Two states are the same where [`node::Node::key`] is.

mod faults;
mod node;
mod seeds;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::faults::{Fault, Moment};
use self::node::{Key, Node};
use super::*;

#[derive(Default)]
struct Found {
    /// By the key: its number, and with how much left it was seen.
    numbers: HashMap<Key, (usize, u8)>,
    came_from: Vec<(usize, String)>,
    /// Where a step without a fault leads.
    leads_to: Vec<Option<(usize, String)>>,
    is_over: Vec<bool>,
    runs: u64,
    phases: BTreeSet<Phase>,
    cuts: BTreeMap<(Phase, Moment), u64>,
}

impl Found {
    /// Whether it is to be looked at: it is new, or was seen with less left.
    fn take(&mut self, node: &Node, from: usize, how: &dyn Fn() -> String) -> (usize, bool) {
        let new = self.numbers.len();
        let (number, left) = self.numbers.entry(node.key()).or_insert((new, node.left));
        let is_new = *number == new;
        let is_due = is_new || *left < node.left;
        *left = node.left.max(*left);
        let number = *number;
        if is_due && !is_new {
            self.came_from[number] = (from, how());
        }
        if is_new {
            self.came_from.push((from, how()));
            self.leads_to.push(None);
            self.is_over.push(node.is_over());
        }
        (number, is_due)
    }

    /// What led to a state, a line each.
    fn path(&self, mut state: usize) -> String {
        let mut steps = Vec::new();
        while state != 0 {
            let (before, step) = &self.came_from[state];
            steps.push(step.as_str());
            state = *before;
        }
        steps.reverse();
        steps.join("\n")
    }

    /// The first state from which no end is come to although nothing else goes wrong, and where it goes from there.
    fn stuck(&self) -> Option<(usize, Vec<usize>)> {
        let mut ends = self.is_over.clone();
        for start in 0..ends.len() {
            let mut way = Vec::new();
            let mut at = start;
            let is_good = loop {
                if ends[at] {
                    break true;
                }
                if way.contains(&at) {
                    break false;
                }
                way.push(at);
                match &self.leads_to[at] {
                    Some((next, _)) => at = *next,
                    None => break false,
                }
            };
            if !is_good {
                return Some((start, way));
            }
            for state in way {
                ends[state] = true;
            }
        }
        None
    }
}

/// A migration that nobody has begun yet, on one drive, in which so much may go wrong.
fn first(vms: u128, faults: u8) -> Node {
    let change = |plan: Plan| Plan {
        copies: domfleet_shared::migration::plan::Copies::Accepted {
            by: "ada".to_owned(),
            at: domfleet_shared::Timestamp::from_millis(1),
        },
        ..plan
    };
    let mut play = Play::of(World::new(vms), change);
    play.is_slow = true;
    Node { play, left: faults, wishes: 1, stale: None, tries: 0, by_hand: false, cut: None }
}

/// Visits all of them, with every `stride`-th point of each step.
fn search(start: Node, stride: usize) -> Found {
    // More than that is a world in which something grows without an end.
    let most: usize = asked("DOMFLEET_PROVE_WORLD_MOST", 60_000);
    let mut found = Found::default();
    found.take(&start, 0, &|| "it begins".to_owned());
    let mut waiting = vec![(0, start)];
    while let Some((at, node)) = waiting.pop() {
        let mut put = |found: &mut Found, to: Node, how: &dyn Fn() -> String| {
            let (number, is_due) = found.take(&to, at, how);
            if is_due {
                waiting.push((number, to));
            }
            number
        };
        let guarded = |how: &str, found: &Found, work: &mut dyn FnMut() -> Option<Node>| {
            catch_unwind(AssertUnwindSafe(|| {
                let node = work();
                if let Some(node) = &node {
                    node.check();
                }
                node
            }))
            .unwrap_or_else(|_| panic!("after\n{}\n{how}", found.path(at)))
        };
        let is_bounded = found.numbers.len() <= most;
        assert!(is_bounded, "more than {most} states, the last by\n{}", found.path(at));
        if node.is_over() {
            continue;
        }
        let phase = node.story().map_or(Phase::Preflight, |story| story.phase());
        found.phases.insert(phase);
        let faults = node.faults(stride);
        for fault in faults {
            found.runs += 1;
            let how = format!("{phase:?}: {fault:?}");
            let Some(to) = guarded(&how, &found, &mut || node.with(fault)) else { continue };
            if let Some(cut) = to.cut {
                *found.cuts.entry(cut).or_default() += 1;
            }
            put(&mut found, to, &|| how.clone());
        }
        found.runs += 1;
        let mut next = node.copied();
        drop(node);
        let said = std::cell::RefCell::new(String::new());
        let Some(next) = guarded("a step", &found, &mut || {
            next.step()?;
            *said.borrow_mut() = next.says();
            Some(next.copied())
        }) else {
            panic!("the power went by itself");
        };
        if let Some(story) = next.story() {
            found.phases.insert(story.phase());
        }
        let how = format!("{phase:?}: {}", said.borrow());
        let to = put(&mut found, next, &|| how.clone());
        found.leads_to[at] = Some((to, how));
    }
    found
}

fn asked<N: std::str::FromStr>(name: &str, otherwise: N) -> N {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

#[expect(clippy::print_stdout, reason = "how much it has visited says what it is worth")]
#[test]
fn whatever_goes_wrong_no_vm_is_lost_and_it_comes_to_an_end() {
    let vms: u128 = asked("DOMFLEET_PROVE_WORLD_VMS", 1);
    let faults: u8 = asked("DOMFLEET_PROVE_WORLD_FAULTS", 1);
    let stride: usize = asked("DOMFLEET_PROVE_WORLD_STRIDE", 11);

    let found = search(first(vms, faults), stride);

    for ((phase, came), count) in &found.cuts {
        println!("cut in {:16} {came:?} what was done lasted: {count}", phase.name());
    }
    let states = found.numbers.len();
    println!("{states} states, {} runs with {vms} VMs and {faults} faults", found.runs);
    if let Some((stuck, way)) = found.stuck() {
        let way: Vec<&str> = way
            .iter()
            .filter_map(|state| found.leads_to[*state].as_ref().map(|(_, how)| how.as_str()))
            .collect();
        panic!("no end is come to after\n{}\nby\n{}", found.path(stuck), way.join("\n"));
    }
    for phase in [
        Phase::BackingUp,
        Phase::Verifying,
        Phase::Sealed,
        Phase::Permitted,
        Phase::GoingBack,
        Phase::Resetting,
        Phase::Restoring,
        Phase::Validating,
        Phase::Soaking,
    ] {
        for came in [Moment::Before, Moment::After] {
            assert!(found.cuts.contains_key(&(phase, came)), "no cut in {phase:?}, {came:?}");
        }
    }
}
