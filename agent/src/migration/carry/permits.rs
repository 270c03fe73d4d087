//! Which permits count here: whatever can be checked on the appliance itself is.

use domfleet_shared::Timestamp;
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::next::{after, before};
use domfleet_shared::migration::permit::{DiskIdentity, Proof, Release, SignedPermit};
use domfleet_shared::migration::reset::is_same_machine;
use domfleet_shared::migration::{Migration, Permit};

use crate::migration::permit::Trusted;

/// What a permit is held against.
#[derive(Clone, Copy)]
pub(super) struct Here<'h> {
    pub(super) trusted: &'h Trusted,
    pub(super) story: &'h Migration,
    pub(super) fingerprint: &'h Fingerprint,
    pub(super) disk: &'h DiskIdentity,
}

/// What its signature says, if it is for this migration, this appliance, this set and this disk; else what is wrong,
/// in words.
fn checked(here: Here<'_>, signed: &SignedPermit) -> Result<Permit, String> {
    let Here { trusted, story, fingerprint, disk } = here;
    let permit = trusted.check(signed).map_err(|trouble| {
        use domfleet_shared::migration::reset::{PermitTrouble, Refusal};
        match trouble {
            PermitTrouble::UnknownKey(key) => format!(
                "the permit is signed with key {key}, which this agent does not know: update it"
            ),
            trouble => Refusal::Permit(trouble).to_string(),
        }
    })?;
    let plan = &story.plan;
    let of = (permit.migration, permit.appliance, permit.epoch);
    if of != (plan.migration, plan.appliance, plan.epoch) {
        return Err("the permit is for another migration".to_owned());
    }
    if !is_same_machine(&permit.fingerprint, fingerprint) {
        return Err("the permit is for another appliance".to_owned());
    }
    if (&permit.disk.wwid, permit.disk.bytes) != (&disk.wwid, disk.bytes) {
        return Err("the permit is for another disk than this system's".to_owned());
    }
    let sealed = story.sealed.filter(|_| story.verified == story.sealed.map(|set| set.generation));
    let named = (permit.set, permit.generation, permit.manifest);
    if sealed.map(|sealed| (sealed.set, sealed.generation, sealed.manifest)) != Some(named) {
        return Err("the permit is for another backup set than the one that was proved".to_owned());
    }
    Ok(permit)
}

/// A permit that the server has signed for the nonce on this disk.
pub(super) fn offered(here: Here<'_>, signed: &SignedPermit) -> Result<before::Offered, String> {
    let permit = checked(here, signed)?;
    if permit.disk.partition_table != here.disk.partition_table {
        return Err("the partitions of the system disk are others than the permit says".to_owned());
    }
    match permit.proof {
        Proof::Nonce { nonce } if permit.to == Release::Two => {
            Ok(before::Offered { permit: permit.id, nonce, not_after: permit.not_after })
        }
        _ => Err("the permit leads to another system".to_owned()),
    }
}

/// What is wrong with a permit that has run out the moment it comes: it is signed for a day.
pub(super) fn run_out(not_after: Timestamp, now: Timestamp) -> Option<String> {
    (not_after < now).then(|| {
        "by this appliance's clock the permit that the server signed has run out already: set the clock".to_owned()
    })
}

/// The permit on the drive, for the system that it may have led to.
pub(super) fn proved(here: Here<'_>, signed: &SignedPermit) -> Result<after::Proved, String> {
    let permit = checked(here, signed)?;
    let after = match permit.proof {
        Proof::Nonce { .. } => None,
        Proof::Marker { after } => Some(after),
    };
    Ok(after::Proved { permit: permit.id, to: permit.to, after })
}

/// A permit for the way back from the system that is here.
pub(super) fn way_back(here: Here<'_>, signed: &SignedPermit) -> Result<Permit, String> {
    let permit = checked(here, signed)?;
    let used = here.story.adopted.map(|(_, used)| used);
    match permit.proof {
        Proof::Marker { after } if permit.to == Release::One && Some(after) == used => Ok(permit),
        _ => Err("the permit is not for the way back from this system".to_owned()),
    }
}
