use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn uploads() -> (tempfile::TempDir, Uploads) {
    let dir = tempfile::tempdir().unwrap();
    let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
    (dir, uploads)
}

/// A line that brings `first` and then is dead.
fn broken(first: &[u8]) -> Body {
    let first = Bytes::copy_from_slice(first);
    let items = [Ok(first), Err(io::Error::other("the line is dead"))];
    Body::from_stream(futures_util::stream::iter(items))
}

fn checksum(of: &[u8]) -> Checksum {
    let digest = blake3::hash(of);
    Checksum::read(&format!("blake3 {}", STANDARD.encode(digest.as_bytes()))).unwrap()
}

fn never() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test]
async fn what_came_before_the_line_broke_is_kept_and_gone_on_from() {
    let (_dir, uploads) = uploads();
    let claim = uploads.claim(BundleId::new()).await;

    let part = claim.receive(0, 11, None, broken(b"hello "), &never()).await.unwrap();
    let offset = claim.offset().await.unwrap();
    let rest = claim.receive(offset, 11, None, Body::from("world"), &never()).await.unwrap();

    assert_eq!((part, offset, rest), (Received::Part, 6, Received::Whole));
    assert_eq!(claim.blake3().await.unwrap(), blake3::hash(b"hello world").to_hex().to_string());
}

#[tokio::test]
async fn a_piece_that_is_too_long_changes_nothing() {
    let (_dir, uploads) = uploads();
    let claim = uploads.claim(BundleId::new()).await;
    claim.receive(0, 4, None, Body::from("he"), &never()).await.unwrap();
    let unannounced = || {
        let pieces = ["ll", "o"].map(|piece| Ok::<_, io::Error>(Bytes::from(piece)));
        Body::from_stream(futures_util::stream::iter(pieces))
    };

    for body in [Body::from("llo"), unannounced()] {
        let received = claim.receive(2, 4, None, body, &never()).await.unwrap();

        assert_eq!(received, Received::TooMuch);
        assert_eq!(claim.offset().await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_piece_counts_only_if_it_is_what_its_checksum_says() {
    let (_dir, uploads) = uploads();
    let claim = uploads.claim(BundleId::new()).await;
    claim.receive(0, 9, Some(checksum(b"abc")), Body::from("abc"), &never()).await.unwrap();

    let wrong =
        claim.receive(3, 9, Some(checksum(b"def")), Body::from("dxf"), &never()).await.unwrap();
    let after_wrong = claim.offset().await.unwrap();
    let cut = claim.receive(3, 9, Some(checksum(b"def")), broken(b"de"), &never()).await.unwrap();
    let after_cut = claim.offset().await.unwrap();
    let right =
        claim.receive(3, 9, Some(checksum(b"def")), Body::from("def"), &never()).await.unwrap();

    assert_eq!((wrong, after_wrong), (Received::Damaged, 3));
    assert_eq!((cut, after_cut), (Received::Part, 3));
    assert_eq!((right, claim.offset().await.unwrap()), (Received::Whole, 6));
}

#[tokio::test]
async fn what_was_not_held_against_its_checksum_is_gone_after_a_power_cut() {
    let (_dir, uploads) = uploads();
    let id = BundleId::new();
    let claim = uploads.claim(id).await;
    claim.receive(0, 9, None, Body::from("abc"), &never()).await.unwrap();
    // As it is on disk in the middle of a piece.
    claim.set_mark(3).await.unwrap();
    std::fs::write(claim.path(), b"abcxx").unwrap();
    drop(claim);

    let claim = uploads.claim(id).await;

    assert_eq!(claim.offset().await.unwrap(), 3);
    assert_eq!(std::fs::read(claim.path()).unwrap(), b"abc");
    assert!(!claim.mark.exists());
}

#[tokio::test]
async fn a_sender_that_comes_back_does_not_wait_for_its_dead_connection() {
    let (_dir, uploads) = uploads();
    let id = BundleId::new();
    let first = uploads.claim(id).await;
    let silent = Body::from_stream(
        futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from("abc"))])
            .chain(futures_util::stream::pending()),
    );

    let stop = never();
    let dead = async {
        let received = first.receive(0, 9, None, silent, &stop).await.unwrap();
        drop(first);
        received
    };
    let (dead, second) = tokio::join!(dead, uploads.claim(id));

    assert_eq!(dead, Received::Part);
    assert!(second.offset().await.unwrap() <= 3);
}

/// A piece of an upload: how much of it gets through, and whether it has a checksum.
fn pieces() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    prop::collection::vec((1..400_usize, 0..400_usize, any::<bool>()), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cut_anywhere_an_upload_comes_to_what_was_sent(
        content in prop::collection::vec(any::<u8>(), 1..2000),
        pieces in pieces(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_dir, uploads) = uploads();
            let id = BundleId::new();
            let length = content.len() as u64;
            for (size, through, has_checksum) in pieces {
                let claim = uploads.claim(id).await;
                let offset = claim.offset().await.unwrap();
                let from = usize::try_from(offset).unwrap();
                let piece = &content[from..(from + size).min(content.len())];
                let is_cut = through < piece.len();
                let body = if is_cut { broken(&piece[..through]) } else { Body::from(piece.to_vec()) };
                let checksum = has_checksum.then(|| checksum(piece));
                claim.receive(offset, length, checksum, body, &never()).await.unwrap();

                let here = claim.offset().await.unwrap();
                let expected = match (is_cut, has_checksum) {
                    (true, true) => from,
                    (true, false) => from + through,
                    (false, _) => from + piece.len(),
                };
                assert_eq!(here, expected as u64);
            }
            let claim = uploads.claim(id).await;
            let offset = claim.offset().await.unwrap();
            let rest = content[usize::try_from(offset).unwrap()..].to_vec();
            claim.receive(offset, length, None, Body::from(rest), &never()).await.unwrap();
            let hash = claim.blake3().await.unwrap();
            assert_eq!(hash, blake3::hash(&content).to_hex().to_string());
        });
    }
}
