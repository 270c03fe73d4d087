//! What was found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::log_time::LogTime;
use crate::severity::Severity;

/// A signature in a file: all its hits that have the same first function in their call traces, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Which.
    pub signature: String,
    /// How grave it is.
    pub severity: Severity,
    /// Where, as it was given; in an archive with the path in it.
    pub file: String,
    /// The number of the line of the first hit; the first line is 1.
    pub line: u64,
    /// That line as it stands there, without what is no UTF-8, cut where it is long.
    pub text: String,
    /// How many hits there are.
    pub count: u64,
    /// How many times it began: a hit less than ten minutes after such a beginning, by the log's own time, belongs
    /// to it, whatever its trace. 0 where this one was never the first.
    pub events: u64,
    /// The numbers of the lines of the first hits.
    pub lines: Vec<u64>,
    /// When the first hit was, where the log says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_at: Option<LogTime>,
    /// When the last one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_at: Option<LogTime>,
    /// What findings of the same fault have in common, in any file of any box: of the signature, the uppermost
    /// functions and the module.
    pub fingerprint: String,
    /// The uppermost functions of the call trace, without those that only stop a task or print the trace.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub functions: Vec<String>,
    /// The module that they are in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub module: Option<String>,
    /// What the pattern's named groups found in the first hit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub fields: BTreeMap<String, String>,
    /// The lines before the first hit.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub before: Vec<String>,
    /// The lines after it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub after: Vec<String>,
}

/// What a fault has in common with itself elsewhere.
pub(super) fn fingerprint(id: &str, functions: &[String], module: Option<&str>) -> String {
    let mut hasher = blake3::Hasher::new();
    let parts = functions.iter().map(String::as_str).chain([module.unwrap_or_default()]);
    for part in [id].into_iter().chain(parts) {
        hasher.update(part.as_bytes());
        hasher.update(b"\0");
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// As text, cut after so many bytes.
pub(super) fn shown(line: &[u8], most: usize) -> String {
    let is_cut = line.len() > most;
    let mut text = String::from_utf8_lossy(line.get(..most).unwrap_or(line)).into_owned();
    if is_cut {
        text.push('…');
    }
    text
}
