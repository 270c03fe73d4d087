//! Goes through all logs in a file.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::budget::{Budget, Counted, Layer, Limits};
use super::kind::{HEAD, Kind, is_text, promises_archive};
use super::tarball::{self, What};

/// What zstd's `--long` asks for: 128 MiB of memory.
const WINDOW_LOG: u32 = 27;
/// As many are told; who has more of them has one problem.
const TOLD: usize = 100;

/// A log that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'w> {
    /// What it is called: the file's name, and the path in it where it is an archive.
    pub name: &'w str,
    /// The path in the archive.
    pub within: Option<&'w str>,
}

/// What was done with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// It was read.
    Read,
    /// It was not, and why.
    LeftAlone(&'static str),
}

/// What could not be read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Which file.
    pub file: String,
    /// Why, for people.
    pub why: String,
}

/// What was left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    /// Which file.
    pub file: String,
    /// Why, for people.
    pub why: String,
}

/// What is to be said of a file beside what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// What could not be read, or not to its end.
    pub problems: Vec<Problem>,
    /// What was left alone.
    pub skipped: Vec<Skipped>,
}

/// Hands each log in `input`, which is called `name`, to `take`.
///
/// An error of `take` must be one of reading what it was given.
pub fn walk(
    name: &str,
    input: impl Read,
    limits: Limits,
    mut take: impl FnMut(Found<'_>, &mut dyn Read) -> io::Result<Within>,
) -> Walked {
    let budget = Budget::of(limits);
    let mut walk = Walk { budget: Rc::clone(&budget), take: &mut take, walked: Walked::default() };
    let mut input = Counted { inner: input, budget };
    walk.layer(Found { name, within: None }, &mut input, 0);
    walk.walked
}

type Take<'t> = &'t mut dyn FnMut(Found<'_>, &mut dyn Read) -> io::Result<Within>;

struct Walk<'t> {
    budget: Rc<Budget>,
    take: Take<'t>,
    walked: Walked,
}

impl Walk<'_> {
    /// Takes off what a file is wrapped in, and reads what is below.
    fn layer(&mut self, found: Found<'_>, input: &mut dyn Read, depth: u32) {
        let mut head = Vec::with_capacity(HEAD);
        if let Err(error) = (&mut *input).take(HEAD as u64).read_to_end(&mut head)
            && head.is_empty()
        {
            return self.problem(found.name, told(&error));
        }
        let kind = Kind::of(&head);
        let is_wrapped = matches!(kind, Kind::Gzip | Kind::Zstd | Kind::Tar);
        if is_wrapped && depth >= self.budget.limits().layers {
            return self.problem(
                found.name,
                "archives in archives in archives: unpack it, and give what is in it".into(),
            );
        }
        if depth == 0 && !is_wrapped && promises_archive(found.name) && !is_text(&head) {
            return self.problem(found.name, "it is called an archive, and is none".into());
        }
        let is_empty = head.is_empty();
        let mut input = Cursor::new(head).chain(input);
        let failed = Rc::new(Cell::new(false));
        match kind {
            Kind::Gzip => {
                let gzip = MultiGzDecoder::new(io::BufReader::new(input));
                self.layer(found, &mut Layer::of(gzip, &self.budget, &failed), depth + 1);
            }
            Kind::Zstd => match zstd_decoder(input) {
                Ok(zstd) => {
                    self.layer(found, &mut Layer::of(zstd, &self.budget, &failed), depth + 1)
                }
                Err(error) => self.problem(found.name, told(&error)),
            },
            Kind::Tar => {
                self.tar(found, Layer::of(input, &self.budget, &failed), &failed, depth + 1)
            }
            Kind::BrokenTar => self
                .problem(found.name, "it begins as a tar, and its first header is damaged".into()),
            Kind::Foreign(what) if found.within.is_some() => {
                self.skip(found.name, &format!("{what} is not read here"))
            }
            Kind::Foreign(what) => {
                self.problem(
                    found.name,
                    format!("{what} is not read here: unpack it first, and give what is in it"),
                );
            }
            Kind::Plain if is_empty && depth == 0 && promises_archive(found.name) => {
                self.problem(found.name, "it is empty: nothing of an archive is there".into());
            }
            Kind::Plain => self.log(found, &mut input),
        }
    }

    fn log(&mut self, found: Found<'_>, input: &mut dyn Read) {
        let mut log = Layer::of(input, &self.budget, &Rc::default());
        match (self.take)(found, &mut log) {
            Ok(Within::Read) => {}
            Ok(Within::LeftAlone(why)) => self.skip(found.name, why),
            Err(error) => self.problem(found.name, told(&error)),
        }
    }

    fn tar(&mut self, found: Found<'_>, input: impl Read, failed: &Cell<bool>, depth: u32) {
        let budget = Rc::clone(&self.budget);
        let name = found.name;
        let mut why = None;
        let ended = tarball::entries(input, &budget, |path, what, entry| {
            let inside = format!("{name}/{}", path.trim_start_matches("./"));
            match what {
                What::Nothing => return Ok(()),
                What::Sparse => {
                    self.skip(&inside, "a file with holes");
                    return Ok(());
                }
                What::File => {}
            }
            let before = self.walked.problems.len();
            self.layer(Found { name: &inside, within: Some(path) }, entry, depth);
            if failed.get() || budget.exceeded().is_some() {
                // It is the archive that cannot be read on, and that is told once.
                why = self.walked.problems.drain(before..).next().map(|problem| problem.why);
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(())
        });
        if let Err(error) = ended {
            let too_much = budget.exceeded().map(str::to_owned);
            self.problem(name, too_much.or(why).unwrap_or_else(|| told(&error)));
        }
    }

    fn problem(&mut self, file: &str, why: String) {
        if self.walked.problems.len() < TOLD {
            self.walked.problems.push(Problem { file: file.to_owned(), why });
        }
    }

    fn skip(&mut self, file: &str, why: &str) {
        if self.walked.skipped.len() < TOLD {
            self.walked.skipped.push(Skipped { file: file.to_owned(), why: why.to_owned() });
        }
    }
}

fn zstd_decoder<'r, R: Read + 'r>(input: R) -> io::Result<impl Read + 'r> {
    let mut decoder = zstd::stream::read::Decoder::new(input)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

/// An error of reading, for people.
fn told(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it was cut: what was there has been looked at".to_owned(),
        _ => format!("it cannot be read to its end: {error}"),
    }
}
