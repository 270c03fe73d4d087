//! The last look, told to whoever waits at the screen: it reads every byte of the set, and that takes its time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::Proof;
use domfleet_shared::migration::reset::{Difference, Look};

use super::machine::Machine;
use crate::backup::cipher::Keyring;
use crate::backup::last_look::last_look;
use crate::backup::pipeline::Width;
use crate::backup::tools::Tools;
use crate::clock::Clock;
use crate::meter::Meter;
use crate::migration::system_disk::Found;

static KEYLESS: Keyring = Keyring::EMPTY;

/// What every look at the set works with.
pub(super) fn with_tools<M: Machine, T>(
    machine: &M,
    drive: &M::Drive,
    work: impl FnOnce(Tools<'_, M::Drive>) -> T,
) -> T {
    let (now, meter) = (machine.now(), Told::to(machine));
    let clock = Clock::new(move || now);
    let width = Width::of_the_machine();
    work(Tools { medium: drive, keys: &KEYLESS, clock: &clock, meter: &meter, width })
}

/// What the last look finds: whatever keeps it from being taken is as good as a difference.
pub(super) fn look<M: Machine>(
    machine: &M,
    drive: &M::Drive,
    permit: &Permit,
    disk: &Found,
) -> Look {
    machine.say("the permit is good; taking a last look at the backup and at the system before");
    let taken = with_tools(machine, drive, |tools| match permit.proof {
        Proof::Nonce { .. } => {
            machine.at_system_before(disk, |sources| last_look(tools, permit, Some(sources)))
        }
        // The system that is to go has none of the disks that the set was made of.
        Proof::Marker { .. } => Ok(last_look(tools, permit, None::<&M::Sources>)),
    });
    match taken {
        Ok(Ok(look)) => look,
        Ok(Err(error)) => Look::Bad(Difference::Damaged(chain(&error))),
        Err(not_seen) => Look::Bad(Difference::Unreadable(not_seen.to_string())),
    }
}

/// An error and what it comes from, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// Says at each tenth how far it is.
struct Told<'m, M> {
    machine: &'m M,
    part: Mutex<(String, u64)>,
    done: AtomicU64,
}

impl<'m, M: Machine> Told<'m, M> {
    fn to(machine: &'m M) -> Self {
        Self { machine, part: Mutex::default(), done: AtomicU64::new(0) }
    }
}

impl<M: Machine> Meter for Told<'_, M> {
    fn begin(&self, what: &str, total_bytes: u64) {
        *self.part.lock().unwrap_or_else(PoisonError::into_inner) = (what.to_owned(), total_bytes);
        self.done.store(0, Ordering::Relaxed);
        self.machine.say(&format!("{what}: {} MB", total_bytes / 1_000_000));
    }

    fn advance(&self, bytes: u64) {
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        let part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        let tenths = |done: u64| done.saturating_mul(10).checked_div(part.1).unwrap_or_default();
        let now = tenths(before.saturating_add(bytes));
        if now > tenths(before) && now < 10 {
            self.machine.say(&format!("{}: {now}0 %", part.0));
        }
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
