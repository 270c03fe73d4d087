use std::collections::BTreeSet;

use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{VmDisk, VmState};

use super::*;
use crate::dom0::step::MANAGED_TAG;
use crate::testing::empty;

pub(super) fn vm(state: VmState, domid: Option<u32>) -> Vm {
    Vm {
        uuid: VmId::new(),
        name: "pbx".into(),
        state,
        domid,
        memory_bytes: 1 << 30,
        vcpus: 1,
        disks: vec![VmDisk {
            vdev: "xvda".into(),
            target: Some("/dev/vg0/pbx-root".into()),
            format: "lv".into(),
            writable: true,
        }],
        macs: vec!["00:16:3e:00:00:01".into()],
        qemu_running: None,
        config_path: Some("/etc/xen/pbx.cfg".into()),
        managed: false,
        autostart: None,
        started_at: None,
    }
}

pub(super) fn volume(name: &str, managed: bool) -> Volume {
    let tags = if managed { BTreeSet::from([MANAGED_TAG.to_owned()]) } else { BTreeSet::new() };
    Volume {
        lv_uuid: format!("uuid-{name}"),
        name: name.into(),
        volume_group: "vg0".into(),
        size_bytes: 10 << 30,
        attributes: "-wi-a-----".into(),
        segment_type: "linear".into(),
        origin: None,
        data_basis_points: None,
        metadata_basis_points: None,
        pool: None,
        tags,
        managed,
    }
}

pub(super) fn host(vms: Vec<Vm>, volumes: Vec<Volume>) -> Observed {
    let mut host = empty(BootId::new());
    host.vms = Ok(vms);
    if let Ok(storage) = &mut host.storage {
        storage.volumes = volumes;
    }
    host
}

pub(super) fn planned(operation: &Operation, host: &Observed) -> Result<Vec<Step>, String> {
    plan(OperationId::new(), operation, host).map_err(|reason| reason.code)
}

#[test]
fn a_vm_that_is_as_it_should_be_is_left_alone() {
    let running = vm(VmState::Running, Some(3));
    let off = vm(VmState::Off, None);
    let host = host(vec![running.clone(), off.clone()], Vec::new());

    assert_eq!(planned(&Operation::VmStart { vm: running.uuid }, &host), Ok(Vec::new()));
    assert_eq!(planned(&Operation::VmDestroy { vm: off.uuid }, &host), Ok(Vec::new()));
    let shutdown = Operation::VmShutdown { vm: off.uuid, timeout_seconds: None };
    assert_eq!(planned(&shutdown, &host), Ok(Vec::new()));
}

#[test]
fn what_is_destroyed_is_named_by_its_domain_and_its_uuid() {
    let running = vm(VmState::Running, Some(3));
    let host = host(vec![running.clone()], Vec::new());

    let steps = planned(&Operation::VmDestroy { vm: running.uuid }, &host);

    assert_eq!(steps, Ok(vec![Step::DestroyDomain { vm: running.uuid, domid: 3 }]));
}

#[test]
fn a_guest_that_could_not_be_started_again_is_not_rebooted() {
    let running = Vm { config_path: None, ..vm(VmState::Running, Some(3)) };
    let host = host(vec![running.clone()], Vec::new());

    let reboot = Operation::VmReboot { vm: running.uuid, timeout_seconds: None };
    assert_eq!(planned(&reboot, &host), Err("not_found".into()));
}

#[test]
fn a_volume_that_is_not_ours_or_in_use_is_never_removed() {
    let remove = |volume: &str| Operation::VolumeRemove { volume: volume.to_owned() };
    let open = Volume { attributes: "-wi-ao----".into(), ..volume("open", true) };
    let volumes =
        vec![volume("strange", false), open, volume("pbx-root", true), volume("spare", true)];
    let host = host(vec![vm(VmState::Off, None)], volumes);

    assert_eq!(planned(&remove("uuid-strange"), &host), Err("not_ours".into()));
    assert_eq!(planned(&remove("uuid-open"), &host), Err("refused".into()));
    assert_eq!(planned(&remove("uuid-pbx-root"), &host), Err("refused".into()));
    assert_eq!(planned(&remove("uuid-none"), &host), Err("not_found".into()));
    let step = Step::RemoveVolume {
        lv_uuid: "uuid-spare".into(),
        volume_group: "vg0".into(),
        name: "spare".into(),
    };
    assert_eq!(planned(&remove("uuid-spare"), &host), Ok(vec![step]));
}

#[test]
fn a_volume_is_made_of_whole_extents_where_there_is_room_and_the_name_is_free() {
    let create = |name: &str, size_bytes| Operation::VolumeCreate {
        volume_group: "vg0".into(),
        name: name.to_owned(),
        size_bytes,
        thin_pool: None,
    };
    let host = host(Vec::new(), vec![volume("there", false)]);

    let steps = planned(&create("new", 5 << 20), &host).unwrap();
    assert!(
        matches!(steps.as_slice(), [Step::CreateVolume { size_bytes, .. }] if *size_bytes == 8 << 20)
    );
    assert_eq!(planned(&create("new", 21 << 30), &host), Err("no_room".into()));
    assert_eq!(planned(&create("there", 1), &host), Err("conflict".into()));
    for name in ["", "-x", "a/b", "snapshot1", "pvmove0", "a_tmeta", "..", "a b"] {
        assert_eq!(planned(&create(name, 1), &host), Err("refused".into()), "{name}");
    }
}

#[test]
fn what_cannot_be_seen_is_not_planned_for() {
    let mut host = host(Vec::new(), Vec::new());
    host.vms = Err(Dom0Error::unknown("xl list", "it did not end in time"));

    assert_eq!(planned(&Operation::VmStart { vm: VmId::new() }, &host), Err("unknown".into()));
}

#[path = "plan/vm_config_tests.rs"]
mod vm_config_tests;
#[path = "plan/volume_tests.rs"]
mod volume_tests;
