//! Volumes and thin pools.

use std::collections::BTreeMap;
use std::path::PathBuf;

use domfleet_shared::id::OperationId;
use domfleet_shared::inventory::{Storage, Vm, Volume, VolumeGroup};
use domfleet_shared::operation::vm::NewVolume;
use domfleet_shared::operation::{Reason, volume};

use super::{find_volume, reason, unseen};
use crate::dom0::{Observed, Step};

/// A pool that is fuller than this, in hundredths of a percent, takes nothing new.
const FULL: u32 = 9_500;

/// One step for each of `new`: all of them have room, or none is begun.
pub(super) fn create(
    operation: OperationId,
    host: &Observed,
    new: &[&NewVolume],
) -> Result<Vec<Step>, Reason> {
    let mut taken: BTreeMap<&str, u64> = BTreeMap::new();
    let mut steps = Vec::new();
    for (at, wanted) in new.iter().enumerate() {
        let NewVolume { volume_group, name, size_bytes, thin_pool } = wanted;
        check_name(host, volume_group, name)?;
        let mut before = new.iter().take(at);
        if before.any(|other| other.volume_group == *volume_group && other.name == *name) {
            return Err(conflict(volume_group, name));
        }
        let group = find_group(host, volume_group)?;
        let size_bytes = in_extents(group, *size_bytes);
        if let Some(pool) = thin_pool {
            check_pool(host, volume_group, pool)?;
        } else {
            let taken = taken.entry(volume_group).or_default();
            *taken = taken.saturating_add(size_bytes);
            check_room(group, *taken)?;
        }
        steps.push(Step::CreateVolume {
            operation,
            volume_group: volume_group.clone(),
            name: name.clone(),
            size_bytes,
            thin_pool: thin_pool.clone(),
        });
    }
    Ok(steps)
}

pub(super) fn create_pool(
    operation: OperationId,
    host: &Observed,
    volume_group: &str,
    name: &str,
    size_bytes: u64,
    metadata_bytes: Option<u64>,
) -> Result<Vec<Step>, Reason> {
    check_name(host, volume_group, name)?;
    let group = find_group(host, volume_group)?;
    let size_bytes = in_extents(group, size_bytes);
    let metadata_bytes = metadata_bytes.map(|bytes| in_extents(group, bytes));
    // LVM keeps as much again, to repair the tables with.
    let tables = metadata_bytes.unwrap_or(group.extent_bytes).saturating_mul(2);
    check_room(group, size_bytes.saturating_add(tables))?;
    Ok(vec![Step::CreateThinPool {
        operation,
        volume_group: volume_group.to_owned(),
        name: name.to_owned(),
        size_bytes,
        metadata_bytes,
    }])
}

pub(super) fn grow(host: &Observed, lv_uuid: &str, size_bytes: u64) -> Result<Vec<Step>, Reason> {
    let volume = ours(host, lv_uuid)?;
    let group = find_group(host, &volume.volume_group)?;
    let size_bytes = in_extents(group, size_bytes);
    if size_bytes < volume.size_bytes {
        let (name, bytes) = (full_name(volume), volume.size_bytes);
        let why = format!("{name} has {bytes} bytes already, and is never made smaller");
        return Err(reason("refused", why));
    }
    if size_bytes == volume.size_bytes {
        return Ok(Vec::new());
    }
    match &volume.pool {
        Some(pool) => check_pool(host, &volume.volume_group, pool)?,
        None => check_room(group, size_bytes - volume.size_bytes)?,
    }
    Ok(vec![Step::GrowVolume {
        lv_uuid: lv_uuid.to_owned(),
        volume_group: volume.volume_group.clone(),
        name: volume.name.clone(),
        size_bytes,
    }])
}

pub(super) fn snapshot(
    operation: OperationId,
    host: &Observed,
    origin_uuid: &str,
    name: &str,
    size_bytes: Option<u64>,
) -> Result<Vec<Step>, Reason> {
    let origin = find_volume(host, origin_uuid)?;
    check_name(host, &origin.volume_group, name)?;
    let size_bytes = if origin.segment_type == "thin" {
        None
    } else {
        let group = find_group(host, &origin.volume_group)?;
        let needed = in_extents(group, size_bytes.unwrap_or(origin.size_bytes / 10));
        check_room(group, needed)?;
        Some(needed)
    };
    Ok(vec![Step::SnapshotVolume {
        operation,
        origin_uuid: origin_uuid.to_owned(),
        volume_group: origin.volume_group.clone(),
        origin: origin.name.clone(),
        name: name.to_owned(),
        size_bytes,
    }])
}

