//! Under one idempotency key one command is carried out, however often and at whatever moments it is sent.

use std::sync::Arc;

use api::commands::{CommandError, Commands, Receipt};
use api::error::ApiError;
use chrono::TimeDelta;
use domain::token::Generation;
use domain::{
    AccountCommand, AccountEvent, AccountRole, CallEvent, CampaignCommand, CampaignError,
    TokenCommand, UserCommand, WebhookCommand,
};
use projections::event_store::CommitError;
use projections::{Actor, IdempotencyKey, StoreError, Submission, Via};

use crate::conflicts::stored;
use crate::stage::{Stage, TestStore, contract_tests, person, refusal};

contract_tests!(
    a_call_sent_again_is_not_made_again,
    a_repeated_request_gets_the_first_outcome_whatever_it_changes,
    a_repeated_request_that_would_change_nothing_now_gets_the_first_outcome,
    the_first_outcome_is_all_that_was_done_and_nothing_of_later,
    a_repeated_request_is_told_who_did_it_the_first_time,
    whoever_repeats_a_request_that_minted_a_secret_is_told_so,
    another_request_under_the_same_key_is_refused,
    the_same_request_under_another_key_is_carried_out_again,
    a_key_is_as_good_as_new_after_24_hours,
    a_key_that_is_used_again_points_at_what_was_done_last,
    a_refused_command_leaves_its_key_unused,
    a_command_that_changes_nothing_leaves_its_key_unused,
    a_key_that_was_used_up_meanwhile_stops_the_transaction,
    expired_keys_are_forgotten_and_no_others,
    of_64_equal_calls_at_once_one_is_made,
    of_64_equal_additions_at_once_one_is_made,
    of_64_equal_requests_for_a_webhook_url_at_once_one_mints,
    of_64_equal_requests_for_a_token_at_once_one_mints,
    of_64_equal_requests_that_expect_a_generation_one_replaces_it,
    of_two_requests_under_one_key_at_once_one_is_carried_out,
);

const CROWD: usize = 64;

/// The outcome of the command, if it was carried out now.
#[track_caller]
fn first<E>(outcome: Result<Receipt<E>, CommandError>) -> Receipt<E> {
    let receipt = outcome.expect("nothing is in the way");
    assert!(!receipt.is_repeated, "it was carried out before");
    receipt
}

/// The outcome of the command, if it was carried out before.
#[track_caller]
fn repeated<E>(outcome: Result<Receipt<E>, CommandError>) -> Receipt<E> {
    let receipt = outcome.expect("nothing is in the way");
    assert!(receipt.is_repeated, "it was carried out again");
    receipt
}

/// Expects that the repeated command tells what the first one told.
#[track_caller]
fn assert_same<E: PartialEq + std::fmt::Debug>(again: Receipt<E>, before: &Receipt<E>) {
    assert_eq!(&Receipt { is_repeated: false, ..again }, before);
}

async fn a_call_sent_again_is_not_made_again<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let key = stage.idempotency_key();
    let send = async || {
        let details = stage.details(stage.call_id());
        stage.try_call(account, assistant, details, stage.under(&key, alice)).await
    };
    let before = first(send().await);
    let ledger = stage.ledger().await;
    for _ in 0..3 {
        assert_same(repeated(send().await), &before);
    }
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), ledger.events.len());
    assert_eq!(after.tables, ledger.tables);
    assert_eq!(after.rows("calls").len(), 1);
    let found = stage.store.find_call(account, before.id().unwrap()).await.unwrap();
    assert!(found.is_some(), "the first outcome names the call");
}

