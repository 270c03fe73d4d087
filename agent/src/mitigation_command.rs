//! `domfleet-agent mitigations`: on site and without a server.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use domfleet_agent::clock::Clock;
use domfleet_agent::mitigation::{Asked, OnDisk, carry_out};
use domfleet_shared::mitigation::{Mitigation, MitigationAnswer};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(crate) enum MitigationCommand {
    /// Say how each stands, and what applying would change.
    Check {
        /// Which, instead of all.
        which: Option<Which>,
    },
    /// Apply one. Of each file that it changes a copy is kept in the agent's folder.
    Apply(One),
    /// Take one back.
    Revert(One),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct One {
    /// Which.
    which: Which,
    /// Only say what would be changed.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Which {
    /// No swap in dom0.
    Swap,
    /// The order of I/O is left to the disks.
    Scheduler,
    /// No memory is promised that dom0 does not have.
    Overcommit,
}

impl From<Which> for Mitigation {
    fn from(which: Which) -> Self {
        match which {
            Which::Swap => Self::Swap,
            Which::Scheduler => Self::Scheduler,
            Which::Overcommit => Self::Overcommit,
        }
    }
}

impl MitigationCommand {
    pub(crate) fn carry_out(&self, system: &OnDisk, as_json: bool) -> anyhow::Result<()> {
        let asked = match self {
            Self::Check { which } => Asked::Check(which.map(Mitigation::from)),
            Self::Apply(One { which, dry_run }) => {
                Asked::Apply { which: (*which).into(), dry_run: *dry_run }
            }
            Self::Revert(One { which, dry_run }) => {
                Asked::Revert { which: (*which).into(), dry_run: *dry_run }
            }
        };
        // It runs commands, on a thread that may wait for them.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (system, now) = (system.clone(), Clock::of_the_machine().now());
        let done = runtime.block_on(async {
            tokio::task::spawn_blocking(move || carry_out(&system, asked, now)).await
        });
        let answers = done??;
        if as_json {
            say(&json!(answers).to_string());
        } else {
            answers.mitigations.iter().for_each(tell);
        }
        Ok(())
    }
}

fn tell(answer: &MitigationAnswer) {
    let standing = &answer.standing;
    let status = json!(standing.status);
    say(&format!("{}: {}", standing.which, status.as_str().unwrap_or_default().replace('_', " ")));
    for value in &standing.runtime {
        say(&format!("  {}: {}", value.name, value.value));
    }
    for reason in &standing.reasons {
        say(&format!("  {reason}"));
    }
    for command in &answer.commands {
        say(&format!("  $ {command}"));
    }
    for file in &answer.files {
        say(&format!("\n{}", file.diff));
    }
}

#[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
fn say(text: &str) {
    println!("{text}");
}
