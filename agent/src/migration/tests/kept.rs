//! What a person at the console is told, from the agent's folder alone.

use std::path::Path;

use domfleet_shared::migration::{End, Phase};

use super::following::{intent, story};
use crate::migration::carry::{Again, Turn};
use crate::migration::kept::{INTENT, Unknown, keep, known};
use crate::storage::disk::Disk;
use crate::storage::record;

fn folder() -> (tempfile::TempDir, Disk) {
    let data = tempfile::tempdir().unwrap();
    let files = Disk::open(data.path()).unwrap();
    (data, files)
}

fn phase(data: &Path) -> Phase {
    known(data).unwrap().story.phase()
}

#[tokio::test]
async fn from_what_is_wanted_to_the_end_it_says_where_it_is() {
    let (data, files) = folder();
    assert!(matches!(known(data.path()), Err(Unknown::None)));

    record::store(&files, INTENT, &intent(1)).await.unwrap();
    let asked_for = phase(data.path());
    let now = Turn::idle("it goes back", None, Again::Never).now;
    keep(&files, Some(&story(false)), Some(&now)).await;
    let under_way = known(data.path()).unwrap();
    keep(&files, Some(&story(true)), None).await;

    assert_eq!(asked_for, Phase::Preflight);
    assert_eq!((under_way.story.phase(), under_way.records), (Phase::GoingBack, 2));
    assert_eq!(under_way.now.unwrap().what, "it goes back");
    assert_eq!(phase(data.path()), Phase::Ended(End::Cancelled));
}

#[tokio::test]
async fn a_copy_that_is_damaged_says_where_the_whole_is() {
    let (data, files) = folder();
    keep(&files, Some(&story(false)), None).await;
    std::fs::write(data.path().join("migration/story.json"), b"[{").unwrap();

    let said = known(data.path()).unwrap_err().to_string();

    assert!(said.contains("the drive and the server have it whole"), "{said}");
}
