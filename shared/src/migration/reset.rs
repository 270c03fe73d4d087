//! What the recovery medium does: it overwrites the system disk under exactly one permit, and in every other
//! case leaves it as it is and says why.
//!
//! [`judge`] is asked again and again, each time with more that was found out: what costs nothing first, the
//! reading of every byte of the set last. Nothing was written by then.

use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{MigrationId, PermitId, SetId, VmId};
use crate::inventory::Fingerprint;
use crate::migration::journey::Migration;
use crate::migration::permit::{DiskIdentity, Permit, Proof, Release};
use crate::migration::reset_block::{Marker, ResetBlock, Stage};

/// What the medium has found out.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The time, by the appliance's clock, which may have run out of battery.
    pub now: Timestamp,
    /// The permit on the drive, with its signature checked.
    pub permit: Result<&'a Permit, PermitTrouble>,
    /// The system disk: the one that the permit names, and nothing where it is not there.
    pub disk: Option<&'a DiskIdentity>,
    /// What is in its reset block.
    pub block: Option<ResetBlock>,
    /// What the hardware is known by.
    pub fingerprint: &'a Fingerprint,
    /// What the medium lays out.
    pub lays_out: Release,
    /// What the journal on the drive comes to.
    pub journal: Option<&'a Migration>,
    /// What the server says.
    pub server: Server,
    /// What the last look has found; nothing before it was taken.
    pub look: Option<Look>,
}

/// What is wrong with the permit itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PermitTrouble {
    /// There is no drive with a migration on it.
    NoDrive,
    /// There are two: the medium does not choose.
    TwoDrives,
    /// There is none on the drive.
    None,
    /// It is not one.
    Unreadable,
    /// Signed with a key that this medium was not made to trust.
    UnknownKey(String),
    /// The signature is not of this text.
    BadSignature,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// It cannot be reached, which is no answer.
    Silent,
    /// The permit stands.
    Yes,
    /// It does not, and why.
    No(String),
}

/// What the last look has found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Look {
    /// The set is whole and what the permit names, and the disks are as they were copied.
    Good,
    /// Something is not.
    Bad(Difference),
}

/// What the last look can find.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Difference {
    /// The set is not on the drive.
    NoSet(SetId),
    /// The set is another than the permit names, by its manifest.
    OtherSet,
    /// Something of the set cannot be read back as it was written.
    Damaged(String),
    /// A disk has changed since it was copied.
    Changed {
        /// Whose.
        vm: VmId,
        /// Which, as its configuration names it.
        disk: String,
    },
    /// A VM was started after the set was verified.
    Started(VmId),
    /// The system before cannot be looked at.
    Unreadable(String),
}

/// What the medium does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Take the last look, and ask again.
    TakeLook,
    /// Write the marker in place of what is in the reset block, and lay the system out.
    Reset(Marker),
    /// Go on with what was begun under the same permit.
    GoOn(Marker),
    /// Write nothing, say why, and boot what is on the disk.
    Refuse(Refusal),
}

