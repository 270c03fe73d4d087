//! USB drives and backup sets, by way of the operators' API. The sets are real, and so is the code that
//! makes them; the drives are made up.

use std::path::{Path, PathBuf};

use domfleet_shared::backup_key::BackupKey;
use domfleet_shared::id::{DriveId, VmId};
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::backup::{BackupCreate, BackupRestore, RestoreFolder, RestoreTo};
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::usb::QualifyMode;
use domfleet_tests::fleet::{Appliance, Fleet, code, eventually};
use domfleet_tests::on_both_databases;
use domfleet_tests::sim::Effect;
use serde_json::Value;
use tempfile::TempDir;

const GIB: u64 = 1 << 30;
/// Of the VM's disk: a few frames.
const BYTES: u32 = 9 << 20;

on_both_databases![
    a_drive_is_told_of_and_prepared_only_with_its_serial_number_typed,
    a_drive_that_lies_about_its_size_is_said_not_to_be_fit,
    a_backup_is_called_one_once_it_was_read_back_and_no_more_once_a_byte_of_it_is_lost,
    a_vm_is_restored_out_of_the_newest_set_that_holds_it,
    an_encrypted_set_is_read_wherever_its_organisation_plugs_it_in,
    nothing_is_backed_up_onto_a_drive_that_was_pulled_out,
    a_vm_is_backed_up_from_a_snapshot_and_goes_on_running,
];

/// An appliance with a VM whose disk is a file, and a drive.
pub(crate) struct Stage<'f> {
    pub(crate) fleet: &'f Fleet,
    pub(crate) appliance: Appliance,
    folder: TempDir,
    pub(crate) vm: VmId,
    at: DriveAt,
}

impl<'f> Stage<'f> {
    pub(crate) async fn set(fleet: &'f mut Fleet) -> Self {
        let appliance = fleet.add_appliance().await;
        let folder = tempfile::tempdir().unwrap();
        let (vm, path) = (VmId::new(), |name: &str| folder.path().join(name));
        let disk: Vec<u8> = (0..BYTES / 4).flat_map(u32::to_le_bytes).collect();
        std::fs::write(path("pbx.raw"), disk).unwrap();
        let config = format!(
            "name = 'pbx-files'\nuuid = '{vm}'\nmemory = 64\n\
             disk = [ 'format=raw, vdev=xvda, access=rw, target={}' ]\n",
            path("pbx.raw").display()
        );
        std::fs::write(path("pbx.cfg"), &config).unwrap();
        std::fs::create_dir(path("stick")).unwrap();
        appliance.host.set_up_vm(vm, path("pbx.cfg").to_str().unwrap(), &config);
        let at = appliance.host.plug_in_drive("4C530001", 64 * GIB, path("stick"));
        let stage = Self { fleet, appliance, folder, vm, at };
        // Looks at what is there, which is then told of.
        stage.fleet.succeed(&stage.appliance, &Operation::UsbList).await;
        stage.wait_for_use("empty").await;
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn wait_for_use(&self, usage: &str) -> Value {
        eventually(&format!("the drive is {usage}"), async || {
            let path = format!("{}/usb-drives", self.appliance.path());
            let drives = self.fleet.api.get(&path).await;
            let drive = drives["drives"].get(0)?.clone();
            (drive["use"]["kind"] == usage).then_some(drive)
        })
        .await
    }

    pub(crate) async fn prepare(&self) -> DriveId {
        let prepare = Operation::UsbPrepare { drive: self.at.clone() };
        self.fleet.succeed(&self.appliance, &prepare).await;
        let drive = self.wait_for_use("ours").await;
        drive["identity"]["drive"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn backup(&self, drive: DriveId) -> Operation {
        self.backup_as(drive, false)
    }

    fn backup_as(&self, drive: DriveId, encrypted: bool) -> Operation {
        Operation::BackupCreate(BackupCreate {
            drive,
            vms: vec![self.vm],
            shut_down: false,
            encrypted,
            key: None,
            parity: false,
            snapshot: false,
            keep: None,
        })
    }

    fn restore(&self, drive: DriveId, to: &Path) -> Operation {
        let path = to.to_str().unwrap().to_owned();
        let to = RestoreTo::Folder(RestoreFolder { path, format: None });
        Operation::BackupRestore(BackupRestore { drive, set: None, vm: self.vm, to, as_name: None })
    }

    pub(crate) async fn sets(&self) -> Value {
        let path = format!("/api/v1/backup-sets?appliance={}", self.appliance.id);
        self.fleet.api.get(&path).await
    }
}

/// The first chunk of a set that is somewhere below the folder.
pub(crate) fn first_chunk(folder: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() == "00000000" {
                found.push(path);
            }
        }
    }
    found.sort();
    found.remove(0)
}

async fn a_drive_is_told_of_and_prepared_only_with_its_serial_number_typed(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let request = serde_json::json!({
        "operation": { "kind": "usb_prepare", "drive": stage.at }, "confirm": "/dev/sdb",
    });
    let path = format!("{}/operations", stage.appliance.path());

    let refused = stage.fleet.api.post(&path, request).await;
    stage.prepare().await;

    assert_eq!(refused.status, 422);
    let problem = refused.json();
    assert_eq!(problem["code"], "confirm_required", "{problem:#}");
    assert!(problem["what_to_do"].as_str().unwrap().contains("4C530001"), "{problem:#}");
}

async fn a_drive_that_lies_about_its_size_is_said_not_to_be_fit(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let fake = stage.appliance.host.plug_in_drive("FAKE", 8 * GIB, stage.path("stick"));
    stage.fleet.succeed(&stage.appliance, &Operation::UsbList).await;
    eventually("both are told of", async || {
        let path = format!("{}/usb-drives", stage.appliance.path());
        (stage.fleet.api.get(&path).await["drives"].as_array()?.len() == 2).then_some(())
    })
    .await;

    let qualify = |drive: &DriveAt| Operation::UsbQualify {
        drive: drive.clone(),
        mode: QualifyMode::Quick,
        erase: false,
    };
    let good = stage.fleet.succeed(&stage.appliance, &qualify(&stage.at)).await;
    let bad = stage.fleet.succeed(&stage.appliance, &qualify(&fake)).await;

    assert_eq!(good["result"]["is_fit"], true, "{good:#}");
    assert_eq!(bad["result"]["is_fit"], false, "{bad:#}");
    assert_eq!(bad["result"]["true_bytes"], 8 * GIB, "{bad:#}");
}

async fn a_backup_is_called_one_once_it_was_read_back_and_no_more_once_a_byte_of_it_is_lost(
    fleet: &mut Fleet,
) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;

