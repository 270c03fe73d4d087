//! What only one operation at a time may hold.

use crate::id::VmId;

/// What only one operation at a time may hold on an appliance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lock {
    /// The system: its disk, its boot loader.
    Os,
    /// Volume groups and what is in them.
    Storage,
    /// USB drives: one is tried, prepared, written to or read at a time, or each is slower.
    Usb,
    /// Whether dom0 runs.
    Power,
    /// One VM.
    Vm(VmId),
}

impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Os => f.write_str("os"),
            Self::Storage => f.write_str("storage"),
            Self::Usb => f.write_str("usb"),
            Self::Power => f.write_str("power"),
            Self::Vm(vm) => write!(f, "vm:{vm}"),
        }
    }
}

/// Whether an operation that wants `wanted` must wait for the holder of `held`.
pub fn conflicts(wanted: &Lock, held: &Lock) -> bool {
    wanted == held || *wanted == Lock::Power || *held == Lock::Power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reboot_of_the_appliance_waits_for_everything_and_everything_for_it() {
        let vm = Lock::Vm(VmId::new());

        assert!(conflicts(&Lock::Power, &vm));
        assert!(conflicts(&Lock::Storage, &Lock::Power));
        assert!(!conflicts(&Lock::Storage, &vm));
        assert!(!conflicts(&Lock::Vm(VmId::new()), &vm));
    }
}
