use super::{assert_close, data};
use crate::survival::Rate;

#[test]
fn rates_of_freireich_are_exact() {
    let [treated, placebo] = data::freireich().map(|group| Rate::of(group.iter()));
    assert_eq!((treated.events, treated.exposure), (9, 359.0));
    let rate = treated.per(1000.0).unwrap();
    assert_close(rate.value, 25.069_637_88, 1e-9);
    assert_close(rate.low, 11.463_434_81, 1e-9);
    assert_close(rate.high, 47.589_981_76, 1e-9);
    let rate = placebo.per(1000.0).unwrap();
    assert_close(rate.low, 71.424_895_52, 1e-9);
    assert_close(rate.high, 176.377_641_4, 1e-9);

    let more = placebo.compared_with(&treated).unwrap();
    assert_close(more.ratio.value, 4.602_564_103, 1e-9);
    assert_close(more.ratio.low, 2.020_774_212, 1e-9);
    assert_close(more.ratio.high, 11.414_591_19, 1e-9);
    assert_close(more.p * 1e5, 5.629_076_513, 1e-8);
}

#[test]
fn rates_of_truncated_groups_count_only_what_was_watched() {
    let [first, second] = data::truncated().map(|group| Rate::of(group.iter()));
    assert_eq!((first.events, first.exposure), (4, 635.0));
    assert_eq!((second.events, second.exposure), (6, 185.0));
    let more = second.compared_with(&first).unwrap();
    assert_close(more.ratio.value, 5.148_648_649, 1e-9);
    assert_close(more.ratio.low, 1.220_944, 1e-6);
    assert_close(more.ratio.high, 24.805_89, 1e-6);
    assert_close(more.p, 0.011_809_91, 1e-8);
}

#[test]
fn no_event_has_a_rate_of_nothing_with_an_upper_end() {
    let rate = Rate { events: 0, exposure: 3000.0 };
    let per = rate.per(1000.0).unwrap();
    assert_eq!((per.value, per.low), (0.0, 0.0));
    assert_close(per.high, 1.229_626_485, 1e-9);
    assert_eq!(Rate::default().per(1000.0), None);
}

#[test]
fn rates_of_no_event_are_not_compared_and_those_of_one_side_are_unbounded() {
    let (none, some) = (Rate { events: 0, exposure: 100.0 }, Rate { events: 5, exposure: 100.0 });
    assert_eq!(none.compared_with(&none), None);
    assert_eq!(some.compared_with(&Rate::default()), None);
    let more = some.compared_with(&none).unwrap();
    assert_eq!((more.ratio.value, more.ratio.high), (f64::INFINITY, f64::INFINITY));
    assert!(more.ratio.low > 0.9);
    let less = none.compared_with(&some).unwrap();
    assert_eq!((less.ratio.value, less.ratio.low), (0.0, 0.0));
    assert_close(less.p, 0.0625, 1e-9);
}
