//! What an operator may see: its own organisation and all below.

use domfleet_shared::id::OrganisationId;

/// The organisations that a query may touch. Only [`super::caller`] makes one, from the login of
/// a request, so that no query can forget whom it works for.
#[derive(Clone, Debug)]
pub struct Scope {
    organisation: OrganisationId,
    path: String,
}

impl Scope {
    /// Everything at or below `organisation`, whose path is `path`.
    pub(super) fn new(organisation: OrganisationId, path: String) -> Self {
        Self { organisation, path }
    }

    /// The topmost organisation in it.
    pub fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    /// What the paths of all organisations in it begin with.
    pub fn path(&self) -> &str {
        &self.path
    }
}
