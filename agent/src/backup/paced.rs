//! A copy that gives way: small reads from the source's disk are timed while it goes on, and it waits where
//! they take too long. What is too long, and how much it slows down: the module `pacing` says.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, SeekFrom, seek};

use super::buffer::Buffer;
use super::documents::Plan;
use super::medium::ALIGNMENT;
use super::pacing::{Bounds, Bucket, Controller};
use crate::meter::{Cancelled, Meter};

/// Between two reads.
const EVERY: Duration = Duration::from_secs(1);
/// So many tell how fast the disk is when nothing is copied.
const IDLE_READS: usize = 16;
const BETWEEN_IDLE_READS: Duration = Duration::from_millis(25);
/// Longer than that nobody waits for them.
const IDLE_WITHIN: Duration = Duration::from_secs(10);
/// While it waits, it looks so often whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(200);

/// A meter that slows down what tells it of its bytes.
pub struct Paced<'m> {
    inner: &'m dyn Meter,
    pacer: Option<Pacer>,
}

impl<'m> Paced<'m> {
    /// Times reads of `path`, a file or volume on the disk that is read from, until this goes. Where that
    /// cannot be read past the cache, nothing is slowed down.
    pub fn begin(inner: &'m dyn Meter, path: &Path) -> Self {
        inner.begin("measuring the disk", 0);
        let pacer = match Pacer::begin(path, inner) {
            Ok(pacer) => Some(pacer),
            Err(error) => {
                let path = path.display();
                tracing::warn!(%path, %error, "the copy is not paced: its disk cannot be timed");
                None
            }
        };
        Self { inner, pacer }
    }

    /// The same for what reads the disks of `plan`.
    pub fn for_plan(inner: &'m dyn Meter, plan: &Plan) -> Self {
        let largest = plan.disks().max_by_key(|(.., disk)| disk.virtual_bytes);
        largest.map_or(Self::not(inner), |(.., disk)| Self::begin(inner, Path::new(&disk.path)))
    }

    /// One that slows nothing down.
    pub fn not(inner: &'m dyn Meter) -> Self {
        Self { inner, pacer: None }
    }

    /// For how long it has held the copy back; nothing where it cannot.
    pub fn paced(&self) -> Option<Duration> {
        self.pacer.as_ref().map(|pacer| pacer.lock().waited)
    }
}

impl Meter for Paced<'_> {
    fn begin(&self, what: &str, total_bytes: u64) {
        self.inner.begin(what, total_bytes);
    }

    fn advance(&self, bytes: u64) {
        self.inner.advance(bytes);
    }

    fn is_cancelled(&self) -> bool {
        self.inner.is_cancelled()
    }

    fn pace(&self, bytes: u64) -> Result<(), Cancelled> {
        match &self.pacer {
            Some(pacer) => pacer.pace(bytes, self.inner),
            None => self.inner.pace(bytes),
        }
    }
}

struct Pacer {
    shared: Arc<Shared>,
    probe: Option<JoinHandle<()>>,
}

struct Shared {
    begun: Instant,
    state: Mutex<State>,
    is_over: Condvar,
    is_ending: AtomicBool,
}

struct State {
    controller: Controller,
    bucket: Bucket,
    waited: Duration,
    /// Bytes that have gone through since the controller was told of a rate, and when that was.
    since: (u64, Duration),
    /// When the read that is not over was begun.
    reading: Option<Duration>,
}

impl State {
    /// Tells the controller of a read that took that long, or takes that long already.
    fn observe(&mut self, latency: Duration, now: Duration) {
        let (bytes, at) = std::mem::replace(&mut self.since, (0, now));
        let millis = now.saturating_sub(at).as_millis().max(1);
        let rate = u64::try_from(u128::from(bytes) * 1_000 / millis).unwrap_or(u64::MAX);
        self.controller.observe(latency, rate);
    }
}

