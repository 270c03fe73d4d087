//! VMs as they are configured: made, changed, renamed, started with dom0, removed.

use std::collections::BTreeSet;

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::{Vm, VmState, Volume};
use domfleet_shared::operation::Reason;
use domfleet_shared::operation::vm::{
    self, DiskSource, Disks, NewDisk, NewNic, NewVolume, VmChange, VmCreate, VmForm, VmSource,
};
use domfleet_shared::xl_config::{self, Disk, Document, Placed, VmConfig};

use super::{find_vm, find_volume, reason, unseen, volume};
use crate::dom0::{Observed, Step};

pub(super) fn create(
    id: OperationId,
    host: &Observed,
    create: &VmCreate,
) -> Result<Vec<Step>, Reason> {
    let Some(uuid) = create.vm else {
        return Err(reason("refused", "the server has settled no UUID for it"));
    };
    if host.vm(uuid).map_err(|error| unseen(&error))?.is_some() {
        return Err(reason("conflict", format!("there is a VM {uuid} already")));
    }
    let (document, mut steps) = match &create.from {
        VmSource::Config(text) => {
            check_length(text)?;
            (Document::parse(text.as_bytes())?, Vec::new())
        }
        VmSource::Form(form) => from_form(id, host, form)?,
    };
    let config = document.check_new()?;
    if config.uuid.is_some_and(|said| said != uuid) {
        return Err(reason("refused", "the configuration says another UUID"));
    }
    check_name_free(host, &config.name, None)?;
    check_disks(host, &config, &config.disks, None)?;
    let document = document.pinned(uuid, &macs(host, uuid, &config, &[])?)?;
    steps.push(Step::WriteConfig { vm: uuid, text: document.text().to_owned(), replaces: None });
    Ok(steps)
}

pub(super) fn change(
    id: OperationId,
    host: &Observed,
    change: &VmChange,
) -> Result<Vec<Step>, Reason> {
    let (vm, before) = ours(host, change.vm)?;
    let mut document = sized(&before, change)?;
    let mut steps = Vec::new();
    if !change.remove_disks.is_empty() || !change.add_disks.is_empty() {
        let there = VmConfig::of(&document).unwrap_or_default();
        for vdev in &change.remove_disks {
            if !there.disks.iter().any(|disk| disk.vdev == *vdev) {
                return Err(reason("not_found", format!("{} has no disk {vdev}", vm.name)));
            }
        }
        let (targets, made) = place(id, host, &change.add_disks)?;
        steps = made;
        let placed = placed(&change.add_disks, &targets);
        document = document.with_disks(&change.remove_disks, &placed)?;
    }
    if !change.remove_nics.is_empty() || !change.add_nics.is_empty() {
        check_nics(&change.add_nics)?;
        document = document.with_nics(&change.remove_nics, &change.add_nics)?;
    }
    let config = VmConfig::of(&document).unwrap_or_default();
    let is_added = |disk: &&Disk| change.add_disks.iter().any(|added| added.vdev == disk.vdev);
    let added: Vec<Disk> = config.disks.iter().filter(is_added).cloned().collect();
    check_disks(host, &config, &added, Some(vm.uuid))?;
    let document = document.pinned(vm.uuid, &macs(host, vm.uuid, &config, &vm.macs)?);
    let document = document?;
    check_length(document.text())?;
    if document != before {
        steps.push(rewritten(vm.uuid, &before, &document));
    }
    Ok(steps)
}

fn sized(before: &Document, change: &VmChange) -> Result<Document, Reason> {
    let mut document = before.clone();
    let sizes = [
        ("memory", "maxmem", change.memory_mib),
        ("vcpus", "maxvcpus", change.vcpus.map(u64::from)),
    ];
    for (key, most, wanted) in sizes {
        let Some(wanted) = wanted else { continue };
        if document.number(key) != Some(wanted) {
            document = document.with(key, &wanted.to_string())?;
        }
        // xl refuses a VM that has more than it may have.
        if document.number(most).is_some_and(|most| most < wanted) {
            document = document.with(most, &wanted.to_string())?;
        }
    }
    Ok(document)
}

