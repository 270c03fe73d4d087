use super::{assert_close, data};
use crate::survival::log_rank;

#[test]
fn log_rank_of_freireich_is_as_in_r() {
    let found = log_rank(&data::freireich());
    assert_eq!(found.observed, [9, 21]);
    assert_close(found.expected[0], 19.250_500_95, 1e-9);
    assert_close(found.expected[1], 10.749_499_05, 1e-9);
    assert_close(found.chi2, 16.792_940_99, 1e-9);
    assert_eq!(found.freedom, 1);
    assert_close(found.p.unwrap() * 1e5, 4.168_809_109, 1e-8);
}

#[test]
fn log_rank_of_aml_is_as_in_r() {
    let found = log_rank(&data::aml());
    assert_close(found.chi2, 3.396_388_699, 1e-9);
    assert_close(found.p.unwrap(), 0.065_339_322_04, 1e-9);
}

#[test]
fn log_rank_of_several_groups_is_as_in_r() {
    let (spells, table) = data::veteran();
    let groups = ["squamous", "smallcell", "adeno", "large"].map(|group| {
        let of = spells.iter().zip(table.texts("celltype"));
        of.filter(|(_, of)| *of == group).map(|(spell, _)| *spell).collect()
    });
    let found = log_rank(&groups);
    assert_eq!(found.observed, [31, 45, 26, 26]);
    for (found, expected) in found.expected.iter().zip([47.6547, 30.1021, 15.6938, 34.5495]) {
        assert!((found - expected).abs() < 5e-5, "{found} is not {expected}");
    }
    assert_close(found.chi2, 25.403_700_35, 1e-9);
    assert_eq!(found.freedom, 3);
    assert!((found.p.unwrap() - 1.271e-5).abs() < 5e-9);
}

#[test]
fn log_rank_of_truncated_groups_is_the_score_test_of_r() {
    let found = log_rank(&data::truncated());
    assert_close(found.chi2, 4.457_667_214, 1e-9);
    assert_close(found.p.unwrap(), 0.034_744_916_37, 1e-9);
}

#[test]
fn groups_that_were_never_watched_beside_another_say_nothing() {
    let found =
        log_rank(&[data::late(&[(0, 5, 1), (0, 6, 0)]), data::late(&[(10, 20, 1), (9, 30, 1)])]);
    assert_eq!((found.chi2, found.freedom, found.p), (0.0, 0, None));
    let [alone, _] = data::freireich();
    let found = log_rank(&[alone.clone(), Vec::new()]);
    assert_eq!((found.freedom, found.p), (0, None));
    let found = log_rank(&[alone]);
    assert_eq!((found.freedom, found.p), (0, None));
    assert_eq!(log_rank(&[]).p, None);
}
