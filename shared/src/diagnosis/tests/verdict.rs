use super::{FROZE, watched};
use crate::boot::BootEnd;
use crate::component::Component;
use crate::diagnosis::{Diagnosis, End, Interval, Settings, Suspect, Verdict, diagnose};

const XEN: Component = Component::Xen;
const KERNEL: Component = Component::Dom0Kernel;
const ALPINE: Component = Component::Alpine;

type Made<'m> = [(Component, &'m str)];

/// So many appliances, each of which died so often, and then ran for so long.
fn fleet(
    name: &str,
    appliances: usize,
    deaths: usize,
    days: f64,
    made: &Made<'_>,
) -> Vec<Interval> {
    let boots = move |number: usize| {
        let name = format!("{name} {number}");
        let each = 10.0 + days / 1000.0;
        let died = (0..deaths).map({
            let name = name.clone();
            move |nth| {
                let days = each + f64::from(u8::try_from(nth + number % 7).unwrap());
                Interval { boot: format!("{nth}").into(), ..watched(&name, days, FROZE, made) }
            }
        });
        let runs = Interval { boot: "runs".into(), ..watched(&name, days, End::Alive, made) };
        died.chain([runs]).collect::<Vec<_>>()
    };
    (0..appliances).flat_map(boots).collect()
}

fn said(parts: &[Vec<Interval>]) -> Diagnosis {
    diagnose(&parts.concat(), &Settings::default())
}

