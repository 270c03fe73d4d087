//! Reading a guest's disk out of an image, whatever its format, and through everything that the image
//! is based on.

use std::fs::File;
use std::io;
use std::path::Path;

use domfleet_shared::image::Format;
use rustix::fs::SeekFrom;

use super::chain::{self, Chain, Content, Layer};
use super::opened::Opened;
use super::place::Place;
use super::{ImageError, inflate, qcow1, qcow2};

/// A disk, as its guest sees it. Whether that is what the guest wrote, [`super::check`] says first.
#[derive(Debug)]
pub struct Disk {
    /// The image itself first, and what it is based on after it.
    layers: Vec<Source>,
    virtual_bytes: u64,
}

/// One layer, open.
#[derive(Debug)]
enum Source {
    Raw(Opened),
    Mapped(Box<Mapped>),
}

/// One whose tables say where everything is.
#[derive(Debug)]
struct Mapped {
    opened: Opened,
    /// Where the guest's data is, if that is another file.
    data: Option<Opened>,
    map: Map,
    cluster: u64,
    compression: inflate::Compression,
    /// The compressed cluster that was read last, and what was in it.
    inflated: Option<(u64, Vec<u8>)>,
    virtual_bytes: u64,
}

#[derive(Debug)]
enum Map {
    Qcow(qcow1::Map),
    Qcow2(qcow2::Map),
}

impl Map {
    fn place(&mut self, file: &File, at: u64) -> io::Result<(Place, u64)> {
        match self {
            Self::Qcow(map) => map.place(file, at),
            Self::Qcow2(map) => map.place(file, at),
        }
    }
}

/// Why a disk cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The file, or one that it is based on.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It could be opened, and made no sense.
    #[error("{0}")]
    Unfit(String),
}

impl Disk {
    /// Opens it and everything that it is based on, and does not look whether it is in order.
    pub fn open(path: &Path, format: Option<Format>) -> Result<Self, DiskError> {
        Self::of(chain::follow(path, format)?)
    }

    pub(super) fn of(chain: Chain) -> Result<Self, DiskError> {
        if let Some(missing) = chain.missing {
            return Err(DiskError::Unfit(missing));
        }
        let virtual_bytes = super::judge::virtual_bytes(&chain.top);
        let layers = [chain.top].into_iter().chain(chain.below);
        let layers = layers.map(Source::of).collect::<Result<_, _>>()?;
        Ok(Self { layers, virtual_bytes })
    }

    /// Every file that something of it is read from.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.layers
            .iter()
            .flat_map(|layer| match layer {
                Source::Raw(opened) => [Some(&opened.file), None],
                Source::Mapped(mapped) => {
                    [Some(&mapped.opened.file), mapped.data.as_ref().map(|data| &data.file)]
                }
            })
            .flatten()
    }

    /// Its size as the guest sees it.
    pub fn virtual_bytes(&self) -> u64 {
        self.virtual_bytes
    }

    /// Fills `part` with what is at `offset`; zeros beyond the end.
    pub fn read(&mut self, offset: u64, part: &mut [u8]) -> io::Result<()> {
        read(&mut self.layers, offset, part)
    }

    /// How many bytes from `offset` on are known to be zero without being read, up to `most`.
    pub fn zeros(&mut self, offset: u64, most: u64) -> io::Result<u64> {
        zeros(&mut self.layers, offset, most)
    }

    /// Whether what is at `offset` is known to be zeros, and for how many bytes, at least one, the
    /// same can be said, up to the disk's end.
    pub(super) fn extent(&mut self, offset: u64) -> io::Result<(bool, u64)> {
        let left = self.virtual_bytes.saturating_sub(offset);
        let (is_zero, bytes) = extent(&mut self.layers, offset, left)?;
        Ok((is_zero, bytes.clamp(1, left.max(1))))
    }
}

fn extent(layers: &mut [Source], offset: u64, most: u64) -> io::Result<(bool, u64)> {
    let Some((first, below)) = layers.split_first_mut() else { return Ok((true, most)) };
    let (place, bytes) = first.run(offset, most)?;
    let bytes = bytes.min(most);
    match place {
        Place::Below => extent(below, offset, bytes),
        Place::Zero => Ok((true, bytes)),
        Place::At(_) | Place::Compressed { .. } => Ok((false, bytes)),
    }
}

fn read(layers: &mut [Source], offset: u64, part: &mut [u8]) -> io::Result<()> {
    let Some((first, below)) = layers.split_first_mut() else {
        part.fill(0);
        return Ok(());
    };
    let (mut at, mut rest) = (offset, part);
    while !rest.is_empty() {
        let (place, bytes) = first.run(at, rest.len() as u64)?;
        let length = usize::try_from(bytes).unwrap_or(rest.len()).min(rest.len());
        let (now, later) = rest.split_at_mut(length);
        match place {
            Place::Below => read(below, at, now)?,
            Place::Zero => now.fill(0),
            Place::At(offset) => first.data().read_or_zeros(offset, now)?,
            Place::Compressed { offset, bytes, within } => {
                first.inflate(offset, bytes, within, now)?;
            }
        }
        at += length as u64;
        rest = later;
    }
    Ok(())
}

