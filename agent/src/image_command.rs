//! `domfleet-agent image`: disk images, on site and without a server.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use domfleet_agent::image;
use domfleet_agent::image::convert::convert;
use domfleet_shared::image::{Format, Judgement};

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
    /// compared. The image's VM must be off.
    Convert {
        /// A file or a block device.
        source: PathBuf,
        /// The new file. Nothing may be there.
        target: PathBuf,
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
        match self {
            Self::Check { file, format } => {
                let judgement = image::check(file, *format)?;
                print(&judgement, as_json)?;
                let code = if judgement.convertible { 0 } else { NOT_CONVERTIBLE };
                Ok(code.into())
            }
            Self::Convert { source, target, format, source_format } => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let done = runtime.block_on(async {
                    tokio::select! {
                        done = convert(source, *source_format, target, *format) => Ok(done?),
                        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted: nothing is left"),
                    }
                });
                // What still reads, once it is no longer wanted, is not waited for.
                runtime.shutdown_background();
                let converted = Judgement { format: *format, ..done? };
                print(&converted, as_json)?;
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
fn print(judgement: &Judgement, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let json = serde_json::to_string(judgement).context("cannot be told in JSON")?;
        println!("{json}");
        return Ok(());
    }
    let Judgement { format, virtual_bytes, verdict, convertible, reasons } = judgement;
    let verdict = serde_json::to_value(verdict)?;
    println!("format         {format}");
    println!("virtual bytes  {virtual_bytes}");
    println!("verdict        {}", verdict.as_str().unwrap_or_default().replace('_', " "));
    println!("convertible    {}", if *convertible { "yes, as it is" } else { "no, not as it is" });
    for reason in reasons {
        println!("  {reason}");
    }
    Ok(())
}
