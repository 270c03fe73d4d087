//! A new qcow2 image as the target of a restore.

use std::io;
use std::path::PathBuf;

use domfleet_shared::image::Format;

use super::direct::DirectFile;
use super::files::DiskFile;
use super::medium::MediumFile as _;
use super::target::{Device as _, Target};
use crate::image;
use crate::image::disk::Disk;
use crate::image::qcow2::{CLUSTER_BITS, NewImage};

pub(crate) struct ImageTarget {
    file: DirectFile,
    /// Where the file is.
    path: PathBuf,
    /// What it will be called.
    name: String,
    image: NewImage,
}

impl ImageTarget {
    /// Into an empty file.
    pub(crate) fn new(
        file: DirectFile,
        path: PathBuf,
        name: String,
        virtual_bytes: u64,
    ) -> io::Result<Self> {
        Ok(Self { file, path, name, image: NewImage::new(virtual_bytes, CLUSTER_BITS)? })
    }
}

impl Target for ImageTarget {
    type Back = DiskFile;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn write(&mut self, offset: u64, frame: &[u8]) -> io::Result<()> {
        let Self { file, image, .. } = self;
        image.put(offset, frame, &mut |part, at| file.write_at(part, at))
    }

    fn zeros(&mut self, _offset: u64, _bytes: u64) -> io::Result<()> {
        Ok(())
    }

    fn finish(self, _virtual_bytes: u64) -> io::Result<DiskFile> {
        let Self { mut file, path, image, .. } = self;
        let header = image.finish(&mut |part, at| file.write_at(part, at))?;
        file.sync()?;
        file.write_at(&header, 0)?;
        // Nothing of it is in the cache then.
        drop(file.reopen()?);
        let judgement = image::check(&path, Some(Format::Qcow2)).map_err(io::Error::other)?;
        if !judgement.convertible {
            return Err(io::Error::other(judgement.reasons.join(" ")));
        }
        Disk::open(&path, Some(Format::Qcow2)).map(DiskFile).map_err(io::Error::other)
    }
}
