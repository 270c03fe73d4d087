//! An appliance's privileged domain: what it holds, and the changes that can be made to it.
//!
//! [`Dom0`] is the agent's whole world beside its own files ([`crate::storage`]) and the network
//! ([`crate::dial`]). It has a real implementation, `xen`, and a simulated one, in the tests. A
//! domain is identified by its number and its UUID, a volume by its `lv_uuid`: names are reused.

pub mod excerpt;
pub mod item;
pub mod news;
pub mod observed;
pub mod snapshots;
pub mod step;
pub mod withheld;
pub mod xen;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::id::BootId;
use serde_json::Value;

pub use item::{Collected, ImageQuestion, Item, Limit};
pub use news::{Happened, News};
pub use observed::{Domain, Observed};
pub use snapshots::DiskSnapshot;
pub use step::Step;

use crate::backup::cipher::Keyring;
use crate::meter::Meter;
use crate::migration::carry::{Turn, Wanted};
use crate::works::{Work, WorkError};

/// A privileged domain.
pub trait Dom0: Send + Sync + 'static {
    /// This run of dom0. Costs next to nothing: it is asked at every heartbeat.
    fn running(&self) -> Result<Running, Dom0Error>;

    /// Everything that dom0 holds, as it is now. What could not be read is an error in its own
    /// part, so that a hung volume manager does not hide the VMs.
    fn observe(&self) -> impl Future<Output = Observed> + Send;

    /// The domains alone, dom0 itself left out: cheap enough to wait with.
    fn domains(&self) -> impl Future<Output = Result<Vec<Domain>, Dom0Error>> + Send;

    /// Carries out one step.
    ///
    /// A step that is already done succeeds and changes nothing. The caller does not rely on the
    /// answer: it looks again afterwards, because the tools of this field report success for what
    /// they did not do.
    fn apply(&self, step: &Step) -> impl Future<Output = Result<(), Dom0Error>> + Send;

    /// Carries out something that takes long, tells `meter` how far it is, and gives its answer. It
    /// stops at a safe point once `meter` says that it is no longer wanted; dropping it has it stop
    /// there too, some time later. `keys` are those of encrypted backup sets.
    fn work(
        &self,
        work: Work,
        keys: Keyring,
        meter: &Arc<dyn Meter>,
    ) -> impl Future<Output = Result<Value, WorkError>> + Send;

    /// One turn of a migration ([`crate::migration::carry`]): a step of it, which may take hours. Like a work it
    /// tells `meter` how far it is, and stops at a safe point once it is no longer wanted.
    fn turn(
        &self,
        wanted: Wanted,
        keys: Keyring,
        meter: &Arc<dyn Meter>,
    ) -> impl Future<Output = Turn> + Send;

    /// Tells whoever wants to know on this host that a VM was made, changed or removed. Nothing
    /// where nobody does. It may be told again after a crash.
    fn tell(&self, news: &News) -> impl Future<Output = Option<Result<(), Dom0Error>>> + Send;

    /// One thing for a debug bundle, within `limit`. Never fails: what went wrong is part of the
    /// answer.
    fn collect(&self, item: Item, limit: Limit) -> impl Future<Output = Collected> + Send;

    /// What there is to collect for a debug bundle on this host beside [`Item::ALL`].
    fn further_items(&self) -> impl Future<Output = Vec<Item>> + Send;

    /// What the platform kept over the last reset. Asked once, when the agent starts.
    fn kept(&self) -> impl Future<Output = Kept> + Send;

    /// Starts the machine's watchdog, which resets it unless it is fed; says how long it waits. Nothing where there
    /// is to be none. One that runs already is taken over.
    fn arm_watchdog(&self) -> Result<Option<Duration>, Dom0Error>;

    /// Has the watchdog wait anew. Fails where it is not armed.
    fn feed_watchdog(&self) -> Result<(), Dom0Error>;

    /// Stops the watchdog. Nothing happens where it is not armed.
    fn disarm_watchdog(&self) -> Result<(), Dom0Error>;

    /// The kernel's messages that come after the one numbered `after`, from the oldest still held
    /// where there is none; waits until there is one. Cancelling it loses nothing.
    fn kernel_log(
        &self,
        after: Option<u64>,
    ) -> impl Future<Output = Result<Vec<KernelMessage>, Dom0Error>> + Send;
}

/// This run of dom0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The kernel's `boot_id`.
    pub boot_id: BootId,
    /// How long it has been up. Only grows, whatever is done to the clock.
    pub uptime: Duration,
    /// The kernel's taint bits.
    pub taint: Option<u64>,
}

/// What the platform kept over a reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Kernel logs in persistent memory (pstore). They stay there until [`Step::ForgetKeptLog`].
    pub logs: Vec<KeptLog>,
    /// The watchdog's boot status says that it reset the machine (`WDIOF_CARDRESET`).
    pub watchdog_reset: bool,
    /// Xen's log of the boot before this one, where dom0 keeps it.
    pub xen_log: Option<String>,
    /// How often the system disk has lost its power since it was made, where it counts that.
    pub power_cycles: Option<u64>,
}

/// A kernel log that outlived a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLog {
    /// The file's name, such as `dmesg-efi-165467916801001`.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A message of dom0's kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelMessage {
    /// Its number in this boot.
    pub sequence: u64,
    /// 0 is an emergency, 4 a warning, 7 for debugging.
    pub level: u8,
    /// When, since the kernel began.
    pub at: Duration,
    /// One line.
    pub text: String,
}

/// Why dom0 did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dom0Error {
    /// It was never begun: certainly without effect.
    #[error("{what} could not be run: {why}")]
    NotRun {
        /// The command or step.
        what: String,
        /// What the system said.
        why: String,
    },
    /// It ran to its end and said no. Part of it may have been done.
    #[error("{what} was refused: {why}")]
    Refused {
        /// The command or step.
        what: String,
        /// What it said.
        why: String,
    },
    /// Nobody knows: it ran out of time or was killed.
    #[error("nobody knows whether {what} was done: {why}")]
    Unknown {
        /// The command or step.
        what: String,
        /// What happened to it.
        why: String,
    },
}

impl Dom0Error {
    /// `what` could not be begun.
    pub fn not_run(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::NotRun { what: what.into(), why: why.into() }
    }

    /// `what` ran and said no.
    pub fn refused(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), why: why.into() }
    }

    /// Nobody knows about `what`.
    pub fn unknown(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Unknown { what: what.into(), why: why.into() }
    }
}
