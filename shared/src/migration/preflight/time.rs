//! How long each VM is off, step by step.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assumptions::{Assumptions, Window};
use super::copies::SecondCopyBy;
use super::facts::VmFacts;
use super::figures::Figures;
use super::notes::{About, BlockerCode, Notes};
use super::room::{DriveNeed, VmNeed};
use super::say;
use crate::id::VmId;

/// From the first VM's shutdown to the last one's start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimeOff {
    /// What happens, one after another.
    pub phases: Vec<Phase>,
    /// When each VM is back, in the order in which they are restored.
    pub vms: Vec<VmTime>,
    /// All of it.
    pub seconds: u64,
    /// What is made before the permit, and how long that may take.
    pub before_permit: BeforePermit,
    /// Whether it fits into the window, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowFit>,
}

/// Something that happens while the VMs are off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phase {
    /// What.
    pub kind: PhaseKind,
    /// The VM that it is done for, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it begins, in seconds since the first shutdown.
    pub begins_seconds: u64,
    /// How long it takes.
    pub seconds: u64,
    /// How many bytes are moved.
    pub bytes: u64,
}

/// What happens while the VMs are off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhaseKind {
    /// All VMs are shut down.
    Stop,
    /// A VM's disks are read, and what has changed is written to the drive: the slower of the two counts.
    Copy,
    /// The set is read back from the drive.
    Verify,
    /// Parity is made, because there is no second copy.
    Protect,
    /// The set is copied to the second drive, and read back there.
    Duplicate,
    /// The recovery medium reads the set.
    LastLook,
    /// The system disk is laid out anew, and 2.x is booted.
    Reset,
    /// A VM's volumes are written, and read back.
    Restore,
    /// A VM starts.
    Boot,
}

/// When a VM is back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VmTime {
    /// The VM.
    pub vm: VmId,
    /// Its name.
    pub name: String,
    /// How long it is off.
    pub seconds: u64,
}

/// What is made before the permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BeforePermit {
    /// How long that takes.
    pub seconds: u64,
    /// How long it may take: then the appliance starts its VMs again by itself.
    pub budget_seconds: u64,
    /// Whether it does not take longer.
    pub fits: bool,
}

/// The time off, held against the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowFit {
    /// The window.
    #[serde(flatten)]
    pub window: Window,
    /// Whether all of it fits.
    pub fits: bool,
    /// What is missing.
    pub missing_seconds: u64,
}

struct Phases(Vec<Phase>);

impl Phases {
    fn end(&self) -> u64 {
        self.0.last().map_or(0, |last| last.begins_seconds.saturating_add(last.seconds))
    }

    fn add(&mut self, kind: PhaseKind, vm: Option<&VmNeed>, bytes: u64, seconds: u64) {
        self.0.push(Phase {
            kind,
            vm: vm.map(|vm| vm.vm),
            name: vm.map(|vm| vm.name.clone()),
            begins_seconds: self.end(),
            seconds,
            bytes,
        });
    }
}

/// A share of so many bytes, in percent, rounded up.
fn share(bytes: u64, percent: u64) -> u64 {
    let part = u128::from(bytes) * u128::from(percent.min(100));
    u64::try_from(part.div_ceil(100)).unwrap_or(u64::MAX)
}

fn copying(figures: &Figures, vm: &VmNeed, changed_percent: u64) -> u64 {
    let written = share(vm.data_bytes, changed_percent);
    let read = figures.source_read.seconds_for(vm.data_bytes);
    read.max(figures.changed_write.seconds_for(written))
}

/// Those that were named first, then those that start with dom0, then the smallest.
fn in_order<'n>(need: &'n DriveNeed, vms: &[&VmFacts], order: &[VmId]) -> Vec<&'n VmNeed> {
    let starts_itself =
        |vm: VmId| vms.iter().any(|found| found.vm == vm && found.autostart == Some(true));
    let named = |vm: VmId| order.iter().position(|other| *other == vm).unwrap_or(usize::MAX);
    let mut sorted: Vec<&VmNeed> = need.vms.iter().collect();
    sorted.sort_by_key(|vm| (named(vm.vm), !starts_itself(vm.vm), vm.virtual_bytes, &vm.name));
    sorted
}

