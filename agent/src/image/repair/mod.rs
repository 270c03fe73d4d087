//! Repairing a copy of an image; the image itself is never touched.
//!
//! What `qemu-img check -r` does to it is judged by our own check, and by reading both: a repair that
//! changes what the guest sees is none, unless a salvage was asked for.

mod copy;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domfleet_shared::content::{self, FRAME_BYTES};
use domfleet_shared::image::{Area, Format, Judgement, Repaired, Verdict};

use super::chain::Content;
use super::compare::{Compared, compare};
use super::disk::DiskError;
use super::hash::content_hash;
use super::part::{Part, PartError};
use super::qemu_img::{self, ToolError};
use super::{Examined, ImageError, examine};
use crate::dom0::Dom0Error;
use crate::meter::{Cancelled, Meter};

/// What is to be repaired.
#[derive(Clone, Debug)]
pub struct Repair {
    /// A file or a block device.
    pub source: PathBuf,
    /// What the VM's configuration calls its format; otherwise its first bytes tell.
    pub format: Option<Format>,
    /// The new file. Nothing may be there.
    pub copy: PathBuf,
    /// What can be read is better than nothing, though nobody knows whether it is what the guest
    /// wrote.
    pub may_salvage: bool,
}

/// Why there is no repaired copy.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] ImageError),
    /// It is in order.
    #[error("{} needs no repair", .0.display())]
    Whole(PathBuf),
    /// It cannot be helped.
    #[error("{} cannot be repaired: {}", path.display(), reasons.join("; "))]
    Beyond {
        /// The source.
        path: PathBuf,
        /// What the judgement says, or why so.
        reasons: Vec<String>,
    },
    /// The guest's data is damaged.
    #[error(
        "{} is corrupt: go back to a backup. What can be read of it is copied with --salvage, and parts \
         of that are not what the VM wrote: {}", path.display(), reasons.join("; ")
    )]
    Corrupt {
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
    /// The copy cannot be had.
    #[error(transparent)]
    File(#[from] PartError),
    /// `qemu-img` did not do it.
    #[error("the repair did not come to its end")]
    Tool(#[from] Dom0Error),
    /// One of the two cannot be read.
    #[error("the copy cannot be compared with what it was made of")]
    Unreadable(#[source] io::Error),
    /// The same.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It is no better than before.
    #[error("the repaired copy is not in order, and is removed: {}", .0.join("; "))]
    Unrepaired(Vec<String>),
    /// The guest would see something else.
    #[error("the repair changed the disk at byte {at}: the copy is removed. Go back to a backup")]
    Differs {
        /// The first byte that differs is in the frame that begins there.
        at: u64,
    },
    /// Nobody wants it any more.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<ToolError> for RepairError {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Tool(error) => Self::Tool(error),
            ToolError::Cancelled(cancelled) => Self::Cancelled(cancelled),
        }
    }
}

impl RepairError {
    fn unreadable(error: io::Error) -> Self {
        if Cancelled::is_why(&error) { Cancelled.into() } else { Self::Unreadable(error) }
    }
}

/// What is done to the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mend {
    /// Room is given back. The guest sees what it saw.
    Leaks,
    /// The image's counts are made anew. The guest sees what it saw.
    Counts,
    /// What can be read is written into a new image.
    Salvage,
}

/// What a judgement calls for.
fn plan(repair: &Repair, judgement: &Judgement) -> Result<Mend, RepairError> {
    let path = repair.source.clone();
    let reasons = judgement.reasons.clone();
    match judgement.verdict {
        Verdict::Ok => Err(RepairError::Whole(path)),
        Verdict::Leaks => Ok(Mend::Leaks),
        Verdict::Unclean => Ok(Mend::Counts),
        Verdict::Corrupt if judgement.format != Format::Qcow2 => {
            Err(RepairError::Beyond { path, reasons })
        }
        Verdict::Corrupt if repair.may_salvage => Ok(Mend::Salvage),
        Verdict::Corrupt => Err(RepairError::Corrupt { path, reasons }),
        Verdict::Encrypted | Verdict::MissingBacking | Verdict::Uncheckable | Verdict::Unknown => {
            Err(RepairError::Beyond { path, reasons })
        }
    }
}