pub(super) fn revert(host: &Observed, lv_uuid: &str) -> Result<Vec<Step>, Reason> {
    let snapshot = ours(host, lv_uuid)?;
    let Some(origin_name) = &snapshot.origin else {
        return Err(reason("refused", format!("{} is no snapshot", full_name(snapshot))));
    };
    let origin = named(storage(host)?, &snapshot.volume_group, origin_name).ok_or_else(|| {
        reason("not_found", format!("the origin of {} is gone", full_name(snapshot)))
    })?;
    // LVM would wait for whoever has it open, and change the disk under the next one.
    for volume in [origin, snapshot] {
        if is_open(volume) {
            return Err(reason("refused", format!("{} is in use", full_name(volume))));
        }
        if let Some(user) = user_of(host, volume)?
            && user.domid.is_some()
        {
            let (name, user) = (full_name(volume), &user.name);
            let why = format!("{name} is a disk of {user}: shut it down first");
            return Err(reason("refused", why));
        }
    }
    // The fifth letter: a snapshot that has overflowed has no content any more.
    if matches!(snapshot.attributes.as_bytes().get(4), Some(b'I' | b'S')) {
        let why = format!("{} has overflowed: what it held is lost", full_name(snapshot));
        return Err(reason("refused", why));
    }
    Ok(vec![Step::RevertVolume {
        lv_uuid: lv_uuid.to_owned(),
        volume_group: snapshot.volume_group.clone(),
        name: snapshot.name.clone(),
        origin: origin.name.clone(),
        origin_uuid: origin.lv_uuid.clone(),
    }])
}

/// The path of a volume whose content may go.
pub(super) fn to_overwrite(host: &Observed, lv_uuid: &str) -> Result<PathBuf, Reason> {
    let volume = ours(host, lv_uuid)?;
    if let Some(user) = user_of(host, volume)?
        && user.domid.is_some()
    {
        let why = format!("{} is a disk of {}: shut it down first", full_name(volume), user.name);
        return Err(reason("refused", why));
    }
    if is_open(volume) {
        return Err(reason("refused", format!("{} is in use", full_name(volume))));
    }
    if let Some(other) = depends_on(host, volume)? {
        let (name, other) = (full_name(volume), full_name(other));
        let why = format!("{other} is a snapshot or a part of {name}: remove that first");
        return Err(reason("refused", why));
    }
    let [path, _] = paths(volume);
    Ok(path.into())
}

pub(super) fn rename(host: &Observed, lv_uuid: &str, to: &str) -> Result<Vec<Step>, Reason> {
    let volume = ours(host, lv_uuid)?;
    if volume.name == to {
        return Ok(Vec::new());
    }
    check_name(host, &volume.volume_group, to)?;
    if let Some(user) = user_of(host, volume)? {
        let (name, user) = (full_name(volume), &user.name);
        let why = format!("{name} is a disk of the VM {user}, whose configuration says its name");
        return Err(reason("refused", why));
    }
    if is_open(volume) {
        return Err(reason("refused", format!("{} is in use", full_name(volume))));
    }
    Ok(vec![Step::RenameVolume {
        lv_uuid: lv_uuid.to_owned(),
        volume_group: volume.volume_group.clone(),
        name: volume.name.clone(),
        to: to.to_owned(),
    }])
}

pub(super) fn remove(host: &Observed, lv_uuid: &str) -> Result<Vec<Step>, Reason> {
    let volume = ours(host, lv_uuid)?;
    if is_open(volume) {
        return Err(reason("refused", format!("{} is open: a VM uses it", full_name(volume))));
    }
    if let Some(user) = user_of(host, volume)? {
        let why = format!("{} is a disk of the VM {}", full_name(volume), user.name);
        return Err(reason("refused", why));
    }
    if let Some(other) = depends_on(host, volume)? {
        let why = format!("{} would be lost with it: remove that first", full_name(other));
        return Err(reason("refused", why));
    }
    Ok(vec![removal(volume)])
}

/// The step that removes it, which looks again whether it is ours.
pub(super) fn removal(volume: &Volume) -> Step {
    Step::RemoveVolume {
        lv_uuid: volume.lv_uuid.clone(),
        volume_group: volume.volume_group.clone(),
        name: volume.name.clone(),
    }
}

