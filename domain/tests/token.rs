//! What can happen to a user's token, given what happened to it before.
//!
//! Tokens are `A`, `B` and `C`; their generations are `ONE`, `TWO` and `THREE`.

use chrono::{DateTime, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::token::{FreshToken, Generation, RevocationReason, TokenDigest, TokenHint};
use domain::{Token, TokenCommand, TokenError, TokenEvent, TokenId};
use uuid::Uuid;

const A: u8 = 0xA;
const B: u8 = 0xB;
const C: u8 = 0xC;

const ONE: Generation = Generation::FIRST;
const TWO: Generation = ONE.next();
const THREE: Generation = TWO.next();

const REASONS: [RevocationReason; 4] = [
    RevocationReason::Owner,
    RevocationReason::Bearer,
    RevocationReason::Administrator,
    RevocationReason::UserLocked,
];

fn id(token: u8) -> TokenId {
    TokenId::new(Uuid::from_u128(token.into()))
}

fn digest(token: u8) -> TokenDigest {
    TokenDigest::new([token; 32])
}

fn hint(token: u8) -> TokenHint {
    TokenHint::new(format!("00{token:02x}"))
}

fn fresh(token: u8) -> FreshToken {
    FreshToken { id: id(token), digest: digest(token), hint: hint(token) }
}

/// When each thing happened: a while ago.
const PAST: DateTime<Utc> = DateTime::from_timestamp_nanos(1_000_000_000_000_000_001);
/// When the command of a test is asked.
const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);

/// The story so far, told in the past.
fn given<const N: usize>(events: [TokenEvent; N]) -> AggregateTestExecutor<Token> {
    TestFramework::with(()).given(events.map(in_the_past).to_vec())
}

fn in_the_past(mut event: TokenEvent) -> TokenEvent {
    let (TokenEvent::TokenGenerated { at, .. }
    | TokenEvent::TokenRegenerated { at, .. }
    | TokenEvent::TokenRevoked { at, .. }) = &mut event;
    *at = PAST;
    event
}

fn generated(token: u8, generation: Generation) -> TokenEvent {
    TokenEvent::TokenGenerated {
        token_id: id(token),
        generation,
        digest: digest(token),
        hint: hint(token),
        at: NOW,
    }
}

fn regenerated(token: u8, generation: Generation, invalidated: u8) -> TokenEvent {
    TokenEvent::TokenRegenerated {
        token_id: id(token),
        generation,
        digest: digest(token),
        hint: hint(token),
        invalidated_token_id: id(invalidated),
        at: NOW,
    }
}

fn revoked(token: u8, generation: Generation) -> TokenEvent {
    revoked_by(RevocationReason::Owner, token, generation)
}

fn revoked_by(reason: RevocationReason, token: u8, generation: Generation) -> TokenEvent {
    TokenEvent::TokenRevoked { token_id: id(token), generation, reason, at: NOW }
}

/// Generates where no live token is expected.
fn generate(token: u8) -> TokenCommand {
    TokenCommand::Generate { replace: false, fresh: fresh(token), at: NOW }
}

fn generate_or_replace(token: u8) -> TokenCommand {
    TokenCommand::Generate { replace: true, fresh: fresh(token), at: NOW }
}

fn regenerate(token: u8, expected: impl Into<Option<Generation>>) -> TokenCommand {
    TokenCommand::Regenerate { expected_generation: expected.into(), fresh: fresh(token), at: NOW }
}

fn revoke(expected: impl Into<Option<Generation>>) -> TokenCommand {
    revoke_as(RevocationReason::Owner, expected)
}

fn revoke_as(reason: RevocationReason, expected: impl Into<Option<Generation>>) -> TokenCommand {
    TokenCommand::Revoke { expected_generation: expected.into(), reason, at: NOW }
}

#[test]
fn the_first_token_is_of_generation_one() {
    given([]).when(generate(A)).then_expect_events(vec![generated(A, ONE)]);
}

#[test]
fn the_first_token_replaces_none_even_if_it_may() {
    given([]).when(generate_or_replace(A)).then_expect_events(vec![generated(A, ONE)]);
}

#[test]
fn generating_over_a_live_token_regenerates_it_and_names_the_token_it_invalidates() {
    given([generated(A, ONE)])
        .when(generate_or_replace(B))
        .then_expect_events(vec![regenerated(B, TWO, A)]);
}

#[test]
fn generating_over_a_regenerated_token_invalidates_only_the_latest() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(generate_or_replace(C))
        .then_expect_events(vec![regenerated(C, THREE, B)]);
}

#[test]
fn generating_without_leave_to_replace_is_refused_while_a_token_is_live() {
    given([generated(A, ONE)])
        .when(generate(B))
        .then_expect_error(TokenError::AlreadyGenerated { current: ONE });
}

#[test]
fn generating_without_leave_to_replace_is_refused_while_a_regenerated_token_is_live() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(generate(C))
        .then_expect_error(TokenError::AlreadyGenerated { current: TWO });
}

#[test]
fn generating_without_leave_to_replace_is_refused_while_a_token_after_a_revoked_one_is_live() {
    given([generated(A, ONE), revoked(A, ONE), generated(B, TWO)])
        .when(generate(C))
        .then_expect_error(TokenError::AlreadyGenerated { current: TWO });
}

#[test]
fn generating_after_a_revoke_counts_on() {
    given([generated(A, ONE), revoked(A, ONE)])
        .when(generate(B))
        .then_expect_events(vec![generated(B, TWO)]);
}

