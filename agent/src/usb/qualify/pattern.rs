//! What is written to a drive: each block says where it belongs and of which run it is.

use super::super::device::BLOCK;
use super::super::find::is_blank;

const MAGIC: &[u8; 16] = b"DOMFLEET-QUALIFY";
const HEAD: usize = 40;

/// What a block turned out to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// What was written there.
    Good,
    /// What was written there in this run, only elsewhere.
    Elsewhere(u64),
    /// Something else.
    Other,
}

/// Fills whole blocks that begin at `offset`.
pub(super) fn fill(run: u128, offset: u64, blocks: &mut [u8]) {
    for (at, block) in (offset..).step_by(BLOCK).zip(blocks.chunks_exact_mut(BLOCK)) {
        let (head, body) = block.split_at_mut(HEAD);
        let fields = [MAGIC.as_slice(), &run.to_le_bytes(), &at.to_le_bytes()];
        for (to, from) in head.iter_mut().zip(fields.iter().copied().flatten()) {
            *to = *from;
        }
        let mut noise = Noise::new(run, at);
        for word in body.chunks_exact_mut(8) {
            word.copy_from_slice(&noise.next().to_le_bytes());
        }
    }
}

/// What the block at `offset` holds.
pub(super) fn look(run: u128, offset: u64, block: &[u8]) -> Found {
    let fields = || {
        let rest = block.strip_prefix(MAGIC)?;
        let (of_run, rest) = rest.split_at_checked(16)?;
        let at = u64::from_le_bytes(rest.get(..8)?.try_into().ok()?);
        (of_run == run.to_le_bytes()).then_some(at)
    };
    let Some(at) = fields() else { return Found::Other };
    let mut noise = Noise::new(run, at);
    let body = block.get(HEAD..).unwrap_or_default();
    let is_whole = body.chunks_exact(8).all(|word| word == noise.next().to_le_bytes());
    match is_whole {
        false => Found::Other,
        true if at == offset => Found::Good,
        true => Found::Elsewhere(at),
    }
}

/// Whether nothing is lost if the blocks are written over: they are blank, or of an earlier run.
pub(super) fn is_free(blocks: &[u8]) -> bool {
    blocks.chunks(BLOCK).all(|block| block.starts_with(MAGIC) || is_blank(block))
}

/// xorshift64* (Vigna, An experimental exploration of Marsaglia's xorshift generators, 2016): no
/// drive compresses it, and each block's is another.
struct Noise(u64);

impl Noise {
    fn new(run: u128, offset: u64) -> Self {
        let [low, high] = [run, run >> 64]
            .map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or_default());
        let seed = low ^ high.rotate_left(32) ^ offset.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(seed.max(1))
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
