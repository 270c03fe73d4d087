//! A disk out of a set: each frame is checked before it is written anywhere, and all of it is read
//! back from where it was written.

use domfleet_shared::id::SetId;

use super::appliance::{self, ApplianceFile};
use super::buffer::{Buffer, LOANS, Loan, Pool};
use super::cipher::Cipher;
use super::documents::{LONGEST, Manifest, SavedDisk, SavedVm};
use super::durable;
use super::error::{BackupError, Damage};
use super::frame::Packer;
use super::frames;
use super::hash::Hash;
use super::index::IndexError;
use super::journal;
use super::medium::{Medium, MediumFile};
use super::names::{DiskId, Folder};
use super::pipeline;
use super::reader::{DiskReader, Part};
use super::standing::{Event, Standing};
use super::target::Target;
use super::tools::Tools;
use super::verify;

/// A sealed set, to restore from.
pub struct Sealed<'t, M> {
    pub(super) tools: Tools<'t, M>,
    pub(super) folder: Folder,
    cipher: Cipher,
    /// What is in it.
    pub manifest: Manifest,
    /// When it was read back last and found whole; nothing where it never was since it was sealed.
    pub verified: Option<domfleet_shared::Timestamp>,
}

impl<'t, M: Medium> Sealed<'t, M> {
    /// Opens a set that is sealed. Writes nothing to the medium.
    pub fn open(tools: Tools<'t, M>, set: SetId) -> Result<Self, BackupError> {
        let folder = Folder::new(set);
        let read = journal::read::<Event>(tools.medium, &folder)?;
        let standing = Standing::of(&read.records);
        let sealed = standing.sealed.ok_or(BackupError::NotSealed)?;
        let manifest = verify::manifest(tools.medium, &folder, sealed)?;
        let cipher = tools.keys.cipher(manifest.key)?;
        Ok(Self { tools, folder, cipher, manifest, verified: standing.verified })
    }

    /// The VM's xl configuration, as it was.
    pub fn config(&self, vm: &SavedVm) -> Result<Vec<u8>, BackupError> {
        let name = self.folder.config(vm.uuid);
        let read = durable::read(self.tools.medium, &name, LONGEST)
            .map_err(BackupError::medium("reading a configuration"))?;
        let stored = read.filter(|bytes| Hash::of(bytes) == vm.config);
        let opened = stored.and_then(|bytes| self.cipher.open_file(&name, bytes));
        opened.ok_or_else(|| {
            BackupError::Damaged(Damage {
                disk: None,
                chunk: None,
                place: format!("the configuration of {}", vm.name),
                what: "it is not the one that was written".to_owned(),
            })
        })
    }

    /// The files of the appliance that are in the set, as they were.
    pub fn appliance(&self) -> Result<Vec<ApplianceFile>, BackupError> {
        let mut files = Vec::new();
        for (name, file) in appliance::names(&self.manifest, &self.folder) {
            let read = durable::read(self.tools.medium, &name, LONGEST)
                .map_err(BackupError::medium("reading the appliance's files"))?;
            let stored = read.filter(|bytes| Hash::of(bytes) == file.hash);
            let content = stored.and_then(|bytes| self.cipher.open_file(&name, bytes));
            let content = content.ok_or_else(|| {
                BackupError::Damaged(Damage {
                    disk: None,
                    chunk: None,
                    place: format!("the appliance's {}", file.path),
                    what: "it is not the one that was written".to_owned(),
                })
            })?;
            files.push(ApplianceFile { path: file.path.clone(), content });
        }
        Ok(files)
    }

