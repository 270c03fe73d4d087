//! From words to settings.

use super::document::{Item, Setting, Value};
use super::error::ConfigError;
use super::lexer::{Lexer, Token, Word};

/// Lists in lists deeper than this mean nothing to `xl`.
const DEEPEST: usize = 8;
/// So many problems are told.
const TOLD: usize = 20;

/// Everything that could be read. A line with a mistake in it is passed over, as `xl` does before
/// it gives up.
pub(super) fn parse(text: &str) -> (Vec<Setting>, Vec<ConfigError>) {
    let mut parser = Parser { text, lexer: Lexer::new(text), ahead: None };
    let (mut settings, mut problems) = (Vec::new(), Vec::new());
    loop {
        match parser.statement() {
            Ok(None) => return (settings, problems),
            Ok(Some(setting)) => settings.push(setting),
            Err(problem) => {
                if problems.len() < TOLD {
                    problems.push(problem);
                }
                parser.recover();
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    ahead: Option<Word>,
}

impl Parser<'_> {
    fn next(&mut self) -> Result<Option<Word>, ConfigError> {
        match self.ahead.take() {
            Some(word) => Ok(Some(word)),
            None => self.lexer.next(),
        }
    }

    fn recover(&mut self) {
        match self.ahead.take() {
            // The mistake was seen at the end of its line.
            Some(Word { token: Token::Newline, .. }) => {}
            _ => self.lexer.skip_line(),
        }
    }

    /// What went wrong at `word`, which is looked at again.
    fn unexpected(&mut self, word: Option<Word>, wanted: &str) -> ConfigError {
        let line = word.as_ref().map_or(self.lexer.line(), |word| word.line);
        self.ahead = word;
        ConfigError::at(line, format!("{wanted} is expected there"))
    }

    /// The next setting; nothing at the end.
    fn statement(&mut self) -> Result<Option<Setting>, ConfigError> {
        let word = loop {
            let Some(word) = self.next()? else { return Ok(None) };
            match word.token {
                Token::Newline | Token::Semicolon => {}
                Token::Ident => break word,
                _ => return Err(self.unexpected(Some(word), "a key, such as name = \"pbx\",")),
            }
        };
        let key = self.text.get(word.span.clone()).unwrap_or_default().to_owned();
        let adds = match self.next()? {
            Some(Word { token: Token::Assign, .. }) => false,
            Some(Word { token: Token::Add, .. }) => true,
            other => return Err(self.unexpected(other, "= or +=")),
        };
        let (value, value_span) = self.value(0)?;
        match self.next()? {
            None | Some(Word { token: Token::Newline | Token::Semicolon, .. }) => {}
            other => return Err(self.unexpected(other, "the end of the line")),
        }
        let span = word.span.start..value_span.end;
        Ok(Some(Setting { key, adds, value, span, value_span, line: word.line }))
    }

    fn value(&mut self, depth: usize) -> Result<(Value, std::ops::Range<usize>), ConfigError> {
        match self.next()? {
            Some(Word { token: Token::Atom(text), span, .. }) => Ok((Value::Atom(text), span)),
            Some(Word { token: Token::Open, line, .. }) if depth == DEEPEST => {
                Err(ConfigError::at(line, "lists are nested too deeply"))
            }
            Some(Word { token: Token::Open, span, .. }) => {
                let (items, end) = self.items(depth)?;
                Ok((Value::List(items), span.start..end))
            }
            other => Err(self.unexpected(other, "a number, a text in quotes, or a list in [ ]")),
        }
    }

    /// What follows an opening bracket, up to the closing one.
    fn items(&mut self, depth: usize) -> Result<(Vec<Item>, usize), ConfigError> {
        let mut items = Vec::new();
        loop {
            let word = self.next_in_list()?;
            match word {
                Some(Word { token: Token::Close, span, .. }) => return Ok((items, span.end)),
                other => self.ahead = other,
            }
            let (value, span) = self.value(depth + 1)?;
            let raw = self.text.get(span).unwrap_or_default().to_owned();
            items.push(Item { value, raw });
            match self.next_in_list()? {
                Some(Word { token: Token::Comma, .. }) => {}
                Some(Word { token: Token::Close, span, .. }) => return Ok((items, span.end)),
                other => return Err(self.unexpected(other, ", or ]")),
            }
        }
    }

    /// Lines may end anywhere in a list.
    fn next_in_list(&mut self) -> Result<Option<Word>, ConfigError> {
        loop {
            match self.next()? {
                Some(Word { token: Token::Newline, .. }) => {}
                other => return Ok(other),
            }
        }
    }
}
