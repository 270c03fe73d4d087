//! What is said in the end, to people and to programs.

use std::process::ExitCode;

use anyhow::Context as _;
use domfleet_shared::image::{
    Converted, Flag, Hashed, ImageFile, Inspection, Judgement, Repaired, Traits,
};
use serde::Serialize;

/// How it ends where an image may not be converted as it is.
const NOT_CONVERTIBLE: u8 = 1;

/// The answer to one command.
pub(super) enum Answer {
    Judged(Judgement),
    Inspected(Box<Inspection>),
    Hashed(Hashed),
    Repaired(Box<Repaired>),
    Converted(Converted),
}

impl Answer {
    /// Says it; how the program ends then.
    pub(super) fn print(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Judged(judgement) => {
                print(judgement, as_json, || judged(judgement))?;
                let code = if judgement.convertible { 0 } else { NOT_CONVERTIBLE };
                return Ok(code.into());
            }
            Self::Inspected(inspection) => print(inspection, as_json, || inspected(inspection))?,
            Self::Hashed(hashed) => print(hashed, as_json, || vec![hashed.content.clone()])?,
            Self::Repaired(repaired) => print(repaired, as_json, || mended(repaired))?,
            Self::Converted(converted) => print(converted, as_json, || {
                let mut lines = judged(&converted.judgement);
                lines.push(line("content", &converted.content));
                lines
            })?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
fn print(
    said: &impl Serialize,
    as_json: bool,
    in_lines: impl FnOnce() -> Vec<String>,
) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(said).context("cannot be told in JSON")?);
    } else {
        for line in in_lines() {
            println!("{line}");
        }
    }
    Ok(())
}

fn line(what: &str, said: impl std::fmt::Display) -> String {
    format!("{what:<14} {said}")
}

fn judged(judgement: &Judgement) -> Vec<String> {
    let Judgement { format, virtual_bytes, verdict, convertible, reasons } = judgement;
    let verdict = serde_json::to_value(verdict).unwrap_or_default();
    let verdict = verdict.as_str().unwrap_or_default().replace('_', " ");
    let convertible = if *convertible { "yes, as it is" } else { "no, not as it is" };
    let mut lines = vec![
        line("format", format),
        line("virtual bytes", virtual_bytes),
        line("verdict", verdict),
        line("convertible", convertible),
    ];
    lines.extend(reasons.iter().map(|reason| format!("  {reason}")));
    lines
}

fn inspected(inspection: &Inspection) -> Vec<String> {
    let Inspection { judgement, file, traits, data_file, based_on, snapshots, data_bytes } =
        inspection;
    let mut lines = judged(judgement);
    lines.push(line("allocated", file.allocated_bytes));
    lines.extend(data_bytes.map(|bytes| line("guest data", bytes)));
    lines.extend(said_of(traits));
    let named = |what: &str, file: &ImageFile| {
        let ImageFile { path, format, allocated_bytes, .. } = file;
        line(what, format!("{path} ({format}, {allocated_bytes} bytes allocated)"))
    };
    lines.extend(data_file.iter().map(|file| named("data in", file)));
    lines.extend(based_on.iter().map(|file| named("based on", file)));
    lines.extend(snapshots.iter().map(|snapshot| {
        let state = match snapshot.vm_state_bytes {
            0 => String::new(),
            bytes => format!(", with {bytes} bytes of memory"),
        };
        let (id, name, at) = (&snapshot.id, &snapshot.name, snapshot.at);
        line("snapshot", format!("{id} {name:?}, {at}{state}"))
    }));
    lines
}

fn said_of(traits: &Traits) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(traits.cluster_bytes.map(|bytes| line("cluster bytes", bytes)));
    lines.extend(traits.compat.iter().map(|compat| line("compat", compat)));
    lines.extend(traits.compression.iter().map(|compression| line("compression", compression)));
    lines.extend(traits.encryption.iter().map(|encryption| line("encryption", encryption)));
    let flags: Vec<_> = traits.flags.iter().map(|flag| name_of(*flag)).collect();
    if !flags.is_empty() {
        lines.push(line("flags", flags.join(", ")));
    }
    lines
}

fn name_of(flag: Flag) -> &'static str {
    match flag {
        Flag::Dirty => "dirty",
        Flag::Corrupt => "marked as corrupt",
        Flag::LazyRefcounts => "lazy refcounts",
        Flag::ExtendedL2 => "extended level 2",
        Flag::Unknown => "unknown",
    }
}

fn mended(repaired: &Repaired) -> Vec<String> {
    let mut lines = judged(&repaired.judgement);
    lines.push(line("content", &repaired.content));
    if !repaired.is_salvaged {
        lines.push("The disk is what it was in the original.".to_owned());
        return lines;
    }
    lines.push(
        "Parts of the disk may not be what its VM wrote. Of the original was said:".to_owned(),
    );
    lines.extend(repaired.original.reasons.iter().map(|reason| format!("  {reason}")));
    lines.extend(
        repaired
            .not_to_be_trusted
            .iter()
            .map(|area| line("not trusted", format!("{} bytes at {}", area.bytes, area.offset))),
    );
    lines
}
