//! What sets there are on a medium.

use std::io;

use domfleet_shared::Timestamp;
use domfleet_shared::id::SetId;

use super::documents::{LONGEST, Manifest, PLAN, Plan};
use super::durable;
use super::error::BackupError;
use super::hash::Hash;
use super::journal;
use super::medium::Medium;
use super::names::{Folder, SETS};
use super::standing::{Event, Standing};
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
            plan => plan.map_err(&failed)?,
        };
        let Some(plan) = plan else { continue };
        let hash = Hash::of(&plan);
        let Ok(plan) = Plan::decode(&plan) else {
            tracing::warn!(%set, "a set whose plan cannot be understood is left out");
            continue;
        };
        found.push(look(medium, &folder, plan, hash));
    }
    Ok(found)
}

fn look(medium: &impl Medium, folder: &Folder, plan: Plan, hash: Hash) -> Listed {
    let mut listed =
        Listed { set: folder.set, plan, manifest: None, verified: None, trouble: None };
    match stands(medium, folder, hash) {
        Ok((manifest, verified)) => (listed.manifest, listed.verified) = (manifest, verified),
        Err(error) => listed.trouble = Some(error),
    }
    listed
}

fn stands(
    medium: &impl Medium,
    folder: &Folder,
    plan: Hash,
) -> Result<(Option<Manifest>, Option<Timestamp>), BackupError> {
    let standing = Standing::of(&journal::read::<Event>(medium, folder)?.records);
    let Some(sealed) = standing.sealed else { return Ok((None, None)) };
    let manifest = verify::manifest(medium, folder, sealed)?;
    // What is not what was written cannot be what was verified.
    let verified = standing.verified.filter(|_| standing.plan == Some(plan));
    Ok((Some(manifest), verified))
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
