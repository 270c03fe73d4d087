//! Bundles that nobody asked for: one after a boot that did not end in order, and one when the kernel says
//! something after which it is not to be trusted. Each once: a dom0 that dies of collecting must not try for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::boot::sign::Sign;
use domfleet_shared::id::{BootId, BundleId};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{FOLDER, Trigger, collect, complain};
use crate::agent::{Agent, locked};
use crate::boots;
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::storage::Files;
use crate::storage::record;

const AUTOMATIC: &str = "automatic.json";
/// The same kind of message makes no other bundle for so long.
const EVERY: Duration = Duration::from_hours(24);

/// Fatal messages of the kernel that nobody has looked at yet.
#[derive(Debug, Default)]
pub(crate) struct Fatal {
    signs: Mutex<BTreeSet<Sign>>,
    said: Notify,
}

impl Fatal {
    /// The kernel has said so.
    pub(crate) fn say(&self, sign: Sign) {
        locked(&self.signs).insert(sign);
        // Kept for whoever is busy with the one before.
        self.said.notify_one();
    }

    fn take(&self) -> BTreeSet<Sign> {
        std::mem::take(&mut *locked(&self.signs))
    }
}

/// What bundles were made for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Made {
    /// The last boot that did not end in order.
    boot: Option<BootId>,
    /// Kinds of messages, and when.
    messages: BTreeMap<String, Timestamp>,
}

/// As an older agent wrote it, or as we do.
#[derive(Deserialize)]
#[serde(untagged)]
enum OnDisk {
    Boot(BootId),
    Made(Made),
}

impl Made {
    async fn load(files: &impl Files) -> Self {
        match record::load::<OnDisk>(files, &Self::name()).await {
            Ok(Some(OnDisk::Made(made))) => made,
            Ok(Some(OnDisk::Boot(boot))) => Self { boot: Some(boot), ..Self::default() },
            Ok(None) => Self::default(),
            Err(error) => {
                complain(&error);
                Self::default()
            }
        }
    }

    fn name() -> String {
        format!("{FOLDER}/{AUTOMATIC}")
    }

    /// Whether one of `signs` is new, and takes note of all.
    fn takes(&mut self, signs: &BTreeSet<Sign>, now: Timestamp) -> bool {
        let is_new = |sign: &Sign| {
            // A clock that was set back must not silence it for years.
            self.messages
                .get(sign.as_str())
                .is_none_or(|at| now.since(*at) >= EVERY || at.since(now) >= EVERY)
        };
        let new: Vec<Sign> = signs.iter().copied().filter(is_new).collect();
        self.messages.extend(new.iter().map(|sign| (sign.as_str().to_owned(), now)));
        !new.is_empty()
    }
}

/// Makes them until dropped.
pub(crate) async fn keep_collecting<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let files = &agent.world.files;
    let mut made = Made::load(files).await;
    if let Some(ended) = boots::unclean(files, agent.boot_id).await
        && made.boot != Some(ended)
    {
        made.boot = Some(ended);
        make(agent, &made, Trigger::UncleanBoot).await;
    }
    loop {
        agent.fatal.said.notified().await;
        if made.takes(&agent.fatal.take(), agent.world.clock.now()) {
            make(agent, &made, Trigger::FatalMessage).await;
        }
    }
}

async fn make<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, made: &Made, trigger: Trigger) {
    // Noted before it is made.
    if let Err(error) = record::store(&agent.world.files, &Made::name(), made).await {
        complain(&error);
        return;
    }
    let bundle = BundleId::new();
    match collect::seal(agent, bundle, trigger, None).await {
        Ok(()) => {
            tracing::info!(%bundle, trigger = trigger.as_str(), "a bundle was made by itself")
        }
        Err(why) => tracing::warn!(why = why.message, trigger = trigger.as_str(), "no bundle"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    #[test]
    fn a_kind_of_message_makes_one_bundle_a_day_whatever_the_clock_does() {
        let hours = |hours: i64| Timestamp::from_millis(hours * 3_600_000);
        let (oops, lockup) = (BTreeSet::from([Sign::Oops]), BTreeSet::from([Sign::SoftLockup]));
        let mut made = Made::default();

        assert!(made.takes(&oops, hours(100)));
        assert!(!made.takes(&oops, hours(123)));
        assert!(made.takes(&lockup, hours(123)));
        assert!(made.takes(&oops, hours(124)));
        assert!(!made.takes(&oops, hours(123)));
        assert!(made.takes(&oops, hours(1)));
        assert!(!made.takes(&BTreeSet::new(), hours(500)));
    }

    #[tokio::test]
    async fn what_an_older_agent_made_is_not_made_again() {
        let (files, boot) = (Memory::default(), BootId::new());
        record::store(&files, &Made::name(), &boot).await.unwrap();

        assert_eq!(Made::load(&files).await, Made { boot: Some(boot), ..Made::default() });
        let made = Made {
            boot: None,
            messages: BTreeMap::from([("oops".into(), Timestamp::from_millis(7))]),
        };
        record::store(&files, &Made::name(), &made).await.unwrap();
        assert_eq!(Made::load(&files).await, made);
    }
}
