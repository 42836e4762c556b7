//! A lost race is a conflict, shows as nothing else, and leaves nothing.

use std::collections::HashMap;

use api::commands::{CommandError, Commands};
use cqrs_es::DomainEvent;
use cqrs_es::persist::SerializedEvent;
use domain::token::{FreshToken, Generation};
use domain::{
    AccountCommand, AccountRole, TokenCommand, TokenError, TokenEvent, UserEvent, UserId,
    WebhookCommand, WebhookError,
};
use projections::event_store::CommitError;
use projections::{NewUserProfile, Particulars, StoreError, Submission};

use crate::stage::{Stage, TestStore, contract_tests, person};

contract_tests!(
    the_second_event_with_the_same_sequence_is_a_conflict,
    a_lost_race_is_a_conflict_whatever_else_is_wrong_with_it,
    of_several_events_none_is_written_when_one_conflicts,
    sixteen_tasks_on_four_users_meet_nothing_but_conflicts,
    of_eight_tasks_that_expect_the_same_generation_one_succeeds,
    commands_without_a_secret_are_repeated_until_they_get_through,
    people_who_are_added_many_times_at_once_become_prospects_once,
    of_eight_tasks_that_rotate_the_same_webhook_url_one_succeeds,
    a_race_for_a_webhook_url_is_lost_and_not_run_again,
);

/// An event as cqrs-es hands it to the store.
pub(crate) fn stored(
    submission: &Submission,
    aggregate: (&str, &impl ToString),
    sequence: usize,
    event: &impl DomainEvent,
) -> SerializedEvent {
    SerializedEvent::new(
        aggregate.1.to_string(),
        sequence,
        aggregate.0.to_owned(),
        event.event_type(),
        event.event_version(),
        serde_json::to_value(event).unwrap(),
        serde_json::to_value(submission.metadata()).unwrap(),
    )
}

fn generated(fresh: FreshToken, generation: Generation) -> TokenEvent {
    let at = chrono::DateTime::UNIX_EPOCH;
    let FreshToken { id: token_id, digest, hint } = fresh;
    TokenEvent::TokenGenerated { token_id, generation, digest, hint, at }
}

async fn assert_conflict<S: TestStore>(
    stage: &Stage<S>,
    events: &[SerializedEvent],
    submission: &Submission,
) {
    let before = stage.ledger().await;
    let outcome = stage.store.append(events, submission).await;
    assert!(
        matches!(outcome, Err(CommitError::NotSent(StoreError::Conflict))),
        "not a conflict: {outcome:?}"
    );
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), before.events.len());
    assert_eq!(after.tables, before.tables);
}

async fn the_second_event_with_the_same_sequence_is_a_conflict<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.generate(alice).await;
    let submission = stage.by(alice);
    let second = generated(stage.fresh(), Generation::FIRST.next());
    let second = stored(&submission, ("token", &alice), 1, &second);
    assert_conflict(&stage, &[second], &submission).await;
}

async fn a_lost_race_is_a_conflict_whatever_else_is_wrong_with_it<S: TestStore>(stage: Stage<S>) {
    let profile = stage.profile(stage.user_id());
    let (alice, email) = (profile.user_id, profile.email.clone());
    stage.register(profile).await.unwrap();
    let bob = stage.user().await;
    let token = stage.generate(alice).await;
    stage.generate(bob).await;
    stage.lock(bob).await;

    // Bob is locked, the digest is Alice's, and the generation was issued.
    let submission = stage.by(bob);
    let event = stored(&submission, ("token", &bob), 1, &generated(token, Generation::FIRST));
    assert_conflict(&stage, &[event], &submission).await;

    // The profile exists, and so does its address, which is Alice's.
    let profile = NewUserProfile { email, is_founder: true, ..stage.profile(bob) };
    let submission = Submission { particulars: Some(Particulars::User(profile)), ..stage.by(bob) };
    let registered =
        UserEvent::UserRegistered { roles: [].into(), at: chrono::DateTime::UNIX_EPOCH };
    let event = stored(&submission, ("user", &bob), 1, &registered);
    assert_conflict(&stage, &[event], &submission).await;
}

async fn of_several_events_none_is_written_when_one_conflicts<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.generate(alice).await;
    let submission = stage.by(alice);
    let event = |sequence| {
        let event = generated(stage.fresh(), Generation::new(sequence).unwrap());
        stored(&submission, ("token", &alice), usize::try_from(sequence).unwrap(), &event)
    };
    assert_conflict(&stage, &[event(3), event(2), event(1)], &submission).await;
}

