//! Looks at everything in an image that leads to the guest's data.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use domfleet_shared::image::Area;

use super::clusters::{Clusters, Misplaced, Use};
use super::entries::{L1, L2};
use super::header::{Extent, Header};
use super::{refcounts, snapshots, suspects};
use crate::image::opened::read_or_zeros;
use crate::image::{inflate, numbers};
use crate::meter::Meter;

/// So many sentences are kept of each kind.
const SENTENCES: usize = 5;
/// A directory of bitmaps, and the table of one, are no longer than this.
const MOST_BITMAP_BYTES: u64 = 64 << 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::image) struct Findings {
    /// Places where the guest would not see what it wrote.
    pub(in crate::image) damaged: u64,
    /// The first of them, in words.
    pub(in crate::image) damage: Vec<String>,
    /// Clusters that are used more often than the image counts: what is written next may overwrite
    /// what is there.
    pub(in crate::image) undercounted: u64,
    /// Clusters that are used less often than the image counts.
    pub(in crate::image) leaked: u64,
    /// Bytes of a cluster.
    pub(in crate::image) cluster: u64,
    /// How much of the guest's disk is stored here, uncompressed.
    pub(in crate::image) data_bytes: u64,
    /// Parts of the disk that may not be what the guest wrote, where anything is damaged.
    pub(in crate::image) suspects: Vec<Area>,
    /// There is more than can be looked at.
    pub(in crate::image) is_too_large: bool,
}

/// Looks through `file`. `data_bytes` is how long the file is that holds the guest's data, where
/// that is another.
pub(in crate::image) fn check(
    file: &File,
    file_bytes: u64,
    header: &Header,
    data_bytes: Option<u64>,
    meter: &dyn Meter,
) -> io::Result<Findings> {
    let Some(clusters) = Clusters::of(file_bytes, header.cluster_bits) else {
        return Ok(Findings { is_too_large: true, ..Findings::default() });
    };
    let findings = Findings { cluster: header.cluster(), ..Findings::default() };
    let tables = u64::from(header.snapshots) + 1;
    meter.begin("checking", header.virtual_bytes.saturating_mul(tables));
    let broken = BTreeSet::new();
    let mut look = Look { file, file_bytes, header, data_bytes, clusters, findings, broken, meter };
    look.through()?;
    let (undercounted, leaked) = look.clusters.miscounted();
    look.findings.undercounted += undercounted;
    look.findings.leaked = leaked;
    if look.findings.damaged > 0 {
        look.findings.suspects = suspects::find(&look);
    }
    Ok(look.findings)
}

/// One look through an image.
pub(super) struct Look<'a> {
    file: &'a File,
    pub(super) file_bytes: u64,
    pub(super) header: &'a Header,
    data_bytes: Option<u64>,
    pub(super) clusters: Clusters,
    findings: Findings,
    /// Where compressed data begins that cannot be decompressed.
    pub(super) broken: BTreeSet<u64>,
    meter: &'a dyn Meter,
}

