use std::sync::Arc;

use domfleet_shared::id::VmId;
use domfleet_shared::migration::preflight::{Assumptions, BlockerCode, Report, SecondCopyBy};
use serde_json::Value;

use super::super::Preflight;
use super::vms::vm;
use super::{appliance, tree};
use crate::backup::cipher::Keyring;
use crate::clock::Clock;
use crate::meter::{Meter, Unwatched};
use crate::mitigation::OnDisk;
use crate::usb::Usb;
use crate::works::{self, Place, Work};

#[tokio::test]
async fn an_appliance_is_looked_at_as_a_whole_and_nothing_of_it_is_written() {
    let (folder, _) = appliance();
    std::fs::write(folder.path().join("pbx.raw"), vec![7; 1 << 20]).unwrap();
    let disk = "disk = [ 'format=raw, vdev=xvda, access=rw, target=@/pbx.raw' ]";
    let pbx = vm(&folder, "pbx", disk);
    let id: VmId = pbx.uuid;
    let before = tree(folder.path());
    let data = tempfile::tempdir().unwrap();
    let place = Place {
        usb: Usb::new(folder.path(), data.path()),
        configs: data.path().to_owned(),
        clock: Clock::of_the_machine(),
        system: OnDisk::new(folder.path(), data.path(), "/etc/release"),
        data_dir: data.path().to_owned(),
    };
    let work = Work::Preflight(Preflight {
        vms: vec![pbx],
        assumptions: Box::new(Assumptions::default()),
    });
    let meter: Arc<dyn Meter> = Arc::new(Unwatched);

    let said: Value = works::carry_out(&place, work, Keyring::EMPTY, &meter).await.unwrap();
    let report: Report = serde_json::from_value(said).unwrap();

    let blockers: Vec<_> = report.blockers.iter().map(|blocker| blocker.code).collect();
    assert_eq!(blockers, [BlockerCode::NoDrive], "{report}");
    // The test's own files are on sdc, and the system is on sda.
    assert_eq!(report.second_copy.by, SecondCopyBy::OtherDisk);
    assert_eq!(report.facts.system_disk.as_ref().unwrap().path, "/dev/sda");
    assert_eq!((report.drive.need.vms[0].vm, report.drive.need.vms[0].data_bytes), (id, 1 << 20));
    assert_eq!(tree(folder.path()), before);
}
