//! VMs that are made, changed and removed through the API: once, and seen there.

use domfleet_agent::dom0::Happened;
use domfleet_shared::id::VmId;
use domfleet_shared::inventory::Vm;
use domfleet_shared::operation::vm::{
    DiskFormat, DiskSource, Disks, NewDisk, NewNic, NewVolume, VmChange, VmCreate, VmForm,
    VmSource, VmType,
};
use domfleet_shared::operation::{Operation, OperationState};
use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::hardware::{Guest, VOLUME_GROUP};
use domfleet_tests::sim::{Effect, Fault};
use serde_json::{Value, json};

on_both_databases![
    a_vm_is_paused_and_goes_on,
    a_vm_is_made_from_a_form_changed_and_removed_with_its_volume,
    a_vm_is_made_from_a_text_renamed_and_started_with_dom0,
    what_others_made_is_changed_only_once_it_is_adopted,
    what_cannot_be_a_vm_is_refused_before_the_appliance_hears_of_it,
    the_end_of_a_console_is_read_without_its_secrets,
    a_hook_that_fails_is_told_of_and_fails_nothing,
    an_operation_that_runs_is_cancelled_or_comes_to_its_end,
    a_power_cut_in_the_middle_of_making_or_removing_a_vm_leaves_it_done_once_or_failed,
];

/// What the server knows of a VM, once it is as wanted.
async fn known(fleet: &Fleet, appliance: &Appliance, vm: VmId, is_so: impl Fn(&Vm) -> bool) -> Vm {
    eventually("the server knows the VM as it is", async || {
        let found = fleet.api.get(&format!("{}/vms", appliance.path())).await;
        let vms: Vec<Vm> = serde_json::from_value(found["vms"].clone()).ok()?;
        vms.into_iter().find(|found| found.uuid == vm && is_so(found))
    })
    .await
}

async fn gone(fleet: &Fleet, appliance: &Appliance, vm: VmId) {
    eventually("the server knows that the VM is gone", async || {
        let found = fleet.api.get(&format!("{}/vms", appliance.path())).await;
        let vms: Vec<Vm> = serde_json::from_value(found["vms"].clone()).ok()?;
        vms.iter().all(|found| found.uuid != vm).then_some(())
    })
    .await;
}

fn from_text(text: &str) -> (VmId, Operation) {
    let vm = VmId::new();
    let from = VmSource::Config(text.to_owned());
    (vm, Operation::VmCreate(VmCreate { vm: Some(vm), from }))
}

