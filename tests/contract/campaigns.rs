//! An account finds its campaigns and the prospects in them, and nobody else's.

use domain::campaign::{MatchSecret, Prospect, ProspectRecord};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use domain::token::Generation;
use domain::{AccountId, CampaignId, ProspectId};
use projections::{Actor, CampaignEntry, Deed, Page, PageRequest, ProspectEntry, Submission, Via};
use tests::sql::Connection;

use crate::paging::assert_pages;
use crate::stage::{Stage, TestStore, contract_tests, person};

contract_tests!(
    a_campaign_is_told_with_its_name_and_since_when,
    an_archived_campaign_says_since_when_and_keeps_its_prospects,
    a_campaign_of_another_account_is_not_found,
    what_keys_the_match_keys_is_found_by_the_own_account_only,
    a_campaign_is_not_found_before_a_rebuild_has_reached_its_creation,
    campaigns_come_in_pages_newest_first,
    a_prospect_is_told_with_who_added_it_and_who_it_is,
    what_was_not_told_of_a_prospect_is_absent,
    a_prospect_says_with_which_right_it_was_added,
    a_prospect_whose_profile_was_erased_is_still_told,
    a_campaign_lists_its_own_prospects_only,
    prospects_come_in_pages_newest_first,
);

const ALL: PageRequest = PageRequest { limit: 100, cursor: None };

async fn find<S: TestStore>(stage: &Stage<S>, account: AccountId, id: CampaignId) -> CampaignEntry {
    stage.store.find_campaign(account, id).await.unwrap().expect("it was created")
}

async fn prospects<S: TestStore>(stage: &Stage<S>, campaign: CampaignId) -> Vec<ProspectEntry> {
    stage.store.list_prospects(campaign, &ALL).await.unwrap().data
}

fn ids(page: &Page<CampaignEntry>) -> Vec<CampaignId> {
    page.data.iter().map(|campaign| campaign.campaign_id).collect()
}

async fn a_campaign_is_told_with_its_name_and_since_when<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let before = stage.now();
    let campaign_id = stage.campaign(account).await;
    let campaign = find(&stage, account, campaign_id).await;
    assert!(campaign.name.starts_with("Campaign No. "), "{campaign:?}");
    assert!((before..stage.now()).contains(&campaign.created_at));
    assert_eq!((campaign.campaign_id, campaign.archived_at), (campaign_id, None));
    assert_eq!(stage.store.list_campaigns(account, &ALL).await.unwrap().data, [campaign]);
}

async fn an_archived_campaign_says_since_when_and_keeps_its_prospects<S: TestStore>(
    stage: Stage<S>,
) {
    let account = stage.account(stage.user().await).await;
    let (archived, active) = (stage.campaign(account).await, stage.campaign(account).await);
    stage.add(archived, &[person(1)]).await;
    let campaign = find(&stage, account, archived).await;
    let held = prospects(&stage, archived).await;
    assert_eq!(held.len(), 1);
    let before = stage.now();
    stage.archive(archived).await;
    let archived_at = find(&stage, account, archived).await.archived_at;
    assert!((before..stage.now()).contains(&archived_at.expect("it is archived")));
    // Archiving it again is no news.
    stage.archive(archived).await;
    let after = find(&stage, account, archived).await;
    assert_eq!(after, CampaignEntry { archived_at, ..campaign });
    assert_eq!(prospects(&stage, archived).await, held);
    assert_eq!(find(&stage, account, active).await.archived_at, None);
    let listed = stage.store.list_campaigns(account, &ALL).await.unwrap();
    assert_eq!(ids(&listed), [active, archived]);
}

