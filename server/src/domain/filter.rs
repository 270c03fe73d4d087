//! The filter language of every table: `docs/filter.md`.
//!
//! ```text
//! presence=online xen<4.17 site="Head office",Annex pbx
//! ```
//!
//! [`parse`] knows the grammar, [`Filter::check`] the keys of one table.

use std::fmt;

/// Longest filter, in bytes.
const LONGEST: usize = 4096;

/// Terms that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub terms: Vec<Term>,
}

/// One condition.
#[derive(Clone, Debug, Eq)]
pub struct Term {
    /// Where it begins, in characters from 1.
    pub at: usize,
    pub is: Is,
}

/// Where it was written does not matter to what it says.
impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.is == other.is
    }
}

/// What a term says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Is {
    /// The name contains it.
    Word(String),
    /// A key compares so with one of the values.
    Key { key: String, compares: Compares, values: Vec<String> },
}

/// How a key compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compares {
    Equal,
    Differs,
    Less,
    Greater,
    Contains,
}

impl Compares {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Differs => "!=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::Contains => "~",
        }
    }
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    pub holds: Holds,
}

/// What a key holds, and so how it compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Any text.
    Text,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A version: compares as versions do.
    Version,
    /// A whole number.
    Number,
    /// `yes` or `no`.
    Flag,
    /// Another thing, by its name or its id.
    Name,
}

/// Why a filter cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the filter cannot be understood at character {at}: {problem}")]
pub struct FilterError {
    /// In characters from 1.
    pub at: usize,
    pub problem: Problem,
    /// The keys that there are.
    pub keys: Vec<&'static str>,
}

/// See [`FilterError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the filter is longer than {LONGEST} bytes")]
    TooLong,
    #[error("a quote is not closed")]
    OpenQuote,
    #[error("there is no key before {0:?}")]
    NoKey(&'static str),
    #[error("there is no value after {0:?}")]
    NoValue(&'static str),
    #[error("a quote must be the whole word or value")]
    StrayQuote,
    #[error("there is no key {0:?}")]
    UnknownKey(String),
    #[error("{key:?} cannot be compared by {compares:?}")]
    Incomparable { key: String, compares: &'static str },
    #[error("{key:?} is one of {words}, not {value:?}")]
    NotOneOf { key: String, words: String, value: String },
    #[error("{key:?} is a number, not {value:?}")]
    NotANumber { key: String, value: String },
    #[error("{0:?} compares with one value, not with several")]
    OneValue(&'static str),
}

impl FilterError {
    fn new(at: usize, problem: Problem) -> Self {
        Self { at, problem, keys: Vec::new() }
    }

    /// What a person can do about it.
    pub fn what_to_do(&self) -> String {
        if self.keys.is_empty() {
            return "Write terms such as presence=online or name~pbx, blanks between them.".into();
        }
        format!("The keys are {}.", self.keys.join(", "))
    }
}

/// Reads a filter. Terms are separated by blanks; a text in quotes may hold anything, with `\"`
/// and `\\` for the two letters that could not be in it otherwise.
pub fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError::new(1, Problem::TooLong));
    }
    let mut reader = Reader { letters: text.chars().collect(), next: 0 };
    let mut terms = Vec::new();
    while reader.skip_blanks() {
        terms.push(reader.term()?);
    }
    Ok(Filter { terms })
}

