//! Disk images.

use std::sync::Arc;

use serde_json::Value;

use super::{Image, Work, WorkError, answer, apart};
use crate::image::convert::{ConvertError, convert};
use crate::image::inspect::inspect;
use crate::image::repair::{RepairError, repair};
use crate::image::{self, ImageError};
use crate::meter::Meter;

pub(super) async fn carry_out(work: Work, meter: &Arc<dyn Meter>) -> Result<Value, WorkError> {
    match work {
        Work::CheckImage(Image { path, format }) => {
            let listening = Arc::clone(meter);
            let look = move || image::look(&path, format, &*listening).map_err(unseen);
            answer(&apart(look).await?)
        }
        Work::InspectImage(Image { path, format }) => {
            let listening = Arc::clone(meter);
            let look = move || inspect(&path, format, &*listening).map_err(unseen);
            answer(&apart(look).await?)
        }
        Work::RepairImage(wanted) => {
            answer(&repair(&wanted, meter).await.map_err(|error| unrepaired(&error))?)
        }
        Work::ConvertImage(wanted) => {
            answer(&convert(&wanted, meter).await.map_err(|error| unconverted(&error))?)
        }
        _ => Err(WorkError::failed("unknown_kind", "that is no work on an image")),
    }
}

fn unseen(error: ImageError) -> WorkError {
    match error {
        ImageError::Cancelled(_) => WorkError::Cancelled,
        error => WorkError::because("unreadable", &error),
    }
}

fn unrepaired(error: &RepairError) -> WorkError {
    let code = match error {
        RepairError::Cancelled(_) | RepairError::Source(ImageError::Cancelled(_)) => {
            return WorkError::Cancelled;
        }
        RepairError::InUse { .. } => "in_use",
        RepairError::File(_) => "target",
        RepairError::Whole(_) | RepairError::Beyond { .. } | RepairError::Corrupt { .. } => "unfit",
        _ => "failed",
    };
    WorkError::because(code, error)
}

fn unconverted(error: &ConvertError) -> WorkError {
    let code = match error {
        ConvertError::Cancelled(_) | ConvertError::Source(ImageError::Cancelled(_)) => {
            return WorkError::Cancelled;
        }
        ConvertError::Unfinished { .. } => "unfinished",
        ConvertError::InUse { .. } => "in_use",
        ConvertError::Unfit { .. } => "unfit",
        ConvertError::File(_) | ConvertError::Volume(_) | ConvertError::Format(_) => "target",
        _ => "failed",
    };
    WorkError::because(code, error)
}
