//! Takes secrets out, before anything leaves the appliance.
//!
//! Two ways. By their surroundings: a key that says what follows, a PEM block, a token's shape. And
//! by value: what was found by its surroundings is then taken out everywhere, also where it is written in
//! base64, percent-encoded, in hexadecimal or escaped. Places that are known to hold secrets are learnt first.
//! What is taken out is replaced by `***` and four hexadecimal digits of a keyed hash, so that one
//! value can be recognised within one bundle; the key is thrown away with the [`Redactor`].

mod forms;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use crate::dom0::excerpt::LEFT_OUT;

/// Shorter values are too likely to be ordinary words to be taken out everywhere.
const LEARNED_AT_LEAST: usize = 6;
/// A shorter part of one is no help to anybody.
const PART_AT_LEAST: usize = 3;
/// Of a folder each file may be cut; a guest can say that, too, as often as it likes.
const CUTS_AT_MOST: usize = 500;
/// Each costs time with every item.
const LEARNED_AT_MOST: usize = 4_000;
const LEARNED_OF_ONE_TEXT: usize = 1_500;
/// No password is longer.
const LENGTH_AT_MOST: usize = 4 * 1024;

/// Keys, anywhere in a longer name.
const KEYS: &str = "pass(?:word|wd|phrase)?|secret|token|api[_-]?key|private[_-]?key|psk|\
                    community|authorization|cookie|credential";
/// Keys that begin a line, with nothing but blanks before their value.
const LINE_KEYS: &str =
    "wpa-psk|wpa-passphrase|wireless-key|psk|r[ow]community6?|password|passwd|secret";
/// Keys that are ordinary words within longer names.
const WHOLE_KEYS: &str = "auth|ha1|pin|licen[cs]e|pwd";

/// A shape, and which group of it is the secret.
struct Shape {
    regex: Regex,
    secret: &'static str,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let name = format!(r"(?:[\w.\-]*(?:{KEYS})[\w.\-]*|\b(?:{WHOLE_KEYS})\b)");
    let value = r#"(?:\\?"(?P<s>(?:[^"\\\r\n]|\\[^\r\n])*)|'(?P<t>(?:[^'\\\r\n]|\\[^\r\n])*)|(?P<u>[^\s"',;&}\]<>]+))"#;
    [
        // Where it was cut: what is left of its end, and what is left of its beginning.
        (r"(?s)(?:\A|\.\.\. left out \.\.\.\n)(?P<s>[A-Za-z0-9+/=\r\n]{1,8192})-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----", "s"),
        (r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?P<s>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\n\.\.\. left out|\z)", "s"),
        (r"(?P<s>\beyJ[\w\-]{4,}\.[\w\-]+\.[\w\-]+)", "s"),
        (r"domfleet1\.(?P<s>[\w\-]+)", "s"),
        (r#"://(?P<s>[^/\s:@"']*:[^/\s@"']+)@"#, "s"),
        (r"\b(?:bearer|basic)\s+(?P<s>[\w.~+/=\-]{6,})", "s"),
        (r"\bsecret,(?:[^\s,]+,)*data=(?P<s>[^,\s]+)", "s"),
        (&format!(r"<{name}(?:\s[^>]*)?>(?P<s>[^<]+)</"), "s"),
        (&format!(r#"{name}\\?["']?\s*[:=]\s*{value}"#), "s"),
        (&format!(r"(?m)^[ \t]*(?:{LINE_KEYS})[ \t]+{value}"), "s"),
        // Percent-encoded and JSON-in-text forms of the same.
        (&format!(r"{name}%3[dD](?P<s>[^\s%&,;]+(?:%[0-9a-fA-F]{{2}}[^\s%&,;]*)*)"), "s"),
    ]
    .into_iter()
    .filter_map(|(pattern, secret)| {
        let regex = RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build().ok()?;
        Some(Shape { regex, secret })
    })
    .collect()
});

/// Where the middle of something was left out.
static CUTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&regex::escape(&String::from_utf8_lossy(LEFT_OUT))).ok());

/// Takes secrets out of one bundle.
pub struct Redactor {
    key: [u8; 32],
    values: BTreeSet<Vec<u8>>,
    /// Of each text that was learnt from, what was new in it.
    learned: Vec<Regex>,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

impl Redactor {
    /// With a key of its own.
    pub fn new() -> Self {
        Self { key: rand::random(), values: BTreeSet::new(), learned: Vec::new() }
    }

    /// Learns the secrets that `text` holds, for everything that is redacted from now on.
    pub fn learn(&mut self, text: &[u8]) {
        let mut new = Vec::new();
        for shape in SHAPES.iter() {
            for found in shape.regex.captures_iter(text) {
                if let Some(secret) = secret_of(&found, shape.secret) {
                    self.learn_value(&text[secret], &mut new);
                }
            }
        }
        self.compile(new);
    }