/// Makes a copy of the image, repairs that, and gives it its name once it is in order.
pub async fn repair(repair: &Repair, meter: &Arc<dyn Meter>) -> Result<Repaired, RepairError> {
    let (path, format, listening) = (repair.source.clone(), repair.format, Arc::clone(meter));
    let looking = move || {
        let examined = examine(&path, format, &*listening)?;
        let holder = examined.holder();
        Ok::<_, ImageError>((examined, holder))
    };
    let (examined, holder) = apart(looking).await??;
    if let Some(holder) = holder {
        return Err(RepairError::InUse { path: repair.source.clone(), holder });
    }
    let mend = plan(repair, &examined.judgement)?;
    if matches!(&examined.chain.top.content, Content::Qcow2 { data: Some(_), .. }) {
        let reasons = vec!["its data is in another file, which two images cannot share".to_owned()];
        return Err(RepairError::Beyond { path: repair.source.clone(), reasons });
    }
    // Nobody is to take what lies beside it for the result.
    let scratch = match mend {
        Mend::Leaks | Mend::Counts => repair.copy.clone(),
        Mend::Salvage => {
            let mut name = repair.copy.clone().into_os_string();
            name.push(".scratch");
            name.into()
        }
    };
    let part = Arc::new(Part::begin(&scratch)?);
    let (to, listening) = (Arc::clone(&part), Arc::clone(meter));
    let copying = move || {
        let done = copy::copy(&examined.chain.top.opened, to.file(), &*listening);
        (done, examined, to)
    };
    let (done, examined, to) = apart(copying).await?;
    done.map_err(RepairError::unreadable)?;
    drop(to);
    mend_copy(&part.path, mend, examined.judgement.virtual_bytes, meter).await?;
    // Nothing else holds it any more.
    let part = Arc::try_unwrap(part).map_err(|_| RepairError::File(PartError::Busy(scratch)))?;
    match mend {
        Mend::Leaks | Mend::Counts => {
            part.flush()?;
            let repaired = prove(&part.path, examined, meter).await?;
            part.publish(&repair.copy)?;
            Ok(repaired)
        }
        Mend::Salvage => salvage(&part, repair, examined, meter).await,
    }
}

/// Runs what takes long and cannot be interrupted where it is in nobody's way.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RepairError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| RepairError::Unreadable(io::Error::other(error)))
}

async fn mend_copy(
    copy: &Path,
    mend: Mend,
    virtual_bytes: u64,
    meter: &Arc<dyn Meter>,
) -> Result<(), RepairError> {
    let name = qemu_img::name_of(copy).map_err(RepairError::Unreadable)?;
    let what = if mend == Mend::Leaks { "leaks" } else { "all" };
    let arguments = ["check", "-f", "qcow2", "-r", what, &name];
    meter.begin("repairing", virtual_bytes);
    let done = qemu_img::run(&arguments, virtual_bytes, meter).await?;
    // 2 and 3: something is left. Whether what is left matters, our own check says.
    if !matches!(done.code, Some(2 | 3)) {
        done.success("qemu-img check -r")?;
    }
    Ok(())
}

/// The copy must be in order, and hold what the original holds.
async fn prove(
    copy: &Path,
    examined: Examined,
    meter: &Arc<dyn Meter>,
) -> Result<Repaired, RepairError> {
    let (copy, listening) = (copy.to_owned(), Arc::clone(meter));
    let work = move || {
        let result = in_order(&copy, &*listening)?;
        let (judgement, original) = (result.judgement.clone(), examined.judgement.clone());
        let compared = compare(&mut examined.disk()?, &mut result.disk()?, &*listening);
        match compared.map_err(RepairError::unreadable)? {
            Compared::Equal(hash) => Ok(Repaired {
                judgement,
                original,
                content: content::in_hex(&hash),
                is_salvaged: false,
                not_to_be_trusted: Vec::new(),
            }),
            Compared::Differs(at) => Err(RepairError::Differs { at }),
        }
    };
    apart(work).await?
}