async fn a_repeated_request_gets_the_first_outcome_whatever_it_changes<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    let keys: [IdempotencyKey; 6] = std::array::from_fn(|_| stage.idempotency_key());
    let under = |key: usize| stage.under(&keys[key], alice);
    let open = || AccountCommand::Open { first_admin: Some(alice), at: stage.now() };
    let register = || UserCommand::Register { roles: [].into(), at: stage.now() };
    let generate =
        || TokenCommand::Generate { replace: true, fresh: stage.fresh(), at: stage.now() };

    // Everything about the second request is new but the key.
    let accounts = [stage.account_id(), stage.account_id()];
    let account = first(stage.commands.account(accounts[0], open(), under(0)).await);
    let users = [stage.user_id(), stage.user_id()];
    let user = first(stage.commands.user(users[0], register(), under(1)).await);
    let token = first(stage.commands.token(alice, generate(), under(2)).await);
    let campaigns = [stage.campaign_id(), stage.campaign_id()];
    let campaign = first(stage.try_campaign(accounts[0], campaigns[0], under(3)).await);
    let prospects = first(stage.try_add(campaigns[0], &[person(1), person(1)], under(4)).await);
    let url = first(stage.try_rotate(campaigns[0], &stage.fresh_webhook(), under(5)).await);
    let before = stage.ledger().await;

    assert_same(repeated(stage.commands.account(accounts[1], open(), under(0)).await), &account);
    assert_same(repeated(stage.commands.user(users[1], register(), under(1)).await), &user);
    assert_same(repeated(stage.commands.token(alice, generate(), under(2)).await), &token);
    let again = stage.try_campaign(accounts[0], campaigns[1], under(3)).await;
    assert_same(repeated(again), &campaign);
    let again = stage.try_add(campaigns[0], &[person(1), person(1)], under(4)).await;
    assert_same(repeated(again), &prospects);
    let again = stage.try_rotate(campaigns[0], &stage.fresh_webhook(), under(5)).await;
    assert_same(repeated(again), &url);

    let after = stage.ledger().await;
    assert_eq!(after.events.len(), before.events.len());
    assert_eq!(after.tables, before.tables);
}

async fn a_repeated_request_that_would_change_nothing_now_gets_the_first_outcome<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let key = stage.idempotency_key();
    let archive = async || {
        let command = CampaignCommand::Archive { at: stage.now() };
        stage.commands.campaign(campaign, command, stage.under(&key, alice)).await
    };
    let archived = first(archive().await);
    assert_eq!(archived.events.len(), 1);
    assert_same(repeated(archive().await), &archived);
}

async fn the_first_outcome_is_all_that_was_done_and_nothing_of_later<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    let (key, account_id) = (stage.idempotency_key(), stage.account_id());
    let open = async || {
        let command = AccountCommand::Open { first_admin: Some(alice), at: stage.now() };
        stage.commands.account(account_id, command, stage.under(&key, alice)).await
    };
    let opened = first(open().await);
    assert!(matches!(
        opened.events.as_slice(),
        [AccountEvent::AccountOpened { .. }, AccountEvent::MemberAdded { .. }]
    ));
    stage.remove_member(account_id, alice).await;
    assert_same(repeated(open().await), &opened);

    let campaign = stage.campaign(account_id).await;
    stage.add(campaign, &[person(1)]).await;
    let key = stage.idempotency_key();
    let people = [person(1), person(2)];
    let before = first(stage.try_add(campaign, &people, stage.under(&key, alice)).await);
    stage.add(campaign, &[person(3)]).await;
    stage.archive(campaign).await;
    // The campaign takes none any more, but these were taken.
    let again = stage.try_add(campaign, &people, stage.under(&key, alice)).await;
    assert_same(repeated(again), &before);
}

async fn a_repeated_request_is_told_who_did_it_the_first_time<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let token_id = stage.generate(alice).await.id;
    let by_token = Via::Token { token_id, generation: Generation::FIRST };
    let key = stage.idempotency_key();
    let create = async |via| {
        let actor = Actor { user_id: Some(alice), via };
        let submission = Submission { actor, ..stage.under(&key, alice) };
        stage.try_campaign(account, stage.campaign_id(), submission).await
    };
    let before = first(create(by_token).await);
    assert_eq!(before.actor, Actor { user_id: Some(alice), via: by_token });
    assert_same(repeated(create(Via::Session).await), &before);
}

async fn whoever_repeats_a_request_that_minted_a_secret_is_told_so<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let [for_url, for_token] = [(); 2].map(|()| stage.idempotency_key());

    let fresh = stage.fresh_webhook();
    let outcome = stage.try_rotate(campaign, &fresh, stage.under(&for_url, alice)).await;
    assert_eq!(outcome.unwrap().expect_first().unwrap().len(), 1);
    let other = stage.fresh_webhook();
    let outcome = stage.try_rotate(campaign, &other, stage.under(&for_url, alice)).await;
    assert!(matches!(outcome.unwrap().expect_first(), Err(ApiError::AlreadyDone)));
    assert!(stage.store.find_live_webhook(&fresh.digest).await.unwrap().is_some());
    assert_eq!(stage.store.find_live_webhook(&other.digest).await.unwrap(), None);

    let generate = async |fresh| {
        let command = TokenCommand::Generate { replace: true, fresh, at: stage.now() };
        stage.commands.token(alice, command, stage.under(&for_token, alice)).await
    };
    let (fresh, other) = (stage.fresh(), stage.fresh());
    let (digest, other_digest) = (fresh.digest, other.digest);
    assert_eq!(generate(fresh).await.unwrap().expect_first().unwrap().len(), 1);
    let outcome = generate(other).await;
    assert!(matches!(outcome.unwrap().expect_first(), Err(ApiError::AlreadyDone)));
    assert!(stage.store.find_live_token(&digest).await.unwrap().is_some());
    assert_eq!(stage.store.find_live_token(&other_digest).await.unwrap(), None);
}

