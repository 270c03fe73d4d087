//! The header, and what follows it in the first cluster.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::entries::Layout;
use crate::image::inflate::Compression;

/// Bits of the incompatible features that are understood here.
const DIRTY: u64 = 1;
const CORRUPT: u64 = 1 << 1;
const DATA_FILE: u64 = 1 << 2;
const COMPRESSION_TYPE: u64 = 1 << 3;
const EXTENDED_L2: u64 = 1 << 4;
const UNDERSTOOD: u64 = DIRTY | CORRUPT | DATA_FILE | COMPRESSION_TYPE | EXTENDED_L2;
/// Of the features that need not be understood.
const LAZY_REFCOUNTS: u64 = 1;
/// Of the features that whoever does not know them clears.
const BITMAPS: u64 = 1;
const RAW_DATA_FILE: u64 = 1 << 1;

/// Limits of qemu's own: what is beyond them it refuses to open.
const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=21;
const MOST_L1_BYTES: u64 = 32 << 20;
const MOST_REFCOUNT_TABLE_BYTES: u64 = 8 << 20;
/// Offsets in files are signed numbers.
const MOST_OFFSET: u64 = i64::MAX.cast_unsigned();
const MOST_SNAPSHOTS: u32 = 65_536;
const LONGEST_BACKING_NAME: u32 = 1023;
/// The last field of version 2 ends here, and version 3 goes on at least to the second.
const VERSION_2_BYTES: u64 = 72;
const VERSION_3_BYTES: u64 = 104;

/// Kinds of header extensions.
const BACKING_FORMAT: u32 = 0xe279_2aca;
const BITMAP_DIRECTORY: u32 = 0x2385_2875;
const ENCRYPTION_HEADER: u32 = 0x0537_be77;
const DATA_FILE_NAME: u32 = 0x4441_5441;

/// What an image says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::image) struct Header {
    pub(super) version: u32,
    length: u64,
    pub(super) cluster_bits: u32,
    pub(in crate::image) virtual_bytes: u64,
    /// The method; 0 is none.
    encryption: u32,
    incompatible_features: u64,
    compatible_features: u64,
    pub(in crate::image) compression: Compression,
    pub(in crate::image) backing: Option<Backing>,
    /// Where the guest's data is, if it is not here.
    pub(in crate::image) data_file: Option<DataFile>,
    pub(super) l1: Extent,
    pub(super) refcount_table: Extent,
    pub(super) refcount_order: u32,
    /// `bytes` is not known before the table has been read.
    pub(super) snapshots_at: u64,
    pub(in crate::image) snapshots: u32,
    pub(super) bitmap_directory: Option<Extent>,
    pub(super) encryption_details: Option<Extent>,
}

/// Where the data of an image is. One without a name is named when the image is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::image) struct DataFile {
    pub(in crate::image) name: Option<String>,
}

/// What an image is based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::image) struct Backing {
    pub(in crate::image) file: String,
    pub(in crate::image) format: Option<String>,
}

/// A part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

/// Why a header says nothing that could be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::image) enum HeaderError {
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Damaged(&'static str),
    /// Written by something newer.
    #[error("{0}")]
    NotUnderstood(String),
}

impl Header {
    pub(in crate::image) fn read(file: &File) -> Result<Self, HeaderError> {
        let first = first_bytes(file)?;
        let fields = Fields(&first);
        let version = fields.u32(4)?;
        if !(2..=3).contains(&version) {
            return Err(HeaderError::NotUnderstood(format!(
                "it is of version {version} of the format, and 2 and 3 are known here"
            )));
        }
        let cluster_bits = fields.u32(20)?;
        if !CLUSTER_BITS.contains(&cluster_bits) {
            return Err(HeaderError::Damaged("its header gives an impossible size of clusters"));
        }
        let more = More::read(&fields, version)?;
        let extensions = Extensions::read(&fields, more.header_bytes, 1 << cluster_bits)?;
        let header = Self {
            version,
            length: more.header_bytes,
            cluster_bits,
            virtual_bytes: fields.u64(24)?,
            encryption: fields.u32(32)?,
            incompatible_features: more.incompatible,
            compatible_features: more.compatible,
            compression: more.compression,
            backing: backing(&fields, extensions.backing_format, cluster_bits)?,
            data_file: (more.incompatible & DATA_FILE != 0)
                .then_some(DataFile { name: extensions.data_file }),
            l1: Extent { offset: fields.u64(40)?, bytes: u64::from(fields.u32(36)?) * 8 },
            refcount_table: Extent {
                offset: fields.u64(48)?,
                bytes: u64::from(fields.u32(56)?) << cluster_bits,
            },
            refcount_order: more.refcount_order,
            snapshots_at: fields.u64(64)?,
            snapshots: fields.u32(60)?,
            bitmap_directory: extensions.bitmaps.filter(|_| more.autoclear & BITMAPS != 0),
            encryption_details: extensions.encryption_header,
        };
        header.is_possible()?;
        Ok(header)
    }

