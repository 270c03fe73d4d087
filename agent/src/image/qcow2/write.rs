//! A new image, laid out as it is written, once and from front to back. The format is that of QEMU's
//! `docs/interop/qcow2.txt`.
//!
//! Of version 2 (`compat=0.10`): every QEMU that an appliance has reads and writes it.

use std::io;

/// The clusters that `qemu-img` makes where nothing is said: 64 KiB.
pub(crate) const CLUSTER_BITS: u32 = 16;
/// Refers to a cluster that nothing else refers to.
const COPIED: u64 = 1 << 63;
/// A cluster's count has two bytes.
const COUNT_BYTES: u64 = 2;

/// An image that is being written.
#[derive(Debug)]
pub(crate) struct NewImage {
    virtual_bytes: u64,
    cluster_bits: u32,
    /// The first cluster that nothing is in yet. The first of all is the header's.
    next_cluster: u64,
    l1: Vec<u64>,
    /// The level 2 table that is being filled, and its place in the first.
    l2: Option<(usize, Vec<u64>)>,
}

impl NewImage {
    /// Of a disk of so many bytes, in clusters of `1 << cluster_bits`.
    pub(crate) fn new(virtual_bytes: u64, cluster_bits: u32) -> io::Result<Self> {
        let reach = 1 << (2 * cluster_bits - 3);
        let entries = usize::try_from(virtual_bytes.div_ceil(reach)).ok();
        // QEMU's own limit for the table: 32 MiB.
        let entries =
            entries.filter(|entries| *entries <= 4 << 20).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(Self {
            virtual_bytes,
            cluster_bits,
            next_cluster: 1,
            l1: vec![0; entries.max(1)],
            l2: None,
        })
    }

    fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    fn entries(&self) -> u64 {
        self.cluster() / 8
    }

    /// Room for so many clusters in a row; where it begins.
    fn take(&mut self, clusters: u64) -> u64 {
        let at = self.next_cluster << self.cluster_bits;
        self.next_cluster += clusters;
        at
    }

    /// Puts what the guest has at `offset`, which is where a cluster begins and after everything that
    /// was put before. Clusters of zeros take no room. `write` writes to a place in the file.
    pub(crate) fn put(
        &mut self,
        offset: u64,
        data: &[u8],
        write: &mut impl FnMut(&[u8], u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let length = usize::try_from(self.cluster()).map_err(io::Error::other)?;
        if !offset.is_multiple_of(self.cluster()) || offset + data.len() as u64 > self.virtual_bytes
        {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let first = offset >> self.cluster_bits;
        let clusters: Vec<&[u8]> = data.chunks(length).collect();
        let mut at = 0;
        while at < clusters.len() {
            let rest = &clusters[at..];
            let is_zero = |cluster: &&&[u8]| cluster.iter().all(|byte| *byte == 0);
            let zeros = rest.iter().take_while(is_zero).count();
            if zeros > 0 {
                at += zeros;
                continue;
            }
            let run = rest.iter().take_while(|cluster| !is_zero(cluster)).count();
            let place = self.take(run as u64);
            let bytes = &data[at * length..data.len().min((at + run) * length)];
            write(bytes, place)?;
            // The disk may end within its last cluster; the file must not.
            let missing = run * length - bytes.len();
            if missing > 0 {
                write(&vec![0; missing], place + bytes.len() as u64)?;
            }
            for n in 0..run as u64 {
                self.enter(first + at as u64 + n, place + (n << self.cluster_bits), write)?;
            }
            at += run;
        }
        Ok(())
    }

    /// Has the guest's `cluster` be at `place`.
    fn enter(
        &mut self,
        cluster: u64,
        place: u64,
        write: &mut impl FnMut(&[u8], u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let entries = self.entries();
        let table = usize::try_from(cluster / entries).map_err(io::Error::other)?;
        let entry = usize::try_from(cluster % entries).map_err(io::Error::other)?;
        match &self.l2 {
            Some((open, _)) if *open == table => {}
            Some((open, _)) if *open > table => return Err(io::ErrorKind::InvalidInput.into()),
            _ => {
                self.finish_l2(write)?;
                let length = usize::try_from(entries).map_err(io::Error::other)?;
                self.l2 = Some((table, vec![0; length]));
            }
        }
        if let Some((_, l2)) = &mut self.l2 {
            l2[entry] = place | COPIED;
        }
        Ok(())
    }

    fn finish_l2(
        &mut self,
        write: &mut impl FnMut(&[u8], u64) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some((table, l2)) = self.l2.take() else { return Ok(()) };
        let place = self.take(1);
        self.l1[table] = place | COPIED;
        write(&numbers(&l2), place)
    }

    /// Writes the tables that are left. What it gives is the header: to be written at the file's
    /// beginning once everything else is flushed, so that a file that is not whole is no image.
    pub(crate) fn finish(
        mut self,
        write: &mut impl FnMut(&[u8], u64) -> io::Result<()>,
    ) -> io::Result<Vec<u8>> {
        self.finish_l2(write)?;
        let cluster = self.cluster();
        let l1 = self.take((self.l1.len() as u64 * 8).div_ceil(cluster));
        write(&self.padded(numbers(&self.l1)), l1)?;
        // Clusters that hold counts are counted too.
        let each = cluster / COUNT_BYTES;
        let (mut blocks, mut tables) = (1, 1);
        while blocks * each < self.next_cluster + blocks + tables {
            blocks = (self.next_cluster + blocks + tables).div_ceil(each);
            tables = (blocks * 8).div_ceil(cluster);
        }
        let (first_block, table) = (self.take(blocks), self.take(tables));
        for block in 0..blocks {
            let used = (self.next_cluster - block * each).min(each);
            let counts = (0..used).flat_map(|_| 1_u16.to_be_bytes()).collect();
            write(&self.padded(counts), first_block + (block << self.cluster_bits))?;
        }
        let places: Vec<u64> =
            (0..blocks).map(|block| first_block + (block << self.cluster_bits)).collect();
        write(&self.padded(numbers(&places)), table)?;
        Ok(self.header(l1, table, tables))
    }

    fn padded(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = (bytes.len() as u64).next_multiple_of(self.cluster());
        bytes.resize(usize::try_from(length).unwrap_or(bytes.len()), 0);
        bytes
    }

    fn header(&self, l1: u64, refcounts: u64, refcount_clusters: u64) -> Vec<u8> {
        let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
        let mut header = Vec::new();
        header.extend(b"QFI\xfb");
        header.extend(2_u32.to_be_bytes());
        // No base: its name's place and length.
        header.extend([0; 12]);
        header.extend(self.cluster_bits.to_be_bytes());
        header.extend(self.virtual_bytes.to_be_bytes());
        // Not encrypted.
        header.extend([0; 4]);
        header.extend(short(self.l1.len() as u64));
        header.extend(l1.to_be_bytes());
        header.extend(refcounts.to_be_bytes());
        header.extend(short(refcount_clusters));
        // No snapshots: their number and place.
        header.extend([0; 12]);
        self.padded(header)
    }
}

/// Most significant byte first.
fn numbers(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}