async fn another_request_under_the_same_key_is_refused<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let campaign = stage.campaign(account).await;
    let key = stage.idempotency_key();
    let before = first(stage.try_add(campaign, &[person(1)], stage.under(&key, alice)).await);
    let ledger = stage.ledger().await;
    for byte in [0, 16, 31] {
        let mut other = key.clone();
        other.request_digest[byte] ^= 1;
        let outcome = stage.try_add(campaign, &[person(2)], stage.under(&other, alice)).await;
        assert!(matches!(refusal(outcome), StoreError::KeyReused));
        let fresh = stage.fresh_webhook();
        let outcome = stage.try_rotate(campaign, &fresh, stage.under(&other, alice)).await;
        assert!(matches!(refusal(outcome), StoreError::KeyReused));
    }
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), ledger.events.len());
    assert_eq!(after.tables, ledger.tables);
    let again = stage.try_add(campaign, &[person(1)], stage.under(&key, alice)).await;
    assert_same(repeated(again), &before);
}

async fn the_same_request_under_another_key_is_carried_out_again<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let key = stage.idempotency_key();
    for byte in [None, Some(0), Some(16), Some(31)] {
        let mut key = key.clone();
        if let Some(byte) = byte {
            key.digest[byte] ^= 1;
        }
        let details = stage.details(stage.call_id());
        first(stage.try_call(account, assistant, details, stage.under(&key, alice)).await);
    }
    assert_eq!(stage.ledger().await.rows("calls").len(), 4);
}

async fn a_key_is_as_good_as_new_after_24_hours<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let at_first = stage.idempotency_key();
    let send = async |key: &IdempotencyKey| {
        let details = stage.details(stage.call_id());
        stage.try_call(account, assistant, details, stage.under(key, alice)).await
    };
    let before = first(send(&at_first).await);
    let a_moment_before = at_first.at + TimeDelta::hours(24) - TimeDelta::microseconds(1);
    let same_day = IdempotencyKey { at: a_moment_before, ..at_first.clone() };
    assert_same(repeated(send(&same_day).await), &before);

    // Another request, even: the key is free.
    let request_digest = [0x77; 32];
    let later = IdempotencyKey {
        at: at_first.at + TimeDelta::hours(24),
        request_digest,
        ..at_first.clone()
    };
    let second = first(send(&later).await);
    assert_same(repeated(send(&later).await), &second);
    let old_request = IdempotencyKey { at: later.at, ..at_first };
    assert!(matches!(refusal(send(&old_request).await), StoreError::KeyReused));
    // It counts from the second time on.
    let next_day = IdempotencyKey { at: a_moment_before + TimeDelta::hours(24), ..later };
    assert_same(repeated(send(&next_day).await), &second);
    let long_after = IdempotencyKey { at: next_day.at + TimeDelta::days(30), ..next_day };
    first(send(&long_after).await);
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    assert_eq!((ledger.rows("calls").len(), ledger.rows("idempotency_keys").len()), (3, 1));
}

async fn a_key_that_is_used_again_points_at_what_was_done_last<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let account_id = stage.account_id();
    let key = stage.idempotency_key();
    // One event, then two of another aggregate, then its third.
    let register = UserCommand::Register { roles: [].into(), at: stage.now() };
    first(stage.commands.user(stage.user_id(), register, stage.under(&key, alice)).await);
    let open = AccountCommand::Open { first_admin: Some(alice), at: stage.now() };
    let (role, at) = (AccountRole::Viewer, stage.now());
    let put = AccountCommand::PutMember { user_id: bob, role, at };
    for (day, command, count) in [(1, open, 2), (2, put, 1)] {
        let key = IdempotencyKey { at: key.at + TimeDelta::days(day), ..key.clone() };
        let send = async || {
            stage.commands.account(account_id, command.clone(), stage.under(&key, alice)).await
        };
        let done = first(send().await);
        assert_eq!(done.events.len(), count);
        assert_same(repeated(send().await), &done);
    }
    stage.ledger().await.assert_tables_follow_from_events();
}

