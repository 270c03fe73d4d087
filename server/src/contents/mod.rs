//! What is in a bundle: the files inside, one of them, and where a text is.
//!
//! A bundle is what a stranger sent. It is read as a stream and never unpacked to disk; how much comes
//! out of it, of how many files, and for how long is bounded; names are only names. One that is cut, or
//! is not what it says, gives what can be read, and says so.

mod bounds;
mod list;
mod page;
mod read;
mod search;
mod source;
#[cfg(test)]
mod tests;
mod unpack;
mod walk;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::bounds::Bounds;
pub use self::list::{Listed, list, list_file};
pub use self::page::{Page, page};
pub use self::read::{Part, copy, read};
pub use self::search::{Found, Hit, search};
pub use self::source::{Source, open};
pub use self::walk::ONLY;
use crate::domain::bundle::BundleKind;

/// What is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contents {
    /// What it is.
    pub kind: BundleKind,
    /// How it is packed, such as `tar.zst`; `file` where it is not.
    pub format: String,
    /// The files in it, in their order.
    pub files: Vec<FileInside>,
    /// How much they are in all, as far as could be read.
    pub unpacked_bytes: u64,
    /// What is wrong with it, in sentences. What is listed can be read all the same.
    pub troubles: Vec<String>,
}

/// A file in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileInside {
    /// What it is called there.
    pub path: String,
    /// Its size there.
    pub size_bytes: u64,
    /// Whether the appliance left some of it out.
    pub truncated: bool,
    /// How many secrets the appliance took out of it.
    pub redactions: u64,
    /// What went wrong when the appliance collected it.
    pub error: Option<String>,
}