impl Pacer {
    fn begin(path: &Path, meter: &dyn Meter) -> io::Result<Self> {
        let mut probe = Probe::open(path)?;
        let begun = Instant::now();
        let mut idle = Vec::new();
        while idle.len() < IDLE_READS && begun.elapsed() < IDLE_WITHIN && !meter.is_cancelled() {
            idle.push(probe.time()?);
            std::thread::sleep(BETWEEN_IDLE_READS);
        }
        let mut pacer = Self::new(begun, &idle);
        let watched = Arc::clone(&pacer.shared);
        let watching = std::thread::Builder::new().name("latency".to_owned());
        pacer.probe = Some(watching.spawn(move || watched.watch(probe))?);
        Ok(pacer)
    }

    /// One that nobody tells of latencies yet.
    fn new(begun: Instant, idle: &[Duration]) -> Self {
        let state = State {
            controller: Controller::new(Bounds::of_idle(idle)),
            bucket: Bucket::default(),
            waited: Duration::ZERO,
            since: (0, begun.elapsed()),
            reading: None,
        };
        let shared = Shared {
            begun,
            state: Mutex::new(state),
            is_over: Condvar::new(),
            is_ending: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), probe: None }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    /// Lets bytes that were read through, and waits as long as it takes.
    fn pace(&self, bytes: u64, meter: &dyn Meter) -> Result<(), Cancelled> {
        let begun = self.shared.begun.elapsed();
        let mut state = self.lock();
        state.since.0 += bytes;
        // A read that does not come back tells of nothing; that it does not, tells enough.
        if let Some(latency) = state.reading.map(|since| begun.saturating_sub(since))
            && latency > EVERY
            && begun.saturating_sub(state.since.1) > EVERY
        {
            state.observe(latency, begun);
        }
        let limit = state.controller.limit();
        let until = state.bucket.take(bytes, begun, limit);
        drop(state);
        loop {
            meter.go_on()?;
            let left = until.saturating_sub(self.shared.begun.elapsed());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(GLANCE));
        }
        if until > begun {
            self.lock().waited += self.shared.begun.elapsed().saturating_sub(begun);
        }
        Ok(())
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        let state = self.lock();
        self.shared.is_ending.store(true, Ordering::Relaxed);
        // A read that hangs is not waited for: it holds nothing but its own file.
        let is_reading = state.reading.is_some();
        drop(state);
        self.shared.is_over.notify_all();
        if let Some(probe) = self.probe.take().filter(|_| !is_reading) {
            probe.join().ok();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, mut probe: Probe) {
        let mut state = self.lock();
        while !self.is_ending.load(Ordering::Relaxed) {
            state.reading = Some(self.begun.elapsed());
            drop(state);
            let latency = probe.time();
            state = self.lock();
            state.reading = None;
            match latency {
                Ok(latency) => state.observe(latency, self.begun.elapsed()),
                // The copy reads the same disk, and will say so.
                Err(error) => return tracing::warn!(%error, "the disk cannot be timed any more"),
            }
            if self.is_ending.load(Ordering::Relaxed) {
                return;
            }
            let waited = self.is_over.wait_timeout(state, EVERY);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Reads small pieces of a file or volume, here and there, past the cache.
struct Probe {
    file: File,
    path: PathBuf,
    bytes: u64,
    buffer: Buffer,
    dice: u64,
}

impl Probe {
    fn open(path: &Path) -> io::Result<Self> {
        let kind = std::fs::metadata(path)?;
        if kind.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let flags = i32::try_from((OFlags::DIRECT | OFlags::NONBLOCK).bits());
        let flags = flags.map_err(io::Error::other)?;
        let file = File::options().read(true).custom_flags(flags).open(path)?;
        let bytes = seek(&file, SeekFrom::End(0))?;
        if bytes < ALIGNMENT as u64 {
            return Err(io::Error::other("it is too short to be timed"));
        }
        let mut buffer = Buffer::new(ALIGNMENT);
        buffer.resize(ALIGNMENT);
        let dice = blake3::hash(path.as_os_str().as_encoded_bytes());
        let dice = dice.as_bytes().first_chunk().map_or(1, |first| u64::from_le_bytes(*first) | 1);
        Ok(Self { file, path: path.to_owned(), bytes, buffer, dice })
    }

    /// How long one of them takes.
    fn time(&mut self) -> io::Result<Duration> {
        let place = self.place();
        let begun = Instant::now();
        match self.file.read_at(self.buffer.as_mut(), place) {
            Ok(_) => Ok(begun.elapsed()),
            Err(error) => {
                Err(io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))
            }
        }
    }

    /// Somewhere in it where there is something: a hole is read without asking the disk.
    fn place(&mut self) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let last = self.bytes - ALIGNMENT as u64;
        let any = self.dice % (last + 1);
        let place = seek(&self.file, SeekFrom::Data(any)).unwrap_or(any).min(last);
        place - place % ALIGNMENT as u64
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::meter::Unwatched;

    /// One that was begun ten seconds ago, on a disk that answers within a millisecond.
    fn pacer() -> Pacer {
        let ago = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        Pacer::new(ago, &[Duration::from_millis(1); 16])
    }

    fn file(folder: &tempfile::TempDir) -> PathBuf {
        let path = folder.path().join("disk");
        std::fs::write(&path, vec![7; 1 << 20]).unwrap();
        path
    }

    #[test]
    fn what_goes_through_while_the_disk_is_overloaded_is_held_back_and_counted() {
        let pacer = pacer();
        pacer.lock().controller.observe(Duration::from_secs(3), 0);
        let limit = pacer.lock().controller.limit().unwrap();
        let begun = Instant::now();

        pacer.pace(limit / 2, &Unwatched).unwrap();

        // What was saved up is let through at once; the rest of half a second is waited for.
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
        assert!(pacer.lock().waited >= Duration::from_millis(200));
    }

    #[test]
    fn a_read_that_does_not_come_back_slows_the_copy() {
        let pacer = pacer();
        {
            let mut state = pacer.lock();
            // Two seconds ago 64 MiB were through, and a read was begun.
            let ago = pacer.shared.begun.elapsed().saturating_sub(Duration::from_secs(2));
            (state.since, state.reading) = ((64 << 20, ago), Some(ago));
            assert_eq!(state.controller.limit(), None);
        }

        pacer.pace(0, &Unwatched).unwrap();

        let limit = pacer.lock().controller.limit().unwrap();
        assert!((15 << 20..=16 << 20).contains(&limit), "{limit}");
    }

    /// Is no longer wanted after so many looks.
    struct Few(AtomicU64);

    impl Meter for Few {
        fn begin(&self, _what: &str, _total_bytes: u64) {}

        fn advance(&self, _bytes: u64) {}

        fn is_cancelled(&self) -> bool {
            self.0.fetch_sub(1, Ordering::Relaxed) == 0
        }
    }

    #[test]
    fn a_copy_that_waits_can_be_stopped() {
        let pacer = pacer();
        pacer.lock().controller.observe(Duration::from_secs(3), 0);

        let waited = pacer.pace(1 << 40, &Few(AtomicU64::new(2)));

        assert_eq!(waited, Err(Cancelled));
    }

    #[test]
    fn what_cannot_be_timed_holds_nothing_back() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("missing")] {
            let paced = Paced::begin(&Unwatched, &path);
            assert_eq!(paced.pace(1 << 40), Ok(()));
            assert_eq!(paced.paced(), None);
        }
    }

    #[test]
    fn an_idle_disk_is_timed_again_and_again_and_holds_nothing_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(&folder);
        let mut probe = Probe::open(&path).unwrap();
        for _ in 0..100 {
            assert!(probe.place() <= (1 << 20) - 4_096);
            probe.time().unwrap();
        }
        let paced = Paced::begin(&Unwatched, &path);
        paced.pace(4 << 20).unwrap();
        assert_eq!(paced.paced(), Some(Duration::ZERO));
    }
}
