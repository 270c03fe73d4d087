//! dom0's memory: whether swap can be turned off, and whether enough may still be promised once no
//! more is promised than there is.

/// So much stays free when what is swapped out comes back.
pub(super) const MARGIN_KIB: u64 = 64 * 1024;
/// What the kernel takes where nobody says otherwise.
pub(super) const USUAL_RATIO: u64 = 50;
/// Those that are chosen from, where the usual one is too low.
const RATIOS: std::ops::RangeInclusive<u64> = 60..=95;

/// `/proc/meminfo`, as far as it counts here.
#[expect(clippy::struct_field_names, reason = "the unit belongs to each number")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) total_kib: u64,
    /// What programs could have without anything being swapped out.
    pub(super) available_kib: u64,
    pub(super) swap_total_kib: u64,
    pub(super) swap_free_kib: u64,
    /// What has been promised.
    pub(super) committed_kib: u64,
    /// Taken by huge pages, and promised to nobody else.
    pub(super) huge_kib: u64,
}

impl Memory {
    /// Nothing where the text lacks what every kernel says.
    pub(super) fn read(text: &str) -> Option<Self> {
        let number = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let huge_pages = number("HugePages_Total").unwrap_or(0);
        Some(Self {
            total_kib: number("MemTotal")?,
            // Kernels before 3.14 do not say it; what is free is less than that.
            available_kib: number("MemAvailable").or_else(|| number("MemFree"))?,
            swap_total_kib: number("SwapTotal")?,
            swap_free_kib: number("SwapFree")?,
            committed_kib: number("Committed_AS")?,
            huge_kib: huge_pages.saturating_mul(number("Hugepagesize").unwrap_or(0)),
        })
    }

    fn swap_used_kib(&self) -> u64 {
        self.swap_total_kib.saturating_sub(self.swap_free_kib)
    }

    /// Whether what is swapped out has room in memory; why not, else.
    pub(super) fn has_room_without_swap(&self) -> Result<(), String> {
        let needed = self.swap_used_kib().saturating_add(MARGIN_KIB);
        if self.available_kib > needed {
            return Ok(());
        }
        Err(format!(
            "{} MiB are swapped out and {} MiB of memory are available, which leaves less than {} MiB \
             free: swap stays on until the next boot",
            self.swap_used_kib() / 1024,
            self.available_kib / 1024,
            MARGIN_KIB / 1024
        ))
    }
}

/// What the kernel would promise in mode 2 (`vm_commit_limit`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Strict {
    pub(super) memory: Memory,
    /// Swap that is there then.
    pub(super) swap_kib: u64,
    /// `vm.overcommit_kbytes`: takes the place of a ratio where it is not 0.
    pub(super) fixed_kib: u64,
}

impl Strict {
    pub(super) fn limit_kib(&self, ratio: u64) -> u64 {
        let own = self.memory.total_kib.saturating_sub(self.memory.huge_kib);
        let of_memory = if self.fixed_kib > 0 { self.fixed_kib } else { own * ratio / 100 };
        of_memory.saturating_add(self.swap_kib)
    }

    /// Whether what is promised now is at most four fifths of what could be.
    pub(super) fn is_enough(&self, ratio: u64) -> bool {
        u128::from(self.memory.committed_kib) * 10 <= u128::from(self.limit_kib(ratio)) * 8
    }

    /// The ratio to set: nothing where the one that holds now is enough; the least that is, else.
    pub(super) fn ratio(&self, now: u64) -> Result<Option<u64>, String> {
        if self.is_enough(now) {
            return Ok(None);
        }
        let least = RATIOS.into_iter().find(|ratio| *ratio > now && self.is_enough(*ratio));
        if self.fixed_kib == 0 && least.is_some() {
            return Ok(least);
        }
        let highest = if self.fixed_kib > 0 { now } else { *RATIOS.end() };
        let of = if self.fixed_kib > 0 {
            "by vm.overcommit_kbytes".to_owned()
        } else {
            format!("with vm.overcommit_ratio={highest}")
        };
        Err(format!(
            "{} MiB of memory are promised (Committed_AS), which must be at most 80 % of what the kernel \
             would promise then: {} MiB {of}, of {} MiB of memory and {} MiB of swap. Give dom0 more \
             memory (dom0_mem), or have less run in it",
            self.memory.committed_kib / 1024,
            self.limit_kib(highest) / 1024,
            self.memory.total_kib / 1024,
            self.swap_kib / 1024
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 20;

    fn strict(committed_kib: u64, swap_kib: u64) -> Strict {
        let memory = Memory { total_kib: GIB, committed_kib, ..Memory::default() };
        Strict { memory, swap_kib, fixed_kib: 0 }
    }

    #[test]
    fn the_limit_is_the_kernel_s() {
        // Linux 6.1 with 1 GiB, 128 huge pages of 2 MiB and 512 MiB of swap.
        let memory = Memory { total_kib: GIB, huge_kib: 128 * 2048, ..Memory::default() };
        let strict = Strict { memory, swap_kib: GIB / 2, fixed_kib: 0 };

        assert_eq!(strict.limit_kib(50), 393_216 + 524_288);
        assert_eq!(Strict { fixed_kib: 1000, ..strict }.limit_kib(50), 525_288);
    }

    #[test]
    fn the_least_ratio_that_leaves_a_fifth_is_chosen_or_none() {
        let four_fifths = |ratio: u64| GIB * ratio / 100 * 8 / 10;

        assert_eq!(strict(four_fifths(50), 0).ratio(50), Ok(None));
        assert_eq!(strict(four_fifths(50) + 1, 0).ratio(50), Ok(Some(60)));
        assert_eq!(strict(four_fifths(72) + 1, 0).ratio(50), Ok(Some(73)));
        assert_eq!(strict(four_fifths(95), 0).ratio(50), Ok(Some(95)));
        let refused = strict(four_fifths(95) + 10, 0).ratio(50).unwrap_err();
        assert!(refused.contains("778 MiB") && refused.contains("972 MiB"), "{refused}");
        assert_eq!(strict(four_fifths(95) + 10, GIB).ratio(50), Ok(None));
        assert_eq!(strict(four_fifths(60), 0).ratio(80), Ok(None));
    }

    #[test]
    fn a_fixed_limit_is_not_helped_by_a_ratio() {
        let fixed = Strict { fixed_kib: 1000, ..strict(900, 0) };

        assert!(fixed.ratio(50).unwrap_err().contains("overcommit_kbytes"));
        assert_eq!(Strict { fixed_kib: 2000, ..fixed }.ratio(50), Ok(None));
    }

    #[test]
    fn swap_goes_off_only_where_what_it_holds_has_room() {
        let of = |available_kib, used: u64| Memory {
            available_kib,
            swap_total_kib: used + 5,
            swap_free_kib: 5,
            ..Memory::default()
        };

        assert!(of(MARGIN_KIB + 101, 100).has_room_without_swap().is_ok());
        let why = of(MARGIN_KIB + 100, 100).has_room_without_swap().unwrap_err();
        assert!(why.contains("next boot"), "{why}");
    }

    #[test]
    fn what_old_kernels_do_not_say_is_made_up_for() {
        let text = "MemTotal:  1024 kB\nMemFree: 100 kB\nSwapTotal: 8 kB\nSwapFree: 3 kB\nCommitted_AS: 7 kB\n";

        let memory = Memory::read(text).unwrap();

        assert_eq!((memory.available_kib, memory.swap_used_kib()), (100, 5));
        assert_eq!(Memory::read("MemTotal: 1 kB\n"), None);
    }
}
