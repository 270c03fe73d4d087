//! A debug bundle, as operators see it.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BundleId, OperationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::{Named, words};

/// How far a bundle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BundleState {
    /// The appliance has yet to hear of it.
    Requested,
    /// The appliance is collecting.
    Collecting,
    /// Bytes are coming.
    Uploading,
    /// All of it is here, and its hash is right; the object store has yet to take it.
    Received,
    /// All of it is here, in the object store.
    Complete,
    /// It will not come.
    Failed,
    /// Its bytes are gone.
    Expired,
}

/// Why there is a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BundleTrigger {
    /// An operator asked for it.
    OnDemand,
    /// A boot did not end in order.
    UncleanBoot,
    /// The kernel said something after which it is not to be trusted.
    FatalMessage,
    /// An operator brought it.
    Upload,
}

/// What a bundle is, as far as it could be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BundleKind {
    /// A debug bundle of ours.
    Bundle,
    /// Another archive of files.
    Archive,
    /// A file.
    File,
}

words! {
    BundleKind { Bundle = "bundle", Archive = "archive", File = "file" }
    BundleState {
        Requested = "requested", Collecting = "collecting", Uploading = "uploading",
        Received = "received", Complete = "complete", Failed = "failed", Expired = "expired",
    }
    BundleTrigger {
        OnDemand = "on_demand", UncleanBoot = "unclean_boot", FatalMessage = "fatal_message",
        Upload = "upload",
    }
}

/// A debug bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = BundleView)]
pub struct Bundle {
    /// Its id.
    pub id: BundleId,
    /// The appliance that it is from.
    pub appliance: Named,
    /// The operation that asked for it.
    pub operation_id: Option<OperationId>,
    /// Why it is there.
    pub trigger: BundleTrigger,
    /// How far it is.
    pub state: BundleState,
    /// What it is.
    pub kind: BundleKind,
    /// What the file was called that an operator brought.
    pub file_name: Option<String>,
    /// What the person who asked for it, or brought it, noted.
    pub note: String,
    /// Its size, once that is known.
    pub size_bytes: Option<u64>,
    /// How much of it is here.
    pub received_bytes: u64,
    /// BLAKE3 of all of it, in hexadecimal.
    pub blake3: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When all of it was here.
    pub completed_at: Option<Timestamp>,
    /// When its bytes go, unless it is held.
    pub keep_until: Timestamp,
    /// Who keeps it from going.
    pub hold: Option<BundleHold>,
    /// What is in it.
    #[schema(value_type = Option<Object>)]
    pub manifest: Option<serde_json::Value>,
    /// Rises with each change.
    pub version: u64,
}

/// Somebody keeps a bundle from going.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BundleHold {
    /// Since when.
    pub since: Timestamp,
    /// Who.
    pub by: String,
    /// What for.
    pub note: String,
}
