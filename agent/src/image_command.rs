//! `domfleet-agent image`: disk images, on site and without a server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use domfleet_agent::image;
use domfleet_agent::image::convert::{Conversion, Target, convert};
use domfleet_agent::meter::Meter;
use domfleet_shared::image::{Converted, Format, Judgement};
use serde::Serialize;

use crate::bar::Bar;

/// How it ends where an image may not be converted as it is.
const NOT_CONVERTIBLE: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Say what an image is, and whether what it holds can be trusted. Its VM must be off.
    ///
    /// Ends with 0 only where it may be converted as it is, with 1 where not, and with 2 where
    /// nothing can be said. Changes nothing.
    Check {
        /// A file or a block device.
        file: PathBuf,
        /// What the VM's configuration calls its format (raw, qcow2, …); otherwise its first
        /// bytes tell, which whoever writes to a raw disk chooses.
        #[arg(long, value_parser = format)]
        format: Option<Format>,
    },
    /// Convert an image into a new file, which is there only once it has been read back and
    /// compared, or onto a volume. The image's VM must be off.
    Convert {
        /// A file or a block device.
        source: PathBuf,
        /// The new file: nothing may be there.
        target: PathBuf,
        /// The target is a volume, and everything on it is lost.
        #[arg(long)]
        onto_volume: bool,
        /// What it becomes: raw, qcow2, or qcow, which hypervisor 0.9.7 reads.
        #[arg(long, value_parser = format)]
        format: Format,
        /// What the VM's configuration calls the format of the source.
        #[arg(long, value_parser = format)]
        source_format: Option<Format>,
    },
}

impl ImageCommand {
    pub(crate) fn carry_out(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        let bar = Arc::new(Bar::begin(as_json)?);
        let meter: Arc<dyn Meter> = Arc::clone(&bar) as Arc<dyn Meter>;
        let done = self.work(&meter);
        bar.end();
        done?.print(as_json)
    }

    fn work(&self, meter: &Arc<dyn Meter>) -> anyhow::Result<Answer> {
        match self {
            Self::Check { file, format } => {
                Ok(Answer::Judged(image::examine(file, *format, &**meter)?.judgement))
            }
            Self::Convert { source, target, onto_volume, format, source_format } => {
                let target = target.clone();
                let conversion = Conversion {
                    source: source.clone(),
                    source_format: *source_format,
                    target: if *onto_volume {
                        Target::Volume(target)
                    } else {
                        Target::NewFile(target)
                    },
                    format: *format,
                };
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let done = runtime.block_on(convert(&conversion, meter));
                // What still reads, once it is no longer wanted, is not waited for.
                runtime.shutdown_background();
                Ok(Answer::Converted(done?))
            }
        }
    }
}

/// What is said in the end.
enum Answer {
    Judged(Judgement),
    Converted(Converted),
}

impl Answer {
    fn print(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        match self {
            Self::Judged(judgement) => {
                print(judgement, as_json, || said_of(judgement))?;
                let code = if judgement.convertible { 0 } else { NOT_CONVERTIBLE };
                Ok(code.into())
            }
            Self::Converted(converted) => {
                print(converted, as_json, || {
                    let mut lines = said_of(&converted.judgement);
                    lines.push(format!("content        {}", converted.content));
                    lines
                })?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

pub(crate) fn format(name: &str) -> Result<Format, String> {
    match Format::from_name(name) {
        Format::Unknown => Err("it is raw, qcow, qcow2 or another of QEMU's".to_owned()),
        format => Ok(format),
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

fn said_of(judgement: &Judgement) -> Vec<String> {
    let Judgement { format, virtual_bytes, verdict, convertible, reasons } = judgement;
    let verdict = serde_json::to_value(verdict).unwrap_or_default();
    let verdict = verdict.as_str().unwrap_or_default().replace('_', " ");
    let convertible = if *convertible { "yes, as it is" } else { "no, not as it is" };
    let mut lines = vec![
        format!("format         {format}"),
        format!("virtual bytes  {virtual_bytes}"),
        format!("verdict        {verdict}"),
        format!("convertible    {convertible}"),
    ];
    lines.extend(reasons.iter().map(|reason| format!("  {reason}")));
    lines
}