async fn a_campaign_of_another_account_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let campaign = stage.campaign(own).await;
    assert_eq!(stage.store.find_campaign(other, campaign).await.unwrap(), None);
    assert_eq!(stage.store.find_campaign(stage.account_id(), campaign).await.unwrap(), None);
    assert_eq!(stage.store.find_campaign(own, stage.campaign_id()).await.unwrap(), None);
    assert_eq!(stage.store.list_campaigns(other, &ALL).await.unwrap().data, []);
    assert_eq!(ids(&stage.store.list_campaigns(own, &ALL).await.unwrap()), [campaign]);
}

async fn what_keys_the_match_keys_is_found_by_the_own_account_only<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let campaign = stage.campaign(own).await;
    let secret = stage.store.find_match_secret(own, campaign).await.unwrap();
    assert_eq!(secret, Some(MatchSecret::new([0x3a; 32])));
    assert_eq!(stage.store.find_match_secret(other, campaign).await.unwrap(), None);
    assert_eq!(stage.store.find_match_secret(own, stage.campaign_id()).await.unwrap(), None);
}

async fn a_campaign_is_not_found_before_a_rebuild_has_reached_its_creation<S: TestStore>(
    stage: Stage<S>,
) {
    let account = stage.account(stage.user().await).await;
    let campaign = stage.campaign(account).await;
    let mut connection = Connection::open(&stage.database).await;
    let unreach = "UPDATE campaigns SET created_at = NULL, created_sequence = 0";
    connection.execute(unreach).await.unwrap();
    assert_eq!(stage.store.find_campaign(account, campaign).await.unwrap(), None);
    assert_eq!(stage.store.find_match_secret(account, campaign).await.unwrap(), None);
    assert_eq!(stage.store.list_campaigns(account, &ALL).await.unwrap().data, []);
}

async fn campaigns_come_in_pages_newest_first<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let mut campaigns = Vec::new();
    for _ in 0..8 {
        campaigns.push(stage.campaign(own).await.to_string());
        stage.campaign(other).await;
    }
    campaigns.reverse();
    let list = async |request| stage.store.list_campaigns(own, &request).await.unwrap();
    assert_pages(&campaigns, |entry: &CampaignEntry| entry.campaign_id.to_string(), list).await;
}

async fn a_prospect_is_told_with_who_added_it_and_who_it_is<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let before = stage.now();
    stage.try_add(campaign, &[person(7)], stage.by(alice)).await.unwrap();
    let [prospect] = &prospects(&stage, campaign).await[..] else { panic!("one") };
    assert!((before..stage.now()).contains(&prospect.added.at));
    let text = |text: &str| Some(text.to_owned());
    let expected = ProspectEntry {
        prospect_id: prospect.prospect_id,
        added: Deed {
            at: prospect.added.at,
            user_id: Some(alice),
            via: "session".to_owned(),
            credential_id: None,
        },
        first_name: text("Pat"),
        last_name: text("Person No. 7"),
        company: text("Prospect Works"),
        job_title: text("Buyer"),
        email: text("pat-7@prospect.test"),
        linkedin_url: text("https://linkedin.com/in/pat-7"),
        phone: text("+14155550007"),
    };
    assert_eq!(prospect, &expected);
}

async fn what_was_not_told_of_a_prospect_is_absent<S: TestStore>(stage: Stage<S>) {
    let campaign = stage.campaign(stage.account(stage.user().await).await).await;
    let nothing = ProspectRecord::default;
    let email = EmailAddress::parse("only@prospect.test").ok();
    let linkedin_url = LinkedinUrl::parse("https://linkedin.com/in/only").ok();
    let phone = PhoneNumber::parse("+14155551111").ok();
    let people = [
        ProspectRecord { email, ..nothing() },
        ProspectRecord { linkedin_url, ..nothing() },
        ProspectRecord { phone, ..nothing() },
    ]
    .map(|record| Prospect::try_new(record).unwrap());
    stage.add(campaign, &people).await;
    let told = prospects(&stage, campaign).await;
    let contacts = told.iter().map(|entry| {
        assert_eq!((&entry.first_name, &entry.last_name), (&None, &None));
        assert_eq!((&entry.company, &entry.job_title), (&None, &None));
        [entry.email.as_deref(), entry.linkedin_url.as_deref(), entry.phone.as_deref()]
    });
    assert_eq!(
        contacts.collect::<Vec<_>>(),
        [
            [None, None, Some("+14155551111")],
            [None, Some("https://linkedin.com/in/only"), None],
            [Some("only@prospect.test"), None, None],
        ]
    );
}

