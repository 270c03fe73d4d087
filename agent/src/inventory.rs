//! What the server is told of the appliance, by digest.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use domfleet_shared::boot::Boot;
use domfleet_shared::inventory::{Content, Digests, Fingerprint, Section};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::agent::{Agent, locked};
use crate::boots;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Dom0Error, Observed};
use crate::storage::Files;

/// An idle appliance is looked at this often.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// However much happens, it is not looked at more often than this.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_secs(2);

/// The sections as they were last seen.
pub(crate) struct Inventory {
    sections: Mutex<BTreeMap<Section, (String, Content)>>,
    changed: watch::Sender<u64>,
}

impl Default for Inventory {
    fn default() -> Self {
        Self { sections: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Inventory {
    /// Takes over what could be seen; what could not stays as it was.
    pub(crate) fn take(&self, observed: &Observed) {
        self.put(Content::Facts(Box::new(observed.facts.clone())));
        match &observed.vms {
            Ok(vms) => self.put(Content::Vms(vms.clone())),
            Err(error) => complain("VMs", error),
        }
        match &observed.storage {
            Ok(storage) => self.put(Content::Storage(storage.clone())),
            Err(error) => complain("volumes", error),
        }
        match &observed.usb {
            Ok(drives) => self.put(Content::Usb(drives.clone())),
            Err(error) => complain("USB drives", error),
        }
        match &observed.mitigations {
            Ok(standings) => self.put(Content::Mitigations(standings.clone())),
            Err(error) => complain("mitigations", error),
        }
    }

    pub(crate) fn take_boots(&self, boots: &[Boot]) {
        self.put(Content::Boots(boots.to_vec()));
    }

    fn put(&self, content: Content) {
        let digest = content.digest();
        let mut sections = locked(&self.sections);
        let before = sections.insert(content.section(), (digest.clone(), content));
        drop(sections);
        if before.is_none_or(|(before, _)| before != digest) {
            self.changed.send_modify(|version| *version += 1);
        }
    }

    pub(crate) fn digests(&self) -> Digests {
        locked(&self.sections)
            .iter()
            .map(|(section, (digest, _))| (*section, digest.clone()))
            .collect()
    }

    pub(crate) fn content(&self, section: Section) -> Option<Content> {
        locked(&self.sections).get(&section).map(|(_, content)| content.clone())
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        match locked(&self.sections).get(&Section::Facts) {
            Some((_, Content::Facts(facts))) => facts.fingerprint.clone(),
            _ => Fingerprint::default(),
        }
    }

    /// How much of a snapshot or a thin volume is in use, as it was last seen.
    pub(crate) fn filled_bytes(&self, lv_uuid: &str) -> Option<u64> {
        let sections = locked(&self.sections);
        let Some((_, Content::Storage(storage))) = sections.get(&Section::Storage) else {
            return None;
        };
        let volume = storage.volumes.iter().find(|volume| volume.lv_uuid == lv_uuid)?;
        let filled = u128::from(volume.size_bytes) * u128::from(volume.data_basis_points?) / 10_000;
        u64::try_from(filled).ok()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

fn complain(what: &str, error: &Dom0Error) {
    tracing::warn!(error = error as &dyn std::error::Error, "{what} could not be seen");
}

/// Looks at dom0 every now and then, and soon after something was done to it.
pub(crate) async fn keep_looking<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut looked = Instant::now();
    loop {
        // `notified` keeps a permit, so that what happens during a look is looked at.
        tokio::select! {
            () = sleep_until(looked + LOOK_EVERY) => {}
            () = agent.look_again.notified() => sleep_until(looked + LOOK_AT_MOST_EVERY).await,
        }
        let observed = agent.observe().await;
        boots::begin(agent, &observed).await;
        looked = Instant::now();
    }
}
