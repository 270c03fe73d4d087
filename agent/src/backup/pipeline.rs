//! Work on one frame after another, on several threads, given on in the order in which it came.
//!
//! Whatever changes a medium stays on one thread, so that the order of what is done to it is the same
//! each time: this is what lets tests cut the power between any two steps.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    threads: usize,
}

impl Width {
    /// So many threads that work, at least one. With more than four, dom0 has nothing left for its
    /// guests, and frames fill its memory.
    pub fn threads(threads: usize) -> Self {
        Self { threads: threads.clamp(1, 4) }
    }

    /// As the machine has cores.
    pub fn of_the_machine() -> Self {
        Self::threads(std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// For workers that also read: one more, because one of them waits for the drive.
    pub(super) fn reading(self) -> Self {
        Self { threads: self.threads + 1 }
    }
}

/// How many are under way at once. Most of a disk is often nothing, and costs nothing: what is in memory is
/// bounded by [`super::buffer::LOANS`].
const UNDER_WAY: usize = 64;

/// Takes from `produce` until it gives nothing, has a `worker` work on each, and gives what comes of
/// it to `consume`, in order. Ends at the first error of either.
///
/// `produce` runs on a thread of its own, `consume` on the caller's.
pub(super) fn run<I, O, E, W>(
    width: Width,
    mut produce: impl FnMut() -> Result<Option<I>, E> + Send,
    worker: impl Fn() -> W + Sync,
    mut consume: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E>
where
    I: Send,
    O: Send,
    E: Send,
    W: FnMut(I) -> O,
{
    let (jobs_in, jobs) = sync_channel::<(u64, I)>(UNDER_WAY);
    let jobs = Mutex::new(jobs);
    let (done_in, done) = channel::<(u64, Result<O, E>)>();
    // A token for each that may be under way; whoever produces waits for one.
    let (token_back, tokens) = sync_channel::<()>(UNDER_WAY);
    for _ in 0..UNDER_WAY {
        // There is room for exactly these.
        if token_back.send(()).is_err() {
            break;
        }
    }
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (failed, is_over) = (done_in.clone(), &is_over);
        scope.spawn(move || {
            let mut number = 0;
            while tokens.recv().is_ok() && !is_over.load(Ordering::Relaxed) {
                let said = match produce() {
                    Ok(Some(item)) => jobs_in.send((number, item)).is_ok(),
                    Ok(None) => false,
                    Err(error) => {
                        // In its turn: what came before it is whole.
                        failed.send((number, Err(error))).ok();
                        false
                    }
                };
                if !said {
                    break;
                }
                number += 1;
            }
        });
        for _ in 0..width.threads {
            let (jobs, done_in, worker) = (&jobs, done_in.clone(), &worker);
            scope.spawn(move || work(jobs, &done_in, is_over, worker()));
        }
        drop(done_in);
        // Dropped on the way out, which is what ends the others.
        let (done, token_back, _over) = (done, token_back, Over(is_over));
        in_order(&done, &token_back, &mut consume)
    })
}

/// Says that it is over, whatever ends it.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn work<I, O, E>(
    jobs: &Mutex<Receiver<(u64, I)>>,
    done: &std::sync::mpsc::Sender<(u64, Result<O, E>)>,
    is_over: &AtomicBool,
    mut work: impl FnMut(I) -> O,
) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, item)) = job else { return };
        // Whoever produces may wait for what the items hold: they are taken to the last.
        if !is_over.load(Ordering::Relaxed) {
            done.send((number, Ok(work(item)))).ok();
        }
    }
}

fn in_order<O, E>(
    done: &Receiver<(u64, Result<O, E>)>,
    token_back: &SyncSender<()>,
    consume: &mut impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    let (mut next, mut early) = (0, BTreeMap::new());
    for (number, outcome) in done {
        early.insert(number, outcome);
        while let Some(outcome) = early.remove(&next) {
            consume(outcome?)?;
            next += 1;
            // Whoever produced may be at the end already.
            token_back.try_send(()).ok();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(to: u32) -> impl FnMut() -> Result<Option<u32>, String> {
        let mut numbers = 0..to;
        move || Ok(numbers.next())
    }

    #[test]
    fn what_was_worked_on_comes_in_order() {
        let mut seen = Vec::new();

        let slow_first =
            || |n: u32| if n.is_multiple_of(4) { (0..50_000).fold(n, |a, b| a ^ b ^ b) } else { n };
        run(Width::threads(4), count(200), slow_first, |n| {
            seen.push(n);
            Ok(())
        })
        .unwrap();

        assert_eq!(seen, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_of_whoever_consumes_ends_it() {
        let ended = run(
            Width::threads(2),
            count(u32::MAX),
            || |n| n,
            |n| {
                if n == 7 { Err("full".to_owned()) } else { Ok(()) }
            },
        );

        assert_eq!(ended.unwrap_err(), "full");
    }

    #[test]
    fn whoever_waits_for_what_is_under_way_is_not_left_waiting_when_it_ends() {
        let pool = crate::backup::buffer::Pool::new(3);
        let produce = || Ok(Some(pool.take(1)));

        let ended = run(Width::threads(2), produce, || |loan| loan, |_| Err("full".to_owned()));

        assert_eq!(ended.unwrap_err(), "full");
    }

    #[test]
    fn an_error_of_whoever_produces_comes_after_what_came_before_it() {
        let mut seen = 0;
        let mut numbers = 0..5;
        let produce = || numbers.next().map(Some).ok_or_else(|| "unreadable".to_owned());

        let ended = run(
            Width::threads(2),
            produce,
            || |n: i32| n,
            |_| {
                seen += 1;
                Ok(())
            },
        );

        assert_eq!((ended.unwrap_err().as_str(), seen), ("unreadable", 5));
    }
}
