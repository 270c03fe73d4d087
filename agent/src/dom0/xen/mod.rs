//! A real dom0: `xl`, LVM2, `/proc` and `/sys`.
//!
//! Commands and their traps are those of Xen 4.x and LVM2 2.02.158 and later. What a tool says it
//! did is never believed; the caller looks again.

mod apply;
mod collect;
pub(crate) mod command;
mod facts;
mod kept;
mod kernel;
pub(crate) mod lvm;
mod migration;
mod pulse;
mod snapshots;
mod starts;
mod vm_files;
mod vms;
mod watchdog;
pub(crate) mod xl;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::inventory::Storage;
use domfleet_shared::mitigation::MitigationStanding;
use domfleet_shared::usb::UsbDrive;
use serde_json::Value;
use tokio::time::timeout;

pub(crate) use self::facts::Root;
pub(crate) use self::kernel::messages as kernel_messages;
use super::{
    Collected, Dom0, Dom0Error, Domain, Item, Kept, KernelMessage, Limit, News, Observed, Running,
    Step,
};
use crate::backup::cipher::Keyring;
use crate::clock::Clock;
use crate::log_ring::LogRing;
use crate::meter::Meter;
use crate::migration::carry::watch::Watch;
use crate::migration::carry::{Turn, Wanted};
use crate::mitigation::{self, OnDisk};
use crate::usb::Usb;
use crate::works::{self, Place, Work, WorkError};

/// A query of a healthy system takes a second or two, on one slow CPU.
const QUERY_WITHIN: Duration = Duration::from_secs(30);

/// So long USB drives may take to be read, all together.
const DRIVES_WITHIN: Duration = Duration::from_secs(20);

/// The vendor's own tools get so long to take note.
const HOOK_WITHIN: Duration = Duration::from_secs(30);

/// Where a dom0 keeps what differs from vendor to vendor.
#[derive(Clone, Debug)]
pub struct Layout {
    /// `/`, or a folder with a fake system in it.
    pub root: PathBuf,
    /// The agent's own folder.
    pub data_dir: PathBuf,
    /// Where configurations of VMs are.
    pub vm_config_dirs: Vec<String>,
    /// Where configurations that we adopted are: our own folder.
    pub adopted_dir: PathBuf,
    /// Where configurations, or links to them, are that dom0 starts by itself.
    pub autostart_dir: String,
    /// Where xenconsoled keeps what guests say.
    pub console_log_dir: String,
    /// The program that is told of VMs that were made, moved, renamed or removed, and its
    /// arguments; nobody where it is empty.
    pub vm_hook: Vec<String>,
    /// The file that names the hypervisor's release.
    pub release_file: String,
    /// The watchdog's device, where it is to be fed.
    pub watchdog: Option<String>,
}

/// This machine's dom0; clones are the same one.
#[derive(Clone, Debug)]
pub struct Xen {
    root: Root,
    layout: Layout,
    log: Arc<LogRing>,
    kernel: Arc<kernel::Follower>,
    device_models: Arc<vms::DeviceModels>,
    starts: Arc<starts::Starts>,
    watchdog: Arc<watchdog::Device>,
    aside: collect::Aside,
    place: Place,
    /// What was seen of VMs that a migration has given back.
    watch: Arc<Watch>,
}

impl Xen {
    /// The dom0 of `layout`; `log` is what the agent itself has logged.
    pub fn new(layout: Layout, log: Arc<LogRing>) -> Self {
        let configs = layout.vm_config_dirs.first().map_or("/etc/xen", String::as_str);
        let place = Place {
            usb: Usb::new(&layout.root, &layout.data_dir),
            configs: layout.root.join(configs.trim_start_matches('/')),
            clock: Clock::of_the_machine(),
            system: OnDisk::new(&layout.root, &layout.data_dir, &layout.release_file),
            data_dir: layout.data_dir.clone(),
        };
        let watchdog = layout.watchdog.as_ref();
        let watchdog = watchdog.map(|path| layout.root.join(path.trim_start_matches('/')));
        Self {
            place,
            aside: collect::Aside::default(),
            watchdog: Arc::new(watchdog::Device::new(watchdog)),
            root: Root(layout.root.clone()),
            layout,
            log,
            kernel: Arc::default(),
            device_models: Arc::default(),
            starts: Arc::default(),
            watch: Arc::default(),
        }
    }

    /// A drive that is broken can keep whoever reads it for minutes, and hides no VM meanwhile.
    async fn drives(&self) -> Result<Vec<UsbDrive>, Dom0Error> {
        let usb = self.place.usb.clone();
        let looking = tokio::task::spawn_blocking(move || usb.drives());
        match timeout(DRIVES_WITHIN, looking).await {
            Ok(Ok(drives)) => Ok(drives),
            Ok(Err(error)) => Err(Dom0Error::unknown("looking for USB drives", error.to_string())),
            Err(_) => Err(Dom0Error::unknown("looking for USB drives", "it did not end in time")),
        }
    }

