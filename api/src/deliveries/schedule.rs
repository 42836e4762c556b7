//! When a delivery that failed is tried again.

use chrono::TimeDelta;
use rand::{Rng, RngExt};

/// After the first attempt: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; about three days.
const SECONDS: [u32; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Each wait is this much shorter or longer, in thousandths, so that what failed together does not come
/// back together.
const JITTER: std::ops::RangeInclusive<i32> = 800..=1_200;

/// The waits between attempts. When they are used up, the delivery is dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<TimeDelta>);

impl Schedule {
    /// These waits.
    pub fn of_seconds(waits: &[u32]) -> Self {
        Self(waits.iter().map(|seconds| TimeDelta::seconds(i64::from(*seconds))).collect())
    }

    /// How long to wait after so many failed attempts; `None` = give up.
    pub fn wait(&self, failed_attempts: i64, chance: &mut impl Rng) -> Option<TimeDelta> {
        let position = usize::try_from(failed_attempts.checked_sub(1)?).ok()?;
        let wait = *self.0.get(position)?;
        Some(wait * chance.random_range(JITTER) / 1_000)
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::of_seconds(&SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn ten_attempts_are_spread_over_three_days_and_never_at_the_same_moments() {
        let mut chance = StdRng::seed_from_u64(7);
        let schedule = Schedule::default();
        for (failed, seconds) in (1..).zip(SECONDS) {
            let seconds = i64::from(seconds);
            let mut waits: Vec<_> = (0..200)
                .map(|_| schedule.wait(failed, &mut chance).unwrap().num_milliseconds())
                .collect();
            waits.sort_unstable();
            let (least, most) = (waits[0], waits[199]);
            assert!(least >= seconds * 800 && most <= seconds * 1_200, "{failed}: {least} {most}");
            assert!(least < seconds * 850 && most > seconds * 1_150, "{failed}: {least} {most}");
        }
        assert_eq!(schedule.wait(10, &mut chance), None);
        assert_eq!(schedule.wait(0, &mut chance), None);
        assert_eq!(SECONDS.iter().sum::<u32>() / 3_600, 75);
    }
}
