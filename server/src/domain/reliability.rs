//! What is told of how long appliances run.

use domfleet_shared::Timestamp;
use domfleet_shared::diagnosis::{
    BeforeAfter, Columns, ComponentReport, Diagnosis, ImportError, Interval,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::Named;

/// Which component makes appliances freeze, as far as that can be said of what was watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReliabilityView)]
pub struct Reliability {
    /// What was found.
    pub diagnosis: Diagnosis,
    /// When it was worked out; it may be a minute old.
    pub as_of: Timestamp,
    /// How many intervals come from tables that were brought here.
    pub imported: u64,
    /// Boots that say nothing, and why.
    pub left_out: Vec<LeftOut>,
    /// The names of appliances that are spoken of by their ids.
    pub names: Vec<Named>,
}

/// Boots that say nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// How many.
    pub boots: u64,
    /// Why.
    pub why: String,
}

/// A table of uptimes that was brought here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportView)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// What it was called.
    pub source: String,
    /// When it came.
    pub imported_at: Timestamp,
    /// How many rows it has.
    pub rows: u64,
    /// Of how many appliances.
    pub appliances: u64,
}

/// Two values of a component beside each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// What was watched of both; nothing where neither was.
    pub report: Option<ComponentReport>,
    /// What became of appliances that changed from one to the other, each beside itself before; in each
    /// direction in which there were any.
    pub around: Vec<BeforeAfter>,
    /// The names of appliances that are spoken of by their ids.
    pub names: Vec<Named>,
    /// When it was worked out.
    pub as_of: Timestamp,
}

/// A table of uptimes as it was read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no CSV.
    #[error("it cannot be read as CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A row or column makes no sense.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// No database keeps those in a text.
    #[error("it holds zero bytes, so it is no text: save it as CSV in UTF-8")]
    ZeroBytes,
    /// There is nothing in it.
    #[error("it has a header and no row")]
    Empty,
}

/// Reads a table of uptimes: CSV with a header, and a row for each boot.
pub fn read_table(text: &[u8]) -> Result<Vec<Interval>, TableError> {
    if text.contains(&0) {
        return Err(TableError::ZeroBytes);
    }
    // What spreadsheets put before it.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let columns = Columns::of(reader.headers()?.iter())?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(columns.interval(usize::try_from(line).unwrap_or(usize::MAX), record.iter())?);
    }
    if rows.is_empty() { Err(TableError::Empty) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_from_a_spreadsheet_is_read() {
        let text =
            "\u{feff}appliance,exit_days,end,xen\r\n\"Box, 1\",12.5,hang,4.6\r\nb,30,clean,4.6\r\n";

        let rows = read_table(text.as_bytes()).unwrap();

        assert_eq!((rows.len(), rows[0].appliance.as_ref()), (2, "Box, 1"));
        assert!((rows[0].exit_days - 12.5).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let told = |text: &str| read_table(text.as_bytes()).unwrap_err().to_string();

        assert!(told("appliance,exit_days,end\na,-1,hang\n").contains("line 2"));
        assert!(told("appliance,exit_days,end\na,1,hang\nb,1\n").contains("line 3"));
        assert!(told("appliance,end\na,hang\n").contains("exit_days"));
        assert!(told("appliance,exit_days,end\n").contains("no row"));
        assert!(told("").contains("appliance"));
    }
}