    async fn mitigations(&self) -> Result<Vec<MitigationStanding>, Dom0Error> {
        const WHAT: &str = "looking at mitigations";
        let system = self.place.system.clone();
        let looking = tokio::task::spawn_blocking(move || mitigation::standings(&system));
        match timeout(QUERY_WITHIN, looking).await {
            Ok(Ok(standings)) => standings.map_err(|error| {
                let why = std::error::Error::source(&error).map(ToString::to_string);
                Dom0Error::unknown(WHAT, format!("{error}: {}", why.unwrap_or_default()))
            }),
            Ok(Err(error)) => Err(Dom0Error::unknown(WHAT, error.to_string())),
            Err(_) => Err(Dom0Error::unknown(WHAT, "it did not end in time")),
        }
    }

    async fn info(&self) -> HashMap<String, String> {
        match command::run("xl", &["info"], QUERY_WITHIN).await {
            Ok(output) => xl::info(&output.text()),
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no word from xl info");
                HashMap::new()
            }
        }
    }

    async fn storage(&self) -> Result<Storage, Dom0Error> {
        if command::find("lvs").is_none() {
            // 1.x keeps disks in files, and may have no LVM at all.
            return Ok(Storage::default());
        }
        let volumes = command::run("lvs", &lvm::volumes_query(), QUERY_WITHIN).await?;
        let groups = command::run("vgs", &lvm::groups_query(), QUERY_WITHIN).await?;
        let (volumes, groups) = (volumes.success("lvs")?, groups.success("vgs")?);
        lvm::storage(&volumes.stdout, &groups.stdout)
            .map_err(|error| Dom0Error::unknown("reading what lvs and vgs said", error.to_string()))
    }
}

impl Dom0 for Xen {
    fn running(&self) -> Result<Running, Dom0Error> {
        self.root.running()
    }

    async fn observe(&self) -> Observed {
        let info = self.info().await;
        let facts = facts::observe(&self.root, &info, &self.layout.release_file).await;
        let domains = self.domains().await;
        let (vms, configs) = match &domains {
            Ok(domains) => {
                let (vms, configs) = self.vms(domains).await;
                (Ok(vms), configs)
            }
            Err(error) => (Err(error.clone()), BTreeMap::new()),
        };
        let storage = self.storage().await;
        let (usb, mitigations) = (self.drives().await, self.mitigations().await);
        Observed { facts, domains, vms, storage, usb, mitigations, configs }
    }

    async fn domains(&self) -> Result<Vec<Domain>, Dom0Error> {
        let output = command::run("xl", &["list", "-v"], QUERY_WITHIN).await?;
        Ok(xl::domains(&output.success("xl list")?.text()))
    }

    async fn apply(&self, step: &Step) -> Result<(), Dom0Error> {
        self.carry_out(step).await
    }

    async fn work(
        &self,
        work: Work,
        keys: Keyring,
        meter: &Arc<dyn Meter>,
    ) -> Result<Value, WorkError> {
        works::carry_out(&self.place, work, keys, meter).await
    }

    async fn turn(&self, wanted: Wanted, keys: Keyring, meter: &Arc<dyn Meter>) -> Turn {
        self.migrate(wanted, keys, meter).await
    }

    async fn tell(&self, news: &News) -> Option<Result<(), Dom0Error>> {
        let (program, arguments) = self.layout.vm_hook.split_first()?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        // Ids and texts only: this cannot fail.
        let document = serde_json::to_vec(news).unwrap_or_default();
        let output = command::feed(program, &arguments, &document, HOOK_WITHIN).await;
        Some(output.and_then(|output| output.success(program)).map(|_| ()))
    }

    async fn collect(&self, item: Item, limit: Limit) -> Collected {
        self.collected(item, limit).await
    }

    async fn further_items(&self) -> Vec<Item> {
        self.further().await
    }

    async fn kept(&self) -> Kept {
        let consoles = &self.layout.console_log_dir;
        kept::kept(&self.root, consoles).await
    }

    fn arm_watchdog(&self) -> Result<Option<Duration>, Dom0Error> {
        self.watchdog.arm()
    }

    fn feed_watchdog(&self) -> Result<(), Dom0Error> {
        self.watchdog.feed()
    }

    fn disarm_watchdog(&self) -> Result<(), Dom0Error> {
        self.watchdog.disarm()
    }

    async fn kernel_log(&self, after: Option<u64>) -> Result<Vec<KernelMessage>, Dom0Error> {
        self.kernel.after(&self.root, after).await
    }
}
