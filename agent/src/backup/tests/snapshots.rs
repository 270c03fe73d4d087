//! Backups of VMs that go on running, read from snapshots of their disks.

use std::sync::Mutex;

use domfleet_shared::Timestamp;

use super::drive::Drive;
use super::{Guests, back_up, configs, is_called_verified, plan, restore, used_volume, with_tools};
use crate::backup::create;
use crate::backup::error::BackupError;
use crate::backup::prepare::{prepare, prepare_for};
use crate::backup::snapshots::{FromSnapshots, TakenSnapshot};
use crate::backup::verify::Proof;
use crate::dom0::Dom0Error;

/// What `lvs` says of each snapshot, by its `lv_uuid`.
#[derive(Default)]
struct Lvs(Mutex<Vec<(String, String, String)>>);

impl Lvs {
    fn say(&self, lv_uuid: &str, attributes: &str, data_percent: &str) {
        let mut said = self.0.lock().unwrap();
        said.retain(|(uuid, ..)| uuid != lv_uuid);
        said.push((lv_uuid.to_owned(), attributes.to_owned(), data_percent.to_owned()));
    }

    fn answer(&self) -> Vec<u8> {
        let lv = |(uuid, attributes, percent): &(String, String, String)| {
            serde_json::json!({
                "lv_uuid": uuid, "lv_name": uuid, "vg_name": "vg0", "lv_size": "4194304",
                "lv_attr": attributes, "lv_tags": "", "origin": "a0", "data_percent": percent,
                "metadata_percent": "", "pool_lv": "", "segtype": "linear",
            })
        };
        let lvs: Vec<_> = self.0.lock().unwrap().iter().map(lv).collect();
        serde_json::to_vec(&serde_json::json!({ "report": [{ "lv": lvs }] })).unwrap()
    }
}

/// A snapshot of `/a0`, made now.
fn snapshot(guests: &Guests, lvs: &Lvs, lv_uuid: &str) -> TakenSnapshot {
    let path = format!("/snapshot-{lv_uuid}");
    let mut held = guests.0.lock().unwrap();
    let content = held["/a0"].clone();
    held.insert(path.clone(), content);
    lvs.say(lv_uuid, "sri-a-s---", "12.56");
    TakenSnapshot {
        origin: ["/a0".into(), "/dev/mapper/a0".into()],
        path: path.into(),
        lv_uuid: lv_uuid.into(),
    }
}

fn back_up_from(
    (drive, guests, lvs): (&Drive, &Guests, &Lvs),
    snapshots: &[TakenSnapshot],
) -> Result<Proof, BackupError> {
    let run = |program: &str, _: &[&str]| match program {
        "lvs" => Ok(lvs.answer()),
        other => Err(Dom0Error::not_run(other, "nobody asked for it")),
    };
    let sources = FromSnapshots { inner: guests.clone(), snapshots, run: &run };
    with_tools(drive, |tools| create(tools, &plan(), &configs(), &sources))
}

#[test]
fn what_a_snapshot_holds_is_backed_up_under_the_name_of_the_disk() {
    let (drive, guests, lvs) = (Drive::new(), Guests::new(), Lvs::default());
    let snapshot = snapshot(&guests, &lvs, "one");
    let before = guests.content("/a0");
    // The guest goes on.
    guests.write("/a0", 700, 0xaa);

    let proof = back_up_from((&drive, &guests, &lvs), &[snapshot]).unwrap();

    assert!(is_called_verified(&drive));
    assert_eq!(proof.manifest.vms[0].disks[0].planned.path, "/a0");
    let restored = restore(&drive, &used_volume(), "/a0").unwrap();
    assert!(restored[..before.len()] == before);
}

