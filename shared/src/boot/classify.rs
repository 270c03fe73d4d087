//! How a boot ended, from what is left of it.

use super::sign::Sign;
use super::{BootEnd, Confidence, Ending};

/// A warning counts as one of the end if it came this shortly before it, by uptime: a disk's error of last month
/// says nothing of today's power cut.
const LATE_SECONDS: u64 = 3600;
/// A write of the sign of life that took this long, or a sign that came this late, says that something hung.
const STALLED_MILLISECONDS: u64 = 30_000;
/// Sessions are lost for a minute every day; not for this long by an agent that still writes to its disk.
const OFFLINE_SECONDS: u64 = 300;
/// From the watchdog's biting to the next kernel's start: firmware, Xen, a check of the file system.
const RESET_WITHIN_SECONDS: u64 = 300;
/// A minute to the last sign of life, and firmware, Xen and the kernel's own start: what restarts by itself is back
/// by then.
const BACK_WITHIN_SECONDS: u64 = 240;
/// A clock that says more is not believed.
const AWAY_AT_MOST_SECONDS: u64 = 7 * 86_400;
/// `/proc/sys/kernel/tainted`: it died (D), a bad page (B), a soft lockup (L). A kernel starts without them.
const DEADLY_TAINT: u64 = 1 << 7 | 1 << 5 | 1 << 14;
/// A machine check (M). Firmware may report an older one as soon as the kernel starts.
const MACHINE_CHECK: u64 = 1 << 4;
/// As many sentences say enough.
const EVIDENCE: usize = 8;
const QUOTED_CHARACTERS: usize = 300;

/// What is left of a boot that is over, as the agent of the next one finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "findings, each independent of the others")]
pub struct Remains {
    /// The agent wrote that dom0 was being shut down in order.
    pub clean_record: bool,
    /// Versions differ between that boot and this one.
    pub versions_changed: bool,
    /// A stress run had been recorded as begun, and not as ended.
    pub stress_open: bool,
    /// Text of kernel logs that the platform kept over the reset (pstore).
    pub pstore: Option<String>,
    /// The end of Xen's log of that boot, where something in dom0 or behind a serial line wrote it down.
    pub xen_log: Option<String>,
    /// The watchdog's boot status says that it reset the machine (`WDIOF_CARDRESET`).
    pub watchdog_reset: bool,
    /// A watchdog had been armed by the agent, and not let go.
    pub armed: Option<Armed>,
    /// Warnings that the agent had persisted during that boot, oldest first, as it writes them:
    /// `number <level>[seconds] text`.
    pub warnings: Vec<String>,
    /// The kernel's taint bits when the agent first saw that boot.
    pub first_taint: Option<u64>,
    /// The kernel's taint bits at its last sign of life.
    pub last_taint: Option<u64>,
    /// The uptime at its last sign of life.
    pub last_seen_seconds: Option<u64>,
    /// The slowest write of the agent's sign of life, late in that boot, in milliseconds.
    pub slowest_alive_milliseconds: Option<u64>,
    /// By how much a sign of life came late at most, late in that boot, in milliseconds.
    pub latest_alive_milliseconds: Option<u64>,
    /// For how long there had been no session with the server at the last sign of life.
    pub offline_seconds: Option<u64>,
    /// From the last sign of life to the start of the next boot, where clocks can be believed.
    pub away_seconds: Option<u64>,
    /// How often the system disk lost its power between the start of that boot and that of this one, where it
    /// counts that.
    pub power_cycles: Option<u64>,
}

/// A watchdog that was armed when the boot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    /// It bites when it was not fed for so long.
    pub timeout_seconds: u64,
    /// The uptime at which it was fed last.
    pub fed_at_seconds: u64,
    /// From then to the start of the next boot, where clocks can be believed.
    pub away_seconds: Option<u64>,
}

struct Finding {
    end: BootEnd,
    confidence: Confidence,
    sentence: String,
}

impl Finding {
    fn new(end: BootEnd, confidence: Confidence, sentence: impl Into<String>) -> Self {
        Self { end, confidence, sentence: sentence.into() }
    }
}

/// What may say that a boot died, in the order of its weight (`DOMAIN.md` 4.1).
const DEATHS: [fn(&Remains) -> Option<Finding>; 14] = [
    panicked,
    kept_an_oops,
    watchdog_says_so,
    watchdog_in_xens_log,
    armed_and_back_in_time,
    had_deadly_taint,
    warned_of_a_lockup,
    stalled,
    stood_still_with_power,
    warned_of_a_disk,
    offline_and_then_cycled,
    lost_its_power,
    armed_and_away_for_longer,
    was_away_for_long,
];

