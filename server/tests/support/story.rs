//! A migration's journal as an agent would write it, and what is told of it.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::hash::Hash;
use domfleet_shared::id::{ApplianceId, BootId, DriveId, MigrationId, PermitId, SetId, VmId};
use domfleet_shared::inventory::Fingerprint;
use domfleet_shared::migration::event::{Disarm, Event, Record};
use domfleet_shared::migration::permit::{DiskIdentity, Release};
use domfleet_shared::migration::phase::End;
use domfleet_shared::migration::plan::{Copies, FORMAT, Plan, PlannedVm};
use domfleet_shared::migration::reset_block::Nonce;
use domfleet_shared::migration::talk::{Ask, Told};

pub(crate) const NONCE: Nonce = Nonce([7; 32]);
const DRIVE: DriveId = DriveId(uuid::Uuid::from_u128(5));

pub(crate) fn disk() -> DiskIdentity {
    DiskIdentity {
        wwid: "naa.5000c500a1b2c3d4".into(),
        bytes: 128 << 30,
        partition_table: Hash::of(b"partitions"),
    }
}

/// A plan with two VMs.
pub(crate) fn plan(appliance: ApplianceId, epoch: u32, fingerprint: Fingerprint) -> Plan {
    let vm = |name: &str| PlannedVm {
        uuid: VmId::new(),
        name: name.into(),
        was_running: true,
        autostart: true,
    };
    Plan {
        format: FORMAT,
        migration: MigrationId::new(),
        appliance,
        epoch,
        fingerprint,
        created_at: Timestamp::from_millis(1_790_000_000_000),
        vms: vec![vm("pbx"), vm("mail")],
        excluded: Vec::new(),
        copies: Copies::DataRegion,
        downtime_seconds: 3600,
        soak_seconds: 0,
        healthy_after_seconds: 600,
    }
}

/// An agent's journal.
#[derive(Clone)]
pub(crate) struct Book {
    pub(crate) plan: Plan,
    pub(crate) records: Vec<Record>,
    pub(crate) on: Release,
    pub(crate) revision: u64,
    boot: BootId,
}

impl Book {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut book = Self {
            plan: plan.clone(),
            records: Vec::new(),
            on: Release::One,
            revision: 1,
            boot: BootId::new(),
        };
        book.add(Event::Planned { plan: Box::new(plan) });
        book
    }

    pub(crate) fn vm(&self, which: usize) -> VmId {
        self.plan.vms[which].uuid
    }

    pub(crate) fn add(&mut self, event: Event) {
        let seconds = u64::try_from(self.records.len()).unwrap();
        self.records.push(Record {
            at: Timestamp::from_millis(1_790_000_000_000) + Duration::from_secs(seconds),
            boot: self.boot,
            on: self.on,
            agent: "1.0.0".into(),
            decision: None,
            event,
        });
    }

    /// Up to a disk that is armed with [`NONCE`].
    pub(crate) fn armed(mut self) -> Self {
        self.add(Event::DriveClaimed { drive: DRIVE });
        self.add(Event::AutostartOff { vms: self.plan.vms.iter().map(|vm| vm.uuid).collect() });
        for vm in self.plan.vms.clone() {
            self.add(Event::VmStopped { vm: vm.uuid, clean: true });
        }
        let manifest = Hash::of(b"manifest");
        self.add(Event::Sealed { set: SetId::new(), generation: 1, manifest });
        self.add(Event::Verified { generation: 1 });
        self.add(Event::Armed { disk: disk(), nonce: Hash::of(&NONCE.0) });
        self
    }

    pub(crate) fn permitted(mut self, permit: PermitId) -> Self {
        let not_after = Timestamp::from_millis(1_990_000_000_000);
        self.add(Event::Permitted { permit, not_after });
        self
    }

    /// 2.x is there, has all VMs, and one of them does not work.
    pub(crate) fn one_failed(mut self, permit: PermitId) -> Self {
        self.on = Release::Two;
        self.add(Event::Adopted { permit, after: None });
        self.add(Event::RoomFound { needed: 1, free: 2 });
        for which in 0..2 {
            let vm = self.vm(which);
            self.add(Event::VmRestored { vm });
            self.add(Event::VmConfigured { vm });
            self.add(Event::TrialBoot { vm });
        }
        self.add(Event::VmHealthy { vm: self.vm(0), evidence: vec!["it answers".into()] });
        self.add(Event::VmFailed { vm: self.vm(1), reason: "no sound".into() });
        self
    }

    /// Given up, with everything as before.
    pub(crate) fn given_up(mut self, end: End) -> Self {
        self.add(Event::GoingBack { end, reason: "not today".into() });
        if self.records.iter().any(|record| matches!(record.event, Event::Armed { .. })) {
            self.add(Event::Disarmed { reason: Disarm::GoingBack });
        }
        self.add(Event::AutostartRestored);
        self.add(Event::Ended { end });
        self
    }

    /// A hash of the first `records`.
    pub(crate) fn hash(&self, records: usize) -> Hash {
        let lines = self.records.iter().take(records);
        let text: String = lines.map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        Hash::of(text.as_bytes())
    }

    /// What is told of it, after the first `from`.
    pub(crate) fn told(&self, from: usize) -> Told {
        self.part(from, self.records.len())
    }

    pub(crate) fn part(&self, from: usize, to: usize) -> Told {
        Told {
            migration: self.plan.migration,
            revision: self.revision,
            from: from as u64,
            records: self.records[from..to].to_vec(),
            before: self.hash(from),
            after: self.hash(to),
            ask: None,
            now: None,
            refused: Vec::new(),
        }
    }

    /// All of it, and that a permit is asked for.
    pub(crate) fn asking(&self, nonce: Nonce, rejoin_key: &str) -> Told {
        let ask = Ask::Permit { nonce, rejoin_key: rejoin_key.into() };
        Told { ask: Some(ask), ..self.told(0) }
    }
}
