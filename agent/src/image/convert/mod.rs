//! From one format to another: a verified result, or nothing.
//!
//! `qemu-img` writes, and [`Disk`](super::disk::Disk) reads both sides again and compares: that
//! `qemu-img` ends with 0 proves nothing (`docs/decisions/0009-our-own-look-at-images.md`).

mod volume;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domfleet_shared::content;
use domfleet_shared::image::{Converted, Format, Judgement, Verdict};

use self::volume::Volume;
pub use self::volume::VolumeError;
use super::compare::{Compared, compare};
use super::disk::DiskError;
use super::part::{Part, PartError};
use super::qemu_img::{self, ToolError};
use super::{Examined, ImageError, examine};
use crate::dom0::Dom0Error;
use crate::meter::{Cancelled, Meter};

/// What is to be converted, and into what.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// A file or block device.
    pub source: PathBuf,
    /// What the VM's configuration calls its format; otherwise its first bytes tell.
    pub source_format: Option<Format>,
    /// Where it goes.
    pub target: Target,
    /// What it becomes.
    pub format: Format,
}

/// Where the result goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// A file, which is there under its name only once everything in it has been read back.
    NewFile(PathBuf),
    /// A block device that is there. Everything on it is lost.
    Volume(PathBuf),
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] ImageError),
    /// It may not be converted as it is.
    #[error("{} may not be converted as it is: {}", path.display(), reasons.join("; "))]
    Unfit {
        /// The source.
        path: PathBuf,
        /// What the judgement says.
        reasons: Vec<String>,
    },
    /// Somebody writes to it.
    #[error("{} is in use by {holder}: shut its VM down first", path.display())]
    InUse {
        /// The source.
        path: PathBuf,
        /// A program or a VM.
        holder: String,
    },
    /// Only these are written.
    #[error("images are converted to raw, qcow2 or qcow, not to {0}")]
    Format(Format),
    /// A new file cannot be had.
    #[error(transparent)]
    File(#[from] PartError),
    /// Nor the volume.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// `qemu-img` did not do it.
    #[error("the conversion did not come to its end")]
    Tool(#[from] Dom0Error),
    /// One of the two cannot be read to be compared.
    #[error("the result cannot be compared with what it was made of")]
    Unreadable(#[source] io::Error),
    /// The same.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The result's own tables are wrong.
    #[error("the result is damaged, and of no use: {}", .0.join("; "))]
    Damaged(Vec<String>),
    /// The result is not what it was made of.
    #[error("the result differs from {} at byte {at} of the disk, and is of no use", path.display())]
    Differs {
        /// The source.
        path: PathBuf,
        /// The first byte that differs is in the frame that begins there.
        at: u64,
    },
    /// Nobody wants it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// What was on the volume is lost, and what is to be there is not there.
    #[error("{} is unfinished: start no VM from it before it has been converted onto again", volume.display())]
    Unfinished {
        /// The volume.
        volume: PathBuf,
        /// Why so.
        #[source]
        why: Box<ConvertError>,
    },
}

impl From<ToolError> for ConvertError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Tool(error) => Self::Tool(error),
            ToolError::Cancelled(cancelled) => Self::Cancelled(cancelled),
        }
    }
}

/// Converts. A new file that comes to nothing is removed; of a volume it is said that it is
/// [unfinished](ConvertError::Unfinished).
pub async fn convert(
    conversion: &Conversion,
    meter: &Arc<dyn Meter>,
) -> Result<Converted, ConvertError> {
    let Conversion { source, source_format, target, format } = conversion;
    match (target, format) {
        (Target::NewFile(_), Format::Raw | Format::Qcow | Format::Qcow2)
        | (Target::Volume(_), Format::Raw) => {}
        (Target::Volume(_), _) => return Err(VolumeError::OnlyRaw.into()),
        (_, format) => return Err(ConvertError::Format(*format)),
    }
    let (path, format, listening) = (source.clone(), *source_format, Arc::clone(meter));
    let looking = move || {
        let examined = examine(&path, format, &*listening)?;
        let holder = examined.holder();
        Ok::<_, ImageError>((examined, holder))
    };
    let (examined, holder) = apart(looking).await??;
    let path = source.clone();
    if let Some(holder) = holder {
        return Err(ConvertError::InUse { path, holder });
    }
    if !examined.judgement.convertible {
        return Err(ConvertError::Unfit { path, reasons: examined.judgement.reasons });
    }
    match target {
        Target::NewFile(path) => to_file(conversion, examined, path, meter).await,
        Target::Volume(path) => to_volume(conversion, examined, path, meter).await,
    }
}

