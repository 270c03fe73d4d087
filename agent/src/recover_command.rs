//! `domfleet-agent recover`: what the stick's init runs, and nobody else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use domfleet_agent::migration::permit::Trusted;
use domfleet_agent::recover::this_machine::ThisMachine;
use domfleet_agent::recover::{Ended, Stick, recover};
use domfleet_shared::migration::permit::Release;
use serde::Deserialize;

/// How it ends where nothing was written and there is a system to be started.
const REFUSED: u8 = 10;

#[derive(Debug, Args)]
pub(crate) struct RecoverCommand {
    /// What is laid out: the `.tar.zst`, with its manifest beside it.
    #[arg(long)]
    artifact: PathBuf,
    /// The script that lays it out.
    #[arg(long)]
    lay_out: PathBuf,
    /// The public keys whose permits are believed, one a line in hexadecimal digits.
    #[arg(long, default_value = "/etc/domfleet/permit-keys")]
    keys: PathBuf,
    /// So many seconds a drive or a disk that is missing is waited for.
    #[arg(long, default_value_t = 60)]
    wait: u64,
}

/// What of the artifact's manifest is looked at here. Whether it is signed, the layout's first stage says, before
/// anything is written.
#[derive(Debug, Deserialize)]
struct Manifest {
    kind: String,
}

impl RecoverCommand {
    pub(crate) fn carry_out(&self) -> ExitCode {
        let ended = match self.stick() {
            Ok(stick) => {
                let keys: Vec<&str> = stick.trusted.ids().collect();
                let keys = keys.join(" or ");
                say(&format!("permits are believed that are signed with the key {keys}"));
                let patience = Duration::from_secs(self.wait);
                let files = (self.lay_out.as_path(), self.artifact.as_path(), self.keys.as_path());
                recover(&ThisMachine::new(files, patience, say), &stick)
            }
            Err(error) => Ended::Refused(format!("this stick is not whole: {error:#}")),
        };
        match ended {
            Ended::LaidOut => {
                say("the new system is whole");
                ExitCode::SUCCESS
            }
            Ended::Refused(why) => {
                say(&format!("refused: {why}"));
                say("nothing was written; the system on the disk is as it was");
                REFUSED.into()
            }
            Ended::BrokenOff(why) => {
                say(&format!("broken off: {why}"));
                say("the system on the disk is not whole, and is not started");
                ExitCode::FAILURE
            }
        }
    }

    fn stick(&self) -> anyhow::Result<Stick> {
        let keys = read(&self.keys)?;
        let trusted = Trusted::parse(&keys)
            .with_context(|| format!("{} cannot be used", self.keys.display()))?;
        anyhow::ensure!(
            trusted.ids().next().is_some(),
            "there is no key in {}: make the stick anew with the keys that permits are signed with",
            self.keys.display()
        );
        let name = self.artifact.to_string_lossy();
        let name = name.strip_suffix(".tar.zst").unwrap_or(&name);
        let manifest = read(Path::new(&format!("{name}.manifest.json")))?;
        let manifest: Manifest =
            serde_json::from_str(&manifest).context("the artifact's manifest is none")?;
        let lays_out = match manifest.kind.as_str() {
            "1x" => Release::One,
            "2x" => Release::Two,
            other => anyhow::bail!("it lays out a {other}, which is neither 1.x nor 2.x"),
        };
        Ok(Stick { lays_out, trusted })
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

#[expect(
    clippy::print_stdout,
    reason = "what is said is what init shows on screen and serial line"
)]
fn say(words: &str) {
    println!("{words}");
}
