use domfleet_shared::inventory::VmDisk;

use super::*;
use crate::dom0::snapshots::BACKUP_TAG;
use crate::testing::{Fuse, Quiet, domain, managed, volume};

/// A VM that runs from a volume, and its configuration.
fn host(folder: &Path) -> (Quiet, VmId, PathBuf) {
    let (dom0, vm) = (Quiet::new(BootId::new()), VmId::new());
    let config = folder.join("pbx.cfg");
    let text =
        format!("name = 'pbx'\nuuid = '{vm}'\nmemory = 64\ndisk = ['/dev/vg0/root,raw,xvda,w']\n");
    fs::write(&config, text).unwrap();
    let disk = VmDisk {
        vdev: "xvda".into(),
        target: Some("/dev/vg0/root".into()),
        format: "lv".into(),
        writable: true,
    };
    {
        let mut observed = dom0.observed.lock().unwrap();
        let disks = vec![disk];
        observed.vms = Ok(vec![Vm { disks, ..managed(vm, VmState::Running, Some(3)) }]);
        observed.domains = Ok(vec![domain(3, vm)]);
        let mut root = volume("vg0", "root", 1 << 30, OperationId::new());
        (root.managed, root.tags) = (false, [].into());
        observed.storage.as_mut().unwrap().volumes.push(root);
    }
    (dom0, vm, config)
}

fn snapshots(dom0: &Quiet) -> usize {
    let observed = dom0.observed.lock().unwrap();
    let volumes = observed.storage.as_ref().unwrap().volumes.iter();
    volumes.filter(|volume| volume.tags.contains(BACKUP_TAG)).count()
}

fn runs(dom0: &Quiet, vm: VmId) -> bool {
    let observed = dom0.observed.lock().unwrap();
    observed.vm(vm).unwrap().unwrap().state == VmState::Running
}

#[tokio::test(start_paused = true)]
async fn snapshots_on_site_stand_in_for_the_disks_and_are_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let (dom0, vm, config) = host(folder.path());

    let on_site = OnSite::take(&dom0, folder.path(), std::slice::from_ref(&config)).await.unwrap();
    let meanwhile = snapshots(&dom0);
    let taken = on_site.snapshots.clone();
    // A second one would remove what the first reads from.
    let second = OnSite::take(&dom0, folder.path(), &[config]).await;
    on_site.remove().await;

    assert!(matches!(second, Err(OnSiteError::Busy)));
    assert_eq!((meanwhile, snapshots(&dom0)), (1, 0));
    assert_eq!(taken[0].origin[0], "/dev/vg0/root");
    assert!(runs(&dom0, vm));
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_run_has_left_the_next_one_clears_away() {
    for happenings in 1..4 {
        let folder = tempfile::tempdir().unwrap();
        let (dom0, vm, config) = host(folder.path());
        let fuse = Fuse::of(happenings);
        let dying = Quiet { fuse: fuse.clone(), ..dom0.clone() };
        let configs = [config];
        tokio::select! {
            taken = OnSite::take(&dying, folder.path(), &configs) => {
                // It was killed later, while it copied.
                drop(taken);
            }
            () = fuse.blown() => {}
        }

        let next = OnSite::take(&dom0, folder.path(), &configs).await.unwrap();

        assert!(runs(&dom0, vm), "after {happenings}");
        assert_eq!(snapshots(&dom0), 1, "after {happenings}");
        next.remove().await;
        assert_eq!(snapshots(&dom0), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_off_needs_no_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (mut dom0, _, config) = host(folder.path());
    dom0.boot_anew();

    let on_site = OnSite::take(&dom0, folder.path(), &[config]).await.unwrap();

    assert_eq!((on_site.snapshots.len(), snapshots(&dom0)), (0, 0));
}
