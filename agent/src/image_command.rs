//! `domfleet-agent image`: disk images, on site and without a server.

mod answer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use domfleet_agent::image;
use domfleet_agent::image::convert::{Conversion, Target, convert};
use domfleet_agent::image::hash::content_hash;
use domfleet_agent::image::inspect::inspect;
use domfleet_agent::image::repair::{Repair, repair};
use domfleet_agent::meter::Meter;
use domfleet_shared::content::{self, FRAME_BYTES};
use domfleet_shared::image::{Format, Hashed};

use self::answer::Answer;
use crate::bar::Bar;

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
    /// Say everything that can be said of an image without looking at what its guest keeps in it.
    /// Changes nothing.
    Inspect {
        /// A file or a block device.
        file: PathBuf,
        /// What the VM's configuration calls its format.
        #[arg(long, value_parser = format)]
        format: Option<Format>,
    },
    /// Hash what is on the disk: the same whatever it is kept in. Its VM must be off.
    Hash {
        /// A file or a block device.
        file: PathBuf,
        /// What the VM's configuration calls its format.
        #[arg(long, value_parser = format)]
        format: Option<Format>,
    },
    /// Copy an image and repair the copy, which is there only once it is in order. The image itself is
    /// not touched. Its VM must be off.
    Repair {
        /// A file or a block device.
        file: PathBuf,
        /// The new file: nothing may be there.
        #[arg(long)]
        to: PathBuf,
        /// What the VM's configuration calls its format.
        #[arg(long, value_parser = format)]
        format: Option<Format>,
        /// Copy what can be read of an image that is corrupt, though parts of it are not what its VM
        /// wrote.
        #[arg(long)]
        salvage: bool,
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
                Ok(Answer::Judged(image::look(file, *format, &**meter)?))
            }
            Self::Inspect { file, format } => {
                Ok(Answer::Inspected(Box::new(inspect(file, *format, &**meter)?)))
            }
            Self::Hash { file, format } => hash(file, *format, &**meter),
            Self::Repair { file, to, format, salvage } => {
                let wanted = Repair {
                    source: file.clone(),
                    format: *format,
                    copy: to.clone(),
                    may_salvage: *salvage,
                };
                Ok(Answer::Repaired(Box::new(run(repair(&wanted, meter))??)))
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
                Ok(Answer::Converted(run(convert(&conversion, meter))??))
            }
        }
    }
}

fn run<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    // What still reads, once it is no longer wanted, is not waited for.
    runtime.shutdown_background();
    Ok(done)
}

fn hash(file: &Path, format: Option<Format>, meter: &dyn Meter) -> anyhow::Result<Answer> {
    let examined = image::examine(file, format, meter)?;
    if !examined.judgement.convertible {
        let reasons = examined.judgement.reasons.join("; ");
        anyhow::bail!("{} may not be read as it is: {reasons}", file.display());
    }
    let virtual_bytes = examined.judgement.virtual_bytes;
    let hash = content_hash(&mut examined.disk()?, FRAME_BYTES, meter)?;
    let (frame_bytes, content) = (FRAME_BYTES.get(), content::in_hex(&hash));
    Ok(Answer::Hashed(Hashed { virtual_bytes, frame_bytes, content }))
}

pub(crate) fn format(name: &str) -> Result<Format, String> {
    match Format::from_name(name) {
        Format::Unknown => Err("it is raw, qcow, qcow2 or another of QEMU's".to_owned()),
        format => Ok(format),
    }
}