async fn to_file(
    conversion: &Conversion,
    examined: Examined,
    target: &Path,
    meter: &Arc<dyn Meter>,
) -> Result<Converted, ConvertError> {
    let part = Part::begin(target)?;
    // Past the cache, so that dom0, which has little memory, keeps what it has in it.
    let ways = [["-t", "none", "-T", "none"].as_slice(), &[]];
    write(&examined.judgement, conversion, &part.path, ways, meter).await?;
    part.flush()?;
    let converted = prove(conversion, examined, part.path.clone(), meter).await?;
    part.publish(target)?;
    Ok(converted)
}

async fn to_volume(
    conversion: &Conversion,
    examined: Examined,
    target: &Path,
    meter: &Arc<dyn Meter>,
) -> Result<Converted, ConvertError> {
    let virtual_bytes = examined.judgement.virtual_bytes;
    if examined.files().any(|file| volume::is_the_same(file, target)) {
        return Err(VolumeError::IsTheSource(target.into()).into());
    }
    // Held until it has been read back: nobody mounts it meanwhile.
    let path = target.to_owned();
    let volume = apart(move || Volume::claim(&path, virtual_bytes)).await??;
    let volume = Arc::new(volume);
    let written = async {
        // Onto what is there, which is read as nothing: never `--target-is-zero`.
        let onto = ["-n", "-t", "none", "-W", "-m", "8"];
        let directly = [onto.as_slice(), &["-T", "none"]].concat();
        write(&examined.judgement, conversion, target, [&directly, &onto], meter).await?;
        let (tail, listening) = (Arc::clone(&volume), Arc::clone(meter));
        apart(move || tail.finish(virtual_bytes, &*listening)).await?.map_err(broken(target))?;
        prove(conversion, examined, target.to_owned(), meter).await
    };
    written
        .await
        .map_err(|why| ConvertError::Unfinished { volume: target.into(), why: Box::new(why) })
}

fn broken(volume: &Path) -> impl Fn(io::Error) -> ConvertError {
    move |source| {
        if Cancelled::is_why(&source) {
            Cancelled.into()
        } else {
            VolumeError::Unwritable { volume: volume.into(), source }.into()
        }
    }
}

/// Runs what takes long and cannot be interrupted where it is in nobody's way.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ConvertError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ConvertError::Unreadable(io::Error::other(error)))
}

/// Has `qemu-img` write, in the first of two ways, or in the second where a file system cannot be
/// read or written past the cache.
async fn write(
    source: &Judgement,
    conversion: &Conversion,
    target: &Path,
    ways: [&[&str]; 2],
    meter: &Arc<dyn Meter>,
) -> Result<(), ConvertError> {
    let from = qemu_img::name_of(&conversion.source).map_err(ConvertError::Unreadable)?;
    let to = qemu_img::name_of(target).map_err(ConvertError::Unreadable)?;
    let (from_format, to_format) = (source.format.name(), conversion.format.name());
    let common = ["convert", "-p", "-f", from_format, "-O", to_format];
    let mut said = None;
    for way in ways {
        let arguments = [common.as_slice(), way, &[from.as_str(), to.as_str()]].concat();
        meter.begin("converting", source.virtual_bytes);
        let done = qemu_img::run(&arguments, source.virtual_bytes, meter).await?;
        let is_about_the_cache = done.code != Some(0) && done.stderr.contains("O_DIRECT");
        said = Some(done);
        if !is_about_the_cache {
            break;
        }
    }
    if let Some(said) = said {
        said.success("qemu-img convert")?;
    }
    Ok(())
}

/// Looks at the result, reads both sides whole, and compares.
async fn prove(
    conversion: &Conversion,
    examined: Examined,
    target: PathBuf,
    meter: &Arc<dyn Meter>,
) -> Result<Converted, ConvertError> {
    let (source, format) = (conversion.source.clone(), conversion.format);
    let listening = Arc::clone(meter);
    let work = move || {
        let result = examine(&target, Some(format), &*listening)?;
        let Judgement { verdict, convertible, reasons, .. } = &result.judgement;
        if !convertible || *verdict == Verdict::Leaks {
            return Err(ConvertError::Damaged(reasons.clone()));
        }
        let judgement = Judgement { format, ..examined.judgement.clone() };
        let compared = compare(&mut examined.disk()?, &mut result.disk()?, &*listening);
        match compared {
            Ok(Compared::Equal(hash)) => {
                Ok(Converted { judgement, content: content::in_hex(&hash) })
            }
            Ok(Compared::Differs(at)) => Err(ConvertError::Differs { path: source, at }),
            Err(error) if Cancelled::is_why(&error) => Err(Cancelled.into()),
            Err(error) => Err(ConvertError::Unreadable(error)),
        }
    };
    apart(work).await?
}
