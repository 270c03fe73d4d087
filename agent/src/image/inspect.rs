//! Everything that can be said of an image without a word about what its guest keeps in it.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use domfleet_shared::image::{Flag, Format, ImageFile, Inspection, Traits};

use super::chain::{Content, Layer};
use super::disk::Disk;
use super::inflate::Compression;
use super::opened::Opened;
use super::{Examined, ImageError, examine, judge, qcow2};
use crate::meter::{Cancelled, Meter};

/// What `stat` counts blocks in.
const BLOCK: u64 = 512;

/// Inspects the image in `path`. Reads all tables, and nothing of the guest's data.
pub fn inspect(
    path: &Path,
    format: Option<Format>,
    meter: &dyn Meter,
) -> Result<Inspection, ImageError> {
    let Examined { judgement, chain, .. } = examine(path, format, meter)?;
    let unreadable = ImageError::unreadable(path);
    let top = &chain.top;
    let mut inspection = Inspection {
        judgement,
        file: file(top).map_err(&unreadable)?,
        traits: traits(&top.content),
        data_file: None,
        based_on: Vec::new(),
        snapshots: Vec::new(),
        data_bytes: None,
    };
    if let Content::Qcow2 { header, data } = &top.content {
        inspection.data_file = data_file(header, data.as_ref()).map_err(&unreadable)?;
        // Where the table makes no sense, the verdict says so.
        inspection.snapshots = qcow2::list_snapshots(&top.opened.file, header).unwrap_or_default();
    }
    for layer in &chain.below {
        inspection.based_on.push(file(layer).map_err(ImageError::unreadable(&layer.path))?);
    }
    // Of one that cannot be read, nobody knows.
    if let Ok(mut disk) = Disk::of(chain) {
        inspection.data_bytes = match data_bytes(&mut disk, meter) {
            Ok(bytes) => Some(bytes),
            Err(error) if Cancelled::is_why(&error) => return Err(Cancelled.into()),
            Err(_) => None,
        };
    }
    Ok(inspection)
}

fn file(layer: &Layer) -> io::Result<ImageFile> {
    Ok(ImageFile {
        path: layer.path.to_string_lossy().into_owned(),
        format: layer.format,
        virtual_bytes: judge::virtual_bytes(layer),
        allocated_bytes: allocated_bytes(&layer.opened)?,
    })
}

fn data_file(header: &qcow2::Header, data: Option<&Opened>) -> io::Result<Option<ImageFile>> {
    let (Some(named), Some(data)) = (&header.data_file, data) else { return Ok(None) };
    Ok(Some(ImageFile {
        path: named.name.clone().unwrap_or_default(),
        format: Format::Raw,
        virtual_bytes: data.bytes,
        allocated_bytes: allocated_bytes(data)?,
    }))
}

fn allocated_bytes(opened: &Opened) -> io::Result<u64> {
    let metadata = opened.file.metadata()?;
    // A volume takes all of its room, as far as can be seen from here.
    let is_volume = metadata.file_type().is_block_device();
    Ok(if is_volume { opened.bytes } else { metadata.blocks() * BLOCK })
}

fn traits(content: &Content) -> Traits {
    match content {
        Content::Qcow2 { header, .. } => {
            let compression = match header.compression {
                Compression::Deflate => "zlib",
                Compression::Zstd => "zstd",
            };
            Traits {
                cluster_bytes: Some(header.cluster()),
                compat: Some(header.compat().to_owned()),
                flags: flags(header),
                compression: Some(compression.to_owned()),
                encryption: header.encryption().map(str::to_owned),
            }
        }
        Content::Qcow(header) => Traits {
            cluster_bytes: Some(header.cluster()),
            encryption: header.is_encrypted.then(|| "aes".to_owned()),
            ..Traits::default()
        },
        Content::Raw | Content::Foreign | Content::NoHeader(_) => Traits::default(),
    }
}

fn flags(header: &qcow2::Header) -> Vec<Flag> {
    let all = [
        (header.is_dirty(), Flag::Dirty),
        (header.is_marked_corrupt(), Flag::Corrupt),
        (header.has_lazy_refcounts(), Flag::LazyRefcounts),
        (header.has_extended_l2(), Flag::ExtendedL2),
    ];
    all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).collect()
}

/// How much of the disk is not known to be zeros.
fn data_bytes(disk: &mut Disk, meter: &dyn Meter) -> io::Result<u64> {
    meter.begin("mapping", disk.virtual_bytes());
    let (mut at, mut data) = (0, 0);
    while at < disk.virtual_bytes() {
        meter.go_on()?;
        let (is_zero, bytes) = disk.extent(at)?;
        data += if is_zero { 0 } else { bytes };
        at += bytes;
        meter.advance(bytes);
    }
    Ok(data)
}
