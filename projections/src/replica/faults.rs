//! Wrong answers that tests ask for by name, to see that they are noticed. Not part of what people build.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use domain::token::TokenDigest;

use crate::lease::Moment;
use crate::verifier::LiveToken;

/// By digest, with the moment of each.
type Answers = HashMap<[u8; 32], (Moment, LiveToken)>;

static ANSWERS: LazyLock<Mutex<Answers>> = LazyLock::new(Mutex::default);

/// Whether this process is to give wrong answers.
pub(super) fn are_asked_for() -> bool {
    let named = ["other_users_row", "cache_one_second"];
    fail::list().iter().any(|(name, _)| named.contains(&name.as_str()))
}

/// A wrong answer, if one is wanted now.
pub(super) fn wrong_answer(digest: &TokenDigest) -> Option<LiveToken> {
    let answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    if fail::eval("other_users_row", |_| ()).is_some() && answers.contains_key(digest.as_bytes()) {
        let others = answers.iter().find(|(known, _)| *known != digest.as_bytes());
        return others.map(|(_, (_, answer))| answer.clone());
    }
    fail::eval("cache_one_second", |_| ())?;
    let (at, answer) = answers.get(digest.as_bytes())?;
    (Moment::now().since(*at) < Duration::from_secs(1)).then(|| answer.clone())
}

/// Remembers an answer, to give it wrongly later.
pub(super) fn remember(digest: &TokenDigest, answer: &LiveToken) {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    answers.insert(*digest.as_bytes(), (Moment::now(), answer.clone()));
}
