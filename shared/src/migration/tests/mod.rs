mod acts;
mod adoption;
mod block;
mod golden;
mod medium;
mod search;
mod story;
mod world;

use std::collections::BTreeSet;

use super::plan::{Copies, FORMAT, Plan, PlannedVm};
use crate::Timestamp;
use crate::hash::Hash;
use crate::id::{ApplianceId, MigrationId, PermitId, SetId, VmId};
use crate::inventory::Fingerprint;
use crate::migration::permit::{DiskIdentity, Permit, Proof, Release};
use crate::migration::reset_block::Nonce;

/// The same id each time.
fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

const HOUR: i64 = 3_600_000;

fn hour(hours: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + hours * HOUR)
}

fn vm(number: u128) -> VmId {
    VmId(uuid(0x100 + number))
}

fn fingerprint() -> Fingerprint {
    Fingerprint {
        system_uuid: Some("4c4c4544-0042-4e10-8033-b9c04f4a3832".to_owned()),
        board_serial: Some("BN012345".to_owned()),
        macs: BTreeSet::from(["00:50:c2:00:00:01".to_owned()]),
        disks: BTreeSet::from(["naa.5000c500a1b2c3d4".to_owned()]),
    }
}

fn disk() -> DiskIdentity {
    DiskIdentity {
        wwid: "naa.5000c500a1b2c3d4".to_owned(),
        bytes: 128 << 30,
        partition_table: Hash::of(b"partitions"),
    }
}

fn plan(vms: u128) -> Plan {
    let planned = |number| PlannedVm {
        uuid: vm(number),
        name: format!("vm-{number}"),
        was_running: true,
        autostart: true,
    };
    Plan {
        format: FORMAT,
        migration: MigrationId(uuid(1)),
        appliance: ApplianceId(uuid(2)),
        epoch: 1,
        fingerprint: fingerprint(),
        created_at: hour(0),
        vms: (0..vms).map(planned).collect(),
        excluded: Vec::new(),
        copies: Copies::SecondDrive,
        downtime_seconds: 4 * 3600,
        soak_seconds: 7 * 24 * 3600,
        healthy_after_seconds: 600,
    }
}

fn permit(nonce: Nonce) -> Permit {
    Permit {
        id: PermitId(uuid(3)),
        migration: MigrationId(uuid(1)),
        appliance: ApplianceId(uuid(2)),
        epoch: 1,
        fingerprint: fingerprint(),
        to: Release::Two,
        set: SetId(uuid(4)),
        generation: 1,
        manifest: Hash::of(b"manifest"),
        disk: disk(),
        proof: Proof::Nonce { nonce },
        issued_at: hour(0),
        not_after: hour(24),
    }
}
