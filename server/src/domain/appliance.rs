//! An appliance, as operators see it.

use domfleet_shared::Timestamp;
use domfleet_shared::id::ApplianceId;
use domfleet_shared::inventory::{Components, Facts};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::{Named, words};
use super::release::Release;

/// Whether an appliance belongs to the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApplianceState {
    /// It has joined, and waits for an operator's word.
    Pending,
    /// It belongs to the fleet.
    Accepted,
    /// An operator did not want it.
    Rejected,
    /// It was in the fleet, and is not any longer.
    Decommissioned,
}

/// Whether an appliance is heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is.
    Online,
    /// Not for 90 s.
    Stale,
    /// Not for 5 min.
    Offline,
    /// Not, and it had said that it would not be.
    ExpectedOffline,
}

words! {
    ApplianceState {
        Pending = "pending", Accepted = "accepted", Rejected = "rejected",
        Decommissioned = "decommissioned",
    }
    Presence {
        Online = "online", Stale = "stale", Offline = "offline",
        ExpectedOffline = "expected_offline",
    }
}

/// An appliance, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApplianceSummary)]
pub struct Appliance {
    /// Its id, through all epochs.
    pub id: ApplianceId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub organisation: Named,
    /// Where it stands, where that is known.
    pub site: Option<Named>,
    /// Whether it belongs to the fleet.
    pub state: ApplianceState,
    /// Whether it is heard of.
    pub presence: Presence,
    /// Since when.
    pub presence_since: Timestamp,
    /// When it was last heard of; exact to five minutes while it is online.
    pub last_seen_at: Option<Timestamp>,
    /// Counts its reinstalls.
    pub epoch: u32,
    /// The vendor's release that runs on it.
    pub hypervisor_version: Option<String>,
    /// All versions.
    pub components: Components,
    /// When dom0 was started.
    pub booted_at: Option<Timestamp>,
    /// VMs that run.
    pub vms_running: u32,
    /// VMs in all.
    pub vms_total: u32,
    /// Why nothing that changes anything is asked of it.
    pub read_only: Option<String>,
    /// Rises with each change.
    pub version: u64,
}

/// An appliance, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApplianceView)]
pub struct ApplianceDetail {
    /// As it is listed.
    #[serde(flatten)]
    pub summary: Appliance,
    /// dom0's own name for itself.
    pub hostname: String,
    /// When it joined.
    pub created_at: Timestamp,
    /// What it last reported of itself.
    pub facts: Option<Facts>,
    /// What it is known by here.
    pub credential: Option<Credential>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// The newest key that the CA has certified for an appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CredentialView)]
pub struct Credential {
    /// `active`, `superseded` or `revoked`.
    pub status: String,
    /// Until when the certificate is good.
    pub not_after: Timestamp,
}

/// Days before the end of a certificate from which on its age is worth a look: it is renewed at
/// half its life of 90 days, so that by then two weeks of renewals have failed.
const CERTIFICATE_DAYS: i64 = 30;

/// What a person should look at, a sentence each.
pub fn warnings(
    appliance: &Appliance,
    credential: Option<&Credential>,
    releases: &[Release],
    now: Timestamp,
) -> Vec<String> {
    let mut found = Vec::new();
    if appliance.state == ApplianceState::Pending {
        found.push("It has joined and waits to be accepted.".to_owned());
    }
    if let Some(reason) = &appliance.read_only {
        found.push(format!("It is read-only: {reason}."));
    }
    match credential {
        Some(credential) if credential.status == "revoked" => {
            found.push("Its certificate is revoked; it cannot connect.".to_owned());
        }
        Some(credential) => {
            let left = credential.not_after.as_millis() - now.as_millis();
            let days = left.div_euclid(24 * 60 * 60 * 1000);
            if left <= 0 {
                found.push("Its certificate has expired.".to_owned());
            } else if days < CERTIFICATE_DAYS {
                found.push(format!("Its certificate ends in {days} days."));
            }
        }
        None => {}
    }
    found.extend(releases.iter().filter_map(Release::warning));
    found
}