/// What LVM would remove along with it without a word: a thick volume's snapshots, a pool's
/// volumes.
pub(super) fn depends_on<'a>(
    host: &'a Observed,
    volume: &Volume,
) -> Result<Option<&'a Volume>, Reason> {
    let is_thin = volume.segment_type == "thin";
    let depends = |other: &&Volume| {
        let is_snapshot = !is_thin && other.origin.as_deref() == Some(&*volume.name);
        let is_inside = other.pool.as_deref() == Some(&*volume.name);
        other.volume_group == volume.volume_group && (is_snapshot || is_inside)
    };
    Ok(storage(host)?.volumes.iter().find(depends))
}

pub(super) fn adopt(volume: &Volume) -> Vec<Step> {
    if volume.managed {
        return Vec::new();
    }
    vec![Step::AdoptVolume {
        lv_uuid: volume.lv_uuid.clone(),
        volume_group: volume.volume_group.clone(),
        name: volume.name.clone(),
    }]
}

pub(super) fn is_open(volume: &Volume) -> bool {
    volume.attributes.as_bytes().get(5) == Some(&b'o')
}

/// The paths under which a volume is found.
pub(crate) fn paths(volume: &Volume) -> [String; 2] {
    volume::paths(&volume.volume_group, &volume.name)
}

/// The VM that has the volume as a disk, running or not.
fn user_of<'a>(host: &'a Observed, volume: &Volume) -> Result<Option<&'a Vm>, Reason> {
    let vms = host.vms.as_ref().map_err(unseen)?;
    let paths = paths(volume);
    let uses = |vm: &&Vm| {
        let mut targets = vm.disks.iter().filter_map(|disk| disk.target.as_ref());
        targets.any(|target| paths.contains(target))
    };
    Ok(vms.iter().find(uses))
}

pub(super) fn storage(host: &Observed) -> Result<&Storage, Reason> {
    host.storage.as_ref().map_err(unseen)
}

fn ours<'a>(host: &'a Observed, lv_uuid: &str) -> Result<&'a Volume, Reason> {
    let volume = find_volume(host, lv_uuid)?;
    if volume.managed {
        return Ok(volume);
    }
    let why = format!("{} was not made or adopted by us: it is left alone", full_name(volume));
    Err(reason("not_ours", why))
}

pub(super) fn full_name(volume: &Volume) -> String {
    format!("{}/{}", volume.volume_group, volume.name)
}

fn named<'a>(storage: &'a Storage, volume_group: &str, name: &str) -> Option<&'a Volume> {
    let mut volumes = storage.volumes.iter();
    volumes.find(|volume| volume.volume_group == volume_group && volume.name == name)
}

pub(super) fn find_group<'a>(host: &'a Observed, name: &str) -> Result<&'a VolumeGroup, Reason> {
    let mut groups = storage(host)?.volume_groups.iter();
    groups
        .find(|group| group.name == name)
        .ok_or_else(|| reason("not_found", format!("there is no volume group {name}")))
}

/// Whether a new volume may be called so.
fn check_name(host: &Observed, volume_group: &str, name: &str) -> Result<(), Reason> {
    volume::check_name(name).map_err(|why| reason("refused", format!("{name:?}: {why}")))?;
    match named(storage(host)?, volume_group, name) {
        Some(_) => Err(conflict(volume_group, name)),
        None => Ok(()),
    }
}

fn conflict(volume_group: &str, name: &str) -> Reason {
    reason("conflict", format!("there is a volume {volume_group}/{name} already"))
}

pub(super) fn check_pool(host: &Observed, volume_group: &str, name: &str) -> Result<(), Reason> {
    let pool = named(storage(host)?, volume_group, name);
    let pool = pool.filter(|volume| volume.segment_type == "thin-pool").ok_or_else(|| {
        reason("not_found", format!("there is no thin pool {volume_group}/{name}"))
    })?;
    let fill = pool.data_basis_points.max(pool.metadata_basis_points).unwrap_or(0);
    if fill >= FULL {
        let why = format!("the thin pool {volume_group}/{name} is {} % full", fill / 100);
        return Err(reason("no_room", why));
    }
    Ok(())
}

pub(super) fn in_extents(group: &VolumeGroup, size_bytes: u64) -> u64 {
    let extent = group.extent_bytes.max(1);
    size_bytes.max(1).div_ceil(extent).saturating_mul(extent)
}

fn check_room(group: &VolumeGroup, needed: u64) -> Result<(), Reason> {
    if needed <= group.free_bytes {
        return Ok(());
    }
    let (name, free) = (&group.name, group.free_bytes);
    Err(reason("no_room", format!("{name} has {free} bytes free, and {needed} are needed")))
}
