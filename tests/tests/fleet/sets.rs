//! What is done with backup sets that there are, by way of the operators' API.

use std::path::Path;

use domfleet_shared::id::DriveId;
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::backup::{BackupRestore, RestoreFolder, RestoreTo};
use domfleet_shared::operation::keep::Keep;
use domfleet_shared::operation::sets::{BackupCompare, BackupImport, BackupPrune};
use domfleet_tests::fleet::{Fleet, code};
use domfleet_tests::on_both_databases;
use serde_json::{Value, json};

use crate::backups::{Stage, first_chunk};

on_both_databases![
    a_byte_that_was_written_since_the_backup_is_found_by_comparing,
    a_vm_that_runs_is_not_compared,
    what_is_removed_to_make_room_is_said_before_and_gone_from_the_table_after,
    nothing_is_removed_from_a_drive_without_its_serial_number_typed,
    a_backup_of_another_program_s_is_taken_over_and_restored,
    a_vm_is_restored_as_another_one_that_can_run_beside_it,
    a_backup_that_is_found_damaged_raises_an_alarm_until_it_is_whole_again,
];

fn compare(stage: &Stage<'_>, drive: DriveId) -> Operation {
    Operation::BackupCompare(BackupCompare { drive, set: None, vm: Some(stage.vm) })
}

fn prune(drive: DriveId, dry_run: bool) -> Operation {
    let keep = Keep { last: 1, ..Keep::default() };
    Operation::BackupPrune(BackupPrune { drive, keep, dry_run })
}

fn fates(operation: &Value) -> Vec<&str> {
    let judged = operation["result"]["judged"].as_array().unwrap();
    judged.iter().map(|set| set["fate"].as_str().unwrap()).collect()
}

async fn a_byte_that_was_written_since_the_backup_is_found_by_comparing(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;

    let same = stage.fleet.succeed(&stage.appliance, &compare(&stage, drive)).await;
    let mut disk = std::fs::read(stage.path("pbx.raw")).unwrap();
    disk[5_000_000] ^= 1;
    std::fs::write(stage.path("pbx.raw"), disk).unwrap();
    let differs = stage.fleet.succeed(&stage.appliance, &compare(&stage, drive)).await;

    assert_eq!(same["result"]["same"], true, "{same:#}");
    assert_eq!(same["class"], "read");
    assert_eq!(differs["result"]["same"], false, "{differs:#}");
    let disk = &differs["result"]["disks"][0];
    assert_eq!((&disk["found"], &disk["name"]), (&json!("differs"), &json!("pbx-files")));
    let range = &disk["ranges"][0];
    let holds =
        range["start"].as_u64() <= Some(5_000_000) && Some(5_000_000) < range["end"].as_u64();
    assert!(holds, "{differs:#}");
}

async fn a_vm_that_runs_is_not_compared(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;
    stage.fleet.succeed(&stage.appliance, &Operation::VmStart { vm: stage.vm }).await;
    let all = Operation::BackupCompare(BackupCompare { drive, set: None, vm: None });

    let refused = stage.fleet.carry_out(&stage.appliance, &all).await;

    assert_eq!(code(&refused), Some("refused"), "{refused:#}");
    assert!(refused["reason"]["message"].as_str().unwrap().contains("pbx-files runs"));
}

async fn what_is_removed_to_make_room_is_said_before_and_gone_from_the_table_after(
    fleet: &mut Fleet,
) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;
    let first = stage.sets().await["sets"][0]["set"].clone();
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;

    let said = stage.fleet.succeed(&stage.appliance, &prune(drive, true)).await;
    let before = stage.sets().await;
    let done = stage.fleet.succeed(&stage.appliance, &prune(drive, false)).await;
    let after = stage.sets().await;

    assert_eq!(fates(&said), ["removed", "kept_as_last"]);
    assert_eq!(
        (said["class"].as_str(), done["class"].as_str()),
        (Some("read"), Some("destructive"))
    );
    assert!(before["sets"].as_array().unwrap().iter().all(|set| set["gone_at"].is_null()));
    assert_eq!(said["result"]["judged"], done["result"]["judged"]);
    assert!(done["result"]["freed_bytes"].as_u64().unwrap() > 0, "{done:#}");
    let gone: Vec<&Value> = after["sets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|set| set["gone_at"].is_string())
        .map(|set| &set["set"])
        .collect();
    assert_eq!(gone, [&first], "{after:#}");
}