fn zeros(layers: &mut [Source], offset: u64, most: u64) -> io::Result<u64> {
    let Some((first, below)) = layers.split_first_mut() else { return Ok(most) };
    let mut known = 0;
    while known < most {
        let at = offset.saturating_add(known);
        let (place, bytes) = first.run(at, most - known)?;
        let bytes = bytes.min(most - known);
        match place {
            Place::Zero => known += bytes,
            Place::Below => {
                let more = zeros(below, at, bytes)?;
                known += more;
                if more < bytes {
                    break;
                }
            }
            Place::At(_) | Place::Compressed { .. } => break,
        }
    }
    Ok(known)
}

impl Source {
    fn of(layer: Layer) -> Result<Self, DiskError> {
        let Layer { path, format, opened, content } = layer;
        let unreadable = ImageError::unreadable(&path);
        let mapped = match content {
            Content::Raw => return Ok(Self::Raw(opened)),
            Content::Qcow2 { header, data } if !header.is_encrypted() => Mapped {
                cluster: header.cluster(),
                virtual_bytes: header.virtual_bytes,
                compression: header.compression,
                map: qcow2::Map::open(&opened.file, *header).map(Map::Qcow2).map_err(unreadable)?,
                inflated: None,
                opened,
                data,
            },
            Content::Qcow(header) if !header.is_encrypted => Mapped {
                cluster: header.cluster(),
                virtual_bytes: header.virtual_bytes,
                compression: inflate::Compression::Deflate,
                map: qcow1::Map::open(&opened.file, header).map(Map::Qcow).map_err(unreadable)?,
                inflated: None,
                opened,
                data: None,
            },
            Content::NoHeader(error) => {
                return Err(DiskError::Unfit(format!("{}: {error}", path.display())));
            }
            Content::Qcow(_) | Content::Qcow2 { .. } | Content::Foreign => {
                return Err(DiskError::Unfit(format!(
                    "{}: {format} of this kind cannot be read here",
                    path.display()
                )));
            }
        };
        Ok(Self::Mapped(Box::new(mapped)))
    }

    /// Where the byte at `at` is, and how many after it can be read together with it.
    fn run(&mut self, at: u64, most: u64) -> io::Result<(Place, u64)> {
        let end = match self {
            Self::Raw(opened) => opened.bytes,
            Self::Mapped(mapped) => mapped.virtual_bytes,
        };
        // What is based on something shorter reads zeros beyond its end.
        let Some(left) = end.checked_sub(at).filter(|left| *left > 0) else {
            return Ok((Place::Zero, most));
        };
        match self {
            Self::Raw(opened) => {
                let (place, bytes) = sparse(&opened.file, at);
                Ok((place, bytes.min(left)))
            }
            Self::Mapped(mapped) => {
                let Mapped { opened, map, .. } = &mut **mapped;
                let file = &opened.file;
                let (place, mut bytes) = map.place(file, at)?;
                while bytes < most.min(left) {
                    let (next, more) = map.place(file, at + bytes)?;
                    if !place.goes_on_with(next, bytes) {
                        break;
                    }
                    bytes += more;
                }
                Ok((place, bytes.min(left)))
            }
        }
    }

    fn data(&mut self) -> &mut Opened {
        match self {
            Self::Raw(opened) => opened,
            Self::Mapped(mapped) => mapped.data.as_mut().unwrap_or(&mut mapped.opened),
        }
    }

    fn inflate(&mut self, offset: u64, bytes: u64, within: u64, part: &mut [u8]) -> io::Result<()> {
        // Nothing is compressed in a raw file.
        let Self::Mapped(mapped) = self else { return Err(io::ErrorKind::InvalidData.into()) };
        if mapped.inflated.as_ref().is_none_or(|(held, _)| *held != offset) {
            let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
            let mut compressed = vec![0; length];
            mapped.opened.read_or_zeros(offset, &mut compressed)?;
            let whole = inflate::cluster(mapped.compression, &compressed, mapped.cluster)?;
            mapped.inflated = Some((offset, whole));
        }
        let from = usize::try_from(within).unwrap_or(usize::MAX);
        let held = mapped
            .inflated
            .as_ref()
            .and_then(|(_, whole)| whole.get(from..from.checked_add(part.len())?));
        part.copy_from_slice(held.ok_or(io::ErrorKind::InvalidData)?);
        Ok(())
    }
}

/// Whether a raw file has anything at `at`, and how far that is so.
fn sparse(file: &File, at: u64) -> (Place, u64) {
    let far = |to: rustix::io::Result<u64>| to.ok().and_then(|to| to.checked_sub(at));
    match far(rustix::fs::seek(file, SeekFrom::Data(at))) {
        Some(0) => {
            let bytes = far(rustix::fs::seek(file, SeekFrom::Hole(at))).filter(|bytes| *bytes > 0);
            (Place::At(at), bytes.unwrap_or(u64::MAX))
        }
        Some(bytes) => (Place::Zero, bytes),
        // After the last of it, or where that cannot be asked, such as of a volume: read it.
        None => (Place::At(at), u64::MAX),
    }
}
