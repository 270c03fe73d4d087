//! Whether a VM that was given back is healthy (DOMAIN.md 3.6).
//!
//! Its own counters are held against what they were when it was seen first. That is remembered for as long as the
//! agent runs, and no longer: an agent that was restarted watches a little longer, and nothing else comes of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domfleet_shared::id::VmId;
use domfleet_shared::inventory::VmState;
use domfleet_shared::migration::next::after::Health;

/// So often a VM is started, and does not stay up.
pub(super) const MOST_STARTS: u32 = 3;
/// After so many times the time that a VM has to be up, it does not get healthy any more.
const PATIENCE: u32 = 3;
/// Between two looks that are compared, at least; less where a VM is healthy sooner than that.
const APART: Duration = Duration::from_secs(30);

/// How a domain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Its number.
    pub domid: u32,
    /// Its state.
    pub state: VmState,
    /// For how long it has been there.
    pub up: Duration,
    /// The time that its virtual CPUs have spent.
    pub cpu: Duration,
    /// Requests of its disks that were served; nothing where nobody counts them.
    pub disk_requests: Option<u64>,
    /// Whether the guest's own drivers are connected to all of its disks; nothing where it has none.
    pub is_connected: Option<bool>,
    /// What the guest says of itself in `vm-data/domfleet-health`.
    pub says: Option<String>,
}

/// What was seen of VMs that are watched.
#[derive(Debug, Default)]
pub struct Watch(Mutex<BTreeMap<VmId, Watched>>);

#[derive(Clone, Debug, Default)]
struct Watched {
    /// Of the domain that is there, as it was seen first.
    first: Option<Pulse>,
    /// The domain that was seen last, and dom0's uptime when it was seen first.
    since: Option<(u32, Duration)>,
    /// Domains of it that there have been.
    starts: u32,
}

impl Watch {
    fn all(&self) -> MutexGuard<'_, BTreeMap<VmId, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long that domain has been seen to be there, where dom0 is up for so long. By dom0's clock that could
    /// be any time: a system that was just put there has its clock set soon after.
    pub fn up(&self, vm: VmId, domid: u32, uptime: Duration) -> Duration {
        let mut all = self.all();
        let watched = all.entry(vm).or_default();
        let (of, since) = watched.since.unwrap_or((domid, uptime));
        let since = if of == domid { since } else { uptime };
        watched.since = Some((domid, since));
        uptime.saturating_sub(since)
    }

    /// From here on it is watched as if it had never been.
    pub(super) fn forget(&self, vm: VmId) {
        self.all().remove(&vm);
    }

    /// The agent was started anew.
    #[cfg(test)]
    pub(crate) fn forget_all(&self) {
        self.all().clear();
    }

    /// What another has seen by now.
    #[cfg(test)]
    pub(crate) fn copied(&self) -> Self {
        Self(Mutex::new(self.all().clone()))
    }

    /// What of it matters where dom0 is up for so long: whom it has seen for how many times ten seconds.
    #[cfg(test)]
    pub(crate) fn outline(&self, uptime: Duration) -> String {
        let all = self.all();
        let seen = all.iter().map(|(vm, watched)| {
            let tens = |since: Duration| uptime.saturating_sub(since).as_secs().min(400) / 10;
            let first = watched.first.as_ref().map(|first| tens(uptime.saturating_sub(first.up)));
            (vm, watched.starts, watched.since.map(|(_, since)| tens(since)), first)
        });
        format!("{:?}", seen.collect::<Vec<_>>())
    }

    /// How often it was seen to be started, or was.
    pub(super) fn starts(&self, vm: VmId) -> u32 {
        self.all().get(&vm).map_or(0, |watched| watched.starts)
    }

    /// It runs as it should, and is not to be started any more.
    pub(super) fn let_go(&self, vm: VmId) {
        self.all().entry(vm).or_default().starts = MOST_STARTS;
    }

    /// It is about to be started.
    pub(super) fn starting(&self, vm: VmId) {
        let mut all = self.all();
        let watched = all.entry(vm).or_default();
        watched.starts += 1;
        watched.first = None;
    }

    /// Takes a look in, and says how the VM is that is to be healthy after that time.
    pub(super) fn look(&self, vm: VmId, pulse: &Pulse, after: Duration) -> Health {
        let mut all = self.all();
        let watched = all.entry(vm).or_default();
        if watched.first.as_ref().is_some_and(|first| first.domid != pulse.domid) {
            // It was started anew, by itself or by somebody.
            watched.starts += 1;
            watched.first = None;
        }
        watched.starts = watched.starts.max(1);
        let first = watched.first.get_or_insert_with(|| pulse.clone());
        if watched.starts > MOST_STARTS {
            return Health::Failed(format!(
                "it does not stay up: it was started {} times",
                watched.starts
            ));
        }
        judge(pulse, first, after)
    }
}

