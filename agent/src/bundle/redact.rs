//! Takes secrets out, before anything leaves the appliance.
//!
//! Two ways. By their surroundings: a key that says what follows, a PEM block, a token's shape. And
//! by value: what was found by its surroundings is then taken out everywhere, also where it is written in
//! base64, percent-encoded, in hexadecimal or escaped. Places that are known to hold secrets are learnt first.
//! What is taken out is replaced by `***` and four hexadecimal digits of a keyed hash, so that one
//! value can be recognised within one bundle; the key is thrown away with the [`Redactor`].

mod forms;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

/// Shorter values are too likely to be ordinary words to be taken out everywhere.
const LEARNED_AT_LEAST: usize = 6;
/// Each costs time with every item.
const LEARNED_AT_MOST: usize = 4_000;

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

/// Takes secrets out of one bundle.
pub struct Redactor {
    key: [u8; 32],
    values: BTreeSet<Vec<u8>>,
    learned: Option<Regex>,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

impl Redactor {
    /// With a key of its own.
    pub fn new() -> Self {
        Self { key: rand::random(), values: BTreeSet::new(), learned: None }
    }

    /// Learns the secrets that `text` holds, for everything that is redacted from now on.
    pub fn learn(&mut self, text: &[u8]) {
        let before = self.values.len();
        for shape in SHAPES.iter() {
            for found in shape.regex.captures_iter(text) {
                if let Some(secret) = secret_of(&found, shape.secret) {
                    self.learn_value(secret);
                }
            }
        }
        if self.values.len() > before {
            self.compile();
        }
    }

    /// Learns each line of a file that is a secret as a whole.
    pub fn learn_lines(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-----")) {
            self.learn_value(line);
        }
        self.compile();
    }

    fn learn_value(&mut self, value: &[u8]) {
        let is_word = value.iter().all(u8::is_ascii_digit) && value.len() < 8;
        let is_done = value.starts_with(b"***");
        if value.len() < LEARNED_AT_LEAST || is_word || is_done || NO_SECRETS.contains(&value) {
            return;
        }
        for form in forms::of(value) {
            if self.values.len() < LEARNED_AT_MOST {
                self.values.insert(form);
            }
        }
    }

    fn compile(&mut self) {
        // Longer ones first: the value itself may be the beginning of another.
        let mut values: Vec<_> = self.values.iter().collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let escaped: Vec<String> = values.into_iter().map(|value| escaped(value)).collect();
        self.learned = (!escaped.is_empty())
            .then(|| {
                RegexBuilder::new(&escaped.join("|")).unicode(false).size_limit(64 << 20).build()
            })
            .and_then(Result::ok);
    }

    /// `text` without its secrets, and how many there were.
    pub fn redact(&self, text: &[u8]) -> (Vec<u8>, usize) {
        let mut count = 0;
        let mut text = Cow::Borrowed(text);
        if let Some(learned) = &self.learned {
            let changed = learned.replace_all(&text, |found: &Captures<'_>| {
                count += 1;
                self.stand_in(found.get(0).map_or(b"".as_slice(), |whole| whole.as_bytes()))
            });
            if let Cow::Owned(changed) = changed {
                text = Cow::Owned(changed);
            }
        }
        for shape in SHAPES.iter() {
            let replace = |found: &Captures<'_>| self.replace(found, shape, &mut count);
            if let Cow::Owned(changed) = shape.regex.replace_all(&text, replace) {
                text = Cow::Owned(changed);
            }
        }
        (text.into_owned(), count)
    }

    /// The whole match, with the secret in it replaced.
    fn replace(&self, found: &Captures<'_>, shape: &Shape, count: &mut usize) -> Vec<u8> {
        let whole = found.get(0).map_or(b"".as_slice(), |whole| whole.as_bytes());
        let Some(secret) = secret_of(found, shape.secret) else { return whole.to_vec() };
        if secret.is_empty() || secret.starts_with(b"***") || NO_SECRETS.contains(&secret) {
            return whole.to_vec();
        }
        *count += 1;
        let Some(at) = whole.windows(secret.len()).rposition(|window| window == secret) else {
            return self.stand_in(secret);
        };
        let mut replaced = whole.get(..at).unwrap_or_default().to_vec();
        replaced.extend(self.stand_in(secret));
        replaced.extend(whole.get(at + secret.len()..).unwrap_or_default());
        replaced
    }

    fn stand_in(&self, secret: &[u8]) -> Vec<u8> {
        let hash = blake3::keyed_hash(&self.key, secret).to_hex();
        format!("***{}", hash.get(..4).unwrap_or_default()).into_bytes()
    }
}

/// Values that say that there is none.
const NO_SECRETS: [&[u8]; 8] =
    [b"true", b"false", b"True", b"False", b"null", b"none", b"None", b"0"];

fn secret_of<'t>(found: &Captures<'t>, group: &str) -> Option<&'t [u8]> {
    let mut groups = [group, "t", "u"].into_iter();
    groups.find_map(|group| found.name(group)).map(|secret| secret.as_bytes())
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
