//! An account of the file's clusters: what each is used for, and how often.

/// What a cluster is used for. Two that do not go together are damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// A table that there is one of, or a part of one.
    Metadata,
    /// A table of level 2: snapshots may share it.
    Level2,
    /// The guest's data: snapshots may share it.
    Data,
    /// The same, in the disk as it is now, where nothing is there twice.
    CurrentData,
    /// Compressed data: several pieces may lie in one cluster.
    Compressed,
}

impl Use {
    const fn bit(self) -> u8 {
        match self {
            Self::Metadata => 1,
            Self::Level2 => 1 << 1,
            Self::Data => 1 << 2,
            Self::CurrentData => 1 << 3,
            Self::Compressed => 1 << 4,
        }
    }

    /// Everything that may have been there before.
    const fn goes_with(self) -> u8 {
        match self {
            Self::Metadata => 0,
            Self::Level2 | Self::Compressed => self.bit(),
            Self::Data => Self::Data.bit() | Self::CurrentData.bit(),
            Self::CurrentData => Self::Data.bit(),
        }
    }
}

/// It has uses that do not go together.
const CONTESTED: u8 = 1 << 7;

/// Why a part of the file cannot be what it is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misplaced {
    #[error("is not at the start of a cluster")]
    Unaligned,
    #[error("lies beyond the end of the file")]
    BeyondTheEnd,
    #[error("is used for something else too")]
    Taken,
}

/// All clusters of a file. Three bytes for each, so that a disk of a terabyte takes 48 MiB.
#[derive(Debug)]
pub(super) struct Clusters {
    cluster_bits: u32,
    file_bytes: u64,
    uses: Vec<u8>,
    /// Counted here. Stops at 255, as `stored` does.
    counted: Vec<u8>,
    /// What the image has counted itself.
    stored: Vec<u8>,
}

/// So many are accounted for: a disk of 4 TiB with the usual clusters of 64 KiB.
const MOST: u64 = 1 << 26;

impl Clusters {
    /// Of a file of so many bytes; nothing where it has too many.
    pub(super) fn of(file_bytes: u64, cluster_bits: u32) -> Option<Self> {
        let count = file_bytes.div_ceil(1 << cluster_bits);
        let count = usize::try_from(count).ok().filter(|_| count <= MOST)?;
        let zeros = || vec![0; count];
        Some(Self { cluster_bits, file_bytes, uses: zeros(), counted: zeros(), stored: zeros() })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.uses.len()
    }

    /// Counts one more use of the cluster at `offset`.
    pub(super) fn take(&mut self, offset: u64, used: Use) -> Result<(), Misplaced> {
        if !offset.is_multiple_of(1 << self.cluster_bits) {
            return Err(Misplaced::Unaligned);
        }
        self.take_number(offset >> self.cluster_bits, used)
    }

    /// Counts one more use of all clusters that hold a part of those bytes, which for metadata
    /// must all be there. The last cluster of a file may be there in part: what is missing has
    /// never been written.
    pub(super) fn take_extent(
        &mut self,
        offset: u64,
        bytes: u64,
        used: Use,
    ) -> Result<(), Misplaced> {
        let end = offset.checked_add(bytes).ok_or(Misplaced::BeyondTheEnd)?;
        let is_table = matches!(used, Use::Metadata | Use::Level2);
        if is_table && !offset.is_multiple_of(1 << self.cluster_bits) {
            return Err(Misplaced::Unaligned);
        }
        if is_table && end > self.file_bytes {
            return Err(Misplaced::BeyondTheEnd);
        }
        if offset >= self.file_bytes && bytes > 0 {
            return Err(Misplaced::BeyondTheEnd);
        }
        let mut outcome = Ok(());
        for number in offset >> self.cluster_bits..end.div_ceil(1 << self.cluster_bits) {
            outcome = outcome.and(self.take_number(number, used));
        }
        outcome
    }

    fn take_number(&mut self, number: u64, used: Use) -> Result<(), Misplaced> {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let (Some(before), Some(counted)) = (self.uses.get_mut(at), self.counted.get_mut(at))
        else {
            return Err(Misplaced::BeyondTheEnd);
        };
        let is_alone = *before & !used.goes_with() == 0;
        *before |= if is_alone { used.bit() } else { used.bit() | CONTESTED };
        *counted = counted.saturating_add(1);
        if is_alone { Ok(()) } else { Err(Misplaced::Taken) }
    }

