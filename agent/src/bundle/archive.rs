//! A tar archive, compressed with zstd, that is written a piece at a time.
//!
//! Each entry is a zstd frame of its own, durable before the next is collected: a freeze in the
//! middle leaves everything before it, and no more than one entry is ever in memory.

use domfleet_shared::Timestamp;
use domfleet_shared::id::BundleId;

use super::Sealed;
use crate::storage::Files;

/// Fast enough for dom0's only CPU.
const LEVEL: i32 = 3;
const BLOCK: usize = 512;
const PIECE_BYTES: usize = 256 * 1024;

/// An archive that is being written.
pub(super) struct Archive<'a, F> {
    files: &'a F,
    name: String,
    at: Timestamp,
    length: u64,
    hash: blake3::Hasher,
}

impl<'a, F: Files> Archive<'a, F> {
    pub(super) fn new(files: &'a F, bundle: BundleId, at: Timestamp) -> Self {
        let name = Sealed::data_name(bundle);
        Self { files, name, at, length: 0, hash: blake3::Hasher::new() }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Takes over the first `until` bytes of one that was cut; `false` where they are not there.
    pub(super) async fn go_on_from(&mut self, until: u64) -> std::io::Result<bool> {
        while self.length < until {
            let left = usize::try_from(until - self.length).unwrap_or(PIECE_BYTES);
            let piece = self.files.read_at(&self.name, self.length, left.min(PIECE_BYTES)).await?;
            if piece.is_empty() {
                return Ok(false);
            }
            self.hash.update(&piece);
            self.length += piece.len() as u64;
        }
        Ok(true)
    }

    /// Adds an entry, and makes it durable.
    pub(super) async fn add(&mut self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let entry = self.entry(path, bytes)?;
        self.write(&entry).await
    }

    /// Adds the last entry and the end. Gives the length and the hash of the whole.
    pub(super) async fn finish(
        mut self,
        path: &str,
        bytes: &[u8],
    ) -> std::io::Result<(u64, String)> {
        let mut last = self.entry(path, bytes)?;
        last.extend([0; 2 * BLOCK]);
        self.write(&last).await?;
        Ok((self.length, self.hash.finalize().to_hex().to_string()))
    }

    fn entry(&self, path: &str, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut header = tar::Header::new_ustar();
        header.set_path(path)?;
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.at.as_millis() / 1000).unwrap_or(0));
        header.set_cksum();
        let mut entry = Vec::with_capacity(bytes.len() + 2 * BLOCK);
        entry.extend(header.as_bytes());
        entry.extend(bytes);
        entry.resize(entry.len().next_multiple_of(BLOCK), 0);
        Ok(entry)
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let frame = zstd::bulk::compress(bytes, LEVEL)?;
        self.hash.update(&frame);
        let length = frame.len() as u64;
        self.files.append(&self.name, self.length, frame).await?;
        self.length += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::storage::disk::Disk;

    #[tokio::test]
    async fn any_tar_reads_what_was_written_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let bundle = BundleId::new();
        let mut archive = Archive::new(&disk, bundle, Timestamp::from_millis(5_000));

        archive.add("xen/info.txt", b"xen_major : 4\n").await.unwrap();
        archive.add("proc/empty", b"").await.unwrap();
        let (length, hash) = archive.finish("manifest.json", b"{}").await.unwrap();

        let bytes = disk.read(&Sealed::data_name(bundle), 1 << 20).await.unwrap().unwrap();
        assert_eq!(bytes.len() as u64, length);
        assert_eq!(blake3::hash(&bytes).to_hex().to_string(), hash);
        let plain = zstd::decode_all(bytes.as_slice()).unwrap();
        let mut found = Vec::new();
        for entry in tar::Archive::new(plain.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((entry.path().unwrap().display().to_string(), text));
        }
        assert_eq!(
            found,
            [
                ("xen/info.txt".into(), "xen_major : 4\n".into()),
                ("proc/empty".into(), String::new()),
                ("manifest.json".into(), "{}".into()),
            ]
        );
    }
}
