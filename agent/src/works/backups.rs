//! Backup sets on a drive.
//!
//! [`carry_out_on`] does the work on whatever holds the sets; only opening the drive is this
//! machine's.

mod keeping;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::backup_set::{SetDisk, SetSummary, SetVm, SetsOnDrive};
use domfleet_shared::id::{DriveId, SetId, VmId};
use domfleet_shared::operation::backup::{RestoreFolder, RestoreTo};
use serde_json::{Value, json};

use self::keeping::Left;
use super::{Place, Work, WorkError, answer, apart};
use crate::backup::appliance::OfAppliance;
use crate::backup::documents::{Manifest, Plan, SavedVm};
use crate::backup::error::{BackupError, Damage};
use crate::backup::files::DiskFiles;
use crate::backup::identity::Identity;
use crate::backup::list::{self, Listed};
use crate::backup::medium::Medium;
use crate::backup::on_drive::{DriveError, Failure, on_drive};
use crate::backup::paced::Paced;
use crate::backup::pipeline::Width;
use crate::backup::prepare::{Prepared, prepare_for};
use crate::backup::restore::Sealed;
use crate::backup::snapshots::FromSnapshots;
use crate::backup::source::Sources;
use crate::backup::to_folder::{self, Restored};
use crate::backup::tools::Tools;
use crate::backup::volumes::{self, Group, Run};
use crate::backup::{self, begun, to_volumes};
use crate::clock::Clock;
use crate::dom0::Dom0Error;
use crate::meter::Meter;
use crate::usb::mount::{Access, MountError};

