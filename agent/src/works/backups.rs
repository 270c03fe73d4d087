//! Backup sets on a drive.
//!
//! [`carry_out_on`] does the work on whatever holds the sets; only opening the drive is this
//! machine's.

mod comparing;
mod importing;
mod keeping;
mod pruning;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::backup_key::KeyName;
use domfleet_shared::backup_set::{SetDisk, SetSummary, SetVm, SetsOnDrive};
use domfleet_shared::id::{DriveId, SetId, VmId};
use domfleet_shared::operation::backup::{RestoreFolder, RestoreTo};
use serde_json::{Value, json};

use self::keeping::Left;
use super::{AsOther, Place, Work, WorkError, answer, apart};
use crate::backup::appliance::OfAppliance;
use crate::backup::cipher::Keyring;
use crate::backup::documents::{Manifest, Plan, SavedVm};
use crate::backup::error::{BackupError, Damage};
use crate::backup::files::DiskFiles;
use crate::backup::folder::Folder;
use crate::backup::identity::Identity;
use crate::backup::list::{self, Listed};
use crate::backup::medium::Medium;
use crate::backup::on_drive::{DriveError, Failure, on_drive};
use crate::backup::paced::Paced;
use crate::backup::parity;
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
use crate::migration::{holds, kept};
use crate::usb::mount::{Access, MountError};