    let made = stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;
    let good = stage.sets().await;
    let chunk = first_chunk(&stage.path("stick"));
    let mut bytes = std::fs::read(&chunk).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&chunk, bytes).unwrap();
    let verify = Operation::BackupVerify { drive, set: None };
    let verified = stage.fleet.succeed(&stage.appliance, &verify).await;
    let bad = stage.sets().await;
    // A list of what is there says nothing of it, and forgets nothing.
    stage.fleet.succeed(&stage.appliance, &Operation::BackupList { drive }).await;
    let listed = stage.sets().await;

    let set = &made["result"]["sets"][0];
    assert_eq!(good["total"], 1, "{good:#}");
    assert_eq!(good["sets"][0]["set"], set["set"]);
    assert!(good["sets"][0]["verified_at"].is_string(), "{good:#}");
    assert_eq!(good["sets"][0]["vms"][0]["name"], "pbx-files");
    assert_eq!(good["sets"][0]["vms"][0]["disks"][0]["virtual_bytes"], BYTES);
    assert!(verified["result"]["sets"][0]["verified_at"].is_null(), "{verified:#}");
    for sets in [bad, listed] {
        assert!(sets["sets"][0]["verified_at"].is_null(), "{sets:#}");
        assert!(sets["sets"][0]["troubles"][0].is_string(), "{sets:#}");
    }
}

async fn a_vm_is_restored_out_of_the_newest_set_that_holds_it(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;
    let to = stage.path("back");
    let restore = stage.restore(drive, &to);

    let restored = stage.fleet.succeed(&stage.appliance, &restore).await;
    let again = stage.fleet.carry_out(&stage.appliance, &restore).await;

    let disk = restored["result"]["disks"][0].as_str().unwrap();
    assert!(std::fs::read(disk).unwrap() == std::fs::read(stage.path("pbx.raw")).unwrap());
    assert_eq!(restored["result"]["name"], "pbx-files");
    assert_eq!(code(&again), Some("conflict"), "{again:#}");
}

async fn an_encrypted_set_is_read_wherever_its_organisation_plugs_it_in(fleet: &mut Fleet) {
    let other = fleet.add_appliance().await;
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    let made = stage.fleet.succeed(&stage.appliance, &stage.backup_as(drive, true)).await;
    let key = made["result"]["sets"][0]["key"].clone();
    let disk = std::fs::read(stage.path("pbx.raw")).unwrap();
    let stored = std::fs::read(first_chunk(&stage.path("stick"))).unwrap();

    // On the appliance that has made it, at once.
    let to = stage.path("back");
    let restored = stage.fleet.succeed(&stage.appliance, &stage.restore(drive, &to)).await;
    // On another, to which the server gives the key once it knows what is on the drive.
    let at = other.host.plug_in_drive("4C530001", 64 * GIB, stage.path("stick"));
    let moved = Stage { appliance: other, at, folder: tempfile::tempdir().unwrap(), ..stage };
    moved.fleet.succeed(&moved.appliance, &Operation::UsbList).await;
    moved.wait_for_use("empty").await;
    let drive = moved.prepare().await;
    let verify = Operation::BackupVerify { drive, set: None };
    let without = moved.fleet.carry_out(&moved.appliance, &verify).await;
    moved.fleet.succeed(&moved.appliance, &Operation::BackupList { drive }).await;
    let with = moved.fleet.succeed(&moved.appliance, &verify).await;
    let set = with["result"]["sets"][0]["set"].as_str().unwrap();
    let given = moved.fleet.api.post(&format!("/api/v1/backup-sets/{set}/key"), Value::Null).await;

    assert!(key["id"].is_string() && key["salt"].is_string(), "{made:#}");
    let restored = restored["result"]["disks"][0].as_str().unwrap();
    assert!(std::fs::read(restored).unwrap() == disk);
    assert!(!stored.windows(64).any(|part| part == &disk[..64]), "it is not encrypted");
    assert_eq!(code(&without), Some("key_missing"), "{without:#}");
    assert!(with["result"]["sets"][0]["verified_at"].is_string(), "{with:#}");
    let given = given.ok();
    assert_eq!(given["id"], key["id"]);
    let given: BackupKey = given["key"].as_str().unwrap().parse().unwrap();
    assert_eq!(given.id().to_string(), key["id"]);
}

