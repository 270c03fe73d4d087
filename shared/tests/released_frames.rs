//! Frames as earlier builds wrote them. Each is decoded for ever: an appliance in the field may be
//! years older than its server.
//!
//! A file that is here is never changed and never removed. A new message gets a new file:
//! `RECORD_FRAMES=1 cargo test -p domfleet-shared --test released_frames` writes those that are
//! missing.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::BTreeSet;
use std::path::PathBuf;

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, BootId, BundleId, InstanceId, OperationId, VmId};
use domfleet_shared::inventory::{Components, Content, Facts, Fingerprint, Section, Storage};
use domfleet_shared::mitigation::{Mitigation, MitigationStanding, MitigationStatus, RuntimeValue};
use domfleet_shared::operation::vm::{
    DiskFormat, DiskSource, Disks, NewDisk, NewNic, NewVolume, VmChange, VmCreate, VmForm,
    VmSource, VmType,
};
use domfleet_shared::operation::{Operation, Priority, Progress, Reason, Report, Reported};
use domfleet_shared::protocol::{
    Frame, Hello, Offer, ToAgent, ToServer, Version, Versions, Welcome, decode,
};
use serde::Serialize;
use uuid::Uuid;

fn folder(direction: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/protocol/v1").join(direction)
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n)
}

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_123);

fn fingerprint() -> Fingerprint {
    Fingerprint {
        system_uuid: Some("4c4c4544-0042-3510-8053-b4c04f564432".into()),
        board_serial: None,
        macs: BTreeSet::from(["00:16:3e:5e:6c:01".into()]),
        disks: BTreeSet::from(["naa.5000c500a1b2c3d4".into()]),
    }
}

fn report(state: Reported) -> Report {
    Report {
        id: OperationId(uuid(7)),
        report: 3,
        state,
        at: NOW,
        reason: (state == Reported::Failed).then(|| Reason {
            code: "no_room".into(),
            message: "vg0 has 3 extents free; 5 are needed".into(),
        }),
        progress: (state == Reported::Running).then(|| Progress {
            step: "collecting".into(),
            done_bytes: 4096,
            total_bytes: Some(65536),
            rate_bytes_per_second: 1024,
            left_seconds: Some(60),
        }),
        result: (state == Reported::Succeeded).then(|| serde_json::json!({ "domid": 4 })),
    }
}

fn to_server() -> Vec<(&'static str, ToServer)> {
    let facts = Facts {
        fingerprint: fingerprint(),
        hostname: "pbx-12".into(),
        boot_id: BootId(uuid(2)),
        booted_at: NOW,
        memory_bytes: Some(8 << 30),
        free_memory_bytes: Some(1 << 30),
        dom0_memory_bytes: Some(1 << 30),
        cpus: Some(4),
        components: Components { hypervisor: Some("1.02".into()), ..Components::default() },
        taint: Some(0),
    };
    let hello = Hello {
        versions: Versions { oldest: Version(1), newest: Version(1) },
        agent_version: "0.1.0".into(),
        epoch: 1,
        instance: InstanceId(uuid(1)),
        session: 41,
        incarnation: 1,
        fingerprint: fingerprint(),
        boot_id: BootId(uuid(2)),
        uptime_seconds: 86_400,
        now: NOW,
        digests: [(Section::Vms, "ab".repeat(32))].into(),
        journal: vec![report(Reported::Running)],
    };
    vec![
        ("hello", ToServer::Hello(Box::new(hello))),
        (
            "heartbeat",
            ToServer::Heartbeat {
                uptime_seconds: 86_430,
                digests: [(Section::Storage, "cd".repeat(32))].into(),
            },
        ),
        ("facts", ToServer::Inventory { content: Content::Facts(Box::new(facts)) }),
        ("storage", ToServer::Inventory { content: Content::Storage(Storage::default()) }),
        ("mitigations", ToServer::Inventory { content: Content::Mitigations(vec![drifted()]) }),
        ("running", ToServer::Report(Box::new(report(Reported::Running)))),
        ("succeeded", ToServer::Report(Box::new(report(Reported::Succeeded)))),
        ("failed", ToServer::Report(Box::new(report(Reported::Failed)))),
        ("renew", ToServer::Renew { csr_pem: "-----BEGIN CERTIFICATE REQUEST-----".into() }),
        ("unsupported", ToServer::Unsupported { seq: 9 }),
        ("goodbye", ToServer::Goodbye { returning: true }),
    ]
}

