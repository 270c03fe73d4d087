//! `domfleet-agent backup import`.

use std::path::Path;

use domfleet_agent::backup::files::DiskFiles;
use domfleet_agent::backup::import::{Foreign, look};
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::prepare::Prepared;
use domfleet_agent::backup::{self, begun};
use serde_json::json;

use super::answer::{describe, told_proof};
use super::{Answer, Work};

/// So many files that were not taken are named.
const MOST_UNUSED: usize = 20;

impl<M: Medium> Work<'_, M> {
    pub(super) fn import(&self, from: &Path) -> anyhow::Result<Answer> {
        let Foreign { prepared, unused } = look(from, self.tools.clock.now())?;
        let prepared = prepared.encrypted(self.with.keys.new);
        let Prepared { plan, configs, .. } = begun::resume(self.tools, prepared, &DiskFiles)?;
        let proof = backup::create(self.tools, &plan, &configs, &DiskFiles)?;
        let mut said = told_proof(&proof);
        said["imported_from"] = json!(plan.imported_from);
        said["unused"] = json!(unused);
        said["seconds"] = json!(self.with.bar.seconds());
        let mut text = vec![describe(&proof.manifest, "verified")];
        let named = unused.iter().take(MOST_UNUSED);
        text.extend(
            named.map(|path| format!("  not taken, as nothing names it: {}", path.display())),
        );
        if unused.len() > MOST_UNUSED {
            text.push(format!("  and {} more", unused.len() - MOST_UNUSED));
        }
        Ok(Answer::good(said, text.join("\n")))
    }
}
