//! An account finds its calls and assistants, and nobody else's.

use domain::contact::PhoneNumber;
use domain::token::Generation;
use domain::{AccountId, CallId};
use projections::calls::CallDetailsEntry;
use projections::{
    Actor, AssistantEntry, CallDetails, CallEntry, Deed, Page, PageRequest, Submission, Via,
};
use serde_json::json;
use tests::sql::Connection;

use crate::paging::assert_pages;
use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    a_call_is_told_with_who_asked_for_it_and_whom_it_is_for,
    what_was_not_told_of_a_call_is_absent,
    what_the_assistant_should_know_comes_back_as_it_was_given,
    a_call_says_with_which_right_it_was_asked_for,
    a_call_whose_details_were_erased_is_still_told,
    a_call_of_another_account_is_not_found,
    calls_come_in_pages_newest_first,
    an_assistant_is_found_by_its_own_account_only,
    a_removed_assistant_is_not_found_and_its_calls_stay,
    assistants_come_in_pages_oldest_first,
);

const ALL: PageRequest = PageRequest { limit: 100, cursor: None };

async fn find<S: TestStore>(stage: &Stage<S>, account: AccountId, call: CallId) -> CallEntry {
    stage.store.find_call(account, call).await.unwrap().expect("it was triggered")
}

fn ids(page: &Page<CallEntry>) -> Vec<CallId> {
    page.data.iter().map(|call| call.call_id).collect()
}

async fn a_call_is_told_with_who_asked_for_it_and_whom_it_is_for<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant_id = stage.assistant(account).await;
    let details = stage.details(stage.call_id());
    let before = stage.now();
    let submission = stage.by(alice);
    stage.try_call(account, assistant_id, details.clone(), submission).await.unwrap();
    let call = find(&stage, account, details.call_id).await;
    assert!((before..stage.now()).contains(&call.triggered.at));
    let expected = CallEntry {
        call_id: details.call_id,
        assistant_id,
        triggered: Deed {
            at: call.triggered.at,
            user_id: Some(alice),
            via: "session".to_owned(),
            credential_id: None,
        },
        details: Some(CallDetailsEntry {
            name: details.name,
            phone_number: "+442071838750".to_owned(),
            from_number: "+14155559999".to_owned(),
            email: details.email.map(|email| email.as_str().to_owned()),
            timezone: Some("Europe/London".to_owned()),
            data: details.data,
            call_transfer: details.call_transfer,
        }),
    };
    assert_eq!(call, expected);
    let entry = expected.details.unwrap();
    assert!(entry.email.is_some() && entry.data.is_some() && entry.call_transfer.is_some());
}

async fn what_was_not_told_of_a_call_is_absent<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let assistant = stage.assistant(account).await;
    let details = CallDetails {
        email: None,
        timezone: None,
        data: None,
        call_transfer: None,
        ..stage.details(stage.call_id())
    };
    let call_id = details.call_id;
    stage.try_call(account, assistant, details, stage.by(stage.user_id())).await.unwrap();
    let entry = find(&stage, account, call_id).await.details.unwrap();
    assert_eq!((entry.email, entry.timezone), (None, None));
    assert_eq!((entry.data, entry.call_transfer), (None, None));
}

async fn what_the_assistant_should_know_comes_back_as_it_was_given<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let assistant = stage.assistant(account).await;
    for data in [
        json!({}),
        json!({ "": "", "null": null, "true": true, "list": [1, [2, []], {}] }),
        json!({ "ünïcödé \u{1f511}": "\u{10ffff}", "quotes": "\"'\\", "lines": "a\r\n\tb" }),
        json!({ "nul\0": "\0\u{1}", "not nul": "\\u0000" }),
        json!({ "z": 1, "a": 2, "M": 3, "10": 4, "9": 5 }),
        json!({ "least": i64::MIN, "most": u64::MAX, "half": 0.5, "tiny": 1e-300, "huge": 1e300 }),
        json!({ "deep": { "deeper": { "deepest": ["bottom"] } } }),
        json!({ "long": "x".repeat(16_000) }),
    ] {
        let call_transfer = Some(json!({ "message": "Hold on, \u{2026}" }));
        let details = CallDetails {
            data: Some(data.clone()),
            call_transfer: call_transfer.clone(),
            ..stage.details(stage.call_id())
        };
        let call_id = details.call_id;
        stage.try_call(account, assistant, details, stage.by(stage.user_id())).await.unwrap();
        let entry = find(&stage, account, call_id).await.details.unwrap();
        assert_eq!((entry.data, entry.call_transfer), (Some(data), call_transfer));
    }
}

