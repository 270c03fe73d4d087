//! The VMs: what their configurations say, and what is to be said of their disks.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use domfleet_shared::image::{Flag, Format, Inspection, Verdict};
use domfleet_shared::inventory::{Vm, VmDisk};
use domfleet_shared::migration::preflight::{DiskFacts, LeftOut, VmFacts};
use domfleet_shared::xl_config::{Disk, Document, VmConfig};

use crate::backup::prepare::is_cd;
use crate::image::inspect::inspect;
use crate::image::{self, ImageError};
use crate::meter::{Cancelled, Meter};

/// A configuration is a page or two.
const LONGEST_CONFIG: u64 = 1024 * 1024;
/// What xl.cfg(5) calls hardware of the host that a guest is given.
const GIVEN: [&str; 6] = ["pci", "usbdev", "dtdev", "ioports", "irqs", "iomem"];

/// Where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Where {
    /// The disk, such as `sda`.
    pub disk: String,
    /// Its partition, such as `sda2`, where it is on one.
    pub partition: Option<String>,
}

/// Knows which disks a file or a device is on.
pub trait Whereabouts {
    /// All of them; none where that cannot be told.
    fn of(&self, path: &Path) -> Vec<Where>;
}

/// What is to be said of `vms`. Configurations and disks are this machine's files; saved VMs are in `saved`; 2.x
/// goes onto `system_disk`. Reads the tables of every image, which may take minutes.
pub fn vm_facts(
    vms: &[Vm],
    (saved, system_disk): (&Path, Option<&str>),
    whereabouts: &dyn Whereabouts,
    meter: &dyn Meter,
) -> Result<Vec<VmFacts>, Cancelled> {
    let mut facts = Vec::new();
    for vm in vms {
        facts.push(look(vm, saved, system_disk, (whereabouts, meter))?);
    }
    share(&mut facts);
    Ok(facts)
}

fn look(
    vm: &Vm,
    saved: &Path,
    system_disk: Option<&str>,
    (whereabouts, meter): (&dyn Whereabouts, &dyn Meter),
) -> Result<VmFacts, Cancelled> {
    let config = config(vm);
    let disks = match &config {
        Ok((_, config)) => config.disks.clone(),
        // Those that Xen shows of a domain.
        Err(_) => vm.disks.iter().map(as_configured).collect(),
    };
    let save_file = saved.join(&vm.name);
    let mut facts = VmFacts {
        vm: vm.uuid,
        name: vm.name.clone(),
        is_running: vm.domid.is_some(),
        save_file: save_file.exists().then(|| save_file.display().to_string()),
        passthrough: config.as_ref().map(|(document, _)| given(document)).unwrap_or_default(),
        autostart: vm.autostart,
        no_config: config.err(),
        disks: Vec::new(),
        left_out: Vec::new(),
    };
    for disk in disks {
        let Some(target) = disk.target.clone() else {
            let reason = "an empty drive".to_owned();
            facts.left_out.push(LeftOut { vdev: disk.vdev, reason });
            continue;
        };
        let path = PathBuf::from(&target);
        if disk.cdrom || (!disk.writable && is_cd(&path)) {
            let reason =
                "a CD that the guest cannot write to; keep a copy of it yourself".to_owned();
            facts.left_out.push(LeftOut { vdev: disk.vdev, reason });
            continue;
        }
        let is_running = facts.is_running;
        let mut found = look_at_disk(&disk, &path, is_running, meter)?;
        let on = whereabouts.of(&path);
        if let (Some(system_disk), false) = (system_disk, on.is_empty()) {
            found.is_on_system_disk = Some(on.iter().any(|place| place.disk == system_disk));
        }
        facts.disks.push(found);
    }
    Ok(facts)
}

/// What a VM's configuration says, or why there is nothing that says it.
fn config(vm: &Vm) -> Result<(Document, VmConfig), String> {
    let path = vm.config_path.as_ref().ok_or("no file of its was found")?;
    let unreadable = |error: std::io::Error| format!("{path}: {error}");
    let mut text = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST_CONFIG).read_to_end(&mut text).map_err(unreadable)?;
    let document = Document::read(&text).map_err(|error| format!("{path}: {error}"))?;
    let config = VmConfig::of(&document);
    let config = config.ok_or_else(|| format!("{path} is no xl configuration of a VM"))?;
    Ok((document, config))
}