/// Why it writes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The permit.
    #[error("{}", permit_trouble(.0))]
    Permit(PermitTrouble),
    /// For another system than this medium has.
    #[error("the permit leads to {wanted}, and this stick has {has}: take the other stick")]
    OtherRelease {
        /// Where the permit leads to.
        wanted: Release,
        /// What the medium has.
        has: Release,
    },
    /// Of another machine.
    #[error("the permit is for another appliance: this drive belongs to another box")]
    OtherAppliance,
    /// Of another disk.
    #[error("the system disk that the permit names is not here")]
    NoDisk,
    /// It cannot be read.
    #[error("the system disk cannot be read")]
    UnreadableDisk,
    /// Its partitions are others.
    #[error("the partitions of the system disk have changed since the permit was asked for")]
    OtherPartitions,
    /// It was laid out under this permit.
    #[error("this permit was used: {to} is on the disk already", to = .0)]
    Used(Release),
    /// It was laid out, or begun to be, under another permit.
    #[error("the system disk was reset under another permit ({0}) than the one on the drive")]
    OtherMarker(PermitId),
    /// There is nothing that this permit could replace.
    #[error(
        "the system disk does not carry the number that this permit is bound to: it was taken \
         back, has run out, or a VM was started"
    )]
    NoNonce,
    /// Too late.
    #[error(
        "the permit has run out: start the appliance without the stick, and it asks for another"
    )]
    Expired,
    /// The clock stands before the permit was signed.
    #[error(
        "the appliance's clock is wrong, so nobody knows whether the permit has run out: set it in \
         the BIOS"
    )]
    Clock,
    /// The server does not want it.
    #[error("the server has taken the permit back: {0}")]
    Revoked(String),
    /// The journal tells of another migration, or cannot be read.
    #[error("the journal on the drive is not that of migration {0}")]
    Journal(MigrationId),
    /// The journal says that it was given up.
    #[error("the migration was given up on the appliance")]
    GivenUp,
    /// The last look.
    #[error("{}", difference(.0))]
    Look(Difference),
}

fn permit_trouble(trouble: &PermitTrouble) -> String {
    match trouble {
        PermitTrouble::NoDrive => "there is no drive with a migration: plug the backup drive in",
        PermitTrouble::TwoDrives => "there are two drives with a migration: unplug the wrong one",
        PermitTrouble::None => "there is no permit on the drive: wait until the appliance has one",
        PermitTrouble::Unreadable => "the permit on the drive cannot be understood",
        PermitTrouble::UnknownKey(key) => {
            return format!(
                "the permit is signed with key {key}, which this stick does not know: take a \
                 newer stick"
            );
        }
        PermitTrouble::BadSignature => "the signature of the permit is wrong",
    }
    .to_owned()
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::NoSet(set) => format!("the backup set {set} is not on the drive"),
        Difference::OtherSet => "the backup set is another than the permit names".to_owned(),
        Difference::Damaged(what) => format!(
            "the backup set is damaged (where there is a second drive, take that one): {what}"
        ),
        Difference::Changed { disk, .. } => format!("{disk} has changed since it was copied"),
        Difference::Started(vm) => format!("the VM {vm} was started since the backup was proved"),
        Difference::Unreadable(why) => format!("the system on the disk cannot be looked at: {why}"),
    }
}

/// A clock may be so much behind the server's.
const CLOCK: std::time::Duration = std::time::Duration::from_mins(10);

/// What it is to do.
pub fn judge(seen: &Seen<'_>) -> Verdict {
    match decide(seen) {
        Ok(verdict) => verdict,
        Err(refusal) => Verdict::Refuse(refusal),
    }
}

fn decide(seen: &Seen<'_>) -> Result<Verdict, Refusal> {
    let permit = seen.permit.as_ref().map_err(|trouble| Refusal::Permit(trouble.clone()))?;
    if permit.to != seen.lays_out {
        return Err(Refusal::OtherRelease { wanted: permit.to, has: seen.lays_out });
    }
    if !is_same_machine(&permit.fingerprint, seen.fingerprint) {
        return Err(Refusal::OtherAppliance);
    }
    let disk = seen.disk.ok_or(Refusal::NoDisk)?;
    if disk.wwid != permit.disk.wwid || disk.bytes != permit.disk.bytes {
        return Err(Refusal::NoDisk);
    }
    let begun = Marker { permit: permit.id, stage: Stage::Begun };
    match seen.block.ok_or(Refusal::UnreadableDisk)? {
        // What was begun is finished: there is no system to go back to, and none of what else is asked for
        // below would bring it back. Where not even the partitions have been overwritten, the system before
        // may have been started again meanwhile, and all is looked at anew.
        ResetBlock::Marker(marker)
            if marker == begun && disk.partition_table != permit.disk.partition_table =>
        {
            return Ok(Verdict::GoOn(begun));
        }
        ResetBlock::Marker(marker) if marker == begun => {}
        ResetBlock::Marker(Marker { permit: used, .. }) if used == permit.id => {
            return Err(Refusal::Used(permit.to));
        }
        ResetBlock::Marker(Marker { permit: other, .. }) => match permit.proof {
            Proof::Marker { after } if after == other => {}
            _ => return Err(Refusal::OtherMarker(other)),
        },
        ResetBlock::Nonce(nonce) => match permit.proof {
            Proof::Nonce { nonce: wanted } if wanted == nonce => {}
            _ => return Err(Refusal::NoNonce),
        },
        ResetBlock::Empty | ResetBlock::Foreign | ResetBlock::Damaged => {
            return Err(Refusal::NoNonce);
        }
    }
    first_look(seen, permit, disk)?;
    match &seen.look {
        None => Ok(Verdict::TakeLook),
        Some(Look::Bad(difference)) => Err(Refusal::Look(difference.clone())),
        Some(Look::Good) => Ok(Verdict::Reset(begun)),
    }
}