async fn a_call_says_with_which_right_it_was_asked_for<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    let assistant = stage.assistant(account).await;
    let token_id = stage.generate(alice).await.id;
    let by_token = Via::Token { token_id, generation: Generation::FIRST };
    for (user_id, via, credential_id) in [
        (Some(alice), Via::Session, None),
        (Some(alice), by_token, Some(token_id.to_string())),
        (None, Via::System, None),
    ] {
        let details = stage.details(stage.call_id());
        let call_id = details.call_id;
        let submission = Submission { actor: Actor { user_id, via }, ..stage.by(alice) };
        stage.try_call(account, assistant, details, submission).await.unwrap();
        let triggered = find(&stage, account, call_id).await.triggered;
        let told = (triggered.user_id, &*triggered.via, triggered.credential_id);
        assert_eq!(told, (user_id, via.as_str(), credential_id));
    }
}

async fn a_call_whose_details_were_erased_is_still_told<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let assistant = stage.assistant(account).await;
    let (erased, kept) =
        (stage.call(account, assistant).await, stage.call(account, assistant).await);
    let before = find(&stage, account, erased).await;
    let mut connection = Connection::open(&stage.database).await;
    let erase = format!("DELETE FROM call_details WHERE call_id = '{erased}'");
    connection.execute(&erase).await.unwrap();
    assert_eq!(find(&stage, account, erased).await, CallEntry { details: None, ..before });
    assert!(find(&stage, account, kept).await.details.is_some());
    assert_eq!(ids(&stage.store.list_calls(account, &ALL).await.unwrap()), [kept, erased]);
}

async fn a_call_of_another_account_is_not_found<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let call = stage.call(own, stage.assistant(own).await).await;
    assert_eq!(stage.store.find_call(other, call).await.unwrap(), None);
    assert_eq!(stage.store.find_call(stage.account_id(), call).await.unwrap(), None);
    assert_eq!(stage.store.find_call(own, stage.call_id()).await.unwrap(), None);
    assert_eq!(stage.store.list_calls(other, &ALL).await.unwrap().data, []);
    assert_eq!(ids(&stage.store.list_calls(own, &ALL).await.unwrap()), [call]);
}

async fn calls_come_in_pages_newest_first<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let (robin, wren) = (stage.assistant(own).await, stage.assistant(other).await);
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(stage.call(own, robin).await.to_string());
        stage.call(other, wren).await;
    }
    calls.reverse();
    let list = async |request| stage.store.list_calls(own, &request).await.unwrap();
    assert_pages(&calls, |call: &CallEntry| call.call_id.to_string(), list).await;
}

async fn an_assistant_is_found_by_its_own_account_only<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let assistant_id = stage.assistant(own).await;
    let found = stage.store.find_assistant(own, assistant_id).await.unwrap().unwrap();
    assert!(found.name.starts_with("Assistant No. "), "{found:?}");
    let phone_number = PhoneNumber::parse("+14155559999").unwrap();
    let expected = AssistantEntry { assistant_id, name: found.name.clone(), phone_number };
    assert_eq!(found, expected);
    assert_eq!(stage.store.list_assistants(own, &ALL).await.unwrap().data, [expected]);

    assert_eq!(stage.store.find_assistant(other, assistant_id).await.unwrap(), None);
    assert_eq!(stage.store.find_assistant(own, stage.assistant_id()).await.unwrap(), None);
    assert_eq!(stage.store.list_assistants(other, &ALL).await.unwrap().data, []);
}

async fn a_removed_assistant_is_not_found_and_its_calls_stay<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let (robin, wren) = (stage.assistant(account).await, stage.assistant(account).await);
    let call = stage.call(account, robin).await;
    stage.remove_assistant(account, robin).await;
    assert_eq!(stage.store.find_assistant(account, robin).await.unwrap(), None);
    let left = stage.store.list_assistants(account, &ALL).await.unwrap().data;
    assert_eq!(left.iter().map(|entry| entry.assistant_id).collect::<Vec<_>>(), [wren]);
    assert_eq!(find(&stage, account, call).await.assistant_id, robin);
}

async fn assistants_come_in_pages_oldest_first<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let (own, other) = (stage.account(alice).await, stage.account(alice).await);
    let mut assistants = Vec::new();
    for number in 0..10 {
        let assistant = stage.assistant(own).await;
        stage.assistant(other).await;
        // A page is full though some are gone.
        if number % 4 == 1 {
            stage.remove_assistant(own, assistant).await;
        } else {
            assistants.push(assistant.to_string());
        }
    }
    assert_eq!(assistants.len(), 7);
    let list = async |request| stage.store.list_assistants(own, &request).await.unwrap();
    let key = |entry: &AssistantEntry| entry.assistant_id.to_string();
    assert_pages(&assistants, key, list).await;
}