async fn a_refused_command_leaves_its_key_unused<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let (campaign, key) = (stage.campaign_id(), stage.idempotency_key());
    let add = async || stage.try_add(campaign, &[person(1)], stage.under(&key, alice)).await;
    let outcome = add().await;
    assert!(matches!(outcome, Err(CommandError::Campaign(CampaignError::NotCreated))));
    assert_eq!(stage.ledger().await.rows("idempotency_keys").len(), 0);
    stage.try_campaign(account, campaign, stage.by(alice)).await.unwrap();
    first(add().await);

    // Refused by the store, not by the rules.
    let key = stage.idempotency_key();
    let generate = async || {
        let command =
            TokenCommand::Generate { replace: true, fresh: stage.fresh(), at: stage.now() };
        stage.commands.token(alice, command, stage.under(&key, alice)).await
    };
    stage.lock(alice).await;
    assert!(matches!(refusal(generate().await), StoreError::UserNotActive));
    assert_eq!(stage.ledger().await.rows("idempotency_keys").len(), 1);
    stage.unlock(alice).await;
    first(generate().await);
    assert_eq!(stage.ledger().await.rows("idempotency_keys").len(), 2);
}

async fn a_command_that_changes_nothing_leaves_its_key_unused<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    stage.archive(campaign).await;
    let key = stage.idempotency_key();
    for _ in 0..2 {
        let command = CampaignCommand::Archive { at: stage.now() };
        let outcome = stage.commands.campaign(campaign, command, stage.under(&key, alice)).await;
        assert_eq!(first(outcome).events, []);
    }
    assert_eq!(stage.ledger().await.rows("idempotency_keys").len(), 0);
}

async fn a_key_that_was_used_up_meanwhile_stops_the_transaction<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account_id = stage.account(alice).await;
    let assistant_id = stage.assistant(account_id).await;
    let key = stage.idempotency_key();
    let details = stage.details(stage.call_id());
    first(stage.try_call(account_id, assistant_id, details, stage.under(&key, alice)).await);

    // The executor looked before the key was used up, so it comes to this.
    let mut other = key.clone();
    other.request_digest[0] ^= 1;
    let before = stage.ledger().await;
    for key in [key, other] {
        let submission = stage.under(&key, alice);
        let event = CallEvent::CallTriggered { account_id, assistant_id, at: stage.now() };
        let event = stored(&submission, ("call", &stage.call_id()), 1, &event);
        let outcome = stage.store.append(&[event], &submission).await;
        assert!(
            matches!(outcome, Err(CommitError::NotSent(StoreError::Repeated))),
            "not stopped: {outcome:?}"
        );
    }
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), before.events.len());
    assert_eq!(after.tables, before.tables);
}

async fn expired_keys_are_forgotten_and_no_others<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let keys: [IdempotencyKey; 3] = std::array::from_fn(|_| stage.idempotency_key());
    for key in &keys {
        let submission = stage.under(key, alice);
        first(stage.try_campaign(account, stage.campaign_id(), submission).await);
    }
    let second_expires = keys[1].at + TimeDelta::hours(24);
    let a_moment_before = keys[0].at + TimeDelta::hours(24) - TimeDelta::microseconds(1);
    assert_eq!(stage.store.forget_expired_keys(a_moment_before).await.unwrap(), 0);
    let before = stage.ledger().await;
    assert_eq!(before.rows("idempotency_keys").len(), 3);
    assert_eq!(stage.store.forget_expired_keys(second_expires).await.unwrap(), 2);
    let after = stage.ledger().await;
    let left: Vec<_> = after.rows("idempotency_keys").iter().map(|row| row[0].clone()).collect();
    assert_eq!(left, [Some(hex::encode(keys[2].digest))]);
    assert_eq!(after.events.len(), before.events.len(), "what was done stays");
}

/// Lets a crowd send the same command under one key at once; expects that one carried it out and that all
/// were told the same.
async fn assert_one_of_a_crowd<S, E, F>(
    stage: &Arc<Stage<S>>,
    send: impl Fn(Arc<Stage<S>>, IdempotencyKey) -> F,
) -> Receipt<E>
where
    S: TestStore,
    E: PartialEq + std::fmt::Debug + Clone + Send + 'static,
    F: Future<Output = Result<Receipt<E>, CommandError>> + Send + 'static,
{
    let key = stage.idempotency_key();
    let events = stage.ledger().await.events.len();
    let tasks: Vec<_> =
        (0..CROWD).map(|_| tokio::spawn(send(stage.clone(), key.clone()))).collect();
    let mut receipts = Vec::new();
    for task in tasks {
        receipts.push(task.await.unwrap().expect("everyone gets an answer"));
    }
    let firsts = receipts.iter().filter(|receipt| !receipt.is_repeated).count();
    assert_eq!(firsts, 1, "carried out so often");
    let told = receipts[0].clone();
    for receipt in receipts {
        let is_repeated = told.is_repeated;
        assert_eq!(Receipt { is_repeated, ..receipt }, told);
    }
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    assert_eq!(ledger.events.len(), events + told.events.len());
    told
}

