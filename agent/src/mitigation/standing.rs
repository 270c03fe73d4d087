//! How mitigations stand: by the files, by the kernel, and by what was applied.

use domfleet_shared::mitigation::{Mitigation, MitigationStanding, MitigationStatus};

use super::edits::edits;
use super::error::MitigationError;
use super::force;
use super::host::Host;
use super::record::Record;
use super::release::Offer;
use super::system::System;

/// How one stands. Says the same as long as nothing changes.
pub(super) fn standing(
    which: Mitigation,
    host: &Host,
    system: &impl System,
    record: &Record,
) -> Result<MitigationStanding, MitigationError> {
    let ours = record.applied.get(&which);
    let lacks = force::lacks(which, host);
    let (status, reasons) = match (host.offer, ours) {
        (Offer::BuiltIn, None) if lacks.is_empty() => (MitigationStatus::BuiltIn, Vec::new()),
        (Offer::BuiltIn, None) => (MitigationStatus::Drifted, lacks),
        (Offer::NotFor2x | Offer::UnknownRelease, None) => (
            MitigationStatus::NotOffered,
            host.offer.refusal().map(str::to_owned).into_iter().collect(),
        ),
        (Offer::Offered, None) => match edits(which, host, system, None) {
            Err(MitigationError::Refused(why)) => (MitigationStatus::Refused, vec![why]),
            Err(error) => return Err(error),
            Ok(found) => {
                let open = found.files.iter().filter(|edit| !edit.is_done());
                let open: Vec<String> =
                    open.map(|edit| format!("{} does not say it", edit.path)).collect();
                let is_so = open.is_empty() && lacks.is_empty();
                let status =
                    if is_so { MitigationStatus::Applied } else { MitigationStatus::NotApplied };
                (status, [open, lacks].concat())
            }
        },
        (_, Some(applied)) => {
            let mut gone = match edits(which, host, system, None) {
                Err(MitigationError::Refused(why)) => vec![why],
                Err(error) => return Err(error),
                Ok(found) => {
                    let gone = found.files.iter().filter(|edit| !edit.is_done());
                    gone.map(|edit| format!("{} does not say it any more", edit.path)).collect()
                }
            };
            if applied.owes_commit {
                gone.push("lbu has not kept it over a reboot: apply it again".into());
            }
            if gone.is_empty() && lacks.is_empty() {
                (MitigationStatus::Applied, Vec::new())
            } else if gone.is_empty() && applied.boot_id == host.boot_id && !applied.was_in_force {
                (MitigationStatus::PendingReboot, lacks)
            } else {
                (MitigationStatus::Drifted, [gone, lacks].concat())
            }
        }
    };
    let runtime = force::values(which, host);
    Ok(MitigationStanding { which, status, ours: ours.is_some(), reasons, runtime })
}
