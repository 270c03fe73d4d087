//! Looks through files of any kind that hold logs.

use std::io::Read;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::catalogue::Catalogue;
use super::finding::Finding;
use super::scanner::{Scanned, Scanner};
use crate::scan_input::{Limits, Problem, Skipped, Within, walk};

/// Looks through files, one after another.
pub struct Scan<'c> {
    scanner: Scanner<'c>,
    limits: Limits,
    files: u64,
    problems: Vec<Problem>,
    skipped: Vec<Skipped>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// What was found, in the order of files and lines.
    pub findings: Vec<Finding>,
    /// What could not be read, or not to its end.
    pub problems: Vec<Problem>,
    /// What was left alone.
    pub skipped: Vec<Skipped>,
    /// How many logs were looked through.
    pub files: u64,
    /// How many lines they have.
    pub lines: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many hits are in no finding, because there are too many different ones.
    pub left_out: u64,
}

impl<'c> Scan<'c> {
    /// For what `catalogue` holds, in files that keep to `limits`.
    pub fn new(catalogue: &'c Catalogue, limits: Limits) -> Self {
        let scanner = Scanner::new(catalogue);
        Self { scanner, limits, files: 0, problems: Vec::new(), skipped: Vec::new() }
    }

    /// Looks through a file, or through all that are in it, and says so as `name`.
    pub fn file(&mut self, name: &str, input: impl Read) {
        let Self { scanner, limits, files, .. } = self;
        let walked = walk(name, input, *limits, |found, log| {
            if found.within.is_some_and(is_our_own) {
                return Ok(Within::LeftAlone(
                    "our agent's own words, which repeat what is in others",
                ));
            }
            *files += 1;
            scanner.scan(found.name, log)?;
            Ok(Within::Read)
        });
        self.problems.extend(walked.problems);
        self.skipped.extend(walked.skipped);
    }

    /// What came of all of them.
    pub fn finish(self) -> Report {
        let Self { scanner, files, problems, skipped, .. } = self;
        let Scanned { findings, lines, bytes, left_out } = scanner.finish();
        Report { findings, problems, skipped, files, lines, bytes, left_out }
    }
}

/// Of what a debug bundle holds, what our agent says of itself: how the last boot ended, with the lines that say
/// so, and its own log. Kernel logs among its files are logs all the same.
fn is_our_own(path: &str) -> bool {
    let path = path.trim_start_matches("./");
    let is_kernels =
        ["agent/kernel/", "agent/pstore/"].iter().any(|folder| path.starts_with(folder));
    path == "manifest.json" || path.starts_with("agent/") && !is_kernels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_agent_says_of_itself_is_left_alone_and_kernel_logs_are_not() {
        for path in ["agent/log.txt", "agent/boots.json", "./agent/agent.toml", "manifest.json"] {
            assert!(is_our_own(path), "{path}");
        }
        for path in ["kernel/dmesg.txt", "agent/kernel/1.log", "agents/log.txt", "xen/agent/log"] {
            assert!(!is_our_own(path), "{path}");
        }
    }
}