pub(super) async fn carry_out(
    place: &Place,
    work: Work,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    let (place, listening) = (place.clone(), Arc::clone(meter));
    apart(move || {
        let (drive, access) = match &work {
            Work::ListSets(drive) | Work::RestoreVm { drive, .. } => (*drive, Access::ReadOnly),
            Work::BackUp { drive, .. } | Work::VerifySets { drive, .. } => {
                (*drive, Access::ReadWrite)
            }
            _ => return Err(WorkError::failed("unknown_kind", "that is no work on a backup")),
        };
        on_drive(&place.usb, (drive, access), &*listening, |mounted| {
            let tools = (&place.clock, &*listening);
            let runtime = tokio::runtime::Handle::current();
            let run = |program: &str, arguments: &[&str]| {
                runtime.block_on(volumes::run(program, arguments))
            };
            let machine = (Some(place.usb.root()), &run as Run<'_>);
            work_on(mounted, (drive, &place.configs), &work, tools, machine)
        })
    })
    .await
}

/// Does `work` on the sets of `medium`, which is `drive`. Blocks, and is to be called from within a
/// runtime.
pub fn carry_out_on<M: Medium>(
    medium: &M,
    on: (DriveId, &Path),
    work: &Work,
    tools: (&Clock, &dyn Meter),
) -> Result<Value, WorkError> {
    let nobody = |program: &str, _: &[&str]| Err(Dom0Error::not_run(program, "there is no dom0"));
    work_on(medium, on, work, tools, (None, &nobody))
}

/// The same where `run` answers for the volume manager, which is asked how snapshots are.
pub fn carry_out_with<M: Medium>(
    medium: &M,
    on: (DriveId, &Path),
    work: &Work,
    tools: (&Clock, &dyn Meter),
    run: Run<'_>,
) -> Result<Value, WorkError> {
    work_on(medium, on, work, tools, (None, run))
}

/// On `machine`, whose files are below that folder, a backup gives way to the guests, and holds the
/// machine's network configuration.
fn work_on<M: Medium>(
    medium: &M,
    (drive, configs_to): (DriveId, &Path),
    work: &Work,
    (clock, meter): (&Clock, &dyn Meter),
    (machine, run): (Option<&Path>, Run<'_>),
) -> Result<Value, WorkError> {
    let tools = Tools { medium, clock, meter, width: Width::of_the_machine() };
    match work {
        Work::ListSets(_) => {
            let sets =
                list::list(medium).map_err(|error| failed(&error))?.iter().map(summary).collect();
            answer(&SetsOnDrive { drive, sets, is_complete: true })
        }
        Work::BackUp { configs, snapshots, keep, .. } => {
            let (set, paced) = match machine {
                None => {
                    let inner = DiskFiles;
                    (back_up(tools, configs, &FromSnapshots { inner, snapshots, run })?, None)
                }
                Some(root) => {
                    let inner = OfAppliance::new(root);
                    back_up_paced(tools, configs, &FromSnapshots { inner, snapshots, run })?
                }
            };
            let Left { sets, is_complete, removed } = keeping::tidy(tools, set, *keep);
            let mut said = answer(&SetsOnDrive { drive, sets, is_complete })?;
            said["paced_seconds"] = json!(paced.map(|paced| paced.as_secs_f64()));
            said["removed"] = json!(removed);
            Ok(said)
        }
        Work::VerifySets { set, .. } => {
            let sets = verify(tools, *set)?;
            answer(&SetsOnDrive { drive, sets, is_complete: set.is_none() })
        }
        Work::RestoreVm { set, vm, to, .. } => restore(tools, (*set, *vm), to, configs_to),
        _ => Err(WorkError::failed("unknown_kind", "that is no work on a backup")),
    }
}

fn back_up<M: Medium>(
    tools: Tools<'_, M>,
    configs: &[PathBuf],
    sources: &impl Sources,
) -> Result<SetSummary, WorkError> {
    let prepared = prepared(tools, configs, sources)?;
    create(tools, &prepared, sources)
}

/// The same, giving way to the guests, and for how long it has waited for them.
fn back_up_paced<M: Medium>(
    tools: Tools<'_, M>,
    configs: &[PathBuf],
    sources: &impl Sources,
) -> Result<(SetSummary, Option<Duration>), WorkError> {
    let prepared = prepared(tools, configs, sources)?;
    let paced = Paced::for_plan(tools.meter, &prepared.plan);
    let set = create(Tools { meter: &paced, ..tools }, &prepared, sources)?;
    Ok((set, paced.paced()))
}

fn prepared<M: Medium>(
    tools: Tools<'_, M>,
    configs: &[PathBuf],
    sources: &impl Sources,
) -> Result<Prepared, WorkError> {
    let prepared = prepare_for(configs, tools.clock.now(), sources)
        .map_err(|blockers| WorkError::because("refused", &blockers))?;
    begun::resume(tools.medium, prepared, sources).map_err(|error| failed(&error))
}

fn create<M: Medium>(
    tools: Tools<'_, M>,
    prepared: &Prepared,
    sources: &impl Sources,
) -> Result<SetSummary, WorkError> {
    let proof = backup::create(tools, &prepared.plan, &prepared.configs, sources)
        .map_err(|error| failed(&error))?;
    Ok(sealed(&proof.manifest, Some(proof.at), &[]))
}

fn verify<M: Medium>(
    tools: Tools<'_, M>,
    wanted: Option<SetId>,
) -> Result<Vec<SetSummary>, WorkError> {
    let listed = list::list(tools.medium).map_err(|error| failed(&error))?;
    let chosen: Vec<&Listed> =
        listed.iter().filter(|listed| wanted.is_none_or(|set| set == listed.set)).collect();
    if chosen.is_empty() {
        return Err(WorkError::failed("not_found", "there is no such backup set on the drive"));
    }
    let mut sets = Vec::new();
    for listed in chosen {
        match backup::verify(tools, listed.set) {
            Ok(proof) => {
                let verified = proof.damages.is_empty().then_some(proof.at);
                sets.push(sealed(&proof.manifest, verified, &proof.damages));
            }
            Err(error) if error.is_of_the_medium() || error.is_cancelled() => {
                return Err(failed(&error));
            }
            Err(error) => {
                let mut set = summary(listed);
                set.verified_at = None;
                set.troubles = vec![error.to_string()];
                sets.push(set);
            }
        }
    }
    Ok(sets)
}

fn restore<M: Medium>(
    tools: Tools<'_, M>,
    (set, vm): (Option<SetId>, VmId),
    to: &RestoreTo,
    configs_to: &Path,
) -> Result<Value, WorkError> {
    let listed = list::list(tools.medium).map_err(|error| failed(&error))?;
    let holds = |listed: &&Listed| {
        let mut vms = listed.manifest.iter().flat_map(|manifest| &manifest.vms);
        set.is_none_or(|set| set == listed.set) && vms.any(|saved| saved.uuid == vm)
    };
    let not_there = || {
        let why = format!("no finished backup set on the drive holds a VM {vm}");
        WorkError::failed("not_found", why)
    };
    let newest = listed.iter().rev().find(holds).ok_or_else(not_there)?;
    let sealed = Sealed::open(tools, newest.set).map_err(|error| failed(&error))?;
    let saved = sealed.manifest.vms.iter().find(|saved| saved.uuid == vm).ok_or_else(not_there)?;
    let identity = Identity::own(saved);
    let Restored { config, disks } = match to {
        RestoreTo::Folder(RestoreFolder { path, format }) => {
            std::fs::create_dir_all(path)
                .map_err(|error| WorkError::failed("target", format!("{path}: {error}")))?;
            to_folder::restore(&sealed, saved, Path::new(path), *format, &identity)
                .map_err(|error| failed(&error))?
        }
        RestoreTo::VolumeGroup(name) => {
            let runtime = tokio::runtime::Handle::current();
            let run = |program: &str, arguments: &[&str]| {
                runtime.block_on(volumes::run(program, arguments))
            };
            let group =
                Group::open(name, &run).map_err(|error| WorkError::because("target", &error))?;
            to_volumes::restore(&sealed, saved, &group, configs_to, &identity)
                .map_err(|error| failed(&error))?
        }
    };
    Ok(json!({
        "set": newest.set,
        "vm": vm,
        "name": saved.name,
        "config": config,
        "disks": disks,
    }))
}

impl From<DriveError> for WorkError {
    fn from(error: DriveError) -> Self {
        match &error {
            DriveError::Cancelled(_) => Self::Cancelled,
            DriveError::NotFound(not_found) => {
                Self::failed("not_found", format!("{not_found}; plug it in and ask again"))
            }
            DriveError::Mount(MountError::Claimed(_)) => Self::because("in_use", &error),
            _ => Self::because("drive", &error),
        }
    }
}

impl Failure for WorkError {
    fn is_of_the_drive(&self) -> bool {
        matches!(self, Self::Failed(reason) if ["drive", "damaged"].contains(&reason.code.as_str()))
    }
}

fn failed(error: &BackupError) -> WorkError {
    if error.is_cancelled() {
        return WorkError::Cancelled;
    }
    let code = match error {
        error if error.is_of_the_medium() => "drive",
        BackupError::NoRoom { .. } => "no_room",
        BackupError::Exists(_) => "conflict",
        BackupError::Refused(_) => "refused",
        BackupError::Changed(_) => "in_use",
        BackupError::Snapshot(_) => "snapshot",
        BackupError::Damaged(_) | BackupError::Unreliable(_) => "damaged",
        _ => "failed",
    };
    WorkError::because(code, error)
}

/// What is told of a set whose documents were read.
pub fn summary(listed: &Listed) -> SetSummary {
    if let Some(manifest) = &listed.manifest {
        return sealed(manifest, listed.verified, &[]);
    }
    let Plan { set, created_at, vms, .. } = &listed.plan;
    let vms = vms.iter().map(|vm| SetVm {
        uuid: vm.uuid,
        name: vm.name.clone(),
        disks: vm
            .disks
            .iter()
            .map(|disk| SetDisk {
                vdev: disk.vdev.clone(),
                virtual_bytes: disk.virtual_bytes,
                data_bytes: 0,
            })
            .collect(),
        left_out: vm
            .left_out
            .iter()
            .map(|disk| format!("{}: {}", disk.vdev, disk.reason))
            .collect(),
    });
    SetSummary {
        set: *set,
        created_at: *created_at,
        sealed_at: None,
        verified_at: None,
        stored_bytes: 0,
        troubles: listed.trouble.iter().map(ToString::to_string).collect(),
        vms: vms.collect(),
    }
}

fn sealed(
    manifest: &Manifest,
    verified: Option<domfleet_shared::Timestamp>,
    damages: &[Damage],
) -> SetSummary {
    let vm = |vm: &SavedVm| SetVm {
        uuid: vm.uuid,
        name: vm.name.clone(),
        disks: vm
            .disks
            .iter()
            .map(|disk| SetDisk {
                vdev: disk.planned.vdev.clone(),
                virtual_bytes: disk.planned.virtual_bytes,
                data_bytes: disk.data_bytes,
            })
            .collect(),
        left_out: vm
            .left_out
            .iter()
            .map(|disk| format!("{}: {}", disk.vdev, disk.reason))
            .collect(),
    };
    // All of them would be a book where a drive is dying.
    let mut troubles: Vec<String> = damages.iter().take(20).map(ToString::to_string).collect();
    if damages.len() > troubles.len() {
        troubles.push(format!("and {} more", damages.len() - troubles.len()));
    }
    SetSummary {
        set: manifest.set,
        created_at: manifest.created_at,
        sealed_at: Some(manifest.sealed_at),
        verified_at: verified,
        stored_bytes: manifest.stored_bytes(),
        troubles,
        vms: manifest.vms.iter().map(vm).collect(),
    }
}
