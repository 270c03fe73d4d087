//! Proving a set: every byte of it is read back from the medium and held against what was written.

use domfleet_shared::Timestamp;
use domfleet_shared::content::ContentHasher;
use domfleet_shared::id::SetId;

use super::appliance;
use super::buffer::Buffer;
use super::cipher::Cipher;
use super::documents::{LONGEST, MANIFEST, Manifest, PLAN, SavedDisk, SavedVm};
use super::durable;
use super::error::{BackupError, Damage};
use super::frame::{Packer, Record};
use super::hash::Hash;
use super::medium::{Medium, MediumFile};
use super::names::{DiskId, Folder};
use super::open_set::OpenRecord;
use super::parity::{Protection, check as parity, copies, mark};
use super::pipeline;
use super::reader::{DiskReader, Part, Stored};
use super::standing::{self, Event, Standing};
use super::tools::Tools;

/// What came of reading a set back.
#[derive(Debug)]
pub struct Proof {
    /// What is in the set.
    pub manifest: Manifest,
    /// What is not what was written. With nothing in it the set is verified.
    pub damages: Vec<Damage>,
    /// What its parity and its copies are like; nothing where it has none.
    pub protection: Option<Protection>,
    /// When it was read back.
    pub at: Timestamp,
}

impl Proof {
    /// Whether what guards the set against bad sectors is there and whole.
    pub fn is_protected(&self) -> bool {
        self.protection.as_ref().is_some_and(Protection::is_whole)
    }
}

/// Mounts the medium anew, reads every byte of a sealed set, and puts on record what came of it.
///
/// It begins at the beginning each time: what was read before a power cut may have come from a
/// cache in the drive, which is then gone.
pub fn verify<M: Medium>(tools: Tools<'_, M>, set: SetId) -> Result<Proof, BackupError> {
    let folder = Folder::new(set);
    tools.medium.remount().map_err(BackupError::medium("mounting the drive anew"))?;
    let (hash, proof) = read_back(tools, &folder)?;
    let mut record = OpenRecord::open(tools, &folder)?;
    let generation = proof.manifest.generation;
    if proof.damages.is_empty() {
        record.add(Event::Verified { generation, manifest: hash })?;
    }
    for damage in &proof.damages {
        let (vm, disk) = (damage.disk.map(|disk| disk.vm), damage.disk.map(|disk| disk.number));
        record.add(Event::Damaged { generation, vm, disk, chunk: damage.chunk })?;
    }
    if proof.protection.as_ref().is_some_and(|protection| !protection.is_whole()) {
        mark::remove(tools.medium, &folder)
            .map_err(BackupError::medium("noting that the set is not protected"))?;
    }
    Ok(proof)
}

/// The same, without writing anything: for a medium that cannot be written to.
pub fn read_back<M: Medium>(
    tools: Tools<'_, M>,
    folder: &Folder,
) -> Result<(Hash, Proof), BackupError> {
    let read = standing::read(tools.medium, folder)?;
    let standing = Standing::of(&read.records);
    let sealed = standing.sealed.ok_or(BackupError::NotSealed)?;
    let (manifest, is_copy) = manifest(tools.medium, folder, sealed)?;
    let mut damages = Vec::new();
    if is_copy {
        damages.push(whole(MANIFEST, "it is not the one that was sealed; its copy is"));
    }
    let cipher = tools.keys.cipher(manifest.key)?;
    let verifier = Verifier { tools, folder, manifest: &manifest, cipher, sealed };
    match durable::read(tools.medium, &folder.file(PLAN), LONGEST) {
        Ok(plan) if plan.as_deref().map(Hash::of) == standing.plan => {}
        Ok(_) => damages.push(whole(PLAN, "it is not the one that was written")),
        Err(error) => damages.push(whole(PLAN, &verifier.still_there(error)?)),
    }
    tools.meter.begin("reading back", manifest.stored_bytes());
    for vm in &manifest.vms {
        damages.extend(verifier.config(vm)?);
        for (id, disk) in vm.disks() {
            damages.extend(verifier.disk(vm, id, disk)?);
        }
    }
    for (name, file) in appliance::names(&manifest, folder) {
        let place = format!("the appliance's {}", file.path);
        damages.extend(verifier.document(&name, file.hash, &place)?);
    }
    let is_protected = mark::is_there(tools.medium, folder, sealed);
    let protection = is_protected
        .then(|| parity::check(tools, folder, &manifest, (standing.plan, sealed)))
        .transpose()?;
    Ok((sealed, Proof { manifest, damages, protection, at: tools.clock.now() }))
}

/// The manifest of that hash, and whether it had to be its copy.
pub(super) fn manifest(
    medium: &impl Medium,
    folder: &Folder,
    sealed: Hash,
) -> Result<(Manifest, bool), BackupError> {
    let found = copies::read(medium, folder, &folder.file(MANIFEST), sealed)
        .map_err(BackupError::medium("reading what is in the set"))?;
    match found {
        Some(found) => Ok((Manifest::decode(&found.bytes)?, found.is_copy)),
        None => Err(BackupError::Damaged(whole(MANIFEST, "it is not the one that was sealed"))),
    }
}

fn whole(file: &str, what: &str) -> Damage {
    Damage { disk: None, chunk: None, place: file.to_owned(), what: what.to_owned() }
}

struct Verifier<'v, 't, M> {
    tools: Tools<'t, M>,
    folder: &'v Folder,
    manifest: &'v Manifest,
    cipher: Cipher,
    sealed: Hash,
}

impl<M: Medium> Verifier<'_, '_, M> {
    fn config(&self, vm: &SavedVm) -> Result<Option<Damage>, BackupError> {
        let place = format!("the configuration of {}", vm.name);
        self.document(&self.folder.config(vm.uuid), vm.config, &place)
    }

