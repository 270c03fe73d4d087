//! A simulated fleet, as the server knows it.

use domfleet_shared::diagnosis::{Interval, intervals};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::life::Life;
use super::world::World;

/// All that was told of all appliances.
pub(crate) fn told(world: &World, seed: u64) -> Vec<Interval> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut all = Vec::new();
    for number in 0..world.appliances {
        let (boots, running) = Life::of(world, StdRng::seed_from_u64(random.random())).live();
        all.extend(intervals(&format!("appliance {number}"), &boots, running).intervals);
    }
    all
}
