//! Random tables against R's `survival` and Python's `lifelines`, which are run for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::survival::{Column, CoxReport, Report, Spell, cox, likelihood_intervals};

const GROUPS: [&str; 3] = ["a", "b", "c"];
const COLUMNS: [&str; 3] = ["age", "load", "new"];

/// What was found of one table, by what it is: numbers, of which some may not be known.
type Findings = BTreeMap<String, Vec<f64>>;

struct Row {
    entry: f64,
    exit: f64,
    is_event: bool,
    group: usize,
    columns: [f64; 3],
    id: usize,
}

/// Every second table has ties, and every second pair of tables is seen from the middle on.
fn table(seed: u64) -> Vec<Row> {
    let mut random = StdRng::seed_from_u64(seed);
    let (has_ties, is_late) = (seed.is_multiple_of(2), seed % 4 < 2);
    let count = random.random_range(60..240);
    let mut row = |_| {
        let mut time = |most: f64| {
            let time: f64 = random.random_range(0.001..most);
            if has_ties { time.ceil() } else { (time * 1e6).round() / 1e6 }
        };
        let entry = if is_late { time(12.0) - 1.0 } else { 0.0 }.max(0.0);
        Row {
            entry,
            exit: entry + time(20.0),
            is_event: random.random_bool(0.6),
            group: random.random_range(0..GROUPS.len()),
            columns: [
                f64::from(random.random_range(20..80)),
                random.random_range(-2.0..2.0),
                f64::from(u8::from(random.random_bool(0.4))),
            ],
            id: random.random_range(0..count / 3),
        }
    };
    (0..count).map(&mut row).collect()
}

fn csv(rows: &[Row]) -> String {
    let mut text = format!("entry,exit,event,group,{},id\n", COLUMNS.join(","));
    for row in rows {
        let (event, [age, load, new]) = (u8::from(row.is_event), row.columns);
        let Row { entry, exit, group, id, .. } = row;
        writeln!(text, "{entry},{exit},{event},{},{age},{load},{new},{id}", GROUPS[*group])
            .unwrap();
    }
    text
}

fn ours(rows: &[Row]) -> Findings {
    let spell = |row: &Row| Spell::late(row.entry, row.exit, row.is_event).unwrap();
    let groups = [0, 1, 2]
        .map(|group| rows.iter().filter(|row| row.group == group).map(spell).collect::<Vec<_>>());
    let report = Report::of(GROUPS.map(str::to_owned).to_vec(), &groups);
    let columns = [0, 1, 2].map(|at| Column {
        name: COLUMNS[at].to_owned(),
        values: rows.iter().map(|row| row.columns[at]).collect(),
    });
    let spells: Vec<Spell> = rows.iter().map(spell).collect();
    let ids: Vec<usize> = rows.iter().map(|row| row.id).collect();
    let model = cox(&spells, &columns, Some(&ids)).unwrap();
    let simpler = cox(&spells, &columns[..2], Some(&ids)).unwrap();

    let known = |number: Option<f64>| number.unwrap_or(f64::NAN);
    let mut found = Findings::new();
    for group in &report.groups {
        for at in &group.curve {
            let numbers = [at.survival, known(at.std_error), known(at.low), known(at.high)];
            found.insert(format!("curve {} {:.6}", group.name, at.time), numbers.to_vec());
        }
        found.insert(format!("median {}", group.name), vec![known(group.median)]);
    }
    found.insert("log_rank".to_owned(), vec![report.log_rank.chi2, known(report.log_rank.p)]);
    let joint = model.joint(&["load", "new"]).unwrap();
    found.insert("joint load new".to_owned(), vec![joint.chi2, joint.p]);
    found.insert("beyond new".to_owned(), vec![model.beyond(&simpler).unwrap().chi2]);
    let ends = likelihood_intervals(&spells, &columns, &["new"]).unwrap();
    let model = CoxReport::of(model, &ends);
    found.insert("log_likelihood".to_owned(), model.log_likelihood.to_vec());
    for one in model.coefficients {
        let numbers = [one.coef, one.se, one.robust_se, one.p].map(known);
        found.insert(format!("cox {}", one.name), numbers.to_vec());
        if let Some(ends) = one.hazard_ratio_by_likelihood {
            let ends = vec![known(ends.low), known(ends.high)];
            found.insert(format!("by_likelihood {}", one.name), ends);
        }
    }
    found
}

/// What a script says of the tables in a folder: lines of `table key… : number…`.
fn theirs(command: &mut Command) -> Vec<(usize, String, Vec<f64>)> {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; `deploy/dev/setup test` installs what this test runs")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let line = |line: &str| {
        let (what, numbers) = line.split_once(" : ").unwrap();
        let (table, key) = what.split_once(' ').unwrap();
        let numbers = numbers.split_whitespace().map(|number| number.parse().unwrap_or(f64::NAN));
        (table.parse().unwrap(), key.to_owned(), numbers.collect())
    };
    text.lines().map(line).collect()
}

fn python() -> PathBuf {
    let cache = std::env::var_os("DOMFLEET_CACHE").map_or_else(
        || {
            let home = PathBuf::from(std::env::var_os("HOME").unwrap());
            let cache = std::env::var_os("XDG_CACHE_HOME");
            cache.map_or_else(|| home.join(".cache"), PathBuf::from).join("domfleet")
        },
        PathBuf::from,
    );
    cache.join("oracles/bin/python")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tests' own machine, not an appliance")]
fn random_tables_are_as_in_r_and_in_lifelines() {
    let count: u64 =
        std::env::var("DOMFLEET_PROVE_TABLES").map_or(20, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for seed in 0..count {
        let rows = table(seed);
        std::fs::write(folder.path().join(format!("{seed}.csv")), csv(&rows)).unwrap();
        found.push(ours(&rows));
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/survival/tests");
    let mut r = Command::new("Rscript");
    let mut lifelines = Command::new(python());
    // lifelines ends its search for coefficients where they are right to 1e-6 or so, however small they are.
    let commands = [(&mut r, "oracle.R", 1e-8, 1e-3), (&mut lifelines, "oracle.py", 1e-6, 1.0)];
    for (command, script, tolerance, least) in commands {
        let said =
            theirs(command.arg(scripts.join(script)).arg(folder.path()).arg(count.to_string()));
        let mut compared = vec![0; found.len()];
        for (table, key, expected) in &said {
            let Some(numbers) = found[*table].get(key) else {
                panic!("{script}, table {table}: {key} is not among what was found");
            };
            compared[*table] += 1;
            for (number, expected) in numbers.iter().zip(expected) {
                // Where nobody is left, R says 0 or nothing, as it happens; so it does of a median.
                if expected.is_nan() || number.is_nan() {
                    continue;
                }
                let apart = (number - expected).abs() / expected.abs().max(least);
                assert!(
                    apart < tolerance,
                    "{script}, table {table}, {key}: {numbers:?}, not {expected}"
                );
            }
        }
        for (table, compared) in compared.iter().enumerate() {
            let steps = found[table].keys().filter(|key| key.starts_with("curve")).count();
            assert!(
                *compared >= steps + COLUMNS.len(),
                "{script} left things out of table {table}"
            );
        }
    }
}
