//! Commands that wait at the same time are written together, and each is answered as if it had been alone.

mod postgres;
mod sqlite;

use cqrs_es::persist::SerializedEvent;
use domain::token::{FreshToken, Generation};
use domain::{TokenEvent, UserId};
use projections::Submission;

use crate::conflicts::stored;
use crate::stage::{Stage, TestStore};

/// More than are written in one transaction.
const MANY: usize = 150;

/// A command that has been decided.
pub(crate) struct Decided {
    user_id: UserId,
    fresh: FreshToken,
    events: Vec<SerializedEvent>,
    submission: Submission,
}

/// The user's first token.
fn first_token<S: TestStore>(stage: &Stage<S>, user_id: UserId) -> Decided {
    first_token_of(stage, user_id, stage.fresh())
}

fn first_token_of<S: TestStore>(stage: &Stage<S>, user_id: UserId, fresh: FreshToken) -> Decided {
    let submission = stage.by(user_id);
    let event = TokenEvent::TokenGenerated {
        token_id: fresh.id,
        generation: Generation::FIRST,
        digest: fresh.digest,
        hint: fresh.hint.clone(),
        at: stage.now(),
    };
    let events = vec![stored(&submission, ("token", &user_id), 1, &event)];
    Decided { user_id, fresh, events, submission }
}

async fn users<S: TestStore>(stage: &Stage<S>, count: usize) -> Vec<UserId> {
    let mut users = Vec::new();
    for _ in 0..count {
        users.push(stage.user().await);
    }
    users
}
