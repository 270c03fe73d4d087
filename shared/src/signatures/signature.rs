//! One signature, as it is written.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::severity::Severity;

/// The sign of a known fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// What findings, alarms and people call it.
    pub id: String,
    /// What has happened.
    pub meaning: String,
    /// How grave that is.
    pub severity: Severity,
    /// What to do about it.
    #[serde(default)]
    pub advice: String,
    /// Regular expressions; any of them, on one line without its time and level.
    pub patterns: Vec<String>,
    /// Whether the kernel prints a call trace below it.
    #[serde(default)]
    pub has_trace: bool,
    /// Forms of it that have another severity. One that matches goes before `patterns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Lines that are not meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Lines in which it must be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// Lines in which it must not be found, although one might think so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_misses: Vec<String>,
    /// Other signatures that are found in its samples, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// A form of a fault that is more or less grave than others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// How grave it is.
    pub severity: Severity,
    /// Regular expressions.
    pub patterns: Vec<String>,
    /// Lines in which it must be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
}

impl Signature {
    /// Its forms, in the order in which they are tried: severity, patterns, samples.
    pub(super) fn forms(&self) -> impl Iterator<Item = (Severity, &[String], &[String])> {
        let variants = self.variants.iter();
        let variants = variants.map(|one| (one.severity, &one.patterns[..], &one.samples[..]));
        variants.chain([(self.severity, &self.patterns[..], &self.samples[..])])
    }
}
