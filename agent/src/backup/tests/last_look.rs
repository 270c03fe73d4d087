//! The last look before a system disk is overwritten.

use domfleet_shared::hash::Hash;
use domfleet_shared::migration::Permit;
use domfleet_shared::migration::reset::{Difference, Look};

use super::*;
use crate::backup::files::DiskFiles;
use crate::backup::last_look::last_look;

/// For the set on `drive`, as it is now.
fn permit(drive: &Drive) -> Permit {
    let text = include_str!("../../../../shared/src/migration/tests/permit-1.json");
    let permit: Permit = serde_json::from_str(text).unwrap();
    let name = format!("DOMFLEET/sets/{}/set.json", plan().set);
    let manifest = Hash::of(&drive.kept()[&name]);
    Permit { set: plan().set, generation: 1, manifest, ..permit }
}

fn backed_up() -> (Drive, Guests, Permit) {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    // As the medium mounts it.
    drive.set_read_only(true);
    let permit = permit(&drive);
    (drive, guests, permit)
}

fn look(drive: &Drive, permit: &Permit, guests: &Guests) -> Look {
    let before = drive.kept();
    let look = with_tools(drive, |tools| last_look(tools, permit, Some(guests))).unwrap();
    assert!(drive.kept() == before, "a look has written to the set");
    look
}

#[test]
fn a_set_that_is_whole_and_disks_as_they_were_are_good() {
    let (drive, guests, permit) = backed_up();
    assert_eq!(look(&drive, &permit, &guests), Look::Good);
}

#[test]
fn a_byte_that_was_written_to_any_disk_since_is_found() {
    // An image tells by its times, a volume by what is in it.
    for (path, vm) in [("/a0", 1), ("/a1", 1), ("/b0", 2), ("/b1", 2)] {
        let (drive, guests, permit) = backed_up();
        guests.write(path, 7, 0x42);
        let changed = Difference::Changed { vm: VmId(Uuid::from_u128(vm)), disk: path.to_owned() };
        assert_eq!(look(&drive, &permit, &guests), Look::Bad(changed), "{path}");
    }
}

#[test]
fn an_image_that_was_opened_to_be_written_to_counts_as_changed_whatever_is_in_it() {
    let (drive, guests, permit) = backed_up();
    let same = guests.content("/b0")[7];
    guests.write("/b0", 7, same);
    let changed = Difference::Changed { vm: VmId(Uuid::from_u128(2)), disk: "/b0".to_owned() };
    assert_eq!(look(&drive, &permit, &guests), Look::Bad(changed));
}

#[test]
fn a_flipped_bit_in_any_file_of_the_set_is_found() {
    let (drive, guests, permit) = backed_up();
    let names: Vec<String> = drive.kept().into_keys().collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names.iter().filter(|name| !name.contains("/journal.")) {
        let damaged = drive.cloned();
        damaged.tamper(name, |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
        let found = look(&damaged, &permit, &guests);
        assert!(matches!(found, Look::Bad(Difference::Damaged(_))), "{name}: {found:?}");
    }
}

#[test]
fn a_journal_that_is_damaged_twice_is_no_set() {
    let (drive, guests, permit) = backed_up();
    for copy in ["journal.a", "journal.b"] {
        let name = format!("DOMFLEET/sets/{}/{copy}", plan().set);
        drive.tamper(&name, |bytes| bytes[100] ^= 1);
    }
    assert!(matches!(look(&drive, &permit, &guests), Look::Bad(Difference::Damaged(_))));
}

#[test]
fn another_set_than_the_permit_names_is_found() {
    let (drive, guests, permit) = backed_up();
    let other = SetId(Uuid::from_u128(77));
    let named = Permit { set: other, ..permit.clone() };
    assert_eq!(look(&drive, &named, &guests), Look::Bad(Difference::NoSet(other)));
    let newer = Permit { generation: 2, ..permit.clone() };
    assert_eq!(look(&drive, &newer, &guests), Look::Bad(Difference::OtherSet));
    let sealed_again = Permit { manifest: Hash::of(b"another"), ..permit };
    assert_eq!(look(&drive, &sealed_again, &guests), Look::Bad(Difference::OtherSet));
}

#[test]
fn where_the_system_before_is_gone_only_the_set_is_looked_at() {
    let (drive, guests, permit) = backed_up();
    guests.write("/a0", 7, 0x42);
    let look = with_tools(&drive, |tools| last_look(tools, &permit, None::<&Guests>)).unwrap();
    assert_eq!(look, Look::Good);
}

#[test]
fn a_disk_that_is_not_there_any_more_is_told_of() {
    let (drive, _, permit) = backed_up();
    // None of the paths of the made-up guests is on this machine.
    let look = with_tools(&drive, |tools| last_look(tools, &permit, Some(&DiskFiles))).unwrap();
    assert!(matches!(look, Look::Bad(Difference::Unreadable(_))), "{look:?}");
}
