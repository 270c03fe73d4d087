//! Reverting a mitigation: every file gets back what it was, to the byte, where it is what we made of
//! it. From one that somebody has changed since, our change is taken out and theirs stays.

use domfleet_shared::mitigation::{
    FileChange, Mitigation, MitigationAnswer, MitigationStanding, MitigationStatus,
};

use super::apply::shown;
use super::change::{self, FileStep};
use super::error::{MitigationError, of};
use super::force::Act;
use super::host::Host;
use super::record::{Applied, Record, hash};
use super::standing::standing;
use super::system::System;

/// What reverting would do.
#[derive(Default)]
struct Plan {
    files: Vec<FileStep>,
    acts: Vec<Act>,
    notes: Vec<String>,
    /// Files that cannot be reverted: what we made of each, and what it is now.
    conflicts: Vec<FileChange>,
}

/// Says what reverting would change, and changes nothing.
pub(super) fn preview(
    system: &impl System,
    which: Mitigation,
) -> Result<MitigationAnswer, MitigationError> {
    let (host, record) = (look(system)?, Record::load(system)?);
    let mut standing = standing(which, &host, system, &record)?;
    let plan = plan(system, &host, record.applied.get(&which))?;
    standing.reasons.extend(plan.notes.iter().cloned());
    if !plan.conflicts.is_empty() {
        standing.status = MitigationStatus::Refused;
        return Ok(MitigationAnswer { standing, files: plan.conflicts, commands: Vec::new() });
    }
    Ok(answer(standing, &plan))
}

/// Reverts one, and says how it stands then. Where the agent has applied nothing, nothing is done.
pub(super) fn revert(
    system: &impl System,
    which: Mitigation,
) -> Result<MitigationAnswer, MitigationError> {
    let (host, mut record) = (look(system)?, Record::load(system)?);
    let mut plan = plan(system, &host, record.applied.get(&which))?;
    if !plan.conflicts.is_empty() {
        let mut why = plan.notes.join("; ");
        for FileChange { diff, .. } in &plan.conflicts {
            why.push_str("\n\n");
            why.push_str(diff);
        }
        return Err(MitigationError::Refused(why));
    }
    for step in &plan.files {
        step.carry_out(system, &host)?;
    }
    let failed = change::act(system, &plan.acts);
    plan.notes.extend(failed);
    if let Some(applied) = record.applied.get_mut(&which) {
        if host.is_diskless() {
            applied.owes_commit = true;
            record.store(system)?;
            change::commit(system, &host)?;
        }
        record.applied.remove(&which);
        record.store(system)?;
    }
    let mut standing = standing(which, &look(system)?, system, &record)?;
    standing.reasons.extend(plan.notes.iter().cloned());
    Ok(answer(standing, &plan))
}

fn look(system: &impl System) -> Result<Host, MitigationError> {
    Host::look(system).map_err(of("/proc"))
}

fn answer(standing: MitigationStanding, plan: &Plan) -> MitigationAnswer {
    let changed = plan.files.iter().filter(|step| step.from != step.to);
    let files = changed.map(|step| shown(&step.path, step.from.as_deref(), step.to.as_deref()));
    let commands = plan.acts.iter().map(Act::describe).collect();
    MitigationAnswer { standing, files: files.collect(), commands }
}

fn plan(
    system: &impl System,
    host: &Host,
    applied: Option<&Applied>,
) -> Result<Plan, MitigationError> {
    let mut plan = Plan::default();
    let Some(applied) = applied else {
        plan.notes.push("the agent has not applied it: there is nothing to take back".into());
        return Ok(plan);
    };
    for file in &applied.files {
        let (path, before) = (&file.path, file.original(system)?);
        let now = system.read(path).map_err(of(path))?;
        let to = if now == before || now.as_deref().map(hash).as_ref() == Some(&file.after) {
            before
        } else if let Some(current) = &now {
            match file.kind.undo(current, before.as_deref()) {
                Ok(rest) if rest == now => {
                    plan.notes.push(format!("{path} says nothing of ours any more"));
                    rest
                }
                Ok(rest) => {
                    plan.notes.push(format!(
                        "somebody has changed {path} since: only what is ours is taken out of it"
                    ));
                    rest
                }
                Err(conflict) => {
                    plan.notes.push(format!("{path} has been changed since: {}", conflict.0));
                    plan.conflicts.push(shown(path, before.as_deref(), now.as_deref()));
                    continue;
                }
            }
        } else {
            plan.notes.push(format!("somebody has removed {path}: it stays so"));
            None
        };
        if to != now
            && let Some(obstacle) = system.obstacle(path)
        {
            return Err(MitigationError::Refused(format!("{path} {obstacle}")));
        }
        let is_program = file.kind.is_program();
        plan.files.push(FileStep { path: path.clone(), from: now, to, is_program });
    }
    if system.is_live() {
        plan.acts = acts(system, host, applied)?;
    }
    Ok(plan)
}

/// What gives the kernel its old settings back.
fn acts(system: &impl System, host: &Host, applied: &Applied) -> Result<Vec<Act>, MitigationError> {
    let mut acts = Vec::new();
    if applied.had_swap && host.swaps.is_empty() {
        acts.push(Act::run(&["swapon", "-a"]));
    }
    for setting in &applied.settings {
        let Some(now) = system.read(&setting.path).map_err(of(&setting.path))? else { continue };
        let now = String::from_utf8_lossy(&now).trim().to_owned();
        let is_so = now == setting.value || now.contains(&format!("[{}]", setting.value));
        if !is_so {
            acts.push(Act::Set { path: setting.path.clone(), value: setting.value.clone() });
        }
    }
    Ok(acts)
}
