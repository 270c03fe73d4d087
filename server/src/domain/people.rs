//! Organisations, sites, operators and what they may do.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{OperatorId, OrganisationId, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an operator may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Viewer,
    /// Run operations, accept appliances.
    Operator,
    /// Manage operators, tokens, organisations, sites and credentials.
    Admin,
}

/// What an organisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationKind {
    /// Makes the appliances.
    Vendor,
    /// Sells and looks after them.
    Reseller,
    /// Has them in its offices.
    Customer,
}

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        impl $name {
            /// All of them, as they are written.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// As it is written in JSON and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one of that name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}
pub(crate) use words;

words! {
    Role { Viewer = "viewer", Operator = "operator", Admin = "admin" }
    OrganisationKind { Vendor = "vendor", Reseller = "reseller", Customer = "customer" }
}

/// Something by its id, with the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// Vendor, reseller or customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrganisationView)]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// The one above; nothing for the topmost that the caller may see.
    pub parent_id: Option<OrganisationId>,
    /// What it is.
    pub kind: OrganisationKind,
    /// Its name, unique below its parent.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with each change.
    pub version: u64,
}

/// Where appliances stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SiteView)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Whose it is.
    pub organisation_id: OrganisationId,
    /// Its name, unique in its organisation.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Its time zone, such as `Europe/Vienna`.
    pub time_zone: String,
    /// Whom to call.
    pub contact: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with each change.
    pub version: u64,
}

/// A person with a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OperatorAccountView)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What it logs in by.
    pub email: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Where; and in every organisation below.
    pub organisation: Named,
    /// Whether it cannot log in.
    pub disabled: bool,
    /// When it last did.
    pub last_login_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with each change.
    pub version: u64,
}

/// An e-mail address as it is compared, or nothing where it cannot be one.
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.split_once('@')?;
    let fits = !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && text.len() <= 254
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    fits.then_some(text)
}

/// Least length of a password, in characters.
pub const PASSWORD_LEAST: usize = 12;

/// Greatest length of a password, in bytes: hashing more is work for whoever sends it.
pub const PASSWORD_MOST: usize = 256;

/// Whether a password is long enough, and not too long.
pub fn password_fits(password: &str) -> bool {
    password.chars().count() >= PASSWORD_LEAST && password.len() <= PASSWORD_MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_without_case_or_blanks() {
        assert_eq!(email(" Ann@Example.ORG "), Some("ann@example.org".into()));
        for not in ["", "ann", "@x", "a@", "a@b@c", "a b@c"] {
            assert_eq!(email(not), None, "{not:?}");
        }
    }

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
    }
}
