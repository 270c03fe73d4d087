//! Bundles that are not in the object store yet: a file each, whose length is how much is here.
//!
//! While a piece with a checksum comes, a second file says how much was here before it: what has not
//! been held against its checksum does not count, and goes, also after a power cut.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use domfleet_shared::id::BundleId;
use futures_util::StreamExt as _;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::checksum::Checksum;

/// Pieces that are received at once. More would only share the same disk.
const AT_ONCE: usize = 16;
/// How long a sender may be silent within a piece.
const SILENCE: Duration = Duration::from_mins(1);
/// What is left free for others on the disk.
const RESERVE_BYTES: u64 = 256 * 1024 * 1024;
/// Bundles that are verified and looked into at once.
const FINISHING: usize = 2;

/// The folder of unfinished bundles, and who is at work on which.
#[derive(Debug)]
pub struct Uploads {
    dir: PathBuf,
    places: Arc<Semaphore>,
    finishing: Arc<Semaphore>,
    under_way: Mutex<HashMap<BundleId, Arc<UnderWay>>>,
}

#[derive(Debug, Default)]
struct UnderWay {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Cancelled when another wants the turn.
    newest: Mutex<CancellationToken>,
}

/// The one who may work on a bundle. A later one interrupts an earlier one: most likely that is a
/// connection whose other end is gone.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    /// Where a piece that is not verified yet begins.
    mark: PathBuf,
    interrupted: CancellationToken,
    _under_way: Arc<UnderWay>,
    _turn: OwnedMutexGuard<()>,
}

/// How receiving a piece ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// All of it is on disk.
    Whole,
    /// It broke off. What came is on disk, unless it cannot be held against its checksum.
    Part,
    /// There was more than the length that had been announced: nothing of it counts.
    TooMuch,
    /// It is not what its checksum says: nothing of it counts.
    Damaged,
}

impl Uploads {
    /// Makes the folder where it is not there.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self {
            dir,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            finishing: Arc::new(Semaphore::new(FINISHING)),
            under_way: Mutex::default(),
        })
    }

    /// A turn to verify and look into a bundle.
    pub(super) async fn finishing(&self) -> io::Result<OwnedSemaphorePermit> {
        Arc::clone(&self.finishing).acquire_owned().await.map_err(io::Error::other)
    }

    /// A place among those who send; nothing where all are taken.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Whether `bytes` more fit on the disk.
    pub(super) fn has_room(&self, bytes: u64) -> io::Result<bool> {
        let disk = rustix::fs::statvfs(&self.dir)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        Ok(free >= bytes.saturating_add(RESERVE_BYTES))
    }

    /// The right to work on `bundle`. Whoever has it is interrupted.
    pub(super) async fn claim(&self, bundle: BundleId) -> Claim {
        let under_way = {
            let mut all = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody works on any more.
            all.retain(|_, work| Arc::strong_count(work) > 1);
            Arc::clone(all.entry(bundle).or_default())
        };
        let interrupted = CancellationToken::new();
        {
            let mut newest = under_way.newest.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *newest, interrupted.clone()).cancel();
        }
        let turn = Arc::clone(&under_way.turn).lock_owned().await;
        let path = self.dir.join(format!("{bundle}.part"));
        let mark = self.dir.join(format!("{bundle}.mark"));
        Claim { path, mark, interrupted, _under_way: under_way, _turn: turn }
    }

    /// Bundles of which there is something here, and for how long nothing was added to each.
    pub fn all(&self) -> io::Result<Vec<(BundleId, Duration)>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".part"));
            let Some(id) = id.and_then(|id| id.parse().ok()) else { continue };
            found.push((id, entry.metadata()?.modified()?.elapsed().unwrap_or_default()));
        }
        Ok(found)
    }

    /// Removes what is here of `bundle`.
    pub async fn discard(&self, bundle: BundleId) -> io::Result<()> {
        self.claim(bundle).await.discard().await
    }
}

