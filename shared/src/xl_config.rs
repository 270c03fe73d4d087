//! VMs' configurations, as `xl create` takes them (xl.cfg(5)): read, checked, and changed in one
//! place while everything else stays as it was written, byte by byte.
//!
//! Pure, and made for texts that somebody wrote to do harm: whatever the bytes are, the answer is
//! a document or an error that names the line. `xl` itself remains the judge of a configuration.

mod device;
mod document;
mod edit;
mod error;
mod guard;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod vm;

pub use self::device::{Disk, Nic};
pub use self::document::{Document, Item, Setting, Value};
pub use self::edit::{Placed, from_form};
pub use self::error::ConfigError;
pub use self::vm::VmConfig;

/// Longer than any configuration of a VM.
pub const LONGEST: usize = 256 * 1024;