fn in_order(copy: &Path, meter: &dyn Meter) -> Result<Examined, RepairError> {
    let result = examine(copy, Some(Format::Qcow2), meter)?;
    match result.judgement.verdict {
        Verdict::Ok => Ok(result),
        _ => Err(RepairError::Unrepaired(result.judgement.reasons)),
    }
}

/// Two places of the disk that lead to one piece of the file stay so whatever is repaired. So what
/// can be read of the repaired scratch becomes a new image.
async fn salvage(
    scratch: &Part,
    repair: &Repair,
    examined: Examined,
    meter: &Arc<dyn Meter>,
) -> Result<Repaired, RepairError> {
    let part = Part::begin(&repair.copy)?;
    let from = qemu_img::name_of(&scratch.path).map_err(RepairError::Unreadable)?;
    let to = qemu_img::name_of(&part.path).map_err(RepairError::Unreadable)?;
    let arguments = ["convert", "-p", "-f", "qcow2", "-O", "qcow2", &from, &to];
    let virtual_bytes = examined.judgement.virtual_bytes;
    meter.begin("salvaging", virtual_bytes);
    qemu_img::run(&arguments, virtual_bytes, meter).await?.success("qemu-img convert")?;
    part.flush()?;
    let (path, listening) = (part.path.clone(), Arc::clone(meter));
    let work = move || {
        let result = in_order(&path, &*listening)?;
        let judgement = result.judgement.clone();
        let hash = content_hash(&mut result.disk()?, FRAME_BYTES, &*listening)
            .map_err(RepairError::unreadable)?;
        Ok::<_, RepairError>((judgement, content::in_hex(&hash)))
    };
    let (judgement, content) = apart(work).await??;
    part.publish(&repair.copy)?;
    Ok(Repaired {
        judgement,
        content,
        is_salvaged: true,
        not_to_be_trusted: suspects(&examined),
        original: examined.judgement,
    })
}

fn suspects(examined: &Examined) -> Vec<Area> {
    let found = examined.findings.first().and_then(Option::as_ref);
    found.map(|found| found.suspects.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_follows_from_the_verdict() {
        let planned = |verdict, format, may_salvage| {
            let repair = Repair { source: "a".into(), format: None, copy: "b".into(), may_salvage };
            let reasons = Vec::new();
            plan(
                &repair,
                &Judgement { format, virtual_bytes: 1, verdict, convertible: false, reasons },
            )
        };
        let qcow2 = Format::Qcow2;

        assert!(matches!(planned(Verdict::Leaks, qcow2, false), Ok(Mend::Leaks)));
        assert!(matches!(planned(Verdict::Unclean, qcow2, true), Ok(Mend::Counts)));
        assert!(matches!(planned(Verdict::Corrupt, qcow2, true), Ok(Mend::Salvage)));
        let corrupt = planned(Verdict::Corrupt, qcow2, false);
        assert!(matches!(corrupt, Err(RepairError::Corrupt { .. })));
        assert!(matches!(planned(Verdict::Ok, qcow2, true), Err(RepairError::Whole(_))));
        for (verdict, format) in [
            (Verdict::Encrypted, qcow2),
            (Verdict::MissingBacking, qcow2),
            (Verdict::Uncheckable, Format::Raw),
            (Verdict::Corrupt, Format::Qcow),
            (Verdict::Unknown, qcow2),
        ] {
            let beyond = planned(verdict, format, true);
            assert!(matches!(beyond, Err(RepairError::Beyond { .. })), "{verdict:?}");
        }
    }
}
