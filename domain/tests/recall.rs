//! An aggregate that is recalled by its latest event is what all of its events make it.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::test::TestFramework;
use domain::token::{FreshToken, RevocationReason, TokenDigest, TokenHint};
use domain::webhook::FreshWebhook;
use domain::{Recall, Recalls, Token, TokenCommand, TokenId, Webhook, WebhookCommand, WebhookId};
use uuid::Uuid;

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);
/// Commands one after another: enough for two to be made anew after two have died.
const LENGTH: u8 = 6;

fn state<'a, A: Aggregate + Debug>(events: impl IntoIterator<Item = &'a A::Event>) -> String
where
    A::Event: Clone + 'a,
{
    let mut aggregate = A::default();
    for event in events {
        aggregate.apply(event.clone());
    }
    format!("{aggregate:?}")
}

/// Tries every sequence of these commands; `command` gets the place in the sequence and which it is to be.
fn assert_the_latest_event_says_all<A>(kinds: usize, command: impl Fn(u8, usize) -> A::Command)
where
    A: Recalls<Services = ()> + Debug + Send + 'static,
    A::Event: Clone,
{
    assert_eq!(A::RECALL, Recall::Latest);
    let mut told = 0;
    for sequence in 0..kinds.pow(LENGTH.into()) {
        let mut events: Vec<A::Event> = Vec::new();
        let mut rest = sequence;
        for place in 0..LENGTH {
            let command = command(place, rest % kinds);
            rest /= kinds;
            let test = TestFramework::<A>::with(()).given(events.clone()).when(command);
            // A refusal changes nothing.
            events.extend(test.inspect_result().unwrap_or_default());
            assert_eq!(state::<A>(events.last()), state::<A>(&events), "{events:?}");
            told = told.max(events.len());
        }
    }
    assert_eq!(told, usize::from(LENGTH), "no sequence was carried out to its end");
}

#[test]
fn a_token_is_recalled_by_its_latest_event() {
    assert_the_latest_event_says_all::<Token>(3, |place, kind| {
        let fresh = FreshToken {
            id: TokenId::new(Uuid::from_u128(place.into())),
            digest: TokenDigest::new([place; 32]),
            hint: TokenHint::new(format!("00{place:02x}")),
        };
        match kind {
            0 => TokenCommand::Generate { replace: false, fresh, at: NOW },
            1 => TokenCommand::Regenerate { expected_generation: None, fresh, at: NOW },
            _ => TokenCommand::Revoke {
                expected_generation: None,
                reason: RevocationReason::Owner,
                at: NOW,
            },
        }
    });
}

#[test]
fn a_webhook_url_is_recalled_by_its_latest_event() {
    assert_the_latest_event_says_all::<Webhook>(2, |place, kind| {
        let fresh = FreshWebhook {
            id: WebhookId::new(Uuid::from_u128(place.into())),
            digest: TokenDigest::new([place; 32]),
            hint: TokenHint::new(format!("00{place:02x}")),
        };
        match kind {
            0 => WebhookCommand::Rotate { expected_generation: None, fresh, at: NOW },
            _ => WebhookCommand::Revoke { at: NOW },
        }
    });
}
