//! What a file is, by what is in it and not by what it is called: a log, a compressed one, an archive of them.
//!
//! gzip (also several members), zstd (also several frames), tar, tar in either, and compressed files in a tar. A debug
//! bundle is a tar in zstd frames. Who sent a file is not trusted: it may be cut, be something else, or unpack to more
//! than anybody can hold. What could be read before such a fault has been handed on by then, and the fault is told.

mod budget;
mod kind;
mod tarball;
mod walk;

pub use budget::Limits;
pub use walk::{Found, Problem, Skipped, Walked, Within, walk};

#[cfg(test)]
mod tests;
