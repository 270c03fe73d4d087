//! From a text to words, as `xl` tells them apart.

use std::ops::Range;

use super::error::ConfigError;

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A key.
    Ident,
    /// A number as it is written, or what stands in quotes with its escapes undone.
    Atom(String),
    Comma,
    Open,
    Close,
    Assign,
    Add,
    Semicolon,
    Newline,
}

/// A word and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
    pub(super) line: usize,
}

/// Gives one word after another.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The line in which the next word begins.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// The next word; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Word>, ConfigError> {
        self.skip_blanks();
        let (begin, line) = (self.at, self.line);
        let Some(first) = self.peek() else { return Ok(None) };
        let token = match first {
            '\n' => {
                self.line += 1;
                self.one(Token::Newline)
            }
            ',' => self.one(Token::Comma),
            '[' => self.one(Token::Open),
            ']' => self.one(Token::Close),
            ';' => self.one(Token::Semicolon),
            '=' => self.one(Token::Assign),
            '+' if self.rest().starts_with("+=") => {
                self.at += 2;
                Token::Add
            }
            '\'' | '"' => self.quoted(first)?,
            'a'..='z' => {
                self.skip_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
                Token::Ident
            }
            '0'..='9' => {
                self.skip_while(|c| matches!(c, '0'..='9' | 'a'..='f' | 'x'));
                Token::Atom(self.text.get(begin..self.at).unwrap_or_default().to_owned())
            }
            '\r' => {
                let what = "a carriage return: save the text with the line ends of Unix";
                return Err(ConfigError::at(line, what));
            }
            other => {
                let what = format!("{other:?} cannot stand there: a text must be in quotes");
                return Err(ConfigError::at(line, what));
            }
        };
        Ok(Some(Word { token, span: begin..self.at, line }))
    }

    /// Goes on behind the end of this line, or to the end of the text.
    pub(super) fn skip_line(&mut self) {
        match self.rest().find('\n') {
            Some(length) => {
                self.at += length + 1;
                self.line += 1;
            }
            None => self.at = self.text.len(),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn one(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                // The end of the line is a word of its own.
                Some('#') => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                _ => return,
            }
        }
    }

    fn skip_while(&mut self, fits: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !fits(c)).unwrap_or(rest.len());
    }

    fn quoted(&mut self, quote: char) -> Result<Token, ConfigError> {
        let line = self.line;
        let unended = || ConfigError::at(line, "a text in quotes has no end in its line");
        self.at += 1;
        let mut text = String::new();
        loop {
            let next = self.peek().ok_or_else(unended)?;
            match next {
                '\n' => return Err(unended()),
                '\\' => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => {
                    self.at += next.len_utf8();
                    if next == quote {
                        return Ok(Token::Atom(text));
                    }
                    text.push(next);
                }
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, ConfigError> {
        let wrong = |line| ConfigError::at(line, "there is no such character behind a backslash");
        let next = self.peek().ok_or_else(|| wrong(self.line))?;
        let (digits, radix) = match next {
            'x' => (1..=2, 16),
            '0'..='7' => (0..=2, 8),
            _ => {
                self.at += next.len_utf8();
                return match next {
                    'a' => Ok('\x07'),
                    'b' => Ok('\x08'),
                    'f' => Ok('\x0c'),
                    'n' => Ok('\n'),
                    'r' => Ok('\r'),
                    't' => Ok('\t'),
                    'v' => Ok('\x0b'),
                    '\\' | '"' | '\'' => Ok(next),
                    _ => Err(wrong(self.line)),
                };
            }
        };
        let from = self.at + digits.start();
        let part = self.text.get(from..).unwrap_or_default();
        let length =
            part.chars().take(2 + usize::from(radix == 8)).take_while(|c| c.is_digit(radix));
        let part = part.get(..length.count()).unwrap_or_default();
        // A zero byte would end the text for whoever reads it in C.
        let value = u8::from_str_radix(part, radix).ok().filter(|value| *value != 0);
        let value = value.filter(u8::is_ascii).ok_or_else(|| wrong(self.line))?;
        self.at = from + part.len();
        Ok(char::from(value))
    }
}
