//! A damaged set made whole again from its parity and its copies, as far as they reach.
//!
//! What verification finds bad is written anew, each file beside the bad one until it was read back and is
//! the one that the set speaks of; and then the set is verified again. So a repair that is cut off, or goes
//! wrong, leaves nothing that was better before.

use domfleet_shared::id::SetId;

use super::super::documents::PLAN;
use super::super::error::{BackupError, Damage};
use super::super::index::IndexError;
use super::super::medium::Medium;
use super::super::names::{DiskId, Folder};
use super::super::prune::REMOVED;
use super::super::standing::{self, Standing};
use super::super::tools::Tools;
use super::super::verify::{Proof, verify};
use super::check::Protection;
use super::chunks::Chunks;
use super::protect::protect;
use super::{copies, mark, rebuild};

/// An index is mended before it is seen which of its chunks are bad, and no third layer lies below.
const ROUNDS: usize = 3;

/// What was done.
#[derive(Debug)]
pub struct Repaired {
    /// What came of reading the set back, in the end.
    pub proof: Proof,
    /// What was mended.
    pub mended: Vec<String>,
    /// What was not, and why.
    pub lost: Vec<Damage>,
}

/// Verifies a set, mends what is bad, and verifies it again. Parity that is damaged is made again where
/// the set is whole in the end.
pub fn repair<M: Medium>(tools: Tools<'_, M>, set: SetId) -> Result<Repaired, BackupError> {
    let folder = Folder::new(set);
    let standing = Standing::of(&standing::read(tools.medium, &folder)?.records);
    let sealed = standing.sealed.ok_or(BackupError::NotSealed)?;
    let was_protected = mark::is_there(tools.medium, &folder, sealed);
    let mut proof = verify(tools, set)?;
    let (mut mended, mut lost) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        if proof.damages.is_empty() {
            break;
        }
        let mending = Mending { tools, folder: &folder, proof: &proof };
        let (now, not) = mending.run(&standing)?;
        lost = not;
        if now.is_empty() {
            break;
        }
        mended.extend(now);
        proof = verify(tools, set)?;
    }
    if proof.damages.is_empty() {
        lost.clear();
        if was_protected && !proof.is_protected() {
            let bytes = protect(tools, set)?.bytes;
            mended.push("the parity".to_owned());
            proof.protection = Some(Protection { bytes, damages: Vec::new() });
        }
    }
    Ok(Repaired { proof, mended, lost })
}

struct Mending<'p, 't, M> {
    tools: Tools<'t, M>,
    folder: &'p Folder,
    proof: &'p Proof,
}

impl<M: Medium> Mending<'_, '_, M> {
    /// What was mended of the damages of the proof, and what was not.
    fn run(&self, standing: &Standing) -> Result<(Vec<String>, Vec<Damage>), BackupError> {
        let (mut mended, mut lost) = (self.documents(standing)?, Vec::new());
        // How much of each is to be written is not known before it is looked at.
        self.tools.meter.begin("mending", 0);
        for damage in &self.proof.damages {
            let (Some(disk), Some(chunk)) = (damage.disk, damage.chunk) else {
                // Of a document, which is mended by now or lost.
                lost.push(damage.clone());
                continue;
            };
            self.tools.meter.go_on()?;
            match self.chunk(disk, chunk)? {
                Ok(()) => mended.push(damage.place.clone()),
                Err(why) => lost.push(Damage {
                    what: format!("{}; it cannot be mended: {why}", damage.what),
                    ..damage.clone()
                }),
            }
        }
        Ok((mended, lost))
    }

    fn documents(&self, standing: &Standing) -> Result<Vec<String>, BackupError> {
        let failed = BackupError::medium("mending a document of the set");
        let (medium, folder) = (self.tools.medium, self.folder);
        let Some(sealed) = standing.sealed else { return Ok(Vec::new()) };
        let mut mended = Vec::new();
        // A set whose plan was renamed is being removed.
        let is_removed = matches!(medium.open(&folder.file(REMOVED)), Ok(Some(_)));
        let documents = copies::documents(folder, &self.proof.manifest, standing.plan, sealed);
        for document in documents {
            self.tools.meter.go_on()?;
            let is_whole = copies::hash_of(medium, &document.name).ok().flatten();
            if is_whole == Some(document.hash) || (is_removed && document.name.ends_with(PLAN)) {
                continue;
            }
            let copy = folder.copy_of(&document.name);
            // A copy that cannot be read either is as good as none.
            let there = copies::hash_of(medium, &copy).ok().flatten();
            if there == Some(document.hash)
                && copies::put(medium, &copy, &document.name, document.hash).map_err(&failed)?
            {
                mended.push(document.place);
            }
        }
        Ok(mended)
    }

    fn chunk(&self, id: DiskId, number: u64) -> Result<Result<(), String>, BackupError> {
        let Some((_, disk)) = self.proof.manifest.disks().find(|(other, _)| *other == id) else {
            return Ok(Err("the set has no such disk".to_owned()));
        };
        let (tools, geometry) = (self.tools, self.proof.manifest.geometry);
        let known = Chunks::open(tools.medium, self.folder, (id, disk), geometry);
        let known = known.and_then(|mut chunks| {
            while let Some(known) = chunks.next()? {
                if known.id.number == number {
                    return Ok(Some(known));
                }
            }
            Ok(None)
        });
        match known {
            Ok(Some(known)) => rebuild::rebuild(tools, self.folder, &known),
            Ok(None) => Ok(Err("the index has no such chunk".to_owned())),
            Err(IndexError::Io(error)) => Err(BackupError::medium("reading an index")(error)),
            Err(error) => Ok(Err(error.to_string())),
        }
    }
}
