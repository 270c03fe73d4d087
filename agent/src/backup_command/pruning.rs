//! `domfleet-agent backup prune`.

use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::prune::{Pruned, preview, prune};
use domfleet_agent::backup::retention::{Fate, Keep};
use domfleet_agent::migration::holds::held;
use serde_json::json;

use super::{Answer, Work};

/// How much is kept.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(crate) struct KeepArguments {
    /// The newest sets.
    #[arg(long = "keep-last", value_name = "N")]
    last: Option<u32>,
    /// The newest set of each of so many days, of those that have one.
    #[arg(long = "keep-daily", value_name = "N")]
    daily: Option<u32>,
    /// The same of weeks.
    #[arg(long = "keep-weekly", value_name = "N")]
    weekly: Option<u32>,
    /// The same of months.
    #[arg(long = "keep-monthly", value_name = "N")]
    monthly: Option<u32>,
}

impl KeepArguments {
    pub(super) fn keep(self) -> Keep {
        Keep {
            last: self.last.unwrap_or(0),
            daily: self.daily.unwrap_or(0),
            weekly: self.weekly.unwrap_or(0),
            monthly: self.monthly.unwrap_or(0),
        }
    }
}

impl<M: Medium> Work<'_, M> {
    pub(super) fn prune(&self, keep: Keep, is_dry: bool) -> anyhow::Result<Answer> {
        let held = held(self.tools.medium)?;
        let pruned = if is_dry {
            preview(self.tools.medium, keep, &held)?
        } else {
            prune(self.tools, keep, &held)?
        };
        let Pruned { sets, freed_bytes } = &pruned;
        let word = if is_dry { "would be removed" } else { "removed" };
        let mut text: Vec<String> =
            sets.iter().map(|set| format!("{}  {}", set.set, describe(set.fate, word))).collect();
        if sets.is_empty() {
            text.push("no backup set".to_owned());
        }
        let said = json!({ "sets": sets, "freed_bytes": freed_bytes, "dry_run": is_dry });
        Ok(Answer::good(said, text.join("\n")))
    }
}

fn describe(fate: Fate, removed: &str) -> &str {
    match fate {
        Fate::KeptAsLast => "kept: one of the newest",
        Fate::KeptForDay => "kept: the newest of its day",
        Fate::KeptForWeek => "kept: the newest of its week",
        Fate::KeptForMonth => "kept: the newest of its month",
        Fate::KeptAsOnly => "kept: no newer verified set holds one of its VMs",
        Fate::KeptUnfinished => {
            "kept: NOT VERIFIED, and no newer verified set holds all of its VMs"
        }
        Fate::KeptUnclear => "kept: what it is worth cannot be read",
        Fate::KeptForMigration => "kept: a migration that is not over stands on it",
        Fate::Removed => removed,
    }
}
