//! What is to be thought of a drive, from what a run found.

use std::time::Duration;

use domfleet_shared::usb::{Qualification, QualifyMode, Rate, Smart};

use super::run::{Findings, Sample, State, Stretch};

/// A stretch of time in which a rate means something: a cheap drive stalls for half a second.
const WINDOW: Duration = Duration::from_secs(1);
/// Below this a hundred gigabytes take three hours, and as long again to be verified.
const SLOW: u64 = 10_000_000;

/// What was tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    pub(super) mode: QualifyMode,
    pub(super) claimed_bytes: u64,
    /// The drive itself; else files in its free space, which are anywhere on it.
    pub(super) is_raw: bool,
}

/// The verdict.
pub(super) fn judge(tried: Tried, findings: &Findings, smart: Option<Smart>) -> Qualification {
    let Tried { mode, claimed_bytes, is_raw } = tried;
    let size = Size::of(findings, claimed_bytes);
    let mut reasons = Vec::new();
    let holds =
        if is_raw { format!(": it holds {} of them", size.true_bytes) } else { String::new() };
    match size.lie {
        Some(Lie::Wraps) => reasons.push(format!(
            "it says that it holds {claimed_bytes} bytes, and writes those at the end over those at \
             the beginning{holds}"
        )),
        Some(Lie::Ends) => reasons.push(format!(
            "it says that it holds {claimed_bytes} bytes, and forgets those at the end{holds}"
        )),
        None => {}
    }
    let is_fake = size.lie.is_some();
    if findings.errors > 0 && !is_fake {
        let errors = findings.errors;
        reasons.push(format!("it failed, or came back with something else, {errors} times"));
    }
    if findings.gave_up {
        reasons.push("the rest was not looked at, after so many errors".to_owned());
    }
    let (write_rate, read_rate) = (rate(&findings.written), rate(&findings.read));
    if let Some(slowest) = write_rate.map(|rate| rate.slowest).filter(|rate| *rate < SLOW) {
        let slowest = slowest / 1000;
        reasons.push(format!("it is slow: {slowest} kB/s are what it writes at its slowest"));
    }
    if !is_raw {
        reasons.push("only its free space was looked at: its backups stay as they are".to_owned());
    }
    let is_failing = smart.as_ref().is_some_and(|smart| describe(smart, &mut reasons));
    let is_fit = !is_fake && !is_failing && findings.errors == 0 && !findings.gave_up;
    if !is_fit {
        reasons.push("no backup may be trusted to it".to_owned());
    }
    Qualification {
        mode,
        is_fit,
        claimed_bytes,
        true_bytes: size.true_bytes,
        is_exact: is_raw && size.is_exact,
        is_fake,
        tested_bytes: findings.tested_bytes,
        errors: findings.errors,
        write_rate,
        read_rate,
        smart,
        reasons,
    }
}

/// Says what is wrong by SMART, and whether that is enough to trust nothing to the drive.
fn describe(smart: &Smart, reasons: &mut Vec<String>) -> bool {
    let failed = smart.passed == Some(false);
    if failed {
        reasons.push("by its own judgement (SMART) it is about to fail".to_owned());
    }
    let counts = [
        (smart.pending_sectors, "cannot be read and wait to be replaced"),
        (smart.uncorrectable_sectors, "cannot be read"),
    ];
    let bad =
        counts.into_iter().filter_map(|(count, what)| Some((count.filter(|n| *n > 0)?, what)));
    let before = reasons.len();
    reasons.extend(bad.map(|(count, what)| format!("{count} of its sectors {what} (SMART)")));
    failed || reasons.len() > before
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    /// What is behind its end is at its beginning.
    Wraps,
    /// What is behind its end is nowhere.
    Ends,
}

struct Size {
    true_bytes: u64,
    is_exact: bool,
    lie: Option<Lie>,
}

impl Size {
    fn of(findings: &Findings, claimed: u64) -> Self {
        let stretches = findings.stretches.as_slice();
        let apart = stretches.iter().filter_map(|stretch| match stretch.state {
            State::Displaced(by) => Some(by),
            State::Good | State::Wrong | State::Failed => None,
        });
        // Each is a multiple of the true size.
        let divisor = apart.reduce(gcd);
        if let Some(true_bytes) = divisor {
            return Self { true_bytes, is_exact: true, lie: Some(Lie::Wraps) };
        }
        let is_good = |stretch: &Stretch| stretch.state == State::Good;
        let good = stretches.iter().rposition(is_good);
        let tail = stretches.get(good.map_or(0, |good| good + 1)..).unwrap_or_default();
        let end = good.and_then(|good| stretches.get(good)).map_or(0, |last| last.range.end);
        let is_silent = tail.iter().any(|stretch| stretch.state == State::Wrong);
        let probes: u64 = tail.iter().map(|stretch| stretch.probes).sum();
        // One bad block at the end is a bad block; and where nothing is good, it is broken.
        if probes >= 2 && (good.is_some() || is_silent) && !findings.gave_up {
            let is_exact = findings.is_end_exact;
            return Self { true_bytes: end, is_exact, lie: Some(Lie::Ends) };
        }
        if good.is_none() || findings.gave_up {
            return Self { true_bytes: end, is_exact: false, lie: None };
        }
        Self { true_bytes: claimed, is_exact: true, lie: None }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The mean over all, and the least over any stretch of a second.
pub(super) fn rate(samples: &[Sample]) -> Option<Rate> {
    let per_second = |bytes: u64, took: Duration| {
        let rate = u128::from(bytes) * 1_000_000_000 / took.as_nanos().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    };
    let bytes = samples.iter().map(|(bytes, _)| bytes).sum();
    let took = samples.iter().map(|(_, took)| *took).sum();
    if bytes == 0 {
        return None;
    }
    let mean = per_second(bytes, took);
    let (mut slowest, mut window) = (mean, (0, Duration::ZERO));
    for (bytes, took) in samples {
        window = (window.0 + bytes, window.1 + *took);
        if window.1 >= WINDOW {
            slowest = slowest.min(per_second(window.0, window.1));
            window = (0, Duration::ZERO);
        }
    }
    Some(Rate { mean, slowest })
}
