//! A backup that is protected as soon as it is proved.

use std::collections::BTreeMap;

use domfleet_shared::id::{SetId, VmId};

use super::super::documents::Plan;
use super::super::error::BackupError;
use super::super::index::IndexId;
use super::super::list;
use super::super::medium::{ALIGNMENT, Medium, aligned};
use super::super::room::{self, DOCUMENTS};
use super::super::source::Sources;
use super::super::tools::Tools;
use super::super::verify::Proof;
use super::Protection;
use super::protect::protect;

/// Of each chunk: what is rounded up in its parity, and what the file system notes of the file.
const OF_A_CHUNK: u64 = 8 * ALIGNMENT as u64;

/// The same as [`super::super::create()`], and then parity and copies of what was proved. The room of both is
/// asked for first.
///
/// `proved` hears of the set as soon as it is verified: what is to be done again from there on is to
/// protect it, and not to make it.
pub fn create_protected<M: Medium>(
    tools: Tools<'_, M>,
    plan: &Plan,
    configs: &BTreeMap<VmId, Vec<u8>>,
    sources: &impl Sources,
    proved: impl FnOnce(SetId),
) -> Result<Proof, BackupError> {
    check_room(tools, plan, sources)?;
    let proof = match proof_of(tools, plan)? {
        Some(proof) => proof,
        None => super::super::create(tools, plan, configs, sources)?,
    };
    proved(plan.set);
    let bytes =
        protect(tools, plan.set).map_err(|error| BackupError::Unprotected(Box::new(error)))?.bytes;
    Ok(Proof { protection: Some(Protection { bytes, damages: Vec::new() }), ..proof })
}

/// What came of reading the set back, where it is verified already and only its parity is lacking.
fn proof_of<M: Medium>(tools: Tools<'_, M>, plan: &Plan) -> Result<Option<Proof>, BackupError> {
    let listed = list::list(tools.medium)?.into_iter().find(|listed| listed.set == plan.set);
    Ok(listed.and_then(|listed| {
        let (manifest, at) = (listed.manifest?, listed.verified?);
        Some(Proof { manifest, damages: Vec::new(), protection: None, at })
    }))
}

/// The most that parity takes of so many bytes of a plan's chunks, and the copies of the plan's documents.
fn of_parity(plan: &Plan, bytes: u64) -> u64 {
    let chunks: u64 = plan.disks().map(|(.., disk)| plan.geometry.chunks(disk.virtual_bytes)).sum();
    let indexes = plan.disks().map(|(_, disk, planned)| {
        let (set, virtual_bytes, geometry) = (plan.set, planned.virtual_bytes, plan.geometry);
        aligned(IndexId { set, disk, virtual_bytes, geometry }.file_bytes())
    });
    // A tenth, and two hashes of 16 bytes for each block.
    bytes / 9 + chunks * OF_A_CHUNK + indexes.sum::<u64>() + DOCUMENTS
}

fn check_room<M: Medium>(
    tools: Tools<'_, M>,
    plan: &Plan,
    sources: &impl Sources,
) -> Result<(), BackupError> {
    let copying = room::needed(tools, plan, sources)?;
    // Of a set that is sealed, whoever protects it knows better.
    if copying == 0 {
        return Ok(());
    }
    let needed = copying + of_parity(plan, copying);
    let free = tools.medium.free_bytes().map_err(BackupError::medium("asking for its room"))?;
    if needed > free { Err(BackupError::NoRoom { needed, free }) } else { Ok(()) }
}
