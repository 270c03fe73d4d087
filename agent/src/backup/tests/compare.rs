//! A set held against the disks that it was made of.

use domfleet_shared::set_answers::{ComparedSet, Found};

use super::*;
use crate::backup::compare::compare;

fn held_against(drive: &Drive, sources: &impl Sources) -> Result<ComparedSet, BackupError> {
    let before = drive.kept();
    let compared =
        with_tools(drive, |tools| compare(&Sealed::open(tools, plan().set)?, None, sources));
    assert!(drive.kept() == before, "comparing has written to the set");
    compared
}

fn found(compared: ComparedSet) -> Vec<Found> {
    compared.disks.into_iter().map(|disk| disk.found).collect()
}

fn backed_up() -> (Drive, Guests) {
    let (drive, guests) = (Drive::new(), Guests::new());
    back_up(&drive, &guests).unwrap();
    (drive, guests)
}

#[test]
fn disks_that_nobody_wrote_to_are_the_same() {
    let (drive, guests) = backed_up();
    // A set on a drive that is write-protected is as good.
    drive.set_read_only(true);

    let compared = held_against(&drive, &guests).unwrap();

    assert!(compared.same);
    let paths: Vec<&str> = compared.disks.iter().map(|disk| disk.path.as_str()).collect();
    assert_eq!(paths, ["/a0", "/a1", "/b0", "/b1"]);
}

#[test]
fn of_one_vm_only_its_own_disks_are_looked_at() {
    let (drive, guests) = backed_up();
    guests.write("/a0", 7, 0xaa);
    let compared = with_tools(&drive, |tools| {
        let sealed = Sealed::open(tools, plan().set).unwrap();
        let other = sealed.manifest.vms[1].uuid;
        compare(&sealed, Some(other), &guests).unwrap()
    });

    assert!(compared.same, "{compared:?}");
    let paths: Vec<&str> = compared.disks.iter().map(|disk| disk.path.as_str()).collect();
    assert_eq!(paths, ["/b0", "/b1"]);
}

#[test]
fn every_byte_that_was_written_since_is_found_and_said_where() {
    let (drive, guests) = backed_up();
    for at in (0..6_000).step_by(97).chain([5_999]) {
        let changed = Guests(Arc::new(Mutex::new(guests.0.lock().unwrap().clone())));
        let byte = changed.content("/a0")[at];
        changed.write("/a0", at, byte ^ 1);

        let compared = held_against(&drive, &changed).unwrap();

        assert!(!compared.same);
        let frame = at as u64 / 512 * 512;
        let range = frame..(frame + 512).min(6_000);
        let bytes = range.end - range.start;
        let differs = Found::Differs { virtual_bytes: None, bytes, ranges: vec![range] };
        assert_eq!(found(compared)[..2], [differs, Found::Same]);
    }
}

#[test]
fn a_disk_that_has_grown_or_shrunk_differs() {
    let (drive, guests) = backed_up();
    let with_length = |length| {
        let changed = Guests(Arc::new(Mutex::new(guests.0.lock().unwrap().clone())));
        changed.0.lock().unwrap().get_mut("/b0").unwrap().content.resize(length, 0);
        found(held_against(&drive, &changed).unwrap()).swap_remove(2)
    };

    let grown = Found::Differs { virtual_bytes: Some(4_096), bytes: 0, ranges: Vec::new() };
    assert_eq!(with_length(4_096), grown);
    // 3,600 bytes were there: the frame that is cut, and all after it.
    let cut = 512..3_600;
    let shrunk = Found::Differs { virtual_bytes: Some(1_000), bytes: 3_088, ranges: vec![cut] };
    assert_eq!(with_length(1_000), shrunk);
}

#[test]
fn a_disk_that_is_written_to_meanwhile_is_not_said_to_be_the_same() {
    let (drive, guests) = backed_up();
    guests.run_after(3, "/a0", "/a0");

    let compared = held_against(&drive, &guests).unwrap();

    let found = &found(compared)[0];
    assert!(matches!(found, Found::Unreadable { why } if why.contains("written to")), "{found:?}");
}

/// Of these one disk is gone, and another cannot be read.
struct Broken(Guests);

impl Sources for Broken {
    type Source = Reading;

    fn open(&self, disk: &PlannedDisk) -> io::Result<Reading> {
        match disk.path.as_str() {
            "/a0" => Err(io::ErrorKind::NotFound.into()),
            "/b0" => Err(io::Error::other("a sector cannot be read")),
            _ => self.0.open(disk),
        }
    }
}

#[test]
fn a_disk_that_is_gone_is_missing_and_the_others_are_compared() {
    let (drive, guests) = backed_up();

    let found = found(held_against(&drive, &Broken(guests)).unwrap());

    let why = "a sector cannot be read".to_owned();
    let unreadable = Found::Unreadable { why };
    assert_eq!(found, [Found::Missing, Found::Same, unreadable, Found::Same]);
}

#[test]
fn a_set_whose_index_is_damaged_is_compared_with_nothing() {
    let (drive, guests) = backed_up();
    let index = drive.kept().into_keys().find(|name| name.ends_with("/index")).unwrap();
    drive.tamper(&index, |content| *content.last_mut().unwrap() ^= 1);

    let error = held_against(&drive, &guests).unwrap_err();

    assert!(matches!(error, BackupError::Damaged(_)), "{error:?}");
}
