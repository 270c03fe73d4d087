//! What a boot is made of, written down by uptime while it runs.

use super::Boot;
use crate::component::Makeup;
use crate::inventory::{Components, Vm};

/// A boot has no more changes than this; the oldest half of more is summed up.
pub const CHANGES_AT_MOST: usize = 500;

impl Boot {
    /// What it is made of, as it was last seen.
    pub fn makeup(&self) -> Makeup {
        self.changes.iter().cloned().collect()
    }

    /// Takes in a look at dom0 at `uptime_seconds`; says whether there was anything new.
    ///
    /// What could not be read has not changed: a component that is not known is as it was, and so is every VM
    /// where `vms` is nothing.
    pub fn look(
        &mut self,
        uptime_seconds: u64,
        components: &Components,
        vms: Option<&[Vm]>,
    ) -> bool {
        let before = self.makeup();
        let now = before.seen_again(components, vms);
        let changes = before.changes_to(&now, uptime_seconds);
        let is_first = self.first_seen_seconds.is_none();
        if is_first {
            self.first_seen_seconds = Some(uptime_seconds);
        }
        let is_new = is_first || !changes.is_empty();
        self.changes.extend(changes);
        if self.changes.len() > CHANGES_AT_MOST {
            self.sum_up();
        }
        is_new
    }

    /// The longest that it is known to have been up, by what was written down of it.
    pub fn seen_until_seconds(&self) -> Option<u64> {
        let changed = self.changes.last().map(|change| change.uptime_seconds);
        changed.max(self.first_seen_seconds)
    }

    /// Gives up what was known of its first time: it counts as watched from later on.
    fn sum_up(&mut self) {
        let later = self.changes.split_off(self.changes.len().div_ceil(2));
        let older = std::mem::take(&mut self.changes);
        let Some(until) = older.last().map(|change| change.uptime_seconds) else { return };
        let summed: Makeup = older.into_iter().collect();
        self.changes = Makeup::default().changes_to(&summed, until);
        self.changes.extend(later);
        self.first_seen_seconds = self.first_seen_seconds.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{Change, Component};
    use crate::id::{BootId, VmId};
    use crate::inventory::{VmDisk, VmState};
    use crate::timestamp::Timestamp;

    fn boot() -> Boot {
        Boot {
            boot_id: BootId::new(),
            started_at: Timestamp::from_millis(0),
            ended_at: None,
            end: None,
            confidence: None,
            evidence: Vec::new(),
            components: Components::default(),
            first_seen_seconds: None,
            last_seen_seconds: None,
            changes: Vec::new(),
        }
    }

    fn uptimes(changes: &[Change]) -> Vec<u64> {
        changes.iter().map(|change| change.uptime_seconds).collect()
    }

    fn components(xen: Option<&str>, overcommit: Option<u8>) -> Components {
        Components { xen: xen.map(str::to_owned), overcommit, ..Components::default() }
    }

    fn vm(uuid: VmId, domid: Option<u32>, qemu: Option<&str>) -> Vm {
        let disk = VmDisk {
            vdev: "xvda".into(),
            target: Some("/vm/pbx.img".into()),
            format: "qcow2".into(),
            writable: true,
        };
        Vm {
            uuid,
            name: "pbx".into(),
            state: VmState::Running,
            domid,
            memory_bytes: 1 << 30,
            vcpus: 1,
            disks: vec![disk],
            macs: Vec::new(),
            qemu_running: qemu.map(str::to_owned),
            config_path: None,
            managed: true,
            autostart: None,
            started_at: None,
        }
    }

    #[test]
    fn the_first_look_says_from_when_a_boot_was_watched_and_what_it_was_made_of() {
        let mut boot = boot();

        assert!(boot.look(8_640_000, &components(Some("4.6"), Some(0)), Some(&[])));

        assert_eq!(boot.first_seen_seconds, Some(8_640_000));
        assert_eq!(uptimes(&boot.changes), [8_640_000, 8_640_000]);
        assert!(!boot.look(8_640_060, &components(Some("4.6"), Some(0)), Some(&[])));
        assert_eq!(boot.first_seen_seconds, Some(8_640_000));
    }

    #[test]
    fn what_could_not_be_read_has_not_changed() {
        let (id, mut boot) = (VmId::new(), boot());
        let running = [vm(id, Some(3), Some("2.4"))];
        boot.look(10, &components(Some("4.6"), Some(0)), Some(&running));

        assert!(!boot.look(70, &components(None, None), None));
        assert!(!boot.look(130, &components(Some("4.6"), None), Some(&[vm(id, Some(3), None)])));
        let unread = Vm { disks: Vec::new(), ..vm(id, Some(3), Some("2.4")) };
        assert!(!boot.look(190, &components(Some("4.6"), None), Some(&[unread])));
    }

    #[test]
    fn a_vm_that_is_off_or_gone_is_a_change_and_so_is_one_that_runs_another_qemu() {
        let (id, mut boot) = (VmId::new(), boot());
        boot.look(10, &components(None, None), Some(&[vm(id, Some(3), Some("2.4"))]));

        assert!(boot.look(70, &components(None, None), Some(&[vm(id, None, None)])));
        assert_eq!(boot.makeup().value(Component::QemuRunning), None);
        assert!(boot.look(130, &components(None, None), Some(&[vm(id, Some(4), Some("2.6"))])));
        assert_eq!(boot.makeup().value(Component::QemuRunning).as_deref(), Some("2.6"));
        assert!(boot.look(190, &components(None, None), Some(&[])));
        assert_eq!(boot.makeup().value(Component::QemuRunning), None);
        assert_eq!(boot.seen_until_seconds(), Some(190));
    }

    #[test]
    fn of_too_many_changes_the_oldest_are_summed_up_and_the_boot_counts_as_watched_from_there() {
        let mut boot = boot();
        boot.look(5, &components(Some("4.6"), Some(0)), Some(&[]));
        let mut at = 5;
        for round in 0..CHANGES_AT_MOST as u64 + 40 {
            at += 60;
            let mode = u8::from(round % 2 == 0);
            assert!(boot.look(at, &components(Some("4.6"), Some(mode)), Some(&[])));
            assert!(boot.changes.len() <= CHANGES_AT_MOST);
        }

        let first = boot.first_seen_seconds.unwrap();
        assert!(first > 5 && first < at);
        assert_eq!(boot.changes[0].uptime_seconds, first);
        assert!(uptimes(&boot.changes).is_sorted());
        assert_eq!(boot.makeup().value(Component::Xen).as_deref(), Some("4.6"));
        assert_eq!(boot.makeup().value(Component::Overcommit).as_deref(), Some("0"));
    }
}
