//! Stored events are a file format: every shape ever released loads for ever, and what is written
//! today is written down in `events/v1/<aggregate>/<EventName>.json`.
//!
//! A released fixture is never edited. A new shape gets a new file beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use cqrs_es::{Aggregate, DomainEvent};
use domain::campaign::RecordOutcome;
use domain::token::RevocationReason as Reason;
use domain::{
    Account, AccountEvent, Call, CallEvent, Campaign, CampaignEvent, Token, TokenEvent, User,
    UserEvent, Webhook, WebhookEvent,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// Names the fixture of each event. The list and the match have the same arms, so an event without
/// a name does not compile and a name without a file does not pass. An arm must not be a wildcard.
macro_rules! fixture_names {
    ($list:ident, $name:ident($event:ty) { $($variant:pat => $file:literal,)+ }) => {
        const $list: &[&str] = &[$($file),+];

        fn $name(event: &$event) -> &'static str {
            match event {
                $($variant => $file),+
            }
        }
    };
}

fixture_names!(TOKEN_FIXTURES, token_fixture(TokenEvent) {
    TokenEvent::TokenGenerated { .. } => "TokenGenerated.json",
    TokenEvent::TokenRegenerated { .. } => "TokenRegenerated.json",
    TokenEvent::TokenRevoked { reason: Reason::Owner, .. } => "TokenRevoked.owner.json",
    TokenEvent::TokenRevoked { reason: Reason::Bearer, .. } => "TokenRevoked.bearer.json",
    TokenEvent::TokenRevoked { reason: Reason::Administrator, .. }
        => "TokenRevoked.administrator.json",
    TokenEvent::TokenRevoked { reason: Reason::UserLocked, .. } => "TokenRevoked.user_locked.json",
});

fixture_names!(USER_FIXTURES, user_fixture(UserEvent) {
    UserEvent::UserRegistered { .. } => "UserRegistered.json",
    UserEvent::UserLocked { .. } => "UserLocked.json",
    UserEvent::UserUnlocked { .. } => "UserUnlocked.json",
    UserEvent::PersonalDataErased { .. } => "PersonalDataErased.json",
});

fixture_names!(ACCOUNT_FIXTURES, account_fixture(AccountEvent) {
    AccountEvent::AccountOpened { .. } => "AccountOpened.json",
    AccountEvent::MemberAdded { .. } => "MemberAdded.json",
    AccountEvent::MemberRoleChanged { .. } => "MemberRoleChanged.json",
    AccountEvent::MemberRemoved { .. } => "MemberRemoved.json",
    AccountEvent::AssistantAdded { .. } => "AssistantAdded.json",
    AccountEvent::AssistantRemoved { .. } => "AssistantRemoved.json",
    AccountEvent::AccountClosed { .. } => "AccountClosed.json",
});

fixture_names!(CALL_FIXTURES, call_fixture(CallEvent) {
    CallEvent::CallTriggered { .. } => "CallTriggered.json",
});

fixture_names!(CAMPAIGN_FIXTURES, campaign_fixture(CampaignEvent) {
    CampaignEvent::CampaignCreated { .. } => "CampaignCreated.json",
    CampaignEvent::ProspectsAdded { .. } => "ProspectsAdded.json",
    CampaignEvent::CampaignArchived { .. } => "CampaignArchived.json",
});

// In `ProspectsAdded.json`, one record of each.
fixture_names!(RECORD_OUTCOMES, record_outcome(RecordOutcome) {
    RecordOutcome::Added { .. } => "added",
    RecordOutcome::Duplicate { .. } => "duplicate",
});

