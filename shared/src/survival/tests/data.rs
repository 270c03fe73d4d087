//! Data from textbooks, and what was made up for truncation.

use crate::survival::{Column, Spell};

/// Spells that were watched from the beginning on; those whose time is negative ended without an event.
pub(super) fn whole(times: &[i32]) -> Vec<Spell> {
    let spell = |time: &i32| Spell::whole(f64::from(time.abs()), *time > 0).unwrap();
    times.iter().map(spell).collect()
}

/// Of entry, exit, and whether there was an event.
pub(super) fn late(rows: &[(u32, u32, u32)]) -> Vec<Spell> {
    let spell = |(entry, exit, event): &(u32, u32, u32)| match entry {
        0 => Spell::whole(f64::from(*exit), *event == 1).unwrap(),
        _ => Spell::late(f64::from(*entry), f64::from(*exit), *event == 1).unwrap(),
    };
    rows.iter().map(spell).collect()
}

/// Weeks of remission of leukaemia with and without 6-mercaptopurine (Freireich et al. 1963).
pub(super) fn freireich() -> [Vec<Spell>; 2] {
    let treated =
        [6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35];
    let placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
    [whole(&treated), whole(&placebo)]
}

/// Weeks of remission with and without maintenance chemotherapy (Embury et al. 1977; `aml` in R).
pub(super) fn aml() -> [Vec<Spell>; 2] {
    let maintained = [9, 13, -13, 18, 23, -28, 31, 34, -45, 48, -161];
    let not = [5, 5, 8, 8, 12, -16, 23, 27, 30, 33, 43, 45];
    [whole(&maintained), whole(&not)]
}

/// Two groups of spells, most of them not seen from the beginning on.
pub(super) fn truncated() -> [Vec<Spell>; 2] {
    let first = [
        (0, 45, 1),
        (0, 100, 0),
        (12, 60, 1),
        (30, 130, 0),
        (0, 20, 1),
        (5, 77, 0),
        (40, 90, 1),
        (0, 200, 0),
    ];
    let second = [
        (0, 9, 1),
        (0, 14, 1),
        (8, 30, 1),
        (20, 41, 1),
        (0, 25, 0),
        (15, 33, 1),
        (2, 18, 1),
        (0, 60, 0),
    ];
    [late(&first), late(&second)]
}

/// A table of numbers with a header.
pub(super) struct Table {
    names: Vec<&'static str>,
    rows: Vec<Vec<&'static str>>,
}

impl Table {
    fn of(text: &'static str) -> Self {
        let mut lines = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split(',').collect());
        Self { names: lines.next().unwrap(), rows: lines.collect() }
    }

    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &'static str> + Clone {
        let at = self.names.iter().position(|one| *one == name).unwrap();
        self.rows.iter().map(move |row| row[at])
    }

    pub(super) fn numbers(&self, name: &str) -> Vec<f64> {
        self.texts(name).map(|text| text.parse().unwrap()).collect()
    }

    pub(super) fn column(&self, name: &str) -> Column {
        Column { name: name.to_owned(), values: self.numbers(name) }
    }
}

/// Survival of patients who waited for a heart and of those who got one (Crowley and Hu 1977; `heart` in R).
pub(super) fn heart() -> (Vec<Spell>, Table) {
    let table = Table::of(include_str!("heart.csv"));
    let times = table.numbers("start").into_iter().zip(table.numbers("stop"));
    let spells = times.zip(table.texts("event"));
    let spells = spells.map(|((from, to), event)| match from {
        0.0 => Spell::whole(to, event == "1").unwrap(),
        _ => Spell::late(from, to, event == "1").unwrap(),
    });
    (spells.collect(), table)
}

/// Survival with cancer of the lung (Kalbfleisch and Prentice 1980; `veteran` in R).
pub(super) fn veteran() -> (Vec<Spell>, Table) {
    let table = Table::of(include_str!("veteran.csv"));
    let spells = table.numbers("time").into_iter().zip(table.texts("status"));
    (spells.map(|(time, event)| Spell::whole(time, event == "1").unwrap()).collect(), table)
}
