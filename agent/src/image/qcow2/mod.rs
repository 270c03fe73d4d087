//! qcow2, versions 2 and 3, as qemu's `docs/interop/qcow2.txt` describes them.

mod check;
mod clusters;
mod entries;
mod header;
mod map;
mod refcounts;
mod snapshots;
mod suspects;
mod write;

pub(super) use self::check::{Findings, check};
pub(super) use self::header::{Backing, DataFile, Header, HeaderError};
pub(super) use self::map::Map;
pub(super) use self::snapshots::list as list_snapshots;
pub(crate) use self::write::{CLUSTER_BITS, NewImage};
