//! What every piece of work on sets works with.

use super::cipher::Keyring;
use super::medium::Medium;
use super::pipeline::Width;
use crate::clock::Clock;
use crate::meter::Meter;

/// The medium, and whom to tell how far it is.
pub struct Tools<'t, M> {
    /// Where the sets are.
    pub medium: &'t M,
    /// The keys of encrypted sets.
    pub keys: &'t Keyring,
    /// For what is put on record.
    pub clock: &'t Clock,
    /// Whom to tell, and to ask whether to go on.
    pub meter: &'t dyn Meter,
    /// How many threads compress and hash.
    pub width: Width,
}

impl<M: Medium> Clone for Tools<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Medium> Copy for Tools<'_, M> {}
