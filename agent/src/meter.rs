//! What long work tells of itself while it goes on.

use std::io;

/// Listens to long work, and says whether it is still wanted.
///
/// The work tells of its parts one after another: [`begin`](Self::begin), then
/// [`advance`](Self::advance) until the total is reached or the part is over. It asks whether it is
/// still wanted at safe points only, several times a second, and stops with [`Cancelled`] where
/// not: what it leaves then is what its own documentation says.
pub trait Meter: Send + Sync {
    /// A part begins: `what` in a word or two, such as `comparing`. `total_bytes` is 0 where it is
    /// not known. What was begun before is over.
    fn begin(&self, what: &str, total_bytes: u64);

    /// So many more bytes are done.
    fn advance(&self, bytes: u64);

    /// Whether the work is to stop. Once it is, it stays so.
    fn is_cancelled(&self) -> bool;

    /// The same, for `?`.
    fn go_on(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// So many bytes were read from a disk that guests use, too: waits as long as it takes for them to
    /// be answered, and says whether to go on.
    fn pace(&self, _bytes: u64) -> Result<(), Cancelled> {
        self.go_on()
    }
}

/// Nobody listens, and the work is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Meter for Unwatched {
    fn begin(&self, _what: &str, _total_bytes: u64) {}

    fn advance(&self, _bytes: u64) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// The work was no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped, because it is no longer wanted")]
pub struct Cancelled;

impl Cancelled {
    /// Whether that is why something ended.
    pub fn is_why(error: &io::Error) -> bool {
        matches!(error.get_ref(), Some(inner) if inner.is::<Self>())
    }
}

impl From<Cancelled> for io::Error {
    fn from(cancelled: Cancelled) -> Self {
        // Not `Interrupted`, after which reading and writing are tried again.
        Self::other(cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cancelled_is_told_from_what_failed() {
        assert!(Cancelled::is_why(&Cancelled.into()));
        assert!(!Cancelled::is_why(&io::Error::other("no room")));
        assert!(!Cancelled::is_why(&io::ErrorKind::Interrupted.into()));
        assert_eq!(Unwatched.go_on(), Ok(()));
    }
}
