//! A digest finds the campaign whose URL is live at this moment, and no other.

use api::commands::CommandError;
use domain::token::TokenDigest;
use domain::{AccountCommand, CampaignError, CampaignId};
use projections::projector::Change;
use projections::{LiveWebhook, WebhookState, changes};

use crate::stage::{Stage, TestStore, contract_tests, person};

contract_tests!(
    a_live_url_is_found_with_its_campaign_and_account,
    a_replaced_url_is_not_found,
    a_revoked_url_is_not_found_and_a_later_one_is,
    an_unknown_digest_is_not_found,
    the_url_of_one_campaign_is_not_that_of_another,
    the_url_of_a_closed_account_is_not_found,
    the_url_of_a_campaign_that_does_not_exist_is_not_found,
    the_url_of_an_archived_campaign_is_found_and_adds_nobody,
    a_url_does_not_depend_on_the_user_who_made_it,
    a_campaign_tells_its_live_url_without_the_secret,
);

async fn find<S: TestStore>(stage: &Stage<S>, digest: &TokenDigest) -> Option<LiveWebhook> {
    stage.store.find_live_webhook(digest).await.unwrap()
}

async fn state<S: TestStore>(stage: &Stage<S>, campaign: CampaignId) -> Option<WebhookState> {
    stage.store.find_webhook(campaign).await.unwrap()
}

async fn a_live_url_is_found_with_its_campaign_and_account<S: TestStore>(stage: Stage<S>) {
    let account_id = stage.account(stage.user().await).await;
    let campaign_id = stage.campaign(account_id).await;
    for number in 1..=3 {
        let fresh = stage.rotate(campaign_id).await;
        let live = find(&stage, &fresh.digest).await.expect("it is live");
        assert_eq!(live.generation.get(), number);
        let webhook_id = fresh.id;
        assert_eq!(live, LiveWebhook { webhook_id, campaign_id, account_id, ..live });
    }
}

async fn a_replaced_url_is_not_found<S: TestStore>(stage: Stage<S>) {
    let campaign = stage.campaign(stage.account(stage.user().await).await).await;
    let first = stage.rotate(campaign).await;
    assert!(find(&stage, &first.digest).await.is_some());
    let second = stage.rotate(campaign).await;
    assert_eq!(find(&stage, &first.digest).await, None);
    assert_eq!(find(&stage, &second.digest).await.unwrap().webhook_id, second.id);
}

async fn a_revoked_url_is_not_found_and_a_later_one_is<S: TestStore>(stage: Stage<S>) {
    let campaign = stage.campaign(stage.account(stage.user().await).await).await;
    let first = stage.rotate(campaign).await;
    stage.revoke_webhook(campaign).await;
    assert_eq!(find(&stage, &first.digest).await, None);
    let second = stage.rotate(campaign).await;
    assert_eq!(find(&stage, &first.digest).await, None);
    assert_eq!(find(&stage, &second.digest).await.unwrap().generation.get(), 2);
}

async fn an_unknown_digest_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.rotate(stage.campaign(stage.account(alice).await).await).await;
    assert_eq!(find(&stage, &TokenDigest::new([7; 32])).await, None);
    // A token is no webhook URL, and a webhook URL no token.
    let token = stage.generate(alice).await;
    assert_eq!(find(&stage, &token.digest).await, None);
}

async fn the_url_of_one_campaign_is_not_that_of_another<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let (first, second) = (stage.campaign(account).await, stage.campaign(account).await);
    let (of_first, of_second) = (stage.rotate(first).await, stage.rotate(second).await);
    assert_eq!(find(&stage, &of_first.digest).await.unwrap().campaign_id, first);
    stage.revoke_webhook(first).await;
    assert_eq!(find(&stage, &of_second.digest).await.unwrap().campaign_id, second);
    assert_eq!(stage.store.find_live_token(&of_second.digest).await.unwrap(), None);
}

async fn the_url_of_a_closed_account_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (closing, open) = (stage.account(alice).await, stage.account(alice).await);
    let (shut, live) = (stage.campaign(closing).await, stage.campaign(open).await);
    let (of_shut, of_live) = (stage.rotate(shut).await, stage.rotate(live).await);
    assert!(find(&stage, &of_shut.digest).await.is_some());
    stage.in_account(closing, AccountCommand::Close { at: stage.now() }).await;
    assert_eq!(find(&stage, &of_shut.digest).await, None);
    assert!(find(&stage, &of_live.digest).await.is_some());
}

async fn the_url_of_a_campaign_that_does_not_exist_is_not_found<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let campaign = stage.campaign_id();
    let fresh = stage.rotate(campaign).await;
    assert_eq!(find(&stage, &fresh.digest).await, None);
    // Nor while a rebuild has reached its end and not its beginning.
    let archived_at = stage.now();
    let archive = Change::ArchiveCampaign { campaign_id: campaign, archived_at, sequence: 2 };
    stage.store.execute(changes::statement(&archive)).await.unwrap();
    assert_eq!(find(&stage, &fresh.digest).await, None);
    stage.try_campaign(account, campaign, stage.by(stage.user_id())).await.unwrap();
    assert_eq!(find(&stage, &fresh.digest).await.unwrap().account_id, account);
}

async fn the_url_of_an_archived_campaign_is_found_and_adds_nobody<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let fresh = stage.rotate(campaign).await;
    stage.archive(campaign).await;
    assert_eq!(find(&stage, &fresh.digest).await.unwrap().campaign_id, campaign);
    let outcome = stage.try_add(campaign, &[person(1)], stage.by(alice)).await;
    assert!(matches!(outcome, Err(CommandError::Campaign(CampaignError::Archived))));
    assert_eq!(stage.ledger().await.rows("prospect_profiles").len(), 0);
}

async fn a_url_does_not_depend_on_the_user_who_made_it<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let campaign = stage.campaign(account).await;
    let fresh = stage.fresh_webhook();
    stage.try_rotate(campaign, &fresh, stage.by(alice)).await.unwrap();
    stage.remove_member(account, alice).await;
    stage.lock(alice).await;
    assert!(find(&stage, &fresh.digest).await.is_some());
}

async fn a_campaign_tells_its_live_url_without_the_secret<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let (campaign, other) = (stage.campaign(account).await, stage.campaign(account).await);
    assert_eq!(state(&stage, campaign).await, None);
    stage.rotate(campaign).await;
    let before = stage.now();
    let fresh = stage.rotate(campaign).await;
    let told = state(&stage, campaign).await.expect("it is live");
    assert!((before..stage.now()).contains(&told.created_at));
    assert_eq!((told.webhook_id, told.generation.get()), (fresh.id, 2));
    assert_eq!(told.hint, fresh.hint);
    assert_eq!(state(&stage, other).await, None);
    stage.revoke_webhook(campaign).await;
    assert_eq!(state(&stage, campaign).await, None);
}
