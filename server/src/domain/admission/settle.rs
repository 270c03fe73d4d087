//! An operation as it will be carried out: what whoever asks may leave open is settled when they
//! ask, so that it is the same however often it is offered.

use domfleet_shared::id::{BundleId, VmId};
use domfleet_shared::inventory::Vm;
use domfleet_shared::operation::Operation;
use domfleet_shared::operation::backup::BackupCreate;
use domfleet_shared::operation::vm::{VmCreate, VmForm, VmSource};
use domfleet_shared::xl_config::Document;

use super::Refusal;

/// Settles what is open, and refuses what can be seen to be wrong without knowing the appliance.
///
/// `vms` are those that the appliance has reported.
pub fn settle(operation: Operation, vms: Option<&[Vm]>) -> Result<Operation, Refusal> {
    match operation {
        Operation::BackupCreate(create) => Ok(Operation::BackupCreate(settle_backup(create, vms))),
        Operation::VmCreate(create) => settle_vm(create).map(Operation::VmCreate),
        Operation::VmChange(change) => {
            for disk in &change.add_disks {
                disk.check().map_err(|why| Refusal::Value("add_disks", why))?;
            }
            for nic in &change.add_nics {
                nic.check().map_err(|why| Refusal::Value("add_nics", why))?;
            }
            Ok(Operation::VmChange(change))
        }
        other => Ok(other),
    }
}

/// For one of several appliances: what can be there only once is made anew.
pub fn for_one_of_many(operation: &Operation) -> Operation {
    match operation {
        Operation::DebugBundle { .. } => Operation::DebugBundle { bundle: BundleId::new() },
        other => other.clone(),
    }
}

fn settle_backup(create: BackupCreate, vms: Option<&[Vm]>) -> BackupCreate {
    if !create.vms.is_empty() {
        let mut vms = create.vms;
        vms.sort_unstable();
        vms.dedup();
        return BackupCreate { vms, ..create };
    }
    // A domain without a configuration is nothing that could be started again.
    let kept = vms.unwrap_or_default().iter().filter(|vm| vm.config_path.is_some());
    BackupCreate { vms: kept.map(|vm| vm.uuid).collect(), ..create }
}

fn settle_vm(create: VmCreate) -> Result<VmCreate, Refusal> {
    let said = match &create.from {
        VmSource::Form(form) => {
            check_form(form)?;
            None
        }
        VmSource::Config(text) => {
            let config = Document::parse(text.as_bytes()).and_then(|text| text.check_new());
            config.map_err(|error| Refusal::Value("from", error.to_string()))?.uuid
        }
    };
    if let (Some(asked), Some(said)) = (create.vm, said)
        && asked != said
    {
        return Err(Refusal::Value("vm", format!("the configuration says {said}")));
    }
    let vm = create.vm.or(said).unwrap_or_else(VmId::new);
    Ok(VmCreate { vm: Some(vm), ..create })
}

fn check_form(form: &VmForm) -> Result<(), Refusal> {
    for disk in &form.disks {
        disk.check().map_err(|why| Refusal::Value("disks", why))?;
    }
    for nic in &form.nics {
        nic.check().map_err(|why| Refusal::Value("nics", why))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(vm: Option<VmId>, text: &str) -> Result<Option<VmId>, Refusal> {
        let create = VmCreate { vm, from: VmSource::Config(text.into()) };
        settle(Operation::VmCreate(create), None).map(|operation| operation.vm())
    }

    #[test]
    fn a_new_vm_has_the_uuid_that_was_asked_for_or_the_configuration_s_or_a_new_one() {
        let (asked, said) = (VmId::new(), VmId::new());
        let plain = "name = 'a'\nmemory = 64\n";
        let pinned = format!("{plain}uuid = '{said}'\n");

        assert_eq!(of_text(Some(asked), plain), Ok(Some(asked)));
        assert_eq!(of_text(None, &pinned), Ok(Some(said)));
        assert_eq!(of_text(Some(said), &pinned), Ok(Some(said)));
        assert!(of_text(Some(asked), &pinned).is_err());
        assert!(of_text(None, plain).is_ok_and(|vm| vm.is_some_and(|vm| vm != asked)));
    }

    #[test]
    fn a_mistake_in_a_configuration_is_named_by_its_line_before_anything_is_asked() {
        match of_text(None, "name = 'a'\nmemory = lots\n") {
            Err(Refusal::Value("from", why)) => assert!(why.starts_with("line 2"), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(of_text(None, "name = 'a'\nmemory = 1\nbootloader = '/bin/sh'\n").is_err());
    }
}