    /// Whether any of those bytes are used for things that do not go together.
    pub(super) fn is_contested(&self, offset: u64, bytes: u64) -> bool {
        let end = offset.saturating_add(bytes).div_ceil(1 << self.cluster_bits);
        (offset >> self.cluster_bits..end).any(|number| {
            let uses = usize::try_from(number).ok().and_then(|at| self.uses.get(at));
            uses.is_some_and(|uses| uses & CONTESTED != 0)
        })
    }

    /// Notes what the image has counted for a cluster; whether it has such a cluster.
    pub(super) fn store(&mut self, number: usize, count: u64) -> bool {
        let stored = self.stored.get_mut(number);
        let is_there = stored.is_some();
        if let Some(stored) = stored {
            *stored = u8::try_from(count).unwrap_or(u8::MAX);
        }
        is_there
    }

    /// What the image has counted for the cluster at `offset`.
    pub(super) fn stored_at(&self, offset: u64) -> u8 {
        let at = usize::try_from(offset >> self.cluster_bits).unwrap_or(usize::MAX);
        self.stored.get(at).copied().unwrap_or(0)
    }

    /// How many clusters are used more often, and how many less often than the image counts.
    pub(super) fn miscounted(&self) -> (u64, u64) {
        let pairs = || self.counted.iter().zip(&self.stored);
        let count = |wrong: fn(&(&u8, &u8)) -> bool| pairs().filter(wrong).count() as u64;
        (count(|(counted, stored)| counted > stored), count(|(counted, stored)| counted < stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB_64: u32 = 16;

    fn clusters(bytes: u64) -> Clusters {
        Clusters::of(bytes, KIB_64).unwrap()
    }

    #[test]
    fn a_cluster_has_one_use_unless_they_go_together() {
        let uses = [Use::Metadata, Use::Level2, Use::Data, Use::CurrentData, Use::Compressed];
        let together = [
            (Use::Level2, Use::Level2),
            (Use::Data, Use::Data),
            (Use::Data, Use::CurrentData),
            (Use::CurrentData, Use::Data),
            (Use::Compressed, Use::Compressed),
        ];
        for first in uses {
            for second in uses {
                let mut clusters = clusters(1 << KIB_64);
                clusters.take(0, first).unwrap();

                let outcome = clusters.take(0, second);

                let expected = together.contains(&(first, second));
                assert_eq!(outcome.is_ok(), expected, "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn a_file_may_end_within_data_but_not_within_a_table() {
        let mut clusters = clusters((3 << KIB_64) - 100);

        assert_eq!(clusters.take_extent(2 << KIB_64, 1 << KIB_64, Use::CurrentData), Ok(()));
        assert_eq!(
            clusters.take_extent(2 << KIB_64, 1 << KIB_64, Use::Metadata),
            Err(Misplaced::BeyondTheEnd)
        );
        assert_eq!(clusters.take(3 << KIB_64, Use::Data), Err(Misplaced::BeyondTheEnd));
        assert_eq!(clusters.take(100, Use::Data), Err(Misplaced::Unaligned));
        let beyond_all = clusters.take_extent(u64::MAX - 5, 100, Use::Compressed);
        assert_eq!(beyond_all, Err(Misplaced::BeyondTheEnd));
    }

    #[test]
    fn what_is_counted_is_compared_with_what_was_counted() {
        let mut clusters = clusters(4 << KIB_64);
        for (number, count) in [(0, 1), (1, 1), (2, 0), (3, 70_000)] {
            assert!(clusters.store(number, count));
        }
        assert!(!clusters.store(4, 1));
        clusters.take(0, Use::Metadata).unwrap();
        clusters.take(2 << KIB_64, Use::CurrentData).unwrap();

        assert_eq!(clusters.miscounted(), (1, 2));
        assert_eq!(clusters.stored_at(3 << KIB_64), 255);
    }

    #[test]
    fn more_clusters_than_can_be_accounted_for_are_none() {
        assert!(Clusters::of(u64::MAX, KIB_64).is_none());
        assert!(Clusters::of(0, KIB_64).is_some());
    }
}
