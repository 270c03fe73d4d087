//! What takes long on a simulated appliance: images and backups are this machine's own files, and the
//! agent's real code works on them; USB drives are made up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domfleet_agent::backup::cipher::Keyring;
use domfleet_agent::backup::folder::Folder;
use domfleet_agent::dom0::Dom0Error;
use domfleet_agent::meter::Meter;
use domfleet_agent::mitigation::OnDisk;
use domfleet_agent::usb::Usb;
use domfleet_agent::works::{self, Place, Stress, Work, WorkError, backups, mitigations};
use domfleet_shared::id::DriveId;
use domfleet_shared::operation::stress::{StressRun, Survived, chance_of_death};
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::usb::{
    DriveIdentity, PartitionTable, Qualification, Usage, UsbDrive, UsbHardware,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::boot::Happening;
use super::host::Host;
use super::preflight;

/// A USB drive of a simulated appliance.
#[derive(Clone, Debug)]
pub struct SimDrive {
    /// What is seen of it.
    pub(super) seen: UsbDrive,
    /// What it really holds.
    pub(super) true_bytes: u64,
    /// Where this machine keeps what is on it.
    folder: PathBuf,
    /// Whether it is plugged in.
    pub(super) is_plugged_in: bool,
}

impl Host {
    /// Somebody plugs a new drive in that says so of itself, and really holds `true_bytes`. What is
    /// written to it goes into `folder`.
    pub fn plug_in_drive(&self, serial: &str, true_bytes: u64, folder: PathBuf) -> DriveAt {
        let size_bytes = 64 << 30;
        let hardware = UsbHardware {
            vendor_id: "0781".into(),
            product_id: "5581".into(),
            serial: Some(serial.to_owned()),
            model: Some("Ultra".into()),
            port: Some("2-1".into()),
            speed_megabits: Some(5000),
            ..UsbHardware::default()
        };
        let mut state = self.state();
        let letter = char::from(b'b' + u8::try_from(state.drives.len()).unwrap_or(0));
        let seen = UsbDrive {
            path: format!("/dev/sd{letter}"),
            size_bytes,
            hardware,
            read_only: false,
            table: PartitionTable::None,
            content: None,
            mounted_at: Vec::new(),
            partitions: Vec::new(),
            usage: Usage::Empty,
            identity: DriveIdentity {
                size_bytes,
                serial: Some(serial.to_owned()),
                ..DriveIdentity::default()
            },
        };
        let at = DriveAt::of(&seen);
        state.drives.push(SimDrive { seen, true_bytes, folder, is_plugged_in: true });
        at
    }

    /// Somebody pulls the drive out, or plugs it in again.
    pub fn set_plugged_in(&self, serial: &str, is_plugged_in: bool) {
        for drive in &mut self.state().drives {
            if drive.seen.hardware.serial.as_deref() == Some(serial) {
                drive.is_plugged_in = is_plugged_in;
            }
        }
    }

    /// The drives that are plugged in.
    pub fn drives(&self) -> Vec<UsbDrive> {
        let state = self.state();
        let plugged_in = state.drives.iter().filter(|drive| drive.is_plugged_in);
        plugged_in.map(|drive| drive.seen.clone()).collect()
    }

    /// A backup's snapshots as files of this machine's, where they have some.
    fn with_contents(&self, mut work: Work) -> Work {
        if let Work::BackUp { snapshots, .. } = &mut work {
            let state = self.state();
            for snapshot in snapshots {
                let name = snapshot.path.file_name().and_then(|name| name.to_str());
                if let Some(content) = name.and_then(|name| state.contents.get(name)) {
                    snapshot.path.clone_from(content);
                }
            }
        }
        work
    }

    /// What LVM says of its volumes.
    fn lvs(&self) -> Vec<u8> {
        let percent = |points: Option<u32>| {
            points
                .map_or_else(String::new, |points| format!("{}.{:02}", points / 100, points % 100))
        };
        let state = self.state();
        let lvs = state.appliance.volumes.iter().map(|volume| {
            json!({
                "lv_uuid": volume.lv_uuid,
                "lv_name": volume.name,
                "vg_name": volume.volume_group,
                "lv_size": volume.size_bytes.to_string(),
                "lv_attr": volume.attributes,
                "lv_tags": "",
                "origin": volume.origin.clone().unwrap_or_default(),
                "data_percent": percent(volume.data_basis_points),
                "metadata_percent": percent(volume.metadata_basis_points),
                "pool_lv": volume.pool.clone().unwrap_or_default(),
                "segtype": volume.segment_type,
            })
        });
        json!({ "report": [{ "lv": lvs.collect::<Vec<_>>() }] }).to_string().into_bytes()
    }

    fn with_drive<T>(
        &self,
        is_it: impl Fn(&UsbDrive) -> bool,
        then: impl FnOnce(&mut SimDrive) -> T,
    ) -> Result<T, WorkError> {
        let mut state = self.state();
        let mut plugged_in = state.drives.iter_mut().filter(|drive| drive.is_plugged_in);
        match plugged_in.find(|drive| is_it(&drive.seen)) {
            Some(drive) => Ok(then(drive)),
            None => Err(WorkError::failed("not_found", "no such drive is plugged in")),
        }
    }
}

/// Does a work there.
pub(super) async fn carry_out(
    host: &Arc<Host>,
    work: Work,
    keys: Keyring,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    match work {
        Work::ListDrives => Ok(json!({ "drives": host.drives() })),
        Work::QualifyDrive { drive: wanted, mode, erase } => host.with_drive(
            |seen| wanted.is(seen),
            |drive| {
                if !erase && matches!(drive.seen.usage, Usage::Foreign { .. }) {
                    return Err(WorkError::failed("refused", "it holds something of somebody's"));
                }
                let claimed_bytes = drive.seen.size_bytes;
                let is_fake = drive.true_bytes < claimed_bytes;
                let said = Qualification {
                    mode,
                    is_fit: !is_fake,
                    claimed_bytes,
                    true_bytes: drive.true_bytes,
                    is_exact: true,
                    is_fake,
                    tested_bytes: 1 << 30,
                    errors: 0,
                    write_rate: None,
                    read_rate: None,
                    smart: None,
                    reasons: Vec::new(),
                };
                Ok(json!(said))
            },
        )?,
        Work::PrepareDrive(wanted) => host.with_drive(
            |seen| wanted.is(seen),
            |drive| {
                let id = DriveId::new();
                drive.seen.usage = Usage::Ours { drive: id };
                drive.seen.identity.drive = Some(id);
                drive.seen.table = PartitionTable::Gpt;
                json!({ "drive": drive.seen })
            },
        ),
        Work::ListSets(drive)
        | Work::BackUp { drive, .. }
        | Work::VerifySets { drive, .. }
        | Work::RestoreVm { drive, .. }
        | Work::CompareSet { drive, .. }
        | Work::PruneSets { drive, .. }
        | Work::ImportSet { drive, .. } => {
            let is_it = |seen: &UsbDrive| seen.identity.drive == Some(drive);
            let folder = host.with_drive(is_it, |drive| drive.folder.clone())?;
            let (clock, listening) = (host.clock(), Arc::clone(meter));
            let (volumes, work) = (Arc::clone(host), host.with_contents(work));
            let blocking = tokio::task::spawn_blocking(move || {
                let unusable = |error: std::io::Error| WorkError::because("drive", &error);
                let medium = Folder::open(&folder).map_err(unusable)?;
                let tools = (&keys, &clock, &*listening);
                let run = |program: &str, _: &[&str]| match program {
                    "lvs" => Ok(volumes.lvs()),
                    other => Err(Dom0Error::not_run(other, "there is none")),
                };
                backups::carry_out_with(&medium, (drive, &folder), &work, tools, &run)
            });
            blocking.await.unwrap_or_else(|error| Err(WorkError::because("unknown", &error)))
        }
        Work::Mitigate(asked) => {
            let done = mitigations::carry_out(&**host, asked, host.now());
            if host.is_cut() {
                host.happen(Happening::PowerCut);
                return std::future::pending().await;
            }
            done
        }
        Work::Preflight(asked) => preflight::answer(host, asked, meter).await,
        Work::Stress(Stress { run, .. }) => under_load(host, &run, meter).await,
        Work::ClearStress(_) => {
            host.state().is_under_load = false;
            Ok(json!({}))
        }
        images => {
            let nowhere = PathBuf::from("/nonexistent");
            let usb = Usb::new(&nowhere, &nowhere);
            let system = OnDisk::new(&nowhere, &nowhere, "");
            let data_dir = nowhere.clone();
            let place = Place { usb, configs: nowhere, clock: host.clock(), system, data_dir };
            works::carry_out(&place, images, keys, meter).await
        }
    }
}

/// Load that nobody feels, for as long as is asked.
async fn under_load(
    host: &Host,
    run: &StressRun,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    const PACE: Duration = Duration::from_millis(50);
    host.state().is_under_load = true;
    let begun = Instant::now();
    while begun.elapsed() < run.duration() && !meter.is_cancelled() {
        meter.begin(&format!("under load for {} s", begun.elapsed().as_secs()), 0);
        tokio::time::sleep(PACE).await;
    }
    host.state().is_under_load = false;
    if meter.is_cancelled() {
        return Err(WorkError::Cancelled);
    }
    let blocks = u64::from(run.jobs()) * run.duration().as_secs() * 1_000;
    let survived = Survived {
        seconds: run.duration().as_secs(),
        read_bytes: blocks * 4096,
        written_bytes: blocks * 4096,
        operations: 2 * blocks,
        slowest_milliseconds: 71,
        chance_of_death: chance_of_death(1.0, run.duration()),
    };
    Ok(json!(survived))
}