fn offer(n: u128, operation: Operation) -> ToAgent {
    ToAgent::Offer(Offer {
        id: OperationId(uuid(n)),
        epoch: 1,
        operation,
        keys: Vec::new(),
        start_before_seconds: 300,
        priority: Priority::Normal,
    })
}

fn of_mitigations() -> Vec<(&'static str, ToAgent)> {
    let check = Operation::MitigationCheck { which: None };
    let apply = Operation::MitigationApply { which: Mitigation::Swap, dry_run: true };
    let revert = Operation::MitigationRevert { which: Mitigation::Scheduler, dry_run: false };
    vec![
        ("mitigation_check", offer(34, check)),
        ("mitigation_apply", offer(35, apply)),
        ("mitigation_revert", offer(36, revert)),
    ]
}

fn to_agent() -> Vec<(&'static str, ToAgent)> {
    let welcome = Welcome {
        version: Version(1),
        appliance: ApplianceId(uuid(3)),
        now: NOW,
        heartbeat_seconds: 30,
        incarnation: 1,
        session: 42,
        accepted: true,
        read_only: Some("two agents show this identity".into()),
        trust_bundle_pem: "-----BEGIN CERTIFICATE-----".into(),
    };
    let vm = VmId(uuid(5));
    let volume = || "Z1qe0k-0Vd4-1xJd-Vb8C-0Gk2-7iJt-qQ9aXz".to_owned();
    vec![
        ("welcome", ToAgent::Welcome(welcome)),
        (
            "refused",
            ToAgent::Refused {
                code: "too_many".into(),
                message: "more than 600 frames in a minute".into(),
                retry_after_seconds: Some(60),
            },
        ),
        ("want", ToAgent::Want { sections: vec![Section::Facts, Section::Boots] }),
        ("vm_start", offer(10, Operation::VmStart { vm })),
        ("vm_shutdown", offer(11, Operation::VmShutdown { vm, timeout_seconds: Some(120) })),
        ("vm_reboot", offer(12, Operation::VmReboot { vm, timeout_seconds: None })),
        ("vm_destroy", offer(13, Operation::VmDestroy { vm })),
        ("vm_adopt", offer(14, Operation::VmAdopt { vm })),
        (
            "volume_create",
            offer(
                15,
                Operation::VolumeCreate {
                    volume_group: "vg0".into(),
                    name: "data".into(),
                    size_bytes: 1 << 30,
                    thin_pool: None,
                },
            ),
        ),
        (
            "volume_snapshot",
            offer(
                16,
                Operation::VolumeSnapshot {
                    volume: volume(),
                    name: "data.bk".into(),
                    size_bytes: None,
                },
            ),
        ),
        ("volume_remove", offer(17, Operation::VolumeRemove { volume: volume() })),
        ("volume_adopt", offer(18, Operation::VolumeAdopt { volume: volume() })),
        ("appliance_reboot", offer(19, Operation::ApplianceReboot)),
        ("debug_bundle", offer(20, Operation::DebugBundle { bundle: BundleId(uuid(6)) })),
        ("vm_pause", offer(21, Operation::VmPause { vm })),
        ("vm_unpause", offer(22, Operation::VmUnpause { vm })),
        ("vm_create", offer(23, Operation::VmCreate(vm_create(vm)))),
        ("vm_change", offer(24, Operation::VmChange(vm_change(vm)))),
        ("vm_rename", offer(25, Operation::VmRename { vm, name: "pbx-2".into() })),
        ("vm_autostart", offer(26, Operation::VmAutostart { vm, enabled: true })),
        ("vm_remove", offer(27, Operation::VmRemove { vm, disks: Disks::Remove })),
        ("vm_console_log", offer(28, Operation::VmConsoleLog { vm, bytes: Some(4096) })),
        ("volume_grow", offer(29, Operation::VolumeGrow { volume: volume(), size_bytes: 2 << 30 })),
        ("volume_revert", offer(30, Operation::VolumeRevert { volume: volume() })),
        (
            "volume_rename",
            offer(31, Operation::VolumeRename { volume: volume(), name: "data.old".into() }),
        ),
        ("thin_pool_create", offer(32, thin_pool())),
        ("urgent", urgent(offer(33, Operation::VmStart { vm }))),
        ("withdraw", ToAgent::Withdraw { id: OperationId(uuid(7)) }),
        ("acknowledge", ToAgent::Acknowledge { id: OperationId(uuid(7)), report: 3 }),
        (
            "renewed",
            ToAgent::Renewed {
                certificate_pem: "-----BEGIN CERTIFICATE-----".into(),
                trust_bundle_pem: "-----BEGIN CERTIFICATE-----".into(),
            },
        ),
        ("unsupported", ToAgent::Unsupported { seq: 9 }),
    ]
}