async fn of_64_equal_calls_at_once_one_is_made<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let stage = Arc::new(stage);
    let receipt = assert_one_of_a_crowd(&stage, move |stage, key| async move {
        let (details, under) = (stage.details(stage.call_id()), stage.under(&key, alice));
        stage.try_call(account, assistant, details, under).await
    })
    .await;
    let ledger = stage.ledger().await;
    ledger.assert_everything_is_described();
    assert_eq!(ledger.rows("calls").len(), 1);
    assert_eq!(ledger.rows("calls")[0][0], Some(receipt.aggregate_id));
}

async fn of_64_equal_additions_at_once_one_is_made<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let stage = Arc::new(stage);
    let receipt = assert_one_of_a_crowd(&stage, move |stage, key| async move {
        stage.try_add(campaign, &[person(1), person(2)], stage.under(&key, alice)).await
    })
    .await;
    assert_eq!(crate::stage::added(&receipt.events).len(), 2);
    let ledger = stage.ledger().await;
    ledger.assert_everything_is_described();
    assert_eq!(ledger.rows("prospects").len(), 2);
}

async fn of_64_equal_requests_for_a_webhook_url_at_once_one_mints<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    stage.rotate(campaign).await;
    let stage = Arc::new(stage);
    assert_one_of_a_crowd(&stage, move |stage, key| async move {
        let fresh = stage.fresh_webhook();
        stage.try_rotate(campaign, &fresh, stage.under(&key, alice)).await
    })
    .await;
    assert_eq!(stage.store.find_webhook(campaign).await.unwrap().unwrap().generation.get(), 2);
}

async fn of_64_equal_requests_for_a_token_at_once_one_mints<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let stage = Arc::new(stage);
    assert_one_of_a_crowd(&stage, move |stage, key| async move {
        let (fresh, at) = (stage.fresh(), stage.now());
        let command = TokenCommand::Generate { replace: false, fresh, at };
        stage.commands.token(alice, command, stage.under(&key, alice)).await
    })
    .await;
    let token = stage.store.find_token(alice).await.unwrap().unwrap();
    assert_eq!(token.generation.get(), 1);
}

/// Whoever comes late finds the generation replaced, and by themselves.
async fn of_64_equal_requests_that_expect_a_generation_one_replaces_it<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    stage.rotate(campaign).await;
    let stage = Arc::new(stage);
    let expected_generation = Some(Generation::FIRST);
    assert_one_of_a_crowd(&stage, move |stage, key| async move {
        let (fresh, at) = (stage.fresh_webhook(), stage.now());
        let command = WebhookCommand::Rotate { expected_generation, fresh, at };
        stage.commands.webhook(campaign, command, stage.under(&key, alice)).await
    })
    .await;
    assert_eq!(stage.store.find_webhook(campaign).await.unwrap().unwrap().generation.get(), 2);
}

async fn of_two_requests_under_one_key_at_once_one_is_carried_out<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let stage = Arc::new(stage);
    let key = stage.idempotency_key();
    let tasks = (0..CROWD).map(|number| {
        let (stage, mut key) = (stage.clone(), key.clone());
        key.request_digest[0] = u8::from(number % 2 == 0);
        let details = stage.details(stage.call_id());
        tokio::spawn(async move {
            let under = stage.under(&key, alice);
            (number % 2, stage.try_call(account, assistant, details, under).await)
        })
    });
    let mut winners = [Vec::new(), Vec::new()];
    let mut refused = [0, 0];
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            (request, Ok(receipt)) => winners[request].push(receipt),
            (request, Err(CommandError::Store(StoreError::KeyReused))) => refused[request] += 1,
            (_, Err(other)) => panic!("{other:?}"),
        }
    }
    let winner = usize::from(winners[0].is_empty());
    assert_eq!(winners[winner].len(), CROWD / 2, "everyone with the request that won");
    assert_eq!((winners[1 - winner].len(), refused[1 - winner]), (0, CROWD / 2));
    let calls = winners[winner].iter().map(|receipt| &receipt.aggregate_id);
    assert_eq!(calls.collect::<std::collections::BTreeSet<_>>().len(), 1);
    assert_eq!(stage.ledger().await.rows("calls").len(), 1);
}
