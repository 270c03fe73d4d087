//! A disk in memory that can fail, and a process that can die.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domfleet_shared::id::ApplianceId;
use tokio::sync::Notify;

use crate::identity::{self, Identity};
use crate::storage::{Entry, Files, Space};

/// Lets so many things happen, before and after each write and each step; then the process is dead:
/// nothing more happens, and nothing returns.
#[derive(Clone, Default)]
pub(crate) struct Fuse(Arc<Mutex<Option<usize>>>, Arc<Notify>);

impl Fuse {
    pub(crate) fn of(happenings: usize) -> Self {
        Self(Arc::new(Mutex::new(Some(happenings))), Arc::default())
    }

    /// Returns once the process is dead.
    pub(crate) async fn blown(&self) {
        self.1.notified().await;
    }

    pub(super) async fn spend(&self) {
        let is_dead = match &mut *self.0.lock().unwrap() {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        };
        if is_dead {
            self.1.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// Files in memory; clones are the same files.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Bytes that can still be written.
    left: Arc<Mutex<Option<usize>>>,
    /// How long each write takes.
    takes: Arc<Mutex<Option<Duration>>>,
    pub(crate) fuse: Fuse,
}

impl Memory {
    /// The same files, for a process that dies.
    pub(crate) fn with(&self, fuse: Fuse) -> Self {
        Self { fuse, ..self.clone() }
    }

    pub(crate) fn of(&self, name: &str) -> Vec<u8> {
        self.lock().get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) {
        self.lock().insert(name.to_owned(), bytes);
    }

    /// Lets so many bytes more be written; then every write fails as on a full disk.
    pub(crate) fn full_after(&self, bytes: usize) {
        *self.left.lock().unwrap() = Some(bytes);
    }

    /// Every write takes so long from now on.
    pub(crate) fn take_so_long(&self, takes: Option<Duration>) {
        *self.takes.lock().unwrap() = takes;
    }

    async fn wait(&self) {
        let takes = *self.takes.lock().unwrap();
        if let Some(takes) = takes {
            tokio::time::sleep(takes).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bytes: usize) -> (usize, io::Result<()>) {
        match &mut *self.left.lock().unwrap() {
            Some(left) if *left < bytes => {
                let some = std::mem::take(left);
                (some, Err(io::ErrorKind::StorageFull.into()))
            }
            Some(left) => {
                *left -= bytes;
                (bytes, Ok(()))
            }
            None => (bytes, Ok(())),
        }
    }
}

impl Files for Memory {
    async fn read(&self, name: &str, _limit: usize) -> io::Result<Option<Vec<u8>>> {
        Ok(self.lock().get(name).cloned())
    }

    async fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let bytes = self.of(name);
        let offset = usize::try_from(offset).unwrap().min(bytes.len());
        Ok(bytes[offset..(offset + length).min(bytes.len())].to_vec())
    }

    async fn append(&self, name: &str, at: u64, bytes: Vec<u8>) -> io::Result<()> {
        self.fuse.spend().await;
        self.wait().await;
        let (written, result) = self.take(bytes.len());
        let mut file = self.of(name);
        file.truncate(usize::try_from(at).unwrap());
        file.extend(&bytes[..written]);
        self.put(name, file);
        self.fuse.spend().await;
        result
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        self.fuse.spend().await;
        self.wait().await;
        self.take(bytes.len()).1?;
        self.put(name, bytes);
        self.fuse.spend().await;
        Ok(())
    }

    async fn remove(&self, name: &str) -> io::Result<()> {
        self.fuse.spend().await;
        self.lock().remove(name);
        Ok(())
    }

    async fn list(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let files = self.lock();
        let in_folder = files.iter().filter_map(|(name, bytes)| {
            let name = name.strip_prefix(folder)?.strip_prefix('/')?.to_owned();
            Some(Entry { name, bytes: bytes.len() as u64 })
        });
        Ok(in_folder.collect())
    }

    async fn space(&self) -> io::Result<Space> {
        Ok(Space { total_bytes: 8_000_000_000, free_bytes: 4_000_000_000 })
    }
}

/// An identity on disk, as after a join.
pub(crate) async fn joined(files: &Memory) {
    let key = identity::key(files).await.unwrap();
    let certificate =
        rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem();
    let identity = Identity {
        server: "https://fleet.example".into(),
        appliance: ApplianceId::new(),
        epoch: 1,
        certificate_pem: certificate.clone(),
        trust_bundle_pem: certificate,
    };
    identity.store(files).await.unwrap();
}
