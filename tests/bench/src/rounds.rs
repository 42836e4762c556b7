//! Asks everyone in turn, several times over, so that whatever else the machine does meets all of them.

use std::time::Duration;

use crate::client::{self, Sample};
use crate::contender::Contender;
use crate::scale::Scale;

/// Between two rounds: nobody is kept from the machine for minutes.
const REST: Duration = Duration::from_secs(3);

/// What was measured, by contender and round.
pub fn run(contenders: &[Contender], scale: Scale) -> Vec<Vec<Sample>> {
    let mut samples = vec![Vec::new(); contenders.len()];
    // The first round warms up and is dropped.
    for round in 0..=scale.rounds() {
        eprintln!("round {round} of {}", scale.rounds());
        for step in 0..contenders.len() {
            // Each round begins with another.
            let place = (step + round) % contenders.len();
            let sample = client::ask(&contenders[place], scale.duration());
            if round > 0 {
                samples[place].push(sample);
            }
        }
        if scale != Scale::Short {
            std::thread::sleep(REST);
        }
    }
    samples
}
