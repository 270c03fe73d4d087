//! What a configuration says, and where.

use std::ops::Range;

use super::error::ConfigError;
use super::{LONGEST, parser};

/// A configuration: its text, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub(super) text: String,
    pub(super) settings: Vec<Setting>,
    pub(super) problems: Vec<ConfigError>,
}

/// `key = value` or `key += value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// Whether it adds to what was said before.
    pub adds: bool,
    /// The value.
    pub value: Value,
    /// From the key to the end of the value.
    pub span: Range<usize>,
    /// The value's place.
    pub value_span: Range<usize>,
    /// The line in which it begins, counted from 1.
    pub line: usize,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text or a number.
    Atom(String),
    /// Several values.
    List(Vec<Item>),
}

/// One of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// It.
    pub value: Value,
    /// As it is written.
    pub raw: String,
}

impl Document {
    /// Reads a configuration that must be one from its first line to its last.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        let document = Self::read(bytes)?;
        match document.problems.first() {
            None => Ok(document),
            Some(problem) => Err(problem.clone()),
        }
    }

    /// Reads what can be read of a text that may be no configuration at all; the rest is in
    /// [`Self::problems`].
    pub fn read(bytes: &[u8]) -> Result<Self, ConfigError> {
        if bytes.len() > LONGEST {
            let what = format!("it is {} bytes long, and at most {LONGEST} are read", bytes.len());
            return Err(ConfigError::whole(what));
        }
        let line_of =
            |at: usize| bytes.get(..at).unwrap_or_default().split(|byte| *byte == b'\n').count();
        if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
            return Err(ConfigError::at(line_of(at), "a zero byte: this is no text"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            ConfigError::at(line_of(error.valid_up_to()), "this is not UTF-8: write it in UTF-8")
        })?;
        let (settings, problems) = parser::parse(text);
        Ok(Self { text: text.to_owned(), settings, problems })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What could not be read, the first few of it.
    pub fn problems(&self) -> &[ConfigError] {
        &self.problems
    }

    /// Everything it says, in order.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// What it says of `key` in the end: the last `=` counts, and what `+=` adds to it.
    pub fn value(&self, key: &str) -> Option<Value> {
        let mut found: Option<Value> = None;
        for setting in self.settings.iter().filter(|setting| setting.key == key) {
            found = Some(match (found, &setting.value) {
                (Some(Value::List(mut before)), Value::List(more)) if setting.adds => {
                    before.extend(more.iter().cloned());
                    Value::List(before)
                }
                (Some(Value::Atom(before)), Value::Atom(more)) if setting.adds => {
                    Value::Atom(before + more)
                }
                (_, value) => value.clone(),
            });
        }
        found
    }

    /// The text or number of `key`.
    pub fn atom(&self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::Atom(text) => Some(text),
            Value::List(_) => None,
        }
    }

    /// The number of `key`: decimal, or hexadecimal behind `0x`.
    pub fn number(&self, key: &str) -> Option<u64> {
        let text = self.atom(key)?;
        match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// The list of `key`; one of one where it is no list, and empty where it is not said.
    pub fn list(&self, key: &str) -> Vec<Item> {
        match self.value(key) {
            None => Vec::new(),
            Some(Value::List(items)) => items,
            Some(value @ Value::Atom(_)) => {
                let raw = self.settings.iter().rev().find(|setting| setting.key == key);
                let raw = raw.and_then(|setting| self.text.get(setting.value_span.clone()));
                vec![Item { value, raw: raw.unwrap_or_default().to_owned() }]
            }
        }
    }

    /// The texts of the list of `key`.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let texts = self.list(key).into_iter().map(|item| match item.value {
            Value::Atom(text) => text,
            Value::List(_) => String::new(),
        });
        texts.collect()
    }

    /// The line in which `key` is said last.
    pub(super) fn line_of(&self, key: &str) -> Option<usize> {
        self.settings.iter().rev().find(|setting| setting.key == key).map(|setting| setting.line)
    }
}
