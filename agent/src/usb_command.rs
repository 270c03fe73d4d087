//! `domfleet-agent usb`: USB drives, on site and without a server.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use domfleet_agent::clock::Clock;
use domfleet_agent::usb::Usb;
use domfleet_shared::usb::{Qualification, QualifyMode, Rate, Usage, UsbDrive};
use serde_json::json;

use crate::bar::Bar;

/// How it ends where no backup may be trusted to a drive.
const NOT_FIT: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum UsbCommand {
    /// Show the drives that are plugged in by USB, and what each may be used for.
    List,
    /// Find out how much a drive really holds, and how fast it is, by writing to it.
    ///
    /// Nothing is lost: an empty drive is written to where it is blank, one of ours where it has
    /// free space, and any other only with --erase. Ends with 0 only where backups may be trusted
    /// to it, with 1 where not, and with 2 where nothing can be said.
    Qualify {
        /// Its device (`/dev/sdb`) or its serial number.
        drive: String,
        /// Every block, which takes hours, instead of some all over it.
        #[arg(long)]
        full: bool,
        /// Erase all that is on it: its serial number, or its device where it has none.
        #[arg(long)]
        erase: Option<String>,
    },
    /// Make a drive ours: one partition, ext4. Repeating it finishes what was cut off.
    Prepare {
        /// Its device (`/dev/sdb`) or its serial number.
        drive: String,
        /// Erase all that is on it: its serial number, or its device where it has none.
        #[arg(long)]
        erase: Option<String>,
    },
}

impl UsbCommand {
    pub(crate) fn carry_out(
        &self,
        root: &Path,
        data: &Path,
        as_json: bool,
    ) -> anyhow::Result<ExitCode> {
        let usb = Usb::new(root, data);
        match self {
            Self::List => list(&usb.drives(), as_json),
            Self::Qualify { drive, full, erase } => {
                let drive = usb.named(drive)?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let smart = runtime.block_on(usb.smart(&drive));
                let mode = if *full { QualifyMode::Full } else { QualifyMode::Quick };
                let bar = Bar::begin(as_json)?;
                let verdict = usb.qualify(&drive, mode, erase.as_deref(), smart, &bar);
                bar.end();
                let verdict = verdict?;
                show(&verdict, as_json)?;
                return Ok(if verdict.is_fit { ExitCode::SUCCESS } else { NOT_FIT.into() });
            }
            Self::Prepare { drive, erase } => {
                let drive = usb.named(drive)?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let now = Clock::of_the_machine().now();
                let bar = Bar::begin(as_json)?;
                let ready = runtime.block_on(usb.prepare(&drive, erase.as_deref(), now, &bar));
                bar.end();
                list(&[ready?], as_json);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
fn list(drives: &[UsbDrive], as_json: bool) {
    if as_json {
        println!("{}", json!({ "drives": drives }));
        return;
    }
    if drives.is_empty() {
        println!("no USB drive is plugged in");
    }
    for drive in drives {
        let hardware = &drive.hardware;
        let name = [&hardware.vendor, &hardware.model].map(|text| text.as_deref().unwrap_or("?"));
        let serial = hardware.serial.as_deref().unwrap_or("without a serial number");
        println!("{:<10} {:>9}  {}  {serial}", drive.path, size(drive.size_bytes), name.join(" "));
        println!("{:<10} {}", "", usage(&drive.usage));
    }
}

fn usage(usage: &Usage) -> String {
    match usage {
        Usage::System { reason } => format!("in use, never touched: {reason}"),
        Usage::Ours { drive } => format!("ours: {drive}"),
        Usage::Unfinished { drive } => format!("its preparation is not finished: {drive}"),
        Usage::Empty => "empty".to_owned(),
        Usage::Foreign { what } => format!("holds {what}"),
        Usage::Unknown => "unknown".to_owned(),
    }
}

/// As it stands on the box: in powers of ten.
fn size(bytes: u64) -> String {
    let units = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let unit = units.iter().find(|(_, unit)| bytes >= *unit);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(name, unit)| format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    )
}

#[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
fn show(verdict: &Qualification, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        println!("{}", serde_json::to_string(verdict)?);
        return Ok(());
    }
    let least = if verdict.is_exact { "" } else { "at least " };
    let rate = |rate: Option<Rate>| {
        rate.map_or_else(
            || "unknown".to_owned(),
            |Rate { mean, slowest }| {
                format!("{}/s, at its slowest {}/s", size(mean), size(slowest))
            },
        )
    };
    println!("fit for backups  {}", if verdict.is_fit { "yes" } else { "no" });
    println!("says it holds    {}", size(verdict.claimed_bytes));
    println!("holds            {least}{}", size(verdict.true_bytes));
    println!("tested           {}", size(verdict.tested_bytes));
    println!("writes           {}", rate(verdict.write_rate));
    println!("reads            {}", rate(verdict.read_rate));
    for reason in &verdict.reasons {
        println!("  {reason}");
    }
    Ok(())
}
