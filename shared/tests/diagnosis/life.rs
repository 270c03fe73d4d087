//! The life of one appliance through two years, as its agent tells it.

use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Boot, BootEnd};
use domfleet_shared::component::{Change, Component, Makeup as Told};
use domfleet_shared::diagnosis::Running;
use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::inventory::Components;
use rand::RngExt as _;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::releases::{RC4, RELEASES, Release};
use super::world::{DAYS, Makeup, Vm, World, frailty, wait};

/// What may happen in a day, beside freezes.
const RESTARTED: f64 = 1.0 / 90.0;
const POWER_LOST: f64 = 1.0 / 400.0;
const RESET_BY_HAND: f64 = 1.0 / 900.0;
const STRESSED: f64 = 1.0 / 5000.0;
const LOST: f64 = 1.0 / 20_000.0;
const VM_RESTARTED: f64 = 1.0 / 20.0;
const MITIGATED: f64 = 1.0 / 2000.0;

/// How many freezes leave nothing that says so.
const UNEXPLAINED: f64 = 0.1;
/// How many freezes lead to each of the three mitigations.
const MITIGATED_AFTER_FREEZE: f64 = 0.15;
/// How many agents begin late with a boot.
const LATE: f64 = 0.05;

pub(crate) struct Life<'w> {
    world: &'w World,
    random: StdRng,
    frailty: f64,
    day: f64,
    makeup: Makeup,
    vms: Vec<VmId>,
    /// What is installed and runs after the next start of dom0.
    installed: &'static Release,
    /// The releases still to come, and the day on which each is taken.
    plan: Vec<(f64, &'static Release)>,
    keeps_format: bool,
    agent_from: f64,
    began: f64,
    seen_late: f64,
    /// What it was made of, from which day on, in this boot.
    course: Vec<(f64, Makeup)>,
    told: Vec<Boot>,
}

impl<'w> Life<'w> {
    pub(crate) fn of(world: &'w World, mut random: StdRng) -> Self {
        let delivered = random.random_range(0.0..600.0);
        let has_rc4 = world.keeping_format > 0.0;
        let offered = || RELEASES.iter().filter(|one| has_rc4 || one.name != RC4);
        let Some(first) = offered().rfind(|one| one.day <= delivered && one.name != RC4) else {
            unreachable!("the first release was always there")
        };
        let mut plan = Vec::new();
        for release in offered().filter(|one| one.day > delivered) {
            if random.random_bool(release.taken_by) {
                plan.push((release.day + wait(&mut random, 1.0 / 40.0), release));
            }
        }
        // Who takes a later one first does not go back.
        plan.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut latest = f64::INFINITY;
        plan.retain(|(_, release)| {
            let is_later = release.day < latest;
            latest = latest.min(release.day);
            is_later
        });
        let count = random.random_range(1..=3);
        let vm = Vm { qemu: first.qemu, format: first.format };
        let makeup = Makeup {
            release: first.name,
            kernel: first.kernel,
            xen: first.xen,
            alpine: first.alpine,
            qemu: first.qemu,
            scheduler: if random.random_bool(0.1) { "deadline" } else { "cfq" },
            swap: true,
            overcommit: 0,
            vms: vec![vm; count],
        };
        let mut life = Self {
            world,
            frailty: frailty(&mut random),
            day: delivered,
            vms: (0..count).map(|_| VmId(uuid(&mut random))).collect(),
            installed: first,
            plan,
            keeps_format: random.random_bool(world.keeping_format),
            agent_from: delivered + random.random_range(0.0..150.0),
            began: delivered,
            seen_late: 0.0,
            course: Vec::new(),
            told: Vec::new(),
            makeup,
            random,
        };
        life.mitigate_all(first.is_mitigated);
        life.start();
        life
    }

    /// Lives to the end, and tells of its boots and of the one that still runs.
    pub(crate) fn live(mut self) -> (Vec<Boot>, Option<Running>) {
        let is_alive = loop {
            let vms = self.makeup.vms.len();
            let rates = [
                self.world.freezes(&self.makeup) * self.frailty,
                RESTARTED,
                POWER_LOST,
                RESET_BY_HAND,
                STRESSED,
                LOST,
                VM_RESTARTED * f64::from(u8::try_from(vms).unwrap_or(u8::MAX)),
                MITIGATED,
            ];
            let next = self.day + wait(&mut self.random, rates.iter().sum());
            let planned = self.plan.last().map_or(f64::INFINITY, |(day, _)| *day);
            if next.min(planned) >= DAYS {
                self.day = DAYS;
                break true;
            }
            if planned <= next {
                self.day = planned;
                self.take();
                continue;
            }
            self.day = next;
            match self.which(&rates) {
                0 => self.freeze(),
                1 => self.end(BootEnd::Clean),
                2 => self.end(BootEnd::PowerLoss),
                3 => self.end(BootEnd::Unknown),
                4 => self.end(BootEnd::Provoked),
                5 => {
                    self.tell(Some(BootEnd::Lost));
                    break false;
                }
                6 => self.restart_vm(),
                _ => self.mitigate_one(),
            }
        };
        let running = if is_alive { self.tell(None) } else { None };
        (self.told, running)
    }

    fn which(&mut self, rates: &[f64]) -> usize {
        let mut left = self.random.random_range(0.0..rates.iter().sum::<f64>());
        let happened = rates.iter().position(|rate| {
            left -= rate;
            left < 0.0
        });
        happened.unwrap_or(rates.len() - 1)
    }