/// How a VM is, by how it is now and how it was when it was seen first.
fn judge(pulse: &Pulse, first: &Pulse, after: Duration) -> Health {
    if let Some(why) = has_failed(pulse) {
        return Health::Failed(why);
    }
    if pulse.up < after || pulse.up.saturating_sub(first.up) < APART.min(after / 2) {
        return Health::Unknown;
    }
    let mut evidence = vec![format!("it has been up for {} s", pulse.up.as_secs())];
    let mut missing = Vec::new();
    if pulse.cpu > first.cpu {
        evidence.push("its processors work".to_owned());
    } else {
        missing.push("its processors do nothing");
    }
    // Of one that nobody counts the guest itself has to say more.
    match (pulse.disk_requests, first.disk_requests) {
        (Some(now), Some(before)) if now > before => {
            evidence.push("it reads from its disks or writes to them".to_owned());
        }
        (Some(_), _) => missing.push("nothing is read from its disks or written to them"),
        (None, _) => missing.push("nobody counts what its disks do"),
    }
    let says = pulse.says.as_deref() == Some("success");
    if says {
        evidence.push("it says of itself that it is well".to_owned());
    }
    if pulse.is_connected == Some(true) {
        evidence.push("its drivers are connected to its disks".to_owned());
    }
    if !says && pulse.is_connected != Some(true) {
        missing.push("nothing says that its guest has come up");
    }
    // Who says so has seen more than anybody can count from outside.
    if missing.is_empty() || (says && pulse.cpu > first.cpu) {
        return Health::Healthy(evidence);
    }
    if pulse.up < after * PATIENCE {
        return Health::Unknown;
    }
    Health::Failed(format!(
        "{}: look at it, and take it as it is if it works",
        missing.join(", and ")
    ))
}

fn has_failed(pulse: &Pulse) -> Option<String> {
    let why = match pulse.state {
        VmState::Crashed => "its guest has crashed",
        VmState::Shutdown => "its guest has shut down by itself",
        _ if pulse.says.as_deref() == Some("failure") => "it says of itself that it is not well",
        _ => return None,
    };
    Some(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_mins(10);

    fn pulse(up: u64) -> Pulse {
        Pulse {
            domid: 3,
            state: VmState::Running,
            up: Duration::from_secs(up),
            cpu: Duration::from_secs(up / 10),
            disk_requests: Some(up),
            is_connected: Some(true),
            says: None,
        }
    }

    fn after(looks: &[Pulse]) -> Health {
        let (watch, vm) = (Watch::default(), VmId::new());
        looks.iter().map(|look| watch.look(vm, look, AFTER)).last().unwrap()
    }

    #[test]
    fn a_vm_that_is_up_long_enough_and_works_is_healthy() {
        assert_eq!(after(&[pulse(5), pulse(599)]), Health::Unknown);
        let Health::Healthy(evidence) = after(&[pulse(5), pulse(601)]) else { panic!() };
        assert_eq!(evidence.len(), 4, "{evidence:?}");
        // One that was not seen before is looked at twice.
        assert_eq!(after(&[pulse(900)]), Health::Unknown);
    }

    #[test]
    fn a_vm_that_hangs_is_given_time_and_then_called_so() {
        let hangs = |up| Pulse { cpu: Duration::ZERO, disk_requests: Some(7), ..pulse(up) };
        assert_eq!(after(&[hangs(5), hangs(700)]), Health::Unknown);
        let Health::Failed(why) = after(&[hangs(5), hangs(1_900)]) else { panic!() };
        assert!(why.starts_with("its processors do nothing, and nothing is read"), "{why}");
    }

    #[test]
    fn drivers_that_never_connect_are_no_health_unless_the_guest_says_so() {
        let silent = |up| Pulse { is_connected: Some(false), ..pulse(up) };
        assert!(matches!(after(&[silent(5), silent(1_900)]), Health::Failed(_)));
        let says = |up| Pulse { says: Some("success".into()), disk_requests: None, ..silent(up) };
        assert!(matches!(after(&[says(5), says(700)]), Health::Healthy(_)));
        let fails = Pulse { says: Some("failure".into()), ..pulse(5) };
        assert!(matches!(after(&[fails]), Health::Failed(_)));
    }

    #[test]
    fn a_vm_that_is_started_again_and_again_does_not_stay_up() {
        let domain = |domid| Pulse { domid, ..pulse(5) };
        let looks: Vec<Pulse> = (0..3).map(domain).collect();
        assert_eq!(after(&looks), Health::Unknown);
        let looks: Vec<Pulse> = (0..4).map(domain).collect();
        assert!(matches!(after(&looks), Health::Failed(_)));
        let crashed = Pulse { state: VmState::Crashed, ..pulse(5) };
        assert!(matches!(after(&[crashed]), Health::Failed(_)));
    }
}
