//! What is found, and what is not.

mod catalogue;
mod endless;
mod files;
mod logs;
mod operators;

use std::io::{self, Read, Write as _};

use super::*;
use crate::scan_input::Limits;
use crate::severity::Severity;

fn catalogue() -> &'static Catalogue {
    Catalogue::built_in().unwrap()
}

fn scanned(log: impl Read) -> Vec<Finding> {
    let mut scanner = Scanner::new(catalogue());
    scanner.scan("log", log).unwrap();
    scanner.finish().findings
}

/// Ids, severities, lines and counts, in short.
fn told(findings: &[Finding]) -> Vec<String> {
    let told =
        |one: &Finding| format!("{} {} {} x{}", one.signature, one.severity, one.line, one.count);
    findings.iter().map(told).collect()
}
