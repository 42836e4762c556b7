//! A digest finds a token that is live at this moment, and no other.

use api::commands::Commands;
use domain::token::{Generation, TokenDigest};
use domain::{AccountRole, InstanceRole, UserCommand};
use projections::{Membership, StoreError};

use crate::stage::{Stage, TestStore, contract_tests, refusal};

contract_tests!(
    an_invalidated_digest_is_not_found,
    a_revoked_digest_is_not_found,
    an_unknown_digest_is_not_found,
    a_live_token_is_found_with_its_generation_and_memberships,
    instance_roles_are_found_with_the_token,
    the_token_of_a_locked_user_is_not_found,
    a_locked_user_is_refused_a_new_token_and_nothing_is_written,
    an_unknown_user_is_refused_a_token_and_nothing_is_written,
    an_unlocked_user_gets_tokens_again,
);

async fn an_invalidated_digest_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let first = stage.generate(alice).await;
    let second = stage.generate(alice).await;
    assert_eq!(stage.store.find_live_token(&first.digest).await.unwrap(), None);
    let live = stage.store.find_live_token(&second.digest).await.unwrap();
    assert_eq!(live.unwrap().token_id, second.id);
}

async fn a_revoked_digest_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    stage.revoke(alice).await;
    assert_eq!(stage.store.find_live_token(&token.digest).await.unwrap(), None);
    let found = stage.store.find_token(alice).await.unwrap().unwrap();
    assert_eq!((found.token_id, found.live), (token.id, None));
}

async fn an_unknown_digest_is_not_found<S: TestStore>(stage: Stage<S>) {
    stage.generate(stage.user().await).await;
    assert_eq!(stage.store.find_live_token(&TokenDigest::new([7; 32])).await.unwrap(), None);
}

async fn a_live_token_is_found_with_its_generation_and_memberships<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let (first, second) = (stage.account(alice).await, stage.account(bob).await);
    stage.put_member(second, alice, AccountRole::Viewer).await;
    stage.generate(alice).await;
    let token = stage.generate(alice).await;
    stage.generate(bob).await;

    let live = stage.store.find_live_token(&token.digest).await.unwrap().unwrap();
    assert_eq!((live.token_id, live.generation.get()), (token.id, 2));
    assert_eq!(live.access.user_id, alice);
    assert!(!live.access.is_admin && !live.access.is_auditor);
    assert_eq!(
        live.access.memberships.as_slice(),
        [
            Membership { account_id: first, role: AccountRole::Admin },
            Membership { account_id: second, role: AccountRole::Viewer },
        ]
    );
    assert_eq!(stage.store.find_access(alice).await.unwrap().unwrap(), live.access);
}

async fn instance_roles_are_found_with_the_token<S: TestStore>(stage: Stage<S>) {
    for (roles, expected) in [
        (vec![], (false, false)),
        (vec![InstanceRole::Admin], (true, false)),
        (vec![InstanceRole::Auditor], (false, true)),
        (vec![InstanceRole::Admin, InstanceRole::Auditor], (true, true)),
    ] {
        let user = stage.user_id();
        let roles = roles.into_iter().collect();
        let command = UserCommand::Register { roles, at: stage.now() };
        stage.commands.user(user, command, stage.by(user)).await.unwrap();
        let token = stage.generate(user).await;
        let access = stage.store.find_live_token(&token.digest).await.unwrap().unwrap().access;
        assert_eq!((access.is_admin, access.is_auditor), expected);
        assert!(access.memberships.is_empty());
    }
}

async fn the_token_of_a_locked_user_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    stage.lock(alice).await;
    // Nothing has revoked it yet: the lock alone is enough.
    assert!(stage.store.find_token(alice).await.unwrap().unwrap().live.is_some());
    assert_eq!(stage.store.find_live_token(&token.digest).await.unwrap(), None);
    assert_eq!(stage.store.find_access(alice).await.unwrap(), None);
    assert_eq!(stage.store.list_locked_owners().await.unwrap(), [alice]);
    stage.revoke(alice).await;
    assert_eq!(stage.store.list_locked_owners().await.unwrap(), []);
}

async fn a_locked_user_is_refused_a_new_token_and_nothing_is_written<S: TestStore>(
    stage: Stage<S>,
) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let first = stage.generate(bob).await;
    stage.lock(alice).await;
    stage.lock(bob).await;
    let before = stage.ledger().await;
    for user in [alice, bob] {
        let fresh = stage.fresh();
        let outcome = stage.try_generate(user, &fresh).await;
        assert!(matches!(refusal(outcome), StoreError::UserNotActive));
        assert_eq!(stage.store.find_live_token(&fresh.digest).await.unwrap(), None);
    }
    assert_eq!(stage.store.find_live_token(&first.digest).await.unwrap(), None);
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), before.events.len());
    assert_eq!(after.tables, before.tables);
}

async fn an_unknown_user_is_refused_a_token_and_nothing_is_written<S: TestStore>(stage: Stage<S>) {
    let before = stage.ledger().await;
    let outcome = stage.try_generate(stage.user_id(), &stage.fresh()).await;
    assert!(matches!(refusal(outcome), StoreError::UserNotActive));
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), 0);
    assert_eq!(after.tables, before.tables);
}

async fn an_unlocked_user_gets_tokens_again<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let old = stage.generate(alice).await;
    stage.lock(alice).await;
    stage.revoke(alice).await;
    stage.unlock(alice).await;
    let new = stage.generate(alice).await;
    assert_eq!(stage.store.find_live_token(&old.digest).await.unwrap(), None);
    let live = stage.store.find_live_token(&new.digest).await.unwrap().unwrap();
    assert_eq!(live.generation, Generation::FIRST.next());
}
