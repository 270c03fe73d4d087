//! What is wanted of a migration.

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{ApplianceId, DriveId, PermitId};
use domfleet_shared::migration::permit::SignedPermit;
use domfleet_shared::migration::phase::End;
use domfleet_shared::migration::talk::{Decision, GiveUp, Intent, RefusedDecision, What};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Standing;

/// Everything that people and the server have decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The drive for the second copy, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_drive: Option<DriveId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<GivenUp>,
    /// That people do not expect the appliance back. It is forgotten as soon as the appliance tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decided>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<Signed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_back: Option<SignedBack>,
    /// The public half, in hexadecimal digits, of the key by which the appliance is taken in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejoin_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejoined: Option<Rejoined>,
}

/// That a migration is given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationGivenUp)]
pub struct GivenUp {
    /// How it is to end.
    pub end: End,
    /// Why, in words.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// That an appliance is not expected back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationLost)]
pub struct Lost {
    /// Why, in words.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a person has decided, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MigrationDecision)]
pub struct Decided {
    /// Counts a migration's decisions from 1.
    pub number: u64,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
    /// How far it is.
    pub state: DecidedState,
    /// Why it could not be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How far a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MigrationDecisionState)]
pub enum DecidedState {
    /// The appliance has not said anything of it.
    Waiting,
    /// The journal says that it is carried out.
    Done,
    /// It could not be carried out.
    Refused,
}

/// A permit that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    pub id: PermitId,
    /// The hash of the nonce that it is bound to.
    pub nonce: Hash,
    pub issued_at: Timestamp,
    pub not_after: Timestamp,
    pub signed: SignedPermit,
}

/// A permit for the way back that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBack {
    pub id: PermitId,
    /// The permit by which the disk was overwritten.
    pub after: PermitId,
    pub issued_at: Timestamp,
    pub not_after: Timestamp,
    pub signed: SignedPermit,
    /// Whether it is not wanted any more. Its id stays: an interrupted reset goes on under that.
    #[serde(default)]
    pub is_withdrawn: bool,
}

/// That the appliance was taken in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejoined {
    /// The permit whose reset it came back from: each reset is come back from once.
    pub after: PermitId,
    /// The hash of its new key.
    pub spki_sha256: String,
    pub appliance: ApplianceId,
    pub epoch: u32,
    pub at: Timestamp,
}

impl Wanted {
    /// Marks what the appliance has said of decisions; says whether anything is new.
    pub fn hear(&mut self, done: impl Fn(u64) -> bool, refused: &[RefusedDecision]) -> bool {
        let mut is_new = false;
        let waiting = |decided: &&mut Decided| decided.state == DecidedState::Waiting;
        for decided in self.decisions.iter_mut().filter(waiting) {
            let no = refused.iter().find(|refused| refused.number == decided.number);
            if done(decided.number) {
                decided.state = DecidedState::Done;
                is_new = true;
            } else if let Some(no) = no {
                decided.state = DecidedState::Refused;
                decided.why = Some(no.why.chars().take(1000).collect());
                is_new = true;
            }
        }
        is_new
    }

    /// What is decided and not carried out.
    pub fn waiting(&self) -> impl Iterator<Item = &Decided> {
        self.decisions.iter().filter(|decided| decided.state == DecidedState::Waiting)
    }

    /// The permit for the way back, where it is wanted.
    pub fn back(&self) -> Option<&SignedBack> {
        self.way_back.as_ref().filter(|back| !back.is_withdrawn)
    }
}

impl Standing {
    /// What is said to the agent, and by which keys it knows our permits; nothing before it is known with which drive.
    pub fn intent(&self, permit_keys: Vec<String>) -> Option<Intent> {
        let drive: DriveId = self.drive?;
        let decisions = self.wanted.waiting().map(|decided| Decision {
            number: decided.number,
            by: decided.by.clone(),
            what: decided.what.clone(),
        });
        let give_up = self.wanted.given_up.as_ref();
        Some(Intent {
            migration: self.id,
            revision: self.revision,
            plan: self.plan.clone(),
            drive,
            second_drive: self.wanted.second_drive,
            give_up: give_up.map(|up| GiveUp { end: up.end, reason: up.reason.clone() }),
            decisions: decisions.collect(),
            permit_keys,
            permit: self.wanted.permit.as_ref().map(|permit| permit.signed.clone()),
            way_back: self.wanted.back().map(|back| back.signed.clone()),
        })
    }
}
