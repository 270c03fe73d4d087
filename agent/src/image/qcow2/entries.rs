//! Entries of the tables that lead from the guest's disk to the file.

/// Whether it is the only reference to its target, and may be written through.
const COPIED: u64 = 1 << 63;
const COMPRESSED: u64 = 1 << 62;
/// Bits 9 to 55.
const OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
/// Of an entry of level 2 without subclusters, from version 3 on.
const READS_ZERO: u64 = 1;
const L1_RESERVED: u64 = 0x7f00_0000_0000_01ff;
const L2_RESERVED: u64 = 0x3f00_0000_0000_01fe;
/// Where there are subclusters, they say themselves what reads as zeros.
const L2_EXTENDED_RESERVED: u64 = L2_RESERVED | READS_ZERO;
const SECTOR: u64 = 512;

/// What an entry of level 1 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum L1 {
    Nothing,
    Table {
        offset: u64,
        copied: bool,
    },
    /// Bits are set that never are.
    Nonsense,
}

impl L1 {
    pub(super) fn decode(entry: u64) -> Self {
        if entry & L1_RESERVED != 0 {
            return Self::Nonsense;
        }
        match entry & OFFSET {
            0 => Self::Nothing,
            offset => Self::Table { offset, copied: entry & COPIED != 0 },
        }
    }
}

/// What an entry of level 2 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum L2 {
    /// What the disk is based on shows through, or nothing does.
    Nothing,
    /// A cluster of its own, which need not be read where `is_zero`.
    Cluster {
        offset: u64,
        copied: bool,
        is_zero: bool,
    },
    /// Zeros, and no room taken.
    Zero,
    Compressed {
        offset: u64,
        bytes: u64,
    },
    Nonsense,
}

/// What of an image decides how its entries are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) cluster_bits: u32,
    /// Whether an entry can say that a cluster reads as zeros: from version 3 on.
    pub(super) knows_zeros: bool,
    /// Whether the data is in another file, where the first cluster is one like any other.
    pub(super) has_data_file: bool,
}

impl L2 {
    /// `subclusters` is the second half of an entry that has one.
    pub(super) fn decode(entry: u64, subclusters: Option<u64>, layout: Layout) -> Self {
        if entry & COMPRESSED != 0 {
            return Self::compressed(entry, subclusters, layout.cluster_bits);
        }
        let reserved = if subclusters.is_none() && layout.knows_zeros {
            L2_RESERVED
        } else {
            L2_EXTENDED_RESERVED
        };
        if entry & reserved != 0 {
            return Self::Nonsense;
        }
        let (offset, copied) = (entry & OFFSET, entry & COPIED != 0);
        let is_there = offset != 0 || (layout.has_data_file && copied);
        let is_zero = match subclusters {
            None => entry & READS_ZERO != 0,
            Some(map) => {
                let (allocated, zero) = (map & 0xffff_ffff, map >> 32);
                if allocated & zero != 0 || (allocated != 0 && !is_there) {
                    return Self::Nonsense;
                }
                allocated == 0
            }
        };
        if is_there {
            Self::Cluster { offset, copied, is_zero }
        } else if is_zero && subclusters.is_none_or(|map| map >> 32 != 0) {
            Self::Zero
        } else {
            Self::Nothing
        }
    }

    fn compressed(entry: u64, subclusters: Option<u64>, cluster_bits: u32) -> Self {
        // There is nothing to write through to, and no part of it that could be missing.
        if entry & COPIED != 0 || subclusters.is_some_and(|map| map != 0) {
            return Self::Nonsense;
        }
        let offset_bits = 62 - (cluster_bits - 8);
        let offset = entry & ((1 << offset_bits) - 1);
        let more_sectors = (entry & (COMPRESSED - 1)) >> offset_bits;
        Self::Compressed { offset, bytes: (more_sectors + 1) * SECTOR - offset % SECTOR }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V3: Layout = Layout { cluster_bits: 16, knows_zeros: true, has_data_file: false };
    const V2: Layout = Layout { knows_zeros: false, ..V3 };

    #[test]
    fn the_first_cluster_holds_data_only_where_that_is_another_file() {
        let apart = Layout { has_data_file: true, ..V3 };

        let first = L2::Cluster { offset: 0, copied: true, is_zero: false };
        assert_eq!(L2::decode(COPIED, None, apart), first);
        assert_eq!(L2::decode(0, None, apart), L2::Nothing);
        assert_eq!(L2::decode(COPIED, None, V3), L2::Nothing);
    }

    #[test]
    fn an_entry_of_level_1_is_a_table_nothing_or_nonsense() {
        assert_eq!(L1::decode(0), L1::Nothing);
        assert_eq!(L1::decode(COPIED | 0x5_0000), L1::Table { offset: 0x5_0000, copied: true });
        assert_eq!(L1::decode(0x5_0001), L1::Nonsense);
        assert_eq!(L1::decode(COMPRESSED | 0x5_0000), L1::Nonsense);
    }

    #[test]
    fn zeros_are_an_entry_s_own_since_version_3_only() {
        assert_eq!(L2::decode(1, None, V3), L2::Zero);
        assert_eq!(L2::decode(1, None, V2), L2::Nonsense);
        let kept = L2::Cluster { offset: 0x7_0000, copied: true, is_zero: true };
        assert_eq!(L2::decode(COPIED | 0x7_0001, None, V3), kept);
    }

    #[test]
    fn compressed_data_ends_with_its_last_sector() {
        // Clusters of 64 KiB: 54 bits of offset, and the number of further sectors above them.
        let entry = COMPRESSED | 2 << 54 | 0x5_0010;

        let found = L2::decode(entry, None, V3);

        assert_eq!(found, L2::Compressed { offset: 0x5_0010, bytes: 3 * 512 - 0x10 });
        assert_eq!(L2::decode(entry | COPIED, None, V3), L2::Nonsense);
    }

    #[test]
    fn a_subcluster_is_not_there_and_zero_at_once() {
        let cluster = |is_zero| L2::Cluster { offset: 0x5_0000, copied: false, is_zero };
        assert_eq!(L2::decode(0x5_0000, Some(1), V3), cluster(false));
        assert_eq!(L2::decode(0x5_0000, Some(1 << 32), V3), cluster(true));
        assert_eq!(L2::decode(0x5_0000, Some(1 << 32 | 1), V3), L2::Nonsense);
        assert_eq!(L2::decode(0, Some(1), V3), L2::Nonsense);
        assert_eq!(L2::decode(0, Some(1 << 40), V3), L2::Zero);
        assert_eq!(L2::decode(0, Some(0), V3), L2::Nothing);
    }
}
