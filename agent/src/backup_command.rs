//! `domfleet-agent backup`: backup sets on a drive or in a folder, on site and without a server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use domfleet_agent::backup::create::is_as_copied;
use domfleet_agent::backup::documents::{Manifest, SavedVm};
use domfleet_agent::backup::files::DiskFiles;
use domfleet_agent::backup::folder::{Folder, Lock};
use domfleet_agent::backup::list::{self, Listed};
use domfleet_agent::backup::pipeline::Width;
use domfleet_agent::backup::prepare::{Prepared, prepare};
use domfleet_agent::backup::restore::Sealed;
use domfleet_agent::backup::to_folder::{self, Restored};
use domfleet_agent::backup::tools::Tools;
use domfleet_agent::backup::volumes::{self, Group, Run};
use domfleet_agent::backup::{self, BackupError, to_volumes};
use domfleet_agent::clock::Clock;
use domfleet_agent::meter::Meter as _;
use domfleet_shared::id::SetId;
use domfleet_shared::image::Format;
use serde_json::{Value, json};

use crate::bar::Bar;

/// How it ends where a set is damaged or not finished.
const NOT_VERIFIED: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Back VMs up, and read every byte back. The VMs must be off.
    ///
    /// Where it is interrupted, the same command goes on from there.
    Create {
        /// The xl configurations of the VMs.
        #[arg(long, required = true, num_args = 1..)]
        config: Vec<PathBuf>,
        /// A drive's folder, or any other.
        #[arg(long)]
        to: PathBuf,
    },
    /// Say which sets there are, what is in them, and when they were verified.
    List {
        /// Where they are.
        folder: PathBuf,
    },
    /// Read every byte of the sets back, and hold it against what was written.
    ///
    /// Ends with 0 only where everything is there and unchanged.
    Verify {
        /// Where they are.
        folder: PathBuf,
        /// One set, instead of all.
        #[arg(long)]
        set: Option<SetId>,
    },
    /// Restore a VM into new files, or onto new logical volumes, which are there under their names only
    /// once they have been read back.
    Restore {
        /// Where the set is.
        folder: PathBuf,
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
    },
}

impl BackupCommand {
    pub(crate) fn carry_out(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        let clock = Clock::of_the_machine();
        let bar = Bar::begin(as_json)?;
        let work = Work { clock: &clock, bar: &bar, as_json };
        let done = match self {
            Self::Create { config, to } => work.create(config, to),
            Self::List { folder } => work.list(folder),
            Self::Verify { folder, set } => work.verify(folder, *set),
            Self::Restore { folder, vm, to, config_to, set, format } => {
                work.restore(folder, (vm, *set), &Destination::of(to, config_to, *format)?)
            }
        };
        match (done, self) {
            (Err(error), Self::Create { .. })
                if error.is::<BackupError>() && bar.is_cancelled() =>
            {
                anyhow::bail!(
                    "stopped; what was copied is kept, and the same command goes on from there"
                )
            }
            (done, _) => done,
        }
    }
}

/// Where a VM is restored to.
enum Destination<'d> {
    Folder(&'d Path, Option<Format>),
    Group(&'d str, &'d Path),
}

impl<'d> Destination<'d> {
    /// A name alone, of no folder that is there, is that of a volume group if there is one.
    fn of(to: &'d Path, configs: &'d Path, format: Option<Format>) -> anyhow::Result<Self> {
        let group = to.to_str().filter(|name| !name.contains('/') && !to.exists());
        let is_group =
            |name: &&str| with_lvm(|run| Ok(Group::open(name, run).is_ok())).is_ok_and(|is| is);
        let Some(group) = group.filter(is_group) else { return Ok(Self::Folder(to, format)) };
        if format.is_some_and(|format| format != Format::Raw) {
            anyhow::bail!("a volume holds a disk as it is: leave --format out");
        }
        Ok(Self::Group(group, configs))
    }

    fn restore(&self, sealed: &Sealed<'_, Folder>, vm: &SavedVm) -> anyhow::Result<Restored> {
        match self {
            Self::Folder(folder, format) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("{} cannot be made as a folder", folder.display()))?;
                Ok(to_folder::restore(sealed, vm, folder, *format)?)
            }
            Self::Group(name, configs) => with_lvm(|run| {
                let group = Group::open(name, run)?;
                Ok(to_volumes::restore(sealed, vm, &group, configs)?)
            }),
        }
    }
}

