//! The same of calls, campaigns, webhook URLs and assistants, of the rows about persons that belong to
//! them, and of idempotency keys.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use api::commands::Commands;
use domain::CampaignCommand;
use projections::{IdempotencyKey, StoreError, Submission};
use tests::Store;
use tests::sql::{Connection, Row};

use super::{assert_all_or_nothing, corrupt};
use crate::stage::{Stage, TestStore, bytes, contract_tests, person};

contract_tests!(
    every_command_writes_what_it_knows_of_persons_and_its_key,
    only_prospects_who_are_new_get_a_profile,
    no_reader_ever_sees_an_event_without_its_profiles_and_key,
    a_call_whose_details_cannot_be_written_is_not_written,
    a_campaign_whose_profile_cannot_be_written_is_not_written,
    prospects_of_whom_one_cannot_be_described_are_not_written,
    an_assistant_whose_profile_cannot_be_written_is_not_written,
    a_webhook_url_with_the_digest_of_another_is_not_written,
    a_command_whose_key_cannot_be_written_is_not_written,
);

async fn execute<S: TestStore>(stage: &Stage<S>, command: &str) {
    let mut connection = Connection::open(&stage.database).await;
    connection.execute(command).await.unwrap();
    connection.close().await;
}

/// What the table of keys must say: digest of the key and of the request, what was done, until when.
fn key_row(key: &IdempotencyKey, aggregate: (&str, &impl ToString), sequence: i64) -> Row {
    let expires_at = key.at + chrono::TimeDelta::hours(24);
    [
        hex::encode(key.digest),
        hex::encode(key.request_digest),
        aggregate.0.to_owned(),
        aggregate.1.to_string(),
        sequence.to_string(),
        sequence.to_string(),
        expires_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    ]
    .map(Some)
    .into()
}

async fn every_command_writes_what_it_knows_of_persons_and_its_key<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let [for_call, for_campaign, for_prospects, for_url] =
        [(); 4].map(|()| stage.idempotency_key());

    let details = stage.details(stage.call_id());
    let call = details.call_id;
    let under = stage.under(&for_call, alice);
    stage.try_call(account, assistant, details.clone(), under).await.unwrap();
    let campaign = stage.campaign_id();
    stage.try_campaign(account, campaign, stage.under(&for_campaign, alice)).await.unwrap();
    let under = stage.under(&for_prospects, alice);
    stage.try_add(campaign, &[person(1), person(2)], under).await.unwrap();
    let fresh = stage.fresh_webhook();
    stage.try_rotate(campaign, &fresh, stage.under(&for_url, alice)).await.unwrap();

    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_everything_is_described();
    assert_eq!(
        ledger.events.len(),
        8,
        "a user, two of the account, its assistant, four under keys"
    );
    let keys = [
        key_row(&for_call, ("call", &call), 1),
        key_row(&for_campaign, ("campaign", &campaign), 1),
        key_row(&for_prospects, ("campaign", &campaign), 2),
        key_row(&for_url, ("webhook", &campaign), 1),
    ];
    assert_eq!(ledger.rows("idempotency_keys"), keys);

    let [call_details] = ledger.rows("call_details") else { panic!("one call") };
    let expected = [&*details.name, "+442071838750", "+14155559999"];
    assert_eq!(call_details[1..4], expected.map(|text| Some(text.to_owned())));
    let names = ledger.rows("prospect_profiles").iter().map(|row| row[2].clone().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["Person No. 1", "Person No. 2"]);
    assert_eq!(ledger.rows("campaign_profiles")[0][2], Some("3a".repeat(32)));
}

async fn only_prospects_who_are_new_get_a_profile<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let (first, second) = (stage.campaign(account).await, stage.campaign(account).await);
    assert_eq!(stage.add(first, &[person(1), person(2), person(1)]).await.len(), 2);
    assert_eq!(stage.add(first, &[person(2), person(3), person(1)]).await.len(), 1);
    assert_eq!(stage.add(first, &[person(3)]).await.len(), 0);
    // The campaigns do not know of each other.
    assert_eq!(stage.add(second, &[person(3)]).await.len(), 1);
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_everything_is_described();
    let names = ledger.rows("prospect_profiles").iter().map(|row| row[2].clone().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["Person No. 1", "Person No. 2", "Person No. 3", "Person No. 3"]
    );
}

async fn no_reader_ever_sees_an_event_without_its_profiles_and_key<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let mut campaigns = Vec::new();
    for _ in 0..4 {
        campaigns.push(stage.campaign(account).await);
    }
    let done = AtomicBool::new(false);
    let write = async {
        for number in 0..25 {
            let people = [person(number)];
            let adds = campaigns.iter().map(|campaign| {
                let submission = stage.under(&stage.idempotency_key(), alice);
                stage.try_add(*campaign, &people, submission)
            });
            let [a, b, c, d] = adds.collect::<Vec<_>>().try_into().ok().expect("four");
            let (a, b, c, d) = tokio::join!(a, b, c, d);
            assert!([a, b, c, d].iter().all(Result::is_ok));
        }
        done.store(true, Ordering::Relaxed);
    };
    let read = async {
        let mut connection = Connection::open(&stage.database).await;
        let mut seen = BTreeSet::new();
        while !done.load(Ordering::Relaxed) {
            let row = connection.rows(COUNTS).await.remove(0);
            assert!(row.iter().all(|count| *count == row[0]), "{row:?}");
            seen.insert(row[0].clone());
        }
        seen.len()
    };
    let ((), seen) = tokio::join!(write, read);
    assert!(seen > 10, "only {seen} different moments were seen");
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_everything_is_described();
}