/// Figures that concern a drive are there for the first one, and for the second.
pub(super) fn foretell(
    need: &DriveNeed,
    vms: &[&VmFacts],
    by: &SecondCopyBy,
    (figures, of_second): (&Figures, &Figures),
    assumed: &Assumptions,
) -> TimeOff {
    let data = need.data_bytes();
    let mut phases = Phases(Vec::new());
    phases.add(PhaseKind::Stop, None, 0, figures.stop_seconds.value);
    for vm in &need.vms {
        let seconds = copying(figures, vm, assumed.changed_percent);
        phases.add(PhaseKind::Copy, Some(vm), vm.data_bytes, seconds);
    }
    let reading_back = figures.verify_read.seconds_for(data);
    phases.add(PhaseKind::Verify, None, data, reading_back);
    if *by == SecondCopyBy::OneDrive {
        let written = figures.changed_write.seconds_for(need.parity_bytes);
        let seconds = reading_back.saturating_add(written);
        phases.add(PhaseKind::Protect, None, need.parity_bytes, seconds);
    }
    if *by == SecondCopyBy::SecondDrive {
        let written = of_second.changed_write.seconds_for(data);
        let seconds = reading_back.max(written);
        let seconds = seconds.saturating_add(of_second.verify_read.seconds_for(data));
        phases.add(PhaseKind::Duplicate, None, data, seconds);
    }
    let before = phases.end();
    phases.add(PhaseKind::LastLook, None, data, figures.medium_read.seconds_for(data));
    phases.add(PhaseKind::Reset, None, 0, figures.reset_seconds.value);
    let mut back = Vec::new();
    for vm in in_order(need, vms, &assumed.order) {
        // Zeros are written, too, and every byte of a volume is read back.
        let written = figures.restore_write.seconds_for(vm.virtual_bytes);
        let from_drive = figures.verify_read.seconds_for(vm.data_bytes);
        let read_back = figures.source_read.seconds_for(vm.virtual_bytes);
        let seconds = written.max(from_drive).saturating_add(read_back);
        phases.add(PhaseKind::Restore, Some(vm), vm.virtual_bytes, seconds);
        phases.add(PhaseKind::Boot, Some(vm), 0, figures.boot_seconds.value);
        back.push(VmTime { vm: vm.vm, name: vm.name.clone(), seconds: phases.end() });
    }
    let seconds = phases.end();
    TimeOff {
        phases: phases.0,
        vms: back,
        seconds,
        before_permit: BeforePermit {
            seconds: before,
            budget_seconds: assumed.budget_seconds,
            fits: before <= assumed.budget_seconds,
        },
        window: assumed.window.map(|window| WindowFit {
            window,
            fits: seconds <= window.seconds,
            missing_seconds: seconds.saturating_sub(window.seconds),
        }),
    }
}

pub(super) fn judge(time: &TimeOff, notes: &mut Notes) {
    if let Some(fit) = time.window.filter(|fit| !fit.fits) {
        let sentence = format!(
            "It takes {}, and the window is {} long: {} are missing.",
            say::long(time.seconds),
            say::long(fit.window.seconds),
            say::long(fit.missing_seconds)
        );
        let todo = "Agree on a longer window, take a faster drive (USB 3), or fill the set in an earlier window, so \
                    that only what has changed is written in this one.";
        notes.block(BlockerCode::WindowTooShort, About::default(), sentence, todo);
    }
    let before = time.before_permit;
    if !before.fits {
        let sentence = format!(
            "Until the permit it takes {}, and after {} the appliance starts its VMs again by itself.",
            say::long(before.seconds),
            say::long(before.budget_seconds)
        );
        let todo = "Allow more time before the permit, take a faster drive (USB 3), or fill the set in an earlier \
                    window.";
        notes.block(BlockerCode::BudgetTooShort, About::default(), sentence, todo);
    }
}