/// What of the last look costs nothing.
fn first_look(seen: &Seen<'_>, permit: &Permit, disk: &DiskIdentity) -> Result<(), Refusal> {
    // A half reset under another permit leaves no system that a no could be meant to save.
    let is_half = matches!(seen.block, Some(ResetBlock::Marker(Marker { permit: begun, stage }))
        if begun != permit.id && stage == Stage::Begun);
    if let (Server::No(reason), false) = (&seen.server, is_half) {
        return Err(Refusal::Revoked(reason.clone()));
    }
    if seen.now + CLOCK < permit.issued_at {
        return Err(Refusal::Clock);
    }
    if seen.now > permit.not_after {
        return Err(Refusal::Expired);
    }
    let journal = seen.journal.filter(|journal| journal.plan.migration == permit.migration);
    let journal = journal.ok_or(Refusal::Journal(permit.migration))?;
    if let Proof::Marker { .. } = permit.proof {
        // A system that may not boot: its partitions are what an interrupted reset has left of them. One that
        // did has put on record that it is to go.
        let stays = journal.adopted.is_some() && journal.rolling_back.is_none();
        return if stays { Err(Refusal::GivenUp) } else { Ok(()) };
    }
    if disk.partition_table != permit.disk.partition_table {
        return Err(Refusal::OtherPartitions);
    }
    if journal.end.is_some() || journal.going_back.is_some() {
        return Err(Refusal::GivenUp);
    }
    if let Some(vm) = journal.plan.vms.iter().find(|vm| !journal.stopped.contains(&vm.uuid)) {
        return Err(Refusal::Look(Difference::Started(vm.uuid)));
    }
    if journal.permit.is_none_or(|permitted| permitted.permit != permit.id) {
        return Err(Refusal::Journal(permit.migration));
    }
    let sealed = journal.sealed.filter(|_| journal.is_proved());
    let is_named = sealed.is_some_and(|sealed| {
        let named = (permit.set, permit.generation, permit.manifest);
        (sealed.set, sealed.generation, sealed.manifest) == named
    });
    if is_named { Ok(()) } else { Err(Refusal::Look(Difference::OtherSet)) }
}

/// Whether a manifest is the one that a permit names.
pub fn is_named(permit: &Permit, manifest: &[u8]) -> bool {
    Hash::of(manifest) == permit.manifest
}

/// Whether two fingerprints can be of one machine: what both tell of its board is the same, and something is.
/// A card or a disk may have been replaced.
pub fn is_same_machine(one: &Fingerprint, other: &Fingerprint) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => Some(one == other),
        _ => None,
    };
    let board =
        [same(&one.system_uuid, &other.system_uuid), same(&one.board_serial, &other.board_serial)];
    if board.contains(&Some(false)) {
        return false;
    }
    board.contains(&Some(true)) || !one.macs.is_disjoint(&other.macs)
}
