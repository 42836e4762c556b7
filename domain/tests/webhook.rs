//! What can happen to a campaign's secret URL, given what happened to it before.
//!
//! URLs are `A`, `B` and `C`; their generations are `ONE`, `TWO` and `THREE`.

use chrono::{DateTime, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::token::{Generation, TokenDigest, TokenHint};
use domain::webhook::FreshWebhook;
use domain::{Webhook, WebhookCommand, WebhookError, WebhookEvent, WebhookId};
use uuid::Uuid;

const A: u8 = 0xA;
const B: u8 = 0xB;
const C: u8 = 0xC;

const ONE: Generation = Generation::FIRST;
const TWO: Generation = ONE.next();
const THREE: Generation = TWO.next();

/// When everything before the command of a test happened.
const PAST: DateTime<Utc> = DateTime::from_timestamp_nanos(1_000_000_000_000_000_001);
/// When the command of a test is asked.
const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);

const REVOKE: WebhookCommand = WebhookCommand::Revoke { at: NOW };

fn id(webhook: u8) -> WebhookId {
    WebhookId::new(Uuid::from_u128(webhook.into()))
}

fn digest(webhook: u8) -> TokenDigest {
    TokenDigest::new([webhook; 32])
}

fn hint(webhook: u8) -> TokenHint {
    TokenHint::new(format!("00{webhook:02x}"))
}

/// The story so far, told in the past.
fn given<const N: usize>(events: [WebhookEvent; N]) -> AggregateTestExecutor<Webhook> {
    TestFramework::with(()).given(events.map(in_the_past).to_vec())
}

fn in_the_past(mut event: WebhookEvent) -> WebhookEvent {
    let (WebhookEvent::WebhookIssued { at, .. } | WebhookEvent::WebhookRevoked { at, .. }) =
        &mut event;
    *at = PAST;
    event
}

fn issued(webhook: u8, generation: Generation, invalidated: impl Into<Option<u8>>) -> WebhookEvent {
    WebhookEvent::WebhookIssued {
        webhook_id: id(webhook),
        generation,
        digest: digest(webhook),
        hint: hint(webhook),
        invalidated_webhook_id: invalidated.into().map(id),
        at: NOW,
    }
}

fn revoked(webhook: u8, generation: Generation) -> WebhookEvent {
    WebhookEvent::WebhookRevoked { webhook_id: id(webhook), generation, at: NOW }
}

fn rotate(webhook: u8, expected: impl Into<Option<Generation>>) -> WebhookCommand {
    WebhookCommand::Rotate {
        expected_generation: expected.into(),
        fresh: FreshWebhook { id: id(webhook), digest: digest(webhook), hint: hint(webhook) },
        at: NOW,
    }
}

#[test]
fn the_first_url_is_of_generation_one_and_kills_none() {
    given([]).when(rotate(A, None)).then_expect_events(vec![issued(A, ONE, None)]);
}

#[test]
fn rotating_names_the_url_it_kills() {
    given([issued(A, ONE, None)]).when(rotate(B, None)).then_expect_events(vec![issued(B, TWO, A)]);
}

#[test]
fn rotating_again_kills_only_the_latest() {
    given([issued(A, ONE, None), issued(B, TWO, A)])
        .when(rotate(C, None))
        .then_expect_events(vec![issued(C, THREE, B)]);
}

#[test]
fn issuing_after_a_revoke_kills_none_and_counts_on() {
    given([issued(A, ONE, None), revoked(A, ONE)])
        .when(rotate(B, None))
        .then_expect_events(vec![issued(B, TWO, None)]);
    given([issued(A, ONE, None), issued(B, TWO, A), revoked(B, TWO)])
        .when(rotate(C, None))
        .then_expect_events(vec![issued(C, THREE, None)]);
}

#[test]
fn rotating_a_url_issued_after_a_revoke_names_that_url() {
    given([issued(A, ONE, None), revoked(A, ONE), issued(B, TWO, None)])
        .when(rotate(C, None))
        .then_expect_events(vec![issued(C, THREE, B)]);
}

#[test]
fn rotating_the_expected_generation_replaces_it() {
    given([issued(A, ONE, None)]).when(rotate(B, ONE)).then_expect_events(vec![issued(B, TWO, A)]);
    given([issued(A, ONE, None), issued(B, TWO, A)])
        .when(rotate(C, TWO))
        .then_expect_events(vec![issued(C, THREE, B)]);
    given([issued(A, ONE, None), revoked(A, ONE), issued(B, TWO, None)])
        .when(rotate(C, TWO))
        .then_expect_events(vec![issued(C, THREE, B)]);
}

#[test]
fn rotating_a_generation_that_was_replaced_is_refused() {
    given([issued(A, ONE, None), issued(B, TWO, A)])
        .when(rotate(C, ONE))
        .then_expect_error(WebhookError::StaleGeneration);
}

#[test]
fn rotating_a_generation_that_was_revoked_is_refused_while_a_later_one_is_live() {
    given([issued(A, ONE, None), revoked(A, ONE), issued(B, TWO, None)])
        .when(rotate(C, ONE))
        .then_expect_error(WebhookError::StaleGeneration);
}

#[test]
fn rotating_a_generation_that_does_not_exist_yet_is_refused() {
    given([issued(A, ONE, None)])
        .when(rotate(B, TWO))
        .then_expect_error(WebhookError::StaleGeneration);
}

#[test]
fn whoever_expects_a_url_is_refused_when_none_is_live() {
    for expected in [ONE, TWO, THREE] {
        given([]).when(rotate(C, expected)).then_expect_error(WebhookError::StaleGeneration);
        given([issued(A, ONE, None), issued(B, TWO, A), revoked(B, TWO)])
            .when(rotate(C, expected))
            .then_expect_error(WebhookError::StaleGeneration);
    }
}

#[test]
fn revoking_kills_the_live_url_however_it_was_issued() {
    given([issued(A, ONE, None)]).when(REVOKE).then_expect_events(vec![revoked(A, ONE)]);
    given([issued(A, ONE, None), issued(B, TWO, A)])
        .when(REVOKE)
        .then_expect_events(vec![revoked(B, TWO)]);
    given([issued(A, ONE, None), revoked(A, ONE), issued(B, TWO, None)])
        .when(REVOKE)
        .then_expect_events(vec![revoked(B, TWO)]);
}

#[test]
fn revoking_before_the_first_url_changes_nothing() {
    given([]).when(REVOKE).then_expect_events(vec![]);
}

#[test]
fn revoking_what_is_already_revoked_changes_nothing() {
    given([issued(A, ONE, None), revoked(A, ONE)]).when(REVOKE).then_expect_events(vec![]);
    given([issued(A, ONE, None), issued(B, TWO, A), revoked(B, TWO)])
        .when(REVOKE)
        .then_expect_events(vec![]);
}

#[test]
fn generations_count_on_whatever_happens_and_never_restart() {
    let mut story = Vec::new();
    let mut born = Vec::new();
    for _ in 0..50 {
        for command in [rotate(A, None), rotate(B, None), rotate(C, None), REVOKE, REVOKE] {
            let executor = TestFramework::<Webhook>::with(()).given(story.clone());
            let events = executor.when(command).inspect_result().unwrap();
            born.extend(events.iter().filter_map(|event| match event {
                WebhookEvent::WebhookIssued { generation, .. } => Some(generation.get()),
                WebhookEvent::WebhookRevoked { .. } => None,
            }));
            story.extend(events);
        }
    }
    assert_eq!(born, (1..=150).collect::<Vec<u32>>());
    assert_eq!(story.len(), 200, "each second revoke of a round changes nothing");
}
