//! Snapshots for whoever backs VMs up on site, without a server: taken as an operation would have them taken,
//! and gone when the backup is over. What a run that was killed has left, a paused VM even, the next one
//! clears away: it is noted before it is begun.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domfleet_shared::id::{BootId, OperationId, VmId};
use domfleet_shared::inventory::{Vm, VmState};
use domfleet_shared::operation::Reason;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::backup::snapshots::TakenSnapshot;
use crate::dom0::snapshots::{ON_SITE_TAG, is_for_backup};
use crate::dom0::{Dom0, Dom0Error, Domain, Observed, Step};
use crate::plan;
use crate::verdict::{self, Verdict};

/// Where it is noted what was begun, in the agent's folder; who holds its lock works.
const NOTE: &str = "on-site.json";
/// What reads a volume may have it open for a moment longer than it says.
const ATTEMPTS: u32 = 5;
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(2);

/// Why no snapshots are there.
#[derive(Debug, thiserror::Error)]
pub enum OnSiteError {
    /// Somebody else is at it.
    #[error("another backup from snapshots is under way here: wait until it is over")]
    Busy,
    /// The note.
    #[error("{} cannot be written to", .0.display())]
    Note(PathBuf, #[source] io::Error),
    /// What stands in the way.
    #[error("{}", .0.message)]
    Refused(Reason),
    /// dom0.
    #[error("the snapshots cannot be taken")]
    Dom0(#[from] Dom0Error),
}

#[derive(Serialize, Deserialize)]
struct Noted {
    boot_id: BootId,
    steps: Vec<Step>,
}

/// Snapshots that were taken on site.
pub struct OnSite<'d, D> {
    dom0: &'d D,
    note: File,
    /// Each with the disk that it stands in for.
    pub snapshots: Vec<TakenSnapshot>,
}

impl<'d, D: Dom0> OnSite<'d, D> {
    /// Takes them of all VMs that run, of those whose configurations these are. `data` is the agent's
    /// folder.
    pub async fn take(dom0: &'d D, data: &Path, configs: &[PathBuf]) -> Result<Self, OnSiteError> {
        let path = data.join(NOTE);
        let failed = |error| OnSiteError::Note(path.clone(), error);
        fs::create_dir_all(data).map_err(failed)?;
        let mut options = OpenOptions::new();
        let note = options.read(true).write(true).create(true).truncate(false).open(&path);
        let note = note.map_err(failed)?;
        match flock(&note, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(OnSiteError::Busy),
            done => done.map_err(|error| failed(error.into()))?,
        }
        let mut on_site = Self { dom0, note, snapshots: Vec::new() };
        on_site.clear(&fs::read(&path).map_err(failed)?).await;
        let host = dom0.observe().await;
        let id = OperationId::new();
        let vms = chosen(&host, configs)?;
        let mut steps = plan::snapshots(id, &host, &vms).map_err(OnSiteError::Refused)?;
        for step in &mut steps {
            if let Step::SnapshotDisks { on_site, .. } = step {
                *on_site = true;
            }
        }
        let boot_id = host.facts.boot_id;
        let noted = serde_json::to_vec(&Noted { boot_id, steps: steps.clone() });
        let noted = noted.map_err(io::Error::other).map_err(failed)?;
        on_site.write(&noted).map_err(failed)?;
        for step in &steps {
            let said = dom0.apply(step).await;
            if verdict::of_host(step, &dom0.observe().await, boot_id) != Verdict::Done {
                on_site.clear(&noted).await;
                let not_so = || Dom0Error::unknown("lvcreate", "they are not there");
                return Err(said.err().unwrap_or_else(not_so).into());
            }
        }
        on_site.snapshots = plan::taken(id, &dom0.observe().await);
        Ok(on_site)
    }

    /// Removes them.
    pub async fn remove(self) {
        self.clear(&[]).await;
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt as _;
        self.note.set_len(0)?;
        self.note.write_all_at(bytes, 0)?;
        self.note.sync_all()
    }

    /// Has what is noted go on, removes every snapshot that was taken on site, and forgets the note.
    async fn clear(&self, noted: &[u8]) {
        let host = self.dom0.observe().await;
        if let Ok(Noted { boot_id, steps }) = serde_json::from_slice(noted)
            && boot_id == host.facts.boot_id
        {
            for step in &steps {
                self.let_go_on(step, &host).await;
            }
        }
        for _ in 0..ATTEMPTS {
            let host = self.dom0.observe().await;
            let volumes = host.storage.iter().flat_map(|storage| &storage.volumes);
            let ours =
                volumes.filter(|volume| is_for_backup(volume) && volume.tags.contains(ON_SITE_TAG));
            let mut is_done = host.storage.is_ok();
            for volume in ours {
                if let Err(error) = self.dom0.apply(&plan::removal(volume)).await {
                    is_done = false;
                    tracing::warn!(volume = volume.name, %error, "a snapshot is left");
                }
            }
            if is_done {
                break;
            }
            sleep(BETWEEN_ATTEMPTS).await;
        }
        if let Err(error) = self.write(&[]) {
            tracing::warn!(%error, "what was done on site stays noted");
        }
    }

    async fn let_go_on(&self, step: &Step, host: &Observed) {
        let Step::SnapshotDisks { vm, pause: Some(domid), .. } = step else { return };
        let is_it = |domain: &&Domain| domain.domid == *domid && domain.uuid == *vm;
        let found = host.domains.iter().flatten().find(is_it);
        if found.map(Domain::vm_state) != Some(VmState::Paused) {
            return;
        }
        let step = Step::UnpauseDomain { vm: *vm, domid: *domid };
        for _ in 0..ATTEMPTS {
            match self.dom0.apply(&step).await {
                Ok(()) => return,
                Err(error) => tracing::error!(%vm, %error, "a VM that was paused does not go on"),
            }
            sleep(BETWEEN_ATTEMPTS).await;
        }
    }
}

/// The VMs of these configurations, as far as dom0 knows them: another does not run.
fn chosen(host: &Observed, configs: &[PathBuf]) -> Result<Vec<VmId>, OnSiteError> {
    let vms = host.vms.as_ref().map_err(|error| OnSiteError::Dom0(error.clone()))?;
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut chosen = Vec::new();
    for path in configs {
        let (uuid, name) = crate::backup::prepare::identity(path);
        let is_it = |vm: &&Vm| {
            let is_file = vm.config_path.as_deref().map(|found| real(Path::new(found)));
            uuid == Some(vm.uuid)
                || is_file == Some(real(path))
                || (uuid.is_none() && name.as_ref() == Some(&vm.name))
        };
        chosen.extend(vms.iter().filter(is_it).map(|vm| vm.uuid));
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

#[cfg(test)]
#[path = "on_site_tests.rs"]
mod tests;
