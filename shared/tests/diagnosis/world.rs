//! The truth: what makes simulated appliances freeze, and how their lives go. The analysis never sees this.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// What is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// QEMU 2.6.0, wherever a VM runs on it.
    Qemu,
    /// Nothing: all freeze as often, give or take what each is like.
    Nothing,
    /// The I/O scheduler cfq.
    Scheduler,
    /// Nothing, but half of all freezes do not happen while swap is off.
    Swap,
}

/// A fleet to be simulated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) cause: Cause,
    pub(crate) appliances: usize,
    /// How many appliances keep the disk format when QEMU changes.
    pub(crate) keeping_format: f64,
}

/// The last day of the two years.
pub(crate) const DAYS: f64 = 730.0;

impl World {
    pub(crate) fn blaming(cause: Cause) -> Self {
        Self { cause, appliances: 2000, keeping_format: 0.03 }
    }

    /// Freezes in a day, of an appliance like the average.
    pub(crate) fn freezes(&self, makeup: &Makeup) -> f64 {
        let rate = |is_bad: bool, bad: f64, good: f64| 1.0 / if is_bad { bad } else { good };
        match self.cause {
            Cause::Qemu => rate(makeup.vms.iter().any(|vm| vm.qemu == "2.6.0"), 30.0, 600.0),
            Cause::Nothing => 1.0 / 150.0,
            Cause::Scheduler => rate(makeup.scheduler == "cfq", 60.0, 600.0),
            Cause::Swap => rate(makeup.swap, 60.0, 120.0),
        }
    }
}

/// What an appliance is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Makeup {
    pub(crate) release: &'static str,
    pub(crate) kernel: &'static str,
    pub(crate) xen: &'static str,
    pub(crate) alpine: &'static str,
    pub(crate) qemu: &'static str,
    pub(crate) scheduler: &'static str,
    pub(crate) swap: bool,
    pub(crate) overcommit: u8,
    pub(crate) vms: Vec<Vm>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vm {
    pub(crate) qemu: &'static str,
    pub(crate) format: &'static str,
}

/// Days until something happens that happens so often in a day.
pub(crate) fn wait(random: &mut StdRng, per_day: f64) -> f64 {
    let share: f64 = random.random();
    -(1.0 - share).ln() / per_day
}

/// What an appliance is like, whatever it is made of: gamma distributed with mean 1 and variance 1/2.
pub(crate) fn frailty(random: &mut StdRng) -> f64 {
    f64::midpoint(wait(random, 1.0), wait(random, 1.0))
}
