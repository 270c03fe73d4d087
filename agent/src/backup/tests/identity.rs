//! A VM that is restored as another one.

use std::path::Path;

use domfleet_shared::xl_config::{Document, VmConfig};

use super::*;
use crate::backup::files::DiskFiles;
use crate::backup::folder::Folder;
use crate::backup::identity::{Identity, Others};
use crate::backup::prepare::prepare;
use crate::backup::to_folder;

const REST: &str = "memory = 64\nvif = ['bridge=br0,mac=00:16:3e:00:00:01,model=e1000', '']\n";

/// Backs `pbx` up in a folder, and does something with the set.
fn with_set<T>(rest: &str, work: impl FnOnce(&Sealed<'_, Folder>, &Path) -> T) -> T {
    let there = tempfile::tempdir().unwrap();
    let (disk, config) = (there.path().join("old.raw"), there.path().join("pbx.cfg"));
    std::fs::write(&disk, [7; 8_192]).unwrap();
    let disks = format!("disk = ['format=raw, vdev=xvda, target={}']\n", disk.display());
    let uuid = "uuid = 'c2f5b1b0-0d9e-4a4e-8d4c-2b1f1c9a0e11'\n";
    std::fs::write(&config, format!("name = 'pbx'\n{uuid}{disks}{rest}")).unwrap();
    let folder = Folder::open(there.path()).unwrap();
    let clock = Clock::new(|| Timestamp::from_millis(5));
    let width = Width::threads(1);
    let tools = Tools { medium: &folder, keys: &KEYLESS, clock: &clock, meter: &Unwatched, width };
    let prepared = prepare(&[config], clock.now()).unwrap();
    create(tools, &prepared.plan, &prepared.configs, &DiskFiles).unwrap();
    work(&Sealed::open(tools, prepared.plan.set).unwrap(), there.path())
}

fn config(path: &Path) -> VmConfig {
    VmConfig::of(&Document::parse(&std::fs::read(path).unwrap()).unwrap()).unwrap()
}

#[test]
fn a_vm_that_is_restored_as_another_shares_nothing_with_itself_but_what_is_on_its_disks() {
    with_set(REST, |sealed, there| {
        let vm = &sealed.manifest.vms[0];
        let identity = Identity::another(vm, "pbx-test", &Others::default()).unwrap();

        let restored = to_folder::restore(sealed, vm, there, None, &identity).unwrap();

        assert_eq!(restored.config, there.canonicalize().unwrap().join("pbx-test.cfg"));
        let (before, after) = (config(&there.join("pbx.cfg")), config(&restored.config));
        assert_eq!((after.name.as_str(), after.uuid), ("pbx-test", Some(identity.uuid)));
        assert_ne!(after.uuid, before.uuid);
        assert_eq!(after.nics.len(), 2);
        assert!(after.nics.iter().all(|card| {
            card.mac
                .as_ref()
                .is_some_and(|mac| mac.starts_with("00:16:3e:") && !before.macs().contains(mac))
        }));
        // All else is said as it was.
        assert_eq!(after.nics[0].bridge.as_deref(), Some("br0"));
        assert!(std::fs::read_to_string(&restored.config).unwrap().contains("model=e1000"));
        assert_eq!(after.memory_mib, 64);
        assert!(restored.disks[0].ends_with("pbx-test-xvda.raw"), "{:?}", restored.disks);
        assert_eq!(after.disks[0].target.as_deref(), restored.disks[0].to_str());
        assert_eq!(std::fs::read(&restored.disks[0]).unwrap(), [7; 8_192]);
    });
}

#[test]
fn it_is_restored_as_itself_where_nothing_else_is_said() {
    with_set(REST, |sealed, there| {
        let vm = &sealed.manifest.vms[0];
        let folder = there.join("elsewhere");
        std::fs::create_dir(&folder).unwrap();

        let restored = to_folder::restore(sealed, vm, &folder, None, &Identity::own(vm)).unwrap();

        let (before, after) = (config(&there.join("pbx.cfg")), config(&restored.config));
        assert_eq!((after.name, after.uuid), (before.name, before.uuid));
        assert_eq!(after.nics, before.nics);
    });
}

#[test]
fn a_name_that_is_taken_or_is_none_is_refused_before_anything_is_written() {
    with_set(REST, |sealed, there| {
        let vm = &sealed.manifest.vms[0];
        std::fs::write(there.join("door"), "name = 'door'\nmemory = 1\n").unwrap();
        let mut others = Others::default();
        others.add_folder(there);
        others.add_folder(&there.join("missing"));
        others.add_domains(
            "Name ID Mem VCPUs State Time(s) UUID Reason-Code Security Label\n\
             gate 7 64 1 -b---- 3.5 c2f5b1b0-0d9e-4a4e-8d4c-2b1f1c9a0e12 - -\n",
        );

        for name in ["pbx", "door", "gate", "", "../pbx", "-rf", "17"] {
            let refused = Identity::another(vm, name, &others);
            assert!(matches!(refused, Err(BackupError::Refused(_))), "{name}: {refused:?}");
        }
        assert!(Identity::another(vm, "door2", &others).is_ok());
    });
}

#[test]
fn an_address_that_another_vm_has_is_not_given_out() {
    with_set(REST, |sealed, there| {
        let vm = &sealed.manifest.vms[0];
        let first = Identity::another(vm, "one", &Others::default()).unwrap();
        let restored = to_folder::restore(sealed, vm, there, None, &first).unwrap();
        let macs = config(&restored.config).macs();
        let mut others = Others::default();
        others.add_folder(there);
        let mut again = Identity::another(vm, "two", &others).unwrap();
        // The same dice, so that the same addresses come first.
        again.uuid = first.uuid;

        let restored = to_folder::restore(sealed, vm, there, None, &again).unwrap();

        let others = config(&restored.config).macs();
        assert!(others.iter().all(|mac| !macs.contains(mac)), "{macs:?} {others:?}");
    });
}

#[test]
fn what_xl_would_not_read_is_not_given_another_identity() {
    with_set("memory = lots\n", |sealed, there| {
        let vm = &sealed.manifest.vms[0];
        let identity = Identity::another(vm, "pbx-test", &Others::default()).unwrap();

        let error = to_folder::restore(sealed, vm, there, None, &identity).unwrap_err();

        assert!(matches!(error, BackupError::Refused(_)), "{error:?}");
        assert!(!there.join("pbx-test-xvda.raw").exists());
    });
}
