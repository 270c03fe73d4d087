//! One file of a bundle.

use std::io::{self, Read};
use std::ops::ControlFlow;

use super::bounds::Bounds;
use super::walk::walk;

/// How much of a file is in memory while it is copied.
const CHUNK_BYTES: usize = 64 * 1024;

/// A part of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub bytes: Vec<u8>,
    /// Why the file cannot be read any further.
    pub trouble: Option<String>,
}

/// Reads up to `limit` bytes of the file called `path`, from `offset` on; nothing where there is no such
/// file. Of two with one name it is the first.
pub fn read(
    source: impl Read,
    bounds: Bounds,
    path: &str,
    offset: u64,
    limit: usize,
) -> io::Result<Option<Part>> {
    let mut found = None;
    let walked = walk(source, bounds, |entry| {
        if entry.path != path {
            return Ok(ControlFlow::Continue(()));
        }
        let bytes = found.insert(Vec::new());
        io::copy(&mut entry.data.take(offset), &mut io::sink())?;
        // What was read before it failed stays.
        entry.data.take(limit as u64).read_to_end(bytes)?;
        Ok(ControlFlow::Break(()))
    })?;
    match (found, walked.trouble) {
        (Some(bytes), trouble) => Ok(Some(Part { bytes, trouble })),
        (None, Some(trouble)) => Err(io::Error::other(trouble)),
        (None, None) => Ok(None),
    }
}

/// Gives all of the file called `path` to `take`, a piece at a time, until it wants no more. Says whether
/// there is such a file.
pub fn copy(
    source: impl Read,
    bounds: Bounds,
    path: &str,
    mut take: impl FnMut(io::Result<Vec<u8>>) -> ControlFlow<()>,
) -> io::Result<bool> {
    let mut is_there = false;
    let walked = walk(source, bounds, |entry| {
        if entry.path != path {
            return Ok(ControlFlow::Continue(()));
        }
        is_there = true;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let read = entry.data.take(CHUNK_BYTES as u64).read_to_end(&mut chunk);
            if !chunk.is_empty() && take(Ok(chunk)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            match read {
                Ok(0) => return Ok(ControlFlow::Break(())),
                Ok(_) => {}
                Err(error) => {
                    // Whoever reads must not take what came for all of it.
                    let _enough = take(Err(error));
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
    })?;
    match walked.trouble {
        Some(trouble) if !is_there => Err(io::Error::other(trouble)),
        _ => Ok(is_there),
    }
}
