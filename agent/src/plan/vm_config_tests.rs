use domfleet_shared::operation::vm::{
    DiskFormat, DiskSource, Disks, NewDisk, NewNic, VmChange, VmCreate, VmForm, VmSource, VmType,
};
use domfleet_shared::xl_config::{Document, VmConfig};

use super::*;

fn disk(vdev: &str, source: DiskSource) -> NewDisk {
    NewDisk { vdev: vdev.into(), source, format: DiskFormat::Raw, writable: true, cdrom: false }
}

fn new_volume(name: &str, size_bytes: u64) -> DiskSource {
    DiskSource::NewVolume(NewVolume {
        volume_group: "vg0".into(),
        name: name.into(),
        size_bytes,
        thin_pool: None,
    })
}

fn form(disks: Vec<NewDisk>) -> VmForm {
    VmForm {
        name: "win".into(),
        vm_type: VmType::Hvm,
        memory_mib: 1024,
        vcpus: 2,
        disks,
        nics: vec![NewNic::default(), NewNic { bridge: Some("br1".into()), ..NewNic::default() }],
        kernel: None,
        ramdisk: None,
        cmdline: None,
        boot: None,
        uefi: false,
    }
}

fn create(from: VmSource) -> (VmId, Operation) {
    let vm = VmId::new();
    (vm, Operation::VmCreate(VmCreate { vm: Some(vm), from }))
}

fn of_form(form: VmForm) -> (VmId, Operation) {
    create(VmSource::Form(Box::new(form)))
}