/// How the boot ended that left `remains`, with what says so.
///
/// A record of a panic stands above that of an orderly end, which is also written where only the agent was stopped.
/// Whatever else is found, a death does not become a clean end by it.
pub fn classify(remains: &Remains) -> Ending {
    let found: Vec<Finding> = DEATHS.iter().filter_map(|death| death(remains)).collect();
    let first = found.first();
    let has_panicked = first
        .is_some_and(|first| first.end == BootEnd::Panic && first.confidence == Confidence::High);
    let ended_in_order = remains.clean_record && !has_panicked;
    let sentences = || found.iter().map(|found| found.sentence.clone());
    let ending = |end, confidence, evidence: Vec<String>| {
        let evidence = evidence.into_iter().take(EVIDENCE).collect();
        Ending { end, confidence, evidence }
    };
    if ended_in_order {
        let (end, sentence) = if remains.versions_changed {
            (BootEnd::Upgrade, "dom0 was shut down in order, and other versions run since")
        } else {
            (BootEnd::Clean, "dom0 was shut down in order")
        };
        return ending(end, Confidence::High, vec![sentence.to_owned()]);
    }
    if remains.stress_open {
        let why = "a stress run was under way".to_owned();
        let evidence = std::iter::once(why).chain(sentences()).collect();
        return ending(BootEnd::Provoked, Confidence::High, evidence);
    }
    let mut evidence: Vec<String> = sentences().collect();
    if remains.clean_record {
        evidence.push("the agent had been stopped in order before".to_owned());
    }
    if let Some(first) = first {
        return ending(first.end, first.confidence, evidence);
    }
    let mut evidence = vec!["it ended without a word".to_owned()];
    if remains.power_cycles == Some(0) {
        evidence.push("its disk kept its power meanwhile: it was reset, not cut off".to_owned());
    }
    ending(BootEnd::Unknown, Confidence::Low, evidence)
}

fn panicked(remains: &Remains) -> Option<Finding> {
    let sentence = in_log(remains.pstore.as_deref(), Sign::Panic)
        .map(|line| format!("the kernel log kept over the reset (pstore) says: {}", quoted(line)))
        .or_else(|| {
            let line = in_log(remains.xen_log.as_deref(), Sign::Panic)?;
            Some(format!("Xen's log says: {}", quoted(line)))
        })
        .or_else(|| remains.warned(|sign| sign == Sign::Panic));
    Some(Finding::new(BootEnd::Panic, Confidence::High, sentence?))
}

/// A kernel may live on for days after an oops, so that it is no record of the end.
fn kept_an_oops(remains: &Remains) -> Option<Finding> {
    let line = in_log(remains.pstore.as_deref(), Sign::Oops)?;
    let sentence = format!("the kernel log kept over the reset (pstore) says: {}", quoted(line));
    Some(Finding::new(BootEnd::Panic, Confidence::Medium, sentence))
}

fn watchdog_says_so(remains: &Remains) -> Option<Finding> {
    let sentence = "the watchdog's boot status says that it reset the machine";
    remains.watchdog_reset.then(|| Finding::new(BootEnd::Watchdog, Confidence::High, sentence))
}

fn watchdog_in_xens_log(remains: &Remains) -> Option<Finding> {
    let line = in_log(remains.xen_log.as_deref(), Sign::Watchdog)
        .or_else(|| in_log(remains.pstore.as_deref(), Sign::Watchdog))?;
    let sentence = format!("Xen's log says: {}", quoted(line));
    Some(Finding::new(BootEnd::Watchdog, Confidence::High, sentence))
}

fn armed_and_back_in_time(remains: &Remains) -> Option<Finding> {
    let Armed { timeout_seconds, fed_at_seconds, away_seconds } = remains.armed?;
    let away = away_seconds?;
    let kept_power = remains.power_cycles.is_none_or(|cycles| cycles == 0);
    let sentence = format!(
        "the watchdog ({timeout_seconds} s) was armed and last fed at {} of uptime, and the next boot began {away} s \
         later",
        spell(fed_at_seconds)
    );
    (kept_power && away <= timeout_seconds.saturating_add(RESET_WITHIN_SECONDS))
        .then(|| Finding::new(BootEnd::Watchdog, Confidence::Medium, sentence))
}

fn had_deadly_taint(remains: &Remains) -> Option<Finding> {
    let last = remains.last_taint?;
    let new = last & !remains.first_taint.unwrap_or(0);
    let deadly = (last & DEADLY_TAINT) | (new & MACHINE_CHECK);
    let letters = [(7, 'D'), (5, 'B'), (14, 'L'), (4, 'M')];
    let letters: String =
        letters.into_iter().filter(|(bit, _)| deadly >> bit & 1 == 1).map(|(_, is)| is).collect();
    let sentence = format!("the last sign of life tells of a tainted kernel: {letters}");
    (deadly != 0).then(|| Finding::new(BootEnd::Hang, Confidence::Medium, sentence))
}

fn warned_of_a_lockup(remains: &Remains) -> Option<Finding> {
    let is_one = |sign| !matches!(sign, Sign::Panic | Sign::Watchdog | Sign::IoError);
    Some(Finding::new(BootEnd::Hang, Confidence::Medium, remains.warned(is_one)?))
}