pub(super) async fn carry_out(
    place: &Place,
    work: Work,
    keys: Keyring,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    let (place, listening) = (place.clone(), Arc::clone(meter));
    apart(move || {
        let (drive, access) = match &work {
            Work::ListSets(drive)
            | Work::RestoreVm { drive, .. }
            | Work::CompareSet { drive, .. }
            | Work::PruneSets { drive, dry_run: true, .. } => (*drive, Access::ReadOnly),
            Work::BackUp { drive, .. }
            | Work::VerifySets { drive, .. }
            | Work::PruneSets { drive, .. }
            | Work::ImportSet { drive, .. } => (*drive, Access::ReadWrite),
            _ => return Err(WorkError::failed("unknown_kind", "that is no work on a backup")),
        };
        // When a drive was pulled out, what was proved by then is not made again.
        let proved = Cell::new(None);
        on_drive(&place.usb, (drive, access), &*listening, |mounted| {
            if access == Access::ReadWrite
                && let Ok(keep) = Folder::open(&place.data_dir.join(kept::FOLDER))
            {
                holds::tell_ends(mounted, &keep);
            }
            let tools = (&keys, &place.clock, &*listening);
            let runtime = tokio::runtime::Handle::current();
            let run = |program: &str, arguments: &[&str]| {
                runtime.block_on(volumes::run(program, arguments))
            };
            let on = Machine { root: Some(place.usb.root()), proved: &proved, run: &run };
            work_on(mounted, (drive, &place.configs), &work, tools, on)
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
    tools: (&Keyring, &Clock, &dyn Meter),
) -> Result<Value, WorkError> {
    let nobody = |program: &str, _: &[&str]| Err(Dom0Error::not_run(program, "there is no dom0"));
    carry_out_with(medium, on, work, tools, &nobody)
}

/// The same where `run` answers for the volume manager, which is asked how snapshots are.
pub fn carry_out_with<M: Medium>(
    medium: &M,
    on: (DriveId, &Path),
    work: &Work,
    tools: (&Keyring, &Clock, &dyn Meter),
    run: Run<'_>,
) -> Result<Value, WorkError> {
    work_on(medium, on, work, tools, Machine { root: None, proved: &Cell::new(None), run })
}

/// Where work is done.
#[derive(Clone, Copy)]
struct Machine<'m> {
    /// Where its files are: a backup gives way to its guests, and holds its network configuration.
    root: Option<&'m Path>,
    /// The set that was made and proved by an earlier attempt, and lacks only its parity.
    proved: &'m Cell<Option<SetId>>,
    /// Answers for the volume manager.
    run: Run<'m>,
}

fn work_on<M: Medium>(
    medium: &M,
    (drive, configs_to): (DriveId, &Path),
    work: &Work,
    (keys, clock, meter): (&Keyring, &Clock, &dyn Meter),
    machine: Machine<'_>,
) -> Result<Value, WorkError> {
    let tools = Tools { medium, keys, clock, meter, width: Width::of_the_machine() };
    match work {
        Work::ListSets(_) => {
            let sets =
                list::list(medium).map_err(|error| failed(&error))?.iter().map(summary).collect();
            answer(&SetsOnDrive { drive, sets, is_complete: true })
        }
        Work::BackUp { configs, key, parity, snapshots, keep, .. } => {
            let wanted = (configs.as_slice(), *key);
            let how = How { parity: *parity, proved: machine.proved };
            let run = machine.run;
            let (set, paced) = match machine.root {
                None => {
                    let inner = DiskFiles;
                    (back_up(tools, wanted, &FromSnapshots { inner, snapshots, run }, how)?, None)
                }
                Some(root) => {
                    let inner = OfAppliance::new(root);
                    back_up_paced(tools, wanted, &FromSnapshots { inner, snapshots, run }, how)?
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
        Work::RestoreVm { set, vm, to, as_other, .. } => {
            restore(tools, (*set, *vm), (to, as_other.as_ref()), configs_to)
        }
        Work::CompareSet { set, vm, running, .. } => {
            let wanted = comparing::Wanted { set: *set, vm: *vm, running };
            answer(&comparing::carry_out(tools, wanted, &DiskFiles)?)
        }
        Work::PruneSets { keep, dry_run, .. } => {
            answer(&pruning::carry_out(tools, drive, (*keep, *dry_run))?)
        }
        Work::ImportSet { from, key, .. } => {
            answer(&importing::carry_out(tools, drive, (from, *key), machine.root.is_some())?)
        }
        _ => Err(WorkError::failed("unknown_kind", "that is no work on a backup")),
    }
}

/// How a backup is made.
#[derive(Clone, Copy)]
struct How<'h> {
    parity: bool,
    proved: &'h Cell<Option<SetId>>,
}

fn back_up<M: Medium>(
    tools: Tools<'_, M>,
    wanted: (&[PathBuf], Option<KeyName>),
    sources: &impl Sources,
    how: How<'_>,
) -> Result<SetSummary, WorkError> {
    if let Some(set) = how.proved.get() {
        return protect(tools, set);
    }
    let prepared = prepared(tools, wanted, sources, how)?;
    create(tools, &prepared, sources, how)
}

/// The same, giving way to the guests, and for how long it has waited for them.
fn back_up_paced<M: Medium>(
    tools: Tools<'_, M>,
    wanted: (&[PathBuf], Option<KeyName>),
    sources: &impl Sources,
    how: How<'_>,
) -> Result<(SetSummary, Option<Duration>), WorkError> {
    if let Some(set) = how.proved.get() {
        return Ok((protect(tools, set)?, None));
    }
    let prepared = prepared(tools, wanted, sources, how)?;
    let paced = Paced::for_plan(tools.meter, &prepared.plan);
    let set = create(Tools { meter: &paced, ..tools }, &prepared, sources, how)?;
    Ok((set, paced.paced()))
}

fn prepared<M: Medium>(
    tools: Tools<'_, M>,
    (configs, key): (&[PathBuf], Option<KeyName>),
    sources: &impl Sources,
    how: How<'_>,
) -> Result<Prepared, WorkError> {
    let mut prepared = prepare_for(configs, tools.clock.now(), sources)
        .map_err(|blockers| WorkError::because("refused", &blockers))?;
    prepared.plan.parity = how.parity;
    begun::resume(tools, prepared.encrypted(key), sources).map_err(|error| failed(&error))
}

fn create<M: Medium>(
    tools: Tools<'_, M>,
    prepared: &Prepared,
    sources: &impl Sources,
    how: How<'_>,
) -> Result<SetSummary, WorkError> {
    let (plan, configs) = (&prepared.plan, &prepared.configs);
    let proof = if how.parity {
        let proved = |set| how.proved.set(Some(set));
        parity::create_protected(tools, plan, configs, sources, proved)
    } else {
        backup::create(tools, plan, configs, sources)
    };
    let proof = proof.map_err(|error| failed(&error))?;
    Ok(sealed(&proof.manifest, Some(proof.at), &[], proof.is_protected()))
}

/// Makes parity of a set that was proved.
fn protect<M: Medium>(tools: Tools<'_, M>, set: SetId) -> Result<SetSummary, WorkError> {
    parity::protect(tools, set).map_err(|error| failed(&error))?;
    let listed = list::list(tools.medium).map_err(|error| failed(&error))?;
    let listed = listed.iter().find(|listed| listed.set == set).map(summary);
    listed.ok_or_else(|| WorkError::failed("not_found", "the set has gone from the drive"))
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
    // Of one that cannot be read nothing is found out, least of all that it is damaged.
    if let Some(key) =
        chosen.iter().filter_map(|set| set.plan.key).find(|key| !tools.keys.opens(Some(*key)))
    {
        return Err(failed(&BackupError::KeyMissing(key.id)));
    }
    let mut sets = Vec::new();
    for listed in chosen {
        match backup::verify(tools, listed.set) {
            Ok(proof) => {
                let verified = proof.damages.is_empty().then_some(proof.at);
                let is_protected = proof.is_protected();
                sets.push(sealed(&proof.manifest, verified, &proof.damages, is_protected));
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
    (to, as_other): (&RestoreTo, Option<&AsOther>),
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
    let identity = identity(saved, to, as_other, configs_to).map_err(|error| failed(&error))?;
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
        "as": { "vm": identity.uuid, "name": identity.name },
        "config": config,
        "disks": disks,
        "mended": sealed.mended.places(),
    }))
}

fn identity(
    saved: &SavedVm,
    to: &RestoreTo,
    as_other: Option<&AsOther>,
    configs: &Path,
) -> Result<Identity, BackupError> {
    let Some(AsOther { name, others }) = as_other else { return Ok(Identity::own(saved)) };
    let mut others = others.clone();
    others.add_folder(configs);
    if let RestoreTo::Folder(folder) = to {
        others.add_folder(Path::new(&folder.path));
    }
    Identity::another(saved, name, &others)
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
    let code = match error.cause() {
        error if error.is_of_the_medium() => "drive",
        BackupError::NoRoom { .. } => "no_room",
        BackupError::Exists(_) => "conflict",
        BackupError::Refused(_) => "refused",
        BackupError::Changed(_) => "in_use",
        BackupError::Snapshot(_) => "snapshot",
        BackupError::Damaged(_) | BackupError::Unreliable(_) => "damaged",
        BackupError::KeyMissing(_) => "key_missing",
        _ => "failed",
    };
    WorkError::because(code, error)
}

/// What is told of a set whose documents were read.
pub fn summary(listed: &Listed) -> SetSummary {
    if let Some(manifest) = &listed.manifest {
        return sealed(manifest, listed.verified, &[], listed.is_protected);
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
        key: listed.plan.key,
        stored_bytes: 0,
        is_protected: false,
        troubles: listed.trouble.iter().map(ToString::to_string).collect(),
        vms: vms.collect(),
    }
}

fn sealed(
    manifest: &Manifest,
    verified: Option<domfleet_shared::Timestamp>,
    damages: &[Damage],
    is_protected: bool,
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
        key: manifest.key,
        stored_bytes: manifest.stored_bytes(),
        is_protected,
        troubles,
        vms: manifest.vms.iter().map(vm).collect(),
    }
}
