//! What a simulated appliance says before a migration. VMs whose configurations are this machine's files are really
//! looked at; the others, the drives and the system disk are made up.

use std::path::Path;
use std::sync::Arc;

use domfleet_agent::meter::Meter;
use domfleet_agent::preflight::{
    Preflight, Where, Whereabouts, clock, conclude, drive_facts, vm_facts,
};
use domfleet_agent::works::WorkError;
use domfleet_shared::image::{Format, Verdict};
use domfleet_shared::inventory::Vm;
use domfleet_shared::migration::preflight::{
    DiskFacts, DriveFacts, Facts, Measured, PartitionFacts, Report, SystemDisk, VmFacts,
};
use domfleet_shared::usb::{ContentKind, Usage};
use serde_json::{Value, json};

use super::host::Host;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const SYSTEM_DISK: &str = "sda";

/// Everything is on the second partition.
struct OnePartition;

impl Whereabouts for OnePartition {
    fn of(&self, _path: &Path) -> Vec<Where> {
        vec![Where { disk: SYSTEM_DISK.into(), partition: Some("sda2".into()) }]
    }
}

/// The report.
pub(super) async fn answer(
    host: &Arc<Host>,
    asked: Preflight,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    let (host, listening) = (Arc::clone(host), Arc::clone(meter));
    let looking = tokio::task::spawn_blocking(move || look(&host, &asked, &*listening));
    let report =
        looking.await.unwrap_or_else(|error| Err(WorkError::because("unknown", &error)))?;
    Ok(json!(report))
}

fn look(host: &Host, asked: &Preflight, meter: &dyn Meter) -> Result<Report, WorkError> {
    let is_here = |vm: &&Vm| vm.config_path.as_ref().is_some_and(|path| Path::new(path).is_file());
    let (here, elsewhere): (Vec<&Vm>, Vec<&Vm>) = asked.vms.iter().partition(is_here);
    let here: Vec<Vm> = here.into_iter().cloned().collect();
    let saved = Path::new("/nonexistent");
    let vms = vm_facts(&here, (saved, Some(SYSTEM_DISK)), &OnePartition, meter);
    let mut vms = vms.map_err(|_| WorkError::Cancelled)?;
    vms.extend(elsewhere.into_iter().map(made_up));
    let facts = Facts {
        taken_at: Some(host.now()),
        vms,
        drives: drives(host),
        system_disk: Some(system_disk(host)),
        clock: clock(host.now()),
        measured: Measured::default(),
    };
    Ok(conclude(&facts, &asked.assumptions))
}

/// One whose disks are nowhere.
fn made_up(vm: &Vm) -> VmFacts {
    let is_running = vm.domid.is_some();
    let disk = |disk: &domfleet_shared::inventory::VmDisk| {
        Some(DiskFacts {
            vdev: disk.vdev.clone(),
            path: disk.target.clone()?,
            format: if disk.format == "lv" { Format::Raw } else { Format::from_name(&disk.format) },
            virtual_bytes: 16 * GIB,
            data_bytes: Some(6 * GIB),
            snapshots: Vec::new(),
            verdict: (!is_running).then_some(Verdict::Ok),
            is_convertible: !is_running,
            reasons: Vec::new(),
            is_marked_corrupt: false,
            is_encrypted: false,
            is_backing_missing: false,
            shared_with: Vec::new(),
            is_on_system_disk: Some(true),
            holder: None,
            unreadable: None,
        })
    };
    VmFacts {
        vm: vm.uuid,
        name: vm.name.clone(),
        is_running,
        save_file: None,
        passthrough: Vec::new(),
        autostart: vm.autostart,
        no_config: None,
        disks: vm.disks.iter().filter_map(disk).collect(),
        left_out: Vec::new(),
    }
}

/// A drive of ours has as much free as it really holds.
fn drives(host: &Host) -> Vec<DriveFacts> {
    let state = host.state();
    let plugged_in = state.drives.iter().filter(|drive| drive.is_plugged_in);
    plugged_in
        .filter_map(|drive| {
            let facts = drive_facts(&drive.seen)?;
            let is_ours = matches!(facts.usage, Usage::Ours { .. });
            Some(DriveFacts {
                file_system: is_ours.then_some(ContentKind::Ext4),
                free_bytes: is_ours.then_some(drive.true_bytes),
                ..facts
            })
        })
        .collect()
}

fn system_disk(host: &Host) -> SystemDisk {
    let wwid = host.state().appliance.hardware.fingerprint.disks.first().cloned();
    let part = |path: &str, start_bytes, bytes, holds_disks| PartitionFacts {
        path: path.into(),
        start_bytes,
        bytes,
        holds_disks,
    };
    SystemDisk {
        path: format!("/dev/{SYSTEM_DISK}"),
        wwid,
        bytes: 240_000_000_000,
        partitions: vec![
            part("/dev/sda1", MIB, 255 * MIB, false),
            part("/dev/sda2", 256 * MIB, 200 * GIB, true),
        ],
        io_errors: Vec::new(),
        smart: None,
    }
}