    fn document(&self, name: &str, hash: Hash, place: &str) -> Result<Option<Damage>, BackupError> {
        let what = match durable::read(self.tools.medium, name, LONGEST) {
            Ok(Some(bytes)) if Hash::of(&bytes) == hash => {
                if self.cipher.open_file(name, bytes).is_some() {
                    return Ok(None);
                }
                "it was not sealed with the set's key".to_owned()
            }
            Ok(Some(_)) => "it is not the one that was written".to_owned(),
            Ok(None) => "it is missing".to_owned(),
            Err(error) => self.still_there(error)?,
        };
        Ok(Some(whole(place, &what)))
    }

    /// What to say of an error, if it is of one file and not of the whole medium.
    fn still_there(&self, error: std::io::Error) -> Result<String, BackupError> {
        match self.is_there() {
            Ok(true) => Ok(format!("it cannot be read: {error}")),
            Ok(false) | Err(_) => Err(BackupError::medium("reading the set back")(error)),
        }
    }

    /// Whether the medium still gives what it has given already.
    fn is_there(&self) -> std::io::Result<bool> {
        let name = self.folder.file(MANIFEST);
        let found = copies::read(self.tools.medium, self.folder, &name, self.sealed)?;
        Ok(found.is_some())
    }

    fn disk(&self, vm: &SavedVm, id: DiskId, disk: &SavedDisk) -> Result<Vec<Damage>, BackupError> {
        let place = format!("the disk {} of {}", disk.planned.vdev, vm.name);
        let damage = |chunk: Option<u64>, what: String| Damage {
            disk: Some(id),
            chunk,
            place: match chunk {
                Some(chunk) => format!("{place}, chunk {chunk}"),
                None => place.clone(),
            },
            what,
        };
        let geometry = self.manifest.geometry;
        let opened = DiskReader::open(self.tools.medium, self.folder, (id, disk), geometry);
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(super::index::IndexError::Io(error)) => {
                return Ok(vec![damage(None, self.still_there(error)?)]);
            }
            Err(error) => return Ok(vec![damage(None, error.to_string())]),
        };
        self.tools.meter.advance(reader.index_bytes());
        let mut content =
            ContentHasher::new(disk.planned.virtual_bytes, geometry.frame_bytes_u64());
        let mut damages: Vec<Damage> = Vec::new();
        let produce = || {
            self.tools.meter.go_on()?;
            match reader.next() {
                Err(super::index::IndexError::Io(error)) => {
                    Err(BackupError::medium("reading an index back")(error))
                }
                Err(error) => Err(BackupError::Damaged(damage(None, error.to_string()))),
                Ok(part) => {
                    if let Some(Part::Frame { record, .. }) = &part {
                        self.tools.meter.pace(record.room())?;
                    }
                    Ok(part)
                }
            }
        };
        let cipher = self.cipher.of_disk(self.folder.set, id);
        let worker = || {
            let mut packer = Packer::new(cipher.clone());
            let (mut buffers, cipher) = (Buffers::default(), &self.cipher);
            move |part: Part<M::File>| match part {
                Part::Frame { place, record, length, stored } => {
                    let checked = match (&mut packer, stored) {
                        (Err(error), _) => Err(error.to_string()),
                        (Ok(packer), Some(stored)) => {
                            check(packer, (place.frame, &record, length), &stored, &mut buffers)
                        }
                        (Ok(_), None) => Ok(()),
                    };
                    (place.number(), record.room(), cipher.plain_hash(&record), checked.err())
                }
                Part::Bad { place, record, what, .. } => {
                    (place.number(), 0, cipher.plain_hash(&record), Some(what))
                }
            }
        };
        let run = pipeline::run(
            self.tools.width.reading(),
            produce,
            worker,
            |(chunk, room, plain, wrong)| {
                content.frame(&plain);
                self.tools.meter.advance(room);
                if let Some(what) = wrong
                    && damages.last().is_none_or(|last| last.chunk != Some(chunk))
                {
                    damages.push(damage(Some(chunk), what));
                }
                Ok(())
            },
        );
        match run {
            Err(BackupError::Damaged(damage)) => damages.push(damage),
            run => run?,
        }
        let content = content.finish().ok().map(|content| self.cipher.content(content));
        if damages.is_empty() && content != Some(disk.content) {
            damages.push(damage(None, "its frames are not those of its content".to_owned()));
        }
        if !damages.is_empty() {
            // One bad file is damage; all of them is a drive that was unplugged.
            if let Err(error) = self.is_there() {
                return Err(BackupError::medium("reading the set back")(error));
            }
        }
        Ok(damages)
    }
}

/// What a worker needs.
#[derive(Default)]
struct Buffers {
    stored: Buffer,
    plain: Buffer,
}

/// Reads a frame, and says what is wrong with it.
fn check<F: MediumFile>(
    packer: &mut Packer,
    (number, record, length): (u64, &Record, usize),
    stored: &Stored<F>,
    buffers: &mut Buffers,
) -> Result<(), String> {
    stored.read(&mut buffers.stored)?;
    buffers.plain.resize(length);
    let bytes = usize::try_from(record.stored_bytes).unwrap_or(0);
    let (stored_part, padding) = buffers.stored.as_mut().split_at_mut(bytes);
    let is_padded = padding.iter().all(|byte| *byte == 0);
    match packer.unpack(number, record, stored_part, buffers.plain.as_mut()) {
        Err(error) => Err(error.to_string()),
        Ok(()) if is_padded => Ok(()),
        Ok(()) => Err("something was written between frames".to_owned()),
    }
}
