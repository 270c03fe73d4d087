//! An image and everything that it is based on.

use std::fs::File;
use std::path::{Path, PathBuf};

use domfleet_shared::image::Format;

use super::opened::Opened;
use super::qcow2::{self, Backing, DataFile, Findings, HeaderError};
use super::{ImageError, format, qcow1};
use crate::meter::Meter;

/// A chain that is longer has most likely no end.
const LONGEST: usize = 64;

/// One file of a chain.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) opened: Opened,
    pub(super) content: Content,
}

/// What is in it.
#[derive(Debug)]
pub(super) enum Content {
    Raw,
    Qcow(qcow1::Header),
    Qcow2 {
        header: Box<qcow2::Header>,
        /// Where the guest's data is, if that is another file, and it is there.
        data: Option<Opened>,
    },
    /// Of a format that nothing is known of here.
    Foreign,
    /// Its header makes no sense.
    NoHeader(HeaderError),
}

/// The image, what it is based on, what that is based on, and so on.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) top: Layer,
    pub(super) below: Vec<Layer>,
    /// What is missing from it, in words.
    pub(super) missing: Option<String>,
}

/// Opens it all and reads the headers. That the image itself cannot be read is an error; that
/// something which it is based on cannot, is a finding.
pub(super) fn follow(path: &Path, format: Option<Format>) -> Result<Chain, ImageError> {
    let (top, next) = Layer::read(path, format)?;
    let mut chain = Chain { top, below: Vec::new(), missing: None };
    let mut next = next;
    while let Some(wanted) = next.take() {
        let above = chain.below.last().unwrap_or(&chain.top);
        match wanted.read(&above.path) {
            Ok((layer, more)) if chain.below.len() < LONGEST => {
                chain.below.push(layer);
                next = more;
            }
            Ok(_) => chain.missing = Some("what it is based on has no end".to_owned()),
            Err(why) => chain.missing = Some(why),
        }
    }
    Ok(chain)
}

impl Chain {
    /// The image itself first, and what it is based on after it.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer> {
        [&self.top].into_iter().chain(&self.below)
    }

    /// Every file that something of it is in.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.layers().flat_map(|layer| {
            let data = match &layer.content {
                Content::Qcow2 { data: Some(data), .. } => Some(&data.file),
                _ => None,
            };
            [Some(&layer.opened.file), data].into_iter().flatten()
        })
    }

    /// Looks at every table of every layer that has any, in the same order.
    pub(super) fn look_through(
        &self,
        meter: &dyn Meter,
    ) -> Result<Vec<Option<Findings>>, ImageError> {
        self.layers().map(|layer| layer.look_through(meter)).collect()
    }
}

/// What a layer says that it needs.
enum Wanted {
    Backing {
        name: String,
        format: Option<Format>,
    },
    /// It is known already that it cannot be read.
    Data(String),
}

impl Wanted {
    fn read(self, above: &Path) -> Result<(Layer, Option<Self>), String> {
        match self {
            Self::Backing { name, format } => {
                let path = find(&name, above)
                    .ok_or_else(|| format!("it is based on {name}, which is no file"))?;
                Layer::read(&path, format).map_err(|error| {
                    let why = in_full(&error);
                    format!("it is based on another image, and {why}")
                })
            }
            Self::Data(why) => Err(why),
        }
    }
}

/// Where what is called `name` is, seen from `above`: as QEMU finds it.
fn find(name: &str, above: &Path) -> Option<PathBuf> {
    let name = name.strip_prefix("file:").unwrap_or(name);
    let first = name.split('/').next().unwrap_or_default();
    (!first.contains(':')).then(|| above.parent().unwrap_or(Path::new("")).join(name))
}

fn in_full(error: &ImageError) -> String {
    let source = std::error::Error::source(error);
    let why = source.map(|source| format!(" ({source})")).unwrap_or_default();
    format!("{error}{why}")
}

impl Layer {
    fn read(path: &Path, format: Option<Format>) -> Result<(Self, Option<Wanted>), ImageError> {
        let opened = Opened::open(path)?;
        let unreadable = ImageError::unreadable(path);
        let format = match format {
            Some(format) => format,
            None => format::of(&opened.file).map_err(&unreadable)?,
        };
        let (content, wanted) = match format {
            Format::Raw => (Content::Raw, None),
            Format::Qcow2 => match qcow2::Header::read(&opened.file) {
                Ok(header) => qcow2(path, header),
                Err(HeaderError::Io(error)) => return Err(unreadable(error)),
                Err(error) => (Content::NoHeader(error), None),
            },
            Format::Qcow => match qcow1::Header::read(&opened.file).map_err(&unreadable)? {
                Some(header) => {
                    let name = header.backing.clone();
                    let wanted = name.map(|name| Wanted::Backing { name, format: None });
                    (Content::Qcow(header), wanted)
                }
                None => (
                    Content::NoHeader(HeaderError::Damaged("the file ends within its header")),
                    None,
                ),
            },
            _ => (Content::Foreign, None),
        };
        Ok((Self { path: path.into(), format, opened, content }, wanted))
    }

    /// Nothing where it has no tables, or its data is missing.
    fn look_through(&self, meter: &dyn Meter) -> Result<Option<Findings>, ImageError> {
        let (header, data) = match &self.content {
            Content::Qcow2 { header, data } => (header, data),
            Content::Qcow(header) if !header.is_encrypted => {
                let damage = qcow1::check(&self.opened.file, header, meter)
                    .map_err(ImageError::unreadable(&self.path))?;
                let damaged = damage.len() as u64;
                return Ok(Some(Findings { damaged, damage, ..Findings::default() }));
            }
            _ => return Ok(None),
        };
        let data_bytes = data.as_ref().map(|data| data.bytes);
        if header.data_file.is_some() && data_bytes.is_none() {
            return Ok(None);
        }
        let Opened { file, bytes, .. } = &self.opened;
        qcow2::check(file, *bytes, header, data_bytes, meter)
            .map(Some)
            .map_err(ImageError::unreadable(&self.path))
    }
}

fn qcow2(path: &Path, header: qcow2::Header) -> (Content, Option<Wanted>) {
    let data = header.data_file.as_ref().map(|data| data_file(path, data)).transpose();
    let (data, missing) = match data {
        Ok(data) => (data, None),
        Err(why) => (None, Some(Wanted::Data(why))),
    };
    let backing = || {
        let Backing { file, format } = header.backing.clone()?;
        let format = format.as_deref().map(Format::from_name);
        Some(Wanted::Backing { name: file, format })
    };
    let wanted = missing.or_else(backing);
    (Content::Qcow2 { header: Box::new(header), data }, wanted)
}

/// The file that holds the data of the image at `path`, or why it cannot be read.
fn data_file(path: &Path, data: &DataFile) -> Result<Opened, String> {
    let Some(name) = &data.name else {
        return Err("its data is in another file, which it does not name".to_owned());
    };
    let found = find(name, path)
        .ok_or_else(|| format!("its data is in another file, and {name} is no file"))?;
    Opened::open(&found)
        .map_err(|error| format!("its data is in another file, and {}", in_full(&error)))
}
