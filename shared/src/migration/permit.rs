//! The permit to overwrite one system disk, once.
//!
//! It is signed by the server with a key that does nothing else, and is bound to one migration of one
//! appliance, to one proved set, and to one disk by what is on it at that time: [`Proof`]. What is signed is
//! [`Permit::signed_bytes`]; who holds the keys checks the signature.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reset_block::Nonce;
use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{ApplianceId, MigrationId, PermitId, SetId};
use crate::inventory::Fingerprint;

/// What every signature begins with: one over anything else is none of a permit.
const DOMAIN: &[u8] = b"domfleet permit 1\n";

/// A line of releases of the hypervisor.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum Release {
    /// Disks of VMs are images in files.
    #[serde(rename = "1.x")]
    One,
    /// Disks of VMs are logical volumes.
    #[serde(rename = "2.x")]
    Two,
}

/// A disk, told apart from every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskIdentity {
    /// What the kernel knows it by, with runs of blanks made one. Never empty.
    pub wwid: String,
    /// Its size.
    pub bytes: u64,
    /// The BLAKE3 of its partition table.
    #[schema(value_type = String)]
    pub partition_table: Hash,
}

/// What must be on the disk for the permit to be good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// The nonce that the system which is to go has written there.
    Nonce {
        /// It.
        #[schema(value_type = String)]
        nonce: Nonce,
    },
    /// The marker that an earlier reset has left there: the way back from a system that may not boot.
    Marker {
        /// By which permit that was.
        after: PermitId,
    },
}

/// A permit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Permit {
    /// Itself.
    pub id: PermitId,
    /// Of which migration.
    pub migration: MigrationId,
    /// Whose disk.
    pub appliance: ApplianceId,
    /// The appliance's epoch.
    pub epoch: u32,
    /// What the hardware is known by.
    pub fingerprint: Fingerprint,
    /// What is to be on the disk afterwards.
    pub to: Release,
    /// The set that has everything.
    pub set: SetId,
    /// Its generation.
    pub generation: u64,
    /// The hash of its manifest.
    #[schema(value_type = String)]
    pub manifest: Hash,
    /// The disk.
    pub disk: DiskIdentity,
    /// What must be on it.
    pub proof: Proof,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// After that it is not good any more.
    pub not_after: Timestamp,
}

/// A permit with its signature, as it is on the drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedPermit {
    /// The permit, in the bytes that were signed: JSON.
    pub permit: String,
    /// The id of the key that signed it: the first 16 digits of the BLAKE3 of its public half.
    pub key: String,
    /// The Ed25519 signature over [`Permit::signed_bytes`], in hexadecimal digits.
    pub signature: String,
}

impl Permit {
    /// What is signed: of `json`, the permit's text. The text is kept as it was signed, so that nobody needs
    /// to write it again in the same way.
    pub fn signed_bytes(json: &str) -> Vec<u8> {
        [DOMAIN, json.as_bytes()].concat()
    }

    /// The form that is signed.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// The id of a key, by its public half.
pub fn key_id(public: &[u8]) -> String {
    let mut id = blake3::hash(public).to_hex().to_string();
    id.truncate(16);
    id
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One => "1.x",
            Self::Two => "2.x",
        })
    }
}
