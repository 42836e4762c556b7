//! What an endpoint reads: made from the event and the read models when it is sent, so that nothing
//! personal waits in the outbox.
//!
//! **Invariant:** no secret, no digest, no hint.

use domain::{AccountEvent, AccountId, TokenEvent, UserId};
use projections::announcement::announced;
use projections::recorded::{Happening, RecordedEvent};
use projections::{Actor, EventKey, StoreError, Via};
use serde_json::{Value, json};

/// The same for every attempt and every endpoint, so that a receiver notices what it has.
pub fn id(event: &EventKey) -> String {
    let EventKey { aggregate_type, aggregate_id, sequence } = event;
    format!("msg_{aggregate_type}_{aggregate_id}_{sequence}")
}

/// The body of the message.
///
/// # Errors
/// `Corrupt` for an event of which nothing is announced.
pub(super) fn body(event: &RecordedEvent) -> Result<String, StoreError> {
    let unannounced = || StoreError::Corrupt("the event is not one that is announced".into());
    let announced = announced(&event.happening).ok_or_else(unannounced)?;
    let mut data = match &event.happening {
        Happening::Token(user_id, happened) => Some(of_token(*user_id, happened)),
        Happening::Account(account_id, happened) => of_account(*account_id, happened),
        Happening::User(..) => None,
    }
    .ok_or_else(unannounced)?;
    if let Value::Object(fields) = &mut data {
        fields.insert("actor".to_owned(), actor(event.actor));
    }
    let body = json!({ "type": announced.kind.as_str(), "timestamp": announced.at, "data": data });
    Ok(body.to_string())
}

fn actor(actor: Actor) -> Value {
    let (token_id, generation) = match actor.via {
        Via::Token { token_id, generation } => (Some(token_id), Some(generation)),
        Via::Session | Via::Setup | Via::CommandLine | Via::System => (None, None),
    };
    json!({
        "userId": actor.user_id,
        "via": actor.via.as_str(),
        "tokenId": token_id,
        "tokenGeneration": generation,
    })
}

fn of_token(user_id: UserId, event: &TokenEvent) -> Value {
    match event {
        TokenEvent::TokenGenerated { token_id, generation, .. } => {
            json!({ "userId": user_id, "tokenId": token_id, "generation": generation })
        }
        TokenEvent::TokenRegenerated { token_id, generation, invalidated_token_id, .. } => json!({
            "userId": user_id,
            "tokenId": token_id,
            "generation": generation,
            "invalidatedTokenId": invalidated_token_id,
        }),
        TokenEvent::TokenRevoked { token_id, generation, reason, .. } => json!({
            "userId": user_id,
            "tokenId": token_id,
            "generation": generation,
            "reason": reason,
        }),
    }
}

fn of_account(account_id: AccountId, event: &AccountEvent) -> Option<Value> {
    match event {
        AccountEvent::MemberRemoved { user_id, .. } => {
            Some(json!({ "accountId": account_id, "userId": user_id }))
        }
        AccountEvent::AccountOpened { .. }
        | AccountEvent::MemberAdded { .. }
        | AccountEvent::MemberRoleChanged { .. }
        | AccountEvent::AccountClosed { .. } => None,
    }
}