#[test]
fn generating_after_a_revoke_invalidates_none_even_if_it_may() {
    given([generated(A, ONE), regenerated(B, TWO, A), revoked(B, TWO)])
        .when(generate_or_replace(C))
        .then_expect_events(vec![generated(C, THREE)]);
}

#[test]
fn regenerating_names_the_token_it_invalidates() {
    given([generated(A, ONE)])
        .when(regenerate(B, None))
        .then_expect_events(vec![regenerated(B, TWO, A)]);
}

#[test]
fn regenerating_again_invalidates_only_the_latest() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(regenerate(C, None))
        .then_expect_events(vec![regenerated(C, THREE, B)]);
}

#[test]
fn regenerating_the_expected_generation_replaces_it() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(regenerate(C, TWO))
        .then_expect_events(vec![regenerated(C, THREE, B)]);
}

#[test]
fn regenerating_a_token_made_after_a_revoke_invalidates_that_token() {
    given([generated(A, ONE), revoked(A, ONE), generated(B, TWO)])
        .when(regenerate(C, TWO))
        .then_expect_events(vec![regenerated(C, THREE, B)]);
}

#[test]
fn regenerating_a_generation_that_was_replaced_is_refused() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(regenerate(C, ONE))
        .then_expect_error(TokenError::StaleGeneration { current: TWO });
}

#[test]
fn regenerating_a_generation_that_was_revoked_is_refused_while_a_later_one_is_live() {
    given([generated(A, ONE), revoked(A, ONE), generated(B, TWO)])
        .when(regenerate(C, ONE))
        .then_expect_error(TokenError::StaleGeneration { current: TWO });
}

#[test]
fn regenerating_a_generation_that_does_not_exist_yet_is_refused() {
    given([generated(A, ONE)])
        .when(regenerate(B, TWO))
        .then_expect_error(TokenError::StaleGeneration { current: ONE });
}

#[test]
fn regenerating_needs_a_token() {
    for expected in [None, Some(ONE)] {
        given([]).when(regenerate(A, expected)).then_expect_error(TokenError::NotGenerated);
    }
}

#[test]
fn regenerating_a_revoked_token_is_refused_whichever_generation_is_expected() {
    for expected in [None, Some(ONE), Some(TWO), Some(THREE)] {
        given([generated(A, ONE), regenerated(B, TWO, A), revoked(B, TWO)])
            .when(regenerate(C, expected))
            .then_expect_error(TokenError::NotGenerated);
    }
}

#[test]
fn revoking_kills_the_first_token() {
    given([generated(A, ONE)]).when(revoke(None)).then_expect_events(vec![revoked(A, ONE)]);
}

#[test]
fn revoking_kills_a_regenerated_token() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(revoke(None))
        .then_expect_events(vec![revoked(B, TWO)]);
}

#[test]
fn revoking_kills_a_token_made_after_a_revoke() {
    given([generated(A, ONE), revoked(A, ONE), generated(B, TWO)])
        .when(revoke(None))
        .then_expect_events(vec![revoked(B, TWO)]);
}

#[test]
fn revoking_the_expected_generation_kills_it() {
    given([generated(A, ONE), regenerated(B, TWO, A)])
        .when(revoke(TWO))
        .then_expect_events(vec![revoked(B, TWO)]);
}

#[test]
fn revoking_states_the_reason() {
    for reason in REASONS {
        given([generated(A, ONE)])
            .when(revoke_as(reason, None))
            .then_expect_events(vec![revoked_by(reason, A, ONE)]);
    }
}

#[test]
fn revoking_a_generation_that_was_replaced_is_refused_for_every_reason() {
    for reason in REASONS {
        given([generated(A, ONE), regenerated(B, TWO, A)])
            .when(revoke_as(reason, ONE))
            .then_expect_error(TokenError::StaleGeneration { current: TWO });
    }
}

#[test]
fn revoking_a_generation_that_was_revoked_is_refused_while_a_later_one_is_live() {
    given([generated(A, ONE), revoked(A, ONE), generated(B, TWO)])
        .when(revoke(ONE))
        .then_expect_error(TokenError::StaleGeneration { current: TWO });
}

#[test]
fn revoking_a_generation_that_does_not_exist_yet_is_refused() {
    given([generated(A, ONE)])
        .when(revoke(TWO))
        .then_expect_error(TokenError::StaleGeneration { current: ONE });
}

#[test]
fn revoking_before_the_first_token_changes_nothing() {
    for expected in [None, Some(ONE)] {
        given([]).when(revoke(expected)).then_expect_events(vec![]);
    }
}

#[test]
fn revoking_what_is_already_revoked_changes_nothing() {
    for reason in REASONS {
        for expected in [None, Some(ONE), Some(TWO), Some(THREE)] {
            given([generated(A, ONE), regenerated(B, TWO, A), revoked(B, TWO)])
                .when(revoke_as(reason, expected))
                .then_expect_events(vec![]);
        }
    }
}

#[test]
fn generations_count_on_whatever_happens_and_never_restart() {
    let mut story = Vec::new();
    let mut born = Vec::new();
    for _ in 0..50 {
        for command in
            [generate(A), regenerate(B, None), generate_or_replace(C), revoke(None), revoke(None)]
        {
            let executor = TestFramework::<Token>::with(()).given(story.clone());
            let events = executor.when(command).inspect_result().unwrap();
            let births = events.iter().filter(|e| !matches!(e, TokenEvent::TokenRevoked { .. }));
            born.extend(births.map(|event| event.generation().get()));
            story.extend(events);
        }
    }
    assert_eq!(born, (1..=150).collect::<Vec<u32>>());
    assert_eq!(story.len(), 200, "each second revoke of a round changes nothing");
}