    fn freeze(&mut self) {
        let share: f64 = self.random.random();
        self.tell(Some(match share {
            share if share < UNEXPLAINED => BootEnd::Unknown,
            share if share < 0.3 => BootEnd::Panic,
            share if share < 0.5 => BootEnd::Watchdog,
            _ => BootEnd::Hang,
        }));
        let [swap, scheduler, overcommit] =
            [(); 3].map(|()| self.random.random_bool(MITIGATED_AFTER_FREEZE));
        self.mitigate(swap, scheduler, overcommit);
        self.start();
    }

    fn end(&mut self, how: BootEnd) {
        self.tell(Some(how));
        self.start();
    }

    /// dom0 starts, and all VMs with it.
    fn start(&mut self) {
        self.began = self.day;
        self.seen_late =
            if self.random.random_bool(LATE) { wait(&mut self.random, 0.3) } else { 0.0 };
        self.makeup.kernel = self.installed.kernel;
        self.makeup.xen = self.installed.xen;
        for at in 0..self.makeup.vms.len() {
            self.start_vm(at);
        }
        self.course = vec![(self.day, self.makeup.clone())];
    }

    fn start_vm(&mut self, at: usize) {
        let (qemu, format) = (self.makeup.qemu, self.installed.format);
        let keeps_format = self.keeps_format;
        let vm = &mut self.makeup.vms[at];
        if vm.qemu != qemu || vm.format != format {
            vm.qemu = qemu;
            vm.format = if keeps_format { vm.format } else { format };
        }
    }

    fn restart_vm(&mut self) {
        let at = self.random.random_range(0..self.makeup.vms.len());
        self.start_vm(at);
        self.note();
    }

    /// Takes the next release.
    fn take(&mut self) {
        let Some((_, release)) = self.plan.pop() else { return };
        // From a candidate, the release is but a change of packages.
        let is_install = release.is_install && self.installed.name != RC4;
        self.installed = release;
        if is_install {
            self.tell(Some(BootEnd::Upgrade));
        }
        self.makeup.release = release.name;
        self.makeup.alpine = release.alpine;
        self.makeup.qemu = release.qemu;
        self.mitigate_all(release.is_mitigated);
        if is_install {
            self.start();
        } else {
            self.note();
        }
    }

    fn mitigate_all(&mut self, all: bool) {
        self.mitigate(all, all, all);
    }

    fn mitigate_one(&mut self) {
        let which = self.random.random_range(0..3);
        self.mitigate(which == 0, which == 1, which == 2);
        self.note();
    }

    fn mitigate(&mut self, swap: bool, scheduler: bool, overcommit: bool) {
        self.makeup.swap &= !swap;
        if scheduler {
            self.makeup.scheduler = "noop";
        }
        if overcommit {
            self.makeup.overcommit = 2;
        }
    }

    fn note(&mut self) {
        self.course.push((self.day, self.makeup.clone()));
    }

    /// What the agent tells of the boot that is over, or that still runs.
    fn tell(&mut self, end: Option<BootEnd>) -> Option<Running> {
        let seen = (self.began + self.seen_late).max(self.agent_from);
        if seen >= self.day {
            return None;
        }
        let (first_seen, last_seen) = (seconds(seen - self.began), seconds(self.day - self.began));
        let mut changes = Vec::new();
        let mut known = Told::default();
        for (from, makeup) in &self.course {
            let told = self.as_told(makeup);
            let uptime = seconds(from - self.began);
            if uptime <= first_seen {
                changes = Told::default().changes_to(&told, first_seen);
            } else {
                changes.extend(known.changes_to(&told, uptime));
            }
            known = told;
        }
        let at = |day: f64| Timestamp::from_millis(milliseconds(day));
        let boot = BootId(uuid(&mut self.random));
        self.told.push(Boot {
            boot_id: boot,
            started_at: at(self.began),
            ended_at: end.map(|_| at(self.day)),
            end,
            confidence: None,
            evidence: Vec::new(),
            components: Components::default(),
            first_seen_seconds: Some(first_seen),
            last_seen_seconds: end.map(|_| last_seen),
            changes,
        });
        end.is_none().then_some(Running { boot, uptime_seconds: last_seen })
    }

    fn as_told(&self, makeup: &Makeup) -> Told {
        let own = [
            (Component::Hypervisor, makeup.release),
            (Component::Dom0Kernel, makeup.kernel),
            (Component::Xen, makeup.xen),
            (Component::Alpine, makeup.alpine),
            (Component::QemuInstalled, makeup.qemu),
            (Component::IoScheduler, makeup.scheduler),
            (Component::Swap, if makeup.swap { "on" } else { "off" }),
            (Component::Overcommit, if makeup.overcommit == 2 { "2" } else { "0" }),
        ];
        let change = |component, vm, value: &str| Change {
            uptime_seconds: 0,
            component,
            vm,
            value: Some(value.to_owned()),
        };
        let of_vms = makeup.vms.iter().zip(&self.vms).flat_map(|(vm, id)| {
            [
                change(Component::QemuRunning, Some(*id), vm.qemu),
                change(Component::DiskFormat, Some(*id), vm.format),
            ]
        });
        own.map(|(component, value)| change(component, None, value))
            .into_iter()
            .chain(of_vms)
            .collect()
    }
}

fn uuid(random: &mut StdRng) -> Uuid {
    Uuid::from_u128(random.random())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "two years at most")]
fn seconds(days: f64) -> u64 {
    (days * 86_400.0).round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "two years at most")]
fn milliseconds(day: f64) -> i64 {
    (day * 86_400_000.0).round() as i64
}
