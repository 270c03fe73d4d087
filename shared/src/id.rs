//! Ids: one type for each thing, so that one cannot be taken for another.
//!
//! All are UUIDs; those made by us are version 7, and so sort by age.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            Serialize, Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one, later in order than those made before.
            #[expect(clippy::new_without_default, reason = "a default id would be a new one each time")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// An appliance, through all its epochs.
    ApplianceId;
    /// A request that asks many appliances at once.
    BulkId;
    /// A schedule of backups.
    ScheduleId;
    /// An organisation: vendor, reseller or customer.
    OrganisationId;
    /// A site, where appliances stand.
    SiteId;
    /// A person with a login.
    OperatorId;
    /// An operation. It is the idempotency key: doing it twice is doing it once.
    OperationId;
    /// A debug bundle.
    BundleId;
    /// A backup set.
    SetId;
    /// A migration of one appliance.
    MigrationId;
    /// A permit to overwrite a system disk. It is good once.
    PermitId;
    /// A VM: the UUID that Xen knows it by, which we pin and never make up.
    VmId;
    /// A USB drive of ours, from when it was prepared until it is prepared anew.
    DriveId;
    /// One run of the agent's process, told apart from its restarts.
    InstanceId;
    /// One run of dom0: the kernel's `boot_id`.
    BootId;
}
