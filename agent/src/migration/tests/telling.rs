//! What is said of a migration in a session, word by word.

use domfleet_shared::migration::talk::{Heard, Told};

use super::following::{intent, plan, story};
use crate::migration::following::{Following, Standing};
use crate::migration::telling::Telling;
use crate::storage::record;
use crate::testing::Memory;

async fn standing(is_over: bool) -> Standing {
    let files = Memory::default();
    record::store(&files, "migration/story.json", &story(is_over)).await.unwrap();
    Following::open(&files).await.unwrap().standing().borrow().clone()
}

fn heard(records: u64) -> Heard {
    Heard { migration: plan().migration, records, revision: 1, refused: None }
}

fn next(telling: &mut Telling, standing: &Standing) -> Option<Told> {
    telling.next(plan().migration, standing, intent(1).revision)
}

#[tokio::test]
async fn it_is_asked_first_what_the_server_has_and_then_told_what_it_lacks() {
    let (standing, mut telling) = (standing(true).await, Telling::default());

    let question = next(&mut telling, &standing).unwrap();
    let while_nothing_is_answered = next(&mut telling, &standing);
    assert!(telling.heard(&heard(1)));
    let rest = next(&mut telling, &standing).unwrap();
    assert!(telling.heard(&heard(3)));

    assert_eq!((question.from, question.records.len()), (0, 0));
    assert_eq!(while_nothing_is_answered, None);
    assert_eq!((rest.from, rest.records), (1, story(true)[1..].to_vec()));
    assert_eq!(next(&mut telling, &standing), None);
}

#[tokio::test]
async fn a_server_that_has_forgotten_everything_is_told_from_the_beginning() {
    let (standing, mut telling) = (standing(false).await, Telling::default());
    next(&mut telling, &standing).unwrap();
    telling.heard(&heard(2));

    assert_eq!(next(&mut telling, &standing), None);
    telling.heard(&heard(0));
    let again = next(&mut telling, &standing).unwrap();

    assert_eq!((again.from, again.records), (0, story(false)));
}

#[tokio::test]
async fn a_server_that_never_has_more_is_not_talked_over() {
    let (standing, mut telling) = (standing(false).await, Telling::default());
    next(&mut telling, &standing).unwrap();
    telling.heard(&heard(0));

    next(&mut telling, &standing).unwrap();

    assert!(!telling.heard(&heard(0)), "the next word would not wait");
}

#[tokio::test]
async fn whoever_does_not_understand_is_left_in_peace_and_a_word_about_something_else_changes_nothing()
 {
    let (standing, mut telling) = (standing(false).await, Telling::default());
    telling.fall_silent();
    assert!(next(&mut telling, &standing).is_some());

    telling.fall_silent();

    assert_eq!(next(&mut telling, &standing), None);
    telling.heard(&heard(0));
    assert_eq!(next(&mut telling, &standing), None);
}

#[tokio::test]
async fn what_is_done_now_is_told_without_the_story_and_once() {
    let (mut standing, mut telling) = (standing(false).await, Telling::default());
    next(&mut telling, &standing).unwrap();
    telling.heard(&heard(2));
    let now =
        crate::migration::carry::Turn::idle("copying", None, crate::migration::carry::Again::Never)
            .now;

    standing.now = Some(now.clone());
    let told = next(&mut telling, &standing).unwrap();
    telling.heard(&heard(2));

    assert_eq!((told.from, told.records.len(), told.now), (2, 0, Some(now)));
    assert_eq!(told.before, told.after);
    assert_eq!(next(&mut telling, &standing), None);
}
