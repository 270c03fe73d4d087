//! How a bundle is packed, told from its first bytes: names lie.

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};
use std::rc::Rc;

use super::bounds::{Bounded, Bounds, Counted};

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// A stream that asks for a larger window is refused: it would be that much of our memory.
const WINDOW_LOG: u32 = 23;
pub(super) const BLOCK: usize = 512;

/// What comes out of a bundle.
pub(super) struct Unpacked<'a> {
    pub(super) format: &'static str,
    pub(super) is_tar: bool,
    pub(super) stream: Box<dyn Read + 'a>,
}

/// Looks how `source` is packed.
pub(super) fn unpack<'a>(source: impl Read + 'a, bounds: Bounds) -> io::Result<Unpacked<'a>> {
    let packed = Rc::new(Cell::new(0));
    let source = Counted { inner: source, bytes: Rc::clone(&packed) };
    let mut source = BufReader::with_capacity(64 * 1024, source);
    let magic = first(&mut source, ZSTD.len())?;
    let is_zstd = magic == ZSTD;
    let is_gzip = magic.starts_with(&GZIP);
    let source = Cursor::new(magic).chain(source);
    let plain: Box<dyn Read + 'a> = if is_zstd {
        let mut decoder = zstd::Decoder::new(source)?;
        decoder.window_log_max(WINDOW_LOG)?;
        Box::new(decoder)
    } else if is_gzip {
        Box::new(flate2::read::MultiGzDecoder::new(source))
    } else {
        Box::new(source)
    };
    let mut plain = BufReader::with_capacity(64 * 1024, Bounded::new(plain, packed, bounds));
    let (block, failed) = first_of_damaged(&mut plain, BLOCK);
    let is_tar = is_header(&block);
    let format = match (is_tar, is_zstd, is_gzip) {
        (true, true, _) => "tar.zst",
        (true, _, true) => "tar.gz",
        (true, ..) => "tar",
        (false, true, _) => "zst",
        (false, _, true) => "gz",
        (false, ..) => "file",
    };
    let rest: Box<dyn Read + 'a> = match failed {
        Some(error) => Box::new(Failing(Some(error))),
        None => Box::new(plain),
    };
    Ok(Unpacked { format, is_tar, stream: Box::new(Cursor::new(block).chain(rest)) })
}

fn first(source: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    source.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same, where an error comes after what could be read.
fn first_of_damaged(source: &mut impl Read, length: usize) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::with_capacity(length);
    let failed = source.take(length as u64).read_to_end(&mut bytes).err();
    (bytes, failed)
}

/// Fails once, and is then at its end.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Whether a block is the header of a tar entry: its sum is right.
fn is_header(block: &[u8]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    if block.len() < BLOCK {
        return false;
    }
    let mut block_array = [0; BLOCK];
    block_array.copy_from_slice(&block[..BLOCK]);
    let Ok(said) = tar::Header::from_byte_slice(&block_array).cksum() else { return false };
    let counts = |(at, byte): (usize, &u8)| if SUM.contains(&at) { 32 } else { u32::from(*byte) };
    said > 0 && block.iter().enumerate().map(counts).sum::<u32>() == said
}
