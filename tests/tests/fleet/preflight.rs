//! A preflight, by way of the operators' API: the VMs' images are really looked at.

use domfleet_shared::id::VmId;
use domfleet_shared::migration::preflight::{
    Assumptions, BlockerCode, ConsentCode, Report, SecondCopyBy, Stick, StickKeyIs, Window,
};
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::usb::DriveAt;
use domfleet_tests::fleet::{Appliance, Fleet};
use domfleet_tests::on_both_databases;
use serde_json::{Value, json};
use tempfile::TempDir;

on_both_databases![
    what_is_in_the_way_is_said_and_gone_once_it_was_seen_to,
    assumptions_are_those_that_were_said_and_the_report_holds_them,
    which_permit_keys_the_server_has_need_not_be_said,
];

const GIB: u64 = 1 << 30;
const DISK: u32 = 9 << 20;

/// A VM that is off, whose disk is a file of this machine's.
fn set_up(appliance: &Appliance, folder: &TempDir, name: &str) -> VmId {
    let path = |end: &str| folder.path().join(format!("{name}.{end}"));
    let (vm, disk) = (VmId::new(), (0..DISK / 4).flat_map(u32::to_le_bytes));
    std::fs::write(path("raw"), disk.collect::<Vec<u8>>()).unwrap();
    let config = format!(
        "name = '{name}'\nuuid = '{vm}'\nmemory = 64\n\
         disk = [ 'format=raw, vdev=xvda, access=rw, target={}' ]\n",
        path("raw").display()
    );
    std::fs::write(path("cfg"), &config).unwrap();
    appliance.host.set_up_vm(vm, path("cfg").to_str().unwrap(), &config);
    vm
}

async fn preflight(fleet: &Fleet, appliance: &Appliance, assumptions: Assumptions) -> Report {
    let operation = Operation::MigrationPreflight(Box::new(assumptions));
    let done = fleet.succeed(appliance, &operation).await;
    assert_eq!(done["class"], "read", "{done:#}");
    serde_json::from_value(done["result"].clone()).unwrap()
}

fn codes(report: &Report) -> Vec<BlockerCode> {
    report.blockers.iter().map(|blocker| blocker.code).collect()
}

async fn what_is_in_the_way_is_said_and_gone_once_it_was_seen_to(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let folder = tempfile::tempdir().unwrap();
    let [pbx, mail] = ["pbx-files", "mail-files"].map(|name| set_up(&appliance, &folder, name));
    let usual = Assumptions::default;

    let without = preflight(fleet, &appliance, usual()).await;
    std::fs::create_dir(folder.path().join("stick")).unwrap();
    let stick = folder.path().join("stick");
    let at: DriveAt = appliance.host.plug_in_drive("4C530001", 500 * GIB, stick);
    fleet.succeed(&appliance, &Operation::UsbList).await;
    let empty = preflight(fleet, &appliance, usual()).await;
    fleet.succeed(&appliance, &Operation::UsbPrepare { drive: at }).await;
    let prepared = preflight(fleet, &appliance, usual()).await;
    std::fs::remove_file(folder.path().join("mail-files.raw")).unwrap();
    let missing = preflight(fleet, &appliance, usual()).await;

    assert_eq!(codes(&without), [BlockerCode::NoDrive], "{without}");
    assert!(without.buy.size_bytes.is_some());
    assert_eq!(codes(&empty), [BlockerCode::DriveNotPrepared], "{empty}");
    assert!(prepared.is_clear() && !prepared.is_consented(), "{prepared}");
    assert_eq!(prepared.second_copy.by, SecondCopyBy::OneDrive);
    assert_eq!(prepared.consents[0].to.code, ConsentCode::OnlyCopy);
    for vm in [pbx, mail] {
        let need = prepared.drive.need.vms.iter().find(|need| need.vm == vm).unwrap();
        assert_eq!(need.data_bytes, u64::from(DISK));
        assert!(prepared.time.vms.iter().any(|off| off.vm == vm && off.seconds > 0));
    }
    let blocker = &missing.blockers[0];
    assert_eq!((blocker.code, blocker.vm), (BlockerCode::DiskUnreadable, Some(mail)), "{missing}");
}

async fn assumptions_are_those_that_were_said_and_the_report_holds_them(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let path = format!("{}/operations", appliance.path());
    let window = json!({ "begins_minute": 1320, "seconds": 60 });
    let operation = json!({ "kind": "migration_preflight", "window": window,
        "stick": { "kind": "ours", "key": "k1" }, "permit_keys": ["k2"] });

    let asked = fleet.api.post(&path, json!({ "operation": operation })).await;
    assert_eq!(asked.status, 202);
    let done: Value = fleet.end_of(asked.json()["id"].as_str().unwrap()).await;
    let report: Report = serde_json::from_value(done["result"].clone()).unwrap();

    assert_eq!(report.assumptions.window, Some(Window { begins_minute: Some(1320), seconds: 60 }));
    assert_eq!(report.assumptions.stick, Stick::Ours { key: "k1".into() });
    assert_eq!(report.stick.is, StickKeyIs::Other);
    assert!(codes(&report).contains(&BlockerCode::WindowTooShort), "{report}");
    assert!(codes(&report).contains(&BlockerCode::StickOther), "{report}");
    assert_eq!(report.time.vms.len(), report.facts.vms.len());
}

async fn which_permit_keys_the_server_has_need_not_be_said(fleet: &mut Fleet) {
    let appliance = fleet.add_appliance().await;
    let path = format!("{}/operations", appliance.path());
    let with_key = async |key: &str| -> Report {
        let operation =
            json!({ "kind": "migration_preflight", "stick": { "kind": "ours", "key": key } });
        let asked = fleet.api.post(&path, json!({ "operation": operation })).await;
        assert_eq!(asked.status, 202);
        let done = fleet.end_of(asked.json()["id"].as_str().unwrap()).await;
        serde_json::from_value(done["result"].clone()).unwrap()
    };

    let other = with_key("k1").await;
    let [key, _] = other.assumptions.permit_keys.as_slice() else { panic!("{other}") };
    let ours = with_key(key).await;

    assert_eq!(other.stick.is, StickKeyIs::Other);
    assert_eq!(ours.stick.is, StickKeyIs::Confirmed, "{ours}");
}