async fn nothing_is_removed_from_a_drive_without_its_serial_number_typed(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    let path = format!("{}/operations", stage.appliance.path());
    let ask = async |keep: Value, confirm: &str| {
        let operation = json!({ "kind": "backup_prune", "drive": drive, "keep": keep });
        let request = json!({ "operation": operation, "confirm": confirm });
        stage.fleet.api.post(&path, request).await.json()
    };

    let refused = ask(json!({ "last": 1 }), &stage.appliance.name).await;
    let nothing = ask(json!({}), "4C530001").await;

    assert_eq!(refused["code"], "confirm_required", "{refused:#}");
    assert!(refused["what_to_do"].as_str().unwrap().contains("4C530001"), "{refused:#}");
    assert_eq!(nothing["code"], "invalid", "{nothing:#}");
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

async fn a_backup_of_another_program_s_is_taken_over_and_restored(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    let folder = stage.path("theirs");
    let vm = "c2f5b1b0-0d9e-4a4e-8d4c-2b1f1c9a0e11";
    let disk = vec![7_u8; 3 << 20];
    write(&folder.join("door.img"), &disk);
    write(&folder.join("readme.txt"), "made by hand");
    let config = format!(
        "name = 'door'\nuuid = '{vm}'\nmemory = 64\ndisk = ['format=raw,vdev=xvda,target=/old/door.img']\n"
    );
    write(&folder.join("door.cfg"), config);
    let import = |from: &Path| {
        let from = from.to_str().unwrap().to_owned();
        Operation::BackupImport(BackupImport { drive, from, encrypted: true, key: None })
    };
    let restore = Operation::BackupRestore(BackupRestore {
        drive,
        set: None,
        vm: vm.parse().unwrap(),
        to: RestoreTo::Folder(RestoreFolder {
            path: stage.path("back").to_str().unwrap().to_owned(),
            format: None,
        }),
        as_name: None,
    });

    let nothing = stage.fleet.carry_out(&stage.appliance, &import(&stage.path("stick"))).await;
    let taken = stage.fleet.succeed(&stage.appliance, &import(&folder)).await;
    let sets = stage.sets().await;
    let restored = stage.fleet.succeed(&stage.appliance, &restore).await;

    assert_eq!(code(&nothing), Some("refused"), "{nothing:#}");
    assert_eq!(taken["result"]["unused_count"], 1, "{taken:#}");
    assert!(taken["result"]["unused"][0].as_str().unwrap().ends_with("readme.txt"));
    assert_eq!(sets["sets"][0]["vms"][0]["name"], "door", "{sets:#}");
    assert!(sets["sets"][0]["verified_at"].is_string() && sets["sets"][0]["key"].is_object());
    let path = restored["result"]["disks"][0].as_str().unwrap();
    assert!(std::fs::read(path).unwrap() == disk);
}

async fn a_vm_is_restored_as_another_one_that_can_run_beside_it(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;
    let restore = |name: &str| {
        Operation::BackupRestore(BackupRestore {
            drive,
            set: None,
            vm: stage.vm,
            to: RestoreTo::Folder(RestoreFolder {
                path: stage.path("beside").to_str().unwrap().to_owned(),
                format: None,
            }),
            as_name: Some(name.to_owned()),
        })
    };

    let own = stage.fleet.try_ask(&stage.appliance, &restore("pbx-files")).await.json();
    let restored = stage.fleet.succeed(&stage.appliance, &restore("pbx-test")).await;
    // It is not reported by the appliance, but its configuration is where the next one would go.
    let again = stage.fleet.carry_out(&stage.appliance, &restore("pbx-test")).await;

    assert_eq!(own["code"], "taken", "{own:#}");
    let other = &restored["result"]["as"];
    assert_eq!(other["name"], "pbx-test", "{restored:#}");
    assert_ne!(other["vm"], json!(stage.vm));
    let config = std::fs::read_to_string(restored["result"]["config"].as_str().unwrap()).unwrap();
    assert!(
        config.contains("pbx-test") && config.contains(other["vm"].as_str().unwrap()),
        "{config}"
    );
    let disk = restored["result"]["disks"][0].as_str().unwrap();
    assert!(std::fs::read(disk).unwrap() == std::fs::read(stage.path("pbx.raw")).unwrap());
    assert_eq!(code(&again), Some("refused"), "{again:#}");
}

async fn a_backup_that_is_found_damaged_raises_an_alarm_until_it_is_whole_again(fleet: &mut Fleet) {
    let stage = Stage::set(fleet).await;
    let drive = stage.prepare().await;
    stage.fleet.succeed(&stage.appliance, &stage.backup(drive)).await;
    let chunk = first_chunk(&stage.path("stick"));
    let whole = std::fs::read(&chunk).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let verify = Operation::BackupVerify { drive, set: None };

    let ours = stage.fleet.api.get("/api/v1/usb-drives?use=ours").await;
    let none = stage.fleet.alarms("backup_damaged").await;
    std::fs::write(&chunk, damaged).unwrap();
    stage.fleet.succeed(&stage.appliance, &verify).await;
    let raised = stage.fleet.alarms("backup_damaged").await;
    let found = stage.fleet.api.get("/api/v1/backup-sets?state=damaged").await;
    // Once is enough.
    stage.fleet.succeed(&stage.appliance, &verify).await;
    let again = stage.fleet.alarms("backup_damaged").await;
    std::fs::write(&chunk, whole).unwrap();
    stage.fleet.succeed(&stage.appliance, &verify).await;
    let over = stage.fleet.alarms("backup_damaged").await;

    assert_eq!((none, raised, again, over), ((0, 0), (1, 1), (1, 1), (1, 0)));
    assert_eq!((&found["total"], &found["sets"][0]["state"]), (&json!(1), &json!("damaged")));
    assert_eq!(ours["drives"][0]["identity"]["drive"], json!(drive), "{ours:#}");
    assert_eq!(ours["drives"][0]["appliance"]["name"], stage.appliance.name.as_str());
}
