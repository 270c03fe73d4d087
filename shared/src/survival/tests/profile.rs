use super::{assert_close, data};
use crate::survival::{Column, Ends, Spell, cox, likelihood_intervals};

#[test]
fn intervals_by_the_likelihood_are_as_in_r() {
    let groups = data::freireich();
    let values = groups.iter().zip(0_u8..).flat_map(|(group, at)| vec![f64::from(at); group.len()]);
    let second = Column { name: "second".to_owned(), values: values.collect() };
    let found = ends(&groups.concat(), &[second], "second");
    assert_close(found.low.unwrap(), 2.214_572_472_74, 1e-7);
    assert_close(found.high.unwrap(), 11.368_349_198_3, 1e-7);

    let (spells, table) = data::heart();
    let columns = ["age", "year", "surgery", "transplant"].map(|name| table.column(name));
    for (name, low, high) in [
        ("surgery", 0.240_968_865_696, 1.034_055_093_72),
        ("transplant", 0.539_475_453_922, 1.850_492_377_37),
        ("age", 1.001_446_905_23, 1.056_820_181_83),
    ] {
        let found = ends(&spells, &columns, name);
        assert_close(found.low.unwrap(), low, 1e-7);
        assert_close(found.high.unwrap(), high, 1e-7);
    }
}

#[test]
fn one_that_runs_away_is_at_least_so_large_and_has_no_upper_end() {
    let spells = data::whole(&[3, 4, 5, 9, -9, -9, -8, -7]);
    let values = vec![1., 1., 1., 1., 1., 0., 0., 0.];
    let spared =
        Column { name: "spared".to_owned(), values: values.iter().map(|one| 1.0 - one).collect() };
    let dies = Column { name: "dies".to_owned(), values };
    let other = Column { name: "other".to_owned(), values: vec![1., 0., 1., 0., 1., 1., 0., 0.] };
    let least = 1.164_429_064_02;
    let found = ends(&spells, &[dies, other.clone()], "dies");
    assert_close(found.low.unwrap(), least, 1e-7);
    assert_eq!(found.high, None);
    let found = ends(&spells, &[spared, other], "spared");
    assert_eq!(found.low, None);
    assert_close(found.high.unwrap(), 1.0 / least, 1e-7);
}

#[test]
fn nothing_is_said_of_a_column_that_says_the_same_as_another() {
    let (spells, table) = data::veteran();
    let months = table.numbers("age").iter().map(|age| age * 12.0).collect();
    let columns = [table.column("age"), Column { name: "months".to_owned(), values: months }];
    let found = likelihood_intervals(&spells, &columns, &["months", "age", "colour"]).unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["age"]);
}

fn ends(spells: &[Spell], columns: &[Column], name: &str) -> Ends {
    likelihood_intervals(spells, columns, &[name]).unwrap()[name]
}

#[test]
fn where_events_are_few_or_a_coefficient_runs_away_more_can_be_said() {
    let (spells, table) = data::heart();
    let columns = ["age", "year"].map(|name| table.column(name));
    assert!(cox(&spells, &columns, None).unwrap().thin().is_empty(), "75 events are many");
    let short = columns.map(|one| Column { values: one.values[..20].to_vec(), ..one });
    assert_eq!(cox(&spells[..20], &short, None).unwrap().thin(), ["age", "year"]);
    let parted: Vec<f64> = spells.iter().map(|one| f64::from(u8::from(one.is_event()))).collect();
    let columns = [Column { name: "dead".to_owned(), values: parted }, table.column("age")];
    assert_eq!(cox(&spells, &columns, None).unwrap().thin(), ["dead"]);
}