pub(super) fn rename(host: &Observed, vm: VmId, name: &str) -> Result<Vec<Step>, Reason> {
    let (vm, before) = ours(host, vm)?;
    vm::check_name(name).map_err(|why| reason("refused", why))?;
    check_name_free(host, name, Some(vm.uuid))?;
    let mut steps = Vec::new();
    if before.atom("name").as_deref() != Some(name) {
        let after = before.with_text("name", name)?;
        steps.push(rewritten(vm.uuid, &before, &after));
    }
    if let Some(domid) = vm.domid
        && vm.name != name
    {
        steps.push(Step::RenameDomain { vm: vm.uuid, domid, name: name.to_owned() });
    }
    Ok(steps)
}

pub(super) fn autostart(host: &Observed, vm: VmId, enabled: bool) -> Result<Vec<Step>, Reason> {
    let vm = managed(host, vm)?;
    if vm.autostart == Some(enabled) {
        return Ok(Vec::new());
    }
    let config_path = vm.config_path.clone().ok_or_else(|| {
        reason("not_found", format!("no configuration file of {} was found", vm.name))
    })?;
    Ok(vec![Step::SetAutostart { vm: vm.uuid, config_path, enabled }])
}

/// The configuration first: a VM whose disks are gone must not be started by anybody.
pub(super) fn remove(host: &Observed, vm: VmId, disks: Disks) -> Result<Vec<Step>, Reason> {
    let vm = managed(host, vm)?;
    if vm.domid.is_some() || vm.state != VmState::Off {
        let why = format!("{} still has a domain: shut it down or destroy it first", vm.name);
        return Err(reason("refused", why));
    }
    let removed = match disks {
        Disks::Keep => Vec::new(),
        Disks::Remove => removable(host, vm)?,
    };
    let paths: Vec<String> = removed.iter().flat_map(|volume| volume::paths(volume)).collect();
    let targets = vm.disks.iter().filter_map(|disk| disk.target.clone());
    let keeps = targets.filter(|target| !paths.contains(target)).collect();
    let mut steps = vec![Step::RemoveConfig { vm: vm.uuid, keeps }];
    steps.extend(removed.into_iter().map(volume::removal));
    Ok(steps)
}

/// The volumes of a VM that go with it: ours, not in use, nobody else's, and nothing hangs on them.
fn removable<'a>(host: &'a Observed, vm: &Vm) -> Result<Vec<&'a Volume>, Reason> {
    let vms = host.vms.as_ref().map_err(unseen)?;
    let storage = host.storage.as_ref().map_err(unseen)?;
    let mut found = Vec::new();
    let free = |volume: &&Volume| volume.managed && !volume::is_open(volume);
    for volume in storage.volumes.iter().filter(free) {
        let paths = volume::paths(volume);
        let has = |vm: &Vm| {
            let mut targets = vm.disks.iter().filter_map(|disk| disk.target.as_ref());
            targets.any(|target| paths.contains(target))
        };
        let is_shared = vms.iter().any(|other| other.uuid != vm.uuid && has(other));
        if has(vm) && !is_shared && volume::depends_on(host, volume)?.is_none() {
            found.push(volume);
        }
    }
    Ok(found)
}

fn check_length(text: &str) -> Result<(), Reason> {
    if text.len() <= vm::CONFIG_BYTES {
        return Ok(());
    }
    Err(reason("refused", format!("a configuration has at most {} bytes", vm::CONFIG_BYTES)))
}

fn managed(host: &Observed, vm: VmId) -> Result<&Vm, Reason> {
    let vm = find_vm(host, vm)?;
    if vm.managed {
        return Ok(vm);
    }
    let why = format!("{} was not made or adopted by us: adopt it first", vm.name);
    Err(reason("not_ours", why))
}

/// A managed VM and its configuration.
fn ours(host: &Observed, vm: VmId) -> Result<(&Vm, Document), Reason> {
    let vm = managed(host, vm)?;
    let text = host.configs.get(&vm.uuid).ok_or_else(|| {
        reason("not_found", format!("the configuration of {} cannot be read", vm.name))
    })?;
    Ok((vm, Document::parse(text.as_bytes())?))
}

fn rewritten(vm: VmId, before: &Document, after: &Document) -> Step {
    let replaces = Some(before.text().to_owned());
    Step::WriteConfig { vm, text: after.text().to_owned(), replaces }
}

fn check_name_free(host: &Observed, name: &str, of: Option<VmId>) -> Result<(), Reason> {
    let vms = host.vms.as_ref().map_err(unseen)?;
    if vms.iter().any(|vm| vm.name == name && Some(vm.uuid) != of) {
        return Err(reason("conflict", format!("there is a VM {name} already")));
    }
    Ok(())
}

