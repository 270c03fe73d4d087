use super::{assert_close, data};
use crate::survival::{Curve, Spell};

#[test]
fn curve_of_freireich_is_as_in_r() {
    let [treated, placebo] = data::freireich();
    let expected = [
        (6.0, 21, 3, 0.857_142_857_1, 0.076_360_354_8, 0.619_717_955_3, 0.951_551_747_6),
        (7.0, 17, 1, 0.806_722_689_1, 0.086_935_285_2, 0.563_146_564_6, 0.922_809_019_2),
        (10.0, 15, 1, 0.752_941_176_5, 0.096_349_653_0, 0.503_199_510_8, 0.889_361_835_2),
        (13.0, 12, 1, 0.690_196_078_4, 0.106_814_707_8, 0.431_610_222_5, 0.849_065_963_3),
        (16.0, 11, 1, 0.627_450_980_4, 0.114_053_865_3, 0.367_510_856_0, 0.804_912_189_5),
        (22.0, 7, 1, 0.537_815_126_1, 0.128_233_751_7, 0.267_778_936_8, 0.746_790_717_6),
        (23.0, 6, 1, 0.448_179_271_7, 0.134_591_456_8, 0.188_052_006_0, 0.680_142_628_5),
    ];
    let curve = Curve::of(treated.iter());
    assert_eq!(curve.points.len(), expected.len());
    for (point, (time, at_risk, events, survival, std_error, low, high)) in
        curve.points.iter().zip(expected)
    {
        assert_eq!((point.time, point.at_risk, point.events), (time, at_risk, events));
        assert_close(point.survival, survival, 1e-10);
        assert_close(point.std_error.unwrap(), std_error, 1e-10);
        assert_close(point.interval.unwrap().0, low, 1e-10);
        assert_close(point.interval.unwrap().1, high, 1e-10);
    }
    assert_eq!(curve.median(), Some(23.0));

    let curve = Curve::of(placebo.iter());
    let left = [19, 17, 16, 14, 12, 8, 6, 4, 3, 2, 1, 0];
    assert_eq!(curve.points.len(), left.len());
    for (point, left) in curve.points.iter().zip(left) {
        assert_close(point.survival, f64::from(left) / 21.0, 1e-12);
    }
    let last = curve.points.last().unwrap();
    assert_eq!((last.std_error, last.interval), (None, None), "nobody is left to say it of");
    assert_eq!(curve.median(), Some(8.0));
}

#[test]
fn curve_of_aml_is_as_in_r() {
    let [maintained, _] = data::aml();
    assert_close(Curve::of(maintained.iter()).at(48.0), 0.184_090_909_1, 1e-10);
}

#[test]
fn one_that_is_not_seen_yet_is_not_at_risk() {
    let rows =
        data::late(&[(0, 8, 1), (0, 20, 0), (5, 15, 1), (10, 30, 1), (12, 18, 0), (3, 9, 1)]);
    let curve = Curve::of(rows.iter());
    let found: Vec<(f64, usize)> = curve.points.iter().map(|at| (at.time, at.at_risk)).collect();
    assert_eq!(found, [(8.0, 4), (9.0, 3), (15.0, 4), (30.0, 1)]);
    for (point, survival) in curve.points.iter().zip([0.75, 0.5, 0.375, 0.0]) {
        assert_close(point.survival, survival, 1e-12);
    }
}

#[test]
fn curves_of_truncated_groups_are_as_in_r() {
    let [first, second] = data::truncated();
    let check = |spells: &[Spell], expected: &[(f64, f64)]| {
        let curve = Curve::of(spells.iter());
        assert_eq!(curve.points.len(), expected.len());
        for (point, (time, survival)) in curve.points.iter().zip(expected) {
            assert_close(point.time, *time, 0.0);
            assert_close(point.survival, *survival, 1e-10);
        }
    };
    check(
        &first,
        &[
            (20.0, 0.833_333_333_3),
            (45.0, 0.714_285_714_3),
            (60.0, 0.595_238_095_2),
            (90.0, 0.446_428_571_4),
        ],
    );
    check(
        &second,
        &[
            (9.0, 0.833_333_333_3),
            (14.0, 0.666_666_666_7),
            (18.0, 0.533_333_333_3),
            (30.0, 0.4),
            (33.0, 0.266_666_666_7),
            (41.0, 0.133_333_333_3),
        ],
    );
}

#[test]
fn a_curve_that_begins_late_is_the_share_of_those_that_got_there() {
    let spells = data::late(&[(0, 1, 1), (1, 9, 1), (1, 5, 1), (1, 8, 0), (2, 10, 0), (2, 4, 0)]);
    // The only one that was seen young died.
    assert_close(Curve::of(spells.iter()).at(1.0), 0.0, 0.0);
    let curve = Curve::beginning_with(spells.iter(), 3);
    assert_close(curve.at(5.0), 0.75, 1e-12);
    assert_close(curve.at(9.0), 0.375, 1e-12);
}

#[test]
fn nothing_watched_has_no_curve() {
    let curve = Curve::of([].iter());
    assert_eq!((curve.points.len(), curve.median(), curve.at(3.0)), (0, None, 1.0));
}