fixture_names!(WEBHOOK_FIXTURES, webhook_fixture(WebhookEvent) {
    WebhookEvent::WebhookIssued { invalidated_webhook_id: None, .. } => "WebhookIssued.first.json",
    WebhookEvent::WebhookIssued { invalidated_webhook_id: Some(_), .. }
        => "WebhookIssued.replacing.json",
    WebhookEvent::WebhookRevoked { .. } => "WebhookRevoked.json",
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events/v1")
}

/// What lies in a folder, by name.
fn list(folder: &Path) -> io::Result<BTreeSet<String>> {
    fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// An aggregate's fixtures, by file name.
fn fixtures<A: Aggregate>() -> io::Result<BTreeMap<String, Value>> {
    let folder = folder().join(A::TYPE);
    list(&folder)?
        .into_iter()
        .map(|name| {
            let json = serde_json::from_slice(&fs::read(folder.join(&name))?)?;
            Ok((name, json))
        })
        .collect()
}

fn load<A: Aggregate>(json: &Value) -> serde_json::Result<A::Event> {
    serde_json::from_value(json.clone())
}

fn assert_every_fixture_loads_and_is_written_alike<A: Aggregate>() -> io::Result<()> {
    for (name, stored) in fixtures::<A>()? {
        let event = load::<A>(&stored)?;
        let written = serde_json::to_value(&event)?;
        assert_eq!(written, stored, "{name} is written differently today");
    }
    Ok(())
}

fn assert_every_variant_has_its_fixture<A: Aggregate>(
    expected: &[&str],
    name_of: fn(&A::Event) -> &'static str,
) -> io::Result<()> {
    let stored = fixtures::<A>()?;
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    let present: BTreeSet<&str> = stored.keys().map(String::as_str).collect();
    assert_eq!(present, expected, "files of the aggregate {}", A::TYPE);
    for (name, json) in &stored {
        assert_eq!(name_of(&load::<A>(json)?), name, "the file holds another event");
    }
    Ok(())
}

fn assert_type_and_version_are_those_of_the_folder<A: Aggregate>() -> io::Result<()> {
    for (name, json) in fixtures::<A>()? {
        let event = load::<A>(&json)?;
        let stem = name.split('.').next().unwrap_or_default();
        assert_eq!(event.event_type(), stem, "type of {name}");
        assert_eq!(event.event_version(), "1", "version of {name}");
    }
    Ok(())
}

#[test]
fn every_token_event_ever_released_loads_and_is_written_alike() -> io::Result<()> {
    assert_every_fixture_loads_and_is_written_alike::<Token>()
}

#[test]
fn every_user_event_ever_released_loads_and_is_written_alike() -> io::Result<()> {
    assert_every_fixture_loads_and_is_written_alike::<User>()
}

#[test]
fn every_account_event_ever_released_loads_and_is_written_alike() -> io::Result<()> {
    assert_every_fixture_loads_and_is_written_alike::<Account>()
}

#[test]
fn every_call_event_ever_released_loads_and_is_written_alike() -> io::Result<()> {
    assert_every_fixture_loads_and_is_written_alike::<Call>()
}

#[test]
fn every_campaign_event_ever_released_loads_and_is_written_alike() -> io::Result<()> {
    assert_every_fixture_loads_and_is_written_alike::<Campaign>()
}

#[test]
fn every_webhook_event_ever_released_loads_and_is_written_alike() -> io::Result<()> {
    assert_every_fixture_loads_and_is_written_alike::<Webhook>()
}

#[test]
fn every_token_event_has_a_fixture_for_each_reason() -> io::Result<()> {
    assert_every_variant_has_its_fixture::<Token>(TOKEN_FIXTURES, token_fixture)
}

#[test]
fn every_user_event_has_a_fixture() -> io::Result<()> {
    assert_every_variant_has_its_fixture::<User>(USER_FIXTURES, user_fixture)
}

#[test]
fn every_account_event_has_a_fixture() -> io::Result<()> {
    assert_every_variant_has_its_fixture::<Account>(ACCOUNT_FIXTURES, account_fixture)
}

#[test]
fn every_call_event_has_a_fixture() -> io::Result<()> {
    assert_every_variant_has_its_fixture::<Call>(CALL_FIXTURES, call_fixture)
}

#[test]
fn every_campaign_event_has_a_fixture() -> io::Result<()> {
    assert_every_variant_has_its_fixture::<Campaign>(CAMPAIGN_FIXTURES, campaign_fixture)
}

#[test]
fn every_outcome_of_a_record_is_in_the_fixture_under_its_name() -> io::Result<()> {
    let stored = &fixtures::<Campaign>()?["ProspectsAdded.json"]["ProspectsAdded"]["records"];
    let records: Vec<RecordOutcome> = serde_json::from_value(stored.clone())?;
    assert_eq!(records.iter().map(record_outcome).collect::<Vec<_>>(), RECORD_OUTCOMES);
    for (place, name) in RECORD_OUTCOMES.iter().enumerate() {
        assert_eq!(stored[place]["status"], *name);
    }
    Ok(())
}

#[test]
fn every_webhook_event_has_a_fixture_for_the_first_url_and_for_one_that_replaces() -> io::Result<()>
{
    assert_every_variant_has_its_fixture::<Webhook>(WEBHOOK_FIXTURES, webhook_fixture)
}

#[test]
fn an_event_is_stored_under_the_type_and_version_of_its_fixture() -> io::Result<()> {
    assert_type_and_version_are_those_of_the_folder::<Token>()?;
    assert_type_and_version_are_those_of_the_folder::<User>()?;
    assert_type_and_version_are_those_of_the_folder::<Account>()?;
    assert_type_and_version_are_those_of_the_folder::<Call>()?;
    assert_type_and_version_are_those_of_the_folder::<Campaign>()?;
    assert_type_and_version_are_those_of_the_folder::<Webhook>()
}

#[test]
fn the_folders_are_named_after_the_aggregates() {
    let types = [Account::TYPE, Call::TYPE, Campaign::TYPE, Token::TYPE, User::TYPE, Webhook::TYPE];
    assert_eq!(types, ["account", "call", "campaign", "token", "user", "webhook"]);
    assert_eq!(list(&folder()).unwrap(), types.map(str::to_owned).into());
}

#[test]
fn a_reason_has_the_same_name_in_tables_as_in_events() {
    for reason in [Reason::Owner, Reason::Bearer, Reason::Administrator, Reason::UserLocked] {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
}

/// The event once with another value of `field` and once without the field.
fn broken(stored: &Value, field: &str, wrong: Value) -> [Value; 2] {
    let mut changed = [stored.clone(), stored.clone()];
    let bodies = changed.each_mut().map(|event| {
        event.as_object_mut().and_then(|event| event.values_mut().next()?.as_object_mut())
    });
    if let [Some(changed), Some(shortened)] = bodies {
        changed.insert(field.to_owned(), wrong);
        shortened.remove(field);
    }
    changed
}

/// What has been broken must not load; what has not been, does.
fn assert_needs<A: Aggregate>(file: &str, fields: &[(&str, Value)]) -> io::Result<()> {
    let stored = fixtures::<A>()?.remove(file).unwrap_or_default();
    for (field, wrong) in fields {
        for changed in broken(&stored, field, wrong.clone()) {
            assert_ne!(changed, stored, "{file} has no {field}");
            assert!(load::<A>(&changed).is_err(), "{changed}");
        }
    }
    Ok(())
}

#[test]
fn an_event_with_a_wrong_or_missing_value_does_not_load() -> io::Result<()> {
    let token = [
        ("token_id", json!("A")),
        ("generation", json!(0)),
        ("reason", json!("boredom")),
        ("at", json!(1)),
    ];
    assert_needs::<Token>("TokenRevoked.owner.json", &token)?;
    let assistant = [("assistant_id", json!("A")), ("at", json!(1))];
    assert_needs::<Account>("AssistantAdded.json", &assistant)?;
    assert_needs::<Account>("AssistantRemoved.json", &assistant)?;
    let call = [("account_id", json!("A")), ("assistant_id", json!(null)), ("at", json!(1))];
    assert_needs::<Call>("CallTriggered.json", &call)?;
    let campaign = [("account_id", json!("A")), ("at", json!(1))];
    assert_needs::<Campaign>("CampaignCreated.json", &campaign)?;
    let webhook = [
        ("webhook_id", json!("A")),
        ("generation", json!(0)),
        ("digest", json!("8680e9fa")),
        ("hint", json!(4)),
        ("at", json!(1)),
    ];
    assert_needs::<Webhook>("WebhookIssued.replacing.json", &webhook)
}

#[test]
fn an_event_about_a_record_that_cannot_be_told_does_not_load() -> io::Result<()> {
    let prospect = Uuid::nil();
    for records in [
        json!(null),
        json!([{ "status": "skipped", "prospect_id": prospect }]),
        json!([{ "status": "duplicate" }]),
        json!([{ "status": "duplicate", "prospect_id": "A" }]),
        json!([{ "status": "added", "prospect_id": prospect }]),
        json!([{ "status": "added", "prospect_id": prospect, "keys": ["anne@example.test"] }]),
    ] {
        assert_needs::<Campaign>("ProspectsAdded.json", &[("records", records)])?;
    }
    Ok(())
}

#[test]
fn an_event_of_no_known_name_does_not_load() {
    assert!(load::<Token>(&json!({ "TokenForgotten": {} })).is_err());
    assert!(load::<User>(&json!({ "UserForgotten": {} })).is_err());
    assert!(load::<Account>(&json!({ "AccountForgotten": {} })).is_err());
    assert!(load::<Call>(&json!({ "CallForgotten": {} })).is_err());
    assert!(load::<Campaign>(&json!({ "CampaignForgotten": {} })).is_err());
    assert!(load::<Webhook>(&json!({ "WebhookForgotten": {} })).is_err());
}
