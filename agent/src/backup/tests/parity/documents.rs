//! Documents and indexes that a drive has lost, and their copies.

use super::*;

fn documents(drive: &Drive) -> Vec<String> {
    let is_of_a_disk = |name: &str| ["/c/", "/p/", "/copy/"].iter().any(|part| name.contains(part));
    let all = drive.kept().into_keys();
    all.filter(|name| {
        !is_of_a_disk(name) && !name.contains("journal.") && !name.ends_with("parity.json")
    })
    .collect()
}

fn faults(drive: &Drive, name: &str) -> [(&'static str, Drive); 4] {
    let [flipped, cut, unreadable, missing] = [(); 4].map(|()| drive.cloned());
    flipped.tamper(name, |content| content[0] ^= 1);
    cut.tamper(name, |content| content.truncate(1));
    unreadable.make_unreadable(name);
    missing.take_away(name);
    [("flipped", flipped), ("cut off", cut), ("unreadable", unreadable), ("missing", missing)]
}

#[test]
fn every_document_that_is_lost_is_had_from_its_copy_and_put_back() {
    let (drive, guests) = protected();
    let whole = drive.kept();
    let documents = documents(&drive);
    // The plan, the manifest, two configurations, two files of the appliance and four indexes.
    assert_eq!(documents.len(), 10, "{documents:?}");
    for name in documents {
        for (fault, drive) in faults(&drive, &name) {
            drive.set_read_only(true);
            assert_restores(&drive, &guests);
            let files = with_tools(&drive, |tools| Sealed::open(tools, plan().set)?.appliance());
            assert_eq!(files.unwrap(), guests.appliance(), "{name} {fault}");
            // Without its plan a set is none, until somebody asks for it by its id.
            let is_listed = list::list(&drive).unwrap().len() == 1;
            assert!(
                is_listed || (name.ends_with("plan.json") && fault == "missing"),
                "{name} {fault}"
            );
            drive.set_read_only(false);

            let repaired = repair_it(&drive).unwrap();

            assert_eq!(repaired.mended.len(), 1, "{name} {fault}: {repaired:?}");
            drive.power_up(Left::Nothing);
            assert!(drive.kept()[&name] == whole[&name], "{name} {fault}");
            assert!(is_called_verified(&drive) && is_called_protected(&drive), "{name} {fault}");
        }
    }
}

#[test]
fn what_was_had_from_a_copy_is_told() {
    let (drive, _) = protected();
    for name in documents(&drive) {
        let drive = drive.cloned();
        drive.tamper(&name, |content| content[0] ^= 1);

        let mended = with_tools(&drive, |tools| {
            let sealed = Sealed::open(tools, plan().set).unwrap();
            sealed.appliance().unwrap();
            for vm in &sealed.manifest.vms {
                sealed.config(vm).unwrap();
                for disk in vm.disks() {
                    let device = used_volume().open(VOLUME).unwrap().unwrap();
                    let target = Whole::used(device, VOLUME.to_owned());
                    drop(sealed.restore(vm, disk, target).unwrap());
                }
            }
            sealed.mended.places()
        });

        // A restore does not need the plan.
        let count = usize::from(!name.ends_with("plan.json"));
        assert_eq!(mended.len(), count, "{name}: {mended:?}");
    }
}

#[test]
fn a_set_whose_documents_had_to_be_copies_is_not_called_verified() {
    let (drive, _) = protected();
    for name in documents(&drive) {
        let drive = drive.cloned();
        drive.tamper(&name, |content| content[0] ^= 1);

        let proof = prove(&drive).unwrap();

        assert_eq!(proof.damages.len(), 1, "{name}");
        assert!(!is_called_verified(&drive), "{name}");
    }
}

#[test]
fn a_copy_counts_only_where_it_is_what_is_on_record() {
    let (drive, _) = protected();
    for name in documents(&drive) {
        let drive = drive.cloned();
        let within = name.split_once(&plan().set.to_string()).unwrap().1;
        let copy = name.replace(within, &format!("/copy{within}"));
        // A stranger's, twice.
        drive.tamper(&name, |content| content[0] ^= 1);
        drive.tamper(&copy, |content| content[0] ^= 1);

        let read = with_tools(&drive, |tools| {
            let sealed = Sealed::open(tools, plan().set)?;
            sealed.appliance()?;
            sealed.manifest.vms.iter().try_for_each(|vm| sealed.config(vm).map(drop))
        });
        let is_read =
            ["config.xl", "appliance/", "set.json"].iter().any(|part| name.contains(part));
        assert_eq!(read.is_err(), is_read, "{name}");

        let repaired = repair_it(&drive);

        assert!(!is_called_verified(&drive), "{name}");
        if let Ok(repaired) = repaired {
            assert!(repaired.mended.is_empty() && repaired.lost.len() == 1, "{name}: {repaired:?}");
        }
    }
}

#[test]
fn a_set_that_is_being_removed_does_not_get_its_plan_back() {
    let (drive, _) = protected();
    let name = files(&drive, "/plan.json").into_iter().find(|name| !name.contains("/copy/"));
    let name = name.unwrap();
    drive.rename(&name, &name.replace("plan.json", "plan.removed")).unwrap();

    let repaired = repair_it(&drive).unwrap();

    assert_eq!(repaired.mended, Vec::<String>::new());
    assert_eq!(list::list(&drive).unwrap().len(), 0);
}
