//! What sets there are on a medium.

use std::io;

use domfleet_shared::Timestamp;
use domfleet_shared::id::SetId;

use super::documents::{LONGEST, Manifest, PLAN, Plan};
use super::durable;
use super::error::BackupError;
use super::hash::Hash;
use super::medium::Medium;
use super::names::{Folder, SETS};
use super::parity::{copies, mark};
use super::standing::{self, Standing};
use super::verify;

/// A set, as far as its documents tell.
#[derive(Debug)]
pub struct Listed {
    /// The set.
    pub set: SetId,
    /// What is to be in it.
    pub plan: Plan,
    /// What is in it, once it is sealed.
    pub manifest: Option<Manifest>,
    /// When every byte of it was read back and found whole, with nothing written since.
    pub verified: Option<Timestamp>,
    /// Whether parity of it was made and read back, and none of that was found damaged since.
    pub is_protected: bool,
    /// Why more cannot be said.
    pub trouble: Option<BackupError>,
}

/// The sets of a medium, oldest first. A folder that holds no plan was never begun, and is left out.
pub fn list(medium: &impl Medium) -> Result<Vec<Listed>, BackupError> {
    let failed = BackupError::medium("looking for backup sets");
    let mut found = Vec::new();
    for name in medium.list(SETS).map_err(&failed)? {
        let Ok(set) = name.parse::<SetId>() else { continue };
        let folder = Folder::new(set);
        let plan = match durable::read(medium, &folder.file(PLAN), LONGEST) {
            // A stranger's file, or a link, that is called as a set is.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => continue,
            Ok(None) => continue,
            Ok(Some(plan)) => {
                Ok(Plan::decode(&plan).ok().map(|read| (read, Some(Hash::of(&plan)))))
            }
            Err(error) => Err(error),
        };
        let plan = match plan {
            Ok(Some(plan)) => Some(plan),
            // Of a set that is protected there is another.
            bad => match copied_plan(medium, &folder) {
                Some(plan) => Some((plan, None)),
                None => bad.map_err(&failed)?,
            },
        };
        let Some((plan, hash)) = plan else {
            tracing::warn!(%set, "a set whose plan cannot be understood is left out");
            continue;
        };
        found.push(look(medium, &folder, plan, hash));
    }
    Ok(found)
}

/// The copy of the plan that is on record.
fn copied_plan(medium: &impl Medium, folder: &Folder) -> Option<Plan> {
    let records = standing::read(medium, folder).ok()?.records;
    let hash = Standing::of(&records).plan?;
    let found = copies::read(medium, folder, &folder.file(PLAN), hash).ok()??;
    Plan::decode(&found.bytes).ok()
}

/// `hash` is that of the plan; nothing where it had to be the copy.
fn look(medium: &impl Medium, folder: &Folder, plan: Plan, hash: Option<Hash>) -> Listed {
    let mut listed = Listed {
        set: folder.set,
        plan,
        manifest: None,
        verified: None,
        is_protected: false,
        trouble: None,
    };
    match stands(medium, folder, hash) {
        Ok(Some((manifest, verified, is_protected))) => {
            (listed.manifest, listed.verified) = (Some(manifest), verified);
            listed.is_protected = is_protected;
        }
        Ok(None) => {}
        Err(error) => listed.trouble = Some(error),
    }
    listed
}

fn stands(
    medium: &impl Medium,
    folder: &Folder,
    plan: Option<Hash>,
) -> Result<Option<(Manifest, Option<Timestamp>, bool)>, BackupError> {
    let standing = Standing::of(&standing::read(medium, folder)?.records);
    let Some(sealed) = standing.sealed else { return Ok(None) };
    let (manifest, is_copy) = verify::manifest(medium, folder, sealed)?;
    // What is not what was written cannot be what was verified.
    let verified =
        standing.verified.filter(|_| !is_copy && plan.is_some() && standing.plan == plan);
    Ok(Some((manifest, verified, mark::is_there(medium, folder, sealed))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::folder;

    #[test]
    fn what_is_only_called_as_a_set_is_hides_no_other() {
        let drive = tempfile::tempdir().unwrap();
        let sets = drive.path().join(SETS);
        std::fs::create_dir_all(sets.join(SetId::new().to_string())).unwrap();
        std::fs::write(sets.join(SetId::new().to_string()), "a stranger's").unwrap();
        std::os::unix::fs::symlink("/etc", sets.join(SetId::new().to_string())).unwrap();

        let listed = list(&folder::Folder::open(drive.path()).unwrap());

        assert_eq!(listed.unwrap().len(), 0);
    }
}
