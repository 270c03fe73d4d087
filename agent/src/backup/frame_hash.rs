//! The BLAKE3 of a frame: the same as that of its bytes, and quick where many of them are zeros.
//!
//! BLAKE3 is a tree. The hash of a subtree of zeros depends on nothing but its length and its place, so
//! those of one length are worked out once, and a disk that is mostly empty costs what is on it.

use std::sync::OnceLock;

use blake3::Hasher;
use blake3::hazmat::{
    ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

use super::frame::is_zeros;

/// A subtree: long enough to be hashed at full speed.
const PIECE: usize = 64 << 10;
/// As many as the longest frame has.
const MOST: usize = (16 << 20) / PIECE;

pub(super) fn frame_hash(frame: &[u8]) -> [u8; 32] {
    // Only a whole number of pieces that is a power of two is a tree of them.
    let is_of_pieces = frame.len().is_power_of_two() && frame.len() > PIECE;
    if !is_of_pieces || frame.len() / PIECE > MOST {
        return *blake3::hash(frame).as_bytes();
    }
    let (left, right) = frame.split_at(frame.len() / 2);
    let (left, right) = (subtree(left, 0), subtree(right, left.len()));
    *merge_subtrees_root(&left, &right, Mode::Hash).as_bytes()
}

fn subtree(part: &[u8], at: usize) -> ChainingValue {
    if part.len() > PIECE {
        let (left, right) = part.split_at(part.len() / 2);
        let (left, right) = (subtree(left, at), subtree(right, at + left.len()));
        return merge_subtrees_non_root(&left, &right, Mode::Hash);
    }
    if is_zeros(part) { zeros(at) } else { piece(part, at) }
}

fn piece(part: &[u8], at: usize) -> ChainingValue {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(at as u64).update(part);
    hasher.finalize_non_root()
}

/// A piece of zeros at that place.
fn zeros(at: usize) -> ChainingValue {
    static KNOWN: OnceLock<Vec<ChainingValue>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let zeros = vec![0; PIECE];
        (0..MOST).map(|number| piece(&zeros, number * PIECE)).collect()
    });
    known.get(at / PIECE).copied().unwrap_or_else(|| piece(&vec![0; PIECE], at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_the_bytes_wherever_zeros_are() {
        for length in [0, 1, 512, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE, 4 << 20, 16 << 20] {
            let mut frame = vec![0; length];
            assert_eq!(frame_hash(&frame), *blake3::hash(&frame).as_bytes(), "{length} zeros");
            for at in [0, length / 3, length / 2, length.saturating_sub(1)] {
                if let Some(byte) = frame.get_mut(at) {
                    *byte = 7;
                }
                assert_eq!(frame_hash(&frame), *blake3::hash(&frame).as_bytes(), "{length}, {at}");
            }
        }
    }
}
