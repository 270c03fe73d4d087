use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::{SignedPermit, key_id};
use domfleet_shared::migration::reset::PermitTrouble;

use crate::migration::permit::Trusted;

const PERMIT: &str = include_str!("../../../../shared/src/migration/tests/permit-1.json");

pub(super) fn key(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(super) fn sign(key: &Ed25519KeyPair, text: &str) -> SignedPermit {
    SignedPermit {
        permit: text.to_owned(),
        key: key_id(key.public_key().as_ref()),
        signature: hex::encode(key.sign(&Permit::signed_bytes(text))),
    }
}

pub(super) fn trusted(keys: &[u8]) -> Trusted {
    let lines: Vec<String> =
        keys.iter().map(|seed| hex::encode(key(*seed).public_key().as_ref())).collect();
    Trusted::parse(&lines.join(" # of the lab\n")).unwrap()
}

#[test]
fn the_key_in_use_and_the_next_are_trusted_and_no_other() {
    let trusted = trusted(&[1, 2]);
    for seed in [1, 2] {
        let permit = trusted.check(&sign(&key(seed), PERMIT)).unwrap();
        assert_eq!(permit, serde_json::from_str(PERMIT).unwrap());
    }
    let other = sign(&key(3), PERMIT);
    assert_eq!(trusted.check(&other), Err(PermitTrouble::UnknownKey(other.key.clone())));
    // One that says it is of a key that is trusted.
    let claimed = SignedPermit { key: sign(&key(1), PERMIT).key, ..other };
    assert_eq!(trusted.check(&claimed), Err(PermitTrouble::BadSignature));
}

#[test]
fn no_byte_of_the_text_can_be_changed() {
    let trusted = trusted(&[1]);
    let signed = sign(&key(1), PERMIT);
    for at in 0..PERMIT.len() {
        let mut bytes = PERMIT.as_bytes().to_vec();
        bytes[at] ^= 1;
        let Ok(permit) = String::from_utf8(bytes) else { continue };
        let changed = SignedPermit { permit, ..signed.clone() };
        assert_eq!(trusted.check(&changed), Err(PermitTrouble::BadSignature), "byte {at}");
    }
}

#[test]
fn a_signature_over_something_else_is_none_of_a_permit() {
    let key = key(1);
    let bare = SignedPermit {
        permit: PERMIT.to_owned(),
        key: key_id(key.public_key().as_ref()),
        signature: hex::encode(key.sign(PERMIT.as_bytes())),
    };
    assert_eq!(trusted(&[1]).check(&bare), Err(PermitTrouble::BadSignature));
}

#[test]
fn a_text_that_is_signed_and_no_permit_is_told_apart() {
    let signed = sign(&key(1), "{}");
    assert_eq!(trusted(&[1]).check(&signed), Err(PermitTrouble::Unreadable));
}

#[test]
fn a_list_of_keys_says_which_line_is_none() {
    let text = format!("# the lab's\n\n{}\nabc\n", "ab".repeat(32));
    let error = Trusted::parse(&text).unwrap_err();
    assert!(error.to_string().starts_with("line 4 "), "{error}");
    assert_eq!(Trusted::parse("# none\n").unwrap().ids().count(), 0);
}
