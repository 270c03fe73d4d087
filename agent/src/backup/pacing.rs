//! How fast a backup may copy: pure, from the latencies of small reads to bytes per second.
//!
//! Hypervisor 1.x freezes under I/O load, and a backup is I/O load. So the copy gives way as soon as
//! the disks answer much slower than they do when idle: its rate is halved each time, and grows again by a
//! fixed step while they answer well (AIMD, as TCP does it, for the same reason: what the others need is
//! not known, only that it is too much for all). It never falls below a floor: a backup that never ends
//! is none.

use std::collections::VecDeque;
use std::time::Duration;

/// So many of the last latencies count. One comes each second.
const WINDOW: usize = 16;
/// With fewer, nothing is decided but that one of them is very bad.
const ENOUGH: usize = 4;
/// With fewer, the worst one would decide by itself.
const ENOUGH_FOR_THE_TAIL: usize = 10;
/// Answers may take so many times as long as when idle.
const MEDIAN_TIMES: u32 = 5;
const TAIL_TIMES: u32 = 8;
/// A disk that answers within these is not overloaded, however fast it is when idle: rotating ones seek.
const MEDIAN_AT_LEAST: Duration = Duration::from_millis(30);
const TAIL_AT_LEAST: Duration = Duration::from_millis(120);
/// One that does not answer within these is, however slow it was when it was said to be idle.
const MEDIAN_AT_MOST: Duration = Duration::from_millis(250);
const TAIL_AT_MOST: Duration = Duration::from_secs(1);

/// Bytes per second that are always allowed: of 100 GB in a day and a half.
pub(super) const FLOOR: u64 = 1 << 20;
/// What is added each second while the disks answer well.
const STEP: u64 = 2 << 20;
/// A rate that has been beyond what is possible for this factor is no limit.
const BEYOND: u64 = 2;

/// Latencies that are too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    median: Duration,
    tail: Duration,
}

impl Bounds {
    /// From those of an idle disk; with none of them, the loosest.
    pub(super) fn of_idle(latencies: &[Duration]) -> Self {
        let (Some(median), Some(tail)) = (quantile(latencies, 50), quantile(latencies, 90)) else {
            return Self { median: MEDIAN_AT_MOST, tail: TAIL_AT_MOST };
        };
        Self {
            median: (median * MEDIAN_TIMES).clamp(MEDIAN_AT_LEAST, MEDIAN_AT_MOST),
            tail: (tail * TAIL_TIMES).clamp(TAIL_AT_LEAST, TAIL_AT_MOST),
        }
    }
}

/// The one that so many of a hundred are not above; nothing of none.
fn quantile(latencies: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = latencies.to_vec();
    sorted.sort();
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied()
}

/// Decides on the rate.
#[derive(Clone, Debug)]
pub(super) struct Controller {
    bounds: Bounds,
    recent: VecDeque<Duration>,
    /// Bytes per second; nothing where as many as there can be.
    limit: Option<u64>,
    /// The most that was achieved.
    fastest: u64,
}

impl Controller {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, recent: VecDeque::new(), limit: None, fastest: 0 }
    }

    /// Bytes per second; nothing where there is no limit.
    pub(super) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// A read has taken that long, or has taken that long and is not over, while the copy went at
    /// `rate`. To be told about once a second.
    pub(super) fn observe(&mut self, latency: Duration, rate: u64) {
        self.fastest = self.fastest.max(rate);
        self.recent.push_back(latency);
        if self.recent.len() > WINDOW {
            self.recent.pop_front();
        }
        if latency > TAIL_AT_MOST || self.is_slow() {
            let now = self.limit.unwrap_or(rate).min(rate.max(FLOOR));
            self.limit = Some((now / 2).max(FLOOR));
            // What was seen at the old rate says nothing of the new one.
            self.recent.clear();
        } else if let Some(limit) = self.limit {
            let more = limit.saturating_add(STEP);
            // One that cannot be reached holds nothing back.
            let is_out_of_reach = more > self.fastest.saturating_mul(BEYOND).max(STEP);
            self.limit = (!is_out_of_reach).then_some(more);
        }
    }

    fn is_slow(&self) -> bool {
        let recent: Vec<Duration> = self.recent.iter().copied().collect();
        let is_above = |enough, percent, bound| {
            recent.len() >= enough && quantile(&recent, percent).is_some_and(|seen| seen > bound)
        };
        is_above(ENOUGH, 50, self.bounds.median)
            || is_above(ENOUGH_FOR_THE_TAIL, 90, self.bounds.tail)
    }
}

/// How long to wait so that no more bytes go through than the rate allows.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    /// When what was let through is paid for, since some beginning.
    paid_at: Duration,
}

/// So much that was not used may be used at once later: pauses are not made up for.
const SAVED: Duration = Duration::from_millis(250);

