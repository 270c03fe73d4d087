//! `domfleet-agent backup`: backup sets on a drive or in a folder, on site and without a server.

mod answer;
mod comparing;
mod creating;
mod importing;
mod keys;
mod live;
mod protecting;
mod pruning;
mod restoring;
mod verifying;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use domfleet_agent::backup::BackupError;
use domfleet_agent::backup::folder::{Folder, Lock};
use domfleet_agent::backup::list;
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::on_drive::{DriveError, Failure, on_drive};
use domfleet_agent::backup::pipeline::Width;
use domfleet_agent::backup::tools::Tools;
use domfleet_agent::clock::Clock;
use domfleet_agent::dom0::xen::Xen;
use domfleet_agent::meter::Meter as _;
use domfleet_agent::usb::Usb;
use domfleet_agent::usb::mount::Access;
use domfleet_shared::id::SetId;
use domfleet_shared::image::Format;
use domfleet_shared::usb::Usage;
use serde_json::{Value, json};

use self::answer::{describe_listed, told_listed};
use self::creating::How;
use self::keys::{Keys, new_key};
use self::live::Live;
use self::restoring::Destination;
use crate::bar::Bar;

#[derive(Debug, clap::Args)]
pub(crate) struct BackupArguments {
    /// A file with the keys of encrypted sets (`backup key` makes one). A new set is encrypted with the
    /// first of them, and is not where no key is given.
    #[arg(long = "key", value_name = "FILE", global = true)]
    keys: Vec<PathBuf>,
    #[command(subcommand)]
    command: BackupCommand,
}

#[derive(Debug, Subcommand)]
enum BackupCommand {
    /// Make a key for encrypted sets, in a new file. Without it nothing of them can be read: keep a copy
    /// where the drives are not.
    Key {
        /// The file.
        file: PathBuf,
    },
    /// Back VMs up, and read every byte back. The VMs must be off, but for `--snapshot`.
    ///
    /// Where it is interrupted, the same command goes on from there.
    Create {
        /// The xl configurations of the VMs.
        #[arg(long, required = true, num_args = 1..)]
        config: Vec<PathBuf>,
        /// A folder.
        #[arg(long, required_unless_present = "drive")]
        to: Option<PathBuf>,
        /// A drive of ours instead: its device, its serial number or its id. Where it is pulled out, the
        /// backup goes on once it is back.
        #[arg(long, conflicts_with = "to")]
        drive: Option<String>,
        /// Copy as fast as possible, however long the disks take to answer the guests meanwhile.
        #[arg(long)]
        no_pacing: bool,
        /// Let VMs that run go on, and copy snapshots of their disks, which must be logical volumes. What is
        /// restored from them is as after a loss of power.
        #[arg(long)]
        snapshot: bool,
        /// Make parity of the set once it is verified: a tenth of its size, from which a drive that loses
        /// some of it is mended.
        #[arg(long)]
        parity: bool,
    },
    /// Make parity of a set that is verified, whenever and by whatever version it was made: a tenth of its
    /// size, from which a drive that loses some of it is mended. Its VMs may run.
    ///
    /// What is there and whole is kept; where it is interrupted, the same command goes on from there.
    Protect {
        #[command(flatten)]
        place: Place,
        /// A set other than the newest.
        #[arg(long)]
        set: Option<SetId>,
    },
    /// Read the sets back, mend what is damaged from their parity, and read them back again.
    ///
    /// Ends with 0 only where everything is there and as it was written in the end.
    Repair {
        #[command(flatten)]
        place: Place,
        /// One set, instead of all.
        #[arg(long)]
        set: Option<SetId>,
    },
    /// Say which sets there are, what is in them, and when they were verified.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Read every byte of the sets back, and hold it against what was written.
    ///
    /// Ends with 0 only where everything is there and unchanged.
    Verify {
        #[command(flatten)]
        place: Place,
        /// One set, instead of all.
        #[arg(long)]
        set: Option<SetId>,
    },
    /// Take over a backup that another program has made: a folder of qcow2 or raw files, and of the xl
    /// configurations of their VMs.
    ///
    /// An image is found by its name alone, wherever the configurations say that it was. Where it is
    /// interrupted, the same command goes on from there.
    Import {
        /// The folder.
        from: PathBuf,
        /// Where the set goes: a folder.
        #[arg(long, required_unless_present = "drive")]
        to: Option<PathBuf>,
        /// A drive of ours instead: its device, its serial number or its id.
        #[arg(long, conflicts_with = "to")]
        drive: Option<String>,
    },
    /// Make room: remove the sets that need not be kept, each whole or not at all.
    ///
    /// Sets of the same VMs are held against each other. The newest verified set that holds a VM is kept
    /// whatever is said; a set that is not verified is kept until a newer one that is holds all of its
    /// VMs.
    Prune {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        keep: pruning::KeepArguments,
        /// Only say what would be removed.
        #[arg(long)]
        dry_run: bool,
    },
    /// Hold a set against the disks that it was made of, where they are now. The VMs must be off.
    ///
    /// Ends with 0 only where every disk is there and the same, every byte of it. Writes nothing.
    Compare {
        #[command(flatten)]
        place: Place,
        /// A set other than the newest.
        #[arg(long)]
        set: Option<SetId>,
    },
    /// Restore a VM into new files, or onto new logical volumes, which are there under their names only
    /// once they have been read back.
    Restore {
        #[command(flatten)]
        place: Place,
        /// The VM's name or UUID.
        #[arg(long)]
        vm: String,
        /// The folder to restore to, or the name of a volume group.
        #[arg(long)]
        to: PathBuf,
        /// Where the configuration goes when the disks become volumes.
        #[arg(long, default_value = "/etc/xen")]
        config_to: PathBuf,
        /// A set other than the newest that holds the VM.
        #[arg(long)]
        set: Option<SetId>,
        /// What its disks become: raw or qcow2. They stay what they were where it is not said.
        #[arg(long, value_parser = crate::image_command::format)]
        format: Option<Format>,
        /// As a VM of another name, which has a new UUID and new addresses and can run beside it.
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
}

/// Where sets are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// A folder.
    #[arg(required_unless_present = "drive")]
    folder: Option<PathBuf>,
    /// A drive of ours instead: its device, its serial number or its id.
    #[arg(long, conflicts_with = "folder")]
    drive: Option<String>,
}

