//! Compressed clusters.

use std::io;

/// How the clusters of an image are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    /// Deflate without zlib's header.
    Deflate,
    Zstd,
}

/// The whole cluster that is in `compressed`, which may be followed by something else.
pub(super) fn cluster(
    compression: Compression,
    compressed: &[u8],
    cluster: u64,
) -> io::Result<Vec<u8>> {
    let length = usize::try_from(cluster).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut whole = Vec::with_capacity(length);
    match compression {
        Compression::Deflate => {
            let mut inflate = flate2::Decompress::new(false);
            // What does not end with the cluster has gone wrong, and what is behind it does not matter.
            inflate
                .decompress_vec(compressed, &mut whole, flate2::FlushDecompress::Finish)
                .map_err(io::Error::other)?;
        }
        Compression::Zstd => {
            use std::io::Read as _;
            zstd::Decoder::with_buffer(compressed)?
                .single_frame()
                .take(cluster)
                .read_to_end(&mut whole)?;
        }
    }
    if whole.len() == length {
        Ok(whole)
    } else {
        Err(io::Error::other("a compressed cluster is not whole: the image is corrupt"))
    }
}
