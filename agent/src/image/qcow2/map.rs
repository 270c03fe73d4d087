//! From a place on the guest's disk to a place in the file.

use std::fs::File;
use std::io;

use super::entries::{L1, L2};
use super::header::Header;
use crate::image::numbers;
use crate::image::place::Place;

/// An entry has this many subclusters where it has any.
const SUBCLUSTERS: u64 = 32;

/// The tables of an image. Holds one table of level 2 at a time: disks are read from their
/// beginning to their end.
#[derive(Debug)]
pub(in crate::image) struct Map {
    header: Header,
    l1: Vec<u64>,
    l2: Option<(u64, Vec<u64>)>,
}

impl Map {
    pub(in crate::image) fn open(file: &File, header: Header) -> io::Result<Self> {
        let l1 = numbers(file, header.l1.offset, header.l1.bytes)?;
        Ok(Self { header, l1, l2: None })
    }

    /// Where the byte at `guest` is, and how many after it are in the same cluster or subcluster.
    pub(in crate::image) fn place(&mut self, file: &File, guest: u64) -> io::Result<(Place, u64)> {
        let cluster = self.header.cluster();
        let width = self.header.l2_entry_bytes() / 8;
        let covered = cluster / (width * 8) * cluster;
        let entry = usize::try_from(guest / covered).ok().and_then(|index| self.l1.get(index));
        let table = match L1::decode(entry.copied().unwrap_or(0)) {
            L1::Nothing => return Ok((Place::Below, covered - guest % covered)),
            L1::Nonsense => return Err(nonsense("level 1", guest)),
            L1::Table { offset, .. } => offset,
        };
        let table = self.level_2(file, table)?;
        let index = usize::try_from(guest % covered / cluster * width).unwrap_or(usize::MAX);
        let entry = table.get(index).copied().unwrap_or(0);
        let subclusters = (width == 2).then(|| table.get(index + 1).copied().unwrap_or(0));
        let (within, rest) = (guest % cluster, cluster - guest % cluster);
        let decoded = L2::decode(entry, subclusters, self.header.layout());
        let place = match decoded {
            L2::Nonsense => return Err(nonsense("level 2", guest)),
            L2::Compressed { offset, bytes } => Place::Compressed { offset, bytes, within },
            L2::Nothing => Place::Below,
            L2::Zero | L2::Cluster { is_zero: true, .. } if subclusters.is_none() => Place::Zero,
            L2::Zero => return Ok(subcluster(subclusters, 0, within, cluster)),
            L2::Cluster { offset, .. } if subclusters.is_some() => {
                return Ok(subcluster(subclusters, offset, within, cluster));
            }
            L2::Cluster { offset, .. } => Place::At(offset + within),
        };
        Ok((place, rest))
    }

    fn level_2(&mut self, file: &File, offset: u64) -> io::Result<&[u64]> {
        if self.l2.as_ref().is_none_or(|(held, _)| *held != offset) {
            self.l2 = Some((offset, numbers(file, offset, self.header.cluster())?));
        }
        Ok(self.l2.as_ref().map_or(&[], |(_, table)| table.as_slice()))
    }
}

/// The same within a cluster of which parts may be missing. Of the map, the lower half says what is
/// there, and the upper half what reads as zeros.
fn subcluster(map: Option<u64>, offset: u64, within: u64, cluster: u64) -> (Place, u64) {
    let map = map.unwrap_or(0);
    let bytes = cluster / SUBCLUSTERS;
    let number = within / bytes;
    let place = if map >> number & 1 != 0 {
        Place::At(offset + within)
    } else if map >> (SUBCLUSTERS + number) & 1 != 0 {
        Place::Zero
    } else {
        Place::Below
    };
    (place, bytes - within % bytes)
}

fn nonsense(level: &str, guest: u64) -> io::Error {
    io::Error::other(format!("the entry of {level} for {guest:#x} is none: the image is corrupt"))
}
