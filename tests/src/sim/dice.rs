//! Numbers from a seed: the same seed gives the same numbers in every build.

use std::time::Duration;

use uuid::Uuid;

/// A die that rolls the same for ever (`SplitMix64`). Not for secrets.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The die of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The die of the `index`-th of many that share a seed, unlike those of its neighbours.
    pub fn of(seed: u64, index: u64) -> Self {
        let mut dice = Self(seed ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let first = dice.roll();
        Self(first)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..end`; 0 where there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll().checked_rem(end).unwrap_or(0)
    }

    /// One of `from..=to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// One of `0.0..1.0`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something that happens in `percent` of all cases happens.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which are not none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(choices.len() as u64)).unwrap_or(0);
        &choices[at]
    }

    /// How long until something that comes every `mean` on the average, and has no memory.
    pub fn wait(&mut self, mean: Duration) -> Duration {
        let share = self.share().max(1e-12);
        let seconds = (-share.ln() * mean.as_secs_f64()).min(1e9);
        Duration::from_secs_f64(seconds)
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.roll()) << 64) | u128::from(self.roll());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }

    /// A MAC address that begins with `prefix`, lower case.
    pub fn mac(&mut self, prefix: &str) -> String {
        let [a, b, c, ..] = self.roll().to_be_bytes();
        format!("{prefix}:{a:02x}:{b:02x}:{c:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut dice = Dice::new(7);

        assert_eq!(dice.roll(), 7_191_089_600_892_374_487);
        assert_eq!(dice.uuid().get_version_num(), 4);
    }

    #[test]
    fn neighbours_are_not_alike() {
        let first: Vec<u64> = (0..100).map(|index| Dice::of(1, index).below(1000)).collect();
        let mut unlike = first.clone();
        unlike.sort_unstable();
        unlike.dedup();

        assert!(unlike.len() > 80, "{first:?}");
    }
}
