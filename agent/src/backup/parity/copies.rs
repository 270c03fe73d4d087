//! Second copies of what a set cannot be without and that parity is not made of: its documents and the
//! indexes of its disks, each below `copy/` under the name that it has in the set.
//!
//! A copy counts only where it has the hash that is on record: so it is never wrong, only there or not.

use std::io;

use super::super::appliance;
use super::super::buffer::Buffer;
use super::super::documents::{LONGEST, MANIFEST, Manifest, PLAN};
use super::super::durable::{self, UNFINISHED};
use super::super::hash::Hash;
use super::super::index::{IndexError, IndexId, IndexReader};
use super::super::medium::{Medium, MediumFile as _};
use super::super::names::{DiskId, Folder};

const PIECE: usize = 256 * 1024;

/// A file of a set whose hash is on record.
pub(super) struct Document {
    pub(super) name: String,
    pub(super) hash: Hash,
    /// For people.
    pub(super) place: String,
    /// Whose index it is, if it is one.
    pub(super) disk: Option<DiskId>,
}

/// All of a set that there is a copy of. `plan` and `sealed` are the hashes of the plan and of the manifest.
pub(super) fn documents(
    folder: &Folder,
    manifest: &Manifest,
    plan: Option<Hash>,
    sealed: Hash,
) -> Vec<Document> {
    let document = |name: String, hash, place: String| Document { name, hash, place, disk: None };
    let mut all = vec![document(folder.file(MANIFEST), sealed, MANIFEST.to_owned())];
    all.extend(plan.map(|plan| document(folder.file(PLAN), plan, PLAN.to_owned())));
    for (name, file) in appliance::names(manifest, folder) {
        all.push(document(name, file.hash, format!("the appliance's {}", file.path)));
    }
    for vm in &manifest.vms {
        let place = format!("the configuration of {}", vm.name);
        all.push(document(folder.config(vm.uuid), vm.config, place));
        for (id, disk) in vm.disks() {
            let place = format!("the index of the disk {} of {}", disk.planned.vdev, vm.name);
            let index = document(folder.index(id), disk.index, place);
            all.push(Document { disk: Some(id), ..index });
        }
    }
    all
}

/// What was read of a document.
pub(in crate::backup) struct Found {
    pub(in crate::backup) bytes: Vec<u8>,
    /// Whether it had to be the copy.
    pub(in crate::backup) is_copy: bool,
}

/// The document of that hash, from where it is or else from its copy; nothing where neither is it.
pub(in crate::backup) fn read(
    medium: &impl Medium,
    folder: &Folder,
    name: &str,
    hash: Hash,
) -> io::Result<Option<Found>> {
    let is_it = |bytes: &Vec<u8>| Hash::of(bytes) == hash;
    let first = durable::read(medium, name, LONGEST).map(|bytes| bytes.filter(is_it));
    if let Ok(Some(bytes)) = first {
        return Ok(Some(Found { bytes, is_copy: false }));
    }
    let copy = durable::read(medium, &folder.copy_of(name), LONGEST);
    match (copy.map(|bytes| bytes.filter(is_it)), first) {
        (Ok(Some(bytes)), _) => Ok(Some(Found { bytes, is_copy: true })),
        (_, Err(error)) => Err(error),
        _ => Ok(None),
    }
}

/// The index of that hash, from where it is or else from its copy, and whether it had to be the copy.
pub(in crate::backup) fn index<M: Medium>(
    medium: &M,
    folder: &Folder,
    id: IndexId,
    hash: Hash,
) -> Result<(IndexReader<M::File>, bool), IndexError> {
    let first = match IndexReader::open(medium, folder, id, hash) {
        Ok(index) => return Ok((index, false)),
        Err(error) => error,
    };
    let copy = medium.open(&folder.copy_of(&folder.index(id.disk)));
    let Ok(Some(copy)) = copy else { return Err(first) };
    IndexReader::read(copy, id, hash).map(|index| (index, true)).map_err(|_| first)
}

/// The hash of a whole file; nothing where there is none.
pub(super) fn hash_of(medium: &impl Medium, name: &str) -> io::Result<Option<Hash>> {
    let Some(file) = medium.open(name)? else { return Ok(None) };
    let mut hasher = blake3::Hasher::new();
    each_piece(&file, |_, piece| {
        hasher.update(piece);
        Ok(())
    })?;
    Ok(Some(Hash(*hasher.finalize().as_bytes())))
}

/// Puts a copy of the file `from` in the place of `to`, if it is the one of that hash: says whether.
/// Durable when it returns.
pub(super) fn put(medium: &impl Medium, from: &str, to: &str, hash: Hash) -> io::Result<bool> {
    let Some(source) = medium.open(from)? else { return Ok(false) };
    if let Some((within, _)) = to.rsplit_once('/') {
        durable::make_folders(medium, within)?;
    }
    let unfinished = format!("{to}{UNFINISHED}");
    let mut file = medium.create(&unfinished)?;
    let mut hasher = blake3::Hasher::new();
    each_piece(&source, |at, piece| {
        hasher.update(piece);
        file.write_at(piece, at)
    })?;
    if *hasher.finalize().as_bytes() != hash.0 {
        drop(file);
        medium.remove(&unfinished)?;
        return Ok(false);
    }
    file.sync()?;
    drop(file);
    durable::settle(medium, &unfinished, to)?;
    Ok(true)
}

fn each_piece(
    file: &impl super::super::medium::MediumFile,
    mut take: impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Buffer::new(PIECE);
    let (mut at, bytes) = (0, file.bytes()?);
    while at < bytes {
        let length = usize::try_from(bytes - at).unwrap_or(PIECE).min(PIECE);
        buffer.resize(length);
        if file.read_at(buffer.as_mut(), at)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        take(at, buffer.as_ref())?;
        at += length as u64;
    }
    Ok(())
}
