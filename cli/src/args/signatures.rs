//! The words of `domfleet signatures`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Signatures {
    /// Look for signs of known faults in logs, tars and debug bundles.
    Scan(Scan),
    /// Which signs there are, what they mean and what to do.
    List(List),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  domfleet signatures scan /var/log/messages /var/log/xen/*.log
  dmesg | domfleet signatures scan -
  domfleet signatures scan bundle.tar.zst --json | jq '.findings[] | .signature'

What a file is, is told by what is in it: a log, gzip, zstd, tar, tar in either, compressed logs in a tar.
Exit codes: 0 all was read, whether or not something was found; 2 something could not be read.")]
pub(crate) struct Scan {
    /// Files, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Signatures of your own, beside ours: see docs/signatures.md.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) catalogue: Option<PathBuf>,
    /// The same as `--output json`: with context and call traces.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Signatures of your own, beside ours.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) catalogue: Option<PathBuf>,
    /// The same as `--output json`: with patterns and advice.
    #[arg(long)]
    pub(crate) json: bool,
}