impl BackupArguments {
    pub(crate) fn carry_out(
        &self,
        root: &Path,
        (data, dom0): (impl Fn() -> anyhow::Result<PathBuf>, impl FnOnce() -> anyhow::Result<Xen>),
        as_json: bool,
    ) -> anyhow::Result<ExitCode> {
        if let BackupCommand::Key { file } = &self.command {
            new_key(file)?.print(as_json);
            return Ok(ExitCode::SUCCESS);
        }
        let held = data();
        let keys = Keys::read(&self.keys, held.as_deref().ok())?;
        self.command.carry_out(root, (data, dom0), &keys, as_json)
    }
}

impl BackupCommand {
    fn carry_out(
        &self,
        root: &Path,
        (data, dom0): (impl Fn() -> anyhow::Result<PathBuf>, impl FnOnce() -> anyhow::Result<Xen>),
        keys: &Keys,
        as_json: bool,
    ) -> anyhow::Result<ExitCode> {
        let bar = Bar::begin(as_json)?;
        let clock = Clock::of_the_machine();
        let with = With { root, keys, clock: &clock, bar: &bar, live: Live::NONE };
        let done = match self {
            Self::Create { config, snapshot: true, .. } => {
                live::with_snapshots(&dom0()?, &data()?, config, |live| {
                    self.done(&data, With { live, ..with })
                })
            }
            _ => self.done(&data, with),
        };
        let is_stopped = |error: &anyhow::Error| error.is::<BackupError>() && bar.is_cancelled();
        match (done, self) {
            (Err(error), Self::Create { .. } | Self::Import { .. }) if is_stopped(&error) => {
                anyhow::bail!(
                    "stopped; what was copied is kept, and the same command goes on from there"
                )
            }
            (done, _) => {
                let answer = done?;
                bar.end();
                answer.print(as_json);
                Ok(answer.code)
            }
        }
    }

    fn done(
        &self,
        data: &impl Fn() -> anyhow::Result<PathBuf>,
        with: With<'_>,
    ) -> anyhow::Result<Answer> {
        match self.place() {
            Place { folder: _, drive: Some(name) } => {
                self.on_drive(&Usb::new(with.root, &data()?), &name, with)
            }
            Place { folder: Some(path), drive: None } => self.in_folder(&path, with),
            Place { folder: None, drive: None } => Err(anyhow::anyhow!("name a folder or a drive")),
        }
    }

    fn place(&self) -> Place {
        match self {
            Self::Key { file } => Place { folder: Some(file.clone()), drive: None },
            Self::Create { to, drive, .. } | Self::Import { to, drive, .. } => {
                Place { folder: to.clone(), drive: drive.clone() }
            }
            Self::List { place }
            | Self::Verify { place, .. }
            | Self::Protect { place, .. }
            | Self::Repair { place, .. }
            | Self::Prune { place, .. }
            | Self::Compare { place, .. }
            | Self::Restore { place, .. } => place.clone(),
        }
    }

    /// Whether it changes anything where the sets are.
    fn writes(&self) -> bool {
        match self {
            Self::Create { .. }
            | Self::Import { .. }
            | Self::Verify { .. }
            | Self::Protect { .. }
            | Self::Repair { .. } => true,
            Self::Prune { dry_run, .. } => !dry_run,
            Self::Key { .. } | Self::List { .. } | Self::Compare { .. } | Self::Restore { .. } => {
                false
            }
        }
    }

