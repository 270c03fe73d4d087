//! Work that may hang in the kernel, done where nobody waits for it longer than he wants to.
//!
//! Reading a file of a task or of a file system that hangs never returns, and cannot be ended. So it has a thread of
//! its own, which is left behind: the agent's own reads and writes have others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Each has a stack, and dom0 has little memory.
const LEFT_AT_MOST: usize = 4;
const STACK_BYTES: usize = 256 * 1024;

/// Threads that are at work or left behind.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Aside(Arc<AtomicUsize>);

impl Aside {
    /// What comes of `work` within `time`, else why there is nothing.
    pub(in super::super) async fn run<T: Send + 'static>(
        &self,
        time: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        if self.0.load(Ordering::Relaxed) >= LEFT_AT_MOST {
            return Err("skipped: what was read before still hangs".to_owned());
        }
        let (tell, told) = oneshot::channel();
        let count = Arc::clone(&self.0);
        count.fetch_add(1, Ordering::Relaxed);
        let begun = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            let done = work();
            count.fetch_sub(1, Ordering::Relaxed);
            // Nobody may be waiting any more.
            drop(tell.send(done));
        });
        if let Err(error) = begun {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return Err(format!("skipped: no thread could be begun for it: {error}"));
        }
        match timeout(time, told).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => Err("skipped: reading it failed".to_owned()),
            Err(_) => {
                Err(format!("skipped: it hangs, and was left alone after {} s", time.as_secs()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_hangs_is_left_alone_and_in_the_end_nothing_more_is_begun() {
        let aside = Aside::default();
        let soon = Duration::from_millis(20);
        let mut held = Vec::new();
        for _ in 0..LEFT_AT_MOST {
            let (release, released) = mpsc::channel::<()>();
            held.push(release);
            let hung = aside.run(soon, move || released.recv().is_ok()).await;
            assert!(hung.unwrap_err().contains("left alone"));
        }

        assert!(aside.run(soon, || 1).await.unwrap_err().contains("still hangs"));
        drop(held);
        while aside.0.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(aside.run(Duration::from_secs(20), || 1).await, Ok(1));
    }
}
