//! The agent's own binary, at work on images.

use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::bench::Bench;

/// What the agent said, and how it ended; nothing where a signal ended it.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) answer: Value,
    pub(crate) complaint: String,
}

impl Bench {
    fn agent(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_domfleet-agent"), &["--json", "image"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// `domfleet-agent --json image …`.
    pub(crate) fn image(&self, arguments: &[&str]) -> Said {
        said(&self.agent(arguments).output().unwrap())
    }

    /// The same, still at work.
    pub(crate) fn image_at_work(&self, arguments: &[&str]) -> Child {
        self.agent(arguments).spawn().unwrap()
    }
}

pub(crate) fn said(output: &Output) -> Said {
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = match output.stdout.as_slice() {
        [] => Value::Null,
        stdout => serde_json::from_slice(stdout).unwrap(),
    };
    Said { code: output.status.code(), answer, complaint }
}
