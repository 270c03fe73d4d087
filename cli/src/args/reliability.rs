//! The words of `domfleet reliability`.

use std::path::PathBuf;

use clap::Args;

/// A table, a row for each stretch of time in which something was watched, and which of its columns is what.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  domfleet reliability boots.csv --entry from --exit to --event froze --group qemu
  domfleet reliability boots.csv --entry from --exit to --event froze --group qemu \\
    --cox qemu,disk_format,vms --id appliance --json

Intervals are 95 %: of rates exact (Garwood), of curves on the log(-log) scale. Ties in the Cox model
are Efron's. p of a coefficient is by the robust error where --id is given, else by the other. With
fewer than ten events for each coefficient, intervals by the likelihood are added.")]
pub(crate) struct Reliability {
    /// A CSV file with a header, or - for standard input.
    pub(crate) file: PathBuf,
    /// The column with the age at which a row was first watched; all from 0 on without it.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) entry: Option<String>,
    /// The column with the age at which it was watched last.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) exit: String,
    /// The column that says whether it ended with an event: 1 or 0, true or false.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) event: String,
    /// The column whose values are compared.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) group: String,
    /// The columns of a Cox model. Those that are not numbers are compared with their first value in sorted
    /// order.
    #[arg(long, value_name = "COLUMN,COLUMN…", value_delimiter = ',')]
    pub(crate) cox: Vec<String>,
    /// The column that says which rows are of the same thing, and so not independent.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) id: Option<String>,
    /// The same as `--output json`: with the curves.
    #[arg(long)]
    pub(crate) json: bool,
}
