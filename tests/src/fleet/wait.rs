//! Waiting for a condition, within bounds.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A slow machine is not a broken test; what takes longer than this will never come.
pub(super) const WITHIN: Duration = Duration::from_secs(45);
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What `look` finds, as soon as it finds something.
///
/// # Panics
///
/// When it has found nothing within 45 s: the test has failed, and `what` says what it waited for.
#[track_caller]
pub fn eventually<T, L: AsyncFnMut() -> Option<T>>(what: &str, look: L) -> impl Future<Output = T> {
    within(WITHIN, what, look)
}

/// The same, of something that takes its time.
///
/// # Panics
///
/// When it has found nothing after `longest`.
#[track_caller]
pub fn within<T, L: AsyncFnMut() -> Option<T>>(
    longest: Duration,
    what: &str,
    mut look: L,
) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        let until = Instant::now() + longest;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < until, "waited in vain until {what} ({caller})");
            sleep(LOOK_AGAIN).await;
        }
    }
}
