//! `domfleet reliability` on tables in files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write as _;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::NamedTempFile;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[expect(clippy::disallowed_methods, reason = "the tests' own machine, not an appliance")]
fn run(file: &NamedTempFile, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_domfleet"))
        .arg("reliability")
        .arg(file.path())
        .args(args)
        .output()
        .unwrap()
}

fn json(file: &NamedTempFile, args: &[&str]) -> Value {
    let output = run(file, &[args, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn complaint(file: &NamedTempFile, args: &[&str]) -> String {
    let output = run(file, args);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

#[track_caller]
fn assert_close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
}

/// Freireich's leukaemia (1963), with a row for each patient.
fn freireich() -> NamedTempFile {
    let treated =
        [6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35];
    let placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
    let rows = [("6-MP", treated), ("placebo", placebo)].into_iter().flat_map(|(group, times)| {
        times.map(|time: i32| format!("{group},{},{}\n", time.abs(), i32::from(time > 0)))
    });
    file(&("drug,weeks,relapse\n".to_owned() + &rows.collect::<String>()))
}

const OF_FREIREICH: [&str; 6] = ["--exit", "weeks", "--event", "relapse", "--group", "drug"];

#[test]
fn a_table_gives_rates_curves_a_test_and_a_model() {
    let found = json(&freireich(), &[&OF_FREIREICH[..], &["--cox", "drug"]].concat());

    let group = &found["groups"][0];
    assert_eq!(
        (&group["name"], &group["n"], &group["events"]),
        (&"6-MP".into(), &21.into(), &9.into())
    );
    assert_close(&group["exposure"], 359.0);
    assert_close(&group["rate_per_1000"]["low"], 11.463_434_81);
    assert_close(&group["rate_per_1000"]["high"], 47.589_981_76);
    assert_close(&group["median"], 23.0);
    let step = &group["curve"][0];
    assert_eq!((&step["at_risk"], &step["events"]), (&21.into(), &3.into()));
    assert_close(&step["time"], 6.0);
    assert_close(&step["survival"], 6.0 / 7.0);
    assert_close(&step["std_error"], 0.076_360_354_8);
    assert_close(&step["low"], 0.619_717_955_3);
    assert_close(&step["high"], 0.951_551_747_6);
    assert_eq!(found["groups"][1]["curve"][11]["low"], Value::Null, "nobody is left");
    assert_close(&found["log_rank"]["chi2"], 16.792_940_99);
    assert_eq!(found["log_rank"]["df"], 1);
    let cox = &found["cox"];
    assert_eq!(
        (&cox["ties"], &cox["coefficients"][0]["name"]),
        (&"efron".into(), &"drug=placebo".into())
    );
    assert_close(&cox["coefficients"][0]["coef"], 1.572_125_149);
    assert_close(&cox["coefficients"][0]["se"], 0.412_396_717_7);
    assert_close(&cox["log_likelihood"][1], -85.008_424_58);
}

#[test]
fn a_person_gets_a_table_and_no_model_that_was_not_asked_for() {
    let output = run(&freireich(), &OF_FREIREICH);

    let text = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = ["6-MP", "21", "9", "359.0", "25.07", "11.46", "–", "47.59", "23.00", "0.448"];
    assert!(rows.contains(&row.to_vec()), "{text}");
    assert!(text.contains("log-rank: chi2 16.7929, df 1, p 4.17e-5"), "{text}");
    assert!(!text.contains("Cox"), "{text}");
    assert_eq!(json(&freireich(), &OF_FREIREICH)["cox"], Value::Null);
}

#[test]
fn rows_that_are_first_seen_late_and_rows_of_one_thing_count_as_such() {
    let table = file(
        "box,from,to,froze,qemu\n1,0,8,1,a\n2,0,20,0,b\n1,5,15,1,a\n3,10,30,1,b\n4,12,14,1,b\n3,3,9,1,a\n",
    );
    let columns = ["--entry", "from", "--exit", "to", "--event", "froze", "--group", "qemu"];
    let found = json(&table, &[&columns[..], &["--cox", "qemu", "--id", "box"]].concat());

    assert_close(&found["groups"][0]["exposure"], 8.0 + 10.0 + 6.0);
    assert_eq!(found["groups"][0]["curve"][0]["at_risk"], 3);
    let one = &found["cox"]["coefficients"][0];
    assert_ne!(one["robust_se"], one["se"]);
}

#[test]
fn what_cannot_be_told_apart_is_said_and_named() {
    let table = file(
        "to,froze,qemu,kernel\n1,1,a,x\n2,1,b,y\n3,0,a,x\n4,1,a,x\n5,0,b,y\n6,1,b,y\n7,1,a,x\n",
    );
    let columns = ["--exit", "to", "--event", "froze", "--group", "qemu", "--cox", "qemu,kernel"];
    let found = json(&table, &columns);

    let one = &found["cox"]["coefficients"][1];
    assert_eq!((&one["name"], &one["coef"]), (&"kernel=y".into(), &Value::Null));
    assert_eq!(one["aliased_with"], serde_json::json!(["qemu=b"]));
    let text = String::from_utf8(run(&table, &columns).stdout).unwrap();
    assert!(text.contains("kernel=y: it always changes together with qemu=b"), "{text}");
}

#[test]
fn a_table_without_events_has_no_model_and_says_so() {
    let table = file("to,froze,qemu\n1,0,a\n2,0,b\n");
    let columns = ["--exit", "to", "--event", "froze", "--group", "qemu", "--cox", "qemu"];

    let output = run(&table, &columns);

    assert!(output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no event"));
    assert_eq!(json(&table, &columns)["log_rank"]["p"], Value::Null);
}

#[test]
fn a_bad_table_is_complained_of_with_its_line() {
    let columns = ["--entry", "from", "--exit", "to", "--event", "froze", "--group", "qemu"];
    let of =
        |row: &str| complaint(&file(&format!("from,to,froze,qemu\n0,1,1,a\n{row}\n")), &columns);

    for (row, said) in [
        ("0,x,1,a", "line 3: to is \"x\", which is no number"),
        ("0,inf,1,a", "line 3: to is \"inf\", which is no number"),
        ("0,1,2,a", "line 3: froze is \"2\": it must be 1 or 0, true or false"),
        ("5,5,1,a", "line 3: it must end after it begins: it begins at 5 and ends at 5"),
        ("-5,5,1,a", "line 3: a time must be a finite number that is not negative"),
        ("0,1,1,", "line 3: qemu is empty: leave the row out, or fill it"),
        ("from,to,froze,qemu", "line 3: to is \"to\", which is no number"),
        ("0,1,1", "found record with 3 fields, but the previous record has 4 fields"),
    ] {
        assert!(of(row).contains(said), "{row}: {}", of(row));
    }
    let table = file("from,to,froze,qemu\n0,1,1,a\n");
    let said = complaint(&table, &["--exit", "to", "--event", "died", "--group", "qemu"]);
    assert!(
        said.contains("there is no column \"died\": there are from, to, froze, qemu"),
        "{said}"
    );
    let empty = file("from,to,froze,qemu\n");
    assert!(complaint(&empty, &columns).contains("it has no rows below its header"));
    assert!(complaint(&file(""), &columns).contains("it has no rows below its header"));
}

#[test]
fn a_model_of_more_columns_than_anybody_can_judge_is_refused() {
    let rows: Vec<String> = (0..300).map(|row| format!("{},1,a,box{row}\n", row + 1)).collect();
    let table = file(&("to,froze,qemu,box\n".to_owned() + &rows.concat()));

    let said =
        complaint(&table, &["--exit", "to", "--event", "froze", "--group", "qemu", "--cox", "box"]);

    assert!(said.contains("--cox would have 299 coefficients, and 200 are the most"), "{said}");
}

#[test]
fn a_table_from_another_system_is_read_as_it_is() {
    let rows = ["drug,weeks,relapse", "a, 6 ,1", "\"a\",7,0", "b,5,TRUE", "b,9,false"];
    let plain = json(&file(&rows.join("\n")), &OF_FREIREICH);
    let windows = json(&file(&format!("\u{feff}{}\r\n", rows.join("\r\n"))), &OF_FREIREICH);
    assert_eq!(plain, windows);
    assert_eq!(plain["groups"][1]["exposure"], 14.0);
}

#[test]
fn a_header_that_cannot_be_meant_is_complained_of() {
    let of = |text: &str| complaint(&file(text), &OF_FREIREICH);
    let said = of("drug;weeks;relapse\na;0,5;1\n");
    assert!(said.contains("the header is one column, \"drug;weeks;relapse\": commas"), "{said}");
    let said = of("drug,weeks,relapse,weeks\na,5,1,6\n");
    assert!(said.contains("there are two columns \"weeks\""), "{said}");
    let twice = file("drug,weeks,relapse,age,age\na,5,1,6,6\nb,6,0,6,6\n");
    assert_eq!(json(&twice, &OF_FREIREICH)["groups"][0]["n"], 1, "nobody asked for age");
}

#[test]
fn a_number_that_is_missing_is_no_text() {
    for missing in ["NaN", "NA", "n/a", "null", "inf", "-Infinity"] {
        let table = file(&format!("to,froze,qemu,vms\n1,1,a,3\n2,0,a,{missing}\n3,1,b,4\n"));
        let said = complaint(
            &table,
            &["--exit", "to", "--event", "froze", "--group", "qemu", "--cox", "vms"],
        );
        let expected = format!("line 3: vms is \"{missing}\", which is no number");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn a_group_without_events_has_an_upper_end_and_one_alone_is_not_compared() {
    let table = file("to,froze,qemu\n1000,0,a\n2000,0,a\n1,1,b\n");
    let found = json(&table, &["--exit", "to", "--event", "froze", "--group", "qemu"]);
    let rate = &found["groups"][0]["rate_per_1000"];
    assert_eq!((&rate["value"], &rate["low"]), (&0.0.into(), &0.0.into()));
    assert_close(&rate["high"], 1.229_626_485);
    assert_eq!(found["groups"][0]["curve"], serde_json::json!([]));

    let alone = file("to,froze,qemu\n5,1,a\n6,0,a\n");
    let found = json(&alone, &["--exit", "to", "--event", "froze", "--group", "qemu"]);
    assert_eq!((&found["log_rank"]["df"], &found["log_rank"]["p"]), (&0.into(), &Value::Null));
}

#[test]
fn a_column_that_never_differs_and_one_that_decides_alone_say_so() {
    let table = file(
        "to,froze,old,same,other\n3,1,1,7,1\n4,1,1,7,0\n5,1,1,7,1\n9,1,1,7,0\n9,0,1,7,1\n9,0,0,7,1\n8,0,0,7,0\n7,0,0,7,0\n",
    );
    let columns = ["--exit", "to", "--event", "froze", "--group", "old"];
    let columns = [&columns[..], &["--cox", "old,same,other"]].concat();
    let found = json(&table, &columns);

    let [old, same, other] = [0, 1, 2].map(|at| &found["cox"]["coefficients"][at]);
    assert_eq!((&same["coef"], &same["hazard_ratio_by_likelihood"]), (&Value::Null, &Value::Null));
    assert_eq!(old["coef"], Value::Null);
    assert_close(&old["hazard_ratio_by_likelihood"]["low"], 1.164_429_064_02);
    assert_eq!(old["hazard_ratio_by_likelihood"]["high"], Value::Null);
    assert!(other["hazard_ratio_by_likelihood"]["high"].is_number(), "four events are few");
    let text = String::from_utf8(run(&table, &columns).stdout).unwrap();
    assert!(text.contains("the ratio is at least 1.164"), "{text}");
    assert!(text.contains("same: it is the same for all that were watched"), "{text}");
}

#[test]
fn an_id_that_all_rows_share_is_refused() {
    let table = file("to,froze,qemu,box\n1,1,a,x\n2,1,b,x\n3,0,a,x\n");
    let columns = ["--exit", "to", "--event", "froze", "--group", "qemu", "--cox", "qemu"];
    let said = complaint(&table, &[&columns[..], &["--id", "box"]].concat());
    assert!(said.contains("all rows have the same id"), "{said}");
}
