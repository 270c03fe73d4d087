//! Appliances beside themselves before something was changed on them.

use domfleet_shared::component::Component;
use domfleet_shared::diagnosis::{BeforeAfter, before_after};

use super::fleet;
use super::world::{Cause, World};

fn swap_off(cause: Cause) -> BeforeAfter {
    let told = fleet::told(&World::blaming(cause), 1);
    before_after(&told, Component::Swap, "on", "off")
}

#[test]
fn what_halves_the_rate_does_so_on_each_appliance() {
    let swap = swap_off(Cause::Swap);

    let (with, without) = (swap.ratio.unwrap(), swap.ratio_without_last.unwrap());
    assert!(with.low <= 0.5 && 0.5 <= without.high.unwrap(), "{with:?} {without:?}");
    assert!(without.value.unwrap() < 0.9, "{without:?}");
}

#[test]
fn what_was_done_because_of_freezes_and_does_nothing_does_not_surely_help() {
    let swap = swap_off(Cause::Nothing);

    let (with, without) = (swap.ratio.unwrap(), swap.ratio_without_last.unwrap());
    assert!(with.value.unwrap() < 0.95, "the freeze that led to it makes it look good: {with:?}");
    assert!(with.low <= 1.0 && 1.0 <= without.high.unwrap(), "{with:?} {without:?}");
}
