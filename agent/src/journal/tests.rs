use std::time::Duration;

use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::operation::{Operation, Priority, Reported};

use super::*;
use crate::dom0::Step;
use crate::plan::reason;
use crate::testing::Memory;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(0) + Duration::from_secs(seconds)
}

fn task(boot_id: BootId) -> Task {
    let operation = Operation::VmDestroy { vm: VmId::new() };
    Task { operation, boot_id, begin_before_uptime_seconds: 500, priority: Priority::Normal }
}

fn begun(boot_id: BootId) -> Event {
    Event::Begun { boot_id, steps: vec![Step::DestroyDomain { vm: VmId::new(), domid: 3 }] }
}

/// A journal in which one operation went all the way, beside one that has only been accepted.
async fn written(files: &Memory) -> (OperationId, OperationId) {
    let (whole, other, boot_id) = (OperationId::new(), OperationId::new(), BootId::new());
    let journal = Journal::open(files).await.unwrap();
    for (id, event) in [
        (whole, Event::Accepted(task(boot_id))),
        (other, Event::Accepted(task(boot_id))),
        (whole, begun(boot_id)),
        (whole, Event::Done),
        (whole, Event::Succeeded { result: None }),
        (whole, Event::Acknowledged),
    ] {
        journal.record(files, id, at(1), event).await.unwrap();
    }
    (whole, other)
}

#[tokio::test]
async fn cut_after_any_byte_it_is_the_journal_of_the_whole_lines_before() {
    let files = Memory::default();
    let (id, _) = written(&files).await;
    let whole = files.of(JOURNAL);

    for length in 0..=whole.len() {
        let cut = Memory::default();
        cut.put(JOURNAL, whole[..length].to_vec());
        let journal = Journal::open(&cut).await.unwrap();
        let lines = whole[..length].split(|byte| *byte == b'\n').count() - 1;
        let standing = journal.standing(id);
        let expected = match lines {
            0 => standing.is_none(),
            1 | 2 => matches!(standing, Some(Standing::Accepted { .. })),
            3 => matches!(standing, Some(Standing::Begun { done: 0, .. })),
            4 => matches!(standing, Some(Standing::Begun { done: 1, .. })),
            5 => matches!(standing, Some(Standing::Ended { acknowledged: false, .. })),
            _ => matches!(standing, Some(Standing::Ended { acknowledged: true, .. })),
        };
        assert!(expected, "{length}: {standing:?}");

        // What is added next is not glued to the torn line.
        journal.record(&cut, OperationId::new(), at(2), Event::Withdrawn).await.unwrap();
        let again = Journal::open(&cut).await.unwrap();
        assert_eq!(again.standing(id), standing, "{length}");
    }
}

#[tokio::test]
async fn a_record_that_does_not_fit_on_the_disk_has_not_happened() {
    let files = Memory::default();
    let (id, boot_id) = (OperationId::new(), BootId::new());
    let journal = Journal::open(&files).await.unwrap();
    journal.record(&files, id, at(1), Event::Accepted(task(boot_id))).await.unwrap();
    let before = journal.standing(id);

    for room in 0..40 {
        files.full_after(room);
        assert!(journal.record(&files, id, at(2), begun(boot_id)).await.is_err());
        assert_eq!(journal.standing(id), before);
        assert_eq!(Journal::open(&files).await.unwrap().standing(id), before, "{room}");
    }
    files.full_after(10_000);
    journal.record(&files, id, at(2), begun(boot_id)).await.unwrap();
    assert_eq!(Journal::open(&files).await.unwrap().standing(id), journal.standing(id));
}

#[tokio::test]
async fn a_line_in_the_middle_that_is_not_ours_is_not_passed_over() {
    let files = Memory::default();
    written(&files).await;
    let mut bytes = files.of(JOURNAL);
    bytes[10] ^= 0x55;
    files.put(JOURNAL, bytes);

    assert!(matches!(Journal::open(&files).await, Err(JournalError::Damaged { line: 1, .. })));
}

#[tokio::test]
async fn written_anew_it_says_the_same() {
    let files = Memory::default();
    let (whole, other) = written(&files).await;
    let journal = Journal::open(&files).await.unwrap();
    let long = "x".repeat(1000);
    let mut last = whole;
    for _ in 0..700 {
        last = OperationId::new();
        let event = Event::Rejected { reason: reason("epoch", long.clone()) };
        journal.record(&files, last, at(3), event).await.unwrap();
        journal.record(&files, last, at(3), Event::Acknowledged).await.unwrap();
    }

    let length = files.of(JOURNAL).len();
    let again = Journal::open(&files).await.unwrap();

    assert!(length < 900_000, "{length}");
    for id in [whole, other, last] {
        assert_eq!(again.standing(id), journal.standing(id));
    }
    assert_eq!(again.owed(), journal.owed());
}

#[tokio::test]
async fn the_end_has_a_higher_number_than_any_progress_before_and_after_a_restart() {
    let files = Memory::default();
    let (id, boot_id) = (OperationId::new(), BootId::new());
    let progress = |step: &str| Progress {
        step: step.to_owned(),
        done_bytes: 1,
        total_bytes: None,
        rate_bytes_per_second: 0,
        left_seconds: None,
    };
    let mut journal = Journal::open(&files).await.unwrap();
    journal.record(&files, id, at(1), Event::Accepted(task(boot_id))).await.unwrap();
    assert_eq!(journal.report(id).unwrap().report, 1);
    journal.record(&files, id, at(1), begun(boot_id)).await.unwrap();
    assert_eq!(journal.report(id).unwrap().report, 2);

    let mut highest = 2;
    for run in 0..3 {
        for step in 0..50 {
            journal.progress(&files, id, at(2), progress(&format!("{run}.{step}"))).await.unwrap();
            let report = journal.report(id).unwrap();
            assert!(report.report > highest, "{run}.{step}");
            highest = report.report;
        }
        journal = Journal::open(&files).await.unwrap();
    }
    journal.record(&files, id, at(3), Event::Succeeded { result: None }).await.unwrap();

    let report = journal.report(id).unwrap();
    assert!(report.report > highest && report.state == Reported::Succeeded);
}

#[tokio::test]
async fn an_acknowledged_end_is_remembered_and_no_longer_owed() {
    let files = Memory::default();
    let (whole, other) = written(&files).await;

    let journal = Journal::open(&files).await.unwrap();

    let owed: Vec<_> = journal.owed().into_iter().map(|report| report.id).collect();
    assert_eq!(owed, [other]);
    assert_eq!(journal.report(whole).unwrap().state, Reported::Succeeded);
}
