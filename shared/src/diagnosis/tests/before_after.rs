use super::{FROZE, watched};
use crate::component::Component::Swap;
use crate::diagnosis::{BeforeAfter, End, Interval, before_after};

/// An appliance that died so often in a hundred days with swap, and so often in a hundred without.
fn appliance(name: &str, before: usize, after: usize) -> Vec<Interval> {
    let of = |deaths: usize, value: &'static str| {
        let each = |nth: usize| {
            let end = if nth < deaths { FROZE } else { End::Alive };
            watched(name, 10.0, end, &[(Swap, value)])
        };
        (0..10).map(each).collect::<Vec<_>>()
    };
    [of(before, "on"), of(after, "off")].concat()
}

fn swap_off(intervals: &[Interval]) -> BeforeAfter {
    before_after(intervals, Swap, "on", "off")
}

#[test]
fn one_appliance_is_a_binomial_with_an_interval_by_mid_p() {
    let found = swap_off(&appliance("a", 8, 2)).ratio.unwrap();

    assert!((found.value.unwrap() - 0.25).abs() < 1e-9, "{found:?}");
    // The ends by their definition: of ten deaths, two or fewer came after the change, two themselves by half.
    let share = |ratio: f64| ratio / (1.0 + ratio);
    let choose = [1.0, 10.0, 45.0];
    let of = |k: i32, ratio: f64| {
        choose[usize::try_from(k).unwrap()]
            * share(ratio).powi(k)
            * (1.0 - share(ratio)).powi(10 - k)
    };
    let high = found.high.unwrap();
    let below = of(0, high) + of(1, high) + of(2, high) / 2.0;
    assert!((below - 0.025).abs() < 1e-9, "{found:?}");
    let above = 1.0 - of(0, found.low) - of(1, found.low) - of(2, found.low) / 2.0;
    assert!((above - 0.025).abs() < 1e-9, "{found:?}");
}

#[test]
fn appliances_that_differ_are_each_beside_themselves() {
    // The bad one was watched longer with swap off, the good one longer with it on: in sum nothing changed.
    let mut all = appliance("bad", 4, 2);
    all.extend(appliance("bad", 0, 0).into_iter().filter(|one| one.values[&Swap] == "off"));
    all.extend(appliance("good", 0, 0).into_iter().filter(|one| one.values[&Swap] == "on"));
    all.extend(appliance("good", 2, 1));

    let found = swap_off(&all);

    let [bad, good] = found.appliances.as_slice() else { panic!("{found:?}") };
    assert_eq!((bad.days_before, bad.days_after), (100.0, 200.0));
    assert_eq!((good.days_before, good.days_after), (200.0, 100.0));
    // Of the bad one a quarter as often, of the good one as often; both beside themselves somewhat less than half.
    let ratio = found.ratio.unwrap();
    assert!(ratio.value.unwrap() > 0.25 && ratio.value.unwrap() < 1.0, "{ratio:?}");
}

#[test]
fn the_freeze_that_led_to_the_change_is_left_out_of_the_other_ratio() {
    let found = swap_off(&[appliance("a", 4, 2), appliance("b", 4, 2)].concat());

    assert!((found.ratio.unwrap().value.unwrap() - 0.5).abs() < 1e-9);
    let without = found.ratio_without_last.unwrap().value.unwrap();
    assert!((without - 4.0 / 6.0).abs() < 1e-9);
}

#[test]
fn many_deaths_are_counted_by_a_normal_distribution_as_well() {
    let few: Vec<Interval> = (0..39).flat_map(|n| appliance(&n.to_string(), 6, 4)).collect();
    let more: Vec<Interval> = (0..41).flat_map(|n| appliance(&n.to_string(), 6, 4)).collect();

    let (exact, normal) = (swap_off(&few).ratio.unwrap(), swap_off(&more).ratio.unwrap());

    let wider = (41.0_f64 / 39.0).sqrt();
    let width = |range: &crate::diagnosis::Range| (range.high.unwrap() / range.low).ln();
    assert!((width(&exact) / width(&normal) - wider).abs() < 0.01, "{exact:?} {normal:?}");
}

#[test]
fn where_nobody_died_nothing_is_said_and_where_all_did_before_there_is_no_lower_end() {
    assert_eq!(swap_off(&appliance("a", 0, 0)).ratio, None);

    let found = swap_off(&appliance("a", 6, 0)).ratio.unwrap();
    assert_eq!((found.value, found.low), (Some(0.0), 0.0));
    assert!(found.high.unwrap() < 1.0);

    let found = swap_off(&appliance("a", 0, 6)).ratio.unwrap();
    assert_eq!((found.value, found.high), (None, None));
    assert!(found.low > 1.0);
}

#[test]
fn an_appliance_on_which_nothing_was_changed_is_not_among_them() {
    let never = vec![watched("a", 9.0, FROZE, &[(Swap, "on")])];

    assert!(swap_off(&never).appliances.is_empty());
}
