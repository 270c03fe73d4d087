//! What may make things last longer or shorter, as numbers.

use std::collections::BTreeSet;

/// One number for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// How it is called in a report.
    pub name: String,
    /// A finite number for each row, in the order of the rows.
    pub values: Vec<f64>,
}

/// For each text but the first in sorted order, a column that is 1 where a row has it and 0 elsewhere: its
/// coefficient compares it with the first.
pub fn indicators(name: &str, texts: &[&str]) -> Vec<Column> {
    let different: BTreeSet<&str> = texts.iter().copied().collect();
    different
        .into_iter()
        .skip(1)
        .map(|value| Column {
            name: format!("{name}={value}"),
            values: texts.iter().map(|text| f64::from(u8::from(*text == value))).collect(),
        })
        .collect()
}
