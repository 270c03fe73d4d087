//! Parity and copies for a set that is sealed and verified: in a pass of its own, which reads the set's
//! files, so that VMs may run again by then, and sets of earlier builds get it too.

use std::collections::BTreeSet;

use domfleet_shared::id::SetId;

use super::super::documents::{Manifest, SavedVm};
use super::super::error::{BackupError, Damage};
use super::super::hash::Hash;
use super::super::index::IndexError;
use super::super::medium::{ALIGNMENT, Medium, MediumFile as _, aligned};
use super::super::names::{DiskId, Folder, chunk_number};
use super::super::open_set::OpenRecord;
use super::super::standing::{self, Event, Standing};
use super::super::tools::Tools;
use super::super::{durable, verify};
use super::check::{self, Protection};
use super::chunks::{Chunks, damage};
use super::encode::{self, EncodeError};
use super::layout::{KnownChunk, ParityId};
use super::{copies, mark};

/// So often what could not be read back is written again, before the drive is to blame.
const ATTEMPTS: usize = 3;
/// For the mark, and for the folders.
const SLACK: u64 = 8 * ALIGNMENT as u64;

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    /// What is in the set.
    pub manifest: Manifest,
    /// What the parity of its disks takes.
    pub bytes: u64,
}

/// Brings the parity and the copies of a verified set to where they should be, and reads all of them back.
/// What is there and whole is kept; where it is interrupted, the same call goes on.
pub fn protect<M: Medium>(tools: Tools<'_, M>, set: SetId) -> Result<Protected, BackupError> {
    let folder = Folder::new(set);
    remount(tools)?;
    let standing = Standing::of(&standing::read(tools.medium, &folder)?.records);
    let sealed = standing.sealed.ok_or(BackupError::NotSealed)?;
    if standing.verified.is_none() {
        let why = "only what is known to be whole can be protected: verify the set first";
        return Err(BackupError::Refused(why.to_owned()));
    }
    let (manifest, _) = verify::manifest(tools.medium, &folder, sealed)?;
    let pass = Pass { tools, folder: &folder, manifest: &manifest, plan: standing.plan, sealed };
    let mut last = String::new();
    for _ in 0..ATTEMPTS {
        pass.run()?;
        remount(tools)?;
        let hashes = (standing.plan, sealed);
        let Protection { bytes, damages } = check::check(tools, &folder, &manifest, hashes)?;
        let Some(damage) = damages.first() else {
            mark::put(tools.medium, &folder, (sealed, tools.clock.now(), bytes))
                .map_err(BackupError::medium("noting that the set is protected"))?;
            return Ok(Protected { manifest, bytes });
        };
        last = damage.to_string();
    }
    Err(BackupError::Unreliable(last))
}

fn remount<M: Medium>(tools: Tools<'_, M>) -> Result<(), BackupError> {
    tools.medium.remount().map_err(BackupError::medium("mounting the drive anew"))
}

struct Pass<'p, 't, M> {
    tools: Tools<'t, M>,
    folder: &'p Folder,
    manifest: &'p Manifest,
    plan: Option<Hash>,
    sealed: Hash,
}

impl<M: Medium> Pass<'_, '_, M> {
    fn run(&self) -> Result<(), BackupError> {
        self.room()?;
        self.copies()?;
        self.tools.meter.begin("making parity", self.manifest.stored_bytes());
        for vm in &self.manifest.vms {
            for (id, _) in vm.disks() {
                self.disk(vm, id)?;
            }
        }
        Ok(())
    }

    /// Refuses what the medium may have no room for.
    fn room(&self) -> Result<(), BackupError> {
        let failed = BackupError::medium("looking at the parity that is there");
        let (mut needed, mut largest) = (SLACK, 0);
        let there = |name: &str| match self.tools.medium.open(name) {
            Ok(Some(file)) => file.bytes(),
            Ok(None) => Ok(0),
            Err(error) => Err(error),
        };
        for vm in &self.manifest.vms {
            for (id, _) in vm.disks() {
                self.each_chunk(vm, id, |known| {
                    self.tools.meter.go_on()?;
                    let layout = ParityId::of(known).layout().ok_or_else(too_long)?;
                    let bytes = layout.file_bytes();
                    let name = self.folder.parity(id, known.id.number);
                    if there(&name).map_err(&failed)? < bytes {
                        // And what the file system notes of the file.
                        needed += bytes + ALIGNMENT as u64;
                    }
                    // A damaged one stays until the one that takes its place is there.
                    largest = largest.max(bytes);
                    Ok(())
                })?;
            }
        }
        for document in self.documents() {
            let bytes = there(&document.name).map_err(&failed)?;
            if there(&self.folder.copy_of(&document.name)).map_err(&failed)? < bytes {
                needed += aligned(bytes) + 2 * ALIGNMENT as u64;
            }
        }
        let needed = needed + largest;
        let free = self.tools.medium.free_bytes();
        let free = free.map_err(BackupError::medium("asking for its room"))?;
        if needed > free { Err(BackupError::NoRoom { needed, free }) } else { Ok(()) }
    }

