//! `domfleet-agent backup verify`.

use std::process::ExitCode;

use domfleet_agent::backup::list::{self, Listed};
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::verify;
use domfleet_shared::id::SetId;
use serde_json::json;

use super::answer::{describe, describe_proof, parity_damages, told_proof};
use super::{Answer, Work};

/// How it ends where a set is damaged or not finished.
pub(super) const NOT_VERIFIED: u8 = 1;

impl<M: Medium> Work<'_, M> {
    pub(super) fn verify(&self, set: Option<SetId>) -> anyhow::Result<Answer> {
        let sets = list::list(self.tools.medium)?;
        let wanted: Vec<&Listed> =
            sets.iter().filter(|listed| set.is_none_or(|set| set == listed.set)).collect();
        if wanted.is_empty() {
            anyhow::bail!("there is no such backup set in {}", self.place);
        }
        let (mut said, mut text, mut is_whole) = (Vec::new(), Vec::new(), true);
        for listed in wanted {
            match verify(self.tools, listed.set) {
                Ok(proof) => {
                    let damages: Vec<String> =
                        proof.damages.iter().map(ToString::to_string).collect();
                    let is_verified = damages.is_empty();
                    is_whole &= is_verified;
                    let word = describe_proof(&proof);
                    text.push(describe(&proof.manifest, &word));
                    text.extend(damages.iter().map(|damage| format!("  {damage}")));
                    text.extend(parity_damages(&proof).map(|damage| format!("  {damage}")));
                    let mut told = told_proof(&proof);
                    told["damages"] = damages.into();
                    said.push(told);
                }
                Err(error) if error.is_of_the_medium() || error.is_cancelled() => {
                    return Err(error.into());
                }
                Err(error) => {
                    is_whole = false;
                    let error = format!("{:#}", anyhow::Error::from(error));
                    text.push(format!("{}  NOT VERIFIED: {error}", listed.set));
                    said.push(json!({ "set": listed.set, "verified": false, "damages": [error] }));
                }
            }
        }
        let said =
            json!({ "sets": said, "verified": is_whole, "seconds": self.with.bar.seconds() });
        let code = if is_whole { ExitCode::SUCCESS } else { NOT_VERIFIED.into() };
        Ok(Answer { said, text: text.join("\n"), code })
    }
}
