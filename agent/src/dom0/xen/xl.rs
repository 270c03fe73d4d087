//! What `xl` prints, read. Exit codes tell nothing (DOMAIN.md 2.2): state is always read again.

use std::collections::HashMap;

use domfleet_shared::id::VmId;
use domfleet_shared::inventory::VmDisk;
use serde::Deserialize;

use crate::dom0::Domain;

const MIB: u64 = 1024 * 1024;

/// The domains of `xl list -v`, dom0 left out.
///
/// A name may hold blanks, so a line is read from the right: security label, reason code, UUID,
/// time, state, VCPUs, memory, number.
pub(crate) fn domains(text: &str) -> Vec<Domain> {
    text.lines().skip(1).filter_map(domain).filter(|domain| domain.domid != 0).collect()
}

fn domain(line: &str) -> Option<Domain> {
    let mut fields = line.split_whitespace().rev();
    let (_label, _reason, uuid) = (fields.next()?, fields.next()?, fields.next()?);
    let (_time, state, vcpus) = (fields.next()?, fields.next()?, fields.next()?);
    let (memory, domid) = (fields.next()?, fields.next()?);
    let mut name: Vec<&str> = fields.collect();
    name.reverse();
    Some(Domain {
        domid: domid.parse().ok()?,
        uuid: VmId(uuid.parse().ok()?),
        name: name.join(" "),
        state: state.to_owned(),
        memory_bytes: memory.parse::<u64>().ok()?.checked_mul(MIB)?,
        vcpus: vcpus.parse().ok()?,
    })
}

/// The keys of `xl info`.
pub(crate) fn info(text: &str) -> HashMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// A number of mebibytes in `xl info`, in bytes.
pub(super) fn mebibytes(info: &HashMap<String, String>, key: &str) -> Option<u64> {
    info.get(key)?.parse::<u64>().ok()?.checked_mul(MIB)
}

/// What `xl list -l` says of a domain's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Devices {
    pub(super) disks: Vec<VmDisk>,
    pub(super) macs: Vec<String>,
}

#[derive(Deserialize)]
struct Listed {
    domid: u32,
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    disks: Vec<Disk>,
    #[serde(default)]
    nics: Vec<Nic>,
}

#[derive(Deserialize)]
struct Disk {
    pdev_path: Option<String>,
    vdev: Option<String>,
    format: Option<String>,
    /// A member with its default value is left out, and 0 is the default.
    #[serde(default)]
    readwrite: i64,
}

#[derive(Deserialize)]
struct Nic {
    mac: Option<String>,
}

/// Devices by domain. A domain that could not be read is missing from the list, as it is from
/// what `xl` prints.
pub(crate) fn devices(json: &[u8]) -> HashMap<u32, Devices> {
    let Ok(listed) = serde_json::from_slice::<Vec<Listed>>(json) else { return HashMap::new() };
    listed.into_iter().map(|listed| (listed.domid, listed.config.into())).collect()
}

impl From<Config> for Devices {
    fn from(config: Config) -> Self {
        let disks = config.disks.into_iter().map(|disk| VmDisk {
            vdev: disk.vdev.unwrap_or_default(),
            target: disk.pdev_path.filter(|path| !path.is_empty()),
            format: disk.format.unwrap_or_else(|| "raw".into()),
            writable: disk.readwrite != 0,
        });
        Self {
            disks: disks.collect(),
            macs: config.nics.into_iter().filter_map(|nic| nic.mac).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_list_gives_the_guest_and_leaves_dom0_out() {
        let domains = domains(include_str!("../../../testdata/xen-4.17/xl-list-v.txt"));

        let [guest] = domains.as_slice() else { panic!("{domains:?}") };
        assert_eq!((guest.name.as_str(), guest.domid, guest.vcpus), ("gq", 1, 1));
        assert_eq!(guest.uuid.to_string(), "5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21");
        assert_eq!((guest.memory_bytes, guest.state.as_str()), (128 * MIB, "-b----"));
    }

    #[test]
    fn a_name_may_hold_blanks() {
        let line = "head\nWindows 10 (old)  7  2048  2  -b----  12.5 \
                    5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21  -  -\n";

        assert_eq!(domains(line)[0].name, "Windows 10 (old)");
    }

    #[test]
    fn recorded_information_is_found_by_its_keys() {
        let info = info(include_str!("../../../testdata/xen-4.17/xl-info.txt"));

        assert_eq!(info["xen_version"], "4.17.7");
        assert_eq!(mebibytes(&info, "total_memory"), Some(1023 * MIB));
        assert_eq!(mebibytes(&info, "nr_nodes_of_nothing"), None);
    }

    #[test]
    fn recorded_devices_belong_to_their_domain() {
        let devices = devices(include_bytes!("../../../testdata/xen-4.17/xl-list-l.json"));

        let disk = &devices[&1].disks[0];
        assert_eq!(disk.target.as_deref(), Some("/var/lib/guests/gq.qcow2"));
        assert_eq!(
            (disk.vdev.as_str(), disk.format.as_str(), disk.writable),
            ("xvda", "qcow2", true)
        );
        assert_eq!(devices[&0], Devices::default());
    }
}