fn suspects(diagnosis: &Diagnosis) -> &[Suspect] {
    match &diagnosis.verdict {
        Verdict::Suspects { suspects } | Verdict::Inseparable { suspects } => suspects,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_a_fleet_without_deaths_nothing_is_said() {
    let diagnosis =
        said(&[fleet("a", 9, 0, 99.0, &[(XEN, "4.4")]), fleet("b", 9, 0, 99.0, &[(XEN, "4.6")])]);

    assert!(matches!(diagnosis.verdict, Verdict::NotEnough { .. }), "{:?}", diagnosis.verdict);
    assert!(diagnosis.why_no_model.is_some());
    let empty = said(&[]);
    assert!(matches!(empty.verdict, Verdict::NotEnough { .. }), "{:?}", empty.verdict);
}

#[test]
fn of_too_few_deaths_it_is_said_how_many_are_needed() {
    let diagnosis =
        said(&[fleet("a", 4, 1, 100.0, &[(XEN, "4.4")]), fleet("b", 4, 2, 100.0, &[(XEN, "4.6")])]);

    let Verdict::NotEnough { have, need } = diagnosis.verdict else {
        panic!("{:?}", diagnosis.verdict)
    };
    assert!((have.deaths - 12.0).abs() < 1e-9);
    // Schoenfeld: 27 deaths for a ratio of 3 where both are watched for the same time.
    assert!((26.0..32.0).contains(&need.deaths), "{need:?}");
    assert!(need.appliance_days > have.appliance_days);
}

/// As in 2017: boxes with 0.9.7 did not freeze at all.
#[test]
fn a_value_with_which_nobody_died_stands_out_though_no_ratio_can_be_given() {
    let diagnosis = said(&[
        fleet("old", 30, 0, 150.0, &[(XEN, "4.4")]),
        fleet("new", 30, 2, 30.0, &[(XEN, "4.6")]),
    ]);

    let [first] = suspects(&diagnosis) else { panic!("{:?}", diagnosis.verdict) };
    assert_eq!(first.components, [XEN]);
    let hazard = &diagnosis.model.as_ref().unwrap().tests[0].values[0];
    assert!(hazard.is_one_sided && hazard.hazard_ratio.is_none());
}

#[test]
fn what_always_changed_together_is_said_before_and_named_together() {
    let (old, new) = ([(XEN, "4.4"), (KERNEL, "3.10")], [(XEN, "4.6"), (KERNEL, "3.18")]);
    let diagnosis = said(&[fleet("a", 20, 1, 200.0, &old), fleet("b", 20, 5, 100.0, &new)]);

    assert_eq!(diagnosis.inseparable[0].components, [KERNEL, XEN]);
    assert!(matches!(diagnosis.verdict, Verdict::Inseparable { .. }));
    assert_eq!(suspects(&diagnosis)[0].components, [KERNEL, XEN]);
    let first = &suspects(&diagnosis)[0].evidence[0];
    assert!(first.contains("cannot be told apart"), "{first}");
}

/// Xen is what Alpine and the kernel say together, without being like either.
#[test]
fn what_is_explained_by_several_others_together_is_named_with_them() {
    let made = |xen, kernel, alpine| [(XEN, xen), (KERNEL, kernel), (ALPINE, alpine)];
    let diagnosis = said(&[
        fleet("a", 20, 1, 200.0, &made("4.4", "3.10", "3.0")),
        fleet("b", 20, 6, 100.0, &made("4.6", "3.18", "3.0")),
        fleet("c", 20, 6, 100.0, &made("4.7", "3.10", "3.3")),
    ]);

    let [one] = diagnosis.inseparable.as_slice() else { panic!("{:?}", diagnosis.inseparable) };
    let mut components = one.components.clone();
    components.sort();
    assert_eq!(components, [KERNEL, XEN, ALPINE]);
    assert!(matches!(diagnosis.verdict, Verdict::Inseparable { .. }), "{:?}", diagnosis.verdict);
}

#[test]
fn one_bad_appliance_does_not_condemn_a_version() {
    let diagnosis = said(&[
        fleet("a", 20, 1, 100.0, &[(XEN, "4.4")]),
        fleet("b", 19, 1, 100.0, &[(XEN, "4.6")]),
        fleet("bad ssd", 1, 200, 1.0, &[(XEN, "4.6")]),
    ]);

    let named = match &diagnosis.verdict {
        Verdict::Suspects { suspects } | Verdict::Inseparable { suspects } => suspects.len(),
        _ => 0,
    };
    assert_eq!(named, 0, "{:?}", diagnosis.verdict);
}

#[test]
fn ends_that_nobody_knows_of_count_both_ways() {
    let mut ends = fleet("a", 10, 1, 100.0, &[(XEN, "4.4")]);
    for interval in ends.iter_mut().filter(|one| one.end.is_death()).take(4) {
        interval.end = End::Ended(BootEnd::Unknown);
    }
    let diagnosis = said(&[ends]);

    let value = &diagnosis.components[0].values[0];
    assert_eq!((value.deaths, value.unknown, diagnosis.unknown), (6, 4, 4));
    let rate = |range: Option<crate::diagnosis::Range>| range.unwrap().value.unwrap();
    let band = rate(value.rate_per_1000_with_unknown) / rate(value.rate_per_1000);
    assert!((band - 10.0 / 6.0).abs() < 1e-9);
}

#[test]
fn what_a_stress_run_ended_is_no_death() {
    let mut ends = fleet("a", 10, 1, 100.0, &[(XEN, "4.4")]);
    for interval in ends.iter_mut().filter(|one| one.end.is_death()) {
        interval.end = End::Ended(BootEnd::Provoked);
    }
    let diagnosis = said(&[ends]);

    let value = &diagnosis.components[0].values[0];
    assert_eq!((value.deaths, value.provoked), (0, 10));
}

#[test]
fn intervals_that_are_none_are_counted_and_left_out() {
    let mut all = fleet("a", 10, 1, 100.0, &[(XEN, "4.4")]);
    all[0].exit_days = f64::NAN;
    all[1].entry_days = f64::INFINITY;
    all[2].entry_days = all[2].exit_days;

    let diagnosis = said(&[all]);

    assert_eq!((diagnosis.left_out, diagnosis.intervals), (3, 17));
}