/// Has something run LVM's programs, each to its end.
fn with_lvm<T>(work: impl FnOnce(Run<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    work(&|program, arguments| runtime.block_on(volumes::run(program, arguments)))
}

struct Work<'w> {
    clock: &'w Clock,
    bar: &'w Bar,
    as_json: bool,
}

fn open(path: &Path) -> anyhow::Result<Folder> {
    Folder::open(path).with_context(|| format!("{} cannot be opened as a folder", path.display()))
}

fn lock(folder: &Folder, path: &Path) -> anyhow::Result<Lock> {
    let lock = folder.lock().with_context(|| format!("{} cannot be written to", path.display()))?;
    lock.with_context(|| {
        format!("another backup works in {}: wait until it is over", path.display())
    })
}

impl Work<'_> {
    fn tools<'t>(&'t self, folder: &'t Folder) -> Tools<'t, Folder> {
        let width = Width::of_the_machine();
        Tools { medium: folder, clock: self.clock, meter: self.bar, width }
    }

    fn create(&self, configs: &[PathBuf], to: &Path) -> anyhow::Result<ExitCode> {
        let prepared = prepare(configs, self.clock.now())?;
        std::fs::create_dir_all(to)
            .with_context(|| format!("{} cannot be made as a folder", to.display()))?;
        let folder = open(to)?;
        let _lock = lock(&folder, to)?;
        let listed = list::list(&folder)?;
        let begun = listed.iter().rev().filter(|set| is_unfinished(&folder, set));
        let begun: Option<Prepared> =
            begun.into_iter().find_map(|set| prepared.as_begun(&set.plan));
        let Prepared { plan, configs, .. } = begun.unwrap_or(prepared);
        let proof = backup::create(self.tools(&folder), &plan, &configs, &DiskFiles)?;
        let mut said = told(&proof.manifest, true);
        said["seconds"] = json!(self.bar.seconds());
        self.print(&said, &describe(&proof.manifest, "verified"));
        Ok(ExitCode::SUCCESS)
    }

    fn list(&self, path: &Path) -> anyhow::Result<ExitCode> {
        let sets = list::list(&open(path)?)?;
        let said: Vec<Value> = sets.iter().map(told_listed).collect();
        let text: Vec<String> = sets.iter().map(describe_listed).collect();
        let text = if text.is_empty() { "no backup set".to_owned() } else { text.join("\n") };
        self.print(&json!({ "sets": said }), &text);
        Ok(ExitCode::SUCCESS)
    }

    fn verify(&self, path: &Path, set: Option<SetId>) -> anyhow::Result<ExitCode> {
        let folder = open(path)?;
        let _lock = lock(&folder, path)?;
        let sets = list::list(&folder)?;
        let wanted: Vec<&Listed> =
            sets.iter().filter(|listed| set.is_none_or(|set| set == listed.set)).collect();
        if wanted.is_empty() {
            anyhow::bail!("there is no such backup set in {}", path.display());
        }
        let (mut said, mut text, mut is_whole) = (Vec::new(), Vec::new(), true);
        for listed in wanted {
            match backup::verify(self.tools(&folder), listed.set) {
                Ok(proof) => {
                    let damages: Vec<String> =
                        proof.damages.iter().map(ToString::to_string).collect();
                    let is_verified = damages.is_empty();
                    is_whole &= is_verified;
                    let word = if is_verified { "verified" } else { "DAMAGED" };
                    text.push(describe(&proof.manifest, word));
                    text.extend(damages.iter().map(|damage| format!("  {damage}")));
                    let mut told = told(&proof.manifest, is_verified);
                    told["damages"] = damages.into();
                    said.push(told);
                }
                Err(error) if error.is_of_the_medium() => return Err(error.into()),
                Err(error) => {
                    is_whole = false;
                    let error = format!("{:#}", anyhow::Error::from(error));
                    text.push(format!("{}  NOT VERIFIED: {error}", listed.set));
                    said.push(json!({ "set": listed.set, "verified": false, "damages": [error] }));
                }
            }
        }
        self.print(
            &json!({ "sets": said, "verified": is_whole, "seconds": self.bar.seconds() }),
            &text.join("\n"),
        );
        Ok(if is_whole { ExitCode::SUCCESS } else { NOT_VERIFIED.into() })
    }

    fn restore(
        &self,
        path: &Path,
        (vm, set): (&str, Option<SetId>),
        to: &Destination<'_>,
    ) -> anyhow::Result<ExitCode> {
        let folder = open(path)?;
        let sets = list::list(&folder)?;
        let is_it = |saved: &&SavedVm| saved.name == vm || saved.uuid.to_string() == vm;
        let newest = sets.iter().rev().find(|listed| {
            let mut vms = listed.manifest.iter().flat_map(|manifest| &manifest.vms);
            set.is_none_or(|set| set == listed.set) && vms.any(|saved| is_it(&saved))
        });
        let newest = newest.with_context(|| {
            format!("no finished backup set in {} holds a VM {vm}", path.display())
        })?;
        let sealed = Sealed::open(self.tools(&folder), newest.set)?;
        let mut found = sealed.manifest.vms.iter().filter(is_it);
        let saved = found.next().context("the set has changed meanwhile")?;
        if found.next().is_some() {
            anyhow::bail!("the set {} holds two VMs {vm}: say the UUID of one", newest.set);
        }
        let restored = to.restore(&sealed, saved)?;
        let disks = restored.disks.iter().map(|disk| format!("\n  {}", disk.display()));
        let text = format!(
            "{vm} of set {}, as it was backed up at {}:\n  {}{}",
            newest.set,
            newest.plan.created_at,
            restored.config.display(),
            disks.collect::<String>()
        );
        let said = json!({
            "set": newest.set,
            "vm": saved.uuid,
            "name": saved.name,
            "config": restored.config,
            "disks": restored.disks,
            "seconds": self.bar.seconds(),
        });
        self.print(&said, &text);
        Ok(ExitCode::SUCCESS)
    }

    #[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
    fn print(&self, said: &Value, text: &str) {
        self.bar.end();
        if self.as_json {
            println!("{said}");
        } else {
            println!("{text}");
        }
    }
}