fn from_form(
    id: OperationId,
    host: &Observed,
    form: &VmForm,
) -> Result<(Document, Vec<Step>), Reason> {
    check_nics(&form.nics)?;
    let (targets, steps) = place(id, host, &form.disks)?;
    let document = xl_config::from_form(form, &placed(&form.disks, &targets))?;
    Ok((document, steps))
}

/// Where each disk is, and the steps that make those that are not there yet.
fn place(
    id: OperationId,
    host: &Observed,
    disks: &[NewDisk],
) -> Result<(Vec<Option<String>>, Vec<Step>), Reason> {
    let mut targets = Vec::new();
    let mut new: Vec<&NewVolume> = Vec::new();
    for disk in disks {
        disk.check().map_err(|why| reason("refused", why))?;
        targets.push(match &disk.source {
            DiskSource::Empty => None,
            DiskSource::Path(path) => Some(path.clone()),
            DiskSource::Volume(lv_uuid) => {
                let [path, _] = volume::paths(find_volume(host, lv_uuid)?);
                Some(path)
            }
            DiskSource::NewVolume(volume) => {
                new.push(volume);
                Some(format!("/dev/{}/{}", volume.volume_group, volume.name))
            }
        });
    }
    Ok((targets, volume::create(id, host, &new)?))
}

fn placed<'a>(disks: &'a [NewDisk], targets: &'a [Option<String>]) -> Vec<Placed<'a>> {
    let pairs = disks.iter().zip(targets);
    pairs.map(|(disk, target)| Placed { disk, target: target.as_deref() }).collect()
}

fn check_nics(nics: &[NewNic]) -> Result<(), Reason> {
    nics.iter().try_for_each(|nic| nic.check().map_err(|why| reason("refused", why)))
}

/// Whether `added` may be disks of the VM: no two have one name, and nobody else writes to them.
fn check_disks(
    host: &Observed,
    all: &VmConfig,
    added: &[Disk],
    of: Option<VmId>,
) -> Result<(), Reason> {
    let mut names = BTreeSet::new();
    if let Some(twice) = all.disks.iter().find(|disk| !names.insert(&disk.vdev)) {
        return Err(reason("conflict", format!("there are two disks {}", twice.vdev)));
    }
    let vms = host.vms.as_ref().map_err(unseen)?;
    for disk in added {
        disk.check().map_err(|why| reason("refused", why))?;
        let Some(target) = &disk.target else { continue };
        let shares = |vm: &&Vm| {
            let mut others = vm.disks.iter().filter(|other| other.target.as_ref() == Some(target));
            Some(vm.uuid) != of && others.any(|other| other.writable || disk.writable)
        };
        if let Some(other) = vms.iter().find(shares) {
            let why = format!("{target} is a disk of {}: two VMs on one destroy it", other.name);
            return Err(reason("conflict", why));
        }
    }
    Ok(())
}

/// An address for each card, in order: what it says, what the running VM has there, or one that
/// follows from the VM's UUID, so that planning twice gives the same.
fn macs(
    host: &Observed,
    vm: VmId,
    config: &VmConfig,
    known: &[String],
) -> Result<Vec<String>, Reason> {
    let vms = host.vms.as_ref().map_err(unseen)?;
    let mut taken: BTreeSet<String> = vms.iter().flat_map(|vm| vm.macs.iter().cloned()).collect();
    let said = config.macs();
    let mut found = Vec::new();
    for (at, nic) in config.nics.iter().enumerate() {
        let known = known.get(at).filter(|mac| !said.contains(mac)).cloned();
        let mac = nic.mac.clone().or(known).unwrap_or_else(|| new_mac(vm, at, &taken));
        taken.insert(mac.clone());
        found.push(mac);
    }
    Ok(found)
}

/// In the range that Xen gives to guests.
fn new_mac(vm: VmId, card: usize, taken: &BTreeSet<String>) -> String {
    let candidate = |number: u32| {
        let hash = blake3::hash(format!("domfleet mac {vm} {card} {number}").as_bytes());
        let [a, b, c, ..] = *hash.as_bytes();
        format!("00:16:3e:{:02x}:{b:02x}:{c:02x}", a & 0x7f)
    };
    (0..1000).map(candidate).find(|mac| !taken.contains(mac)).unwrap_or_else(|| candidate(0))
}
