//! Whether an appliance that was reset is taken in again.
//!
//! The key on the drive was named by the system that was there before, over its own session, when it asked for
//! the permit. So whoever has it has the drive. That it is the same box is another question, and where that is
//! in doubt a person answers it.

use domfleet_shared::id::PermitId;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::permit::Release;

use super::{Standing, Story};

/// Who wants to be taken in.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The hash of its new key.
    pub spki_sha256: &'a str,
    /// What its hardware is known by.
    pub fingerprint: &'a Fingerprint,
    /// Whether the key on the drive has signed it.
    pub is_signed: bool,
    /// Whether whoever the appliance was before is still heard of.
    pub is_there: bool,
}

/// What becomes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was taken in before, by this key: the answer is given again.
    Again,
    /// It is the appliance, after the reset by that permit; accepted at once, or once a person has looked.
    TakeIn { after: PermitId, accepted: bool, why: Option<&'static str> },
}

/// Why nobody is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// There was no permit by which anything could have been reset.
    #[error("no permit was given that leads to a reset")]
    NoPermit,
    /// The key on the drive is not the one.
    #[error("it is not signed by the key that was named when the permit was asked for")]
    Signature,
    /// The system before still speaks.
    #[error("the appliance is still heard of as the system before")]
    StillThere,
}

/// What is to become of it; nothing of it is believed but what is checked here.
pub fn answer(standing: &Standing, story: &Story, claim: &Claim<'_>) -> Result<Answer, No> {
    if !claim.is_signed {
        return Err(No::Signature);
    }
    // The permit that the appliance comes back from: the way back's where one was signed and 2.x had been
    // taken in, or never came.
    let there = standing.wanted.permit.as_ref().map(|permit| permit.id);
    let there = story.journey.permit.map(|permit| permit.permit).or(there);
    let rejoined = standing.wanted.rejoined.as_ref();
    if rejoined.is_some_and(|rejoined| rejoined.spki_sha256 == claim.spki_sha256) {
        return Ok(Answer::Again);
    }
    let back = standing.wanted.way_back.as_ref().map(|back| back.id);
    let after = match story.journey.adopted {
        Some((Release::One, permit)) => Some(permit),
        Some((Release::Two, permit)) => back.or(Some(permit)),
        None => back.or(there),
    };
    // What was signed and is not in the journal yet counts too: the connection may have been lost before that.
    let after = after.ok_or(No::NoPermit)?;
    if claim.is_there {
        return Err(No::StillThere);
    }
    let is_second = rejoined.is_some_and(|rejoined| rejoined.after == after);
    let agreement = standing.plan.fingerprint.agreement(claim.fingerprint);
    let why = if is_second {
        Some("another has come back by the same reset before")
    } else if agreement.equal != agreement.compared || agreement.compared < 2 {
        Some("its hardware is not in every part the one that it was")
    } else {
        None
    };
    Ok(Answer::TakeIn { after, accepted: why.is_none(), why })
}
