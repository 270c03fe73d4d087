//! `domfleet-agent backup protect` and `domfleet-agent backup repair`.

use std::process::ExitCode;

use anyhow::Context as _;
use domfleet_agent::backup::list::{self, Listed};
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::parity::{Repaired, protect, repair};
use domfleet_shared::id::SetId;
use serde_json::{Value, json};

use super::answer::{describe, describe_proof, told_manifest, told_proof};
use super::verifying::NOT_VERIFIED;
use super::{Answer, Work};

impl<M: Medium> Work<'_, M> {
    pub(super) fn protect(&self, set: Option<SetId>) -> anyhow::Result<Answer> {
        let sets = list::list(self.tools.medium)?;
        let is_it =
            |listed: &&Listed| listed.manifest.is_some() && set.is_none_or(|set| set == listed.set);
        let newest = sets.iter().rev().find(is_it);
        let newest =
            newest.with_context(|| format!("no such finished backup set is in {}", self.place))?;
        let done = protect(self.tools, newest.set)?;
        let mut said = told_manifest(&done.manifest, (true, true));
        said["parity_bytes"] = json!(done.bytes);
        said["seconds"] = json!(self.with.bar.seconds());
        let word = format!("verified, protected by {} bytes of parity", done.bytes);
        Ok(Answer::good(said, describe(&done.manifest, &word)))
    }

    pub(super) fn repair(&self, set: Option<SetId>) -> anyhow::Result<Answer> {
        // One that is named is repaired though it may have lost what it is listed by.
        let sets: Vec<SetId> = match set {
            Some(set) => vec![set],
            None => list::list(self.tools.medium)?.iter().map(|listed| listed.set).collect(),
        };
        if sets.is_empty() {
            anyhow::bail!("there is no backup set in {}", self.place);
        }
        let (mut said, mut text, mut is_whole) = (Vec::new(), Vec::new(), true);
        for set in sets {
            match repair(self.tools, set) {
                Ok(repaired) => {
                    is_whole &= repaired.proof.damages.is_empty();
                    said.push(told(&repaired));
                    text.push(describe_repaired(&repaired));
                }
                Err(error) if error.is_of_the_medium() || error.is_cancelled() => {
                    return Err(error.into());
                }
                Err(error) => {
                    is_whole = false;
                    let error = format!("{:#}", anyhow::Error::from(error));
                    text.push(format!("{set}  NOT VERIFIED: {error}"));
                    said.push(json!({ "set": set, "verified": false, "damages": [error] }));
                }
            }
        }
        let said =
            json!({ "sets": said, "verified": is_whole, "seconds": self.with.bar.seconds() });
        let code = if is_whole { ExitCode::SUCCESS } else { NOT_VERIFIED.into() };
        Ok(Answer { said, text: text.join("\n"), code })
    }
}

/// What is still bad, with why where that is known.
fn lost(repaired: &Repaired) -> Vec<String> {
    let reasons = repaired.proof.damages.iter().map(|damage| {
        let is_it = |other: &&domfleet_agent::backup::Damage| other.place == damage.place;
        repaired.lost.iter().find(is_it).unwrap_or(damage).to_string()
    });
    reasons.collect()
}

fn told(repaired: &Repaired) -> Value {
    let mut told = told_proof(&repaired.proof);
    told["damages"] = json!(lost(repaired));
    told["mended"] = json!(repaired.mended);
    told
}

fn describe_repaired(repaired: &Repaired) -> String {
    let mut text = vec![describe(&repaired.proof.manifest, &describe_proof(&repaired.proof))];
    text.extend(repaired.mended.iter().map(|place| format!("  mended: {place}")));
    text.extend(lost(repaired).iter().map(|damage| format!("  {damage}")));
    text.join("\n")
}
