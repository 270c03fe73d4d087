//! Memory that can be read into and written from without a cache in between, used over and over.

use std::sync::{Mutex, PoisonError};

use super::medium::ALIGNMENT;

/// Bytes that begin at a multiple of [`ALIGNMENT`] in memory.
#[derive(Debug)]
pub(super) struct Buffer {
    /// A little longer than asked for, so that there is such a place in it.
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl Buffer {
    pub(super) fn new(capacity: usize) -> Self {
        let memory = vec![0; capacity.next_multiple_of(ALIGNMENT) + ALIGNMENT];
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        Self { memory, start, length: 0 }
    }

    /// Makes it so long. What it holds is not defined then.
    pub(super) fn resize(&mut self, length: usize) {
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

    pub(super) fn as_ref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }

    pub(super) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

/// Buffers that are not in use: allocating megabytes anew for each frame costs more than hashing them.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Buffer>>);

impl Pool {
    pub(super) fn take(&self) -> Buffer {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.pop().unwrap_or_else(|| Buffer::new(0))
    }

    pub(super) fn give_back(&self, buffer: Buffer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}