    /// Learns each line of a file that is a secret as a whole.
    pub fn learn_lines(&mut self, text: &[u8]) {
        let mut new = Vec::new();
        self.learn_value(text, &mut new);
        self.compile(new);
    }

    fn learn_value(&mut self, value: &[u8], new: &mut Vec<Vec<u8>>) {
        if value.contains(&b'\n') {
            let lines =
                value.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-----"));
            lines.for_each(|line| self.learn_value(line, new));
            return;
        }
        let is_word = value.iter().all(u8::is_ascii_digit) && value.len() < 8;
        if !(LEARNED_AT_LEAST..=LENGTH_AT_MOST).contains(&value.len()) || is_word || is_none(value)
        {
            return;
        }
        for form in forms::of(value) {
            // A guest that fills its part of a text must not keep others' secrets from being learnt.
            let has_room = self.values.len() < LEARNED_AT_MOST && new.len() < LEARNED_OF_ONE_TEXT;
            if has_room && self.values.insert(form.clone()) {
                new.push(form);
            }
        }
    }

    fn compile(&mut self, mut new: Vec<Vec<u8>>) {
        // Longer ones first: the value itself may be the beginning of another.
        new.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let escaped: Vec<String> = new.iter().map(|value| escaped(value)).collect();
        if !escaped.is_empty() {
            let mut regex = RegexBuilder::new(&escaped.join("|"));
            self.learned.extend(regex.unicode(false).size_limit(64 << 20).build());
        }
    }

    /// `text` without its secrets, and how many there were.
    ///
    /// All are found in the text as it is, before any is taken out: a secret may be a word that tells of another.
    pub fn redact(&self, text: &[u8]) -> (Vec<u8>, usize) {
        let known =
            self.learned.iter().flat_map(|regex| regex.find_iter(text)).map(|it| it.range());
        let shaped = SHAPES.iter().flat_map(|shape| {
            let found = shape.regex.captures_iter(text);
            found.filter_map(|found| secret_of(&found, shape.secret))
        });
        let mut secrets: Vec<Range<usize>> =
            known.chain(shaped).filter(|secret| !is_none(&text[secret.clone()])).collect();
        secrets.extend(self.cut(text));
        secrets.sort_by_key(|secret| (secret.start, secret.end));
        let mut merged: Vec<Range<usize>> = Vec::new();
        for secret in secrets {
            match merged.last_mut() {
                Some(last) if secret.start < last.end => last.end = last.end.max(secret.end),
                _ => merged.push(secret),
            }
        }
        let mut redacted = Vec::with_capacity(text.len());
        let mut until = 0;
        for secret in &merged {
            redacted.extend_from_slice(&text[until..secret.start]);
            redacted.extend(self.stand_in(&text[secret.clone()]));
            until = secret.end;
        }
        redacted.extend_from_slice(&text[until..]);
        (redacted, merged.len())
    }

    /// What is left of known secrets where the middle of a text was left out.
    fn cut(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let cuts = CUTS.iter().flat_map(|regex| regex.find_iter(text));
        for cut in cuts.take(CUTS_AT_MOST) {
            let (before, after) = (cut.start(), cut.end());
            for value in &self.values {
                let lengths = || (PART_AT_LEAST..value.len()).rev();
                let begun = lengths().find(|length| text[..before].ends_with(&value[..*length]));
                parts.extend(begun.map(|length| before - length..before));
                let ended = lengths()
                    .find(|length| text[after..].starts_with(&value[value.len() - length..]));
                parts.extend(ended.map(|length| after..after + length));
            }
        }
        parts
    }

    fn stand_in(&self, secret: &[u8]) -> Vec<u8> {
        let hash = blake3::keyed_hash(&self.key, secret).to_hex();
        format!("***{}", hash.get(..4).unwrap_or_default()).into_bytes()
    }
}

/// Values that say that there is none, or that one follows.
const NO_SECRETS: [&str; 8] = ["true", "false", "null", "none", "0", "bearer", "basic", "digest"];

/// Whether `value` is no secret, or one that was taken out.
fn is_none(value: &[u8]) -> bool {
    value.is_empty()
        || value.starts_with(b"***")
        || NO_SECRETS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

fn secret_of(found: &Captures<'_>, group: &str) -> Option<Range<usize>> {
    let mut groups = [group, "t", "u"].into_iter();
    groups.find_map(|group| found.name(group)).map(|secret| secret.range())
}

fn escaped(value: &[u8]) -> String {
    use std::fmt::Write as _;
    value.iter().fold(String::new(), |mut pattern, byte| {
        if byte.is_ascii_alphanumeric() {
            pattern.push(char::from(*byte));
        } else {
            // Writing to a text cannot fail.
            write!(pattern, "(?-u:\\x{byte:02x})").ok();
        }
        pattern
    })
}

#[cfg(test)]
#[path = "redact/tests.rs"]
mod tests;
