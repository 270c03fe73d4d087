//! Whether the one who says hello is the one who was welcomed last.
//!
//! Each welcome gives a number, which the agent makes durable and shows in its next hello. A copy
//! of an appliance's disk shows an old one, and so does a disk that was put back from a backup.
//! What is lost on the way, or in a power cut between two writes, does not look like that:
//!
//! - The number of a welcome of which nobody has yet shown that it arrived may be missing once; the
//!   same number is then given again, so that no number of lost welcomes adds up.
//! - A server that was restored from a backup knows less than its agents.

use domfleet_shared::id::InstanceId;
use domfleet_shared::inventory::Fingerprint;

/// What the server has kept of the last session.
#[derive(Clone, Debug)]
pub struct Known {
    /// The number that the last welcome gave; 0 before the first.
    pub number: u64,
    /// The process that has shown that it has it; nothing while no one has.
    pub shown_by: Option<InstanceId>,
    /// The hardware.
    pub fingerprint: Fingerprint,
}

/// What a hello shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The number that is on the agent's disk.
    pub number: u64,
    /// The agent's process.
    pub instance: InstanceId,
    /// The hardware.
    pub fingerprint: Fingerprint,
}

/// What follows from a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one; the welcome gives this number.
    Same { number: u64 },
    /// It is the one, and has been given numbers that the server does not know of.
    Ahead { number: u64 },
    /// There are two of it.
    Clone(CloneSign),
}

/// What says that there are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloneSign {
    /// It does not have the number that another was given.
    OldNumber { shown: u64, given: u64 },
    /// Its identity is on other hardware.
    OtherHardware,
    /// Another process with the same identity answers at this moment.
    TwoAlive,
}

impl CloneSign {
    /// What an operator is told.
    pub fn sentence(&self) -> String {
        match self {
            Self::OldNumber { shown, given } => format!(
                "it shows session number {shown} although {given} was given: its disk is a copy, or was put back from a backup"
            ),
            Self::OtherHardware => {
                "its identity has turned up on other hardware: the disk was moved or copied".into()
            }
            Self::TwoAlive => "two agents with its identity are connected at the same time".into(),
        }
    }
}

/// Whether `shown` is who was `known`. `other_is_alive`: another process with the same identity has
/// just answered.
pub fn judge(known: &Known, shown: &Shown, other_is_alive: bool) -> Verdict {
    if is_other_hardware(&known.fingerprint, &shown.fingerprint) {
        return Verdict::Clone(CloneSign::OtherHardware);
    }
    if other_is_alive {
        return Verdict::Clone(CloneSign::TwoAlive);
    }
    if shown.number > known.number {
        return Verdict::Ahead { number: shown.number + 1 };
    }
    if shown.number == known.number {
        return Verdict::Same { number: known.number + 1 };
    }
    let may_have_been_lost = known.shown_by.is_none_or(|instance| instance == shown.instance);
    if shown.number + 1 == known.number && may_have_been_lost {
        return Verdict::Same { number: known.number };
    }
    Verdict::Clone(CloneSign::OldNumber { shown: shown.number, given: known.number })
}

/// Whether it is certain enough that the hardware is another. Where hardly anything can be read
/// from it there is nothing to compare, and that proves nothing.
fn is_other_hardware(known: &Fingerprint, shown: &Fingerprint) -> bool {
    let agreement = known.agreement(shown);
    match agreement.compared {
        0 => false,
        1 => agreement.equal == 0,
        _ => !known.is_same_hardware(shown),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn hardware(serial: &str) -> Fingerprint {
        Fingerprint {
            system_uuid: Some(format!("uuid-{serial}")),
            board_serial: Some(serial.into()),
            macs: BTreeSet::from([format!("00:16:3e:{serial}")]),
            disks: BTreeSet::new(),
        }
    }

    fn known(number: u64, shown_by: Option<InstanceId>) -> Known {
        Known { number, shown_by, fingerprint: hardware("a") }
    }

    fn shown(number: u64, instance: InstanceId) -> Shown {
        Shown { number, instance, fingerprint: hardware("a") }
    }

    #[test]
    fn whoever_shows_the_last_number_gets_the_next_one_restarted_or_not() {
        let (first, second) = (InstanceId::new(), InstanceId::new());

        for instance in [first, second] {
            let verdict = judge(&known(7, Some(first)), &shown(7, instance), false);
            assert_eq!(verdict, Verdict::Same { number: 8 });
        }
    }

    #[test]
    fn a_lost_welcome_is_given_again_however_often_it_is_lost() {
        let instance = InstanceId::new();

        assert_eq!(judge(&known(8, None), &shown(7, instance), false), Verdict::Same { number: 8 });
    }

    #[test]
    fn a_process_that_showed_the_number_and_lost_the_write_is_not_a_clone_of_itself() {
        let instance = InstanceId::new();

        assert_eq!(
            judge(&known(8, Some(instance)), &shown(7, instance), false),
            Verdict::Same { number: 8 }
        );
    }

    #[test]
    fn one_that_lacks_a_number_that_another_has_shown_is_a_clone() {
        let sign = CloneSign::OldNumber { shown: 7, given: 8 };

        assert_eq!(
            judge(&known(8, Some(InstanceId::new())), &shown(7, InstanceId::new()), false),
            Verdict::Clone(sign)
        );
    }

    #[test]
    fn a_disk_that_is_a_day_old_is_a_clone_even_in_a_lost_welcome() {
        let verdict = judge(&known(40, None), &shown(12, InstanceId::new()), false);

        assert_eq!(verdict, Verdict::Clone(CloneSign::OldNumber { shown: 12, given: 40 }));
    }

    #[test]
    fn two_that_answer_at_once_are_clones_whatever_they_show() {
        let verdict = judge(&known(7, None), &shown(7, InstanceId::new()), true);

        assert_eq!(verdict, Verdict::Clone(CloneSign::TwoAlive));
    }

    #[test]
    fn an_identity_on_other_hardware_is_a_clone_and_unreadable_hardware_is_not() {
        let mut moved = shown(7, InstanceId::new());
        moved.fingerprint = hardware("b");
        let mut blind = shown(7, InstanceId::new());
        blind.fingerprint = Fingerprint::default();

        assert_eq!(judge(&known(7, None), &moved, false), Verdict::Clone(CloneSign::OtherHardware));
        assert_eq!(judge(&known(7, None), &blind, false), Verdict::Same { number: 8 });
    }

    #[test]
    fn an_agent_that_knows_more_than_a_restored_server_is_followed() {
        let verdict = judge(&known(7, None), &shown(30, InstanceId::new()), false);

        assert_eq!(verdict, Verdict::Ahead { number: 31 });
    }
}
