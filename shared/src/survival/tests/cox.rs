use super::{assert_close, data};
use crate::survival::{Column, CoxError, CoxModel, Effect, Spell, cox, indicators, log_rank};

/// A column that is 1 for the second of two groups.
fn second<const N: usize>(groups: &[Vec<Spell>; N]) -> (Vec<Spell>, Vec<Column>) {
    let values = groups.iter().zip(0_u8..).flat_map(|(group, at)| vec![f64::from(at); group.len()]);
    let column = Column { name: "second".to_owned(), values: values.collect() };
    (groups.concat(), vec![column])
}

struct Numbers {
    coef: f64,
    se: f64,
    robust_se: f64,
    p: f64,
}

fn numbers(model: &CoxModel, name: &str) -> Numbers {
    let found = model.coefficients.iter().find(|one| one.name == name).unwrap();
    match found.estimate {
        Effect::Estimated { coef, se, robust_se, p, .. } => Numbers { coef, se, robust_se, p },
        ref other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn cox_of_freireich_is_as_in_r() {
    let (spells, columns) = second(&data::freireich());
    let model = cox(&spells, &columns, None).unwrap();
    let found = numbers(&model, "second");
    assert_close(found.coef, 1.572_125_149, 1e-9);
    assert_close(found.se, 0.412_396_717_7, 1e-9);
    assert_close(found.p, 0.000_137_753_761_7, 1e-12);
    assert_close(model.log_likelihood.0, -93.184_27, 5e-8);
    assert_close(model.log_likelihood.1, -85.008_424_58, 1e-10);
}

#[test]
fn cox_of_aml_is_as_in_r() {
    let (spells, columns) = second(&data::aml());
    let found = cox(&spells, &columns, None).unwrap();
    let found = numbers(&found, "second");
    assert_close(found.coef, 0.915_532_575, 1e-9);
    assert_close(found.se, 0.511_934_275_2, 1e-9);
}

#[test]
fn cox_of_truncated_groups_is_as_in_r_and_its_score_is_the_log_rank() {
    let groups = data::truncated();
    let (spells, columns) = second(&groups);
    let model = cox(&spells, &columns, None).unwrap();
    let found = numbers(&model, "second");
    assert_close(found.coef, 1.487_117_724, 1e-9);
    assert_close(found.se, 0.751_120_483_4, 1e-9);
    assert_close(model.score, 4.457_667_214, 1e-9);
    assert_close(model.score, log_rank(&groups).chi2, 1e-10);
}

#[test]
fn cox_of_hearts_with_a_column_that_changes_with_time_is_as_in_r() {
    let (spells, table) = data::heart();
    let names = ["age", "year", "surgery", "transplant"];
    let columns = names.map(|name| table.column(name));
    let model = cox(&spells, &columns, None).unwrap();
    let expected = [
        (0.027_166_640_957_7, 0.013_714_115_210_3, 0.014_251_523_236_3),
        (-0.146_346_345_674_2, 0.070_467_979_518_9, 0.073_683_526_387_1),
        (-0.637_209_889_967_0, 0.367_225_996_180_3, 0.352_496_745_601_4),
        (-0.010_250_772_409_1, 0.313_754_798_337_5, 0.317_518_988_158_8),
    ];
    for (name, (coef, se, robust_se)) in names.iter().zip(expected) {
        let found = numbers(&model, name);
        assert_close(found.coef, coef, 1e-8);
        assert_close(found.se, se, 1e-9);
        assert_close(found.robust_se, robust_se, 1e-8);
    }
    assert_close(model.log_likelihood.0, -298.121_355_7, 1e-9);
    assert_close(model.log_likelihood.1, -290.565_616_2, 1e-9);
}

#[test]
fn rows_of_one_patient_go_together() {
    let (spells, table) = data::heart();
    let ids: Vec<usize> = table.texts("id").map(|id| id.parse().unwrap()).collect();
    let found = cox(&spells, &[table.column("transplant")], Some(&ids)).unwrap();
    let found = numbers(&found, "transplant");
    assert_close(found.coef, 0.127_141_126_6, 1e-9);
    assert_close(found.se, 0.301_141_104_3, 1e-9);
    assert_close(found.robust_se, 0.300_490_288_1, 1e-9);

    let columns = ["age", "year", "surgery", "transplant"].map(|name| table.column(name));
    let model = cox(&spells, &columns, Some(&ids)).unwrap();
    let found = numbers(&model, "age");
    assert_close(found.robust_se, 0.013_891_892_924_1, 1e-8);
    assert_close(found.p, 0.050_515_219_5, 1e-7);
}

#[test]
fn texts_are_compared_with_the_first_of_them() {
    let (spells, table) = data::veteran();
    let mut columns = vec![table.column("trt"), table.column("karno"), table.column("age")];
    let celltypes: Vec<&str> = table.texts("celltype").collect();
    columns.extend(indicators("celltype", &celltypes));
    let names: Vec<&str> = columns[3..].iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["celltype=large", "celltype=smallcell", "celltype=squamous"]);
    let model = cox(&spells, &columns, None).unwrap();
    // Against the first of R's order there, squamous: the others are differences from it.
    let squamous = numbers(&model, "celltype=squamous").coef;
    assert_close(squamous, -1.178_807_029_394_24, 1e-8);
    let small = numbers(&model, "celltype=smallcell").coef;
    assert_close(small - squamous, 0.856_340_375_872_66, 1e-8);
    let trt = numbers(&model, "trt");
    assert_close(trt.coef, 0.303_048_095_126_97, 1e-8);
    assert_close(trt.se, 0.205_655_900_787, 1e-8);
    assert_close(trt.robust_se, 0.187_649_570_769_4, 1e-8);
    assert_close(numbers(&model, "karno").p * 1e9, 1.513_085_77, 1e-7);
    assert_close(model.log_likelihood.1, -474.457_790_185, 1e-10);
}

#[test]
fn columns_that_always_change_together_are_named() {
    let (spells, table) = data::veteran();
    let (age, trt) = (table.column("age"), table.column("trt"));
    let double = |name: &str, by: f64, plus: f64| Column {
        name: name.to_owned(),
        values: age.values.iter().map(|age| age * by + plus).collect(),
    };
    let columns = [
        age.clone(),
        trt.clone(),
        double("months", 12.0, 3.0),
        Column { name: "same".to_owned(), values: vec![0.1; spells.len()] },
        Column {
            name: "both".to_owned(),
            values: age.values.iter().zip(&trt.values).map(|(a, t)| a - 3.0 * t).collect(),
        },
    ];
    let model = cox(&spells, &columns, None).unwrap();
    let alone = cox(&spells, &[age, trt], None).unwrap();
    assert_eq!(model.coefficients[..2], alone.coefficients[..]);
    let with: Vec<&Effect> = model.coefficients[2..].iter().map(|one| &one.estimate).collect();
    let aliased = |with: &[&str]| Effect::Aliased {
        with: with.iter().map(|one| (*one).to_owned()).collect(),
    };
    assert_eq!(with, [&aliased(&["age"]), &aliased(&[]), &aliased(&["age", "trt"])]);
}

#[test]
fn a_column_that_has_all_events_has_no_finite_effect() {
    let spells = data::whole(&[3, 4, 5, 9, -9, -9, -8, -7]);
    let dies = Column { name: "dies".to_owned(), values: vec![1., 1., 1., 1., 1., 0., 0., 0.] };
    let other = Column { name: "other".to_owned(), values: vec![1., 0., 1., 0., 1., 1., 0., 0.] };
    let model = cox(&spells, &[dies, other], None).unwrap();
    assert_eq!(model.coefficients[0].estimate, Effect::Infinite { is_harmful: true });
    assert!(matches!(model.coefficients[1].estimate, Effect::Estimated { .. }), "{model:?}");
}

#[test]
fn values_that_are_far_from_0_or_large_change_nothing() {
    let (spells, columns) = second(&data::freireich());
    let far = |column: &Column| Column {
        name: column.name.clone(),
        values: column.values.iter().map(|x| x * 1e6 + 1e9).collect(),
    };
    let far: Vec<Column> = columns.iter().map(far).collect();
    let model = cox(&spells, &far, None).unwrap();
    assert_close(numbers(&model, "second").coef * 1e6, 1.572_125_149, 1e-7);
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let (spells, columns) = second(&data::freireich());
    let (name, rows) = ("second".to_owned(), 42);
    let mut short = columns.clone();
    short[0].values.pop();
    let error = CoxError::Uneven { name: name.clone(), values: 41, rows };
    assert_eq!(cox(&spells, &short, None), Err(error));
    let mut odd = columns.clone();
    odd[0].values[3] = f64::NAN;
    assert_eq!(cox(&spells, &odd, None), Err(CoxError::NotFinite { name, row: 4 }));
    let alive = data::whole(&[-1, -2]);
    assert_eq!(cox(&alive, &[], None), Err(CoxError::NoEvent));
    assert_eq!(cox(&spells, &columns, Some(&[7; 42])), Err(CoxError::OneId));
    assert!(cox(&spells, &[], None).unwrap().coefficients.is_empty());
}

#[test]
fn errors_by_id_are_the_same_to_the_last_digit_whatever_the_ids_are_called() {
    let (spells, table) = data::heart();
    let columns = [table.column("age"), table.column("transplant")];
    let ids: Vec<usize> = table.texts("id").map(|id| id.parse().unwrap()).collect();
    let model = cox(&spells, &columns, Some(&ids));
    let others: Vec<usize> = ids.iter().map(|id| id * 1_000_003 + 17).collect();
    for ids in [&ids, &others, &ids] {
        assert_eq!(cox(&spells, &columns, Some(ids)), model);
    }
}

#[test]
fn those_that_were_never_at_risk_together_do_not_blur_each_other() {
    let (early, columns) = second(&data::truncated());
    let later = |spell: &Spell| {
        let (entry, exit) = (spell.entry().max(0.0) + 1000.0, spell.exit() + 1000.0);
        Spell::late(entry, exit, spell.is_event()).unwrap()
    };
    let spells: Vec<Spell> = early.iter().copied().chain(early.iter().map(later)).collect();
    // What all have that were at risk at a time is the same as what none has, however much it weighs.
    let fitted = |more: f64| {
        let early = columns[0].values.iter().copied();
        let values = early.clone().chain(early.map(|x| x + more)).collect();
        let column = Column { name: "second".to_owned(), values };
        numbers(&cox(&spells, &[column], None).unwrap(), "second")
    };
    let (alike, apart) = (fitted(0.0), fitted(40.0));
    assert_close(apart.coef, alike.coef, 1e-9);
    assert_close(apart.se, alike.se, 1e-9);
    assert_close(apart.robust_se, alike.robust_se, 1e-9);
}