    fn on_drive(&self, usb: &Usb, name: &str, with: With<'_>) -> anyhow::Result<Answer> {
        let drive = usb.named(name)?;
        let Usage::Ours { drive: id } = drive.usage else {
            anyhow::bail!("{name} is no drive of ours: prepare it first")
        };
        let access = if self.writes() { Access::ReadWrite } else { Access::ReadOnly };
        // When a drive was pulled out, what was proved by then is not made again.
        let proved = Cell::new(None);
        let done = on_drive(usb, (id, access), with.bar, |medium| {
            self.work(&Work::new(medium, name, with), &proved).map_err(Failed)
        });
        done.map_err(|Failed(error)| error)
    }

    fn in_folder(&self, path: &Path, with: With<'_>) -> anyhow::Result<Answer> {
        if let Self::Create { .. } | Self::Import { .. } = self {
            std::fs::create_dir_all(path)
                .with_context(|| format!("{} cannot be made as a folder", path.display()))?;
        }
        let folder = Folder::open(path)
            .with_context(|| format!("{} cannot be opened as a folder", path.display()))?;
        let _lock = if self.writes() { Some(lock(&folder, path)?) } else { None };
        let place = path.to_string_lossy();
        self.work(&Work::new(&folder, &place, with), &Cell::new(None))
    }

    fn work<M: Medium>(
        &self,
        work: &Work<'_, M>,
        proved: &Cell<Option<SetId>>,
    ) -> anyhow::Result<Answer> {
        match self {
            Self::Key { file } => new_key(file),
            Self::Create { config, no_pacing, parity, .. } => {
                let how = How { is_paced: !no_pacing, parity: *parity, proved };
                work.create(config, &how)
            }
            Self::Protect { set, .. } => work.protect(*set),
            Self::Repair { set, .. } => work.repair(*set),
            Self::Import { from, .. } => work.import(from),
            Self::List { .. } => work.list(),
            Self::Verify { set, .. } => work.verify(*set),
            Self::Compare { set, .. } => work.compare(*set),
            Self::Prune { keep, dry_run, .. } => work.prune(keep.keep(), *dry_run),
            Self::Restore { vm, to, config_to, set, format, name, .. } => {
                let to = Destination::of(to, config_to, *format)?;
                let others = to.others(config_to);
                work.restore((vm, *set), &to, name.as_deref().map(|name| (name, &others)))
            }
        }
    }
}

/// Why work on a drive failed.
struct Failed(anyhow::Error);

impl From<DriveError> for Failed {
    fn from(error: DriveError) -> Self {
        Self(error.into())
    }
}

impl Failure for Failed {
    fn is_of_the_drive(&self) -> bool {
        self.0.downcast_ref().is_some_and(BackupError::may_be_of_the_drive)
    }
}

/// What is said at the end, and what the program ends with.
struct Answer {
    said: Value,
    text: String,
    code: ExitCode,
}

impl Answer {
    fn good(said: Value, text: String) -> Self {
        Self { said, text, code: ExitCode::SUCCESS }
    }

    #[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
    fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.said);
        } else {
            println!("{}", self.text);
        }
    }
}

fn lock(folder: &Folder, path: &Path) -> anyhow::Result<Lock> {
    let lock = folder.lock().with_context(|| format!("{} cannot be written to", path.display()))?;
    lock.with_context(|| {
        format!("another backup works in {}: wait until it is over", path.display())
    })
}

/// What there is beside the sets.
#[derive(Clone, Copy)]
struct With<'w> {
    root: &'w Path,
    keys: &'w Keys,
    clock: &'w Clock,
    bar: &'w Bar,
    live: Live<'w>,
}

/// Work on the sets of a folder or of a drive.
struct Work<'w, M> {
    tools: Tools<'w, M>,
    with: With<'w>,
    /// Where the sets are, as the person has called it.
    place: &'w str,
}

impl<'w, M: Medium> Work<'w, M> {
    fn new(medium: &'w M, place: &'w str, with: With<'w>) -> Self {
        let tools = Tools {
            medium,
            keys: &with.keys.ring,
            clock: with.clock,
            meter: with.bar,
            width: Width::of_the_machine(),
        };
        Self { tools, with, place }
    }

    fn list(&self) -> anyhow::Result<Answer> {
        let sets = list::list(self.tools.medium)?;
        let said: Vec<Value> = sets.iter().map(told_listed).collect();
        let text: Vec<String> = sets.iter().map(describe_listed).collect();
        let text = if text.is_empty() { "no backup set".to_owned() } else { text.join("\n") };
        Ok(Answer::good(json!({ "sets": said }), text))
    }
}
