//! What an operator may see: its own organisation and all below.

use domfleet_shared::id::OrganisationId;

use crate::db::operators::LoggedIn;

/// The organisations that a query may touch. Only [`super::caller`] makes one, from the login of
/// a request, and whoever does in somebody's absence what they have asked for, so that no query can forget
/// whom it works for.
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

    /// What an operator may see who is not here.
    pub fn of_absent(operator: &LoggedIn) -> Self {
        let organisation = OrganisationId(operator.operator.organisation.id);
        Self::new(organisation, operator.path.clone())
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
