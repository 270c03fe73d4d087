//! What the vendor brought out, and when: components change in bundles, with a few contrasts that separate them, as
//! in the history of 0.9.7 to 2.0.

/// A release. Days are counted from the beginning of the simulated time.
pub(crate) struct Release {
    pub(crate) name: &'static str,
    pub(crate) day: f64,
    pub(crate) kernel: &'static str,
    pub(crate) xen: &'static str,
    pub(crate) alpine: &'static str,
    pub(crate) qemu: &'static str,
    pub(crate) format: &'static str,
    /// Whether it has swap and overcommitting off, and noop.
    pub(crate) is_mitigated: bool,
    /// How many of those that could take it do.
    pub(crate) taken_by: f64,
    /// Whether the system is installed anew for it. Otherwise packages are changed: Alpine at once, what needs
    /// dom0 to restart with its next start, and QEMU with each VM's next start.
    pub(crate) is_install: bool,
}

pub(crate) const RC4: &str = "2.0rc4";

pub(crate) const RELEASES: [Release; 8] = [
    Release {
        name: "0.9.7",
        day: f64::NEG_INFINITY,
        kernel: "3.10.33",
        xen: "4.4.1",
        alpine: "3.0",
        qemu: "2.0.0",
        format: "qcow",
        is_mitigated: false,
        taken_by: 1.0,
        is_install: true,
    },
    Release {
        name: "0.9.8",
        day: 60.0,
        kernel: "3.10.55",
        xen: "4.4.1",
        alpine: "3.0",
        qemu: "2.0.0",
        format: "qcow",
        is_mitigated: false,
        taken_by: 0.5,
        is_install: false,
    },
    Release {
        name: "1.0",
        day: 120.0,
        kernel: "3.18.20",
        xen: "4.6.0",
        alpine: "3.3",
        qemu: "2.6.0",
        format: "qcow2",
        is_mitigated: false,
        taken_by: 0.6,
        is_install: false,
    },
    // Back on the system of 0.9.7, where the VMs and what runs them stayed.
    Release {
        name: "1.01",
        day: 240.0,
        kernel: "3.10.55",
        xen: "4.4.1",
        alpine: "3.0",
        qemu: "2.6.0",
        format: "qcow2",
        is_mitigated: false,
        taken_by: 0.4,
        is_install: true,
    },
    Release {
        name: "1.02",
        day: 330.0,
        kernel: "3.10.108",
        xen: "4.4.1",
        alpine: "3.0",
        qemu: "2.6.0",
        format: "qcow2",
        is_mitigated: false,
        taken_by: 0.5,
        is_install: false,
    },
    Release {
        name: "1.03",
        day: 400.0,
        kernel: "3.10.108",
        xen: "4.4.1",
        alpine: "3.0",
        qemu: "2.6.0",
        format: "qcow2",
        is_mitigated: true,
        taken_by: 0.4,
        is_install: false,
    },
    Release {
        name: RC4,
        day: 450.0,
        kernel: "4.4.52",
        xen: "4.6.4",
        alpine: "3.5",
        qemu: "2.6.0",
        format: "raw",
        is_mitigated: true,
        taken_by: 0.03,
        is_install: true,
    },
    Release {
        name: "2.0",
        day: 500.0,
        kernel: "4.4.59",
        xen: "4.6.4",
        alpine: "3.5",
        qemu: "2.8.1",
        format: "raw",
        is_mitigated: true,
        taken_by: 0.6,
        is_install: true,
    },
];
