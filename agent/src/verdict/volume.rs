//! Whether a step that changes a volume has taken effect.

use domfleet_shared::inventory::Volume;

use super::Verdict;
use crate::dom0::{Observed, Step};

pub(super) fn of(step: &Step, host: &Observed) -> Verdict {
    match step {
        Step::GrowVolume { lv_uuid, size_bytes, .. } => {
            seen(host, lv_uuid, |volume| volume.size_bytes >= *size_bytes)
        }
        Step::RenameVolume { lv_uuid, name, to, .. } => match host.volume(lv_uuid) {
            Ok(Some(volume)) if volume.name == *to => Verdict::Done,
            Ok(Some(volume)) if volume.name == *name => Verdict::NotDone,
            Ok(Some(volume)) => {
                Verdict::Impossible(format!("somebody renamed it to {}", volume.name))
            }
            Ok(None) => Verdict::Impossible("the volume is gone".to_owned()),
            Err(error) => Verdict::Unseen(error),
        },
        Step::RevertVolume { lv_uuid, origin_uuid, .. } => reverted(host, lv_uuid, origin_uuid),
        _ => Verdict::NotDone,
    }
}

fn seen(host: &Observed, lv_uuid: &str, is_so: impl Fn(&Volume) -> bool) -> Verdict {
    match host.volume(lv_uuid) {
        Ok(Some(volume)) if is_so(volume) => Verdict::Done,
        Ok(Some(_)) => Verdict::NotDone,
        Ok(None) => Verdict::Impossible("the volume is gone".to_owned()),
        Err(error) => Verdict::Unseen(error),
    }
}

/// A snapshot is used up by being merged: once LVM has begun, it says so until there is none.
fn reverted(host: &Observed, snapshot: &str, origin: &str) -> Verdict {
    match (host.volume(snapshot), host.volume(origin)) {
        (Err(error), _) | (_, Err(error)) => Verdict::Unseen(error),
        (_, Ok(None)) => Verdict::Impossible("the origin is gone".to_owned()),
        (Ok(None), Ok(Some(_))) => Verdict::Done,
        (Ok(Some(snapshot)), Ok(Some(origin))) => {
            if is_merging(snapshot) || is_merging(origin) {
                Verdict::UnderWay
            } else {
                Verdict::NotDone
            }
        }
    }
}

/// The first letter of `lv_attr`: `S` for a snapshot that is merged, `O` for its origin.
fn is_merging(volume: &Volume) -> bool {
    volume.attributes.starts_with(['S', 'O'])
}
