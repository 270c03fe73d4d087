use crate::boot::BootEnd;
use crate::component::Component;
use crate::diagnosis::{Columns, End, ImportError};

const HEADER: [&str; 6] = ["appliance", "exit_days", "end", "entry_days", "xen", "# seen by"];

fn row(fields: [&str; 6]) -> Result<crate::diagnosis::Interval, ImportError> {
    Columns::of(HEADER).unwrap().interval(7, fields)
}

#[test]
fn a_row_is_an_interval() {
    let told = row(["pbx-12", "31.5", "hang", "", "4.6.0", "Anna"]).unwrap();

    assert_eq!((&*told.appliance, &*told.boot), ("pbx-12", "line 7"));
    assert_eq!((told.entry_days, told.exit_days), (0.0, 31.5));
    assert_eq!(told.end, End::Ended(BootEnd::Hang));
    assert_eq!(told.values[&Component::Xen], "4.6.0");
    assert_eq!(told.values.len(), 1);
}

#[test]
fn a_list_of_what_runs_says_nothing_of_the_time_before_it_was_made() {
    let error = row(["pbx-12", "214", "running", "", "4.4.1", ""]).unwrap_err().to_string();
    assert!(error.starts_with("line 7, column `entry_days`: say since which uptime"), "{error}");

    let told = row(["pbx-12", "214", "running", "200", "4.4.1", ""]).unwrap();
    assert_eq!((told.entry_days, told.end), (200.0, End::Alive));
}

#[test]
fn what_makes_no_sense_is_refused_with_line_and_column() {
    for (fields, column) in [
        (["", "1", "hang", "", "", ""], "appliance"),
        (["a", "", "hang", "", "", ""], "exit_days"),
        (["a", "-1", "hang", "", "", ""], "exit_days"),
        (["a", "NaN", "hang", "", "", ""], "exit_days"),
        (["a", "inf", "hang", "", "", ""], "exit_days"),
        (["a", "1e9", "hang", "", "", ""], "exit_days"),
        (["a", "1", "hang", "1", "", ""], "exit_days"),
        (["a", "1", "frozen", "", "", ""], "end"),
        (["a", "1", "", "", "", ""], "end"),
        (["a", "1", "hang", "soon", "", ""], "entry_days"),
    ] {
        let error = row(fields).unwrap_err();
        let ImportError::Field { line: 7, column: of, .. } = &error else { panic!("{error}") };
        assert_eq!(*of, column, "{fields:?}");
    }
    let short = Columns::of(HEADER).unwrap().interval(9, ["a", "1"]);
    assert_eq!(short, Err(ImportError::Uneven { line: 9, fields: 2, columns: 6 }));
}

#[test]
fn a_column_that_nobody_knows_or_that_is_missing_is_named() {
    let misspelt = Columns::of(["appliance", "exit_days", "end", "kernal"]).unwrap_err();
    let error = misspelt.to_string();
    assert!(error.contains("`kernal`") && error.contains("dom0_kernel"), "{error}");

    let missing = Columns::of(["appliance", "exit_days"]).unwrap_err();
    assert_eq!(missing, ImportError::Column { name: "end", count: 0 });
    let twice = Columns::of(["appliance", "exit_days", "end", "xen", "xen"]).unwrap_err();
    assert_eq!(twice, ImportError::Column { name: "xen", count: 2 });
}