    pub(in crate::image) fn is_encrypted(&self) -> bool {
        self.encryption != 0
    }

    /// Whether whoever wrote to it last has not closed it.
    pub(in crate::image) fn is_dirty(&self) -> bool {
        self.incompatible_features & DIRTY != 0
    }

    /// Whether qemu found damage in it while it ran.
    pub(in crate::image) fn is_marked_corrupt(&self) -> bool {
        self.incompatible_features & CORRUPT != 0
    }

    /// What `qemu-img` calls its version.
    pub(in crate::image) fn compat(&self) -> &'static str {
        if self.version == 2 { "0.10" } else { "1.1" }
    }

    /// How it is encrypted.
    pub(in crate::image) fn encryption(&self) -> Option<&'static str> {
        match self.encryption {
            0 => None,
            1 => Some("aes"),
            2 => Some("luks"),
            _ => Some("unknown"),
        }
    }

    /// Whether its counts are written late, and may be wrong where it was not closed.
    pub(in crate::image) fn has_lazy_refcounts(&self) -> bool {
        self.compatible_features & LAZY_REFCOUNTS != 0
    }

    pub(in crate::image) fn has_extended_l2(&self) -> bool {
        self.incompatible_features & EXTENDED_L2 != 0
    }

    /// How many bytes a cluster has.
    pub(in crate::image) fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// What decides how an entry of level 2 is read.
    pub(super) fn layout(&self) -> Layout {
        Layout {
            cluster_bits: self.cluster_bits,
            knows_zeros: self.version > 2,
            has_data_file: self.data_file.is_some(),
        }
    }

    /// How many bytes an entry of a table of level 2 has.
    pub(super) fn l2_entry_bytes(&self) -> u64 {
        if self.has_extended_l2() { 16 } else { 8 }
    }

    fn is_possible(&self) -> Result<(), HeaderError> {
        let covered_by_l2 = (self.cluster() / self.l2_entry_bytes()) << self.cluster_bits;
        let wrong = if self.l1.bytes > MOST_L1_BYTES {
            "its header gives an impossible size of its table of level 1"
        } else if self.refcount_table.bytes > MOST_REFCOUNT_TABLE_BYTES {
            "its header gives an impossible size of its table of reference counts"
        } else if self.length > self.cluster() {
            "its header is longer than the cluster that it is in"
        } else if self.snapshots > MOST_SNAPSHOTS {
            "its header gives an impossible number of snapshots"
        } else if self.virtual_bytes.div_ceil(covered_by_l2) > self.l1.bytes / 8 {
            "its table of level 1 is shorter than the disk"
        } else if [self.l1.offset, self.refcount_table.offset, self.snapshots_at]
            .iter()
            .any(|offset| !offset.is_multiple_of(self.cluster()) || *offset > MOST_OFFSET)
        {
            "a table that its header names is where none can be"
        } else {
            return Ok(());
        };
        Err(HeaderError::Damaged(wrong))
    }
}

/// What version 3 has in addition.
struct More {
    incompatible: u64,
    compatible: u64,
    autoclear: u64,
    refcount_order: u32,
    header_bytes: u64,
    compression: Compression,
}

impl More {
    fn read(fields: &Fields<'_>, version: u32) -> Result<Self, HeaderError> {
        if version == 2 {
            return Ok(Self {
                incompatible: 0,
                compatible: 0,
                autoclear: 0,
                refcount_order: 4,
                header_bytes: VERSION_2_BYTES,
                compression: Compression::Deflate,
            });
        }
        let incompatible = fields.u64(72)?;
        let compression = match incompatible & COMPRESSION_TYPE {
            0 => Compression::Deflate,
            _ => compression(fields.u32(104)? >> 24)?,
        };
        let more = Self {
            incompatible,
            compatible: fields.u64(80)?,
            compression,
            autoclear: fields.u64(88)?,
            refcount_order: fields.u32(96)?,
            header_bytes: fields.u32(100)?.into(),
        };
        let unknown = more.incompatible & !UNDERSTOOD;
        if unknown != 0 {
            return Err(HeaderError::NotUnderstood(format!(
                "it uses features of the format that are not known here (bits {unknown:#x})"
            )));
        }
        let is_raw = more.autoclear & RAW_DATA_FILE != 0 && incompatible & DATA_FILE == 0;
        if is_raw || more.refcount_order > 6 || more.header_bytes < VERSION_3_BYTES {
            return Err(HeaderError::Damaged("its header contradicts itself"));
        }
        Ok(more)
    }
}

