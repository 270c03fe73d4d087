//! Which sets are kept when room is made: pure.
//!
//! Sets of the same VMs are held against each other, and no others: of two VMs that are backed up one
//! after the other each night, neither takes the other's place. Days, weeks and months are those of UTC, by
//! the clock of the day on which a set was sealed.

use std::collections::{BTreeMap, BTreeSet};

use domfleet_shared::Timestamp;
use domfleet_shared::id::{SetId, VmId};
pub use domfleet_shared::operation::keep::Keep;
pub use domfleet_shared::set_answers::Fate;
use time::{Date, OffsetDateTime};

use super::list::Listed;

/// Which VM it is, from one set to the next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vm {
    /// That of a UUID.
    Uuid(VmId),
    /// That of a name: its configuration says no UUID, and each set has made up another.
    Name(String),
}

/// A set, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The set.
    pub set: SetId,
    /// The VMs in it.
    pub vms: BTreeSet<Vm>,
    /// When everything was in it; when it was begun, where it is not finished.
    pub at: Timestamp,
    /// How sure it is.
    pub state: State,
}

/// How sure a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Every byte was read back.
    Verified,
    /// It is not finished, or was not read back, or something in it was found damaged.
    Unverified,
    /// Its own documents cannot be read: nobody knows what it is worth.
    Unclear,
}

impl Known {
    /// What is known of a set that was found.
    pub fn of(listed: &Listed) -> Self {
        let vms = listed.plan.vms.iter().map(|vm| {
            if vm.is_uuid_made_up { Vm::Name(vm.name.clone()) } else { Vm::Uuid(vm.uuid) }
        });
        let vms = vms.collect();
        let at = listed.manifest.as_ref().map(|manifest| manifest.sealed_at);
        let state = match (&listed.trouble, listed.verified) {
            (Some(_), _) => State::Unclear,
            (None, Some(_)) => State::Verified,
            (None, None) => State::Unverified,
        };
        Self { set: listed.set, vms, at: at.unwrap_or(listed.plan.created_at), state }
    }
}

/// What becomes of each set, in the order given.
///
/// Whatever `keep` says, the newest verified set that holds a VM is never removed. A set that is not
/// verified counts as none; it goes only when a verified one that is newer holds all of its VMs.
pub fn decide(sets: &[Known], keep: Keep) -> Vec<Fate> {
    let mut newest_first: Vec<&Known> = sets.iter().collect();
    newest_first.sort_by_key(|known| std::cmp::Reverse((known.at, known.set)));
    let mut groups: BTreeMap<&BTreeSet<Vm>, Group> = BTreeMap::new();
    // VMs of which a verified set was seen: all that come after it are older.
    let mut covered: BTreeSet<Vm> = BTreeSet::new();
    let mut fates = BTreeMap::new();
    for known in newest_first {
        let fate = match known.state {
            State::Unclear => Fate::KeptUnclear,
            State::Unverified if known.vms.is_subset(&covered) => Fate::Removed,
            State::Unverified => Fate::KeptUnfinished,
            State::Verified => {
                let is_only = !known.vms.is_subset(&covered);
                covered.extend(known.vms.iter().cloned());
                match groups.entry(&known.vms).or_default().claim(known.at, keep) {
                    Some(fate) => fate,
                    None if is_only => Fate::KeptAsOnly,
                    None => Fate::Removed,
                }
            }
        };
        fates.insert(known.set, fate);
    }
    sets.iter().filter_map(|known| fates.get(&known.set).copied()).collect()
}

/// The sets of the same VMs, from the newest on.
#[derive(Default)]
struct Group {
    last: u32,
    days: Periods<Date>,
    weeks: Periods<(i32, u8)>,
    months: Periods<(i32, u8)>,
}

/// Those of which a set is kept.
struct Periods<P> {
    seen: BTreeSet<P>,
}

impl<P> Default for Periods<P> {
    fn default() -> Self {
        Self { seen: BTreeSet::new() }
    }
}

