//! USB drives.

use std::sync::Arc;

use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::usb::UsbDrive;
use serde_json::{Value, json};

use super::{Place, Work, WorkError, answer, apart};
use crate::meter::Meter;
use crate::usb::Usb;
use crate::usb::prepare::PrepareError;
use crate::usb::qualify::QualifyError;

pub(super) async fn carry_out(
    place: &Place,
    work: Work,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    let usb = place.usb.clone();
    match work {
        Work::ListDrives => {
            let drives = apart(move || Ok(usb.drives())).await?;
            Ok(json!({ "drives": drives }))
        }
        Work::QualifyDrive { drive: wanted, mode, erase } => {
            let found = find(&usb, &wanted).await?;
            let smart = usb.smart(&found).await;
            let listening = Arc::clone(meter);
            let typed = erase.then(|| wanted.consent().to_owned());
            let qualify = move || {
                usb.qualify(&found, mode, typed.as_deref(), smart, &*listening).map_err(|error| {
                    match &error {
                        QualifyError::Cancelled(_) => WorkError::Cancelled,
                        QualifyError::Refused(_) | QualifyError::NotBlank { .. } => {
                            WorkError::because("refused", &error)
                        }
                        _ => WorkError::because("drive", &error),
                    }
                })
            };
            answer(&apart(qualify).await?)
        }
        Work::PrepareDrive(wanted) => {
            let found = find(&usb, &wanted).await?;
            let (typed, now) = (Some(wanted.consent()), place.clock.now());
            let ready = usb.prepare(&found, typed, now, &**meter).await;
            let ready = ready.map_err(|error| match &error {
                PrepareError::Cancelled(_) => WorkError::Cancelled,
                PrepareError::System { .. } | PrepareError::ReadOnly(_) => {
                    WorkError::because("refused", &error)
                }
                _ => WorkError::because("drive", &error),
            })?;
            Ok(json!({ "drive": ready }))
        }
        _ => Err(WorkError::failed("unknown_kind", "that is no work on a USB drive")),
    }
}

/// The drive that is meant, if it is still there under that name.
async fn find(usb: &Usb, wanted: &DriveAt) -> Result<UsbDrive, WorkError> {
    let looking = usb.clone();
    let drives = apart(move || Ok(looking.drives())).await?;
    drives.into_iter().find(|drive| wanted.is(drive)).ok_or_else(|| {
        let DriveAt { path, size_bytes, serial } = wanted;
        let serial = serial.as_deref().unwrap_or("none");
        let why = format!(
            "{path} is not the drive that was meant ({size_bytes} bytes, serial number {serial}): \
             look at the list of drives again"
        );
        WorkError::failed("not_found", why)
    })
}
