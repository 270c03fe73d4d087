//! What server and agent say to each other about a migration.
//!
//! The server says what is wanted, whole, each time: [`Intent`]. The agent says what happened: [`Told`], the
//! records of the journal that the server does not have yet. Whatever is lost of either is said again, and
//! whoever forgot something, a server restored from a backup too, is told it anew.

use serde::{Deserialize, Serialize};

use super::event::Record;
use super::permit::{DiskIdentity, SignedPermit};
use super::phase::End;
use super::plan::Plan;
use super::reset_block::Nonce;
use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{DriveId, MigrationId, PermitId, VmId};

/// No [`Told`] has more records: a frame is bounded.
pub const MOST_RECORDS: usize = 200;

/// What is wanted of a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The migration.
    pub migration: MigrationId,
    /// Grows with every change of it. The agent keeps the newest.
    pub revision: u64,
    /// What is to be done. It never changes.
    pub plan: Plan,
    /// The drive that it is to be done with.
    pub drive: DriveId,
    /// The drive that is to hold a copy of the set, where one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_drive: Option<DriveId>,
    /// That it is given up, and how it is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give_up: Option<GiveUp>,
    /// What people have decided that the journal does not tell of yet, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// The public halves of the keys that permits are signed with, in hexadecimal digits: the one in use, and
    /// the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permit_keys: Vec<String>,
    /// The permit for the nonce that was last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit: Option<SignedPermit>,
    /// The permit for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_back: Option<SignedPermit>,
}

/// That a migration is given up before the point of no return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveUp {
    /// How it is to end: cancelled or deferred.
    pub end: End,
    /// Why, in words.
    pub reason: String,
}

/// What a person has decided on the system that VMs are given back on. It is carried out once: the journal
/// tells by which number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Counts a migration's decisions from 1.
    pub number: u64,
    /// Who.
    pub by: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What a person can decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
#[schema(as = MigrationDecided)]
pub enum What {
    /// Try a VM again that failed.
    Retry {
        /// Which.
        vm: VmId,
        /// Whether its disks are written anew, and what it has written since is lost.
        #[serde(default)]
        afresh: bool,
    },
    /// Go without a VM that failed, or take it as it is.
    Waive {
        /// Which.
        vm: VmId,
    },
    /// Go back to the system before.
    RollBack {
        /// Why, in words.
        reason: String,
    },
    /// Stay after all.
    Stay,
    /// A decision that this build does not know. Received, never sent.
    #[serde(other)]
    Unknown,
}

/// What happened in a migration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The migration.
    pub migration: MigrationId,
    /// The revision of the intent that is being followed; 0 where the agent has none.
    #[serde(default)]
    pub revision: u64,
    /// How many records come before those here.
    pub from: u64,
    /// The next of them, at most [`MOST_RECORDS`].
    #[serde(default)]
    pub records: Vec<Record>,
    /// A hash of everything that comes before them, by the agent's own reckoning. A server that was told
    /// otherwise has it told from the beginning.
    pub before: Hash,
    /// The same of everything up to their end: the next `before`.
    pub after: Hash,
    /// What the agent asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// What is being done, or waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Now>,
    /// Decisions that could not be carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedDecision>,
}

/// What the agent asks the server for, again and again until it has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// A permit to overwrite the disk that the journal says is armed.
    Permit {
        /// What is on that disk.
        nonce: Nonce,
        /// The public half, in hexadecimal digits, of the key (Ed25519) on the drive by which the appliance is
        /// to be taken in again.
        rejoin_key: String,
    },
    /// A permit for the way back. The server signs it under the same id each time.
    WayBack {
        /// The permit by which the disk was overwritten.
        after: PermitId,
        /// The disk, as it is now.
        disk: DiskIdentity,
    },
}

/// What the agent is at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// What it waits for, where it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// What it does or waits for, in words.
    pub what: String,
    /// How far that is, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// Of how many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What went wrong with it last, where it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What a migration waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MigrationWaits)]
pub enum Waits {
    /// A person: plug the backup drive in.
    Drive,
    /// A person: plug the second backup drive in, beside the first.
    SecondDrive,
    /// A person: plug the recovery stick in and restart the appliance.
    Reset,
    /// A person: plug the other recovery stick in and restart the appliance.
    ResetBack,
    /// The other system is expected to call.
    Return,
    /// The server is to sign a permit.
    Permit,
    /// A person: decide about the VMs that failed.
    Hands,
    /// A person: nothing here says that the set on the drive belongs to this appliance.
    Proof,
    /// The system disk, which cannot be read.
    SystemDisk,
    /// Time: the appliance is watched.
    Soaking,
    /// A VM is to become healthy.
    Health,
    /// Something of tomorrow.
    #[serde(other)]
    Other,
}

/// A decision that could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedDecision {
    /// Its number.
    pub number: u64,
    /// Why, in words.
    pub why: String,
}

/// The server's answer to [`Told`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The migration.
    pub migration: MigrationId,
    /// How many records it has: the agent goes on from there.
    pub records: u64,
    /// The newest revision of what is wanted.
    pub revision: u64,
    /// Why it does not give what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// The path of [`Rejoin`].
pub const REJOIN_PATH: &str = "/agent/v1/rejoin";

/// `POST /agent/v1/rejoin`: an appliance that was reset asks to be taken in again, under a new key.
///
/// The same request gets the same answer again: the first may have been lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejoin {
    /// Its migration.
    pub migration: MigrationId,
    /// PKCS #10 for the new key.
    pub csr_pem: String,
    /// What the hardware is known by.
    pub fingerprint: crate::inventory::Fingerprint,
    /// dom0's own name.
    pub hostname: String,
    /// The Ed25519 signature in hexadecimal digits, by the key on the drive, over [`Rejoin::signed_bytes`].
    pub signature: String,
}

impl Rejoin {
    /// What is signed.
    pub fn signed_bytes(migration: MigrationId, csr_pem: &str) -> Vec<u8> {
        format!("domfleet rejoin 1\n{migration}\n{csr_pem}").into_bytes()
    }
}

/// What lies on the drive beside the journal, by which the appliance is taken in again: `identity.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedIdentity {
    /// The appliance.
    pub appliance: crate::id::ApplianceId,
    /// `https://host:port` of the server.
    pub server: String,
    /// The CA certificates that the server is known by.
    pub trust_bundle_pem: String,
    /// The private half of the key (Ed25519, PKCS #8 in PEM) that was made for this move and opens nothing else.
    pub key_pem: String,
    /// What the server's clock said last.
    pub server_time: Option<Timestamp>,
}
