//! A set held against the disks that it was made of.

use domfleet_shared::id::{SetId, VmId};
use domfleet_shared::set_answers::ComparedSet;

use super::failed;
use crate::backup::compare::compare;
use crate::backup::list;
use crate::backup::medium::Medium;
use crate::backup::restore::Sealed;
use crate::backup::source::Sources;
use crate::backup::tools::Tools;
use crate::works::WorkError;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    /// A set other than the newest.
    pub(super) set: Option<SetId>,
    /// One VM in it, instead of all.
    pub(super) vm: Option<VmId>,
    /// VMs that run: what they have written is not all on their disks.
    pub(super) running: &'w [VmId],
}

pub(super) fn carry_out<M: Medium>(
    tools: Tools<'_, M>,
    wanted: Wanted<'_>,
    sources: &impl Sources,
) -> Result<ComparedSet, WorkError> {
    let Wanted { set, vm, running } = wanted;
    let listed = list::list(tools.medium).map_err(|error| failed(&error))?;
    let newest = listed.iter().rev().find(|listed| {
        let mut vms = listed.manifest.iter().flat_map(|manifest| &manifest.vms);
        set.is_none_or(|set| set == listed.set)
            && vms.any(|saved| vm.is_none_or(|vm| vm == saved.uuid))
    });
    let newest = newest.ok_or_else(|| {
        let holds = vm.map(|vm| format!(" that holds a VM {vm}")).unwrap_or_default();
        let why = format!("there is no such finished backup set on the drive{holds}");
        WorkError::failed("not_found", why)
    })?;
    let sealed = Sealed::open(tools, newest.set).map_err(|error| failed(&error))?;
    let mut looked_at =
        sealed.manifest.vms.iter().filter(|saved| vm.is_none_or(|vm| vm == saved.uuid));
    if let Some(saved) = looked_at.find(|saved| running.contains(&saved.uuid)) {
        let why = format!("{} runs: shut it down first, or compare another VM alone", saved.name);
        return Err(WorkError::failed("refused", why));
    }
    compare(&sealed, vm, sources).map_err(|error| failed(&error))
}
