//! Chance as a parameter.

use rand::Rng;
use rand::rngs::StdRng;

/// Makes random number generators, each fit for secrets.
pub trait Chance: Send + Sync {
    /// A generator of its own for one purpose.
    fn rng(&self) -> StdRng;

    /// Random bytes for what is no secret and is made for every request. A generator of its own would cost
    /// more than all the rest of such a request.
    fn fill(&self, bytes: &mut [u8]) {
        self.rng().fill_bytes(bytes);
    }
}

/// Generators seeded by the operating system, each afresh.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn rng(&self) -> StdRng {
        rand::make_rng()
    }

    #[expect(clippy::disallowed_methods, reason = "this is where chance comes from")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
