//! Frames that are had again while a disk is restored, though the drive may not be written to.

use std::sync::{Mutex, PoisonError};

use super::super::buffer::Buffer;
use super::super::medium::Medium;
use super::super::names::Folder;
use super::columns::Columns;
use super::layout::{BLOCK, KnownChunk, ParityId};

/// Columns that are looked at together: less than 1.5 MiB, beside the frames that are under way.
const FEW: usize = 16;

/// Gives back what the drive does not. One at a time: it takes some MiB.
pub(in crate::backup) struct Mender<'m, M: Medium> {
    medium: &'m M,
    folder: &'m Folder,
    /// The chunk that was mended last: damage comes in stretches.
    last: Mutex<Option<(ParityId, Columns<M::File>)>>,
}

impl<'m, M: Medium> Mender<'m, M> {
    pub(in crate::backup) fn new(medium: &'m M, folder: &'m Folder) -> Self {
        Self { medium, folder, last: Mutex::new(None) }
    }

    /// The stored bytes of a frame and what is behind them up to the next, as they were written, into
    /// `stored`: to be checked like any that were read.
    pub(in crate::backup) fn frame(
        &self,
        known: &KnownChunk,
        frame: u64,
        stored: &mut Buffer,
    ) -> Result<(), String> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let id = ParityId::of(known);
        if last.as_ref().is_none_or(|(open, _)| *open != id) {
            *last = None;
            *last = Some((id, Columns::open(self.medium, self.folder, known)?));
        }
        let Some((_, columns)) = last.as_ref() else { return Err("it is not there".to_owned()) };
        let (at, room) = known.place(frame).ok_or("there is no such frame")?;
        let begin = usize::try_from(at).unwrap_or(usize::MAX) / BLOCK;
        let blocks = usize::try_from(room).unwrap_or(0) / BLOCK;
        stored.resize(blocks * BLOCK);
        let mut filled = 0;
        while filled < blocks {
            let first = begin + filled;
            let to_the_next_shard = columns.layout().columns - first % columns.layout().columns;
            let count = FEW.min(blocks - filled).min(to_the_next_shard);
            let part = columns.blocks(first, count);
            if part.lost.is_some() {
                return Err("more of it is lost than parity gives back".to_owned());
            }
            let to = stored.as_mut().get_mut(filled * BLOCK..(filled + count) * BLOCK);
            to.unwrap_or_default().copy_from_slice(part.content.as_ref());
            filled += count;
        }
        Ok(())
    }
}