#[test]
fn a_snapshot_that_overflowed_or_is_gone_seals_nothing_and_says_what_to_do() {
    for (attributes, percent) in
        [("sri-I-s---", "100.00"), ("Sri-S-s---", "100.00"), ("sri-a-s---", "100.00"), ("", "")]
    {
        let (drive, guests, lvs) = (Drive::new(), Guests::new(), Lvs::default());
        let snapshot = snapshot(&guests, &lvs, "one");
        match attributes {
            "" => lvs.0.lock().unwrap().clear(),
            attributes => lvs.say("one", attributes, percent),
        }

        let said = back_up_from((&drive, &guests, &lvs), &[snapshot]);

        let Err(BackupError::Snapshot(why)) = said else { panic!("{attributes}: {said:?}") };
        assert!(why.contains("/a0") && why.contains("ask again"), "{why}");
        assert!(!is_called_verified(&drive));
        assert!(!drive.kept().keys().any(|name| name.ends_with("set.json")), "{attributes}");
    }
}

#[test]
fn what_was_copied_of_the_same_snapshot_is_kept_and_of_another_is_compared_again() {
    for is_same in [true, false] {
        let (drive, guests, lvs) = (Drive::new(), Guests::new(), Lvs::default());
        let first = snapshot(&guests, &lvs, "one");
        lvs.say("one", "sri-I-s---", "100.00");
        back_up_from((&drive, &guests, &lvs), std::slice::from_ref(&first)).unwrap_err();
        lvs.say("one", "sri-a-s---", "99.00");
        let before = guests.content("/a0");
        guests.write("/a0", 700, 0xaa);
        let next = if is_same { first } else { snapshot(&guests, &lvs, "two") };
        // Nobody can write to a snapshot: that it is not seen shows that it was not read again.
        guests.write("/snapshot-one", 701, 0xbb);

        back_up_from((&drive, &guests, &lvs), &[next]).unwrap();

        let restored = restore(&drive, &used_volume(), "/a0").unwrap();
        let expected = if is_same { before } else { guests.content("/a0") };
        assert!(restored[..expected.len()] == expected, "{is_same}");
    }
}

#[test]
fn a_set_that_was_begun_from_snapshots_is_finished_with_the_vm_off() {
    let (drive, guests, lvs) = (Drive::new(), Guests::new(), Lvs::default());
    let first = snapshot(&guests, &lvs, "one");
    lvs.say("one", "sri-I-s---", "100.00");
    back_up_from((&drive, &guests, &lvs), &[first]).unwrap_err();
    guests.write("/a0", 700, 0xaa);

    back_up(&drive, &guests).unwrap();

    let content = guests.content("/a0");
    assert!(restore(&drive, &used_volume(), "/a0").unwrap()[..content.len()] == content);
}

#[test]
fn a_disk_that_is_written_to_is_planned_for_where_its_snapshot_stands_in_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // What no disk can be.
    std::fs::create_dir(path("disk")).unwrap();
    std::fs::write(path("snapshot"), vec![7; 4_096]).unwrap();
    let disk = path("disk").display().to_string();
    let text = format!("name = 'a'\nmemory = 64\ndisk = ['{disk},raw,xvda,w']\n");
    std::fs::write(path("a.cfg"), text).unwrap();
    let snapshot = TakenSnapshot {
        origin: [disk.clone(), "/dev/mapper/x".into()],
        path: path("snapshot"),
        lv_uuid: "one".into(),
    };
    let run = |program: &str, _: &[&str]| Err(Dom0Error::not_run(program, "none"));
    let snapshots = [snapshot];
    let sources = FromSnapshots { inner: Guests::new(), snapshots: &snapshots, run: &run };
    let (configs, now) = ([path("a.cfg")], Timestamp::from_millis(1));

    let prepared = prepare_for(&configs, now, &sources).unwrap();

    let planned = &prepared.plan.vms[0].disks[0];
    assert_eq!((planned.path.as_str(), planned.virtual_bytes), (disk.as_str(), 4_096));
    assert!(prepare(&configs, now).is_err());
}