/// In one snapshot. Each request adds one prospect.
const COUNTS: &str = "
SELECT CAST((SELECT count(*) FROM events WHERE event_type = 'ProspectsAdded') AS text),
       CAST((SELECT count(*) FROM prospects) AS text),
       CAST((SELECT count(*) FROM prospect_profiles) AS text),
       CAST((SELECT count(*) FROM idempotency_keys) AS text)";

async fn a_call_whose_details_cannot_be_written_is_not_written<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let details = stage.details(stage.call_id());
    let call = details.call_id;
    let obstacle = format!(
        "INSERT INTO call_details (call_id, name, phone_number, from_number)
         VALUES ('{call}', 'In the way', '', '')"
    );
    execute(&stage, &obstacle).await;
    let submission = stage.under(&stage.idempotency_key(), alice);
    let attempt = stage.try_call(account, assistant, details, submission);
    assert_all_or_nothing(&stage, attempt, corrupt).await;
}

async fn a_campaign_whose_profile_cannot_be_written_is_not_written<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let campaign = stage.campaign_id();
    let secret = bytes(S::STORE, &"00".repeat(32));
    let obstacle =
        format!("INSERT INTO campaign_profiles VALUES ('{campaign}', 'In the way', {secret})");
    execute(&stage, &obstacle).await;
    let submission = stage.under(&stage.idempotency_key(), alice);
    let attempt = stage.try_campaign(account, campaign, submission);
    assert_all_or_nothing(&stage, attempt, corrupt).await;
}

async fn prospects_of_whom_one_cannot_be_described_are_not_written<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let campaign = stage.campaign(stage.account(alice).await).await;
    stage.add(campaign, &[person(1)]).await;
    let people = [person(1), person(2), person(3), person(4)];
    let (command, particulars) = stage.adding(&people);
    let CampaignCommand::AddProspects { candidates, .. } = &command else { panic!("{command:?}") };
    let third = candidates[2].prospect_id;
    execute(&stage, &format!("INSERT INTO prospect_profiles (prospect_id) VALUES ('{third}')"))
        .await;
    let submission = stage.under(&stage.idempotency_key(), alice);
    let submission = Submission { particulars: Some(particulars), ..submission };
    let attempt = stage.commands.campaign(campaign, command, submission);
    assert_all_or_nothing(&stage, attempt, corrupt).await;
}

async fn an_assistant_whose_profile_cannot_be_written_is_not_written<S: TestStore>(
    stage: Stage<S>,
) {
    let account = stage.account(stage.user().await).await;
    let assistant = stage.assistant_id();
    execute(&stage, &format!("INSERT INTO assistant_profiles VALUES ('{assistant}', 'A', '')"))
        .await;
    let attempt = stage.try_assistant(account, assistant);
    assert_all_or_nothing(&stage, attempt, corrupt).await;
}

async fn a_webhook_url_with_the_digest_of_another_is_not_written<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let (first, second) = (stage.campaign(account).await, stage.campaign(account).await);
    let taken = stage.rotate(first).await;
    let own = stage.rotate(second).await;
    let mut fresh = stage.fresh_webhook();
    fresh.digest = taken.digest;
    let submission = stage.under(&stage.idempotency_key(), alice);
    let attempt = stage.try_rotate(second, &fresh, submission);
    assert_all_or_nothing(&stage, attempt, corrupt).await;
    let found = stage.store.find_live_webhook(&taken.digest).await.unwrap().unwrap();
    assert_eq!(found.campaign_id, first);
    assert!(stage.store.find_live_webhook(&own.digest).await.unwrap().is_some());
}

async fn a_command_whose_key_cannot_be_written_is_not_written<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let campaign = stage.campaign(account).await;
    let obstacle = match S::STORE {
        Store::Sqlite => {
            "CREATE TRIGGER no_keys BEFORE INSERT ON idempotency_keys
             BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: no_keys'); END"
        }
        Store::Postgres => "ALTER TABLE idempotency_keys ADD CONSTRAINT no_keys CHECK (FALSE)",
    };
    execute(&stage, obstacle).await;
    let under = || stage.under(&stage.idempotency_key(), alice);
    let any = |_: &StoreError| true;
    let details = stage.details(stage.call_id());
    let call = stage.try_call(account, assistant, details, under());
    assert_all_or_nothing(&stage, call, any).await;
    assert_all_or_nothing(&stage, stage.try_campaign(account, stage.campaign_id(), under()), any)
        .await;
    assert_all_or_nothing(&stage, stage.try_add(campaign, &[person(1)], under()), any).await;
    let fresh = stage.fresh_webhook();
    assert_all_or_nothing(&stage, stage.try_rotate(campaign, &fresh, under()), any).await;
    assert_eq!(stage.store.find_live_webhook(&fresh.digest).await.unwrap(), None);
    // Without a key nothing is in the way.
    stage.call(account, assistant).await;
}
