//! How much may come out of a bundle.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How much may come out of a bundle, of how many files, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes, unpacked.
    pub bytes: u64,
    /// How often larger than packed it may be. Logs reach a hundred; what is made to fill disks reaches
    /// thousands.
    pub ratio: u64,
    /// Files.
    pub files: usize,
    /// How long reading may take.
    pub time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 1 << 30, ratio: 1000, files: 5000, time: Duration::from_secs(20) }
    }
}

/// So much may always come out: a small file of zeros is no attack.
const RATIO_FROM_BYTES: u64 = 16 << 20;

/// Why reading was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stop {
    #[error("it unpacks to more than {0} bytes; what is behind them is not read")]
    Bytes(u64),
    #[error(
        "it unpacks to more than {0} times its size, as nothing honest does; the rest is not read"
    )]
    Ratio(u64),
    #[error("it holds more than {0} files; the rest are not read")]
    Files(usize),
    #[error("reading it takes longer than {0} s; the rest is not read")]
    Time(u64),
}

/// Counts what is read.
pub(super) struct Counted<R> {
    pub(super) inner: R,
    pub(super) bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// What comes out, as long as it stays within bounds.
pub(super) struct Bounded<R> {
    inner: R,
    packed: Rc<Cell<u64>>,
    unpacked: u64,
    bounds: Bounds,
    began: Instant,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, packed: Rc<Cell<u64>>, bounds: Bounds) -> Self {
        Self { inner, packed, unpacked: 0, bounds, began: Instant::now() }
    }

    fn check(&self) -> Result<(), Stop> {
        let Bounds { bytes, ratio, time, .. } = self.bounds;
        if self.unpacked > bytes {
            return Err(Stop::Bytes(bytes));
        }
        if self.unpacked > RATIO_FROM_BYTES && self.unpacked / ratio > self.packed.get() {
            return Err(Stop::Ratio(ratio));
        }
        if self.began.elapsed() > time {
            return Err(Stop::Time(time.as_secs()));
        }
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check().map_err(io::Error::other)?;
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        Ok(read)
    }
}
