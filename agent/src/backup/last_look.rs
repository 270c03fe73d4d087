//! The last look before a system disk is overwritten: the set on the drive and the disks that it was made of.

use domfleet_shared::migration::Permit;
use domfleet_shared::migration::reset::{Difference, Look};
use domfleet_shared::set_answers::Found;

use super::appliance::ApplianceFile;
use super::compare::compare;
use super::create::is_disk_as_copied;
use super::error::BackupError;
use super::journal::JournalError;
use super::medium::Medium;
use super::names::Folder;
use super::restore::Sealed;
use super::source::Sources;
use super::standing::{self, Standing};
use super::tools::Tools;
use super::verify::{Proof, read_back};

/// Reads every byte of the set that `permit` names, and then looks whether each disk is as it was copied:
/// `sources` are the disks of the system that is to go, where there still is one. Writes nothing.
///
/// What it finds is an answer; an error says only that the drive itself does not give one, and is as good as a
/// no.
pub fn last_look<M: Medium>(
    tools: Tools<'_, M>,
    permit: &Permit,
    sources: Option<&impl Sources>,
) -> Result<Look, BackupError> {
    let folder = Folder::new(permit.set);
    let (hash, proof) = match read_back(tools, &folder) {
        Ok(read) => read,
        Err(BackupError::NotSealed) => return Ok(Look::Bad(Difference::NoSet(permit.set))),
        Err(BackupError::Damaged(damage)) => return Ok(damaged(&damage)),
        Err(BackupError::Journal(error)) if !matches!(error, JournalError::Io(_)) => {
            return Ok(damaged(&error));
        }
        Err(error) => return Err(error),
    };
    if (hash, proof.manifest.generation) != (permit.manifest, permit.generation) {
        return Ok(Look::Bad(Difference::OtherSet));
    }
    if let Some(damage) = proof.damages.first() {
        return Ok(damaged(damage));
    }
    let Some(sources) = sources else { return Ok(Look::Good) };
    let difference = changed(tools, &folder, &proof, sources)?;
    Ok(difference.map_or(Look::Good, Look::Bad))
}

/// The files of the appliance that are in the set which `permit` names; nothing where that set is not on the medium.
pub fn appliance_files<M: Medium>(
    tools: Tools<'_, M>,
    permit: &Permit,
) -> Result<Option<Vec<ApplianceFile>>, BackupError> {
    let standing = Standing::of(&standing::read(tools.medium, &Folder::new(permit.set))?.records);
    if standing.sealed != Some(permit.manifest) {
        return Ok(None);
    }
    Sealed::open(tools, permit.set)?.appliance().map(Some)
}

fn damaged(what: &impl ToString) -> Look {
    Look::Bad(Difference::Damaged(what.to_string()))
}

/// The first disk that is not as it was copied.
fn changed<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
    proof: &Proof,
    sources: &impl Sources,
) -> Result<Option<Difference>, BackupError> {
    let standing = Standing::of(&standing::read(tools.medium, folder)?.records);
    for vm in &proof.manifest.vms {
        let changed = |disk: &str| Difference::Changed { vm: vm.uuid, disk: disk.to_owned() };
        let mut is_to_be_read = false;
        for (id, disk) in vm.disks() {
            match is_disk_as_copied(&standing, id, &disk.planned, sources) {
                Ok(Some(true)) => {}
                Ok(Some(false)) => return Ok(Some(changed(&disk.planned.path))),
                // A volume has no time of its last write.
                Ok(None) => is_to_be_read = true,
                Err(BackupError::Source { path, source }) => {
                    return Ok(Some(Difference::Unreadable(format!("{path}: {source}"))));
                }
                Err(error) => return Err(error),
            }
        }
        if !is_to_be_read {
            continue;
        }
        let sealed = Sealed::open(tools, proof.manifest.set)?;
        let compared = compare(&sealed, Some(vm.uuid), sources)?;
        match compared.disks.into_iter().find(|disk| disk.found != Found::Same) {
            None => {}
            Some(disk) => match disk.found {
                Found::Unreadable { why } => {
                    return Ok(Some(Difference::Unreadable(format!("{}: {why}", disk.path))));
                }
                _ => return Ok(Some(changed(&disk.path))),
            },
        }
    }
    Ok(None)
}