fn compression(kind: u32) -> Result<Compression, HeaderError> {
    match kind {
        0 => Ok(Compression::Deflate),
        1 => Ok(Compression::Zstd),
        kind => Err(HeaderError::NotUnderstood(format!(
            "it is compressed in a way that is not known here (number {kind})"
        ))),
    }
}

/// What follows the header's fields.
#[derive(Default)]
struct Extensions {
    backing_format: Option<String>,
    data_file: Option<String>,
    bitmaps: Option<Extent>,
    encryption_header: Option<Extent>,
}

impl Extensions {
    fn read(fields: &Fields<'_>, start: u64, cluster: u64) -> Result<Self, HeaderError> {
        let mut found = Self::default();
        let backing_at = fields.u64(8)?;
        // They end where the name of what it is based on begins, at the latest.
        let end = if backing_at == 0 { cluster } else { backing_at.min(cluster) };
        let mut at = start;
        while at + 8 <= end {
            let (kind, length) = (fields.u32(at)?, u64::from(fields.u32(at + 4)?));
            if kind == 0 {
                break;
            }
            if length > end - at - 8 {
                return Err(HeaderError::Damaged("an extension of its header has no end"));
            }
            let text = || fields.text(at + 8, length);
            match kind {
                BACKING_FORMAT => found.backing_format = Some(text()?),
                DATA_FILE_NAME => found.data_file = Some(text()?),
                BITMAP_DIRECTORY if length >= 24 => {
                    let (bytes, offset) = (fields.u64(at + 16)?, fields.u64(at + 24)?);
                    found.bitmaps = Some(Extent { offset, bytes });
                }
                ENCRYPTION_HEADER if length >= 16 => {
                    let (offset, bytes) = (fields.u64(at + 8)?, fields.u64(at + 16)?);
                    found.encryption_header = Some(Extent { offset, bytes });
                }
                // Names of features, and what is not known: it may be ignored.
                _ => {}
            }
            at += 8 + length.next_multiple_of(8);
        }
        Ok(found)
    }
}

fn backing(
    fields: &Fields<'_>,
    format: Option<String>,
    cluster_bits: u32,
) -> Result<Option<Backing>, HeaderError> {
    let (offset, length) = (fields.u64(8)?, fields.u32(16)?);
    if offset == 0 || length == 0 {
        return Ok(None);
    }
    let cluster = 1_u64 << cluster_bits;
    if length > LONGEST_BACKING_NAME || offset.saturating_add(length.into()) > cluster {
        return Err(HeaderError::Damaged("the name of what it is based on is out of place"));
    }
    Ok(Some(Backing { file: fields.text(offset, length.into())?, format }))
}

/// What may be of interest in the first cluster: all of it, but no more than qemu allows.
fn first_bytes(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 1 << CLUSTER_BITS.end()];
    let mut seen = 0;
    loop {
        match file.read_at(&mut bytes[seen..], seen as u64)? {
            0 => break,
            read => seen += read,
        }
    }
    bytes.truncate(seen);
    Ok(bytes)
}

/// Numbers at their offsets, most significant byte first.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn part(&self, offset: u64, length: u64) -> Result<&[u8], HeaderError> {
        let range = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
        range
            .and_then(|(offset, length)| self.0.get(offset..offset.checked_add(length)?))
            .ok_or(HeaderError::Damaged("the file ends within its header"))
    }

    fn u32(&self, offset: u64) -> Result<u32, HeaderError> {
        let part = self.part(offset, 4)?;
        Ok(part.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    fn u64(&self, offset: u64) -> Result<u64, HeaderError> {
        Ok(u64::from(self.u32(offset)?) << 32 | u64::from(self.u32(offset + 4)?))
    }

    fn text(&self, offset: u64, length: u64) -> Result<String, HeaderError> {
        Ok(String::from_utf8_lossy(self.part(offset, length)?).into_owned())
    }
}
