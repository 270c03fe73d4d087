//! Which set a backup goes on with: after an unplugging, a power cut, a freeze.

use super::create::is_as_copied;
use super::error::BackupError;
use super::list::{self, Listed};
use super::medium::Medium;
use super::prepare::Prepared;
use super::source::Sources;
use super::tools::Tools;

/// What was prepared, as the newest set of the medium that was begun with the same disks and is not
/// finished; as it is where there is no such set. One that is encrypted is gone on with by whoever has its
/// key, and wants the new one encrypted too.
pub fn resume<M: Medium>(
    tools: Tools<'_, M>,
    prepared: Prepared,
    sources: &impl Sources,
) -> Result<Prepared, BackupError> {
    let medium = tools.medium;
    let listed = list::list(medium)?;
    let unfinished = listed.iter().rev().filter(|set| is_unfinished(medium, set, sources));
    let begun = unfinished
        .filter(|set| tools.keys.opens(set.plan.key))
        .find_map(|set| prepared.as_begun(&set.plan));
    Ok(begun.unwrap_or(prepared))
}

/// A set that was sealed and not proved, or not protected though it was to be, is finished too, if a disk
/// has changed since.
pub(super) fn is_unfinished(medium: &impl Medium, set: &Listed, sources: &impl Sources) -> bool {
    let is_sealed = set.manifest.is_some();
    let is_proved = set.verified.is_some() && (set.is_protected || !set.plan.parity);
    let is_open = !is_proved && set.trouble.is_none();
    is_open && (!is_sealed || is_as_copied(medium, &set.plan, sources).unwrap_or(false))
}
