//! Applying a mitigation.
//!
//! What a file was is kept, and what is going to be done is on record, before anything is changed; each
//! file is changed whole. So after a power cut each is as it was or as it should be, and applying once
//! more, or reverting, does the rest.

use domfleet_shared::Timestamp;
use domfleet_shared::mitigation::{FileChange, Mitigation, MitigationAnswer, MitigationStatus};

use super::change::{self, FileStep};
use super::diff;
use super::edits::{Edit, Edits, edits, has_lasting_swap, lasting_ratio};
use super::error::{MitigationError, of};
use super::force::{self, Act};
use super::host::Host;
use super::memory::{Strict, USUAL_RATIO};
use super::record::{Applied, Changed, Record, Setting, hash};
use super::release::Offer;
use super::standing::standing;
use super::system::System;
use crate::bundle::redact::Redactor;

/// What applying would do.
struct Plan {
    edits: Edits,
    acts: Vec<Act>,
    notes: Vec<String>,
}

/// Says how one stands and what applying it would change, and changes nothing.
pub(super) fn check(
    system: &impl System,
    which: Mitigation,
) -> Result<MitigationAnswer, MitigationError> {
    let (host, record) = (look(system)?, Record::load(system)?);
    let mut standing = standing(which, &host, system, &record)?;
    let plan = match plan(which, &host, system, &record) {
        Ok(plan) => plan,
        Err(MitigationError::Refused(why)) => {
            if standing.status == MitigationStatus::NotApplied {
                standing.status = MitigationStatus::Refused;
            }
            if !standing.reasons.contains(&why) {
                standing.reasons.push(why);
            }
            return Ok(MitigationAnswer { standing, files: Vec::new(), commands: Vec::new() });
        }
        Err(error) => return Err(error),
    };
    standing.reasons.extend(plan.notes);
    let commands = plan.acts.iter().map(Act::describe).collect();
    Ok(MitigationAnswer { standing, files: diffs(&plan.edits), commands })
}

/// Applies one, and says how it stands then. Done twice, it is done once.
pub(super) fn apply(
    system: &impl System,
    which: Mitigation,
    now: Timestamp,
) -> Result<MitigationAnswer, MitigationError> {
    let (host, mut record) = (look(system)?, Record::load(system)?);
    let Plan { edits, acts, mut notes } = plan(which, &host, system, &record)?;
    let was = record.applied.get(&which);
    let is_changed = edits.files.iter().any(|edit| !edit.is_done());
    let owes_commit = was.is_some_and(|was| was.owes_commit) || (is_changed && host.is_diskless());
    if is_changed || !acts.is_empty() || owes_commit {
        let files = keep_originals(system, was, &edits)?;
        let applied = Applied {
            at: now,
            boot_id: host.boot_id.clone(),
            was_in_force: false,
            files,
            settings: settings(which, &host, was),
            had_swap: was.map_or(!host.swaps.is_empty(), |was| was.had_swap),
            owes_commit,
        };
        record.applied.insert(which, applied);
        record.store(system)?;
        for edit in &edits.files {
            let step = FileStep {
                path: edit.path.clone(),
                from: edit.now.clone(),
                to: Some(edit.wanted.clone()),
                is_program: edit.kind.is_program(),
            };
            step.carry_out(system, &host)?;
        }
        notes.extend(change::act(system, &acts));
        if owes_commit {
            change::commit(system, &host)?;
        }
        if let Some(applied) = record.applied.get_mut(&which) {
            applied.owes_commit = false;
            applied.was_in_force = force::lacks(which, &look(system)?).is_empty();
        }
        record.store(system)?;
    }
    let mut standing = standing(which, &look(system)?, system, &record)?;
    standing.reasons.extend(notes);
    let commands = acts.iter().map(Act::describe).collect();
    Ok(MitigationAnswer { standing, files: diffs(&edits), commands })
}

fn look(system: &impl System) -> Result<Host, MitigationError> {
    Host::look(system).map_err(of("/proc"))
}

fn plan(
    which: Mitigation,
    host: &Host,
    system: &impl System,
    record: &Record,
) -> Result<Plan, MitigationError> {
    if let Some(why) = host.offer.refusal() {
        let is_ours = host.offer == Offer::BuiltIn && record.applied.contains_key(&which);
        if !is_ours {
            return Err(MitigationError::Refused(why.into()));
        }
    }
    let is_in_force = force::lacks(which, host).is_empty();
    let as_it_is = edits(which, host, system, None)?;
    let is_in_files = as_it_is.files.iter().all(Edit::is_done);
    if is_in_force && is_in_files {
        let notes = as_it_is.notes.clone();
        return Ok(Plan { edits: as_it_is, acts: Vec::new(), notes });
    }
    let ratio = guard(which, host, system)?;
    let edits = edits(which, host, system, ratio)?;
    let mut notes = edits.notes.clone();
    let acts = match (is_in_force && ratio.is_none(), system.is_live()) {
        (true, _) => Vec::new(),
        (false, true) => {
            let (acts, why_not) = force::acts(which, host);
            notes.extend(why_not);
            acts
        }
        (false, false) => {
            notes
                .push("this is a folder and no running system: its kernel is left as it is".into());
            Vec::new()
        }
    };
    Ok(Plan { edits, acts, notes })
}