    fn documents(&self) -> Vec<copies::Document> {
        copies::documents(self.folder, self.manifest, self.plan, self.sealed)
    }

    fn copies(&self) -> Result<(), BackupError> {
        let failed = BackupError::medium("copying the documents of the set");
        let medium = self.tools.medium;
        for document in self.documents() {
            self.tools.meter.go_on()?;
            let copy = self.folder.copy_of(&document.name);
            // One that cannot be read is as good as none.
            let there = copies::hash_of(medium, &copy).ok().flatten();
            if there == Some(document.hash) {
                continue;
            }
            let put = copies::put(medium, &document.name, &copy, document.hash);
            if !put.map_err(&failed)? {
                let what = "it is not the one that was written".to_owned();
                let (disk, chunk, place) = (document.disk, None, document.place);
                return Err(self.found(Damage { disk, chunk, place, what }));
            }
        }
        Ok(())
    }

    fn disk(&self, vm: &SavedVm, id: DiskId) -> Result<(), BackupError> {
        let failed = BackupError::medium("making a folder for parity");
        let (tools, folder) = (self.tools, self.folder);
        durable::make_folders(tools.medium, &folder.parities(id)).map_err(&failed)?;
        let mut there = BTreeSet::new();
        self.each_chunk(vm, id, |known| {
            tools.meter.go_on()?;
            let number = known.id.number;
            there.insert(number);
            if check::parity(tools, folder, known)?.is_ok() {
                tools.meter.advance(known.file_bytes());
                return Ok(());
            }
            let layout = ParityId::of(known).layout().ok_or_else(too_long)?;
            encode::write(tools, folder, known, layout).map_err(|error| match error {
                EncodeError::Other(error) => error,
                EncodeError::Chunk(what) => {
                    self.found(damage(&place(vm, id), id, Some(number), what))
                }
            })
        })?;
        // What is left of an earlier state of the set, or was cut off.
        let failed = BackupError::medium("removing parity of an earlier state");
        let mut removed = false;
        for name in tools.medium.list(&folder.parities(id)).map_err(&failed)? {
            if chunk_number(&name).is_none_or(|number| !there.contains(&number)) {
                let name = format!("{}/{name}", folder.parities(id));
                tools.medium.remove(&name).map_err(&failed)?;
                removed = true;
            }
        }
        if removed {
            tools.medium.sync_folder(&folder.parities(id)).map_err(&failed)?;
        }
        Ok(())
    }

    fn each_chunk(
        &self,
        vm: &SavedVm,
        id: DiskId,
        mut work: impl FnMut(&KnownChunk) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let Some((_, disk)) = vm.disks().find(|(other, _)| *other == id) else { return Ok(()) };
        let unreadable = |error| match error {
            IndexError::Io(error) => BackupError::medium("reading an index")(error),
            error => self.found(damage(&place(vm, id), id, None, error.to_string())),
        };
        let geometry = self.manifest.geometry;
        let chunks = Chunks::open(self.tools.medium, self.folder, (id, disk), geometry);
        let mut chunks = chunks.map_err(unreadable)?;
        while let Some(known) = chunks.next().map_err(unreadable)? {
            work(&known)?;
        }
        Ok(())
    }

    /// Of a set that is damaged nothing says any more that it is verified.
    fn found(&self, damage: Damage) -> BackupError {
        let failed = BackupError::medium("making parity");
        let name = self.folder.file(super::super::documents::MANIFEST);
        // One bad file is damage; all of them is a drive that was unplugged.
        if let Err(error) = copies::read(self.tools.medium, self.folder, &name, self.sealed) {
            return failed(error);
        }
        let (vm, disk) = (damage.disk.map(|disk| disk.vm), damage.disk.map(|disk| disk.number));
        let (generation, chunk) = (self.manifest.generation, damage.chunk);
        let noted = OpenRecord::open(self.tools, self.folder)
            .and_then(|mut record| record.add(Event::Damaged { generation, vm, disk, chunk }));
        match noted {
            Ok(()) => BackupError::Damaged(damage),
            Err(error) => error,
        }
    }
}

fn place(vm: &SavedVm, id: DiskId) -> String {
    let vdev = vm.disks().find(|(other, _)| *other == id).map(|(_, disk)| &disk.planned.vdev);
    format!("the disk {} of {}", vdev.map_or("", String::as_str), vm.name)
}

fn too_long() -> BackupError {
    BackupError::Refused("the set is cut into longer pieces than parity is made of".to_owned())
}
