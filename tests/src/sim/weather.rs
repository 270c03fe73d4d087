//! What happens to appliances by themselves: freezes, panics, power cuts, restarts.

use std::time::Duration;

use super::boot::Happening;
use super::dice::Dice;
use super::release::Release;

/// How fast things happen: 1 is life as it is, 10,000 shows in minutes what takes months. The
/// factor shortens only the waits; a clock is never touched.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    scale: f64,
}

const DAY: Duration = Duration::from_hours(24);
/// The mains fail so seldom at each site.
const POWER_CUT: Duration = DAY.saturating_mul(240);
/// And people restart an appliance so seldom.
const RESTART: Duration = DAY.saturating_mul(180);

impl Weather {
    /// Nothing happens by itself.
    pub const CALM: Self = Self { scale: 0.0 };

    /// Everything comes `scale` times as fast.
    pub fn scaled(scale: f64) -> Self {
        Self { scale: if scale.is_finite() { scale.max(0.0) } else { 0.0 } }
    }

    /// What happens next to an appliance that runs `release`, and when.
    pub fn next(self, dice: &mut Dice, release: &Release) -> Option<(Duration, Happening)> {
        if self.scale <= 0.0 {
            return None;
        }
        let death = dice.wait(release.mean_time_to_death());
        let cut = dice.wait(POWER_CUT);
        let restart = dice.wait(RESTART);
        let end = Self::end(dice);
        let (wait, happening) =
            [(death, end), (cut, Happening::PowerCut), (restart, Happening::Restart)]
                .into_iter()
                .min_by_key(|(wait, _)| *wait)?;
        let seconds = (wait.as_secs_f64() / self.scale).min(1e9);
        Some((Duration::from_secs_f64(seconds), happening))
    }

    /// Most stand still until somebody on site cycles their power, which takes minutes; some panic,
    /// and a few have a watchdog.
    fn end(dice: &mut Dice) -> Happening {
        match dice.below(10) {
            0..=5 => {
                let cycled_after = Some(Duration::from_secs(dice.between(100, 420)));
                Happening::Freeze { cycled_after }
            }
            6..=8 => Happening::Panic,
            _ => Happening::Watchdog,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deaths(release: &str) -> usize {
        let release = Release::named(release).unwrap();
        let mut dice = Dice::new(11);
        (0..1000)
            .filter_map(|_| Weather::scaled(1000.0).next(&mut dice, release))
            // A day and a half of it is a quarter of an hour at this scale, and so on.
            .filter(|(wait, happening)| {
                *wait < DAY.mul_f64(30.0 / 1000.0)
                    && !matches!(happening, Happening::PowerCut | Happening::Restart)
            })
            .count()
    }

    #[test]
    fn in_a_month_1_x_freezes_and_0_9_7_and_2_x_hardly_do() {
        assert!(deaths("1.0") > 800);
        assert!(deaths("1.03") > 500);
        assert!(deaths("0.9.7") < 40);
        assert!(deaths("2.0") < 40);
    }

    #[test]
    fn calm_weather_brings_nothing() {
        let release = Release::named("1.0").unwrap();

        assert!(Weather::CALM.next(&mut Dice::new(1), release).is_none());
    }
}
