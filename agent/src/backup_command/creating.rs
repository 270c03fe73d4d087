//! `domfleet-agent backup create`.

use std::cell::Cell;
use std::path::PathBuf;

use domfleet_agent::backup::appliance::OfAppliance;
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::paced::Paced;
use domfleet_agent::backup::parity::create_protected;
use domfleet_agent::backup::prepare::{Prepared, prepare_for};
use domfleet_agent::backup::snapshots::FromSnapshots;
use domfleet_agent::backup::tools::Tools;
use domfleet_agent::backup::{begun, create};
use domfleet_shared::id::SetId;
use serde_json::json;

use super::answer::{describe, describe_proof, told_proof};
use super::live::Live;
use super::{Answer, Work};

/// How a backup is made.
pub(super) struct How<'h> {
    /// Whether it gives way to guests.
    pub(super) is_paced: bool,
    /// Whether parity is made of it.
    pub(super) parity: bool,
    /// The set that was made and proved by an earlier attempt, and lacks only its parity.
    pub(super) proved: &'h Cell<Option<SetId>>,
}

impl<M: Medium> Work<'_, M> {
    pub(super) fn create(&self, configs: &[PathBuf], how: &How<'_>) -> anyhow::Result<Answer> {
        if let Some(set) = how.proved.get() {
            return self.protect(Some(set));
        }
        let Live { snapshots, run } = self.with.live;
        let inner = OfAppliance::new(self.with.root);
        let sources = FromSnapshots { inner, snapshots, run };
        let prepared = prepare_for(configs, self.tools.clock.now(), &sources)?;
        let mut prepared = prepared.encrypted(self.with.keys.new);
        prepared.plan.parity = how.parity;
        let Prepared { plan, configs, .. } = begun::resume(self.tools, prepared, &sources)?;
        let meter = self.tools.meter;
        let paced = if how.is_paced { Paced::for_plan(meter, &plan) } else { Paced::not(meter) };
        let tools = Tools { meter: &paced, ..self.tools };
        let proof = if how.parity {
            let proved = |set| how.proved.set(Some(set));
            create_protected(tools, &plan, &configs, &sources, proved)?
        } else {
            create(tools, &plan, &configs, &sources)?
        };
        let mut said = told_proof(&proof);
        said["seconds"] = json!(self.with.bar.seconds());
        let paced = paced.paced();
        said["paced_seconds"] = json!(paced.map(|paced| paced.as_secs_f64()));
        let mut text = vec![describe(&proof.manifest, &describe_proof(&proof))];
        let seconds = paced.map(|paced| paced.as_secs()).filter(|seconds| *seconds > 0);
        text.extend(seconds.map(|seconds| format!("  gave way to guests for {seconds} seconds")));
        Ok(Answer::good(said, text.join("\n")))
    }
}
