//! What an appliance is made of, while it runs: the suspects, and when each changed.
//!
//! A boot begins with what it was made of when it was first seen, and goes on with what changed: a VM that is
//! started anew runs another QEMU, a disk that was converted has another format, a setting was changed at
//! runtime. The appliance keeps that itself, by uptime, so that neither a lost connection nor a clock that jumps
//! makes it untrue.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::VmId;
use crate::inventory::{Components, Vm};

/// A part of an appliance that has a version or a value.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// The vendor's release.
    Hypervisor,
    /// dom0's kernel.
    Dom0Kernel,
    /// Xen.
    Xen,
    /// The QEMU that is installed.
    QemuInstalled,
    /// The QEMU that serves a running VM.
    QemuRunning,
    /// Alpine.
    Alpine,
    /// The format of a running VM's disks.
    DiskFormat,
    /// The I/O scheduler of the system disk.
    IoScheduler,
    /// Whether swap is on.
    Swap,
    /// `vm.overcommit_memory`.
    Overcommit,
    /// The agent.
    Agent,
    /// One that this build does not know.
    #[serde(other)]
    Unknown,
}

impl Component {
    /// Those that may make an appliance freeze, in the order in which they are shown. The release is not among
    /// them: it is the sum of the others.
    pub const SUSPECTS: [Self; 8] = [
        Self::Dom0Kernel,
        Self::Xen,
        Self::QemuRunning,
        Self::Alpine,
        Self::DiskFormat,
        Self::IoScheduler,
        Self::Swap,
        Self::Overcommit,
    ];

    /// As it is written in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hypervisor => "hypervisor",
            Self::Dom0Kernel => "dom0_kernel",
            Self::Xen => "xen",
            Self::QemuInstalled => "qemu_installed",
            Self::QemuRunning => "qemu_running",
            Self::Alpine => "alpine",
            Self::DiskFormat => "disk_format",
            Self::IoScheduler => "io_scheduler",
            Self::Swap => "swap",
            Self::Overcommit => "overcommit",
            Self::Agent => "agent",
            Self::Unknown => "unknown",
        }
    }
}

/// A component that became another one while dom0 ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// dom0's uptime when it was seen.
    pub uptime_seconds: u64,
    /// Of what.
    pub component: Component,
    /// The VM that it is of, where it is one of a VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm: Option<VmId>,
    /// What it is from then on; nothing where it is gone or not known.
    pub value: Option<String>,
}

/// What an appliance is made of at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Makeup(BTreeMap<(Component, Option<VmId>), String>);

impl Makeup {
    /// That of an appliance with `components` on which `vms` run. A VM without a domain says nothing.
    pub fn of(components: &Components, vms: &[Vm]) -> Self {
        let Components {
            hypervisor,
            dom0_kernel,
            xen,
            qemu_installed,
            alpine,
            agent,
            io_scheduler,
            swap,
            overcommit,
        } = components.clone();
        let own = [
            (Component::Hypervisor, hypervisor),
            (Component::Dom0Kernel, dom0_kernel),
            (Component::Xen, xen),
            (Component::QemuInstalled, qemu_installed),
            (Component::Alpine, alpine),
            (Component::Agent, agent),
            (Component::IoScheduler, io_scheduler),
            (Component::Swap, swap.map(|on| if on { "on" } else { "off" }.to_owned())),
            (Component::Overcommit, overcommit.map(|mode| mode.to_string())),
        ];
        let own =
            own.into_iter().filter_map(|(component, value)| Some(((component, None), value?)));
        let of_vms = vms.iter().filter(|vm| vm.domid.is_some()).flat_map(|vm| {
            let key = |component| (component, Some(vm.uuid));
            let disks = vm.disks.iter().filter(|disk| disk.writable && disk.target.is_some());
            let formats: BTreeSet<&str> = disks.map(|disk| disk.format.as_str()).collect();
            let formats = (!formats.is_empty()).then(|| joined(formats));
            let qemu = vm.qemu_running.clone().map(|qemu| (key(Component::QemuRunning), qemu));
            qemu.into_iter().chain(formats.map(|formats| (key(Component::DiskFormat), formats)))
        });
        Self(own.chain(of_vms).collect())
    }

    /// What it is after another look, in which what could not be read is as it was: a component that is not
    /// known, also one of a VM that runs, and every VM where `vms` is nothing.
    #[must_use]
    pub fn seen_again(&self, components: &Components, vms: Option<&[Vm]>) -> Self {
        let mut now = Self::of(components, vms.unwrap_or_default());
        let runs = |of: VmId| {
            vms.is_none_or(|vms| vms.iter().any(|vm| vm.uuid == of && vm.domid.is_some()))
        };
        let stay = self.0.iter().filter(|((_, vm), _)| vm.is_none_or(runs));
        for (key, value) in stay {
            now.0.entry(*key).or_insert_with(|| value.clone());
        }
        now
    }

