use super::*;
use crate::migration::reset_block::{LENGTH, Marker, ResetBlock, Stage};

fn all() -> [ResetBlock; 4] {
    let marker = |stage| ResetBlock::Marker(Marker { permit: PermitId(uuid(7)), stage });
    let nonce = ResetBlock::Nonce(Nonce([9; 32]));
    [ResetBlock::Empty, nonce, marker(Stage::Begun), marker(Stage::Done)]
}

#[test]
fn what_is_written_is_what_is_read() {
    for block in all() {
        assert_eq!(ResetBlock::decode(&block.encode().unwrap()), block);
    }
}

#[test]
fn everything_is_in_the_first_sector_which_a_disk_writes_whole() {
    for block in all() {
        assert!(block.encode().unwrap()[512..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn no_flipped_bit_makes_one_thing_of_another() {
    for block in all() {
        let written = block.encode().unwrap();
        for bit in 0..LENGTH * 8 {
            let mut flipped = written;
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = ResetBlock::decode(&flipped);
            assert!(
                matches!(read, ResetBlock::Damaged | ResetBlock::Foreign),
                "{block:?}, bit {bit}: {read:?}"
            );
        }
    }
}

#[test]
fn what_is_not_ours_is_neither_read_nor_written() {
    let mut grub = [0; LENGTH];
    grub[..4].copy_from_slice(b"GRUB");
    assert_eq!(ResetBlock::decode(&grub), ResetBlock::Foreign);
    assert_eq!(ResetBlock::Foreign.encode(), None);
    assert_eq!(ResetBlock::Damaged.encode(), None);
}

#[test]
fn a_nonce_is_not_told_in_a_log() {
    let nonce = Nonce([0xab; 32]);
    assert_eq!(format!("{nonce:?}"), "Nonce(abababab…)");
    assert_eq!(serde_json::to_string(&nonce).unwrap(), format!("\"{}\"", "ab".repeat(32)));
}
