//! `domfleet-agent migration`: on site and without a server.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use domfleet_agent::migration::kept::{Known, known};
use domfleet_shared::migration::task::{Task, TaskState, Who, tasks};
use domfleet_shared::migration::vm::Progress;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(crate) enum MigrationCommand {
    /// Say where it is, what it waits for, and what is to be done by whom.
    Status,
}

impl MigrationCommand {
    pub(crate) fn carry_out(&self, data: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
        let Self::Status = self;
        let known = known(data)?;
        print(&if as_json { as_value(&known).to_string() } else { as_text(&known) });
        Ok(ExitCode::SUCCESS)
    }
}

fn steps(known: &Known) -> Vec<Task> {
    tasks(&known.story, known.now.as_ref().and_then(|now| now.waits))
}

fn as_value(known: &Known) -> Value {
    let story = &known.story;
    let vms =
        story.plan.vms.iter().map(
            |vm| json!({ "vm": vm.uuid, "name": vm.name, "progress": story.vms.get(&vm.uuid) }),
        );
    json!({
        "migration": story.plan.migration,
        "phase": story.phase().name(),
        "is_past_the_point": story.is_past_the_point(),
        "now": known.now,
        "permit_not_after": story.permit.map(|permit| permit.not_after),
        "soaking_until": story.soaking,
        "vms": vms.collect::<Vec<_>>(),
        "tasks": steps(known),
        "records": known.records,
    })
}

fn as_text(known: &Known) -> String {
    let story = &known.story;
    let point = if story.is_past_the_point() {
        "past the point of no return: what undoes it is another reset"
    } else {
        "before the point of no return: it can be cancelled, and the VMs start again"
    };
    let mut lines = vec![
        format!("Migration {}", story.plan.migration),
        format!("  phase    {} ({point})", story.phase().name()),
    ];
    if let Some(now) = &known.now {
        lines.push(format!("  now      {}", now.what));
        lines.extend(now.trouble.iter().map(|trouble| format!("  trouble  {trouble}")));
    }
    if let Some(permit) = story.permit {
        lines.push(format!("  permit   good until {}", permit.not_after));
    }
    if let Some(until) = story.soaking {
        lines.push(format!("  watched  until {until}"));
    }
    lines.push("VMs".to_owned());
    for vm in &story.plan.vms {
        let progress = story.vms.get(&vm.uuid).map_or("unknown", word);
        lines.push(format!("  {:<20} {progress}", vm.name));
        if let Some(Progress::Failed { reason, .. }) = story.vms.get(&vm.uuid) {
            lines.push(format!("  {:<20} {reason}", ""));
        }
    }
    lines.push("Steps".to_owned());
    for Task { number, text, state, who } in steps(known) {
        let mark = match state {
            TaskState::Done => "done",
            TaskState::Now => "NOW ",
            TaskState::Later => "    ",
        };
        let whose = match who {
            Who::OnSite => "",
            Who::Operator => " (whoever looks at the page)",
        };
        lines.push(format!("  {mark} {number}. {text}{whose}"));
    }
    lines.join("\n")
}

const fn word(progress: &Progress) -> &'static str {
    match progress {
        Progress::Waiting => "waits for its turn",
        Progress::Restored => "its disks are restored",
        Progress::Configured => "its configuration is in place",
        Progress::Booting => "is started, and watched",
        Progress::Healthy => "healthy",
        Progress::Failed { .. } => "FAILED",
        Progress::Waived { .. } => "left as it is",
    }
}

#[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
fn print(said: &str) {
    println!("{said}");
}
