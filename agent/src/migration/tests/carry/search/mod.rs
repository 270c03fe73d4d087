//! Every state that a migration can come to, with the real agent, the real backup, the real recovery and the real
//! restore on a simulated box; and what must hold in each.
//!
//! A state is between two turns. What comes of it is one more step of all of them, or the same step with something
//! that goes wrong at one of its points. Two states are the same where [`node::Node::key`] is.

mod faults;
mod node;
mod seeds;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::faults::{Fault, Moment};
use self::node::{Key, Node};
use super::*;

/// No story is longer, whatever went wrong.
const MOST_RECORDS: usize = 150;

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

/// Somebody has said that one drive is enough.
fn accepted() -> Copies {
    Copies::Accepted { by: "ada".to_owned(), at: domfleet_shared::Timestamp::from_millis(1) }
}

/// A migration that nobody has begun yet, in which so much may go wrong.
fn first(vms: u128, faults: u8, copies: Copies) -> Node {
    let change = |plan: Plan| Plan { copies, ..plan };
    let mut play = Play::of(World::new(vms), change);
    play.is_slow = true;
    Node { play, left: faults, wishes: 1, stale: None, tries: 0, by_hand: false, cut: None }
}

/// Visits all of them, with every `stride`-th point of each step.
fn search(start: Node, stride: usize) -> Found {
    // More than that is a world in which something grows without an end.
    let most: usize = asked("DOMFLEET_PROVE_WORLD_MOST", 60_000);
    let mut found = Found::default();
    let (first, _) = found.take(&start, 0, &|| "it begins".to_owned());
    let mut open = vec![Open::new(first, start, stride)];
    while let Some(Open { at, node, phase, faults }) = open.last_mut() {
        let (at, phase) = (*at, *phase);
        found.phases.insert(phase);
        let is_bounded = found.numbers.len() <= most;
        // Nobody has so much to tell.
        let is_told = node.play.told.len() <= MOST_RECORDS;
        assert!(is_told, "it tells more and more\n{}", found.path(at));
        assert!(is_bounded, "more than {most} states, the last by\n{}", found.path(at));
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
        found.runs += 1;
        let (how, to, is_step) = if let Some(fault) = faults.pop() {
            let how = format!("{phase:?}: {fault:?}");
            let Some(to) = guarded(&how, &found, &mut || node.with(fault)) else { continue };
            if let Some(cut) = to.cut {
                *found.cuts.entry(cut).or_default() += 1;
            }
            (how, to, false)
        } else {
            // Nothing is left to be done with it but this.
            let Some(Open { mut node, .. }) = open.pop() else { break };
            let said = RefCell::new(String::new());
            let Some(next) = guarded("a step", &found, &mut || {
                node.step()?;
                *said.borrow_mut() = node.says();
                Some(node.copied())
            }) else {
                panic!("the power went by itself");
            };
            let how = format!("{phase:?}: {}", said.borrow());
            (how, next, true)
        };
        let (number, is_due) = found.take(&to, at, &|| how.clone());
        if is_step {
            found.leads_to[at] = Some((number, how));
        }
        if is_due && !to.is_over() {
            open.push(Open::new(number, to, stride));
        }
    }
    found
}

/// A state that is looked at, with what may still go wrong in it. Only those on the way to it are remembered whole.
struct Open {
    at: usize,
    node: Node,
    phase: Phase,
    faults: Vec<Fault>,
}

impl Open {
    fn new(at: usize, node: Node, stride: usize) -> Self {
        let phase = node.story().map_or(Phase::Preflight, |story| story.phase());
        let mut faults = node.faults(stride);
        faults.reverse();
        Self { at, node, phase, faults }
    }
}

fn asked<N: std::str::FromStr>(name: &str, otherwise: N) -> N {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn whatever_goes_wrong_no_vm_is_lost_and_it_comes_to_an_end() {
    visits_all(accepted(), (1, 31));
}

#[test]
fn whatever_goes_wrong_with_one_of_two_drives_no_vm_is_lost_and_it_comes_to_an_end() {
    visits_all(Copies::SecondDrive, (0, 31));
}

#[expect(clippy::print_stdout, reason = "how much it has visited says what it is worth")]
fn visits_all(copies: Copies, (wishes, stride): (u8, usize)) {
    let vms: u128 = asked("DOMFLEET_PROVE_WORLD_VMS", 1);
    let faults: u8 = asked("DOMFLEET_PROVE_WORLD_FAULTS", 1);
    let wishes: u8 = asked("DOMFLEET_PROVE_WORLD_WISHES", wishes);
    let stride: usize = asked("DOMFLEET_PROVE_WORLD_STRIDE", stride);
    let start = Node { wishes, ..first(vms, faults, copies) };

    let found = search(start, stride);

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
    let phases = [
        Phase::BackingUp,
        Phase::Verifying,
        Phase::Sealed,
        Phase::Permitted,
        Phase::GoingBack,
        Phase::Resetting,
        Phase::Restoring,
        Phase::Validating,
        Phase::Soaking,
    ];
    // Whoever wants nothing else goes on in the recovery, and never goes back.
    let of_wishes = [Phase::Permitted, Phase::GoingBack];
    let is_stayed_in = |phase: &Phase| wishes > 0 || !of_wishes.contains(phase);
    for phase in phases.into_iter().filter(is_stayed_in) {
        for came in [Moment::Before, Moment::After] {
            assert!(found.cuts.contains_key(&(phase, came)), "no cut in {phase:?}, {came:?}");
        }
    }
}
