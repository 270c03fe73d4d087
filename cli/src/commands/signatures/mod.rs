//! `domfleet signatures`: signs of known faults in logs, without a server.

mod show;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use domfleet_shared::scan_input::{Limits, Problem};
use domfleet_shared::signatures::{Catalogue, Scan, Signature};
use serde::Serialize;

use crate::args::signatures::{self as args, Signatures};
use crate::error::Error;
use crate::output::{self, Format};

/// A catalogue that is larger is refused; this much of it is enough to say so.
const CATALOGUE_BYTES: u64 = 1024 * 1024;

/// Does what was asked.
pub(super) fn run(format: Format, asked: Signatures) -> Result<(), Error> {
    match asked {
        Signatures::Scan(asked) => scan(format, &asked),
        Signatures::List(asked) => list(format, &asked),
    }
}

fn scan(format: Format, asked: &args::Scan) -> Result<(), Error> {
    let catalogue = catalogue(asked.catalogue.as_deref())?;
    let mut scan = Scan::new(&catalogue, Limits::default());
    let mut problems = Vec::new();
    for path in &asked.files {
        let name = path.display().to_string();
        match open(path) {
            Ok(input) => scan.file(&name, input),
            Err(why) => problems.push(Problem { file: name, why }),
        }
    }
    let mut report = scan.finish();
    report.problems.splice(0..0, problems);
    if asked.json || format != Format::Table {
        output::json(&report)?;
    } else {
        show::report(&report, &catalogue);
    }
    for Problem { file, why } in &report.problems {
        output::say(&output::visible(&format!("domfleet: {file}: {why}")));
    }
    if report.problems.is_empty() { Ok(()) } else { Err(Error::NotAllRead) }
}

fn list(format: Format, asked: &args::List) -> Result<(), Error> {
    #[derive(Serialize)]
    struct Listed<'c> {
        signatures: &'c [Signature],
    }

    let catalogue = catalogue(asked.catalogue.as_deref())?;
    if asked.json || format != Format::Table {
        return output::json(&Listed { signatures: catalogue.signatures() });
    }
    show::catalogue(&catalogue);
    Ok(())
}

/// Ours, and those of `own`.
fn catalogue(own: Option<&Path>) -> Result<Catalogue, Error> {
    let Some(path) = own else {
        return Catalogue::with("").map_err(|error| Error::Usage(error.to_string()));
    };
    let fault = |why: String| Error::Unreadable { path: path.to_owned(), why };
    let mut text = String::new();
    let input = open(path).map_err(fault)?;
    let read = input.take(CATALOGUE_BYTES).read_to_string(&mut text);
    read.map_err(|error| fault(error.to_string()))?;
    Catalogue::with(&text).map_err(|error| fault(error.to_string()))
}

/// Standard input where it is `-`.
fn open(path: &Path) -> Result<Box<dyn Read>, String> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("it is a folder: give the files in it".to_owned());
    }
    Ok(Box::new(file))
}