impl<P: Ord> Periods<P> {
    /// Whether it is the first set of that period, and one more period is to be kept.
    fn claim(&mut self, period: P, most: u32) -> bool {
        u32::try_from(self.seen.len()).is_ok_and(|seen| seen < most) && self.seen.insert(period)
    }
}

impl Group {
    /// For what a verified set is kept. It counts for all that it is the first of.
    fn claim(&mut self, at: Timestamp, keep: Keep) -> Option<Fate> {
        let date = date(at);
        let (year, week, _) = date.to_iso_week_date();
        let is_last = self.last < keep.last;
        self.last += u32::from(is_last);
        let is_of_day = self.days.claim(date, keep.daily);
        let is_of_week = self.weeks.claim((year, week), keep.weekly);
        let is_of_month = self.months.claim((date.year(), date.month().into()), keep.monthly);
        let claims = [
            (is_last, Fate::KeptAsLast),
            (is_of_day, Fate::KeptForDay),
            (is_of_week, Fate::KeptForWeek),
            (is_of_month, Fate::KeptForMonth),
        ];
        claims.into_iter().find_map(|(is_so, fate)| is_so.then_some(fate))
    }
}

fn date(at: Timestamp) -> Date {
    let seconds = at.as_millis().div_euclid(1_000);
    // A clock that is wrong by millennia is as wrong on any day.
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH).date()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const DAY: i64 = 24 * 3_600 * 1_000;
    /// A Monday: 2024-01-01.
    const MONDAY: i64 = 1_704_067_200_000;

    fn set(n: u128, hours: i64, vms: &[u128], state: State) -> Known {
        Known {
            set: SetId(Uuid::from_u128(n)),
            vms: vms.iter().map(|vm| Vm::Uuid(VmId(Uuid::from_u128(*vm)))).collect(),
            at: Timestamp::from_millis(MONDAY + hours * DAY / 24),
            state,
        }
    }

    fn verified(n: u128, hours: i64) -> Known {
        set(n, hours, &[1], State::Verified)
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_that_has_one_is_kept() {
        // Two a day for eight weeks.
        let sets: Vec<Known> =
            (0..112).map(|n| verified(n, i64::try_from(n).unwrap() * 12)).collect();
        let keep = Keep { last: 3, daily: 4, weekly: 3, monthly: 12 };

        let fates = decide(&sets, keep);

        let kept: Vec<(usize, Fate)> =
            fates.into_iter().enumerate().filter(|(_, fate)| *fate != Fate::Removed).collect();
        assert_eq!(
            kept,
            [
                // January ends with its 31st day, and the fifth and sixth week with their Sundays.
                (61, Fate::KeptForMonth),
                (83, Fate::KeptForWeek),
                (97, Fate::KeptForWeek),
                (105, Fate::KeptForDay),
                (107, Fate::KeptForDay),
                (109, Fate::KeptAsLast),
                (110, Fate::KeptAsLast),
                (111, Fate::KeptAsLast),
            ]
        );
    }

    #[test]
    fn a_set_that_is_not_verified_is_none_that_is_kept_for_a_day() {
        let damaged = set(2, 20, &[1], State::Unverified);
        let sets = [verified(1, 10), damaged, verified(3, 30)];

        let fates = decide(&sets, Keep { daily: 2, ..Keep::default() });

        assert_eq!(fates, [Fate::KeptForDay, Fate::Removed, Fate::KeptForDay]);
    }

    #[test]
    fn what_is_under_way_and_what_nobody_can_judge_stays() {
        let sets = [
            set(1, 0, &[1], State::Unclear),
            verified(2, 1),
            set(3, 2, &[1, 2], State::Unverified),
            set(4, 3, &[1], State::Unverified),
        ];

        let fates = decide(&sets, Keep { last: 1, ..Keep::default() });

        let kept =
            [Fate::KeptUnclear, Fate::KeptAsLast, Fate::KeptUnfinished, Fate::KeptUnfinished];
        assert_eq!(fates, kept);
    }

    #[test]
    fn a_set_that_is_not_verified_takes_the_place_of_none() {
        let sets = [
            verified(1, 0),
            set(2, 1, &[1], State::Unverified),
            set(3, 2, &[1], State::Unverified),
        ];

        let fates = decide(&sets, Keep::default());

        assert_eq!(fates, [Fate::KeptAsOnly, Fate::KeptUnfinished, Fate::KeptUnfinished]);
    }

    #[test]
    fn an_unfinished_set_goes_once_a_newer_one_holds_all_of_its_vms() {
        let both = set(1, 0, &[1, 2], State::Unverified);
        let one = set(2, 1, &[1], State::Verified);
        let other = set(3, 2, &[2], State::Verified);
        let keep = Keep { last: 1, ..Keep::default() };

        assert_eq!(decide(&[both.clone(), one.clone()], keep)[0], Fate::KeptUnfinished);
        assert_eq!(decide(&[both, one, other], keep)[0], Fate::Removed);
    }

    #[test]
    fn vms_that_are_backed_up_apart_do_not_take_each_others_place() {
        let sets = [
            set(1, 0, &[1], State::Verified),
            set(2, 1, &[2], State::Verified),
            set(3, 24, &[1], State::Verified),
            set(4, 25, &[2], State::Verified),
        ];

        let fates = decide(&sets, Keep { daily: 2, ..Keep::default() });

        assert_eq!(fates, [Fate::KeptForDay; 4]);
    }

    #[test]
    fn the_only_verified_set_of_a_vm_is_kept_however_old_it_is() {
        let sets = [set(1, 0, &[1, 2], State::Verified), verified(2, 9_000), verified(3, 9_001)];

        let fates = decide(&sets, Keep { last: 1, ..Keep::default() });

        assert_eq!(fates, [Fate::KeptAsLast, Fate::Removed, Fate::KeptAsLast]);
        let nothing = decide(&sets, Keep::default());
        assert_eq!(nothing, [Fate::KeptAsOnly, Fate::Removed, Fate::KeptAsOnly]);
    }

    fn sets() -> impl Strategy<Value = Vec<Known>> {
        let state = prop_oneof![
            4 => Just(State::Verified), 2 => Just(State::Unverified), 1 => Just(State::Unclear)
        ];
        let one = (0_i64..2_000, prop::collection::btree_set(1_u128..4, 1..3), state);
        prop::collection::vec(one, 0..40).prop_map(|all| {
            let all = all.into_iter().zip(1..);
            all.map(|((hours, vms, state), n)| {
                set(n, hours, &vms.into_iter().collect::<Vec<_>>(), state)
            })
            .collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_kept_every_vm_that_had_a_verified_set_has_its_newest(
            sets in sets(), last in 0_u32..4, daily in 0_u32..4, weekly in 0_u32..4, monthly in 0_u32..4,
        ) {
            let keep = Keep { last, daily, weekly, monthly };
            let fates = decide(&sets, keep);
            prop_assert_eq!(fates.len(), sets.len());
            for vm in (1_u128..4).map(|vm| Vm::Uuid(VmId(Uuid::from_u128(vm)))) {
                let of_vm = sets.iter().zip(&fates)
                    .filter(|(known, _)| known.state == State::Verified && known.vms.contains(&vm));
                if let Some((_, fate)) = of_vm.max_by_key(|(known, _)| (known.at, known.set)) {
                    prop_assert_ne!(*fate, Fate::Removed);
                }
            }
            // Deciding again over what was kept removes nothing more.
            let kept: Vec<Known> = sets.iter().zip(&fates)
                .filter(|(_, fate)| **fate != Fate::Removed)
                .map(|(known, _)| known.clone()).collect();
            prop_assert!(decide(&kept, keep).iter().all(|fate| *fate != Fate::Removed));
        }
    }
}
