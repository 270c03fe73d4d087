//! A table from a CSV file, where each complaint names the line.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// All of it, as texts.
pub(super) struct Table {
    path: PathBuf,
    names: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    /// From a file, or from standard input where that is `-`.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let fault = |why: String| Error::Unreadable { path: path.to_owned(), why };
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| fault(error.to_string()))?)
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let names = reader.headers().map_err(|error| fault(error.to_string()))?.clone();
        let rows: Result<Vec<_>, _> = reader.records().collect();
        let rows = rows.map_err(|error| fault(error.to_string()))?;
        if rows.is_empty() {
            return Err(fault("it has no rows below its header".to_owned()));
        }
        Ok(Self { path: path.to_owned(), names, rows })
    }

    /// A column's values; an empty one is a fault.
    pub(super) fn texts(&self, name: &str) -> Result<impl Iterator<Item = &str> + Clone, Error> {
        let at = self.names.iter().position(|one| one == name).ok_or_else(|| {
            let names: Vec<&str> = self.names.iter().collect();
            Error::Usage(format!("there is no column \"{name}\": there are {}", names.join(", ")))
        })?;
        if let Some(row) = self.rows.iter().position(|row| row[at].is_empty()) {
            return Err(self.fault(row, &format!("{name} is empty: leave the row out, or fill it")));
        }
        Ok(self.rows.iter().map(move |row| &row[at]))
    }

    /// Whether some value of a column is not a number.
    pub(super) fn is_text(&self, name: &str) -> Result<bool, Error> {
        Ok(self.texts(name)?.any(|text| number(text).is_none()))
    }

    /// A column of numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        let values = self.texts(name)?.enumerate();
        values
            .map(|(row, text)| {
                let fault =
                    || self.fault(row, &format!("{name} is \"{text}\", which is no number"));
                number(text).ok_or_else(fault)
            })
            .collect()
    }

    /// A column of yes and no.
    pub(super) fn flags(&self, name: &str) -> Result<Vec<bool>, Error> {
        let values = self.texts(name)?.enumerate();
        values
            .map(|(row, text)| {
                let fault = || {
                    self.fault(
                        row,
                        &format!("{name} is \"{text}\": it must be 1 or 0, true or false"),
                    )
                };
                flag(text).ok_or_else(fault)
            })
            .collect()
    }

    /// A number for each different value of a column.
    pub(super) fn numbered(&self, name: &str) -> Result<Vec<usize>, Error> {
        let mut numbers = HashMap::new();
        let values = self.texts(name)?.map(|text| {
            let next = numbers.len();
            *numbers.entry(text).or_insert(next)
        });
        Ok(values.collect())
    }

    /// What is wrong with a row.
    pub(super) fn fault(&self, row: usize, why: &str) -> Error {
        let line = self.rows[row].position().map_or(0, csv::Position::line);
        Error::Unreadable { path: self.path.clone(), why: format!("line {line}: {why}") }
    }
}

/// A finite one: `inf` and `nan` are texts.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn flag(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") || number(text) == Some(1.0) {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") || number(text) == Some(0.0) {
        Some(false)
    } else {
        None
    }
}