/// Whether a backup of the same disks goes on with this set, instead of beginning another.
fn is_unfinished(folder: &Folder, set: &Listed) -> bool {
    let is_sealed = set.manifest.is_some();
    let is_open = set.verified.is_none() && set.trouble.is_none();
    is_open && (!is_sealed || is_as_copied(folder, &set.plan, &DiskFiles).unwrap_or(false))
}

fn told(manifest: &Manifest, is_verified: bool) -> Value {
    json!({
        "set": manifest.set,
        "generation": manifest.generation,
        "created_at": manifest.created_at,
        "sealed_at": manifest.sealed_at,
        "verified": is_verified,
        "stored_bytes": manifest.stored_bytes(),
        "vms": manifest.vms,
    })
}

fn told_listed(listed: &Listed) -> Value {
    match &listed.manifest {
        Some(manifest) => {
            let mut told = told(manifest, listed.verified.is_some());
            told["verified_at"] = json!(listed.verified);
            told
        }
        None => json!({
            "set": listed.set,
            "created_at": listed.plan.created_at,
            "verified": false,
            "trouble": listed.trouble.as_ref().map(BackupError::to_string),
            "vms": listed.plan.vms,
        }),
    }
}

fn describe_listed(listed: &Listed) -> String {
    match (&listed.manifest, listed.verified, &listed.trouble) {
        (Some(manifest), Some(at), _) => describe(manifest, &format!("verified at {at}")),
        (Some(manifest), None, _) => describe(manifest, "NOT VERIFIED"),
        (None, _, Some(trouble)) => format!("{}  NOT VERIFIED: {trouble}", listed.set),
        (None, _, None) => format!("{}  not finished: run the backup again to go on", listed.set),
    }
}

fn describe(manifest: &Manifest, word: &str) -> String {
    let mut lines = vec![format!("{}  {word}", manifest.set)];
    for vm in &manifest.vms {
        lines.push(format!("  {}", vm.name));
        lines.extend(vm.disks.iter().map(|disk| {
            let (vdev, bytes) = (&disk.planned.vdev, disk.planned.virtual_bytes);
            let (data, stored) = (disk.data_bytes, disk.stored_bytes);
            format!("    {vdev}  {bytes} bytes, {data} of data, {stored} stored")
        }));
        let left_out = vm.left_out.iter();
        lines.extend(left_out.map(|disk| format!("    {}  left out: {}", disk.vdev, disk.reason)));
    }
    lines.join("\n")
}
