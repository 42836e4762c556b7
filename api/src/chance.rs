//! Chance as a parameter.

use rand::rngs::StdRng;

/// Makes random number generators, each fit for secrets.
pub trait Chance: Send + Sync {
    /// A generator of its own for one purpose.
    fn rng(&self) -> StdRng;
}

/// Generators seeded by the operating system, each afresh.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn rng(&self) -> StdRng {
        rand::make_rng()
    }
}
