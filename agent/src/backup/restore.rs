//! A disk out of a set: each frame is checked before it is written anywhere, and all of it is read
//! back from where it was written.

use domfleet_shared::id::SetId;

use super::appliance::{self, ApplianceFile};
use super::buffer::{Buffer, LOANS, Loan, Pool};
use super::cipher::Cipher;
use super::documents::{MANIFEST, Manifest, SavedDisk, SavedVm};
use super::error::{BackupError, Damage};
use super::frame::{Kind, Packer};
use super::frames;
use super::hash::Hash;
use super::index::{IndexError, IndexId, IndexReader};
use super::medium::Medium;
use super::names::{DiskId, Folder};
use super::parity::mender::Mender;
use super::parity::{Mended, copies};
use super::pipeline;
use super::reader::{DiskReader, Part};
use super::standing::{self, Standing};
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
    /// What was had from parity or a copy, because the drive does not give it any more.
    pub mended: Mended,
}

impl<'t, M: Medium> Sealed<'t, M> {
    /// Opens a set that is sealed. Writes nothing to the medium.
    pub fn open(tools: Tools<'t, M>, set: SetId) -> Result<Self, BackupError> {
        let folder = Folder::new(set);
        let read = standing::read(tools.medium, &folder)?;
        let standing = Standing::of(&read.records);
        let sealed = standing.sealed.ok_or(BackupError::NotSealed)?;
        let (manifest, is_copy) = verify::manifest(tools.medium, &folder, sealed)?;
        let cipher = tools.keys.cipher(manifest.key)?;
        let mended = Mended::default();
        if is_copy {
            mended.add(MANIFEST.to_owned());
        }
        // What is not what was written cannot be what was verified.
        let verified = standing.verified.filter(|_| !is_copy);
        Ok(Self { tools, folder, cipher, manifest, verified, mended })
    }

    /// The VM's xl configuration, as it was.
    pub fn config(&self, vm: &SavedVm) -> Result<Vec<u8>, BackupError> {
        let failed = BackupError::medium("reading a configuration");
        let place = format!("the configuration of {}", vm.name);
        self.document(&self.folder.config(vm.uuid), vm.config, place, failed)
    }

    fn document(
        &self,
        name: &str,
        hash: Hash,
        place: String,
        failed: impl FnOnce(std::io::Error) -> BackupError,
    ) -> Result<Vec<u8>, BackupError> {
        let found = copies::read(self.tools.medium, &self.folder, name, hash).map_err(failed)?;
        let opened = found
            .and_then(|found| Some((self.cipher.open_file(name, found.bytes)?, found.is_copy)));
        let Some((bytes, is_copy)) = opened else {
            let what = "it is not the one that was written".to_owned();
            return Err(BackupError::Damaged(Damage { disk: None, chunk: None, place, what }));
        };
        if is_copy {
            self.mended.add(place);
        }
        Ok(bytes)
    }

    /// The files of the appliance that are in the set, as they were.
    pub fn appliance(&self) -> Result<Vec<ApplianceFile>, BackupError> {
        let mut files = Vec::new();
        for (name, file) in appliance::names(&self.manifest, &self.folder) {
            let failed = BackupError::medium("reading the appliance's files");
            let place = format!("the appliance's {}", file.path);
            let content = self.document(&name, file.hash, place, failed)?;
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
        let virtual_bytes = disk.planned.virtual_bytes;
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
        let index = self.index(vm, (id, disk)).map_err(unreadable)?;
        let mut reader = DiskReader::of(tools.medium, &self.folder, index);
        let parity = Mender::new(tools.medium, &self.folder);
        tools.meter.begin(&format!("restoring {} {}", vm.name, disk.planned.vdev), virtual_bytes);
        let produce = || {
            tools.meter.go_on()?;
            let part = reader.next().map_err(unreadable)?;
            Ok(part.map(|part| {
                let length = match &part {
                    Part::Frame { length, stored: Some(_), .. } => Some(*length),
                    Part::Bad { length, record, .. } if record.kind != Kind::Zeros => Some(*length),
                    _ => None,
                };
                // Here, where frames are in order.
                (part, length.map(|length| pool.take(length)))
            }))
        };
        let cipher = self.cipher.of_disk(self.folder.set, id);
        let worker = || {
            let (mut packer, mut buffer) = (Packer::new(cipher.clone()), Buffer::default());
            let parity = &parity;
            move |(part, plain)| {
                let piece = unpack(&mut packer, &mut buffer, parity, part, plain)?;
                if let Some(chunk) = piece.mended {
                    let vdev = &disk.planned.vdev;
                    self.mended.add(format!("the disk {vdev} of {}, chunk {chunk}", vm.name));
                }
                Ok(piece)
            }
        };
        let mut at = 0;
        pipeline::run(
            tools.width.reading(),
            produce,
            worker,
            |piece: Result<Piece<'_>, (u64, String)>| {
                let Piece { length, plain, .. } =
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

    /// The index of a disk, or its copy.
    pub(super) fn index(
        &self,
        vm: &SavedVm,
        (id, disk): (DiskId, &SavedDisk),
    ) -> Result<(IndexId, IndexReader<M::File>), IndexError> {
        let (geometry, virtual_bytes) = (self.manifest.geometry, disk.planned.virtual_bytes);
        let id = IndexId { set: self.manifest.set, disk: id, virtual_bytes, geometry };
        let (index, is_copy) = copies::index(self.tools.medium, &self.folder, id, disk.index)?;
        if is_copy {
            let vdev = &disk.planned.vdev;
            self.mended.add(format!("the index of the disk {vdev} of {}", vm.name));
        }
        Ok((id, index))
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
    /// The chunk that it had to be mended of.
    mended: Option<u64>,
}

/// What there is of a frame, checked, or the chunk in which something is wrong that cannot be mended.
fn unpack<'p, M: Medium>(
    packer: &mut std::io::Result<Packer>,
    buffer: &mut Buffer,
    parity: &Mender<'_, M>,
    part: Part<M::File>,
    plain: Option<Loan<'p>>,
) -> Result<Piece<'p>, (u64, String)> {
    let (place, record, length, stored) = match part {
        Part::Frame { place, record, length, stored: Some(stored) } => {
            (place, record, length, Ok(stored))
        }
        // Its chunk may be damaged where there are no zeros.
        Part::Bad { place, record, length, what } if record.kind != Kind::Zeros => {
            (place, record, length, Err(what))
        }
        Part::Frame { length, .. } | Part::Bad { length, .. } => {
            return Ok(Piece { length, plain: None, mended: None });
        }
    };
    let chunk = place.number();
    let packer = packer.as_mut().map_err(|error| (chunk, error.to_string()))?;
    let mut plain = plain.ok_or_else(|| (chunk, "there is no room for it".to_owned()))?;
    let mut check = |buffer: &mut Buffer| {
        let bytes = usize::try_from(record.stored_bytes).unwrap_or(0);
        let stored = buffer.as_mut().get_mut(..bytes).unwrap_or_default();
        let unpacked = packer.unpack(place.frame, &record, stored, plain.as_mut());
        unpacked.map_err(|error| error.to_string())
    };
    let read = stored.and_then(|stored| stored.read(buffer)).and_then(|()| check(buffer));
    let mended = match read {
        Ok(()) => None,
        Err(what) => {
            let mended = parity.frame(&place.chunk, place.frame, buffer);
            mended
                .and_then(|()| check(buffer))
                .map_err(|why| (chunk, format!("{what}; it cannot be mended: {why}")))?;
            Some(chunk)
        }
    };
    Ok(Piece { length, plain: Some(plain), mended })
}
