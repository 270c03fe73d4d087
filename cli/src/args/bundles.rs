//! The words for debug bundles.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Selection, Waiting};

#[derive(Debug, Subcommand)]
pub(crate) enum Bundles {
    /// List them, newest first.
    List(Selection),
    /// Ask an appliance for one.
    Collect {
        appliance: String,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Bring a file for an appliance: a bundle from a USB drive, an archive, any log. After an interruption
    /// the same command goes on where it was.
    Upload {
        appliance: String,
        file: PathBuf,
        /// What it is, for whoever wonders later.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Download one. After an interruption the same command goes on where it was.
    Download {
        bundle: String,
        /// Where to; `BUNDLE.tar.zst` in this folder where it is not said.
        #[arg(long)]
        to: Option<PathBuf>,
    },
    /// List the files in one.
    Files { bundle: String },
    /// Print a file of one.
    Show {
        bundle: String,
        /// As `files` lists it.
        file: String,
    },
    /// Look for a text in the files of one; capital letters do not matter.
    Search {
        bundle: String,
        text: String,
        /// At most so many lines.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Keep one from going, however old it gets.
    Hold {
        bundle: String,
        /// What for.
        #[arg(long)]
        note: String,
    },
    /// Let one go when its time comes.
    Release { bundle: String },
    /// Remove one at once.
    Delete { bundle: String },
}