    /// What changed until `later`, seen at `uptime_seconds`.
    pub fn changes_to(&self, later: &Self, uptime_seconds: u64) -> Vec<Change> {
        let keys: BTreeSet<_> = self.0.keys().chain(later.0.keys()).collect();
        let changed = keys.into_iter().filter(|key| self.0.get(key) != later.0.get(key));
        let change = |key: &(Component, Option<VmId>)| Change {
            uptime_seconds,
            component: key.0,
            vm: key.1,
            value: later.0.get(key).cloned(),
        };
        changed.map(change).collect()
    }

    /// Takes over a change.
    pub fn apply(&mut self, change: &Change) {
        let key = (change.component, change.vm);
        match &change.value {
            Some(value) => _ = self.0.insert(key, value.clone()),
            None => _ = self.0.remove(&key),
        }
    }

    /// What `component` is, of the appliance as a whole: where its VMs differ, all that there is, in sorted
    /// order with ` + ` between. Nothing where it is not known or no VM runs.
    pub fn value(&self, component: Component) -> Option<String> {
        let values: BTreeSet<&str> = self.values(component).collect();
        (!values.is_empty()).then(|| joined(values))
    }

    /// What `component` is, of the appliance itself or of each of its VMs.
    pub fn values(&self, component: Component) -> impl Iterator<Item = &str> {
        let of_all = self.0.range((component, None)..);
        of_all.take_while(move |((of, _), _)| *of == component).map(|(_, value)| value.as_str())
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Change> for Makeup {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        let mut makeup = Self::default();
        for change in changes {
            makeup.apply(&change);
        }
        makeup
    }
}

fn joined(values: BTreeSet<&str>) -> String {
    values.into_iter().collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{VmDisk, VmState};

    fn vm(uuid: VmId, qemu: &str, format: &str) -> Vm {
        Vm {
            uuid,
            name: "pbx".into(),
            state: VmState::Running,
            domid: Some(3),
            memory_bytes: 1 << 30,
            vcpus: 1,
            disks: vec![VmDisk {
                vdev: "xvda".into(),
                target: Some("/vm/pbx.img".into()),
                format: format.into(),
                writable: true,
            }],
            macs: Vec::new(),
            qemu_running: Some(qemu.into()),
            config_path: None,
            managed: true,
            autostart: None,
            started_at: None,
        }
    }

    #[test]
    fn changes_lead_from_one_makeup_to_the_other() {
        let (a, b) = (VmId::new(), VmId::new());
        let old = Components { xen: Some("4.6".into()), swap: Some(true), ..Components::default() };
        let new =
            Components { xen: Some("4.6".into()), swap: Some(false), ..Components::default() };
        let before = Makeup::of(&old, &[vm(a, "2.4", "qcow2"), vm(b, "2.4", "raw")]);
        let after = Makeup::of(&new, &[vm(a, "2.6", "qcow2")]);

        let changes = before.changes_to(&after, 90);

        let mut folded = before.clone();
        for change in &changes {
            folded.apply(change);
        }
        assert_eq!(folded, after);
        let told: Vec<_> = changes.iter().map(|change| (change.component, change.vm)).collect();
        let qemu = Component::QemuRunning;
        let mut expected = vec![(qemu, Some(a)), (qemu, Some(b))];
        expected.extend([(Component::DiskFormat, Some(b)), (Component::Swap, None)]);
        assert_eq!(told, expected);
    }

    #[test]
    fn an_appliance_whose_vms_differ_has_the_sum_of_them() {
        let vms = [vm(VmId::new(), "2.6", "raw"), vm(VmId::new(), "2.4", "qcow2")];
        let makeup = Makeup::of(&Components::default(), &vms);

        assert_eq!(makeup.value(Component::QemuRunning).as_deref(), Some("2.4 + 2.6"));
        assert_eq!(makeup.value(Component::DiskFormat).as_deref(), Some("qcow2 + raw"));
        assert_eq!(makeup.value(Component::Xen), None);
    }

    #[test]
    fn a_vm_that_is_off_says_nothing() {
        let off = Vm { domid: None, ..vm(VmId::new(), "2.6", "raw") };

        assert!(Makeup::of(&Components::default(), &[off]).is_empty());
    }
}
