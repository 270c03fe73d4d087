use domfleet_shared::Timestamp;
use domfleet_shared::id::{BootId, BundleId, VmId};

use domfleet_shared::operation::Priority;

use super::*;

fn offer(operation: Operation) -> Offer {
    Offer {
        id: OperationId::new(),
        epoch: 2,
        operation,
        keys: Vec::new(),
        start_before_seconds: 60,
        priority: Priority::Normal,
    }
}

fn code(answer: Answer) -> String {
    match answer {
        Answer::Reject(reason) => reason.code,
        other => format!("{other:?}"),
    }
}

#[test]
fn an_offer_is_accepted_only_in_its_epoch_when_it_is_known_and_allowed() {
    let destroy = offer(Operation::VmDestroy { vm: VmId::new() });
    let bundle = offer(Operation::DebugBundle { bundle: BundleId::new() });

    assert_eq!(judge(&destroy, None, 2, None, None, 0), Answer::Accept);
    assert_eq!(code(judge(&destroy, None, 3, None, None, 0)), "epoch");
    assert_eq!(code(judge(&destroy, None, 2, Some("a clone"), None, 0)), "read_only");
    assert_eq!(judge(&bundle, None, 2, Some("a clone"), None, 0), Answer::Accept);
    assert_eq!(code(judge(&offer(Operation::Unknown), None, 2, None, None, 0)), "unknown_kind");
    assert_eq!(code(judge(&destroy, None, 2, None, None, OWED)), "too_many");
    let migrating = Some(reason("migrating", "a migration is under way here"));
    assert_eq!(code(judge(&destroy, None, 2, None, migrating, 0)), "migrating");
}

fn accepted(operation: Operation) -> (OperationId, Standing) {
    let task = Task {
        operation,
        boot_id: BootId::new(),
        begin_before_uptime_seconds: 9,
        priority: Priority::Normal,
    };
    (OperationId::new(), Standing::Accepted { task, at: Timestamp::from_millis(0) })
}

#[test]
fn an_offer_that_comes_again_is_answered_and_not_carried_out_again() {
    let again = offer(Operation::ApplianceReboot);
    let (_, known) = accepted(Operation::ApplianceReboot);

    assert_eq!(judge(&again, Some(&known), 3, Some("a clone"), None, OWED), Answer::Again);
}

fn ids(begin: &[(OperationId, Operation)]) -> Vec<OperationId> {
    begin.iter().map(|(id, _)| *id).collect()
}

#[test]
fn two_at_once_and_those_that_want_the_same_in_their_turn() {
    let vm = VmId::new();
    let first = accepted(Operation::VmStart { vm });
    let same = accepted(Operation::VmDestroy { vm });
    let second = accepted(Operation::VmStart { vm: VmId::new() });
    let third = accepted(Operation::VmStart { vm: VmId::new() });
    let bundle = accepted(Operation::DebugBundle { bundle: BundleId::new() });
    let open = [first.clone(), same, second.clone(), third, bundle.clone()];

    let begin = next(&open, &BTreeMap::new(), |_, _| false);

    assert_eq!(ids(&begin), [first.0, second.0, bundle.0]);
}

#[test]
fn a_reboot_that_waits_is_not_overtaken_and_what_is_too_late_is_told_at_once() {
    let start = accepted(Operation::VmStart { vm: VmId::new() });
    let reboot = accepted(Operation::ApplianceReboot);
    let later = accepted(Operation::VmStart { vm: VmId::new() });
    let open = [start.clone(), reboot.clone(), later.clone()];
    let at_work = BTreeMap::from([(start.0, Operation::VmStart { vm: VmId::new() })]);

    assert!(next(&open, &at_work, |_, _| false).is_empty());
    assert_eq!(ids(&next(&open, &at_work, |_, standing| *standing == later.1)).len(), 2);
}

#[test]
fn an_urgent_operation_begins_before_older_ones_and_breaks_no_lock() {
    let vm = VmId::new();
    let urgent = |operation| {
        let (id, mut standing) = accepted(operation);
        if let Standing::Accepted { task, .. } = &mut standing {
            task.priority = Priority::Urgent;
        }
        (id, standing)
    };
    let older = [(); 2].map(|()| accepted(Operation::VmStart { vm: VmId::new() }));
    let first = urgent(Operation::VmStart { vm: VmId::new() });
    let locked = urgent(Operation::VmDestroy { vm });
    let at_work = BTreeMap::from([(OperationId::new(), Operation::VmStart { vm })]);
    let open = [older[0].clone(), older[1].clone(), first.clone(), locked];

    assert_eq!(ids(&next(&open, &at_work, |_, _| false)), [first.0]);
}

#[test]
fn what_is_no_longer_wanted_does_not_wait_for_its_turn() {
    let vm = VmId::new();
    let waits = accepted(Operation::VmDestroy { vm });
    let at_work = BTreeMap::from([(OperationId::new(), Operation::VmStart { vm })]);

    assert_eq!(ids(&next(&[waits.clone()], &at_work, |id, _| id == waits.0)), [waits.0]);
}