fn stalled(remains: &Remains) -> Option<Finding> {
    let long = |took: &u64| *took >= STALLED_MILLISECONDS;
    let slow = remains.slowest_alive_milliseconds.filter(long);
    let late = remains.latest_alive_milliseconds.filter(long);
    let sentence = match (slow, late) {
        (Some(took), _) => format!("writing a sign of life had taken {} s", took / 1000),
        (None, Some(late)) => format!("a sign of life had come {} s late", late / 1000),
        (None, None) => return None,
    };
    Some(Finding::new(BootEnd::Hang, Confidence::Medium, sentence))
}

fn stood_still_with_power(remains: &Remains) -> Option<Finding> {
    let away = remains.was_away().filter(|_| remains.power_cycles == Some(0))?;
    let sentence = format!(
        "the next boot began {} after its last sign of life, and its disk kept its power meanwhile: it stood still",
        spell(away)
    );
    Some(Finding::new(BootEnd::Hang, Confidence::Medium, sentence))
}

/// Also said of a stick that somebody pulled out.
fn warned_of_a_disk(remains: &Remains) -> Option<Finding> {
    let sentence = remains.warned(|sign| sign == Sign::IoError)?;
    Some(Finding::new(BootEnd::Hang, Confidence::Low, sentence))
}

/// Whoever finds a box that does not answer cycles its power.
fn offline_and_then_cycled(remains: &Remains) -> Option<Finding> {
    let offline = remains.offline_seconds.filter(|offline| *offline >= OFFLINE_SECONDS)?;
    remains.power_cycles.filter(|cycles| *cycles > 0)?;
    let sentence = format!(
        "it had been without a session for {} while it still wrote signs of life, before its power was cycled",
        spell(offline)
    );
    Some(Finding::new(BootEnd::Hang, Confidence::Low, sentence))
}

fn lost_its_power(remains: &Remains) -> Option<Finding> {
    let cycles = remains.power_cycles.filter(|cycles| *cycles > 0)?;
    let sentence = format!(
        "its disk counts {cycles} more loss{} of power, which somebody who cycled a frozen one would cause too",
        if cycles == 1 { "" } else { "es" }
    );
    Some(Finding::new(BootEnd::PowerLoss, Confidence::Low, sentence))
}

fn armed_and_away_for_longer(remains: &Remains) -> Option<Finding> {
    let Armed { timeout_seconds, away_seconds, .. } = remains.armed?;
    let away =
        away_seconds.filter(|away| *away > timeout_seconds.saturating_add(RESET_WITHIN_SECONDS))?;
    let sentence = format!(
        "a watchdog ({timeout_seconds} s) was armed, and yet the next boot began only {} later: it had no power",
        spell(away)
    );
    Some(Finding::new(BootEnd::PowerLoss, Confidence::Low, sentence))
}

/// The nearest guess where nothing tells a box that stood still from one without power.
fn was_away_for_long(remains: &Remains) -> Option<Finding> {
    let away = remains.was_away().filter(|_| remains.power_cycles.is_none())?;
    let sentence = format!(
        "the next boot began {} after its last sign of life: it did not restart by itself, so it stood still, or had \
         no power",
        spell(away)
    );
    Some(Finding::new(BootEnd::Hang, Confidence::Low, sentence))
}

impl Remains {
    /// For how long, where it was longer than what restarts by itself.
    fn was_away(&self) -> Option<u64> {
        let believed = BACK_WITHIN_SECONDS..=AWAY_AT_MOST_SECONDS;
        self.away_seconds.filter(|away| believed.contains(away))
    }

    /// The last warning of that kind, told with its time.
    fn warned(&self, is_it: impl Fn(Sign) -> bool) -> Option<String> {
        let is_late = |at: Option<u64>| match (at, self.last_seen_seconds) {
            (Some(at), Some(last)) => at.saturating_add(LATE_SECONDS) >= last,
            _ => true,
        };
        self.warnings.iter().rev().find_map(|warning| {
            let (at, text) = told(warning);
            Sign::of(text).filter(|sign| is_it(*sign) && is_late(at))?;
            let when = at.map(|at| format!(" at {} of uptime", spell(at))).unwrap_or_default();
            Some(format!("the kernel had warned{when}: {}", quoted(text)))
        })
    }
}

fn in_log(log: Option<&str>, sign: Sign) -> Option<&str> {
    log?.lines().find(|line| Sign::of(line) == Some(sign))
}

/// When a persisted warning was said, and its text.
fn told(warning: &str) -> (Option<u64>, &str) {
    let parts = || {
        let (_, rest) = warning.split_once(">[")?;
        let (at, text) = rest.split_once("] ")?;
        let at: f64 = at.trim().parse().ok()?;
        Some((std::time::Duration::try_from_secs_f64(at).ok()?.as_secs(), text))
    };
    parts().map_or((None, warning), |(at, text)| (Some(at), text))
}

fn quoted(line: &str) -> String {
    line.trim().chars().take(QUOTED_CHARACTERS).collect()
}

/// A time as people say it, in its two largest units.
pub(super) fn spell(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut words = Vec::new();
    for (size, unit) in units {
        if left >= size && words.len() < 2 {
            words.push(format!("{} {unit}", left / size));
            left %= size;
        } else if !words.is_empty() {
            break;
        }
    }
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