fn drifted() -> MitigationStanding {
    MitigationStanding {
        which: Mitigation::Scheduler,
        status: MitigationStatus::Drifted,
        ours: true,
        reasons: vec!["/boot/extlinux.conf does not say it any more".into()],
        runtime: vec![RuntimeValue { name: "scheduler of sda".into(), value: "cfq".into() }],
    }
}

fn vm_create(vm: VmId) -> VmCreate {
    let form = VmForm {
        name: "pbx".into(),
        vm_type: VmType::Hvm,
        memory_mib: 1024,
        vcpus: 2,
        disks: vec![NewDisk {
            vdev: "xvda".into(),
            source: DiskSource::NewVolume(NewVolume {
                volume_group: "vg0".into(),
                name: "pbx".into(),
                size_bytes: 16 << 30,
                thin_pool: Some("pool0".into()),
            }),
            format: DiskFormat::Raw,
            writable: true,
            cdrom: false,
        }],
        nics: vec![nic()],
        kernel: None,
        ramdisk: None,
        cmdline: None,
        boot: Some("dc".into()),
        uefi: false,
    };
    VmCreate { vm: Some(vm), from: VmSource::Form(Box::new(form)) }
}

fn nic() -> NewNic {
    NewNic { bridge: Some("xenbr0".into()), mac: None, model: Some("e1000".into()) }
}

fn vm_change(vm: VmId) -> VmChange {
    VmChange {
        vm,
        memory_mib: Some(2048),
        vcpus: Some(1),
        add_disks: vec![NewDisk {
            vdev: "hdc".into(),
            source: DiskSource::Empty,
            format: DiskFormat::Raw,
            writable: false,
            cdrom: true,
        }],
        remove_disks: vec!["xvdb".into()],
        add_nics: vec![nic()],
        remove_nics: vec!["00:16:3e:5e:6c:01".into()],
    }
}

fn thin_pool() -> Operation {
    Operation::ThinPoolCreate {
        volume_group: "vg0".into(),
        name: "pool0".into(),
        size_bytes: 64 << 30,
        metadata_bytes: None,
    }
}

fn urgent(offer: ToAgent) -> ToAgent {
    match offer {
        ToAgent::Offer(offer) => ToAgent::Offer(Offer { priority: Priority::Urgent, ..offer }),
        other => other,
    }
}

/// Writes the frames that have no file yet, if asked to, and says which have none.
fn without_a_file<M: Serialize>(direction: &str, messages: Vec<(&str, M)>) -> Vec<String> {
    let record = std::env::var_os("RECORD_FRAMES").is_some();
    let mut missing = Vec::new();
    for (name, message) in messages {
        let path = folder(direction).join(format!("{name}.json"));
        if path.exists() {
            continue;
        }
        if record {
            std::fs::create_dir_all(folder(direction)).unwrap();
            let json = serde_json::to_string_pretty(&Frame { seq: 5, message }).unwrap();
            std::fs::write(&path, json + "\n").unwrap();
        } else {
            missing.push(name.to_owned());
        }
    }
    missing
}

fn files(direction: &str) -> Vec<(String, String)> {
    std::fs::read_dir(folder(direction))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.display().to_string(), std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[test]
fn every_message_has_a_recorded_frame() {
    assert_eq!(without_a_file("to_server", to_server()), Vec::<String>::new());
    assert_eq!(without_a_file("to_agent", to_agent()), Vec::<String>::new());
    assert_eq!(without_a_file("to_agent", of_mitigations()), Vec::<String>::new());
}

#[test]
fn every_recorded_frame_is_still_understood() {
    for (name, text) in files("to_server") {
        let frame = decode::<ToServer>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_ne!(frame.message, ToServer::Unknown, "{name}");
    }
    for (name, text) in files("to_agent") {
        let frame = decode::<ToAgent>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_ne!(frame.message, ToAgent::Unknown, "{name}");
        if let ToAgent::Offer(offer) = frame.message {
            assert_ne!(offer.operation, Operation::Unknown, "{name}");
        }
    }
}
