//! Whether a folder's disk may be filled as far as a stress run fills it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use domfleet_shared::inventory::Storage;
use domfleet_shared::operation::stress::StressRun;

use crate::works::WorkError;

/// File systems that are in memory (`linux/magic.h`): what is written there is taken from dom0.
const IN_MEMORY: [u32; 2] = [0x0102_1994, 0x8584_58f6];

/// Refuses a folder in memory, a disk without room, and a volume whose group could not grow it.
pub(super) fn check(folder: &Path, run: &StressRun, storage: &Storage) -> Result<(), WorkError> {
    let name = folder.display();
    let unseen = |error: std::io::Error| {
        let why = format!("{name} cannot be used: {error}");
        WorkError::failed("refused", why)
    };
    if is_in_memory(folder).map_err(unseen)? {
        let why = format!("{name} is in memory: name a folder on the disk that the VMs are on");
        return Err(WorkError::failed("refused", why));
    }
    let room = rustix::fs::statvfs(folder).map_err(|error| unseen(error.into()))?;
    let (free, needed) = (room.f_bavail.saturating_mul(room.f_frsize), run.needed_bytes());
    if free < needed {
        let why = format!(
            "{name} has {free} bytes free, and a run needs {needed}: free some, or ask for less"
        );
        return Err(WorkError::failed("no_room", why));
    }
    let device = std::fs::metadata(folder).map_err(unseen)?.dev();
    match mapped(device) {
        Some(mapping) => of_volume(&mapping, needed, storage),
        None => Ok(()),
    }
}

pub(super) fn is_in_memory(folder: &Path) -> std::io::Result<bool> {
    let found = rustix::fs::statfs(folder)?;
    Ok(u32::try_from(found.f_type).is_ok_and(|kind| IN_MEMORY.contains(&kind)))
}

/// The device mapper's name of a device, where it is a logical volume.
fn mapped(device: u64) -> Option<String> {
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let read = |file: &str| {
        std::fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/dm/{file}")).ok()
    };
    let uuid = read("uuid")?;
    uuid.starts_with("LVM-").then(|| read("name")).flatten().map(|name| name.trim().to_owned())
}

/// On a logical volume: never where its group has no extent left, nor where a thin pool could run full.
fn of_volume(mapping: &str, needed: u64, storage: &Storage) -> Result<(), WorkError> {
    let refused = |why: String| Err(WorkError::failed("no_room", why));
    let is_it = |group: &str, name: &str| {
        // Device mapper separates the two by a dash, and doubles those in the names.
        mapping == format!("{}-{}", group.replace('-', "--"), name.replace('-', "--"))
    };
    let Some(volume) = storage.volumes.iter().find(|found| is_it(&found.volume_group, &found.name))
    else {
        return refused(format!("{mapping} is a logical volume of which LVM tells nothing"));
    };
    let group = storage.volume_groups.iter().find(|group| group.name == volume.volume_group);
    if group.is_none_or(|group| group.free_bytes < group.extent_bytes.max(1)) {
        let why = format!("the volume group {} has no free extents", volume.volume_group);
        return refused(why);
    }
    let Some(pool) = &volume.pool else { return Ok(()) };
    let is_pool = |name: &str| name == pool;
    let pool = storage
        .volumes
        .iter()
        .find(|found| found.volume_group == volume.volume_group && is_pool(&found.name));
    let free = pool.map_or(0, |pool| {
        let used = u64::from(pool.data_basis_points.unwrap_or(10_000));
        pool.size_bytes / 10_000 * 10_000u64.saturating_sub(used)
    });
    if free < needed {
        let why = format!("its thin pool has {free} bytes free, and a run needs {needed}");
        return refused(why);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domfleet_shared::inventory::{Volume, VolumeGroup};

    use super::*;

    fn volume(name: &str, pool: Option<&str>, filled: Option<u32>) -> Volume {
        Volume {
            lv_uuid: name.into(),
            name: name.into(),
            volume_group: "vg-0".into(),
            size_bytes: 100 << 20,
            attributes: "-wi-ao----".into(),
            segment_type: "linear".into(),
            origin: None,
            data_basis_points: filled,
            metadata_basis_points: None,
            pool: pool.map(str::to_owned),
            tags: BTreeSet::new(),
            managed: false,
        }
    }

    fn storage(free_bytes: u64, filled: u32) -> Storage {
        let group = VolumeGroup {
            uuid: "g".into(),
            name: "vg-0".into(),
            size_bytes: 1 << 30,
            free_bytes,
            extent_bytes: 4 << 20,
        };
        let volumes = vec![
            volume("root", None, None),
            volume("thin", Some("pool"), None),
            volume("pool", None, Some(filled)),
        ];
        Storage { volume_groups: vec![group], volumes }
    }

    #[test]
    fn a_volume_whose_group_has_no_extent_left_is_left_alone() {
        assert!(of_volume("vg--0-root", 1, &storage(4 << 20, 0)).is_ok());
        assert!(of_volume("vg--0-root", 1, &storage((4 << 20) - 1, 0)).is_err());
        assert!(of_volume("vg--0-other", 1, &storage(4 << 20, 0)).is_err());
    }

    #[test]
    fn a_thin_pool_is_not_filled() {
        let half = storage(4 << 20, 5_000);

        assert!(of_volume("vg--0-thin", 40 << 20, &half).is_ok());
        assert!(of_volume("vg--0-thin", 60 << 20, &half).is_err());
    }

    #[test]
    fn a_folder_in_memory_and_a_disk_without_room_are_refused() {
        let code = |folder: &str, run: &StressRun| match check(
            Path::new(folder),
            run,
            &Storage::default(),
        ) {
            Err(WorkError::Failed(reason)) => reason.code,
            other => panic!("{other:?}"),
        };
        let huge = StressRun { jobs: Some(64), size_bytes: Some(1 << 60), ..StressRun::default() };

        assert_eq!(code("/dev/shm", &StressRun::default()), "refused");
        assert_eq!(code("/var/tmp", &huge), "no_room");
        assert_eq!(code("/nonexistent/x", &StressRun::default()), "refused");
    }
}
