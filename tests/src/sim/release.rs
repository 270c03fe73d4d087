//! The vendor's releases: what each is made of, and how long an appliance runs on it.
//!
//! What the vendor tells of them: 0.9.7 has uptimes of more than 100 days; 0.9.8 brought the new
//! VM format; 1.0 changed kernel, Xen, QEMU, Alpine and format at once; 1.01 went back to the base
//! system of 0.9.7, and froze on; 1.03 has swap off, no overcommit and the noop scheduler; 2.x has
//! logical volumes. What was found out at last: the QEMU binary was to blame, and logical volumes
//! with that binary froze much less often, but did. So it is here. Version numbers of components
//! that the vendor does not name are those of their time.

use std::time::Duration;

use domfleet_shared::inventory::Components;

use super::dice::Dice;

/// A release of the hypervisor.
#[derive(Debug)]
pub struct Release {
    /// As its product file names it.
    pub hypervisor: &'static str,
    alpine: &'static str,
    kernel: &'static str,
    xen: &'static str,
    qemu: &'static str,
    /// The format of its VMs' disks: `qcow`, `qcow2` or `lv`.
    pub disk_format: &'static str,
    /// Whether swap is off, overcommit too, and the scheduler noop.
    pub(super) is_mitigated: bool,
    /// Its share of a fleet, in percent.
    share: u64,
    /// Days until it freezes or panics, on the average.
    days_to_death: u64,
}

/// The QEMU of 0.9.7.
const OLD_QEMU: &str = "1.7.1";
/// The one to blame.
const FAULTY_QEMU: &str = "2.4.1";
const DAY: Duration = Duration::from_hours(24);

/// Oldest first.
pub const RELEASES: [Release; 9] = [
    base("0.9.7", OLD_QEMU, "qcow", 18, 2500),
    base("0.9.8", FAULTY_QEMU, "qcow2", 5, 20),
    Release {
        alpine: "3.3.3",
        kernel: "4.1.20-0-grsec",
        xen: "4.6.1",
        ..base("1.0", FAULTY_QEMU, "qcow2", 14, 10)
    },
    base("1.01", FAULTY_QEMU, "qcow2", 12, 14),
    base("1.02", FAULTY_QEMU, "qcow2", 13, 14),
    Release { is_mitigated: true, ..base("1.03", FAULTY_QEMU, "qcow2", 10, 25) },
    Release {
        alpine: "3.5.1",
        kernel: "4.4.45-0-grsec",
        xen: "4.7.1",
        ..base("2.0rc4", FAULTY_QEMU, "lv", 4, 400)
    },
    Release {
        alpine: "3.7.0",
        kernel: "4.9.65-1-hardened",
        xen: "4.9.1",
        ..base("2.0", "2.10.1", "lv", 16, 4000)
    },
    Release {
        alpine: "3.8.1",
        kernel: "4.14.67-0-virt",
        xen: "4.10.1",
        ..base("2.1", "2.12.1", "lv", 8, 4000)
    },
];

/// A release on the base system of 0.9.7.
const fn base(
    hypervisor: &'static str,
    qemu: &'static str,
    disk_format: &'static str,
    share: u64,
    days_to_death: u64,
) -> Release {
    Release {
        hypervisor,
        alpine: "3.0.6",
        kernel: "3.14.27-0-grsec",
        xen: "4.4.1",
        qemu,
        disk_format,
        is_mitigated: false,
        share,
        days_to_death,
    }
}

impl Release {
    /// The release of that name.
    pub fn named(hypervisor: &str) -> Option<&'static Self> {
        RELEASES.iter().find(|release| release.hypervisor == hypervisor)
    }

    /// One of them, by their shares of a fleet.
    pub fn drawn(dice: &mut Dice) -> &'static Self {
        let mut at = dice.below(RELEASES.iter().map(|release| release.share).sum());
        for release in &RELEASES {
            if at < release.share {
                return release;
            }
            at -= release.share;
        }
        &RELEASES[0]
    }

    /// What it is made of. The agent names itself.
    pub fn components(&self) -> Components {
        Components {
            hypervisor: Some(self.hypervisor.to_owned()),
            dom0_kernel: Some(self.kernel.to_owned()),
            xen: Some(self.xen.to_owned()),
            qemu_installed: Some(self.qemu.to_owned()),
            alpine: Some(self.alpine.to_owned()),
            agent: Some(env!("CARGO_PKG_VERSION").to_owned()),
            io_scheduler: Some(if self.is_mitigated { "noop" } else { "cfq" }.to_owned()),
            swap: Some(!self.is_mitigated),
            overcommit: Some(if self.is_mitigated { 2 } else { 0 }),
        }
    }

    /// Whether its VMs are on logical volumes.
    pub fn has_volumes(&self) -> bool {
        self.disk_format == "lv"
    }

    /// How long until it freezes or panics, on the average.
    pub fn mean_time_to_death(&self) -> Duration {
        DAY.saturating_mul(u32::try_from(self.days_to_death).unwrap_or(u32::MAX))
    }

    /// For how long an appliance with it may have been up: as long as it ever is, 230 days at most.
    pub fn uptime(&self, dice: &mut Dice) -> Duration {
        let longest = DAY.saturating_mul(230);
        if self.days_to_death > 1000 {
            // Nobody restarts what runs.
            return DAY.saturating_mul(100).saturating_add(dice.wait(DAY * 40)).min(longest);
        }
        dice.wait(self.mean_time_to_death()).min(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_vendor_tells_of_the_releases_holds() {
        let of = |name| Release::named(name).unwrap();

        assert_eq!(RELEASES.iter().map(|release| release.share).sum::<u64>(), 100);
        assert_eq!((of("1.01").kernel, of("1.01").xen), (of("0.9.7").kernel, of("0.9.7").xen));
        assert_ne!(of("0.9.7").disk_format, of("0.9.8").disk_format);
        assert_eq!(of("1.03").components().swap, Some(false));
        assert!(of("2.0rc4").mean_time_to_death() > of("1.03").mean_time_to_death());
        assert!(of("2.0rc4").mean_time_to_death() < of("2.0").mean_time_to_death());
    }

    #[test]
    fn all_of_0_9_7_are_up_for_more_than_a_hundred_days() {
        let mut dice = Dice::new(3);
        let old = Release::named("0.9.7").unwrap();

        assert!((0..200).all(|_| old.uptime(&mut dice) >= DAY * 100));
    }
}
