//! Tokens as the product makes them, and what requests are made with.

use std::fmt::Write as _;
use std::path::Path;

use domain::token::{Prefix, TokenSecret};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Tokens numbered from 0, the same each time.
pub fn issued(number: u32) -> impl Iterator<Item = TokenSecret> {
    sequence(1, number)
}

/// Well-formed tokens that nobody was given.
pub fn unknown(number: u32) -> impl Iterator<Item = TokenSecret> {
    sequence(2, number)
}

fn sequence(seed: u64, number: u32) -> impl Iterator<Item = TokenSecret> {
    let mut rng = StdRng::seed_from_u64(seed);
    let prefix = Prefix::default();
    (0..number).map(move |_| TokenSecret::generate(&prefix, &mut rng))
}

/// The same tokens with a typing error: the checksum is wrong.
pub fn mistyped(token: &TokenSecret) -> String {
    let text = token.expose();
    let (rest, last) = text.split_at(text.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

/// The same tokens cut short.
pub fn malformed(token: &TokenSecret) -> String {
    let text = token.expose();
    text[..text.len() - 5].to_owned()
}

/// Writes one a line.
pub fn write(path: &Path, tokens: impl Iterator<Item = String>) {
    let text = tokens.fold(String::new(), |mut text, token| {
        writeln!(text, "{token}").expect("memory takes it");
        text
    });
    std::fs::write(path, text).expect("the directory is ours");
}

/// `number` out of all of them, evenly spread; every so many-th of an odd number, since the ids of theirs count up, and are to end in as
/// many ways as random ones do: the server takes note of them by their last bits.
pub fn spread(
    tokens: impl Iterator<Item = TokenSecret>,
    all: u32,
    number: u32,
) -> impl Iterator<Item = TokenSecret> {
    let step = ((all / number).saturating_sub(1) | 1) as usize;
    tokens.step_by(step).take(number as usize)
}
