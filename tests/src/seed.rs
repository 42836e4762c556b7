//! Chance that can be repeated: every random test prints its seed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A generator for the test of this name. `TEST_SEED` repeats a run.
pub fn seeded(test: &str) -> StdRng {
    let chosen = std::env::var("TEST_SEED").ok();
    let seed = match chosen {
        Some(number) => number.parse().expect("TEST_SEED is a number"),
        None => rand::make_rng::<StdRng>().random(),
    };
    println!("{test}: to repeat, set TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}
