//! From file to file of a bundle.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::ControlFlow;

use super::bounds::{Bounds, Stop};
use super::unpack::unpack;

/// What the only file is called of a bundle that is no archive.
pub const ONLY: &str = "content";
/// What is read of a name that has an entry of its own. tar would read all of it into memory.
const NAME_BYTES: u64 = 16 * 1024;
/// What is kept of a name.
const NAME_LETTERS: usize = 500;

/// A file on the way.
pub(super) struct Entry<'a> {
    pub(super) path: String,
    /// What the archive says.
    pub(super) size: Option<u64>,
    pub(super) data: &'a mut dyn Read,
}

/// How the walk went.
pub(super) struct Walked {
    pub(super) format: &'static str,
    pub(super) is_archive: bool,
    /// Why it ended early, if nobody asked for that.
    pub(super) trouble: Option<String>,
}

/// Shows `visit` each file of `source` until it has seen enough.
pub(super) fn walk(
    source: impl Read,
    bounds: Bounds,
    mut visit: impl FnMut(&mut Entry<'_>) -> io::Result<ControlFlow<()>>,
) -> io::Result<Walked> {
    let mut unpacked = unpack(source, bounds)?;
    let (format, is_archive) = (unpacked.format, unpacked.is_tar);
    let ended = if is_archive {
        walk_tar(&mut unpacked.stream, bounds, &mut visit)
    } else {
        let mut only = Entry { path: ONLY.to_owned(), size: None, data: &mut unpacked.stream };
        visit(&mut only).map(|_| ())
    };
    Ok(Walked { format, is_archive, trouble: ended.err().map(|error| why(&error)) })
}

fn walk_tar(
    stream: &mut dyn Read,
    bounds: Bounds,
    visit: &mut impl FnMut(&mut Entry<'_>) -> io::Result<ControlFlow<()>>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(stream);
    let (mut files, mut name) = (0, None);
    // Raw: else names of any length would be read into memory.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            name = Some(long_name(&mut entry)?);
            continue;
        }
        if kind.is_pax_local_extensions() {
            name = pax_path(&long_name(&mut entry)?).or(name);
            continue;
        }
        let own = name.take();
        if !(kind.is_file() || kind.is_contiguous()) {
            continue;
        }
        files += 1;
        if files > bounds.files {
            return Err(io::Error::other(Stop::Files(bounds.files)));
        }
        let path = own.map_or_else(|| entry.path_bytes(), Cow::Owned);
        let mut seen = Entry {
            path: shown(&path),
            size: Some(entry.header().entry_size()?),
            data: &mut entry,
        };
        if visit(&mut seen)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// What is read of an entry that is a name.
fn long_name(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut name = Vec::new();
    entry.take(NAME_BYTES).read_to_end(&mut name)?;
    while name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

/// The path among extended attributes: lines of `LENGTH KEY=VALUE`.
fn pax_path(mut lines: &[u8]) -> Option<Vec<u8>> {
    loop {
        let blank = lines.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&lines[..blank]).ok()?.parse().ok()?;
        let record = lines.get(blank + 1..length)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            return Some(path.strip_suffix(b"\n").unwrap_or(path).to_vec());
        }
        lines = &lines[length..];
    }
}

/// A name that can be shown, in one line.
fn shown(path: &[u8]) -> String {
    let shown =
        |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    String::from_utf8_lossy(path).chars().take(NAME_LETTERS).map(shown).collect()
}

/// Why a bundle cannot be read any further, for people.
pub(super) fn why(error: &io::Error) -> String {
    if let Some(stop) = stop_of(error) {
        return stop.to_string();
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return "it is cut: its end is missing".into();
    }
    format!("it cannot be read any further: {error}")
}

/// The bound that was met, however often the error was wrapped on its way.
fn stop_of(error: &io::Error) -> Option<Stop> {
    let inner = error.get_ref()?;
    if let Some(stop) = inner.downcast_ref::<Stop>() {
        return Some(*stop);
    }
    let mut cause = inner.source();
    while let Some(found) = cause {
        if let Some(stop) = found.downcast_ref::<io::Error>().and_then(stop_of) {
            return Some(stop);
        }
        cause = found.source();
    }
    None
}