fn written(steps: &[Step]) -> VmConfig {
    let [.., Step::WriteConfig { text, .. }] = steps else { panic!("{steps:?}") };
    VmConfig::of(&Document::parse(text.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_vm_from_a_form_has_its_volumes_made_first_and_its_identity_pinned() {
    let host = host(Vec::new(), vec![volume("there", true)]);
    let disks = vec![
        disk("xvda", new_volume("win", 5 << 20)),
        disk("xvdb", DiskSource::Volume("uuid-there".into())),
    ];
    let (vm, operation) = of_form(form(disks));

    let steps = planned(&operation, &host).unwrap();

    assert!(matches!(&steps[0], Step::CreateVolume { name, size_bytes, .. }
        if name == "win" && *size_bytes == 8 << 20));
    let config = written(&steps);
    assert_eq!(config.uuid, Some(vm));
    let targets: Vec<_> = config.disks.iter().map(|d| d.target.as_deref().unwrap()).collect();
    assert_eq!(targets, ["/dev/vg0/win", "/dev/vg0/there"]);
    let macs = config.macs();
    assert_eq!(macs.len(), 2);
    assert!(macs[0].starts_with("00:16:3e:") && macs[0] != macs[1], "{macs:?}");
    assert_eq!(planned(&operation, &host).map(|again| written(&again).macs()), Ok(macs));
}

#[test]
fn a_vm_from_a_text_keeps_every_word_of_it() {
    let text = "name = 'win' # ours\nmemory = 64\nvnc = 1\nvif = [ 'bridge=br0,model=e1000' ]\n";
    let (vm, operation) = create(VmSource::Config(text.into()));

    let steps = planned(&operation, &host(Vec::new(), Vec::new())).unwrap();

    let [Step::WriteConfig { text: written, replaces: None, .. }] = steps.as_slice() else {
        panic!("{steps:?}")
    };
    assert!(written.starts_with("name = 'win' # ours\nmemory = 64\nvnc = 1\nvif = ["), "{written}");
    assert!(written.contains(&format!("uuid = \"{vm}\"")), "{written}");
    assert!(written.contains("bridge=br0,model=e1000,mac=00:16:3e:"), "{written}");
}

#[test]
fn what_is_taken_or_would_harm_is_refused_before_anything_is_done() {
    let there = vm(VmState::Off, None);
    let host = host(vec![there.clone()], vec![volume("taken", true)]);
    let with = |disks| planned(&of_form(form(disks)).1, &host).unwrap_err();
    let of_text =
        |text: &str| planned(&create(VmSource::Config(text.into())).1, &host).unwrap_err();

    assert_eq!(with(vec![disk("xvda", new_volume("taken", 1))]), "conflict");
    assert_eq!(with(vec![disk("xvda", new_volume("a", 21 << 30))]), "no_room");
    let half = 11 << 30;
    let both = vec![disk("xvda", new_volume("a", half)), disk("xvdb", new_volume("b", half))];
    assert_eq!(with(both), "no_room");
    let twice = vec![disk("xvda", new_volume("a", 1)), disk("xvda", new_volume("b", 1))];
    assert_eq!(with(twice), "conflict");
    assert_eq!(with(vec![disk("xvda", DiskSource::Path("/dev/sda".into()))]), "refused");
    assert_eq!(with(vec![disk("xvda", DiskSource::Path("/dev/vg0/pbx-root".into()))]), "conflict");
    assert_eq!(with(vec![disk("xvda", DiskSource::Volume("uuid-none".into()))]), "not_found");
    assert_eq!(of_text("name = 'pbx'\nmemory = 64"), "conflict");
    assert_eq!(of_text("name = '../pbx'\nmemory = 64"), "refused");
    assert_eq!(of_text("name = 'a'\nmemory = 64\nbootloader = '/bin/sh'"), "refused");
    assert_eq!(
        of_text("name = 'a'\nmemory = 64\nuuid = '5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21'"),
        "refused"
    );
    assert_eq!(of_text("name = 'a"), "refused");
    let nics = vec![NewNic { model: Some("e1000,script=/tmp/x".into()), ..NewNic::default() }];
    let evil = VmForm { nics, ..form(Vec::new()) };
    assert_eq!(planned(&of_form(evil).1, &host), Err("refused".into()));
    let again = VmCreate { vm: Some(there.uuid), from: VmSource::Config(String::new()) };
    assert_eq!(planned(&Operation::VmCreate(again), &host), Err("conflict".into()));
}

/// A host with a managed VM, which runs or does not.
fn managed(domid: Option<u32>) -> (Vm, Observed) {
    let state = if domid.is_some() { VmState::Running } else { VmState::Off };
    let vm = Vm { managed: true, autostart: Some(false), ..vm(state, domid) };
    let volumes = vec![volume("pbx-root", true), volume("pbx-data", false)];
    let mut host = host(vec![vm.clone()], volumes);
    let text = format!(
        "name = 'pbx'\nuuid = '{}'\nmemory = 512\nmaxmem = 600\n\
         disk = [ '/dev/vg0/pbx-root,raw,xvda,w' ]\nvif = [ 'mac=00:16:3e:00:00:01' ]\n",
        vm.uuid
    );
    host.configs.insert(vm.uuid, text);
    (vm, host)
}

fn change(vm: VmId) -> VmChange {
    VmChange {
        vm,
        memory_mib: None,
        vcpus: None,
        add_disks: Vec::new(),
        remove_disks: Vec::new(),
        add_nics: Vec::new(),
        remove_nics: Vec::new(),
    }
}

#[test]
fn a_change_writes_only_what_is_asked_for_and_nothing_twice() {
    let (vm, host) = managed(Some(3));
    let add = disk("xvdb", DiskSource::Volume("uuid-pbx-data".into()));
    let wanted = VmChange {
        memory_mib: Some(1024),
        add_disks: vec![add],
        add_nics: vec![NewNic::default()],
        ..change(vm.uuid)
    };

    let steps = planned(&Operation::VmChange(wanted), &host).unwrap();

    let [Step::WriteConfig { text, replaces, .. }] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!(replaces.as_ref(), host.configs.get(&vm.uuid));
    assert!(text.contains("memory = 1024\nmaxmem = 1024\n"), "{text}");
    let config = written(&steps);
    assert_eq!(config.disks[1].target.as_deref(), Some("/dev/vg0/pbx-data"));
    assert_eq!(config.macs()[0], "00:16:3e:00:00:01");
    assert_eq!(config.macs().len(), 2);

    let same = VmChange { memory_mib: Some(512), ..change(vm.uuid) };
    assert_eq!(planned(&Operation::VmChange(same), &host), Ok(Vec::new()));
    let gone = VmChange { remove_disks: vec!["xvdz".into()], ..change(vm.uuid) };
    assert_eq!(planned(&Operation::VmChange(gone), &host), Err("not_found".into()));
}

#[test]
fn a_running_vm_is_renamed_in_its_file_and_in_its_domain_and_to_no_taken_name() {
    let (vm, mut host) = managed(Some(3));
    let rename = |name: &str| Operation::VmRename { vm: vm.uuid, name: name.into() };
    if let Ok(vms) = &mut host.vms {
        vms.push(Vm { name: "other".into(), ..super::vm(VmState::Off, None) });
    }

    let steps = planned(&rename("pbx-2"), &host).unwrap();

    let [Step::WriteConfig { text, .. }, Step::RenameDomain { domid: 3, name, .. }] =
        steps.as_slice()
    else {
        panic!("{steps:?}")
    };
    assert!(text.starts_with("name = \"pbx-2\"\n"), "{text}");
    assert_eq!(name, "pbx-2");
    assert_eq!(planned(&rename("pbx"), &host), Ok(Vec::new()));
    assert_eq!(planned(&rename("other"), &host), Err("conflict".into()));
    assert_eq!(planned(&rename("a/b"), &host), Err("refused".into()));
}

#[test]
fn a_vm_that_runs_is_not_removed_and_only_our_volumes_go_with_one_that_does_not() {
    let remove = |vm: &Vm, disks| Operation::VmRemove { vm: vm.uuid, disks };
    let (running, busy) = managed(Some(3));
    assert_eq!(planned(&remove(&running, Disks::Remove), &busy), Err("refused".into()));

    let (mut vm, mut host) = managed(None);
    vm.disks.push(VmDisk {
        vdev: "xvdb".into(),
        target: Some("/dev/vg0/pbx-data".into()),
        format: "lv".into(),
        writable: true,
    });
    host.vms = Ok(vec![vm.clone()]);

    let kept = planned(&remove(&vm, Disks::Keep), &host).unwrap();
    let all = ["/dev/vg0/pbx-root".to_owned(), "/dev/vg0/pbx-data".to_owned()];
    assert_eq!(kept, [Step::RemoveConfig { vm: vm.uuid, keeps: all.to_vec() }]);
    let removed = planned(&remove(&vm, Disks::Remove), &host).unwrap();
    let [Step::RemoveConfig { keeps, .. }, Step::RemoveVolume { name, .. }] = removed.as_slice()
    else {
        panic!("{removed:?}")
    };
    assert_eq!((keeps.as_slice(), name.as_str()), (&all[1..], "pbx-root"));

    let other = Vm { uuid: VmId::new(), name: "other".into(), ..vm.clone() };
    host.vms = Ok(vec![vm.clone(), other]);
    assert_eq!(planned(&remove(&vm, Disks::Remove), &host).unwrap().len(), 1, "it is shared");
}

#[test]
fn what_others_made_is_changed_only_once_it_is_adopted() {
    let foreign = vm(VmState::Off, None);
    let host = host(vec![foreign.clone()], Vec::new());
    let vm = foreign.uuid;

    for operation in [
        Operation::VmChange(change(vm)),
        Operation::VmRename { vm, name: "new".into() },
        Operation::VmAutostart { vm, enabled: true },
        Operation::VmRemove { vm, disks: Disks::Keep },
    ] {
        assert_eq!(planned(&operation, &host), Err("not_ours".into()), "{operation:?}");
    }
}

#[test]
fn only_a_running_vm_is_paused_and_only_a_paused_one_goes_on() {
    let host = |state, domid| {
        let vm = vm(state, domid);
        (vm.uuid, host(vec![vm], Vec::new()))
    };
    let (vm, running) = host(VmState::Running, Some(3));
    let pause = planned(&Operation::VmPause { vm }, &running);
    assert_eq!(pause, Ok(vec![Step::PauseDomain { vm, domid: 3 }]));
    assert_eq!(planned(&Operation::VmUnpause { vm }, &running), Ok(Vec::new()));
    let (vm, paused) = host(VmState::Paused, Some(3));
    assert_eq!(planned(&Operation::VmPause { vm }, &paused), Ok(Vec::new()));
    let (vm, off) = host(VmState::Off, None);
    assert_eq!(planned(&Operation::VmPause { vm }, &off), Err("refused".into()));
}
