//! All signatures that are looked for, compiled.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::error::CatalogueError;
use super::prefix::Prefix;
use super::signature::Signature;
use crate::severity::Severity;

/// Those that come with this build.
const OURS: &str = include_str!("catalogue.toml");

/// What operators may add. A catalogue is read by people, and each pattern costs every line.
const BYTES_AT_MOST: usize = 256 * 1024;
const SIGNATURES_AT_MOST: usize = 500;
/// Compiled. `\w{1000}` has a few bytes, and an automaton of a size to match.
const PATTERN_BYTES: usize = 256 * 1024;
const TOGETHER_BYTES: usize = 16 * 1024 * 1024;
/// States that are kept while lines go by; with fewer they would be made again and again.
const CACHE_BYTES: usize = 8 * 1024 * 1024;
const NESTED_AT_MOST: u32 = 50;

/// Lines of every day that have nothing in common. What is found in all of them tells nothing.
const ORDINARY: [&[u8]; 4] = [
    b"br0: port 3(vif5.0) entered forwarding state",
    b"Started Session 12 of user root.",
    b"e1000e 0000:00:19.0 eth0: NIC Link is Up 1000 Mbps Full Duplex",
    b"random: crng init done",
];

static BUILT_IN: LazyLock<Result<Catalogue, CatalogueError>> =
    LazyLock::new(|| Catalogue::of(read(OURS)?));

/// All signatures that are looked for.
#[derive(Debug)]
pub struct Catalogue {
    signatures: Vec<Signature>,
    /// All patterns of all forms of all signatures, in order.
    set: RegexSet,
    /// Which each is, one for one.
    patterns: Vec<Pattern>,
    /// What is excepted, by signature.
    except: Vec<Vec<Regex>>,
}

#[derive(Debug)]
struct Pattern {
    signature: usize,
    severity: Severity,
    regex: Regex,
}

/// A signature that was found in a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'c> {
    /// Its place among the signatures.
    pub(super) number: usize,
    pub(super) signature: &'c Signature,
    pub(super) severity: Severity,
    pub(super) regex: &'c Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    signature: Vec<Signature>,
}

impl Catalogue {
    /// Those that come with this build.
    pub fn built_in() -> Result<&'static Self, &'static CatalogueError> {
        BUILT_IN.as_ref()
    }

    /// Those that come with this build, and those of `own`, a document of the same shape.
    pub fn with(own: &str) -> Result<Self, CatalogueError> {
        let mut all = read(OURS)?;
        all.extend(read(own)?);
        Self::of(all)
    }

    /// Of these.
    pub fn of(signatures: Vec<Signature>) -> Result<Self, CatalogueError> {
        if signatures.len() > SIGNATURES_AT_MOST {
            let (many, most) = (signatures.len(), SIGNATURES_AT_MOST);
            return Err(CatalogueError::TooMany { many, most });
        }
        let mut ids = HashSet::new();
        let mut patterns = Vec::new();
        let mut except = Vec::new();
        for (number, signature) in signatures.iter().enumerate() {
            check_id(&signature.id)?;
            if !ids.insert(&signature.id) {
                return Err(CatalogueError::Duplicate(signature.id.clone()));
            }
            for (severity, texts, _) in signature.forms() {
                if texts.is_empty() {
                    return Err(CatalogueError::NoPattern(signature.id.clone()));
                }
                for text in texts {
                    let regex = compile(&signature.id, text)?;
                    check_narrow(&signature.id, &regex)?;
                    patterns.push(Pattern { signature: number, severity, regex });
                }
            }
            let these = signature.except.iter().map(|text| compile(&signature.id, text));
            except.push(these.collect::<Result<_, _>>()?);
        }
        let set = RegexSetBuilder::new(patterns.iter().map(|pattern| pattern.regex.as_str()))
            .unicode(false)
            .size_limit(TOGETHER_BYTES)
            .dfa_size_limit(CACHE_BYTES)
            .build()
            .map_err(|error| CatalogueError::Together(error.to_string()))?;
        let catalogue = Self { signatures, set, patterns, except };
        catalogue.check_samples()?;
        Ok(catalogue)
    }

    /// All of them, in order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The one that is called so.
    pub fn get(&self, id: &str) -> Option<&Signature> {
        self.signatures.iter().find(|signature| signature.id == id)
    }

    /// What is found in a line that has lost its prefix: each signature once, by its first form that fits.
    pub(super) fn hits(&self, text: &[u8]) -> Vec<Hit<'_>> {
        // The common case, and far cheaper than to ask which.
        if !self.set.is_match(text) {
            return Vec::new();
        }
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for at in self.set.matches(text) {
            let Some(pattern) = self.patterns.get(at) else { continue };
            let number = pattern.signature;
            let (Some(signature), Some(except)) =
                (self.signatures.get(number), self.except.get(number))
            else {
                continue;
            };
            let is_known = hits.last().is_some_and(|last| last.number == number);
            if !is_known && !except.iter().any(|regex| regex.is_match(text)) {
                let (severity, regex) = (pattern.severity, &pattern.regex);
                hits.push(Hit { number, signature, severity, regex });
            }
        }
        hits
    }

    fn check_samples(&self) -> Result<(), CatalogueError> {
        for (number, signature) in self.signatures.iter().enumerate() {
            let is_found = |line: &str, severity: Option<Severity>| {
                let hits = self.hits(Prefix::of(line.as_bytes()).text);
                let mut these = hits.iter().filter(|hit| hit.number == number);
                these.any(|hit| severity.is_none_or(|severity| hit.severity == severity))
            };
            let id = || signature.id.clone();
            for (severity, _, samples) in signature.forms() {
                if let Some(sample) = samples.iter().find(|line| !is_found(line, Some(severity))) {
                    return Err(CatalogueError::SampleMissed { id: id(), sample: sample.clone() });
                }
            }
            if let Some(sample) = signature.near_misses.iter().find(|line| is_found(line, None)) {
                return Err(CatalogueError::NearMissHit { id: id(), sample: sample.clone() });
            }
        }
        Ok(())
    }
}

fn read(text: &str) -> Result<Vec<Signature>, CatalogueError> {
    if text.len() > BYTES_AT_MOST {
        return Err(CatalogueError::TooLarge { bytes: text.len(), most: BYTES_AT_MOST });
    }
    let document: Document =
        toml::from_str(text).map_err(|error| CatalogueError::Toml(error.to_string()))?;
    Ok(document.signature)
}

fn check_id(id: &str) -> Result<(), CatalogueError> {
    let is_fit =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if (1..=60).contains(&id.len()) && id.bytes().all(is_fit) {
        return Ok(());
    }
    Err(CatalogueError::Id(id.chars().take(100).collect()))
}

/// Without Unicode: a class must fit a byte that is no UTF-8, or a line with one such byte would hide what is in it.
fn compile(id: &str, pattern: &str) -> Result<Regex, CatalogueError> {
    RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(PATTERN_BYTES)
        .nest_limit(NESTED_AT_MOST)
        .build()
        .map_err(|error| CatalogueError::Pattern {
            id: id.to_owned(),
            pattern: pattern.to_owned(),
            why: error.to_string(),
        })
}

fn check_narrow(id: &str, regex: &Regex) -> Result<(), CatalogueError> {
    let where_ = if regex.is_match(b"") {
        "an empty line"
    } else if ORDINARY.iter().all(|line| regex.is_match(line)) {
        "every ordinary line"
    } else {
        return Ok(());
    };
    let (id, pattern) = (id.to_owned(), regex.as_str().to_owned());
    Err(CatalogueError::MatchesAnything { id, pattern, where_ })
}