async fn sixteen_tasks_on_four_users_meet_nothing_but_conflicts<S: TestStore>(stage: Stage<S>) {
    const ROTATIONS: usize = 25;
    let users = [stage.user().await, stage.user().await, stage.user().await, stage.user().await];
    let stage = std::sync::Arc::new(stage);
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (stage, user) = (stage.clone(), users[number % 4]);
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for _ in 0..ROTATIONS {
                    match stage.try_generate(user, &stage.fresh()).await {
                        Ok(event) => acknowledged.push((user, event.unwrap())),
                        Err(CommandError::Store(StoreError::Conflict)) => {}
                        Err(other) => panic!("neither success nor conflict: {other:?}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    let mut acknowledged: HashMap<UserId, Vec<TokenEvent>> = HashMap::new();
    for task in tasks {
        for (user, event) in task.await.unwrap() {
            acknowledged.entry(user).or_default().push(event);
        }
    }
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    let mut conflicts = 16 * ROTATIONS;
    for user in users {
        let mut events = acknowledged.remove(&user).expect("somebody gets through");
        conflicts -= events.len();
        events.sort_by_key(TokenEvent::generation);
        let stored: Vec<TokenEvent> = ledger
            .events_of("token", &user.to_string())
            .iter()
            .map(|event| serde_json::from_value(event.payload.clone()).unwrap())
            .collect();
        assert_eq!(stored, events, "what was acknowledged is what is stored");
    }
    println!("{:?}: {} commands, {conflicts} conflicts", S::STORE, 16 * ROTATIONS);
    assert!(conflicts > 0, "nobody got into anybody's way");
}

async fn of_eight_tasks_that_expect_the_same_generation_one_succeeds<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    stage.generate(alice).await;
    let outcomes = (0..8).map(|_| {
        let (fresh, at, submission) = (stage.fresh(), stage.now(), stage.by(alice));
        let expected_generation = Some(Generation::FIRST);
        let command = TokenCommand::Regenerate { expected_generation, fresh, at };
        let commands = stage.commands.clone();
        tokio::spawn(async move { commands.token(alice, command, submission).await })
    });
    let mut successes = 0;
    for outcome in outcomes.collect::<Vec<_>>() {
        match outcome.await.unwrap() {
            Ok(event) => {
                assert_eq!(event.events[0].generation().get(), 2);
                successes += 1;
            }
            Err(
                CommandError::Store(StoreError::Conflict)
                | CommandError::Token(TokenError::StaleGeneration { .. }),
            ) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(successes, 1);
}

async fn commands_without_a_secret_are_repeated_until_they_get_through<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    // Each loses at most to the seven others, and is tried eight times.
    let outcomes = (0..8).map(|_| {
        let command = AccountCommand::PutMember {
            user_id: stage.user_id(),
            role: AccountRole::Viewer,
            at: stage.now(),
        };
        let (commands, submission) = (stage.commands.clone(), stage.by(alice));
        tokio::spawn(async move { commands.account(account, command, submission).await })
    });
    for outcome in outcomes.collect::<Vec<_>>() {
        outcome.await.unwrap().unwrap();
    }
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    assert_eq!(ledger.rows("memberships").len(), 9);
}

async fn people_who_are_added_many_times_at_once_become_prospects_once<S: TestStore>(
    stage: Stage<S>,
) {
    let account = stage.account(stage.user().await).await;
    let campaign = stage.campaign(account).await;
    let stage = std::sync::Arc::new(stage);
    // Each loses at most to the seven others, and is tried eight times.
    let tasks = (0..8).map(|number| {
        let stage = stage.clone();
        tokio::spawn(async move {
            let people = [person(1), person(10 + number), person(2)];
            stage.add(campaign, &people).await
        })
    });
    let mut prospects = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        prospects.extend(task.await.unwrap());
    }
    assert_eq!(prospects.len(), 10, "two whom all sent, and one of each");
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_everything_is_described();
    assert_eq!(ledger.rows("prospects").len(), 10);
    assert_eq!(ledger.events_of("campaign", &campaign.to_string()).len(), 9);
}

async fn of_eight_tasks_that_rotate_the_same_webhook_url_one_succeeds<S: TestStore>(
    stage: Stage<S>,
) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let first = stage.rotate(campaign).await;
    let tasks = (0..8).map(|_| {
        let (fresh, at, submission) = (stage.fresh_webhook(), stage.now(), stage.by(alice));
        let expected_generation = Some(Generation::FIRST);
        let command = WebhookCommand::Rotate { expected_generation, fresh: fresh.clone(), at };
        let commands = stage.commands.clone();
        tokio::spawn(async move { (fresh, commands.webhook(campaign, command, submission).await) })
    });
    let mut issued = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            (fresh, Ok(_)) => issued.push(fresh),
            (
                _,
                Err(
                    CommandError::Store(StoreError::Conflict)
                    | CommandError::Webhook(WebhookError::StaleGeneration),
                ),
            ) => {}
            (_, Err(other)) => panic!("{other:?}"),
        }
    }
    let [fresh] = issued.as_slice() else { panic!("{issued:?}") };
    let live = stage.store.find_live_webhook(&fresh.digest).await.unwrap().unwrap();
    assert_eq!((live.webhook_id, live.generation.get()), (fresh.id, 2));
    assert_eq!(stage.store.find_live_webhook(&first.digest).await.unwrap(), None);
    stage.ledger().await.assert_tables_follow_from_events();
}

async fn a_race_for_a_webhook_url_is_lost_and_not_run_again<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let stage = std::sync::Arc::new(stage);
    let (mut minted, mut conflicts) = (Vec::new(), 0);
    // In each round each could win if it were run again, so that nobody would be told of a conflict.
    for _ in 0..20 {
        let round = (0..4).map(|_| {
            let (stage, fresh) = (stage.clone(), stage.fresh_webhook());
            tokio::spawn(async move {
                let outcome = stage.try_rotate(campaign, &fresh, stage.by(alice)).await;
                (fresh, outcome)
            })
        });
        for task in round.collect::<Vec<_>>() {
            match task.await.unwrap() {
                (fresh, Ok(_)) => minted.push(fresh),
                (_, Err(CommandError::Store(StoreError::Conflict))) => conflicts += 1,
                (_, Err(other)) => panic!("neither success nor conflict: {other:?}"),
            }
        }
    }
    assert!(conflicts > 0, "nobody got into anybody's way");
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    assert_eq!(ledger.events_of("webhook", &campaign.to_string()).len(), minted.len());
    let mut live = Vec::new();
    for fresh in minted {
        live.extend(stage.store.find_live_webhook(&fresh.digest).await.unwrap());
    }
    assert_eq!(live.len(), 1, "{live:?}");
}