impl Bucket {
    /// Lets `bytes` through at `now`; tells until when to wait before the next.
    pub(super) fn take(&mut self, bytes: u64, now: Duration, limit: Option<u64>) -> Duration {
        let Some(limit) = limit else {
            self.paid_at = now;
            return now;
        };
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(limit.max(1));
        let cost = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        self.paid_at = self.paid_at.max(now.saturating_sub(SAVED)) + cost;
        self.paid_at.max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn on_an_ssd() -> Controller {
        Controller::new(Bounds::of_idle(&[millis(1); 16]))
    }

    /// A disk of so many bytes per second for all, of which a guest wants some: the more is wanted, the
    /// longer it takes to answer.
    struct Disk {
        rate: u64,
        guest: u64,
    }

    impl Disk {
        /// A second of copying: what was copied, and how long a read took.
        fn second(&self, limit: Option<u64>) -> (u64, Duration) {
            let copied = limit.unwrap_or(u64::MAX).min(self.rate);
            let wanted = copied + self.guest;
            // As in a queue: it grows without end as the load comes near what is possible.
            let free = self.rate.saturating_sub(wanted).max(self.rate / 400);
            (copied, Duration::from_micros(1_000 * self.rate / free))
        }
    }

    fn run(controller: &mut Controller, disk: &Disk, seconds: usize) -> Vec<u64> {
        let each = (0..seconds).map(|_| {
            let (copied, latency) = disk.second(controller.limit());
            controller.observe(latency, copied);
            copied
        });
        each.collect()
    }

    #[test]
    fn a_disk_that_answers_well_is_copied_as_fast_as_it_can_be() {
        let mut controller = on_an_ssd();
        for _ in 0..100 {
            controller.observe(millis(20), 100 * MIB);
            assert_eq!(controller.limit(), None);
        }
    }

    #[test]
    fn the_copy_gives_way_until_the_disk_answers_well_and_no_further() {
        let disk = Disk { rate: 100 * MIB, guest: 20 * MIB };
        let mut controller = on_an_ssd();
        run(&mut controller, &disk, 60);

        let copied = run(&mut controller, &disk, 600);

        let mean = copied.iter().sum::<u64>() / 600;
        assert!((40 * MIB..80 * MIB).contains(&mean), "{} MiB/s", mean / MIB);
        // Most of the time the guest is answered.
        let well = copied.iter().filter(|copied| **copied + 20 * MIB <= 98 * MIB).count();
        assert!(well > 500, "{well}");
    }

    #[test]
    fn once_the_load_is_gone_the_copy_is_as_fast_as_before() {
        let mut controller = on_an_ssd();
        run(&mut controller, &Disk { rate: 100 * MIB, guest: 90 * MIB }, 100);
        assert!(controller.limit().is_some_and(|limit| limit < 30 * MIB));

        // A drive that is slower than the disk holds the copy back more than the limit does.
        for _ in 0..150 {
            let rate = controller.limit().unwrap_or(u64::MAX).min(40 * MIB);
            controller.observe(millis(2), rate);
        }

        assert_eq!(controller.limit(), None);
    }

    #[test]
    fn it_goes_on_however_bad_it_gets() {
        let mut controller = on_an_ssd();
        for _ in 0..1_000 {
            controller.observe(Duration::from_secs(30), 0);
        }
        assert_eq!(controller.limit(), Some(FLOOR));
    }

    #[test]
    fn one_long_answer_is_no_overload_unless_it_is_a_freeze() {
        let mut controller = on_an_ssd();
        for second in 0..100 {
            let latency = if second % 20 == 7 { millis(110) } else { millis(2) };
            controller.observe(latency, 50 * MIB);
        }
        assert_eq!(controller.limit(), None);

        controller.observe(millis(1_500), 50 * MIB);

        assert_eq!(controller.limit(), Some(25 * MIB));
    }

    #[test]
    fn a_disk_that_was_busy_when_it_was_said_to_be_idle_gets_no_free_pass() {
        let busy = Bounds::of_idle(&[Duration::from_secs(2); 16]);
        assert_eq!(busy, Bounds { median: MEDIAN_AT_MOST, tail: TAIL_AT_MOST });
        let rotating = Bounds::of_idle(&[millis(12); 16]);
        assert_eq!(rotating, Bounds { median: millis(60), tail: TAIL_AT_LEAST });
        assert_eq!(Bounds::of_idle(&[]), busy);
    }

    #[test]
    fn no_more_goes_through_than_the_rate_allows_and_pauses_are_not_made_up_for() {
        let mut bucket = Bucket::default();
        let (mut now, mut bytes) = (Duration::from_secs(100), 0);
        let begun = now;
        while bytes < 40 * MIB {
            bytes += 4 * MIB;
            now = bucket.take(4 * MIB, now, Some(8 * MIB));
        }
        let taken = now.saturating_sub(begun);
        assert!((millis(4_700)..=millis(5_000)).contains(&taken), "{taken:?}");

        now += Duration::from_mins(1);
        let first = bucket.take(4 * MIB, now, Some(8 * MIB));
        let second = bucket.take(4 * MIB, first, Some(8 * MIB));
        assert!(second >= now + millis(700), "{second:?} after {now:?}");
        assert_eq!(bucket.take(1 << 40, second, None), second);
    }
}