impl Claim {
    /// How much is here, and will be after a power cut.
    pub(super) async fn offset(&self) -> io::Result<u64> {
        self.roll_back().await?;
        match File::open(&self.path).await {
            Ok(file) => {
                file.sync_all().await?;
                Ok(file.metadata().await?.len())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Adds what `body` brings at `offset`, up to `length` in all. When it returns, all that it
    /// took is on disk. It ends early at `stop`.
    pub(super) async fn receive(
        &self,
        offset: u64,
        length: u64,
        checksum: Option<Checksum>,
        body: Body,
        stop: &CancellationToken,
    ) -> io::Result<Received> {
        let left = length.saturating_sub(offset);
        if body.size_hint().lower() > left {
            return Ok(Received::TooMuch);
        }
        let is_marked = checksum.is_some();
        if is_marked {
            self.set_mark(offset).await?;
        }
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(false).open(&self.path).await?;
        file.set_max_buf_size(256 * 1024);
        file.seek(io::SeekFrom::Start(offset)).await?;
        let received = self.copy(&mut file, left, checksum, body, stop).await;
        // Whatever came of it: what counts is kept.
        file.flush().await?;
        let is_lost = match received {
            Ok(Received::TooMuch | Received::Damaged) => true,
            Ok(Received::Part) | Err(_) => is_marked,
            Ok(Received::Whole) => false,
        };
        if is_lost {
            file.set_len(offset).await?;
        }
        file.sync_all().await?;
        if offset == 0 {
            sync_folder(&self.path).await?;
        }
        if is_marked {
            self.clear_mark().await?;
        }
        received
    }

    async fn copy(
        &self,
        file: &mut File,
        mut left: u64,
        mut checksum: Option<Checksum>,
        body: Body,
        stop: &CancellationToken,
    ) -> io::Result<Received> {
        let mut body = body.into_data_stream();
        loop {
            let next = tokio::select! {
                () = self.interrupted.cancelled() => return Ok(Received::Part),
                () = stop.cancelled() => return Ok(Received::Part),
                next = timeout(SILENCE, body.next()) => next,
            };
            let bytes = match next {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(None) if checksum.is_some_and(|checksum| !checksum.fits()) => {
                    return Ok(Received::Damaged);
                }
                Ok(None) => return Ok(Received::Whole),
                Ok(Some(Err(_))) | Err(_) => return Ok(Received::Part),
            };
            let Some(rest) = left.checked_sub(bytes.len() as u64) else {
                return Ok(Received::TooMuch);
            };
            left = rest;
            if let Some(checksum) = &mut checksum {
                checksum.add(&bytes);
            }
            file.write_all(&bytes).await?;
        }
    }

    /// Says, for after a power cut too, that nothing behind `offset` counts.
    async fn set_mark(&self, offset: u64) -> io::Result<()> {
        let mut mark = File::create(&self.mark).await?;
        mark.write_all(offset.to_string().as_bytes()).await?;
        mark.sync_all().await?;
        sync_folder(&self.mark).await
    }

    async fn clear_mark(&self) -> io::Result<()> {
        remove(&self.mark).await?;
        sync_folder(&self.mark).await
    }

    /// Takes away what came of a piece that was not held against its checksum: we died before.
    async fn roll_back(&self) -> io::Result<()> {
        let text = match fs::read_to_string(&self.mark).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        // A mark that is not whole was made before anything was added.
        if let Ok(offset) = text.parse::<u64>()
            && let Ok(file) = OpenOptions::new().write(true).open(&self.path).await
            && file.metadata().await?.len() > offset
        {
            file.set_len(offset).await?;
            file.sync_all().await?;
        }
        self.clear_mark().await
    }

    /// BLAKE3 of what is here, in hexadecimal.
    pub(super) async fn blake3(&self) -> io::Result<String> {
        let mut file = File::open(&self.path).await?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut buffer).await?;
            if read == 0 {
                return Ok(hasher.finalize().to_hex().to_string());
            }
            hasher.update(&buffer[..read]);
        }
    }

    /// The file of what is here.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what is here.
    pub(super) async fn discard(&self) -> io::Result<()> {
        remove(&self.path).await?;
        remove(&self.mark).await
    }
}

async fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

async fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder).await?.sync_all().await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
