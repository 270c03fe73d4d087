//! What a host of the tests holds.

use std::collections::{BTreeMap, BTreeSet};

use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, OperationId, VmId};
use domfleet_shared::inventory::{
    Components, Facts, Fingerprint, Storage, Vm, VmState, Volume, VolumeGroup,
};

use crate::dom0::snapshots::BACKUP_TAG;
use crate::dom0::step::{MANAGED_TAG, operation_tag};
use crate::dom0::{DiskSnapshot, Domain, Observed};

/// A snapshot as `lvs` would tell of it.
pub(crate) fn taken(disk: &DiskSnapshot, operation: OperationId) -> Volume {
    let mut snapshot =
        volume(&disk.volume_group, &disk.name, disk.size_bytes.unwrap_or(1), operation);
    snapshot.tags.insert(BACKUP_TAG.to_owned());
    snapshot.origin = Some(disk.origin.clone());
    snapshot.attributes = "sri-a-s---".into();
    snapshot
}

/// A VM of ours without disks.
pub(crate) fn managed(uuid: VmId, state: VmState, domid: Option<u32>) -> Vm {
    Vm {
        uuid,
        name: "pbx".into(),
        state,
        domid,
        memory_bytes: 1 << 30,
        vcpus: 1,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: Some(format!("/var/lib/domfleet/vms/{uuid}.cfg")),
        managed: true,
        autostart: Some(false),
        started_at: None,
    }
}

pub(crate) fn domain(domid: u32, uuid: VmId) -> Domain {
    let (name, state) = ("pbx".to_owned(), "-b----".to_owned());
    Domain { domid, uuid, name, state, memory_bytes: 1 << 30, vcpus: 1 }
}

pub(crate) fn volume(group: &str, name: &str, size_bytes: u64, by: OperationId) -> Volume {
    Volume {
        lv_uuid: format!("uuid-{name}-{by}"),
        name: name.to_owned(),
        volume_group: group.to_owned(),
        size_bytes,
        attributes: "-wi-a-----".into(),
        segment_type: "linear".into(),
        origin: None,
        data_basis_points: None,
        metadata_basis_points: None,
        pool: None,
        tags: BTreeSet::from([MANAGED_TAG.to_owned(), operation_tag(by)]),
        managed: true,
    }
}

/// A host with one empty volume group.
pub(crate) fn empty(boot_id: BootId) -> Observed {
    let group = VolumeGroup {
        uuid: "vg-uuid".into(),
        name: "vg0".into(),
        size_bytes: 40 << 30,
        free_bytes: 20 << 30,
        extent_bytes: 4 << 20,
    };
    Observed {
        facts: Facts {
            fingerprint: Fingerprint::default(),
            hostname: "xen".into(),
            boot_id,
            booted_at: Timestamp::from_millis(0),
            memory_bytes: None,
            free_memory_bytes: None,
            dom0_memory_bytes: None,
            cpus: None,
            components: Components::default(),
            taint: None,
        },
        domains: Ok(Vec::new()),
        vms: Ok(Vec::new()),
        storage: Ok(Storage { volume_groups: vec![group], volumes: Vec::new() }),
        usb: Ok(Vec::new()),
        mitigations: Ok(Vec::new()),
        configs: BTreeMap::new(),
    }
}