/// Whether the kernel can promise what it has to, once `which` is applied; and with which ratio.
fn guard(
    which: Mitigation,
    host: &Host,
    system: &impl System,
) -> Result<Option<u64>, MitigationError> {
    let unknown =
        || MitigationError::Refused("/proc/meminfo does not say how memory is used".into());
    match which {
        Mitigation::Overcommit => {
            let memory = host.memory.ok_or_else(unknown)?;
            let swap_kib = if has_lasting_swap(system)? { memory.swap_total_kib } else { 0 };
            // What holds until the next boot and what holds after it.
            let ratio = lasting_ratio(system)?.unwrap_or(USUAL_RATIO).min(host.ratio);
            Strict { memory, swap_kib, fixed_kib: host.fixed_kib }
                .ratio(ratio)
                .map_err(MitigationError::Refused)
        }
        Mitigation::Swap if host.overcommit == Some(2) => {
            let memory = host.memory.ok_or_else(unknown)?;
            let without = Strict { memory, swap_kib: 0, fixed_kib: host.fixed_kib };
            if without.is_enough(host.ratio) {
                return Ok(None);
            }
            Err(MitigationError::Refused(format!(
                "vm.overcommit_memory is 2, and without swap the kernel would promise {} MiB, of which {} \
                 MiB are promised already (at most 80 % may be): revert overcommit, and apply it again \
                 after swap",
                without.limit_kib(host.ratio) / 1024,
                memory.committed_kib / 1024
            )))
        }
        Mitigation::Swap | Mitigation::Scheduler | Mitigation::Unknown => Ok(None),
    }
}

/// Keeps what each file was before we changed it, and gives what is then on record of it.
fn keep_originals(
    system: &impl System,
    was: Option<&Applied>,
    edits: &Edits,
) -> Result<Vec<Changed>, MitigationError> {
    let mut files = Vec::new();
    for edit in &edits.files {
        let known = was.and_then(|was| was.files.iter().find(|file| file.path == edit.path));
        if edit.is_done() && known.is_none() {
            continue;
        }
        let original = original(system, known, edit)?;
        let before = original.as_deref().map(hash);
        if let (Some(name), Some(content)) = (&before, &original) {
            system.keep(name, content).map_err(of(&edit.path))?;
        }
        let (kind, path) = (edit.kind, edit.path.clone());
        files.push(Changed { kind, path, before, after: hash(&edit.wanted) });
    }
    // Of a file that is not part of it any more, the change can still be taken back.
    let is_new = |file: &&Changed| !edits.files.iter().any(|edit| edit.path == file.path);
    files.extend(was.iter().flat_map(|was| &was.files).filter(is_new).cloned());
    Ok(files)
}

/// What a file would be without us: what is kept, while it is as we left it; else what it is, less
/// what we changed.
fn original(
    system: &impl System,
    known: Option<&Changed>,
    edit: &Edit,
) -> Result<Option<Vec<u8>>, MitigationError> {
    let Some(known) = known else { return Ok(edit.now.clone()) };
    let Some(now) = &edit.now else { return known.original(system) };
    let kept = known.original(system)?;
    if hash(now) == known.after || kept.as_ref() == Some(now) {
        return Ok(kept);
    }
    Ok(known.kind.undo(now, kept.as_deref()).unwrap_or_else(|_| Some(now.clone())))
}

/// What the kernel said before we changed it the first time.
fn settings(which: Mitigation, host: &Host, was: Option<&Applied>) -> Vec<Setting> {
    let mut settings = was.map(|was| was.settings.clone()).unwrap_or_default();
    let now: Vec<(String, String)> = match which {
        Mitigation::Scheduler => {
            let disks = host.disks.iter().filter(|disk| !disk.is_as_wanted());
            disks.map(|disk| (force::scheduler_of(&disk.name), disk.chosen.clone())).collect()
        }
        Mitigation::Overcommit => {
            let ratio = ("/proc/sys/vm/overcommit_ratio".into(), host.ratio.to_string());
            let mode = host.overcommit;
            let mode = mode.map(|mode| ("/proc/sys/vm/overcommit_memory".into(), mode.to_string()));
            mode.into_iter().chain([ratio]).collect()
        }
        Mitigation::Swap | Mitigation::Unknown => Vec::new(),
    };
    for (path, value) in now {
        if !settings.iter().any(|known| known.path == path) {
            settings.push(Setting { path, value });
        }
    }
    settings
}

fn diffs(edits: &Edits) -> Vec<FileChange> {
    let changed = edits.files.iter().filter(|edit| !edit.is_done());
    changed.map(|edit| shown(&edit.path, edit.now.as_deref(), Some(&edit.wanted))).collect()
}

/// A change as people are shown it: without secrets.
pub(super) fn shown(path: &str, from: Option<&[u8]>, to: Option<&[u8]>) -> FileChange {
    let diff = diff::unified(path, from, to);
    let (diff, _) = Redactor::new().redact(diff.as_bytes());
    FileChange { path: path.to_owned(), diff: String::from_utf8_lossy(&diff).into_owned() }
}
