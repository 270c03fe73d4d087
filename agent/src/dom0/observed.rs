//! What a host holds.

use std::collections::BTreeMap;

use domfleet_shared::id::VmId;
use domfleet_shared::inventory::{Facts, Storage, Vm, VmState, Volume};
use domfleet_shared::mitigation::MitigationStanding;
use domfleet_shared::usb::UsbDrive;

use super::Dom0Error;

/// What a host holds at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The appliance itself. What cannot be read is `None` in it.
    pub facts: Facts,
    /// Every domain but dom0.
    pub domains: Result<Vec<Domain>, Dom0Error>,
    /// Every VM: those with a domain and those with a configuration only, by UUID.
    pub vms: Result<Vec<Vm>, Dom0Error>,
    /// Volume groups and volumes, by name.
    pub storage: Result<Storage, Dom0Error>,
    /// The USB drives that are plugged in, by their device.
    pub usb: Result<Vec<UsbDrive>, Dom0Error>,
    /// How each mitigation stands.
    pub mitigations: Result<Vec<MitigationStanding>, Dom0Error>,
    /// The texts of the configurations in our folder, where `vms` is known.
    pub configs: BTreeMap<VmId, String>,
}

impl Observed {
    /// The VM of that UUID.
    pub fn vm(&self, uuid: VmId) -> Result<Option<&Vm>, Dom0Error> {
        let vms = self.vms.as_ref().map_err(Clone::clone)?;
        Ok(vms.iter().find(|vm| vm.uuid == uuid))
    }

    /// The volume of that `lv_uuid`.
    pub fn volume(&self, lv_uuid: &str) -> Result<Option<&Volume>, Dom0Error> {
        let storage = self.storage.as_ref().map_err(Clone::clone)?;
        Ok(storage.volumes.iter().find(|volume| volume.lv_uuid == lv_uuid))
    }
}

/// A running incarnation of a VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// Its number, never used again in the same boot.
    pub domid: u32,
    /// The VM.
    pub uuid: VmId,
    /// Its name in Xen.
    pub name: String,
    /// As `xl list` prints it: `r b p s X d`, a dash where a letter does not hold. The fifth letter
    /// is why it shut down, and means something only where the fourth is `s`.
    pub state: String,
    /// Memory.
    pub memory_bytes: u64,
    /// Virtual CPUs.
    pub vcpus: u32,
}

impl Domain {
    /// How the VM is.
    ///
    /// Six dashes are a domain that has work and waits for a CPU, so it is running.
    pub fn vm_state(&self) -> VmState {
        let flag = |at: usize| self.state.as_bytes().get(at).copied().unwrap_or(b'-');
        match (flag(5), flag(3), flag(4), flag(2)) {
            (b'd', ..) => VmState::Dying,
            (_, b's', b'c', _) => VmState::Crashed,
            (_, b's', ..) => VmState::Shutdown,
            (.., b'p') => VmState::Paused,
            _ => VmState::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_xl_list_are_read_by_their_place() {
        for (state, expected) in [
            ("r-----", VmState::Running),
            ("-b----", VmState::Running),
            ("------", VmState::Running),
            ("--p---", VmState::Paused),
            ("---s--", VmState::Shutdown),
            ("---sc-", VmState::Crashed),
            ("---ss-", VmState::Shutdown),
            ("-----d", VmState::Dying),
            ("--ps-d", VmState::Dying),
        ] {
            let domain = Domain {
                domid: 1,
                uuid: VmId::new(),
                name: "pbx".into(),
                state: state.into(),
                memory_bytes: 0,
                vcpus: 1,
            };

            assert_eq!(domain.vm_state(), expected, "{state}");
        }
    }
}
