//! What the tests of this crate share: a disk in memory that can fail, and a dom0 in memory.

mod belongings;
mod memory;
mod quiet;

pub(crate) use belongings::{domain, empty, managed, taken, volume};
pub(crate) use memory::{Fuse, Memory, joined};
pub(crate) use quiet::Quiet;
