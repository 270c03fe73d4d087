//! What whoever stands before the appliance is shown of its migration: what he has to do, what for, and how
//! long the VMs have been off. No ids, and nothing of the VMs: a link may be seen by anybody on its way.

use domfleet_shared::Timestamp;
use domfleet_shared::id::DriveId;
use domfleet_shared::migration::preflight::{Report, Stick};
use domfleet_shared::migration::talk::Waits;
use domfleet_shared::migration::task::Task;
use domfleet_shared::migration::{Event, Record};
use domfleet_shared::usb::{Usage, UsbDrive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::MigrationPhase;

/// A migration, for the person on site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OnSite {
    /// The appliance's name.
    pub appliance: String,
    /// The name of the site.
    pub site: Option<String>,
    /// Where it is.
    pub phase: MigrationPhase,
    /// What it waits for, where it waits.
    pub waits: Option<Waits>,
    /// What people do, step by step.
    pub tasks: Vec<Task>,
    /// What the backup drive is known by.
    pub drive: Option<DriveLabel>,
    /// What is known of the recovery stick.
    pub stick: Stick,
    /// Since when the VMs are off, by the appliance's clock.
    pub vms_off_since: Option<Timestamp>,
    /// When they were back.
    pub vms_back_at: Option<Timestamp>,
    /// How long they may be off before the permit.
    pub downtime_seconds: u64,
    /// When the appliance last told of it.
    pub heard_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Until when the link is good, at most.
    pub expires_at: Timestamp,
}

/// What is printed on a drive, or what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OnSiteDrive)]
pub struct DriveLabel {
    /// Its name, as it says itself.
    pub name: Option<String>,
    /// The serial number of its hardware.
    pub serial: Option<String>,
    /// How large it is.
    pub size_bytes: u64,
}

impl From<&UsbDrive> for DriveLabel {
    fn from(drive: &UsbDrive) -> Self {
        let hardware = &drive.hardware;
        let words = [hardware.vendor.as_deref(), hardware.model.as_deref()];
        let name = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Self {
            name: (!name.is_empty()).then_some(name),
            serial: hardware.serial.clone(),
            size_bytes: drive.size_bytes,
        }
    }
}

/// What the preflight saw of the drive.
pub fn seen_before(report: &Report, drive: DriveId) -> Option<DriveLabel> {
    let is_it = |usage: &Usage| matches!(usage, Usage::Ours { drive: known } if *known == drive);
    let found = report.facts.drives.iter().find(|seen| is_it(&seen.usage))?;
    Some(DriveLabel {
        name: found.model.clone(),
        serial: found.serial.clone(),
        size_bytes: found.size_bytes,
    })
}

/// Since when the VMs are off, and when they were back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Off {
    pub since: Option<Timestamp>,
    pub back: Option<Timestamp>,
}

impl Off {
    /// As the journal tells it. Those that were back when a rollback was asked for are off from the reset on.
    pub fn of(records: &[Record]) -> Self {
        let (mut off, mut before) = (Self::default(), Self::default());
        for Record { at, event, .. } in records {
            match event {
                Event::VmStopped { .. } | Event::Adopted { .. } if off.since.is_none() => {
                    off.since = Some(*at);
                }
                Event::Soaking { .. } | Event::Ended { .. } if off.since.is_some() => {
                    off.back = off.back.or(Some(*at));
                }
                Event::RollingBack { .. } => {
                    before = off;
                    if off.back.is_some() {
                        off = Self::default();
                    }
                }
                Event::WayBackWithdrawn { .. } => off = before,
                _ => {}
            }
        }
        off
    }
}
