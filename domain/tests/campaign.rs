//! What can happen to a campaign, given what happened to it before.
//!
//! Prospects are `A`, `B`, `C` and `D`; what they are known by are keys numbered 1, 2, 3 …

use chrono::{DateTime, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use domain::campaign::{Candidate, MatchKey, MatchSecret, RecordOutcome};
use domain::{AccountId, Campaign, CampaignCommand, CampaignError, CampaignEvent, ProspectId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

const A: u16 = 0xA;
const B: u16 = 0xB;
const C: u16 = 0xC;
const D: u16 = 0xD;

const ACME: AccountId = AccountId::new(Uuid::from_u128(0xACE));
const GLOBEX: AccountId = AccountId::new(Uuid::from_u128(0x0061_0BE8));

/// When everything before the command of a test happened.
const PAST: DateTime<Utc> = DateTime::from_timestamp_nanos(1_000_000_000_000_000_001);
/// When the command of a test is asked.
const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_770_000_000_123_456_789);

const ARCHIVE: CampaignCommand = CampaignCommand::Archive { at: NOW };

fn id(prospect: u16) -> ProspectId {
    ProspectId::new(Uuid::from_u128(prospect.into()))
}

fn keys(numbers: &[u8]) -> Vec<MatchKey> {
    let secret = MatchSecret::new([7; 32]);
    numbers.iter().map(|number| secret.key("number", &[&number.to_string()])).collect()
}

fn create(account_id: AccountId) -> CampaignCommand {
    CampaignCommand::Create { account_id, at: NOW }
}

/// Each candidate with its keys, the surest first.
fn add<const N: usize>(candidates: [(u16, &[u8]); N]) -> CampaignCommand {
    let candidates = candidates
        .map(|(prospect, numbers)| Candidate { prospect_id: id(prospect), keys: keys(numbers) });
    CampaignCommand::AddProspects { candidates: candidates.into(), at: NOW }
}

fn new(prospect: u16, numbers: &[u8]) -> RecordOutcome {
    RecordOutcome::Added { prospect_id: id(prospect), keys: keys(numbers) }
}

fn known(prospect: u16) -> RecordOutcome {
    RecordOutcome::Duplicate { prospect_id: id(prospect) }
}

fn added<const N: usize>(records: [RecordOutcome; N]) -> Vec<CampaignEvent> {
    vec![CampaignEvent::ProspectsAdded { records: records.into(), at: NOW }]
}

fn nothing_created() -> AggregateTestExecutor<Campaign> {
    TestFramework::with(()).given_no_previous_events()
}

fn created() -> AggregateTestExecutor<Campaign> {
    nothing_created().and(vec![CampaignEvent::CampaignCreated { account_id: ACME, at: PAST }])
}

/// Each request that came in before.
fn holding<const N: usize>(requests: [Vec<RecordOutcome>; N]) -> AggregateTestExecutor<Campaign> {
    let events =
        requests.map(|records| CampaignEvent::ProspectsAdded { records, at: PAST }).to_vec();
    created().and(events)
}

/// Archived while it held A, who is known by 1.
fn archived() -> AggregateTestExecutor<Campaign> {
    holding([vec![new(A, &[1])]]).and(vec![CampaignEvent::CampaignArchived { at: PAST }])
}

#[test]
fn creating_lets_the_campaign_exist_in_its_account() {
    for account_id in [ACME, GLOBEX] {
        nothing_created()
            .when(create(account_id))
            .then_expect_events(vec![CampaignEvent::CampaignCreated { account_id, at: NOW }]);
    }
}

#[test]
fn creating_a_second_time_is_refused_in_whichever_account() {
    for account_id in [ACME, GLOBEX] {
        for campaign in [created(), holding([vec![new(A, &[1])]]), archived()] {
            campaign.when(create(account_id)).then_expect_error(CampaignError::AlreadyCreated);
        }
    }
}

#[test]
fn a_campaign_that_does_not_exist_takes_no_prospects() {
    nothing_created().when(add([(A, &[1])])).then_expect_error(CampaignError::NotCreated);
}

#[test]
fn a_campaign_that_does_not_exist_cannot_be_archived() {
    nothing_created().when(ARCHIVE).then_expect_error(CampaignError::NotCreated);
}

#[test]
fn archiving_ends_the_campaign_with_prospects_and_without() {
    for campaign in [created(), holding([vec![new(A, &[1])], vec![known(A)]])] {
        campaign
            .when(ARCHIVE)
            .then_expect_events(vec![CampaignEvent::CampaignArchived { at: NOW }]);
    }
}

#[test]
fn archiving_what_is_archived_changes_nothing() {
    archived().when(ARCHIVE).then_expect_events(vec![]);
}

#[test]
fn an_archived_campaign_takes_no_prospects_neither_new_nor_known() {
    for candidate in [(A, &[1]), (B, &[1]), (B, &[2])] {
        let (prospect, key) = candidate;
        archived().when(add([(prospect, key)])).then_expect_error(CampaignError::Archived);
    }
}

#[test]
fn a_stranger_is_added_and_known_by_every_key_in_their_order() {
    created().when(add([(A, &[2, 1, 3])])).then_expect_events(added([new(A, &[2, 1, 3])]));
}

#[test]
fn strangers_with_nothing_in_common_are_all_added_in_the_order_sent() {
    created().when(add([(C, &[3]), (A, &[1]), (B, &[2])])).then_expect_events(added([
        new(C, &[3]),
        new(A, &[1]),
        new(B, &[2]),
    ]));
}

#[test]
fn someone_from_an_earlier_request_is_known_by_any_key_of_theirs() {
    for key in [1, 2, 3] {
        holding([vec![new(A, &[1, 2, 3])]])
            .when(add([(B, &[key])]))
            .then_expect_events(added([known(A)]));
    }
}

#[test]
fn someone_is_known_by_any_key_of_the_new_record() {
    for record in [[1, 8, 9], [8, 1, 9], [8, 9, 1]] {
        holding([vec![new(A, &[1])]])
            .when(add([(B, &record)]))
            .then_expect_events(added([known(A)]));
    }
}

#[test]
fn every_earlier_request_counts_not_only_the_latest() {
    let campaign =
        || holding([vec![new(A, &[1]), new(B, &[2])], vec![known(A)], vec![new(C, &[3])]]);
    for (key, prospect) in [(1, A), (2, B), (3, C)] {
        campaign().when(add([(D, &[key])])).then_expect_events(added([known(prospect)]));
    }
}

#[test]
fn the_second_of_two_equal_records_in_one_request_is_a_duplicate_of_the_first() {
    created()
        .when(add([(A, &[1, 2]), (B, &[1, 2])]))
        .then_expect_events(added([new(A, &[1, 2]), known(A)]));
}

#[test]
fn within_one_request_any_shared_key_makes_a_duplicate() {
    for record in [[1, 9], [9, 1], [2, 9], [9, 2]] {
        created()
            .when(add([(A, &[1, 2]), (B, &record)]))
            .then_expect_events(added([new(A, &[1, 2]), known(A)]));
    }
}

#[test]
fn within_one_request_the_order_decides_who_is_the_prospect() {
    created().when(add([(B, &[1]), (A, &[1])])).then_expect_events(added([new(B, &[1]), known(B)]));
}

#[test]
fn duplicates_of_one_request_need_not_be_neighbours() {
    created().when(add([(A, &[1]), (B, &[2]), (C, &[1]), (D, &[2])])).then_expect_events(added([
        new(A, &[1]),
        new(B, &[2]),
        known(A),
        known(B),
    ]));
}

#[test]
fn of_two_earlier_prospects_the_one_with_the_surest_key_is_meant() {
    let campaign = || holding([vec![new(A, &[1]), new(B, &[2])]]);
    campaign().when(add([(C, &[1, 2])])).then_expect_events(added([known(A)]));
    campaign().when(add([(C, &[2, 1])])).then_expect_events(added([known(B)]));
    campaign().when(add([(C, &[9, 2, 1])])).then_expect_events(added([known(B)]));
}

#[test]
fn of_an_earlier_prospect_and_one_of_the_same_request_the_surest_key_decides() {
    let campaign = || holding([vec![new(A, &[1])]]);
    campaign()
        .when(add([(B, &[2]), (C, &[1, 2])]))
        .then_expect_events(added([new(B, &[2]), known(A)]));
    campaign()
        .when(add([(B, &[2]), (C, &[2, 1])]))
        .then_expect_events(added([new(B, &[2]), known(B)]));
}

#[test]
fn of_two_prospects_of_the_same_request_the_one_with_the_surest_key_is_meant() {
    created()
        .when(add([(A, &[1]), (B, &[2]), (C, &[1, 2]), (D, &[2, 1])]))
        .then_expect_events(added([new(A, &[1]), new(B, &[2]), known(A), known(B)]));
}

#[test]
fn a_duplicate_brings_no_new_keys_within_its_request() {
    created().when(add([(A, &[1]), (B, &[1, 2]), (C, &[2])])).then_expect_events(added([
        new(A, &[1]),
        known(A),
        new(C, &[2]),
    ]));
}

#[test]
fn a_duplicate_brings_no_new_keys_to_later_requests() {
    let first = created().when(add([(A, &[1]), (B, &[1, 2])])).inspect_result().unwrap();
    created().and(first).when(add([(C, &[2])])).then_expect_events(added([new(C, &[2])]));
}

#[test]
fn a_request_with_nobody_new_is_an_event_all_the_same() {
    holding([vec![new(A, &[1]), new(B, &[2])]])
        .when(add([(C, &[2]), (D, &[1])]))
        .then_expect_events(added([known(B), known(A)]));
}

#[test]
fn each_record_has_its_outcome_in_the_order_sent() {
    holding([vec![new(A, &[1])]])
        .when(add([(B, &[2]), (C, &[1]), (D, &[3]), (C, &[2])]))
        .then_expect_events(added([new(B, &[2]), known(A), new(D, &[3]), known(B)]));
}

#[test]
fn a_key_leads_to_one_prospect_for_ever_whatever_is_sent() {
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..50 {
        let mut story = vec![CampaignEvent::CampaignCreated { account_id: ACME, at: PAST }];
        // Who owns each key, in the order of being added: the rule told a second way.
        let mut owners: Vec<(MatchKey, ProspectId)> = Vec::new();
        let mut fresh = 0;
        for _ in 0..8 {
            let candidates: Vec<Candidate> = (0..rng.random_range(1..=20))
                .map(|_| {
                    fresh += 1;
                    let numbers: Vec<u8> =
                        (0..rng.random_range(1..=2)).map(|_| rng.random_range(0..60)).collect();
                    Candidate { prospect_id: id(fresh), keys: keys(&numbers) }
                })
                .collect();
            let mut records = Vec::new();
            for Candidate { prospect_id, keys } in candidates.clone() {
                let owner_of = |key| owners.iter().find(|(owned, _)| *owned == key);
                let owner = keys.iter().copied().filter_map(owner_of).map(|(_, id)| *id).next();
                records.push(if let Some(prospect_id) = owner {
                    RecordOutcome::Duplicate { prospect_id }
                } else {
                    owners.extend(keys.iter().map(|key| (*key, prospect_id)));
                    RecordOutcome::Added { prospect_id, keys }
                });
            }
            let events = TestFramework::<Campaign>::with(())
                .given(story.clone())
                .when(CampaignCommand::AddProspects { candidates, at: NOW })
                .inspect_result()
                .unwrap();
            assert_eq!(events, [CampaignEvent::ProspectsAdded { records, at: NOW }]);
            story.extend(events);
        }
    }
}
