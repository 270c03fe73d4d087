//! A set that survives bad sectors: Reed–Solomon parity of its chunks, and second copies of the rest.
//!
//! [`protect()`] makes both for a set that is verified; [`repair()`] gives back what can be; a restore takes
//! what the drive does not give from here. Nothing of it is in the manifest: whatever comes of it is checked
//! by the set's own hashes before it is used. Why it is so: `docs/decisions/0015-parity.md`.

mod blocks;
pub(super) mod check;
mod checker;
mod chunks;
mod columns;
pub(super) mod copies;
mod create;
mod encode;
pub(super) mod head;
pub(super) mod layout;
pub(super) mod mark;
mod mended;
pub(super) mod mender;
mod protect;
mod rebuild;
mod repair;

pub use self::check::Protection;
pub use self::create::create_protected;
pub use self::mended::Mended;
pub use self::protect::{Protected, protect};
pub use self::repair::{Repaired, repair};
