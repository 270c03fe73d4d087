//! Says on a drive itself that it is being prepared, with consent, and as what.
//!
//! It is one sector between partition table and partition, so that it is there or not: written
//! before anything else, and removed once `DRIVE.json` is durable.

use std::io;

use domfleet_shared::id::DriveId;
use uuid::Uuid;

use super::window::Window;

/// Behind any table, and before the first aligned partition.
pub(super) const AT: u64 = 512 * 1024;

const MAGIC: &[u8; 16] = b"DOMFLEET-BEGUN-1";
const SUMMED: usize = 80;
const BYTES: usize = SUMMED + blake3::OUT_LEN;

/// What a drive becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The GUID of its table.
    pub(super) disk: Uuid,
    pub(super) partition: Uuid,
    pub(super) file_system: Uuid,
    pub(super) drive: DriveId,
}

impl Marker {
    pub(super) fn new() -> Self {
        let [disk, partition, file_system] = [(); 3].map(|()| Uuid::new_v4());
        Self { disk, partition, file_system, drive: DriveId::new() }
    }

    /// A sector of `length` bytes with it.
    pub(super) fn encode(&self, length: usize) -> Vec<u8> {
        let ids = [self.disk, self.partition, self.file_system, self.drive.0];
        let mut bytes = MAGIC.to_vec();
        bytes.extend(ids.iter().flat_map(Uuid::as_bytes));
        let sum = blake3::hash(&bytes);
        bytes.extend(sum.as_bytes());
        bytes.resize(length.max(BYTES), 0);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.get(..BYTES)?.split_at_checked(SUMMED)?;
        let ids = content.strip_prefix(MAGIC)?;
        if blake3::hash(content).as_bytes() != sum {
            return None;
        }
        let mut ids = ids.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok());
        let mut next = || ids.next();
        let (disk, partition, file_system) = (next()?, next()?, next()?);
        Some(Self { disk, partition, file_system, drive: DriveId(next()?) })
    }

    /// The one on `drive`.
    pub(super) fn read(drive: &Window) -> io::Result<Option<Self>> {
        if drive.length() < AT + 4096 {
            return Ok(None);
        }
        Ok(Self::decode(&drive.read(AT, BYTES)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back_and_a_torn_one_is_none() {
        let marker = Marker::new();
        let sector = marker.encode(512);

        assert_eq!(Marker::decode(&sector), Some(marker));
        for cut in 0..BYTES {
            let mut torn = sector.clone();
            torn[cut] ^= 1;
            assert_eq!(Marker::decode(&torn), None, "{cut}");
        }
    }
}
