use super::*;

fn snapshot_of(origin: &str) -> Volume {
    Volume { origin: Some(origin.into()), attributes: "swi-a-s---".into(), ..volume("snap", true) }
}

fn revert() -> Operation {
    Operation::VolumeRevert { volume: "uuid-snap".into() }
}

#[test]
fn a_snapshot_is_merged_into_an_origin_that_nobody_uses() {
    let volumes = vec![volume("pbx-root", true), snapshot_of("pbx-root")];
    let off = host(vec![vm(VmState::Off, None)], volumes.clone());
    let running = host(vec![vm(VmState::Running, Some(3))], volumes);

    let steps = planned(&revert(), &off).unwrap();

    assert!(matches!(steps.as_slice(), [Step::RevertVolume { origin, origin_uuid, .. }]
        if origin == "pbx-root" && origin_uuid == "uuid-pbx-root"));
    assert_eq!(planned(&revert(), &running), Err("refused".into()));
}

#[test]
fn what_is_in_use_overflowed_foreign_or_no_snapshot_is_not_reverted() {
    let open = Volume { attributes: "owi-aos---".into(), ..volume("a", true) };
    let overflowed = Volume { attributes: "swi-I-s---".into(), ..snapshot_of("b") };
    let foreign = Volume { managed: false, ..snapshot_of("b") };
    let of = |volumes| planned(&revert(), &host(Vec::new(), volumes));

    assert_eq!(of(vec![open, snapshot_of("a")]), Err("refused".into()));
    assert_eq!(of(vec![volume("b", true), overflowed]), Err("refused".into()));
    assert_eq!(of(vec![volume("b", true), foreign]), Err("not_ours".into()));
    assert_eq!(of(vec![volume("snap", true)]), Err("refused".into()));
    assert_eq!(of(vec![snapshot_of("gone")]), Err("not_found".into()));
}

#[test]
fn a_volume_grows_where_there_is_room_and_never_shrinks() {
    let grow = |size_bytes| Operation::VolumeGrow { volume: "uuid-a".into(), size_bytes };
    let host = host(Vec::new(), vec![volume("a", true)]);

    let steps = planned(&grow((10 << 30) + 1), &host).unwrap();

    assert!(matches!(steps.as_slice(), [Step::GrowVolume { size_bytes, .. }]
        if *size_bytes == (10 << 30) + (4 << 20)));
    assert_eq!(planned(&grow(10 << 30), &host), Ok(Vec::new()));
    assert_eq!(planned(&grow(9 << 30), &host), Err("refused".into()));
    assert_eq!(planned(&grow(31 << 30), &host), Err("no_room".into()));
}

#[test]
fn a_volume_that_a_configuration_names_keeps_its_name() {
    let rename = |volume: &str, name: &str| Operation::VolumeRename {
        volume: format!("uuid-{volume}"),
        name: name.into(),
    };
    let volumes = vec![volume("pbx-root", true), volume("spare", true), volume("foreign", false)];
    let host = host(vec![vm(VmState::Off, None)], volumes);

    assert!(planned(&rename("spare", "new"), &host).is_ok_and(|steps| steps.len() == 1));
    assert_eq!(planned(&rename("spare", "spare"), &host), Ok(Vec::new()));
    assert_eq!(planned(&rename("spare", "pbx-root"), &host), Err("conflict".into()));
    assert_eq!(planned(&rename("spare", "snapshot1"), &host), Err("refused".into()));
    assert_eq!(planned(&rename("pbx-root", "new"), &host), Err("refused".into()));
    assert_eq!(planned(&rename("foreign", "new"), &host), Err("not_ours".into()));
}

#[test]
fn a_thin_volume_needs_a_pool_that_is_not_full_and_no_room_in_the_group() {
    let pool = |fill| Volume {
        segment_type: "thin-pool".into(),
        data_basis_points: Some(100),
        metadata_basis_points: Some(fill),
        ..volume("pool0", true)
    };
    let create = |pool: &str| Operation::VolumeCreate {
        volume_group: "vg0".into(),
        name: "thin".into(),
        size_bytes: 100 << 30,
        thin_pool: Some(pool.into()),
    };
    let of =
        |pool_name: &str, fill| planned(&create(pool_name), &host(Vec::new(), vec![pool(fill)]));

    assert!(of("pool0", 200).is_ok());
    assert_eq!(of("pool0", 9_600), Err("no_room".into()));
    assert_eq!(of("other", 200), Err("not_found".into()));
}

#[test]
fn what_would_take_others_along_is_not_removed() {
    let remove = Operation::VolumeRemove { volume: "uuid-a".into() };
    let of = |other: Volume| planned(&remove, &host(Vec::new(), vec![volume("a", true), other]));
    let inside = Volume { pool: Some("a".into()), ..volume("thin", true) };

    assert_eq!(of(snapshot_of("a")), Err("refused".into()));
    assert_eq!(of(inside), Err("refused".into()));
    assert!(of(volume("b", true)).is_ok());
}