struct Reader {
    letters: Vec<char>,
    next: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.next).copied()
    }

    /// Whether anything comes after the blanks.
    fn skip_blanks(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
        self.peek().is_some()
    }

    fn error(&self, problem: Problem) -> FilterError {
        FilterError::new(self.next + 1, problem)
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let at = self.next + 1;
        if self.peek() == Some('"') {
            let word = self.quoted()?;
            self.ends()?;
            return Ok(Term { at, is: Is::Word(word) });
        }
        let word = self.bare(&['=', '!', '<', '>', '~']);
        let Some(compares) = self.comparison() else {
            // A lone exclamation mark is a letter of a word.
            let word = word + &self.bare(&[]);
            self.ends()?;
            return Ok(Term { at, is: Is::Word(word) });
        };
        if word.is_empty() {
            return Err(FilterError::new(at, Problem::NoKey(compares.as_str())));
        }
        let mut values = vec![self.value(compares)?];
        while self.peek() == Some(',') {
            self.next += 1;
            values.push(self.value(compares)?);
        }
        self.ends()?;
        Ok(Term { at, is: Is::Key { key: word, compares, values } })
    }

    fn comparison(&mut self) -> Option<Compares> {
        let (compares, length) = match (self.peek()?, self.letters.get(self.next + 1)) {
            ('!', Some('=')) => (Compares::Differs, 2),
            ('=', _) => (Compares::Equal, 1),
            ('<', _) => (Compares::Less, 1),
            ('>', _) => (Compares::Greater, 1),
            ('~', _) => (Compares::Contains, 1),
            _ => return None,
        };
        self.next += length;
        Some(compares)
    }

    fn value(&mut self, compares: Compares) -> Result<String, FilterError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let value = self.bare(&[',']);
        if value.is_empty() {
            return Err(self.error(Problem::NoValue(compares.as_str())));
        }
        Ok(value)
    }

    /// Letters up to a blank, a quote, or one of `stops`.
    fn bare(&mut self, stops: &[char]) -> String {
        let start = self.next;
        while self.peek().is_some_and(|letter| {
            !letter.is_whitespace() && letter != '"' && !stops.contains(&letter)
        }) {
            self.next += 1;
        }
        self.letters[start..self.next].iter().collect()
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let opened = self.next + 1;
        self.next += 1;
        let mut text = String::new();
        loop {
            let letter = self.peek().ok_or_else(|| FilterError::new(opened, Problem::OpenQuote))?;
            self.next += 1;
            match letter {
                '"' => return Ok(text),
                '\\' => {
                    text.push(
                        self.peek().ok_or_else(|| FilterError::new(opened, Problem::OpenQuote))?,
                    );
                    self.next += 1;
                }
                other => text.push(other),
            }
        }
    }

    fn ends(&self) -> Result<(), FilterError> {
        match self.peek() {
            Some(letter) if !letter.is_whitespace() => Err(self.error(Problem::StrayQuote)),
            _ => Ok(()),
        }
    }
}

impl Filter {
    /// Adds the term `key=value`, as the parameters of a query do.
    pub fn and(&mut self, key: &str, values: Vec<String>) {
        let is = Is::Key { key: key.to_owned(), compares: Compares::Equal, values };
        self.terms.push(Term { at: 1, is });
    }

    /// Whether the table with these keys can be filtered so.
    pub fn check(&self, keys: &[Key]) -> Result<(), FilterError> {
        for term in &self.terms {
            if let Is::Key { key, compares, values } = &term.is {
                check(keys, key, *compares, values).map_err(|problem| FilterError {
                    at: term.at,
                    problem,
                    keys: keys.iter().map(|key| key.name).collect(),
                })?;
            }
        }
        Ok(())
    }
}

fn check(keys: &[Key], key: &str, compares: Compares, values: &[String]) -> Result<(), Problem> {
    let found = keys
        .iter()
        .find(|known| known.name == key)
        .ok_or_else(|| Problem::UnknownKey(key.to_owned()))?;
    let ordered = matches!(compares, Compares::Less | Compares::Greater);
    let fits = match found.holds {
        Holds::Text | Holds::Name => !ordered,
        Holds::Words(_) | Holds::Flag => matches!(compares, Compares::Equal | Compares::Differs),
        Holds::Version => true,
        Holds::Number => compares != Compares::Contains,
    };
    if !fits {
        return Err(Problem::Incomparable { key: key.to_owned(), compares: compares.as_str() });
    }
    if ordered && values.len() > 1 {
        return Err(Problem::OneValue(compares.as_str()));
    }
    let one_of = |words: &[&str]| match values.iter().find(|v| !words.contains(&v.as_str())) {
        Some(value) => Err(Problem::NotOneOf {
            key: key.to_owned(),
            words: words.join(", "),
            value: value.clone(),
        }),
        None => Ok(()),
    };
    match found.holds {
        Holds::Words(words) => one_of(words),
        Holds::Flag => one_of(&["yes", "no"]),
        Holds::Number => match values.iter().find(|value| value.parse::<i32>().is_err()) {
            Some(value) => Err(Problem::NotANumber { key: key.to_owned(), value: value.clone() }),
            None => Ok(()),
        },
        Holds::Text | Holds::Version | Holds::Name => Ok(()),
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, term) in self.terms.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            match &term.is {
                Is::Word(word) => write_quoted(f, word)?,
                Is::Key { key, compares, values } => {
                    write!(f, "{key}{}", compares.as_str())?;
                    for (n, value) in values.iter().enumerate() {
                        if n > 0 {
                            f.write_str(",")?;
                        }
                        write_quoted(f, value)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_bare = !text.is_empty()
        && text.chars().all(|letter| letter.is_alphanumeric() || "._-:/+".contains(letter));
    if is_bare {
        return f.write_str(text);
    }
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
