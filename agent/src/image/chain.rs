//! An image and everything that it is based on.

use std::path::{Path, PathBuf};

use domfleet_shared::image::Format;

use super::qcow2::{self, Backing, DataFile, Findings, HeaderError};
use super::{ImageError, Opened, format, qcow1};

/// A chain that is longer has most likely no end.
const LONGEST: usize = 64;

/// One file of a chain.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) content: Content,
}

/// What is in it.
#[derive(Debug)]
pub(super) enum Content {
    Raw {
        bytes: u64,
    },
    Qcow(qcow1::Header),
    Qcow2 {
        header: Box<qcow2::Header>,
        findings: Findings,
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

/// Reads it all. That the image itself cannot be read is an error; that something which it is based
/// on cannot, is a finding.
pub(super) fn follow(path: &Path, format: Option<Format>) -> Result<Chain, ImageError> {
    let (top, next) = Layer::read(path, format)?;
    let mut chain = Chain { top, below: Vec::new(), missing: None };
    let mut next = next;
    while let Some(wanted) = next.take() {
        let above = chain.below.last().unwrap_or(&chain.top);
        match wanted.find(&above.path).and_then(|found| read_below(&found, wanted.format)) {
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

fn read_below(path: &Path, format: Option<Format>) -> Result<(Layer, Option<Wanted>), String> {
    Layer::read(path, format).map_err(|error| {
        let source = std::error::Error::source(&error);
        let why = source.map(|source| format!(" ({source})")).unwrap_or_default();
        format!("it is based on another image, and {error}{why}")
    })
}

/// What a layer says that it needs.
struct Wanted {
    name: String,
    format: Option<Format>,
}

impl Wanted {
    fn data(file: &DataFile) -> Self {
        Self { name: file.name.clone().unwrap_or_default(), format: Some(Format::Raw) }
    }

    /// Where it is, seen from `above`: as QEMU finds it.
    fn find(&self, above: &Path) -> Result<PathBuf, String> {
        let name = self.name.strip_prefix("file:").unwrap_or(&self.name);
        let first = name.split('/').next().unwrap_or_default();
        if first.contains(':') {
            return Err(format!("it is based on {name}, which is no file"));
        }
        Ok(above.parent().unwrap_or(Path::new("")).join(name))
    }
}

impl Layer {
    fn read(path: &Path, format: Option<Format>) -> Result<(Self, Option<Wanted>), ImageError> {
        let opened = Opened::open(path)?;
        let unreadable = |source| ImageError::Unreadable { path: path.into(), source };
        let format = match format {
            Some(format) => format,
            None => format::of(&opened.file).map_err(unreadable)?,
        };
        let (content, wanted) = match format {
            Format::Raw => (Content::Raw { bytes: opened.bytes }, None),
            Format::Qcow2 => qcow2(path, &opened)?,
            Format::Qcow => match qcow1::Header::read(&opened.file).map_err(unreadable)? {
                Some(header) => {
                    let name = header.backing.clone();
                    let wanted = name.map(|name| Wanted { name, format: None });
                    (Content::Qcow(header), wanted)
                }
                None => (
                    Content::NoHeader(HeaderError::Damaged("the file ends within its header")),
                    None,
                ),
            },
            _ => (Content::Foreign, None),
        };
        Ok((Self { path: path.into(), format, content }, wanted))
    }
}

/// The file that holds the data of the image at `path`.
pub(super) fn data_file(path: &Path, data: &DataFile) -> Result<Opened, ImageError> {
    let wanted = Wanted::data(data);
    Opened::open(&wanted.find(path).map_err(|_| ImageError::NoImage(wanted.name.into()))?)
}

fn qcow2(path: &Path, opened: &Opened) -> Result<(Content, Option<Wanted>), ImageError> {
    let unreadable = |source| ImageError::Unreadable { path: path.into(), source };
    let header = match qcow2::Header::read(&opened.file) {
        Ok(header) => header,
        Err(HeaderError::Io(error)) => return Err(unreadable(error)),
        Err(error) => return Ok((Content::NoHeader(error), None)),
    };
    let data = header.data_file.as_ref().map(|data| (data, data_file(path, data)));
    if let Some((data, Err(_))) = &data {
        // Told as what is missing, by looking for it once more.
        let wanted = Wanted::data(data);
        let content = Content::Qcow2 { header: Box::new(header), findings: Findings::default() };
        return Ok((content, Some(wanted)));
    }
    let data_bytes = data.and_then(|(_, opened)| opened.ok()).map(|opened| opened.bytes);
    let findings =
        qcow2::check(&opened.file, opened.bytes, &header, data_bytes).map_err(unreadable)?;
    let wanted = header.backing.as_ref().map(|Backing { file, format }| Wanted {
        name: file.clone(),
        format: format.as_deref().map(Format::from_name),
    });
    Ok((Content::Qcow2 { header: Box::new(header), findings }, wanted))
}
