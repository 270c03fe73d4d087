//! Preflight's rules, each by itself and all together.

mod blockers;
mod bounds;
mod consents;
mod copies;
mod group;
mod property;
mod time;
mod words;

use super::*;
use crate::id::{DriveId, VmId};
use crate::image::{Format, Verdict};
use crate::usb::{ContentKind, Usage};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const GB: u64 = 1_000_000_000;

/// A disk that nothing is wrong with.
fn disk(virtual_bytes: u64, data_bytes: u64) -> DiskFacts {
    DiskFacts {
        vdev: "xvda".into(),
        path: "/vm/pbx.qcow2".into(),
        format: Format::Qcow2,
        virtual_bytes,
        data_bytes: Some(data_bytes),
        snapshots: Vec::new(),
        verdict: Some(Verdict::Ok),
        is_convertible: true,
        reasons: Vec::new(),
        is_marked_corrupt: false,
        is_encrypted: false,
        is_backing_missing: false,
        shared_with: Vec::new(),
        is_on_system_disk: Some(true),
        holder: None,
        unreadable: None,
    }
}

/// A VM that is off.
fn vm(name: &str, disks: Vec<DiskFacts>) -> VmFacts {
    VmFacts {
        vm: VmId::new(),
        name: name.into(),
        is_running: false,
        save_file: None,
        passthrough: Vec::new(),
        autostart: Some(true),
        no_config: None,
        disks,
        left_out: Vec::new(),
    }
}

/// A prepared drive.
fn drive(free_bytes: u64) -> DriveFacts {
    DriveFacts {
        path: "/dev/sdb".into(),
        model: Some("Ultra".into()),
        serial: Some("4C530001".into()),
        size_bytes: free_bytes,
        usage: Usage::Ours { drive: DriveId::new() },
        file_system: Some(ContentKind::Ext4),
        is_read_only: false,
        free_bytes: Some(free_bytes),
        io_errors: Vec::new(),
        unreadable: None,
        smart: None,
        speed_megabits: Some(5000),
        read_rate: None,
        write_rate: None,
    }
}

/// An appliance that nothing is in the way of: 240 GB, one VM of 20 GiB with 5 GiB on it.
fn facts() -> Facts {
    let part = |path: &str, start_bytes, bytes, holds_disks| PartitionFacts {
        path: path.into(),
        start_bytes,
        bytes,
        holds_disks,
    };
    Facts {
        taken_at: None,
        vms: vec![vm("pbx", vec![disk(20 * GIB, 5 * GIB)])],
        drives: vec![drive(120 * GB)],
        system_disk: Some(SystemDisk {
            path: "/dev/sda".into(),
            wwid: Some("naa.5000c500a1b2c3d4".into()),
            bytes: 240 * GB,
            partitions: vec![
                part("/dev/sda1", MIB, 255 * MIB, false),
                part("/dev/sda2", 256 * MIB, 200 * GIB, true),
            ],
            io_errors: Vec::new(),
            smart: None,
        }),
        clock: Clock::Set,
        measured: Measured::default(),
    }
}

/// What is known of the stick, and nothing else than is usual.
fn assumptions() -> Assumptions {
    Assumptions {
        stick: Stick::Ours { key: "k1".into() },
        permit_keys: vec!["k1".into(), "k2".into()],
        ..Assumptions::default()
    }
}

/// Of facts that were changed so.
fn of(change: impl FnOnce(&mut Facts)) -> Report {
    let mut changed = facts();
    change(&mut changed);
    report(&changed, &assumptions())
}

fn codes(report: &Report) -> Vec<BlockerCode> {
    report.blockers.iter().map(|blocker| blocker.code).collect()
}

fn warned(report: &Report) -> Vec<WarningCode> {
    report.warnings.iter().map(|warning| warning.code).collect()
}
