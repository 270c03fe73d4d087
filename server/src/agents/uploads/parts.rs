//! Bundles that are not whole yet: a file each, whose length is how much is here.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use domfleet_shared::id::BundleId;
use futures_util::StreamExt as _;
use object_store::ObjectStoreExt as _;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::objects::Objects;

/// Pieces that are received at once. More would only share the same disk.
const AT_ONCE: usize = 16;
/// How long a sender may be silent within a piece.
const SILENCE: Duration = Duration::from_mins(1);
/// What is left free for others on the disk.
const RESERVE_BYTES: u64 = 256 * 1024 * 1024;
/// How much is held in memory at once of a bundle that is verified and stored. S3 wants 5 MiB.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;

/// The folder of unfinished bundles, and who is at work on which.
#[derive(Debug)]
pub struct Uploads {
    dir: PathBuf,
    places: Arc<Semaphore>,
    finishing: Semaphore,
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
    interrupted: CancellationToken,
    _under_way: Arc<UnderWay>,
    _turn: OwnedMutexGuard<()>,
}

/// How receiving a piece ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// All of it is on disk.
    Whole,
    /// It broke off. What came is on disk.
    Part,
    /// There was more than the length that had been announced.
    TooMuch,
}

impl Uploads {
    /// Makes the folder where it is not there.
    pub fn open(dir: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self {
            dir,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            finishing: Semaphore::new(2),
            under_way: Mutex::default(),
        })
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
        Claim { path, interrupted, _under_way: under_way, _turn: turn }
    }

    /// Unfinished bundles that nothing was added to for `age`.
    pub fn older_than(&self, age: Duration) -> io::Result<Vec<BundleId>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".part"));
            let Some(id) = id.and_then(|id| id.parse().ok()) else { continue };
            let silent = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if silent >= age {
                found.push(id);
            }
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
    /// took is on disk.
    pub(super) async fn receive(
        &self,
        offset: u64,
        length: u64,
        body: Body,
    ) -> io::Result<Received> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(false).open(&self.path).await?;
        file.set_max_buf_size(256 * 1024);
        file.seek(io::SeekFrom::Start(offset)).await?;
        let received = self.copy(&mut file, length - offset, body).await;
        // Whatever came of it: what is there is kept.
        file.flush().await?;
        file.sync_all().await?;
        if offset == 0 {
            sync_folder(&self.path).await?;
        }
        received
    }

    async fn copy(&self, file: &mut File, mut left: u64, body: Body) -> io::Result<Received> {
        let mut body = body.into_data_stream();
        loop {
            let next = tokio::select! {
                () = self.interrupted.cancelled() => return Ok(Received::Part),
                next = timeout(SILENCE, body.next()) => next,
            };
            let bytes = match next {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(None) => return Ok(Received::Whole),
                Ok(Some(Err(_))) | Err(_) => return Ok(Received::Part),
            };
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            file.write_all(&bytes[..take]).await?;
            left -= take as u64;
            if take < bytes.len() {
                return Ok(Received::TooMuch);
            }
        }
    }

    /// BLAKE3 of what is here, in hexadecimal.
    pub(super) async fn blake3(&self, uploads: &Uploads) -> io::Result<String> {
        let _turn = uploads.finishing.acquire().await.map_err(io::Error::other)?;
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

    /// Puts what is here into `objects` under `name`. When it returns it is durable there.
    pub(super) async fn store(
        &self,
        uploads: &Uploads,
        objects: &Objects,
        name: &str,
    ) -> anyhow::Result<()> {
        let _turn = uploads.finishing.acquire().await?;
        let mut file = File::open(&self.path).await?;
        let mut upload = objects.put_multipart(&object_store::path::Path::from(name)).await?;
        loop {
            let mut chunk = Vec::with_capacity(CHUNK_BYTES);
            let read = (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await?;
            if read == 0 {
                break;
            }
            upload.put_part(chunk.into()).await?;
        }
        upload.complete().await?;
        Ok(())
    }

    /// Removes what is here.
    pub(super) async fn discard(&self) -> io::Result<()> {
        match fs::remove_file(&self.path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

async fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder).await?.sync_all().await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn uploads() -> (tempfile::TempDir, Uploads) {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        (dir, uploads)
    }

    fn broken(first: &'static str) -> Body {
        let items = [Ok(Bytes::from(first)), Err(io::Error::other("the line is dead"))];
        Body::from_stream(futures_util::stream::iter(items))
    }

    #[tokio::test]
    async fn what_came_before_the_line_broke_is_kept_and_gone_on_from() {
        let (_dir, uploads) = uploads();
        let claim = uploads.claim(BundleId::new()).await;

        assert_eq!(claim.receive(0, 11, broken("hello ")).await.unwrap(), Received::Part);
        let offset = claim.offset().await.unwrap();
        let rest = claim.receive(offset, 11, Body::from("world")).await.unwrap();

        assert_eq!((offset, rest), (6, Received::Whole));
        let hash = claim.blake3(&uploads).await.unwrap();
        assert_eq!(hash, blake3::hash(b"hello world").to_hex().to_string());
    }

    #[tokio::test]
    async fn no_more_is_taken_than_was_announced() {
        let (_dir, uploads) = uploads();
        let claim = uploads.claim(BundleId::new()).await;

        let received = claim.receive(0, 4, Body::from("hello")).await.unwrap();

        assert_eq!(received, Received::TooMuch);
        assert_eq!(claim.offset().await.unwrap(), 4);
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

        let dead = async {
            let received = first.receive(0, 9, silent).await.unwrap();
            drop(first);
            received
        };
        let (dead, second) = tokio::join!(dead, uploads.claim(id));

        assert_eq!(dead, Received::Part);
        assert!(second.offset().await.unwrap() <= 3);
    }

    #[tokio::test]
    async fn a_bundle_is_stored_whole() {
        let (dir, uploads) = uploads();
        let objects = crate::objects::open(&format!("file://{}", dir.path().display())).unwrap();
        let claim = uploads.claim(BundleId::new()).await;
        let content = vec![7_u8; CHUNK_BYTES + 5];
        let length = content.len() as u64;
        claim.receive(0, length, Body::from(content.clone())).await.unwrap();

        claim.store(&uploads, &objects, "bundles/a/b.tar.zst").await.unwrap();
        claim.discard().await.unwrap();

        assert_eq!(std::fs::read(dir.path().join("bundles/a/b.tar.zst")).unwrap(), content);
        assert_eq!(claim.offset().await.unwrap(), 0);
    }
}
