//! Memory that can be read into and written from without a cache in between, used over and over.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, PoisonError};

use super::medium::ALIGNMENT;

/// Bytes that begin at a multiple of [`ALIGNMENT`] in memory.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// A little longer than asked for, so that there is such a place in it.
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl Buffer {
    pub(crate) fn new(capacity: usize) -> Self {
        // Memory that is not written to is not taken from anyone.
        let memory = vec![0; capacity.next_multiple_of(ALIGNMENT) + ALIGNMENT];
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { memory, start, length: 0 }
    }

    /// Makes it so long. What it holds is not defined then.
    pub(crate) fn resize(&mut self, length: usize) {
        if self.memory.len() < self.start + length.next_multiple_of(ALIGNMENT) {
            *self = Self::new(length);
        }
        self.length = length;
    }

    /// Fills it with zeros up to a multiple of [`ALIGNMENT`].
    pub(super) fn pad(&mut self) {
        let length = self.length;
        self.length = length.next_multiple_of(ALIGNMENT);
        self.as_mut()[length..].fill(0);
    }

    pub(crate) fn as_ref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }

    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self::new(0)
    }
}

/// How many frames of a disk are in memory at once, beside those that workers keep for themselves: one for
/// each of four workers, one that is read and one that is written.
pub(super) const LOANS: usize = 6;

/// Buffers that are lent, so many at once: allocating megabytes anew for each frame costs more than hashing
/// them, and dom0 has little memory.
pub(super) struct Pool {
    state: Mutex<State>,
    came_back: Condvar,
}

struct State {
    here: Vec<Buffer>,
    /// How many more may be lent.
    left: usize,
}

impl Pool {
    pub(super) fn new(most: usize) -> Self {
        Self {
            state: Mutex::new(State { here: Vec::new(), left: most.max(1) }),
            came_back: Condvar::new(),
        }
    }

    /// One of so many bytes; waits until one is there. To be asked for in the order in which frames are
    /// needed: who waits with a later one in hand may wait for ever.
    pub(super) fn take(&self, length: usize) -> Loan<'_> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self
            .came_back
            .wait_while(state, |state| state.left == 0)
            .unwrap_or_else(PoisonError::into_inner);
        state.left -= 1;
        let mut buffer = state.here.pop().unwrap_or_default();
        drop(state);
        buffer.resize(length);
        Loan { pool: self, buffer }
    }
}

/// A buffer that goes back when it is dropped.
pub(super) struct Loan<'p> {
    pool: &'p Pool,
    buffer: Buffer,
}

impl Deref for Loan<'_> {
    type Target = Buffer;

    fn deref(&self) -> &Buffer {
        &self.buffer
    }
}

impl DerefMut for Loan<'_> {
    fn deref_mut(&mut self) -> &mut Buffer {
        &mut self.buffer
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.here.push(std::mem::take(&mut self.buffer));
        state.left += 1;
        self.pool.came_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_lent_than_there_may_be_and_whoever_waits_gets_the_next() {
        let pool = Pool::new(2);
        let (first, _second) = (pool.take(10), pool.take(20));
        let (asked, is_asked) = std::sync::mpsc::channel();
        let (got, has_got) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let pool = &pool;
            scope.spawn(move || {
                asked.send(()).unwrap();
                let third = pool.take(30);
                got.send(third.as_ref().len()).unwrap();
            });
            is_asked.recv().unwrap();
            assert!(has_got.try_recv().is_err());
            drop(first);
            assert_eq!(has_got.recv(), Ok(30));
        });
    }
}
