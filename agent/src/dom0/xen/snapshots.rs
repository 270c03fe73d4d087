//! All disks of a VM snapshot at one moment.
//!
//! The domain is paused for as long as LVM takes to make the snapshots, so that what is on one disk is as
//! old as what is on the other: to the guest it is as if the power had gone. What an emulated disk has left
//! in dom0's cache is written out, most of it before the pause.

use std::fs::File;
use std::time::{Duration, Instant};

use domfleet_shared::id::{OperationId, VmId};
use domfleet_shared::inventory::{Storage, Volume};

use super::{Xen, apply, command, lvm};
use crate::dom0::snapshots::has_overflowed;
use crate::dom0::{DiskSnapshot, Dom0Error};

/// No further snapshot is begun of a VM that has stood still for so long: its users would notice.
const PAUSED_AT_MOST: Duration = Duration::from_secs(20);
/// It must go on.
const ATTEMPTS: usize = 3;

impl Xen {
    pub(super) async fn snapshot_disks(
        &self,
        (operation, on_site): (OperationId, bool),
        (vm, pause): (VmId, Option<u32>),
        disks: &[DiskSnapshot],
    ) -> Result<(), Dom0Error> {
        for disk in disks {
            let DiskSnapshot { origin_uuid, volume_group, origin, .. } = disk;
            self.check_volume(origin_uuid, volume_group, origin, false).await?;
        }
        let storage = self.storage().await?;
        let whole = there(&storage, operation, disks).filter(|(_, found)| !has_overflowed(found));
        if whole.count() < disks.len() {
            // They are of another moment than the others would be.
            remove(there(&storage, operation, disks)).await?;
            flush(disks).await;
            let taken = match pause {
                None => take((operation, on_site), disks).await,
                Some(domid) => {
                    self.domain_command(vm, domid, &["pause"]).await?;
                    let goes_on = GoesOn(domid);
                    flush(disks).await;
                    let taken = take((operation, on_site), disks).await;
                    let resumed = self.resume(vm, domid).await;
                    std::mem::forget(goes_on);
                    taken.and(resumed)
                }
            };
            if let Err(error) = taken {
                remove(there(&self.storage().await?, operation, disks)).await?;
                return Err(error);
            }
            return Ok(());
        }
        // The agent was killed once they were made.
        match pause {
            Some(domid) => self.resume(vm, domid).await,
            None => Ok(()),
        }
    }

    async fn resume(&self, vm: VmId, domid: u32) -> Result<(), Dom0Error> {
        let mut last = Ok(());
        for _ in 0..ATTEMPTS {
            last = self.domain_command(vm, domid, &["unpause"]).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

/// Has a domain go on although the agent stops in the middle of it.
struct GoesOn(u32);

impl Drop for GoesOn {
    fn drop(&mut self) {
        command::begin("xl", &["unpause", &self.0.to_string()]);
    }
}

/// Those of the snapshots that are there, and ours.
fn there<'d>(
    storage: &'d Storage,
    operation: OperationId,
    disks: &'d [DiskSnapshot],
) -> impl Iterator<Item = (&'d DiskSnapshot, &'d Volume)> {
    disks.iter().filter_map(move |disk| {
        let mut volumes = storage.volumes.iter();
        Some((disk, volumes.find(|volume| disk.is(volume, operation))?))
    })
}

async fn take(
    (operation, on_site): (OperationId, bool),
    disks: &[DiskSnapshot],
) -> Result<(), Dom0Error> {
    let begun = Instant::now();
    for disk in disks {
        if begun.elapsed() > PAUSED_AT_MOST {
            let why = format!("the VM had stood still for {} s", begun.elapsed().as_secs());
            return Err(Dom0Error::refused("lvcreate", why));
        }
        apply::run_lvm("lvcreate", &lvm::backup_snapshot((operation, on_site), disk)).await?;
    }
    Ok(())
}

async fn remove<'d>(
    snapshots: impl Iterator<Item = (&'d DiskSnapshot, &'d Volume)>,
) -> Result<(), Dom0Error> {
    for (DiskSnapshot { volume_group, name, .. }, _) in snapshots {
        apply::run_lvm("lvremove", &["-y".into(), format!("{volume_group}/{name}")]).await?;
    }
    Ok(())
}

/// A disk for which that does not work is snapshot all the same, as after a loss of power.
async fn flush(disks: &[DiskSnapshot]) {
    let paths: Vec<String> =
        disks.iter().map(|disk| format!("/dev/{}/{}", disk.volume_group, disk.origin)).collect();
    let flushing = tokio::task::spawn_blocking(move || {
        for path in paths {
            if let Err(error) = File::open(&path).and_then(|volume| volume.sync_all()) {
                tracing::warn!(path, %error, "what is in the cache of a disk is not in its backup");
            }
        }
    });
    drop(tokio::time::timeout(PAUSED_AT_MOST, flushing).await);
}