async fn nothing_is_backed_up_onto_a_drive_that_was_pulled_out(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.appliance.host.set_plugged_in("4C530001", false);

    // Nobody has looked yet.
    let failed = stage.fleet.carry_out(&stage.appliance, &stage.backup(drive)).await;
    eventually("it is told that it is gone", async || {
        let path = format!("{}/usb-drives", stage.appliance.path());
        stage.fleet.api.get(&path).await["drives"].as_array()?.is_empty().then_some(())
    })
    .await;
    let refused = stage.fleet.try_ask(&stage.appliance, &stage.backup(drive)).await;

    assert_eq!(failed["state"], "failed", "{failed:#}");
    assert_eq!(code(&failed), Some("not_found"));
    assert_eq!(refused.json()["code"], "no_such_object");
}

async fn a_vm_is_backed_up_from_a_snapshot_and_goes_on_running(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    let host = &stage.appliance.host;
    let (vm, content) = (VmId::new(), stage.path("volume"));
    std::fs::write(&content, vec![7; BYTES as usize]).unwrap();
    host.make_volume_of("pbx-live", content.clone());
    let config = format!(
        "name = 'live'\nuuid = '{vm}'\nmemory = 64\ndisk = [ '/dev/vg0/pbx-live,raw,xvda,w' ]\n"
    );
    std::fs::write(stage.path("live.cfg"), &config).unwrap();
    host.set_up_vm(vm, stage.path("live.cfg").to_str().unwrap(), &config);
    let told = async |state: &str| {
        stage.fleet.succeed(&stage.appliance, &Operation::UsbList).await;
        eventually("the VM and its volume are told of", async || {
            let of = |what: &str| format!("{}/{what}", stage.appliance.path());
            let vms = stage.fleet.api.get(&of("vms")).await;
            let volumes = stage.fleet.api.get(&of("volumes")).await.to_string();
            let found = vms["vms"].as_array()?.iter().find(|found| found["name"] == "live")?;
            (found["state"] == state && volumes.contains("pbx-live")).then_some(())
        })
        .await;
    };
    told("off").await;
    stage.fleet.succeed(&stage.appliance, &Operation::VmStart { vm }).await;
    told("running").await;
    let create = BackupCreate {
        drive,
        vms: vec![vm],
        shut_down: false,
        encrypted: false,
        key: None,
        parity: false,
        snapshot: true,
        keep: Some(Keep { last: 1, ..Keep::default() }),
    };
    let create = Operation::BackupCreate(create);

    let first = stage.fleet.succeed(&stage.appliance, &create).await;
    std::fs::write(&content, vec![8; BYTES as usize]).unwrap();
    let second = stage.fleet.succeed(&stage.appliance, &create).await;
    let restore = Operation::BackupRestore(BackupRestore {
        as_name: None,
        drive,
        set: None,
        vm,
        to: RestoreTo::Folder(RestoreFolder {
            path: stage.path("back").to_str().unwrap().to_owned(),
            format: None,
        }),
    });
    let restored = stage.fleet.succeed(&stage.appliance, &restore).await;

    let disk = restored["result"]["disks"][0].as_str().unwrap();
    assert!(std::fs::read(disk).unwrap() == vec![8; BYTES as usize]);
    let effects = host.effects();
    let times = |wanted: &Effect| effects.iter().filter(|effect| *effect == wanted).count();
    assert_eq!(times(&Effect::DomainPaused(vm)), 2);
    assert_eq!(times(&Effect::DomainUnpaused(vm)), 2);
    let taken = effects.iter().filter(|effect| matches!(effect, Effect::SnapshotTaken(_)));
    let removed = effects.iter().filter(|effect| matches!(effect, Effect::VolumeRemoved(_)));
    assert_eq!((taken.count(), removed.count()), (2, 2));
    // The first set took the place of nothing; the second took its own.
    assert_eq!(first["result"]["removed"]["sets"].as_array().unwrap().len(), 0, "{first:#}");
    let gone = &second["result"]["removed"]["sets"];
    assert_eq!(gone[0], first["result"]["sets"][0]["set"], "{second:#}");
    let sets = stage.sets().await;
    let there = sets["sets"].as_array().unwrap().iter().filter(|set| set["gone_at"].is_null());
    assert_eq!(there.count(), 1, "{sets:#}");
}