    /// Restores a disk. When it returns, every byte of the target has been read back.
    ///
    /// Gives back the target, open. Where it fails, what is in the target is of no use; the caller
    /// must not give it a name, and may begin again.
    pub fn restore<T: Target>(
        &self,
        vm: &SavedVm,
        (id, disk): (DiskId, &SavedDisk),
        mut target: T,
    ) -> Result<T::Back, BackupError> {
        let tools = self.tools;
        let (geometry, virtual_bytes) = (self.manifest.geometry, disk.planned.virtual_bytes);
        let name = target.name();
        let unwritable = |source| BackupError::Target { what: name.clone(), source };
        let pool = Pool::new(LOANS);
        let damage = |chunk, what: String| {
            let place = format!("the disk {} of {}", disk.planned.vdev, vm.name);
            BackupError::Damaged(Damage { disk: Some(id), chunk, place, what })
        };
        let unreadable = |error| match error {
            IndexError::Io(error) => BackupError::medium("reading an index")(error),
            error => damage(None, error.to_string()),
        };
        let saved = (id, disk);
        let mut reader =
            DiskReader::open(tools.medium, &self.folder, saved, geometry).map_err(unreadable)?;
        tools.meter.begin(&format!("restoring {} {}", vm.name, disk.planned.vdev), virtual_bytes);
        let produce = || {
            tools.meter.go_on()?;
            let part = reader.next().map_err(unreadable)?;
            Ok(part.map(|part| {
                let length = match &part {
                    Part::Frame { length, stored: Some(_), .. } => Some(*length),
                    _ => None,
                };
                // Here, where frames are in order.
                (part, length.map(|length| pool.take(length)))
            }))
        };
        let cipher = self.cipher.of_disk(self.folder.set, id);
        let worker = || {
            let (mut packer, mut buffer) = (Packer::new(cipher.clone()), Buffer::default());
            move |(part, plain)| unpack(&mut packer, &mut buffer, part, plain)
        };
        let mut at = 0;
        pipeline::run(
            tools.width.reading(),
            produce,
            worker,
            |piece: Result<Piece<'_>, (u64, String)>| {
                let Piece { length, plain } =
                    piece.map_err(|(chunk, what)| damage(Some(chunk), what))?;
                match plain {
                    None => target.zeros(at, length as u64).map_err(&unwritable)?,
                    Some(plain) => target.write(at, plain.as_ref()).map_err(&unwritable)?,
                }
                at += length as u64;
                tools.meter.advance(length as u64);
                Ok::<(), BackupError>(())
            },
        )?;
        // What proves it has buffers of its own.
        drop(pool);
        let mut back = target.finish(virtual_bytes).map_err(&unwritable)?;
        self.prove(&mut back, disk, &name)?;
        Ok(back)
    }

    fn prove(
        &self,
        back: &mut impl super::source::Source,
        disk: &SavedDisk,
        name: &str,
    ) -> Result<(), BackupError> {
        let (tools, virtual_bytes) = (self.tools, disk.planned.virtual_bytes);
        let unreadable = |source| BackupError::Target { what: name.to_owned(), source };
        let differs = || BackupError::TargetDiffers(name.to_owned());
        let in_all = back.virtual_bytes();
        if in_all < virtual_bytes {
            return Err(differs());
        }
        tools.meter.begin("reading back what was restored", in_all);
        let geometry = self.manifest.geometry;
        let content =
            frames::content(back, virtual_bytes, geometry, tools.width, tools.meter, unreadable)?;
        if self.cipher.content(content) != disk.content {
            return Err(differs());
        }
        // A volume is longer than the disk that it holds, and what is behind the disk must not be
        // what someone else left there.
        let mut buffer = Buffer::new(0);
        let mut at = virtual_bytes;
        while at < in_all {
            tools.meter.go_on()?;
            let length = (in_all - at).min(geometry.frame_bytes.into());
            if back.zeros(at, length).map_err(unreadable)? < length {
                buffer.resize(usize::try_from(length).unwrap_or(0));
                back.read(at, buffer.as_mut()).map_err(unreadable)?;
                if buffer.as_ref().iter().any(|byte| *byte != 0) {
                    return Err(differs());
                }
            }
            tools.meter.advance(length);
            at += length;
        }
        Ok(())
    }
}

/// A frame that was checked.
struct Piece<'p> {
    length: usize,
    /// Nothing where it is zeros.
    plain: Option<Loan<'p>>,
}

/// What there is of a frame, checked, or the chunk in which something is wrong.
fn unpack<'p, F: MediumFile>(
    packer: &mut std::io::Result<Packer>,
    buffer: &mut Buffer,
    part: Part<F>,
    plain: Option<Loan<'p>>,
) -> Result<Piece<'p>, (u64, String)> {
    match (part, plain) {
        (Part::Bad { chunk, what, .. }, _) => Err((chunk, what)),
        (Part::Frame { number, chunk, record, length, stored: Some(stored) }, Some(mut plain)) => {
            let packer = packer.as_mut().map_err(|error| (chunk, error.to_string()))?;
            let bytes = usize::try_from(record.stored_bytes).unwrap_or(0);
            stored.read(buffer).map_err(|what| (chunk, what))?;
            let stored_part = buffer.as_mut().get_mut(..bytes).unwrap_or_default();
            let unpacked = packer.unpack(number, &record, stored_part, plain.as_mut());
            unpacked.map_err(|error| (chunk, error.to_string()))?;
            Ok(Piece { length, plain: Some(plain) })
        }
        (Part::Frame { length, .. }, _) => Ok(Piece { length, plain: None }),
    }
}
