//! A token acts with the memberships that its owner has at this moment.

use domain::{AccountCommand, AccountId, AccountRole, UserId};
use projections::Membership;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    a_removed_member_has_no_membership,
    a_member_who_comes_back_has_the_new_role,
    a_changed_role_counts_at_once,
    a_closed_account_gives_no_membership,
    only_the_own_memberships_are_found,
    the_accounts_of_a_user_include_former_ones,
);

async fn roles<S: TestStore>(stage: &Stage<S>, user: UserId) -> Vec<(AccountId, AccountRole)> {
    let access = stage.store.find_access(user).await.unwrap().expect("the user is active");
    let pair = |Membership { account_id, role }| (account_id, role);
    access.memberships.into_iter().map(pair).collect()
}

async fn a_removed_member_has_no_membership<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let account = stage.account(alice).await;
    stage.put_member(account, bob, AccountRole::Member).await;
    let token = stage.generate(bob).await;
    stage.remove_member(account, bob).await;
    assert_eq!(roles(&stage, bob).await, []);
    assert_eq!(roles(&stage, alice).await, [(account, AccountRole::Admin)]);
    // The token itself stays good.
    let live = stage.store.find_live_token(&token.digest).await.unwrap().unwrap();
    assert!(live.access.memberships.is_empty());
}

async fn a_member_who_comes_back_has_the_new_role<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let account = stage.account(alice).await;
    for role in [AccountRole::Member, AccountRole::Viewer, AccountRole::Admin] {
        stage.put_member(account, bob, role).await;
        assert_eq!(roles(&stage, bob).await, [(account, role)]);
        stage.remove_member(account, bob).await;
        assert_eq!(roles(&stage, bob).await, []);
    }
}

async fn a_changed_role_counts_at_once<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    for role in [AccountRole::Viewer, AccountRole::Member, AccountRole::Admin] {
        stage.put_member(account, alice, role).await;
        assert_eq!(roles(&stage, alice).await, [(account, role)]);
    }
}

async fn a_closed_account_gives_no_membership<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (closing, open) = (stage.account(alice).await, stage.account(alice).await);
    let token = stage.generate(alice).await;
    stage.in_account(closing, AccountCommand::Close { at: stage.now() }).await;
    assert_eq!(roles(&stage, alice).await, [(open, AccountRole::Admin)]);
    stage.in_account(open, AccountCommand::Close { at: stage.now() }).await;
    let live = stage.store.find_live_token(&token.digest).await.unwrap().unwrap();
    assert!(live.access.memberships.is_empty());
    assert!(stage.store.find_account(closing).await.unwrap().unwrap().is_closed);
}

async fn only_the_own_memberships_are_found<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let (hers, his) = (stage.account(alice).await, stage.account(bob).await);
    assert_eq!(roles(&stage, alice).await, [(hers, AccountRole::Admin)]);
    assert_eq!(roles(&stage, bob).await, [(his, AccountRole::Admin)]);
}

async fn the_accounts_of_a_user_include_former_ones<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let (former, current) = (stage.account(alice).await, stage.account(alice).await);
    stage.account(alice).await;
    for account in [former, current] {
        stage.put_member(account, bob, AccountRole::Member).await;
    }
    stage.remove_member(former, bob).await;
    let accounts = stage.store.list_accounts_of(bob).await.unwrap();
    let ids: Vec<_> = accounts.into_iter().map(|account| account.account_id).collect();
    assert_eq!(ids, [former, current]);
}
