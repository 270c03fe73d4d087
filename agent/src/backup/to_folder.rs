//! A VM out of a set into a folder: its disks as images, and a configuration that names them.

use std::path::{Path, PathBuf};

use domfleet_shared::image::Format;

use super::documents::SavedVm;
use super::draft::{Draft, file_name};
use super::error::BackupError;
use super::folder::Folder;
use super::identity::Identity;
use super::image_target::ImageTarget;
use super::medium::Medium;
use super::restore::Sealed;
use super::target::Whole;

/// A VM that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What starts it.
    pub config: PathBuf,
    /// Its disks.
    pub disks: Vec<PathBuf>,
}

/// Restores a VM into new files of a folder. They are there under their names only once every byte
/// has been read back; nothing that is there is touched.
///
/// `format` is what the disks become; what they were where it is not said. `identity` is as which VM.
pub fn restore<M: Medium>(
    sealed: &Sealed<'_, M>,
    vm: &SavedVm,
    folder: &Path,
    format: Option<Format>,
    identity: &Identity,
) -> Result<Restored, BackupError> {
    let failed = |source| BackupError::Target { what: folder.display().to_string(), source };
    let folder_path = std::fs::canonicalize(folder).map_err(failed)?;
    let target = Folder::open(&folder_path).map_err(failed)?;
    let text = sealed.config(vm)?;
    let base = file_name(&identity.name);
    let disks: Vec<_> = vm
        .disks()
        .map(|(id, disk)| {
            let format = format.unwrap_or(match disk.planned.format {
                Format::Qcow2 | Format::Qcow => Format::Qcow2,
                _ => Format::Raw,
            });
            let name = format!("{base}-{}.{format}", file_name(&disk.planned.vdev));
            (id, disk, format, name)
        })
        .collect();
    let config_name = format!("{base}.cfg");
    // Before hours of writing: it may not be possible.
    let specs = disks.iter().map(|(id, _, format, name)| {
        (id.number, folder_path.join(name).display().to_string(), *format)
    });
    let text = identity.config(&text, specs)?;
    for name in disks.iter().map(|(.., name)| name).chain([&config_name]) {
        if folder_path.join(name).symlink_metadata().is_ok() {
            return Err(BackupError::Exists(folder_path.join(name).display().to_string()));
        }
    }
    let needed = vm.disks.iter().map(|disk| disk.data_bytes).sum();
    let free = target.free_bytes().map_err(failed)?;
    if needed > free {
        return Err(BackupError::NoRoom { needed, free });
    }
    let mut drafts = Vec::new();
    for (id, disk, format, name) in &disks {
        let draft = Draft::begin(&target, name).map_err(failed)?;
        let what = folder_path.join(name).display().to_string();
        let bytes = disk.planned.virtual_bytes;
        match format {
            Format::Raw => {
                let file = target.create_sized(&draft.name(), bytes).map_err(failed)?;
                sealed.restore(vm, (*id, disk), Whole::fresh(file, what))?;
            }
            Format::Qcow2 => {
                let file = target.create_sized(&draft.name(), 0).map_err(failed)?;
                let path = folder_path.join(draft.name());
                let image = ImageTarget::new(file, path, what, bytes).map_err(failed)?;
                sealed.restore(vm, (*id, disk), image)?;
            }
            format => {
                let why = format!("a restore as {format} is not possible: use raw or qcow2");
                return Err(BackupError::Missing(why));
            }
        }
        drafts.push(draft);
    }
    let draft = Draft::begin(&target, &config_name).map_err(failed)?;
    super::durable::publish(&target, &draft.name(), text.as_bytes()).map_err(failed)?;
    drafts.push(draft);
    for draft in drafts {
        draft.publish().map_err(failed)?;
    }
    target.sync_folder("").map_err(failed)?;
    Ok(Restored {
        config: folder_path.join(config_name),
        disks: disks.into_iter().map(|(.., name)| folder_path.join(name)).collect(),
    })
}
