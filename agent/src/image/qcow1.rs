//! qcow, version 1: its header, and the way from a place on the disk to a place in the file. It counts
//! nothing that could be checked; whether what is compressed can be decompressed is all that shows.
//! Source: qemu, `block/qcow.c`, `QCowHeader` and `get_cluster_offset`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::inflate::{self, Compression};
use super::opened::read_or_zeros;
use super::place::Place;
use crate::meter::Meter;

const HEADER_BYTES: usize = 48;
const LONGEST_BACKING_NAME: usize = 1023;
const CLUSTER_BITS: std::ops::RangeInclusive<u32> = 9..=16;
/// Of a table of level 2, in entries.
const L2_BITS: std::ops::RangeInclusive<u32> = 6..=13;
const MOST_L1_ENTRIES: u64 = 1 << 22;
const COMPRESSED: u64 = 1 << 63;
/// So many sentences are told of what is damaged.
const SENTENCES: usize = 5;

/// What an image says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) virtual_bytes: u64,
    pub(super) is_encrypted: bool,
    pub(super) backing: Option<String>,
    cluster_bits: u32,
    l2_bits: u32,
    l1_at: u64,
}

impl Header {
    /// Nothing where it makes no sense, or the file ends within it.
    pub(super) fn read(file: &File) -> io::Result<Option<Self>> {
        let mut fields = [0; HEADER_BYTES];
        if !is_whole(file.read_exact_at(&mut fields, 0))? {
            return Ok(None);
        }
        let number = |from: usize, to: usize| {
            fields[from..to].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let header = Self {
            virtual_bytes: number(24, 32),
            is_encrypted: number(36, 40) != 0,
            backing: None,
            cluster_bits: fields[32].into(),
            l2_bits: fields[33].into(),
            l1_at: number(40, 48),
        };
        let is_possible = CLUSTER_BITS.contains(&header.cluster_bits)
            && L2_BITS.contains(&header.l2_bits)
            && header.l1_entries() <= MOST_L1_ENTRIES;
        let (backing_at, backing_bytes) = (number(8, 16), number(16, 20));
        if !is_possible || backing_at == 0 || backing_bytes == 0 {
            return Ok(is_possible.then_some(header));
        }
        let length = usize::try_from(backing_bytes).unwrap_or(usize::MAX);
        let mut name = vec![0; length.min(LONGEST_BACKING_NAME)];
        if length > name.len() || !is_whole(file.read_exact_at(&mut name, backing_at))? {
            return Ok(None);
        }
        let backing = Some(String::from_utf8_lossy(&name).into_owned());
        Ok(Some(Self { backing, ..header }))
    }

    pub(super) fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// Where a cluster is that is compressed, and how long.
    fn compressed(&self, entry: u64) -> Option<(u64, u64)> {
        // The upper bits hold the length.
        let length_at = 63 - self.cluster_bits;
        let (offset, bytes) = (entry & ((1 << length_at) - 1), entry >> length_at);
        (entry & COMPRESSED != 0).then_some((offset, bytes & (self.cluster() - 1)))
    }

    fn l1_entries(&self) -> u64 {
        self.virtual_bytes.div_ceil(1 << (self.cluster_bits + self.l2_bits))
    }
}

fn is_whole(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The tables of an image.
#[derive(Debug)]
pub(super) struct Map {
    header: Header,
    l1: Vec<u64>,
    l2: Option<(u64, Vec<u64>)>,
}

impl Map {
    pub(super) fn open(file: &File, header: Header) -> io::Result<Self> {
        let l1 = super::numbers(file, header.l1_at, header.l1_entries() * 8)?;
        Ok(Self { header, l1, l2: None })
    }

    /// Where the byte at `guest` is, and how many after it are in the same cluster.
    pub(super) fn place(&mut self, file: &File, guest: u64) -> io::Result<(Place, u64)> {
        let Header { cluster_bits, l2_bits, .. } = self.header;
        let cluster = self.header.cluster();
        let covered = 1 << (cluster_bits + l2_bits);
        let index = usize::try_from(guest / covered).unwrap_or(usize::MAX);
        let table = self.l1.get(index).copied().unwrap_or(0);
        if table == 0 {
            return Ok((Place::Below, covered - guest % covered));
        }
        if self.l2.as_ref().is_none_or(|(held, _)| *held != table) {
            self.l2 = Some((table, super::numbers(file, table, 8 << l2_bits)?));
        }
        let index = usize::try_from(guest % covered / cluster).unwrap_or(usize::MAX);
        let entry = self.l2.as_ref().and_then(|(_, table)| table.get(index)).copied().unwrap_or(0);
        let within = guest % cluster;
        let place = if let Some((offset, bytes)) = self.header.compressed(entry) {
            Place::Compressed { offset, bytes, within }
        } else if entry == 0 {
            Place::Below
        } else {
            Place::At(entry.saturating_add(within))
        };
        Ok((place, cluster - within))
    }
}

/// What stands in the way of reading the disk out of it.
pub(super) fn check(file: &File, header: &Header, meter: &dyn Meter) -> io::Result<Vec<String>> {
    let l1 = match super::numbers(file, header.l1_at, header.l1_entries() * 8) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Ok(vec!["the file ends within its table of level 1".to_owned()]);
        }
        read => read?,
    };
    let covered = 1 << (header.cluster_bits + header.l2_bits);
    meter.begin("checking", header.virtual_bytes);
    let mut tables = BTreeSet::new();
    let mut damage = Vec::new();
    for (index, table) in l1.into_iter().enumerate() {
        meter.go_on()?;
        let guest = (index as u64).saturating_mul(covered);
        meter.advance(header.virtual_bytes.saturating_sub(guest).min(covered));
        if table == 0 {
            continue;
        }
        let why = if tables.insert(table) {
            level_2(file, header, table)?
        } else {
            Some("leads to the table of another part of the disk".to_owned())
        };
        damage.extend(why.map(|why| format!("what is stored from {guest:#x} on {why}")));
        if damage.len() >= SENTENCES {
            damage.push("there may be more".to_owned());
            break;
        }
    }
    Ok(damage)
}

/// What is wrong with a part of the disk.
fn level_2(file: &File, header: &Header, table: u64) -> io::Result<Option<String>> {
    let entries = match super::numbers(file, table, 8 << header.l2_bits) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Ok(Some("leads beyond the end of the file".to_owned()));
        }
        read => read?,
    };
    for (offset, bytes) in entries.into_iter().filter_map(|entry| header.compressed(entry)) {
        let mut compressed = vec![0; usize::try_from(bytes).unwrap_or(0)];
        read_or_zeros(file, offset, &mut compressed)?;
        if inflate::cluster(Compression::Deflate, &compressed, header.cluster()).is_err() {
            return Ok(Some(format!("cannot be decompressed (at {offset:#x})")));
        }
    }
    Ok(None)
}
