//! Columns of a CSV file, where each complaint names the line.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The columns that were asked for, as texts. What else is in the file is read over.
pub(super) struct Table {
    path: PathBuf,
    columns: Vec<Column>,
    /// In which line each row begins.
    lines: Vec<u64>,
}

struct Column {
    name: String,
    /// Where in the file's rows it is.
    at: usize,
    /// Its texts, one after the other: a million of them are not a million allocations.
    texts: String,
    /// Where each of them ends.
    ends: Vec<usize>,
}

impl Table {
    /// From a file, or from standard input where that is `-`. An empty text is a fault.
    pub(super) fn read(path: &Path, asked: &BTreeSet<&str>) -> Result<Self, Error> {
        let fault = |why: String| Error::Unreadable { path: path.to_owned(), why };
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| fault(error.to_string()))?)
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(input);
        let names = reader.headers().map_err(|error| fault(error.to_string()))?;
        // What has no header has no rows either.
        let asked = asked.iter().filter(|_| !names.is_empty());
        let columns: Result<_, _> = asked.map(|name| Column::of(names, name)).collect();
        let mut table = Self { path: path.to_owned(), columns: columns?, lines: Vec::new() };
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row).map_err(|error| fault(error.to_string()))? {
            table.lines.push(row.position().map_or(0, csv::Position::line));
            for column in &mut table.columns {
                let text = row[column.at].trim();
                if text.is_empty() {
                    let why = format!("{} is empty: leave the row out, or fill it", column.name);
                    return Err(table.fault(table.lines.len() - 1, &why));
                }
                column.texts.push_str(text);
                column.ends.push(column.texts.len());
            }
        }
        if table.lines.is_empty() {
            return Err(fault("it has no rows below its header".to_owned()));
        }
        Ok(table)
    }

    /// A column's values.
    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> + Clone {
        self.columns.iter().find(|column| column.name == name).into_iter().flat_map(Column::texts)
    }

    /// Whether a column is of texts: where all but what stands for nothing are numbers, it is not.
    pub(super) fn is_text(&self, name: &str) -> bool {
        self.texts(name).any(|text| number(text).is_none() && !is_nothing(text))
    }

    /// A column of numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        self.parsed(name, number, ", which is no number")
    }

    /// A column of yes and no.
    pub(super) fn flags(&self, name: &str) -> Result<Vec<bool>, Error> {
        self.parsed(name, flag, ": it must be 1 or 0, true or false")
    }

    fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        why_not: &str,
    ) -> Result<Vec<T>, Error> {
        let values = self.texts(name).enumerate().map(|(row, text)| {
            let fault = || self.fault(row, &format!("{name} is \"{text}\"{why_not}"));
            parse(text).ok_or_else(fault)
        });
        values.collect()
    }

    /// A number for each different value of a column.
    pub(super) fn numbered(&self, name: &str) -> Vec<usize> {
        let mut numbers = HashMap::new();
        let values = self.texts(name).map(|text| {
            let next = numbers.len();
            *numbers.entry(text).or_insert(next)
        });
        values.collect()
    }

    /// What is wrong with a row.
    pub(super) fn fault(&self, row: usize, why: &str) -> Error {
        let line = self.lines[row];
        Error::Unreadable { path: self.path.clone(), why: format!("line {line}: {why}") }
    }
}

impl Column {
    fn of(names: &csv::StringRecord, name: &str) -> Result<Self, Error> {
        let all: Vec<&str> = names.iter().collect();
        let mut places = (0..all.len()).filter(|at| all[*at] == name);
        let why = match (places.next(), places.next()) {
            (Some(at), None) => {
                let (name, texts, ends) = (name.to_owned(), String::new(), Vec::new());
                return Ok(Self { name, at, texts, ends });
            }
            (Some(_), Some(_)) => {
                format!("there are two columns \"{name}\": give one of them another name")
            }
            (None, _) if all.len() == 1 && all[0].contains([';', '\t']) => format!(
                "the header is one column, \"{}\": commas must be between columns, and points in numbers",
                all[0]
            ),
            (None, _) => format!("there is no column \"{name}\": there are {}", all.join(", ")),
        };
        Err(Error::Usage(why))
    }

    fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.texts[begin..*end])
    }
}

/// A finite one: `inf` and `nan` are none.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// What programs write where a number is missing.
fn is_nothing(text: &str) -> bool {
    ["na", "n/a", "null"].iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.parse().is_ok_and(|number: f64| !number.is_finite())
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
