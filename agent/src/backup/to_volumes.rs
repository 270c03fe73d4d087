//! A VM out of a set onto logical volumes, and a configuration that names them.
//!
//! A volume is called `NAME.restoring` and tagged so until every byte of it has been read back. The tags
//! are in LVM's own metadata, so that what was begun is known whatever else is lost.

use std::path::{Path, PathBuf};

use domfleet_shared::image::Format;

use super::documents::SavedVm;
use super::draft::{Draft, file_name};
use super::durable;
use super::error::BackupError;
use super::folder::Folder;
use super::identity::Identity;
use super::medium::Medium;
use super::restore::Sealed;
use super::target::Whole;
use super::to_folder::Restored;
use super::volumes::Volumes;

pub(crate) const RESTORING: &str = ".restoring";

/// Restores a VM onto new volumes of a group, and its configuration into a folder. Volumes and
/// file are there under their names only once every byte has been read back; nothing that is
/// there is touched, but for what an interrupted restore of the same set left. `identity` is as which VM.
pub fn restore<M: Medium>(
    sealed: &Sealed<'_, M>,
    vm: &SavedVm,
    volumes: &impl Volumes,
    configs: &Path,
    identity: &Identity,
) -> Result<Restored, BackupError> {
    let unusable = |source| BackupError::Target { what: configs.display().to_string(), source };
    let configs_path = std::fs::canonicalize(configs).map_err(unusable)?;
    let folder = Folder::open(&configs_path).map_err(unusable)?;
    let text = sealed.config(vm)?;
    let base = file_name(&identity.name);
    let config_name = format!("{base}.cfg");
    if configs_path.join(&config_name).symlink_metadata().is_ok() {
        return Err(BackupError::Exists(configs_path.join(&config_name).display().to_string()));
    }
    let tag = format!("domfleet.set.{}", sealed.manifest.set);
    let disks: Vec<_> = vm
        .disks()
        .map(|(id, disk)| (id, disk, format!("{base}-{}", file_name(&disk.planned.vdev))))
        .collect();
    // Before hours of writing: it may not be possible.
    let moved = disks
        .iter()
        .map(|(id, _, name)| (id.number, volumes.path(name).display().to_string(), Format::Raw));
    let text = identity.config(&text, moved)?;
    let failed = |source| BackupError::Volumes { source };
    for (.., name) in &disks {
        if volumes.tags(name).map_err(failed)?.is_some() {
            return Err(BackupError::Exists(format!("the volume {name}")));
        }
        let draft = format!("{name}{RESTORING}");
        match volumes.tags(&draft).map_err(failed)? {
            Some(tags) if tags.contains(&tag) => volumes.remove(&draft, &tag).map_err(failed)?,
            Some(_) => return Err(BackupError::Exists(format!("the volume {draft}"))),
            None => {}
        }
    }
    let sizes = disks.iter().map(|(_, disk, _)| disk.planned.virtual_bytes);
    let (needed, free) = volumes.room_for(&sizes.collect::<Vec<_>>()).map_err(failed)?;
    if needed > free {
        return Err(BackupError::NoRoom { needed, free });
    }
    let mut drafts = Vec::new();
    for (id, disk, name) in &disks {
        let draft = VolumeDraft::begin(volumes, name, &tag);
        let path = volumes.create(&draft.name(), disk.planned.virtual_bytes, &tag);
        let path = path.map_err(failed)?;
        let what = path.display().to_string();
        let device = volumes
            .open(&path)
            .map_err(|source| BackupError::Target { what: what.clone(), source })?;
        sealed.restore(vm, (*id, disk), Whole::used(device, what))?;
        drafts.push(draft);
    }
    let file = Draft::begin(&folder, &config_name).map_err(unusable)?;
    durable::publish(&folder, &file.name(), text.as_bytes()).map_err(unusable)?;
    for draft in drafts {
        draft.publish().map_err(failed)?;
    }
    file.publish().map_err(unusable)?;
    folder.sync_folder("").map_err(unusable)?;
    Ok(Restored {
        config: configs_path.join(config_name),
        disks: disks.into_iter().map(|(.., name)| volumes.path(&name)).collect::<Vec<PathBuf>>(),
    })
}

/// A volume that is not proved yet. It goes when this does.
struct VolumeDraft<'v, V: Volumes> {
    volumes: &'v V,
    name: &'v str,
    tag: &'v str,
    is_published: bool,
}

impl<'v, V: Volumes> VolumeDraft<'v, V> {
    fn begin(volumes: &'v V, name: &'v str, tag: &'v str) -> Self {
        Self { volumes, name, tag, is_published: false }
    }

    fn name(&self) -> String {
        format!("{}{RESTORING}", self.name)
    }

    fn publish(mut self) -> Result<(), super::volumes::VolumeError> {
        self.volumes.publish(&self.name(), self.name)?;
        self.is_published = true;
        Ok(())
    }
}

impl<V: Volumes> Drop for VolumeDraft<'_, V> {
    fn drop(&mut self) {
        let draft = self.name();
        if self.is_published || !matches!(self.volumes.tags(&draft), Ok(Some(_))) {
            return;
        }
        if let Err(error) = self.volumes.remove(&draft, self.tag) {
            tracing::warn!(%draft, error = &error as &dyn std::error::Error, "left behind");
        }
    }
}