fn with_new_volume(name: &str) -> (VmId, Operation) {
    let vm = VmId::new();
    let volume = NewVolume {
        volume_group: VOLUME_GROUP.into(),
        name: name.into(),
        size_bytes: 1 << 30,
        thin_pool: None,
    };
    let disk = NewDisk {
        vdev: "xvda".into(),
        source: DiskSource::NewVolume(volume),
        format: DiskFormat::Raw,
        writable: true,
        cdrom: false,
    };
    let form = VmForm {
        name: name.into(),
        vm_type: VmType::Pv,
        memory_mib: 64,
        vcpus: 1,
        disks: vec![disk],
        nics: vec![NewNic { bridge: Some("xenbr0".into()), ..NewNic::default() }],
        kernel: None,
        ramdisk: None,
        cmdline: None,
        boot: None,
        uefi: false,
    };
    let from = VmSource::Form(Box::new(form));
    (vm, Operation::VmCreate(VmCreate { vm: Some(vm), from }))
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

async fn a_vm_is_paused_and_goes_on(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();

    fleet.succeed(&appliance, &Operation::VmPause { vm }).await;
    assert_eq!(appliance.host.domain_state(vm).as_deref(), Some("--p---"));
    // A pause that xl only says it has made is seen not to be one.
    fleet.succeed(&appliance, &Operation::VmUnpause { vm }).await;
    appliance.host.fault_on("xl pause", Fault::Lie);
    let lied = fleet.carry_out(&appliance, &Operation::VmPause { vm }).await;

    assert_eq!((lied["state"].as_str(), code(&lied)), (Some("failed"), Some("refused")));
    assert_eq!(appliance.host.effects(), [Effect::DomainPaused(vm), Effect::DomainUnpaused(vm)]);
}

async fn a_vm_is_made_from_a_form_changed_and_removed_with_its_volume(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let (vm, create) = with_new_volume("fax");

    let created = fleet.succeed(&appliance, &create).await;
    assert_eq!(created["result"]["volumes"][0]["name"], "fax", "{created:#}");
    let made = known(fleet, &appliance, vm, |vm| vm.managed).await;
    assert_eq!((made.name.as_str(), made.memory_bytes), ("fax", 64 << 20));
    assert_eq!(made.macs.len(), 1, "the address is pinned");

    let wanted = VmChange { memory_mib: Some(96), ..change(vm) };
    let changed = fleet.succeed(&appliance, &Operation::VmChange(wanted)).await;
    assert_eq!(changed["result"]["takes_effect"], "next_start");
    let now = known(fleet, &appliance, vm, |vm| vm.memory_bytes == 96 << 20).await;
    assert_eq!(now.macs, made.macs);

    fleet.succeed(&appliance, &Operation::VmStart { vm }).await;
    known(fleet, &appliance, vm, |vm| vm.domid.is_some()).await;
    let remove = Operation::VmRemove { vm, disks: Disks::Remove };
    let refused = fleet.carry_out(&appliance, &remove).await;
    assert_eq!((refused["state"].as_str(), code(&refused)), (Some("rejected"), Some("refused")));
    fleet.succeed(&appliance, &Operation::VmDestroy { vm }).await;
    let removed = fleet.succeed(&appliance, &remove).await;

    assert_eq!(removed["result"]["removed_volumes"], json!([format!("{VOLUME_GROUP}/fax")]));
    gone(fleet, &appliance, vm).await;
    assert!(appliance.host.volumes().iter().all(|volume| volume.name != "fax"));
    assert_eq!(appliance.host.count(&Effect::ConfigWritten(vm)), 2);
    assert_eq!(appliance.host.count(&Effect::ConfigRemoved(vm)), 1);
}

async fn a_vm_is_made_from_a_text_renamed_and_started_with_dom0(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let text = "name = 'door'\nmemory = 64 # enough\nvif = [ 'bridge=xenbr0' ]\n";
    // The UUID is the server's to settle.
    let from = VmSource::Config(text.into());
    let created =
        fleet.succeed(&appliance, &Operation::VmCreate(VmCreate { vm: None, from })).await;
    let vm: VmId = created["operation"]["vm"].as_str().unwrap().parse().unwrap();

    known(fleet, &appliance, vm, |_| true).await;
    fleet.succeed(&appliance, &Operation::VmAutostart { vm, enabled: true }).await;
    fleet.succeed(&appliance, &Operation::VmStart { vm }).await;
    known(fleet, &appliance, vm, |vm| vm.domid.is_some() && vm.autostart == Some(true)).await;
    fleet.succeed(&appliance, &Operation::VmRename { vm, name: "gate".into() }).await;
    known(fleet, &appliance, vm, |vm| vm.name == "gate" && vm.domid.is_some()).await;
    fleet.succeed(&appliance, &Operation::ApplianceReboot).await;

    known(fleet, &appliance, vm, |vm| vm.name == "gate" && vm.domid.is_some()).await;
    let written = appliance.host.vms().into_iter().find(|found| found.uuid == vm).unwrap();
    let config = written.config.unwrap();
    assert!(config.contains("memory = 64 # enough\n"), "{config}");
    assert!(config.contains("name = \"gate\"\n") && config.contains(&vm.to_string()), "{config}");
    let taken = appliance.host.vms().into_iter().find(|found| found.uuid != vm).unwrap().name;
    let refused = fleet.try_ask(&appliance, &Operation::VmRename { vm, name: taken }).await;
    assert_eq!(refused.refusal(), "taken");
}

async fn what_others_made_is_changed_only_once_it_is_adopted(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    let change = || Operation::VmChange(VmChange { vcpus: Some(3), ..change(vm) });

    for operation in [
        change(),
        Operation::VmAutostart { vm, enabled: true },
        Operation::VmRemove { vm, disks: Disks::Keep },
    ] {
        assert_eq!(fleet.try_ask(&appliance, &operation).await.refusal(), "not_ours");
    }
    fleet.succeed(&appliance, &Operation::VmAdopt { vm }).await;
    known(fleet, &appliance, vm, |vm| vm.managed).await;
    fleet.succeed(&appliance, &change()).await;

    known(fleet, &appliance, vm, |vm| vm.vcpus == 3).await;
}

async fn what_cannot_be_a_vm_is_refused_before_the_appliance_hears_of_it(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let taken = appliance.host.vms()[0].name.clone();
    for (text, refusal) in [
        ("name = 'a", "invalid"),
        ("name = '../a'\nmemory = 64", "invalid"),
        ("name = 'a'\nmemory = 64\nbootloader = '/bin/sh'", "invalid"),
        ("name = 'a'\nmemory = 64\ndisk = [ '/dev/sda,raw,xvda,w' ]", "invalid"),
        (&format!("name = '{taken}'\nmemory = 64"), "taken"),
    ] {
        let answer = fleet.try_ask(&appliance, &from_text(text).1).await;
        assert_eq!(answer.refusal(), refusal, "{text}");
    }
    assert_eq!(appliance.host.effects(), []);
}

async fn the_end_of_a_console_is_read_without_its_secrets(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();

    let read = fleet.succeed(&appliance, &Operation::VmConsoleLog { vm, bytes: None }).await;

    let text = read["result"]["text"].as_str().unwrap();
    assert!(text.ends_with("# ok\n"), "{text}");
    assert!(!text.contains(domfleet_tests::sim::collect::PASSWORD), "{text}");
    assert_eq!(appliance.host.effects(), []);
}

async fn a_hook_that_fails_is_told_of_and_fails_nothing(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    appliance.host.install_hook();
    let (vm, create) = from_text("name = 'door'\nmemory = 64\n");

    let told = fleet.succeed(&appliance, &create).await;
    known(fleet, &appliance, vm, |_| true).await;
    appliance.host.fault_on("hook", Fault::Refuse);
    let failed = fleet.succeed(&appliance, &Operation::VmRemove { vm, disks: Disks::Keep }).await;

    assert_eq!(told["result"]["hook"], "told");
    assert!(failed["result"]["hook_error"].is_string(), "{failed:#}");
    assert_eq!(appliance.host.count(&Effect::Told(Happened::VmCreated, vm)), 1);
    assert_eq!(appliance.host.count(&Effect::ConfigRemoved(vm)), 1);
}

async fn an_operation_that_runs_is_cancelled_or_comes_to_its_end(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let vm = appliance.running_vm();
    let cancel = async |id: &str| {
        fleet.api.post(&format!("/api/v1/operations/{id}/cancel"), json!({})).await.ok()
    };
    appliance.host.set_guest(vm, Guest::Deaf);
    let reboot = Operation::VmReboot { vm, timeout_seconds: Some(1) };

    let id = fleet.ask(&appliance, &reboot).await;
    fleet.wait_for_state(&id, OperationState::Running).await;
    assert_eq!(cancel(&id).await["state"], "cancelling");
    // The guest has been asked to shut down already: that cannot be taken back.
    let ended = fleet.end_of(&id).await;
    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("failed"), Some("timeout")));

    let slow = std::time::Duration::from_millis(500);
    appliance.host.fault_on("lvcreate", Fault::Slow(slow));
    let (vm, create) = with_new_volume("fax");
    let id = fleet.ask(&appliance, &create).await;
    fleet.wait_for_state(&id, OperationState::Running).await;
    cancel(&id).await;
    let ended = fleet.end_of(&id).await;

    assert_eq!((ended["state"].as_str(), code(&ended)), (Some("cancelled"), Some("withdrawn")));
    assert!(ended["reason"]["message"].as_str().unwrap().contains("fax"), "{ended:#}");
    assert_eq!(appliance.host.count(&Effect::ConfigWritten(vm)), 0);
    // Whatever it held is free.
    fleet.succeed(&appliance, &Operation::VmDestroy { vm: appliance.running_vm() }).await;
}