fn as_configured(disk: &VmDisk) -> Disk {
    Disk {
        vdev: disk.vdev.clone(),
        target: disk.target.clone(),
        format: if disk.format == "lv" { "raw".to_owned() } else { disk.format.clone() },
        writable: disk.writable,
        ..Disk::default()
    }
}

fn given(document: &Document) -> Vec<String> {
    let of = |key: &'static str| {
        let texts = document.texts(key).into_iter().filter(|text| !text.is_empty());
        texts.map(move |text| format!("{key} {text}"))
    };
    // `usbdevice` mostly says `tablet`, which QEMU makes up.
    let through_qemu = of("usbdevice").filter(|text| text.contains("host:"));
    GIVEN.into_iter().flat_map(of).chain(through_qemu).collect()
}

fn look_at_disk(
    disk: &Disk,
    path: &Path,
    is_running: bool,
    meter: &dyn Meter,
) -> Result<DiskFacts, Cancelled> {
    let format = Format::from_name(&disk.format);
    let mut facts = DiskFacts {
        vdev: disk.vdev.clone(),
        path: path.display().to_string(),
        format,
        virtual_bytes: 0,
        data_bytes: None,
        snapshots: Vec::new(),
        verdict: None,
        is_convertible: false,
        reasons: Vec::new(),
        is_marked_corrupt: false,
        is_encrypted: false,
        is_backing_missing: false,
        shared_with: Vec::new(),
        is_on_system_disk: None,
        holder: None,
        unreadable: None,
    };
    if !path.is_absolute() {
        facts.unreadable = Some("that is no absolute path".to_owned());
        return Ok(facts);
    }
    let seen = inspect(path, Some(format), meter)
        .and_then(|seen| image::holder(path, Some(format)).map(|holder| (seen, holder)));
    match seen {
        Ok((seen, holder)) => {
            let is_used = is_running || holder.is_some();
            facts.holder = holder;
            take(&mut facts, seen, is_used);
        }
        Err(ImageError::Cancelled(cancelled)) => return Err(cancelled),
        Err(error) => {
            let why = std::error::Error::source(&error).map(|why| format!(": {why}"));
            facts.unreadable = Some(format!("{error}{}", why.unwrap_or_default()));
        }
    }
    Ok(facts)
}

/// What was seen of an image. Of one that is in use, only what its header says is certain.
fn take(facts: &mut DiskFacts, seen: Inspection, is_used: bool) {
    let judgement = seen.judgement;
    facts.format = judgement.format;
    facts.virtual_bytes = judgement.virtual_bytes;
    facts.data_bytes = seen.data_bytes;
    facts.snapshots = seen.snapshots.into_iter().map(|snapshot| snapshot.name).collect();
    facts.is_marked_corrupt = seen.traits.flags.contains(&Flag::Corrupt);
    facts.is_encrypted =
        seen.traits.encryption.is_some() || judgement.verdict == Verdict::Encrypted;
    facts.is_backing_missing = judgement.verdict == Verdict::MissingBacking;
    if !is_used {
        facts.verdict = Some(judgement.verdict);
        facts.is_convertible = judgement.convertible;
        facts.reasons = judgement.reasons;
    }
}

/// Says of each disk which other VMs have it, whatever they call it.
fn share(vms: &mut [VmFacts]) {
    let real = |disk: &DiskFacts| {
        std::fs::canonicalize(&disk.path).unwrap_or_else(|_| PathBuf::from(&disk.path))
    };
    let mut owners: BTreeMap<PathBuf, Vec<(usize, String)>> = BTreeMap::new();
    for (number, vm) in vms.iter().enumerate() {
        for disk in &vm.disks {
            owners.entry(real(disk)).or_default().push((number, vm.name.clone()));
        }
    }
    for (number, vm) in vms.iter_mut().enumerate() {
        for disk in &mut vm.disks {
            let of_disk = owners.get(&real(disk)).into_iter().flatten();
            let others = of_disk.filter(|(other, _)| *other != number);
            disk.shared_with = others.map(|(_, name)| name.clone()).collect();
            disk.shared_with.dedup();
        }
    }
}
