//! Which permits are signed. What is signed here lets a disk be overwritten: whoever asks is believed
//! nothing that the journal does not tell.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::PermitId;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::permit::{DiskIdentity, Permit, Proof, Release};
use domfleet_shared::migration::reset_block::Nonce;

use super::wanted::SignedBack;
use super::{Standing, Story};

/// How long a permit is good.
pub const GOOD_FOR: Duration = Duration::from_hours(24);
/// One for the way back is signed anew when no more than this is left of it.
const ANEW_WITHIN: Duration = Duration::from_hours(12);

/// The appliance that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    pub epoch: u32,
    pub fingerprint: Fingerprint,
    /// Whether it belongs to the fleet, and may be changed.
    pub may_change: bool,
    /// Whether the server was restored from a backup and waits.
    pub held: bool,
}

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// What was signed before is the answer.
    Again,
    /// This.
    New(Box<Permit>),
}

/// Why nothing is signed, in words.
pub type Why = &'static str;

fn may_ask(story: &Story, asker: &Asker) -> Result<(), Why> {
    if story.trouble.is_some() {
        return Err("the journal tells what cannot be: a person has to look");
    }
    if asker.held {
        return Err(
            "the server was restored from a backup and waits: it may not know what was decided",
        );
    }
    if !asker.may_change {
        return Err("the appliance is not accepted, or read-only: resolve that first");
    }
    Ok(())
}

/// Whether a key is one by which an appliance can be taken in again.
pub fn is_rejoin_key(key: &str) -> bool {
    key.len() == 64 && key.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// A permit to overwrite the disk that is armed with `nonce`.
pub fn there(
    standing: &Standing,
    story: &Story,
    asker: &Asker,
    (nonce, rejoin_key): (Nonce, &str),
    now: Timestamp,
) -> Result<Sign, Why> {
    may_ask(story, asker)?;
    if !is_rejoin_key(rejoin_key) {
        return Err("the key to be taken in again with is none: update the agent");
    }
    let journey = &story.journey;
    if standing.wanted.given_up.is_some() || journey.going_back.is_some() {
        return Err("the migration is given up");
    }
    if journey.end.is_some() || journey.adopted.is_some() {
        return Err("the disk was overwritten already");
    }
    if !journey.is_proved() {
        return Err("the set is not proved, or a VM was started since");
    }
    let (Some(armed), Some(sealed)) = (&journey.armed, journey.sealed) else {
        return Err("the journal does not say that the disk is armed");
    };
    let hash = Hash::of(&nonce.0);
    if armed.nonce != hash {
        return Err("the number is not the one that the journal says is on the disk");
    }
    if let Some(signed) = standing.wanted.permit.as_ref().filter(|signed| signed.nonce == hash) {
        let same_key = standing.wanted.rejoin_key.as_deref() == Some(rejoin_key);
        if !same_key {
            return Err("another key to be taken in again with was named before");
        }
        if signed.not_after <= now {
            return Err("the permit for this number has run out: it has to be taken back first");
        }
        return Ok(Sign::Again);
    }
    Ok(Sign::New(Box::new(Permit {
        id: PermitId::new(),
        migration: standing.id,
        appliance: standing.appliance,
        epoch: asker.epoch,
        fingerprint: asker.fingerprint.clone(),
        to: Release::Two,
        set: sealed.set,
        generation: sealed.generation,
        manifest: sealed.manifest,
        disk: armed.disk.clone(),
        proof: Proof::Nonce { nonce },
        issued_at: now,
        not_after: now + GOOD_FOR,
    })))
}

/// A permit for the way back from what the permit `after` has made of `disk`.
pub fn back(
    standing: &Standing,
    story: &Story,
    asker: &Asker,
    (after, disk): (PermitId, DiskIdentity),
    now: Timestamp,
) -> Result<Sign, Why> {
    may_ask(story, asker)?;
    if story.journey.rolling_back.is_none() {
        return Err("nobody wants to go back");
    }
    if story.journey.adopted != Some((Release::Two, after)) {
        return Err("the disk was not overwritten by that permit");
    }
    sign_back(standing, story, asker, (after, disk), now)
}

/// The same for a system that never came up, on a person's word. The disk is the one that the journal names.
pub fn back_unseen(
    standing: &Standing,
    story: &Story,
    asker: &Asker,
    now: Timestamp,
) -> Result<Sign, Why> {
    may_ask(story, asker)?;
    let journey = &story.journey;
    if journey.adopted.is_some() {
        return Err("the other system came up: it asks by itself");
    }
    let (Some(permit), Some(armed)) = (journey.permit, &journey.armed) else {
        return Err("nothing was overwritten");
    };
    sign_back(standing, story, asker, (permit.permit, armed.disk.clone()), now)
}

fn sign_back(
    standing: &Standing,
    story: &Story,
    asker: &Asker,
    (after, disk): (PermitId, DiskIdentity),
    now: Timestamp,
) -> Result<Sign, Why> {
    let Some(sealed) = story.journey.sealed else { return Err("there is no set to go back from") };
    if disk.wwid.trim().is_empty() {
        return Err("the disk has no identity");
    }
    let known: Option<&SignedBack> =
        standing.wanted.way_back.as_ref().filter(|back| back.after == after);
    if known.is_some_and(|back| !back.is_withdrawn && back.not_after > now + ANEW_WITHIN) {
        return Ok(Sign::Again);
    }
    Ok(Sign::New(Box::new(Permit {
        // An interrupted reset goes on under the id in its marker.
        id: known.map_or_else(PermitId::new, |back| back.id),
        migration: standing.id,
        appliance: standing.appliance,
        // Whoever asks was taken in again since, and the one that it leads to will be: the journal tells of the first.
        epoch: standing.plan.epoch,
        fingerprint: asker.fingerprint.clone(),
        to: Release::One,
        set: sealed.set,
        generation: sealed.generation,
        manifest: sealed.manifest,
        disk,
        proof: Proof::Marker { after },
        issued_at: now,
        not_after: now + GOOD_FOR,
    })))
}