async fn a_power_cut_in_the_middle_of_making_or_removing_a_vm_leaves_it_done_once_or_failed(
    fleet: &mut Fleet,
) {
    let appliance = fleet.add_appliance().await;
    let check = |ended: &Value, done: usize| {
        assert!(done <= 1, "done {done} times: {ended:#}");
        match ended["state"].as_str().unwrap() {
            "succeeded" => assert_eq!(done, 1, "{ended:#}"),
            "failed" => assert!(["interrupted", "unknown"].contains(&code(ended).unwrap())),
            other => panic!("{other}: {ended:#}"),
        }
    };
    for (number, (step, fault)) in [
        ("lvcreate", Fault::PowerCutBefore),
        ("lvcreate", Fault::PowerCutAfter),
        ("write config", Fault::PowerCutBefore),
        ("write config", Fault::PowerCutAfter),
    ]
    .into_iter()
    .enumerate()
    {
        let (vm, create) = with_new_volume(&format!("cut-{number}"));
        appliance.host.fault_on(step, fault);
        let ended = fleet.carry_out(&appliance, &create).await;

        let made = Effect::VolumeCreated(format!("cut-{number}"));
        assert!(appliance.host.count(&made) <= 1, "{ended:#}");
        check(&ended, appliance.host.count(&Effect::ConfigWritten(vm)));
        fleet.wait_for_presence(&appliance, "online").await;
    }
    for (number, (step, fault)) in [
        ("remove config", Fault::PowerCutBefore),
        ("remove config", Fault::PowerCutAfter),
        ("lvremove", Fault::PowerCutBefore),
        ("lvremove", Fault::PowerCutAfter),
    ]
    .into_iter()
    .enumerate()
    {
        let (vm, create) = with_new_volume(&format!("gone-{number}"));
        fleet.succeed(&appliance, &create).await;
        known(fleet, &appliance, vm, |vm| vm.managed).await;
        appliance.host.fault_on(step, fault);
        let remove = Operation::VmRemove { vm, disks: Disks::Remove };
        let ended = fleet.carry_out(&appliance, &remove).await;

        let removed = appliance.host.volumes().iter().all(|v| v.name != format!("gone-{number}"));
        assert!(appliance.host.count(&Effect::ConfigRemoved(vm)) <= 1, "{ended:#}");
        check(&ended, usize::from(removed));
        fleet.wait_for_presence(&appliance, "online").await;
    }
}