async fn a_prospect_says_with_which_right_it_was_added<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    let generation = Generation::FIRST;
    let (token_id, webhook_id) = (stage.generate(alice).await.id, stage.rotate(campaign).await.id);
    for (number, (user_id, via, credential_id)) in [
        (Some(alice), Via::Session, None),
        (Some(alice), Via::Token { token_id, generation }, Some(token_id.to_string())),
        (None, Via::Webhook { webhook_id, generation }, Some(webhook_id.to_string())),
    ]
    .into_iter()
    .enumerate()
    {
        let submission = Submission { actor: Actor { user_id, via }, ..stage.by(alice) };
        stage.try_add(campaign, &[person(number)], submission).await.unwrap();
        let added = prospects(&stage, campaign).await.remove(0).added;
        let told = (added.user_id, &*added.via, added.credential_id);
        assert_eq!(told, (user_id, via.as_str(), credential_id));
    }
}

async fn a_prospect_whose_profile_was_erased_is_still_told<S: TestStore>(stage: Stage<S>) {
    let campaign = stage.campaign(stage.account(stage.user().await).await).await;
    let [erased, kept] = stage.add(campaign, &[person(1), person(2)]).await[..] else {
        panic!("two")
    };
    let mut connection = Connection::open(&stage.database).await;
    let erase = format!("DELETE FROM prospect_profiles WHERE prospect_id = '{erased}'");
    connection.execute(&erase).await.unwrap();
    let told = prospects(&stage, campaign).await;
    assert_eq!((told[0].prospect_id, told[1].prospect_id), (kept, erased));
    assert_eq!(told[0].email.as_deref(), Some("pat-2@prospect.test"));
    let texts = |entry: &ProspectEntry| {
        let ProspectEntry { first_name, last_name, company, job_title, .. } = entry.clone();
        let ProspectEntry { email, linkedin_url, phone, .. } = entry.clone();
        [first_name, last_name, company, job_title, email, linkedin_url, phone]
    };
    assert_eq!(texts(&told[1]), [const { None }; 7]);
    // The campaign still knows the person: the keys in its events do not need the profile.
    assert_eq!(stage.add(campaign, &[person(1)]).await, []);
}

async fn a_campaign_lists_its_own_prospects_only<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let (first, second) = (stage.campaign(account).await, stage.campaign(account).await);
    let of = async |campaign| -> Vec<ProspectId> {
        prospects(&stage, campaign).await.iter().map(|entry| entry.prospect_id).collect()
    };
    let of_first = stage.add(first, &[person(1)]).await;
    let of_second = stage.add(second, &[person(1)]).await;
    assert_eq!((of(first).await, of(second).await), (of_first, of_second));
    assert_eq!(of(stage.campaign_id()).await, []);
}

async fn prospects_come_in_pages_newest_first<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let (own, other) = (stage.campaign(account).await, stage.campaign(account).await);
    let mut ids = Vec::new();
    for start in [0, 3, 6] {
        // One of each request is known from the one before.
        let people: Vec<_> = (start..start + 4).map(person).collect();
        ids.extend(stage.add(own, &people).await.iter().map(ToString::to_string));
        stage.add(other, &people).await;
    }
    assert_eq!(ids.len(), 10);
    ids.reverse();
    let list = async |request| stage.store.list_prospects(own, &request).await.unwrap();
    assert_pages(&ids, |entry: &ProspectEntry| entry.prospect_id.to_string(), list).await;
}
