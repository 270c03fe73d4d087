//! What stands in the way of the move to 2.x.

use std::path::PathBuf;
use std::sync::Arc;

use domfleet_shared::migration::preflight::{Facts, Measured, Report};
use serde_json::Value;

use super::{Place, WorkError, answer, apart};
use crate::dom0::xen::{Root, kernel_messages};
use crate::meter::{Cancelled, Meter};
use crate::preflight::{
    Blocks, Preflight, Whereabouts as _, clock, conclude, look_into, source_read, system_disk,
    system_disk_name, vm_facts,
};

/// Where xendomains saves VMs.
const SAVED: &str = "/var/lib/xen/save";

pub(super) async fn run(
    place: &Place,
    asked: Preflight,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    let (here, listening) = (place.clone(), Arc::clone(meter));
    let look = move || look(&here, &asked, &*listening).map_err(|_| WorkError::Cancelled);
    let mut report = apart(look).await?;
    // Whoever is asked for them may take half a minute each.
    let mut facts = report.facts.clone();
    for drive in &mut facts.drives {
        drive.smart = place.usb.smart_of(&drive.path).await;
    }
    if let Some(disk) = &mut facts.system_disk {
        disk.smart = place.usb.smart_of(&disk.path).await;
    }
    if facts != report.facts {
        report = conclude(&facts, &report.assumptions);
    }
    answer(&report)
}

fn look(place: &Place, asked: &Preflight, meter: &dyn Meter) -> Result<Report, Cancelled> {
    let root = Root(place.usb.root().to_owned());
    let messages = kernel_messages(&root).unwrap_or_default();
    let blocks = Blocks::read(&root);
    let system = system_disk_name(&root, &blocks);
    let saved = root.path(SAVED);
    let vms = vm_facts(&asked.vms, (&saved, system.as_deref()), &blocks, meter)?;
    let mut drives = Vec::new();
    for drive in place.usb.drives() {
        drives.extend(look_into(&place.usb, &drive, &messages, meter)?);
    }
    let disks = vms.iter().flat_map(|vm| &vm.disks).map(|disk| PathBuf::from(&disk.path));
    let on: Vec<_> = disks.flat_map(|path| blocks.of(&path)).collect();
    let now = place.clock.now();
    let facts = Facts {
        taken_at: Some(now),
        system_disk: system.and_then(|name| system_disk(&root, (&blocks, &name), &on, &messages)),
        clock: clock(now),
        measured: Measured { source_read: source_read(&vms, meter)? },
        vms,
        drives,
    };
    Ok(conclude(&facts, &asked.assumptions))
}
