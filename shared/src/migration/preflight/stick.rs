//! Whether the recovery stick will believe this server's permit.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::notes::{About, BlockerCode, Notes, WarningCode};

/// What somebody has said of the stick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = PreflightStick)]
pub enum Stick {
    /// Nothing.
    #[default]
    Unknown,
    /// It is ours, and names a permit key that it trusts.
    Ours {
        /// That key's id, as the stick shows it.
        key: String,
    },
    /// It is the vendor's own, and asks for no permit.
    Vendor,
}

/// The stick, held against the keys of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StickKey {
    /// How it is.
    pub is: StickKeyIs,
    /// What is so, for people.
    pub sentence: String,
}

/// How the stick's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StickKeyIs {
    /// One of this server's.
    Confirmed,
    /// Nobody has said.
    Unknown,
    /// Another server's.
    Other,
    /// There is none: it is the vendor's stick.
    Vendor,
}

pub(super) fn judge(stick: &Stick, permit_keys: &[String], notes: &mut Notes) -> StickKey {
    let anything = About::default();
    let (is, sentence) = match stick {
        Stick::Ours { key } if permit_keys.contains(key) => {
            (StickKeyIs::Confirmed, format!("The stick trusts the permit key {key} of this server."))
        }
        Stick::Ours { key } if permit_keys.is_empty() => (
            StickKeyIs::Unknown,
            format!(
                "The stick trusts the permit key {key}; which keys this server has was not said."
            ),
        ),
        Stick::Ours { key } => (
            StickKeyIs::Other,
            format!("The stick trusts the permit key {key}, which is none of this server's."),
        ),
        Stick::Unknown => (
            StickKeyIs::Unknown,
            "Which permit key the stick trusts is not known: boot it anywhere, read the key's id from its \
             screen and say it here."
                .to_owned(),
        ),
        Stick::Vendor => (
            StickKeyIs::Vendor,
            "The stick is the vendor's: it asks for no permit and cannot be kept from anything. Nobody resets before \
             the permit is there, and the backup drive is unplugged meanwhile."
                .to_owned(),
        ),
    };
    match is {
        StickKeyIs::Confirmed => {}
        StickKeyIs::Unknown => notes.warn(WarningCode::StickUnknown, anything, &*sentence),
        StickKeyIs::Vendor => notes.warn(WarningCode::StickVendor, anything, &*sentence),
        StickKeyIs::Other => {
            let todo = format!(
                "Make a stick with this server's keys ({}): with this one nothing would be reset.",
                permit_keys.join(", ")
            );
            notes.block(BlockerCode::StickOther, anything, &*sentence, todo);
        }
    }
    StickKey { is, sentence }
}
