//! A tar, entry by entry.
//!
//! What the format allows in front of an entry (long names, extended headers) is read here and up to a bound: the
//! library would read as much as the header claims. Sparse files are left alone, because they unpack to any size
//! without being compressed; no log is one.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use tar::{Archive, Entry, EntryType, PaxExtensions};

use super::budget::Budget;

/// The longest name that Linux takes has 4 KiB; a header may hold more than names.
const NAME_BYTES: u64 = 64 * 1024;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A file with contents.
    File,
    /// Nothing that could be read: a folder, a link, a device.
    Nothing,
    /// A file with holes.
    Sparse,
}

/// Hands on each entry with its path, and says in the end whether all of the archive was there.
pub(super) fn entries<R: Read>(
    input: R,
    budget: &Budget,
    mut take: impl FnMut(&str, What, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let is_over = Rc::new(Cell::new(false));
    let tail = Tail { inner: input, is_over: Rc::clone(&is_over) };
    let ended = each(Archive::new(tail), budget, &mut take);
    // An archive ends with blocks of zeros, behind which nobody reads.
    if is_over.get() { Err(io::ErrorKind::UnexpectedEof.into()) } else { ended }
}

fn each<R: Read>(
    mut archive: Archive<R>,
    budget: &Budget,
    take: &mut impl FnMut(&str, What, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut long_name = None;
    let mut count = 0;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        count += 1;
        if count > budget.limits().entries {
            return Err(budget.exceed("it has more entries than are looked at; give parts of it"));
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let name = bounded(&mut entry)?;
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                long_name = name.get(..end).map(<[u8]>::to_vec);
            }
            EntryType::XHeader => long_name = pax_path(&bounded(&mut entry)?).or(long_name),
            EntryType::GNULongLink | EntryType::XGlobalHeader => {}
            kind => {
                let what = match kind {
                    EntryType::Regular | EntryType::Continuous => What::File,
                    EntryType::GNUSparse => What::Sparse,
                    _ => What::Nothing,
                };
                let path = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                take(&String::from_utf8_lossy(&path), what, &mut entry)?;
            }
        }
    }
    Ok(())
}

fn bounded<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.by_ref().take(NAME_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn pax_path(records: &[u8]) -> Option<Vec<u8>> {
    let mut records = PaxExtensions::new(records).flatten();
    records.find(|record| record.key_bytes() == b"path").map(|record| record.value_bytes().to_vec())
}

/// Sees whether the input is over.
struct Tail<R> {
    inner: R,
    is_over: Rc<Cell<bool>>,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        if read == 0 && !into.is_empty() {
            self.is_over.set(true);
        }
        Ok(read)
    }
}