impl Look<'_> {
    fn through(&mut self) -> io::Result<()> {
        self.take_table("the header", 0, self.header.cluster().min(self.file_bytes));
        refcounts::read(self)?;
        if let Some(part) = self.header.encryption_details {
            self.take_table("the encryption's header", part.offset, part.bytes);
        }
        self.bitmaps()?;
        for table in snapshots::read(self)? {
            self.disk(table, false)?;
        }
        self.disk(self.header.l1, true)
    }

    /// Everything that a table of level 1 leads to.
    fn disk(&mut self, l1: Extent, is_current: bool) -> io::Result<()> {
        if !self.take_table("a table of level 1", l1.offset, l1.bytes) {
            return Ok(());
        }
        let covered = (self.header.cluster() / self.header.l2_entry_bytes())
            .saturating_mul(self.header.cluster());
        for (index, entry) in self.numbers(l1.offset, l1.bytes)?.into_iter().enumerate() {
            self.meter.go_on()?;
            let guest = (index as u64).saturating_mul(covered);
            self.meter.advance(self.header.virtual_bytes.saturating_sub(guest).min(covered));
            match L1::decode(entry) {
                L1::Nothing => {}
                L1::Table { offset, copied } => {
                    if is_current {
                        self.expect_copied(offset, copied);
                    }
                    self.level_2(offset, guest, is_current)?;
                }
                L1::Nonsense => {
                    self.damaged(format_args!("an entry of level 1 is none ({entry:#018x})"));
                }
            }
        }
        Ok(())
    }

    fn level_2(&mut self, table: u64, guest: u64, is_current: bool) -> io::Result<()> {
        let (cluster, layout) = (self.header.cluster(), self.header.layout());
        let taken = self.clusters.take_extent(table, cluster, Use::Level2);
        if let Err(why) = taken {
            self.damaged(format_args!("the table of level 2 at {table:#x} {why}"));
            return Ok(());
        }
        let entries = self.numbers(table, cluster)?;
        let width = if self.header.has_extended_l2() { 2 } else { 1 };
        for (index, entry) in entries.chunks_exact(width).enumerate() {
            let at = guest.saturating_add((index as u64).saturating_mul(cluster));
            let decoded = L2::decode(entry[0], entry.get(1).copied(), layout);
            self.entry(decoded, at, is_current)?;
        }
        Ok(())
    }

    /// One cluster of the guest's disk, which begins at `guest` there.
    fn entry(&mut self, entry: L2, guest: u64, is_current: bool) -> io::Result<()> {
        let cluster = self.header.cluster();
        let taken = match entry {
            L2::Nothing | L2::Zero => return Ok(()),
            L2::Nonsense => {
                self.damaged(format_args!("the entry of level 2 for {guest:#x} is none"));
                return Ok(());
            }
            L2::Cluster { offset, copied, is_zero } => {
                if is_current && !is_zero {
                    self.findings.data_bytes += cluster;
                }
                if let Some(bytes) = self.data_bytes {
                    elsewhere(offset, bytes, cluster)
                } else {
                    let used = if is_current { Use::CurrentData } else { Use::Data };
                    if is_current {
                        self.expect_copied(offset, copied);
                    }
                    self.clusters.take(offset, used)
                }
            }
            L2::Compressed { offset, bytes } => {
                if is_current {
                    self.findings.data_bytes += cluster;
                }
                let taken = self.clusters.take_extent(offset, bytes, Use::Compressed);
                // Tables do not tell whether a conversion can read it.
                if taken.is_ok() && is_current && !self.inflates(offset, bytes)? {
                    self.broken.insert(offset);
                    self.damaged(format_args!("the data for {guest:#x} cannot be decompressed"));
                }
                taken
            }
        };
        if let Err(why) = taken {
            self.damaged(format_args!("the data for {guest:#x} {why}"));
        }
        Ok(())
    }

    /// Whether there is a cluster in what is compressed there.
    fn inflates(&self, offset: u64, bytes: u64) -> io::Result<bool> {
        let mut compressed = vec![0; usize::try_from(bytes).unwrap_or(0)];
        read_or_zeros(self.file, offset, &mut compressed)?;
        let Header { compression, .. } = *self.header;
        Ok(inflate::cluster(compression, &compressed, self.header.cluster()).is_ok())
    }

    /// Dirty bitmaps that are kept for backup programs take up room too.
    fn bitmaps(&mut self) -> io::Result<()> {
        const FIXED: usize = 24;
        let Some(directory) = self.header.bitmap_directory else { return Ok(()) };
        if directory.bytes > MOST_BITMAP_BYTES {
            self.damaged(format_args!("the directory of bitmaps has an impossible size"));
            return Ok(());
        }
        if !self.take_table("the directory of bitmaps", directory.offset, directory.bytes) {
            return Ok(());
        }
        let entries = self.bytes(directory.offset, directory.bytes)?;
        let mut rest = entries.as_slice();
        while let Some((fixed, _)) = rest.split_at_checked(FIXED) {
            let number = |from: usize, to: usize| {
                fixed[from..to].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
            };
            let table = Extent { offset: number(0, 8), bytes: number(8, 12) * 8 };
            let (name, extra) = (number(18, 20), number(20, 24));
            self.bitmap(table)?;
            let length = (FIXED as u64 + name + extra).next_multiple_of(8);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(())
    }

    fn bitmap(&mut self, table: Extent) -> io::Result<()> {
        const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
        if table.bytes > MOST_BITMAP_BYTES {
            self.damaged(format_args!("the table of a bitmap has an impossible size"));
            return Ok(());
        }
        // One that is there twice is read once.
        let before = self.findings.damaged;
        if !self.take_table("the table of a bitmap", table.offset, table.bytes)
            || self.findings.damaged > before
        {
            return Ok(());
        }
        for entry in self.numbers(table.offset, table.bytes)? {
            let offset = entry & OFFSET;
            if offset != 0 {
                self.take_table("a part of a bitmap", offset, 1);
            }
        }
        Ok(())
    }

    /// Whether all of it is there; that it is used for something else too is told, and no reason
    /// not to read it.
    pub(super) fn take_table(&mut self, what: &str, offset: u64, bytes: u64) -> bool {
        match self.clusters.take_extent(offset, bytes, Use::Metadata) {
            Ok(()) => true,
            Err(why) => {
                self.damaged(format_args!("{what} at {offset:#x} {why}"));
                why == Misplaced::Taken
            }
        }
    }

    /// Whether what is there is all there, and belongs to nobody else.
    pub(super) fn is_good(&self, offset: u64, bytes: u64, is_table: bool) -> bool {
        let end = offset.saturating_add(bytes);
        let is_there = if is_table { end <= self.file_bytes } else { offset < self.file_bytes };
        let is_aligned = !is_table || offset.is_multiple_of(self.header.cluster());
        is_there && is_aligned && !self.clusters.is_contested(offset, bytes)
    }

    /// The same of a cluster of the guest's data.
    pub(super) fn is_good_data(&self, offset: u64) -> bool {
        let cluster = self.header.cluster();
        match self.data_bytes {
            Some(bytes) => elsewhere(offset, bytes, cluster).is_ok(),
            None => offset.is_multiple_of(cluster) && self.is_good(offset, cluster, false),
        }
    }

    /// An entry may be written through only where nothing else leads to the same cluster.
    fn expect_copied(&mut self, offset: u64, copied: bool) {
        if copied != (self.clusters.stored_at(offset) == 1) {
            self.findings.undercounted += 1;
        }
    }

    pub(super) fn damaged(&mut self, what: fmt::Arguments<'_>) {
        self.findings.damaged += 1;
        if self.findings.damage.len() < SENTENCES {
            self.findings.damage.push(what.to_string());
        }
    }

    /// A part of the file, which must be there.
    pub(super) fn bytes(&self, offset: u64, bytes: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut read = vec![0; length];
        self.file.read_exact_at(&mut read, offset)?;
        Ok(read)
    }

    /// The same, as numbers of eight bytes.
    pub(super) fn numbers(&self, offset: u64, bytes: u64) -> io::Result<Vec<u64>> {
        numbers(self.file, offset, bytes)
    }
}

/// The same for data in another file, where clusters are not counted.
fn elsewhere(offset: u64, file_bytes: u64, cluster: u64) -> Result<(), Misplaced> {
    if !offset.is_multiple_of(cluster) {
        Err(Misplaced::Unaligned)
    } else if offset >= file_bytes {
        Err(Misplaced::BeyondTheEnd)
    } else {
        Ok(())
    }
}
