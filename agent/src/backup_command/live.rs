//! VMs that go on running while they are backed up on site.

use std::path::{Path, PathBuf};

use domfleet_agent::backup::snapshots::TakenSnapshot;
use domfleet_agent::backup::volumes::{self, Run};
use domfleet_agent::dom0::Dom0Error;
use domfleet_agent::dom0::xen::Xen;
use domfleet_agent::on_site::OnSite;

/// What is read in place of disks whose VMs run, and whom to ask how that is.
#[derive(Clone, Copy)]
pub(super) struct Live<'l> {
    pub(super) snapshots: &'l [TakenSnapshot],
    pub(super) run: Run<'l>,
}

impl Live<'_> {
    /// All VMs are off.
    pub(super) const NONE: Self = Self { snapshots: &[], run: &nobody };
}

fn nobody(program: &str, _: &[&str]) -> Result<Vec<u8>, Dom0Error> {
    Err(Dom0Error::not_run(program, "nothing is read from a snapshot"))
}

/// Does `work` with snapshots of all VMs that run, of those whose configurations these are. They are gone
/// afterwards, whatever came of it.
pub(super) fn with_snapshots<T>(
    dom0: &Xen,
    data: &Path,
    configs: &[PathBuf],
    work: impl FnOnce(Live<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let on_site = runtime.block_on(OnSite::take(dom0, data, configs))?;
    let run =
        |program: &str, arguments: &[&str]| runtime.block_on(volumes::run(program, arguments));
    let done = work(Live { snapshots: &on_site.snapshots, run: &run });
    runtime.block_on(on_site.remove());
    done
}
