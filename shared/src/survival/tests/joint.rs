use super::{assert_close, data};
use crate::survival::{Column, CoxModel, cox, indicators};

/// Survival with cancer of the lung by treatment, two numbers, and the kind of cell.
fn veteran() -> CoxModel {
    let (spells, table) = data::veteran();
    let mut columns = ["trt", "karno", "age"].map(|name| table.column(name)).to_vec();
    columns.extend(indicators("celltype", &table.texts("celltype").collect::<Vec<_>>()));
    cox(&spells, &columns, None).unwrap()
}

const CELLTYPES: [&str; 3] = ["celltype=large", "celltype=smallcell", "celltype=squamous"];

#[test]
fn the_texts_of_a_column_are_tested_together_as_in_r() {
    let found = veteran().joint(&CELLTYPES).unwrap();
    assert_close(found.chi2, 18.215_200_221_288, 1e-8);
    assert_eq!(found.freedom, 3);
    assert_close(found.p * 1e4, 3.971_077_814_015, 1e-7);
}

#[test]
fn rows_of_one_patient_go_together_in_a_joint_test_too() {
    let (spells, table) = data::heart();
    let ids: Vec<usize> = table.texts("id").map(|id| id.parse().unwrap()).collect();
    let columns = ["age", "year", "surgery", "transplant"].map(|name| table.column(name));
    let names = ["surgery", "transplant"];
    let together = cox(&spells, &columns, Some(&ids)).unwrap().joint(&names).unwrap();
    assert_close(together.chi2, 3.218_113_440_845, 1e-8);
    assert_close(together.p, 0.200_076_252_935, 1e-8);
    let apart = cox(&spells, &columns, None).unwrap().joint(&names).unwrap();
    assert_close(apart.chi2, 3.018_785_362_268, 1e-8);
}

#[test]
fn one_coefficient_is_tested_as_it_is_alone() {
    let (spells, table) = data::heart();
    let ids: Vec<usize> = table.texts("id").map(|id| id.parse().unwrap()).collect();
    let columns = ["age", "year", "surgery", "transplant"].map(|name| table.column(name));
    let model = cox(&spells, &columns, Some(&ids)).unwrap();
    assert_close(model.joint(&["age"]).unwrap().p, 0.050_515_219_5, 1e-7);
    let (low, high) = model.coefficients[1].estimate.interval().unwrap();
    assert_close(low, 0.748_577_726_287, 1e-8);
    assert_close(high, 0.996_892_385_092, 1e-8);
}

#[test]
fn what_says_the_same_twice_counts_once() {
    let (spells, table) = data::veteran();
    let months = table.numbers("age").iter().map(|age| age * 12.0).collect();
    let months = Column { name: "months".to_owned(), values: months };
    let columns = [table.column("age"), months, table.column("karno")];
    let model = cox(&spells, &columns, None).unwrap();
    let both = model.joint(&["age", "months", "karno"]).unwrap();
    assert_eq!(both.freedom, 2);
    assert_close(both.chi2, model.joint(&["karno", "age"]).unwrap().chi2, 1e-12);
    assert_eq!(model.joint(&["months"]), None);
    assert_eq!(model.coefficients[1].estimate.interval(), None);
}

#[test]
fn fewer_ids_than_coefficients_have_fewer_degrees_of_freedom() {
    let (spells, table) = data::veteran();
    let columns = ["trt", "karno", "age"].map(|name| table.column(name));
    let halves: Vec<usize> = (0..spells.len()).map(|row| row % 2).collect();
    let model = cox(&spells, &columns, Some(&halves)).unwrap();
    // The pulls of all add up to nothing: those of two are each other's opposite.
    assert_eq!(model.joint(&["trt", "karno", "age"]).unwrap().freedom, 1);
}

#[test]
fn one_that_runs_away_is_tested_by_the_likelihood_instead() {
    let spells = data::whole(&[3, 4, 5, 9, -9, -9, -8, -7]);
    let dies = Column { name: "dies".to_owned(), values: vec![1., 1., 1., 1., 1., 0., 0., 0.] };
    let other = Column { name: "other".to_owned(), values: vec![1., 0., 1., 0., 1., 1., 0., 0.] };
    let both = cox(&spells, &[dies, other.clone()], None).unwrap();
    assert_eq!(both.joint(&["dies"]), None);
    assert_eq!(both.coefficients[0].estimate.interval(), None);
    let simpler = cox(&spells, &[other], None).unwrap();
    let found = both.beyond(&simpler).unwrap();
    assert_eq!(found.freedom, 1);
    assert_close(found.chi2, 2.0 * (both.log_likelihood.1 - simpler.log_likelihood.1), 1e-12);
    assert!(found.p < 0.05, "{found:?}");
}

#[test]
fn a_model_is_compared_with_a_simpler_one_as_in_r() {
    let (spells, table) = data::veteran();
    let columns = ["trt", "karno", "age"].map(|name| table.column(name));
    let simpler = cox(&spells, &columns, None).unwrap();
    let found = veteran().beyond(&simpler).unwrap();
    assert_close(found.chi2, 18.840_379_705_981, 1e-8);
    assert_eq!(found.freedom, 3);
    assert_close(found.p * 1e4, 2.949_811_337_694, 1e-7);
    assert_eq!(simpler.beyond(&veteran()), None, "it is the simpler one");
    assert_eq!(simpler.beyond(&simpler), None, "it says nothing more");
}

#[test]
fn nothing_is_tested_of_columns_that_are_not_there_or_of_other_spells() {
    assert_eq!(veteran().joint(&["trt", "colour"]), None);
    assert_eq!(veteran().joint(&[]), None);
    let (spells, table) = data::veteran();
    let fewer = Column { name: "age".to_owned(), values: table.numbers("age")[1..].to_vec() };
    let other = cox(&spells[1..], &[fewer], None).unwrap();
    assert_eq!(veteran().beyond(&other), None);
}
