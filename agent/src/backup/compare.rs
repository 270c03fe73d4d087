//! A set held against the disks that it was made of: whether they are still the same.
//!
//! Frame by frame, by their hashes: of the set only the indexes are read, so it says nothing of
//! whether the set can be restored. That is what [`super::verify()`] is for.

use std::io;
use std::ops::Range;

use domfleet_shared::content::ContentHasher;
use domfleet_shared::id::VmId;
use domfleet_shared::set_answers::{ComparedDisk, ComparedSet, Found};

use super::buffer::{LOANS, Pool};
use super::documents::{SavedDisk, SavedVm};
use super::error::{BackupError, Damage};
use super::frame_hash::frame_hash;
use super::frames::{self, Frame, ZeroHashes};
use super::index::IndexError;
use super::medium::Medium;
use super::names::DiskId;
use super::pipeline;
use super::restore::Sealed;
use super::source::{Source, Sources};

/// So many places where a disk differs are told, and the rest is counted.
const MOST_RANGES: usize = 100;

/// Reads every disk of a set, or of one VM in it, from where it was when the set was made. Writes nothing,
/// neither there nor to the set.
pub fn compare<M: Medium>(
    sealed: &Sealed<'_, M>,
    only: Option<VmId>,
    sources: &impl Sources,
) -> Result<ComparedSet, BackupError> {
    let is_wanted = |vm: &&SavedVm| only.is_none_or(|only| only == vm.uuid);
    let vms = || sealed.manifest.vms.iter().filter(is_wanted);
    let total = vms().flat_map(SavedVm::disks).map(|(_, disk)| disk.planned.virtual_bytes).sum();
    sealed.tools.meter.begin("comparing", total);
    let mut disks = Vec::new();
    for vm in vms() {
        for (id, disk) in vm.disks() {
            disks.push(ComparedDisk {
                vm: vm.uuid,
                name: vm.name.clone(),
                vdev: disk.planned.vdev.clone(),
                path: disk.planned.path.clone(),
                found: look(sealed, vm, (id, disk), sources)?,
            });
        }
    }
    Ok(ComparedSet {
        set: sealed.manifest.set,
        created_at: sealed.manifest.created_at,
        verified_at: sealed.verified,
        same: disks.iter().all(|disk| disk.found == Found::Same),
        disks,
    })
}

fn look<M: Medium>(
    sealed: &Sealed<'_, M>,
    vm: &SavedVm,
    saved: (DiskId, &SavedDisk),
    sources: &impl Sources,
) -> Result<Found, BackupError> {
    let (_, disk) = saved;
    let found = match sources.open(&disk.planned) {
        Ok(mut source) => read(sealed, vm, saved, &mut source)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
        Err(error) => Err(error),
    };
    Ok(found.unwrap_or_else(|error| Found::Unreadable { why: error.to_string() }))
}

/// The error inside is of the source, the one outside of the set.
fn read<M: Medium>(
    sealed: &Sealed<'_, M>,
    vm: &SavedVm,
    (id, disk): (DiskId, &SavedDisk),
    source: &mut impl Source,
) -> Result<io::Result<Found>, BackupError> {
    let (tools, geometry) = (sealed.tools, sealed.manifest.geometry);
    let virtual_bytes = disk.planned.virtual_bytes;
    let damaged = |what: String| {
        let place = format!("the disk {} of {}", disk.planned.vdev, vm.name);
        BackupError::Damaged(Damage { disk: Some(id), chunk: None, place, what })
    };
    let unreadable = |error| match error {
        IndexError::Io(error) => BackupError::medium("reading an index")(error),
        error => damaged(error.to_string()),
    };
    let (_, mut index) = sealed.index(vm, (id, disk)).map_err(unreadable)?;
    let before = match source.fingerprint() {
        Ok(looks) => looks,
        Err(error) => return Ok(Err(error)),
    };
    let size = Some(source.virtual_bytes()).filter(|now| *now != virtual_bytes);
    let common = virtual_bytes.min(source.virtual_bytes());
    let (pool, zeros) = (Pool::new(LOANS), ZeroHashes::default());
    let cipher = tools.keys.cipher(sealed.manifest.key)?;
    let mut frames = 0..geometry.frames(virtual_bytes);
    let mut failed = None;
    let produce = || {
        tools.meter.go_on()?;
        let Some(number) = frames.next() else { return Ok(None) };
        let saved = cipher.plain_hash(&index.next(number).map_err(unreadable)?);
        let (offset, length) = geometry.place(number, virtual_bytes);
        // What a disk that is shorter now does not have differs, whatever it was.
        if offset + length as u64 > common {
            return Ok(Some((saved, length, None)));
        }
        match frames::read(source, (offset, length), &pool) {
            Ok(frame) => Ok(Some((saved, length, Some(frame)))),
            Err(error) => {
                failed = Some(error);
                Ok(None)
            }
        }
    };
    let worker = || {
        |(saved, length, frame): ([u8; 32], usize, Option<Frame<'_>>)| {
            let now = frame.map(|frame| match frame {
                Frame::Zeros(length) => zeros.of(length),
                Frame::Data(buffer) => frame_hash(buffer.as_ref()),
            });
            (saved, now, length as u64)
        }
    };
    let mut content = ContentHasher::new(virtual_bytes, geometry.frame_bytes_u64());
    let mut differing = Differing::default();
    let mut at = 0;
    pipeline::run(tools.width, produce, worker, |(saved, now, length)| {
        content.frame(&now.unwrap_or_default());
        if now != Some(saved) {
            differing.add(at..at + length);
        }
        at += length;
        tools.meter.advance(length);
        Ok::<(), BackupError>(())
    })?;
    if let Some(error) = failed {
        return Ok(Err(error));
    }
    let Differing { bytes, ranges } = differing;
    if bytes > 0 || size.is_some() {
        return Ok(Ok(Found::Differs { virtual_bytes: size, bytes, ranges }));
    }
    // All frames are the same, and so is what they are together, or the index is not of that content.
    if content.finish().ok().map(|content| cipher.content(content)) != Some(disk.content) {
        return Err(damaged("its frames are not those of its content".to_owned()));
    }
    Ok(match source.fingerprint() {
        Ok(after) if after == before => Ok(Found::Same),
        Ok(_) => Err(io::Error::other("it was written to while it was read: leave its VM off")),
        Err(error) => Err(error),
    })
}

#[derive(Default)]
struct Differing {
    bytes: u64,
    ranges: Vec<Range<u64>>,
}

impl Differing {
    fn add(&mut self, range: Range<u64>) {
        self.bytes += range.end - range.start;
        let count = self.ranges.len();
        match self.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ if count < MOST_RANGES => self.ranges.push(range),
            _ => {}
        }
    }
}
