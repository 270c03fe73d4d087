//! As which VM something is restored: as itself, or as another one that can run beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use domfleet_shared::id::VmId;
use domfleet_shared::image::Format;
use domfleet_shared::inventory::Vm;
use domfleet_shared::operation::vm::check_name;
use domfleet_shared::xl_config::{Document, LONGEST, VmConfig};

use super::config;
use super::documents::SavedVm;
use super::error::BackupError;
use crate::dom0::xen::xl;

/// As which VM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its name: of its disks and of its configuration, too.
    pub name: String,
    /// Its UUID.
    pub uuid: VmId,
    /// The addresses that its cards must not have; nothing where it keeps those that it had.
    taken: Option<BTreeSet<String>>,
}

/// The VMs that there are already, as far as their configurations tell.
#[derive(Clone, Debug, Default)]
pub struct Others {
    names: BTreeSet<String>,
    uuids: BTreeSet<VmId>,
    macs: BTreeSet<String>,
}

impl Others {
    /// Those whose configurations are in that folder; of one that is not there, none.
    pub fn add_folder(&mut self, folder: &Path) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            // Through links, too: those of `auto` lead to configurations.
            let is_file = std::fs::metadata(entry.path()).is_ok_and(|data| data.is_file());
            if let Some(config) =
                Some(entry.path()).filter(|_| is_file).and_then(|path| read(&path))
            {
                self.add(&config);
            }
        }
    }

    /// Those that have a domain now, as `xl list -v` says it: they may have no configuration.
    pub fn add_domains(&mut self, listed: &str) {
        for domain in xl::domains(listed) {
            self.names.insert(domain.name);
            self.uuids.insert(domain.uuid);
        }
    }

    /// One that the host has told of.
    pub fn add_vm(&mut self, vm: &Vm) {
        self.names.insert(vm.name.clone());
        self.uuids.insert(vm.uuid);
        self.macs.extend(vm.macs.iter().map(|mac| mac.to_ascii_lowercase()));
    }

    fn add(&mut self, config: &VmConfig) {
        self.names.insert(config.name.clone());
        self.uuids.extend(config.uuid);
        self.macs.extend(config.macs());
    }
}

fn read(path: &Path) -> Option<VmConfig> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(LONGEST as u64 + 1).read_to_end(&mut text).ok()?;
    config::parse(std::str::from_utf8(&text).ok()?)
}

impl Identity {
    /// As itself: its name, its UUID and the addresses of its cards. Licences and DHCP leases go with
    /// these.
    pub fn own(vm: &SavedVm) -> Self {
        Self { name: vm.name.clone(), uuid: vm.uuid, taken: None }
    }

    /// As a VM of that name, with a new UUID and a new address for each card, which must be none of
    /// `others`.
    pub fn another(vm: &SavedVm, name: &str, others: &Others) -> Result<Self, BackupError> {
        let refused = |why: String| Err(BackupError::Refused(why));
        if let Err(why) = check_name(name) {
            return refused(format!("{name:?} is no name for a VM: {why}"));
        }
        if name == vm.name {
            return refused(format!(
                "{name} is its own name: restore it as itself, or say another"
            ));
        }
        if others.names.contains(name) {
            return refused(format!("there is a VM {name} already: say another name"));
        }
        let uuid = VmId::new();
        if uuid == vm.uuid || others.uuids.contains(&uuid) {
            return refused(format!("there is a VM of the UUID {uuid} already: try again"));
        }
        Ok(Self { name: name.to_owned(), uuid, taken: Some(others.macs.clone()) })
    }

    /// The configuration `text` for it, with its disks elsewhere: by number, from 0 on, where and in
    /// which format.
    pub(crate) fn config(
        &self,
        text: &[u8],
        moved: impl Iterator<Item = (u32, String, Format)>,
    ) -> Result<String, BackupError> {
        let Some(taken) = &self.taken else {
            return Ok(config::with_disks(&String::from_utf8_lossy(text), self.uuid, moved));
        };
        let moved: BTreeMap<u32, (String, String)> =
            moved.map(|(number, path, format)| (number, (path, format.to_string()))).collect();
        let changed = Document::parse(text).and_then(|document| {
            let cards = VmConfig::of(&document).map(|config| config.nics).unwrap_or_default();
            let before = cards.iter().map(|card| card.mac.as_deref());
            let macs = new_macs(self.uuid, before, taken.clone());
            document.with_moved_disks(&moved)?.with_identity(&self.name, self.uuid, &macs)
        });
        match changed {
            Ok(document) => Ok(document.text().to_owned()),
            Err(error) => Err(BackupError::Refused(format!(
                "its configuration cannot be changed ({error}): restore the VM as itself, and mend it"
            ))),
        }
    }
}

/// An address for each card, none of those that it had, that are taken, or that another card got.
fn new_macs<'c>(
    vm: VmId,
    cards: impl Iterator<Item = Option<&'c str>> + Clone,
    mut taken: BTreeSet<String>,
) -> Vec<String> {
    taken.extend(cards.clone().flatten().map(str::to_owned));
    let mut found = Vec::new();
    for (card, before) in cards.enumerate() {
        let candidate = |number: u32| {
            let dice = blake3::hash(format!("domfleet mac {vm} {card} {number}").as_bytes());
            let [a, b, c, ..] = *dice.as_bytes();
            match before.and_then(|mac| mac.get(..8)).filter(|prefix| is_local(prefix)) {
                // Whoever gave out addresses of their own has reasons for where these begin.
                Some(prefix) => format!("{prefix}:{a:02x}:{b:02x}:{c:02x}"),
                None => format!("00:16:3e:{:02x}:{b:02x}:{c:02x}", a & 0x7f),
            }
        };
        let mac = (0..).map(candidate).take(100_000).find(|mac| !taken.contains(mac));
        let mac = mac.unwrap_or_else(|| candidate(0));
        taken.insert(mac.clone());
        found.push(mac);
    }
    found
}

/// Whether an address that begins so was given by whoever uses it, and to one card.
fn is_local(prefix: &str) -> bool {
    let octets: Vec<Option<u8>> =
        prefix.split(':').map(|octet| u8::from_str_radix(octet, 16).ok()).collect();
    matches!(octets.as_slice(), [Some(first), Some(_), Some(_)] if first & 0b11 == 0b10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_addresses_begin_as_the_old_ones_did_and_are_nobodys() {
        let vm = VmId::new();
        let cards =
            [Some("00:16:3e:5e:6c:01"), Some("02:aa:bb:00:00:01"), Some("90:1b:0e:1:2:3"), None];
        let before: BTreeSet<String> = cards.iter().flatten().map(|&mac| mac.to_owned()).collect();
        let first = new_macs(vm, cards.into_iter(), BTreeSet::new());

        // As if those had been given to somebody else.
        let second = new_macs(vm, cards.into_iter(), first.iter().cloned().collect());

        for macs in [&first, &second] {
            let begin: Vec<&str> = macs.iter().map(|mac| &mac[..8]).collect();
            assert_eq!(begin, ["00:16:3e", "02:aa:bb", "00:16:3e", "00:16:3e"]);
            assert!(macs.iter().all(|mac| mac.len() == 17 && !before.contains(mac)), "{macs:?}");
        }
        let all: BTreeSet<&String> = first.iter().chain(&second).collect();
        assert_eq!(all.len(), 8, "{all:?}");
    }
}
