use domfleet_shared::id::OperationId;

use super::*;
use crate::testing::empty;

fn domain(domid: u32, uuid: VmId, state: &str) -> Domain {
    let name = "pbx".to_owned();
    Domain { domid, uuid, name, state: state.to_owned(), memory_bytes: 0, vcpus: 1 }
}

#[test]
fn a_domain_of_another_number_or_vm_is_not_the_one_that_was_destroyed() {
    let (vm, other) = (VmId::new(), VmId::new());
    let step = Step::DestroyDomain { vm, domid: 3 };
    let seen = |domains: &[Domain]| of_domains(&step, domains, true).unwrap();

    assert_eq!(seen(&[domain(3, vm, "r-----")]), Verdict::NotDone);
    assert_eq!(seen(&[domain(3, vm, "-----d")]), Verdict::UnderWay);
    assert_eq!(seen(&[domain(4, vm, "r-----")]), Verdict::Done);
    assert_eq!(seen(&[domain(3, other, "r-----")]), Verdict::Done);
    assert_eq!(of_domains(&step, &[domain(3, vm, "r-----")], false), Some(Verdict::Done));
}

#[test]
fn a_domain_is_created_once_it_lives() {
    let vm = VmId::new();
    let step = Step::CreateDomain { vm, config_path: "/etc/xen/pbx.cfg".into() };
    let seen = |domains: &[Domain]| of_domains(&step, domains, true).unwrap();

    assert_eq!(seen(&[]), Verdict::NotDone);
    assert_eq!(seen(&[domain(3, vm, "-----d")]), Verdict::UnderWay);
    assert_eq!(seen(&[domain(3, vm, "-----d"), domain(4, vm, "-b----")]), Verdict::Done);
}

#[test]
fn a_reboot_is_done_in_another_boot_and_in_no_other_way() {
    let host = empty(BootId::new());

    assert_eq!(of_host(&Step::Reboot, &host, host.facts.boot_id), Verdict::NotDone);
    assert_eq!(of_host(&Step::Reboot, &host, BootId::new()), Verdict::Done);
}

#[test]
fn a_volume_of_that_name_that_another_made_is_not_ours() {
    let operation = OperationId::new();
    let step = Step::CreateVolume {
        operation,
        volume_group: "vg0".into(),
        name: "new".into(),
        size_bytes: 1,
        thin_pool: None,
    };
    let mut host = empty(BootId::new());
    let boot_id = host.facts.boot_id;
    assert_eq!(of_host(&step, &host, boot_id), Verdict::NotDone);

    let mut volume = Volume {
        lv_uuid: "u".into(),
        name: "new".into(),
        volume_group: "vg0".into(),
        size_bytes: 1,
        attributes: "-wi-a-----".into(),
        segment_type: "linear".into(),
        origin: None,
        data_basis_points: None,
        metadata_basis_points: None,
        pool: None,
        tags: std::collections::BTreeSet::new(),
        managed: false,
    };
    host.storage.as_mut().unwrap().volumes = vec![volume.clone()];
    assert!(matches!(of_host(&step, &host, boot_id), Verdict::Impossible(_)));

    volume.tags.insert(operation_tag(operation));
    host.storage.as_mut().unwrap().volumes = vec![volume];
    assert_eq!(of_host(&step, &host, boot_id), Verdict::Done);
}
