//! Disk images: what they are, and whether what they hold can be trusted.
//!
//! Looks at the file itself and asks no `qemu-img`: see `docs/decisions/0009-our-own-look-at-images.md`.
//! An image that is looked at must belong to no running VM: what a VM writes meanwhile looks like
//! damage. Nothing here writes to an image that it did not make.

mod chain;
mod compare;
pub mod convert;
pub mod disk;
mod format;
pub mod hash;
mod in_use;
mod inflate;
pub mod inspect;
mod judge;
mod opened;
pub mod part;
mod place;
mod qcow1;
pub(crate) mod qcow2;
mod qemu_img;
pub mod repair;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use domfleet_shared::image::{Format, Judgement};

use self::chain::Chain;
use self::disk::{Disk, DiskError};
use self::qcow2::Findings;
use crate::meter::{Cancelled, Meter, Unwatched};

/// Why nothing can be said of a file.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It cannot be opened or read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder, a pipe, a terminal.
    #[error("{} is neither a file nor a block device", .0.display())]
    NoImage(PathBuf),
    /// Nobody wants to know any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl ImageError {
    /// What reading `path` ended with.
    fn unreadable(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| {
            if Cancelled::is_why(&source) {
                Self::Cancelled(Cancelled)
            } else {
                Self::Unreadable { path: path.into(), source }
            }
        }
    }
}

/// Looks at the image in `path` and everything that it is based on. Without `format` it is told by
/// the first bytes: whoever writes to a raw disk could write those of another format, so pass
/// what the VM's configuration says where there is one.
pub fn check(path: &Path, format: Option<Format>) -> Result<Judgement, ImageError> {
    Ok(examine(path, format, &Unwatched)?.judgement)
}

/// The same, tells of it, and keeps it open.
pub fn examine(
    path: &Path,
    format: Option<Format>,
    meter: &dyn Meter,
) -> Result<Examined, ImageError> {
    let chain = chain::follow(path, format)?;
    let findings = chain.look_through(meter)?;
    let judgement = judge::judge(&chain, &findings);
    Ok(Examined { judgement, chain, findings })
}

/// Looks at it, and whether it can be worked with now: while somebody writes to it nothing that is said
/// of it is certain.
pub fn look(
    path: &Path,
    format: Option<Format>,
    meter: &dyn Meter,
) -> Result<Judgement, ImageError> {
    let examined = examine(path, format, meter)?;
    let holder = examined.holder();
    let mut judgement = examined.judgement;
    if let Some(holder) = holder {
        judgement.convertible = false;
        judgement.reasons.push(format!("{holder} writes to it: shut its VM down first"));
    }
    Ok(judgement)
}

/// A VM or program that writes to the image in `path` or to what it is based on, as far as one is found. Reads
/// the headers alone.
pub fn holder(path: &Path, format: Option<Format>) -> Result<Option<String>, ImageError> {
    let chain = chain::follow(path, format)?;
    Ok(chain.files().find_map(|file| in_use::holder(file, in_use::Access::ToWrite)))
}

/// An image that was looked at.
#[derive(Debug)]
pub struct Examined {
    /// What is to be thought of it.
    pub judgement: Judgement,
    chain: Chain,
    /// Of each layer, the image itself first.
    findings: Vec<Option<Findings>>,
}

impl Examined {
    /// The guest's disk in it: of the very files that were looked at, whatever their names lead to
    /// by now.
    pub fn disk(self) -> Result<Disk, DiskError> {
        Disk::of(self.chain)
    }

    /// A VM or program that writes to it or to what it is based on, as far as one is found: nothing of
    /// what was said of it is certain then.
    pub fn holder(&self) -> Option<String> {
        self.files().find_map(|file| in_use::holder(file, in_use::Access::ToWrite))
    }

    fn files(&self) -> impl Iterator<Item = &File> {
        self.chain.files()
    }
}

/// A table of numbers of eight bytes, most significant first, which must be there as a whole.
fn numbers(file: &File, offset: u64, bytes: u64) -> io::Result<Vec<u64>> {
    let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut read = vec![0; length];
    file.read_exact_at(&mut read, offset)?;
    Ok(read.as_chunks().0.iter().map(|number| u64::from_be_bytes(*number)).collect())
}
