//! What the tests of this crate share: a disk in memory that can fail, and a dom0 in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use domfleet_shared::inventory::{Components, Facts, Fingerprint, Storage, VolumeGroup};

use crate::dom0::{
    Collected, Dom0, Dom0Error, Domain, Item, Kept, KernelMessage, Limit, Observed, Running, Step,
};
use crate::storage::{Entry, Files, Space};

/// Files in memory. What it is told to do before [`Memory::dies_after`] happens; then nothing does.
#[derive(Default)]
pub(crate) struct Memory {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Bytes that can still be written.
    left: Mutex<Option<usize>>,
}

impl Memory {
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

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
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
        let offset = usize::try_from(offset).unwrap();
        let bytes = self.of(name);
        Ok(bytes[offset.min(bytes.len())..(offset + length).min(bytes.len())].to_vec())
    }

    async fn append(&self, name: &str, at: u64, bytes: Vec<u8>) -> io::Result<()> {
        let (written, result) = self.take(bytes.len());
        let mut files = self.lock();
        let file = files.entry(name.to_owned()).or_default();
        file.truncate(usize::try_from(at).unwrap());
        file.extend(&bytes[..written]);
        result
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        self.take(bytes.len()).1?;
        self.put(name, bytes);
        Ok(())
    }

    async fn remove(&self, name: &str) -> io::Result<()> {
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

/// A dom0 in which nothing happens by itself.
pub(crate) struct Quiet {
    pub(crate) boot_id: BootId,
    pub(crate) observed: Mutex<Observed>,
    pub(crate) applied: Mutex<Vec<Step>>,
}

impl Quiet {
    pub(crate) fn new(boot_id: BootId) -> Self {
        Self { boot_id, observed: Mutex::new(empty(boot_id)), applied: Mutex::default() }
    }
}

/// A host with one empty volume group.
pub(crate) fn empty(boot_id: BootId) -> Observed {
    let group = VolumeGroup {
        uuid: "vg-uuid".into(),
        name: "vg0".into(),
        size_bytes: 40 << 30,
        free_bytes: 20 << 30,
        extent_bytes: 4 << 20,
    };
    Observed {
        facts: Facts {
            fingerprint: Fingerprint::default(),
            hostname: "xen".into(),
            boot_id,
            booted_at: Timestamp::from_millis(0),
            memory_bytes: None,
            free_memory_bytes: None,
            dom0_memory_bytes: None,
            cpus: None,
            components: Components::default(),
            taint: None,
        },
        domains: Ok(Vec::new()),
        vms: Ok(Vec::new()),
        storage: Ok(Storage { volume_groups: vec![group], volumes: Vec::new() }),
    }
}

impl Dom0 for Quiet {
    fn running(&self) -> Result<Running, Dom0Error> {
        Ok(Running { boot_id: self.boot_id, uptime: Duration::from_secs(100), taint: Some(0) })
    }

    async fn observe(&self) -> Observed {
        self.observed.lock().unwrap().clone()
    }

    async fn domains(&self) -> Result<Vec<Domain>, Dom0Error> {
        self.observed.lock().unwrap().domains.clone()
    }

    async fn apply(&self, step: &Step) -> Result<(), Dom0Error> {
        self.applied.lock().unwrap().push(step.clone());
        Ok(())
    }

    async fn collect(&self, item: Item, _limit: Limit) -> Collected {
        Collected { bytes: item.path().into_bytes(), ..Collected::default() }
    }

    async fn kept(&self) -> Kept {
        Kept::default()
    }

    async fn kernel_log(&self, _after: Option<u64>) -> Result<Vec<KernelMessage>, Dom0Error> {
        std::future::pending().await
    }
}
