//! How much may come out of a file.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// What one file may cost. A bomb is known by its ratio, or by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that may come out of it, from each layer.
    pub unpacked_bytes: u64,
    /// How many times more may come out of it than went in, once that is a lot: text that repeats itself does get this
    /// far.
    pub ratio: u64,
    /// Where a lot begins.
    pub ratio_from_bytes: u64,
    /// How many entries an archive may have.
    pub entries: u64,
    /// How many layers it may have: a compressed log in a compressed tar has three.
    pub layers: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            unpacked_bytes: 16 << 30,
            ratio: 1000,
            ratio_from_bytes: 256 << 20,
            entries: 100_000,
            layers: 4,
        }
    }
}

/// What was used up.
pub(super) struct Budget {
    limits: Limits,
    consumed: Cell<u64>,
    unpacked: Cell<u64>,
    exceeded: Cell<Option<&'static str>>,
}

impl Budget {
    pub(super) fn of(limits: Limits) -> Rc<Self> {
        let (consumed, unpacked) = (Cell::new(0), Cell::new(0));
        Rc::new(Self { limits, consumed, unpacked, exceeded: Cell::new(None) })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What was too much, if anything was.
    pub(super) fn exceeded(&self) -> Option<&'static str> {
        self.exceeded.get()
    }

    pub(super) fn exceed(&self, what: &'static str) -> io::Error {
        self.exceeded.set(Some(what));
        io::Error::other(what)
    }

    fn unpack(&self, bytes: usize) -> io::Result<()> {
        let unpacked = self.unpacked.get().saturating_add(bytes as u64);
        self.unpacked.set(unpacked);
        let allowed = self.consumed.get().saturating_mul(self.limits.ratio);
        if unpacked > self.limits.unpacked_bytes {
            return Err(self.exceed(
                "more comes out of it than is looked at; unpack it, and give parts of it",
            ));
        }
        if unpacked > self.limits.ratio_from_bytes && unpacked > allowed {
            return Err(self.exceed(
                "far more comes out of it than it could hold of logs: it may be a zip bomb",
            ));
        }
        Ok(())
    }
}

/// Counts what goes in.
pub(super) struct Counted<R> {
    pub(super) inner: R,
    pub(super) budget: Rc<Budget>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.budget.consumed.set(self.budget.consumed.get().saturating_add(read as u64));
        Ok(read)
    }
}

/// A layer that is taken off: counts what comes out, and having failed once gives nothing more.
pub(super) struct Layer<R> {
    inner: R,
    budget: Rc<Budget>,
    failed: Rc<Cell<bool>>,
}

impl<R: Read> Layer<R> {
    /// `failed` says so to who holds the layers above it.
    pub(super) fn of(inner: R, budget: &Rc<Budget>, failed: &Rc<Cell<bool>>) -> Self {
        Self { inner, budget: Rc::clone(budget), failed: Rc::clone(failed) }
    }
}

impl<R: Read> Read for Layer<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.failed.get() {
            return Err(io::Error::other("it was cut before"));
        }
        let read = match self.inner.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Ok(read) => self.budget.unpack(read).map(|()| read),
            Err(error) => Err(error),
        };
        if read.is_err() {
            self.failed.set(true);
        }
        read
    }
}
