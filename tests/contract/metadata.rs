//! Events hold ids and a salted digest; whom and where they came from stands beside them.

use std::collections::HashMap;

use api::commands::Commands;
use domain::TokenCommand;
use domain::token::{Generation, RevocationReason};
use projections::{Actor, Origin, Submission, Via};
use tests::ledger::Event;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, contract_tests, person};

contract_tests!(
    events_hold_no_address_user_agent_name_or_email,
    events_do_not_tell_who_was_called_or_became_a_prospect,
    the_digest_in_an_event_is_that_of_its_context,
    an_event_says_who_did_it_and_by_what_right,
    erasing_the_context_leaves_the_events_as_they_are,
);

async fn events_hold_no_address_user_agent_name_or_email<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.account(alice).await;
    stage.generate(alice).await;
    stage.generate(alice).await;
    stage.lock(alice).await;
    stage.revoke(alice).await;
    let ledger = stage.ledger().await;
    assert_eq!(ledger.events.len(), 7);
    for event in &ledger.events {
        let text = format!("{} {}", event.payload, event.metadata);
        for personal in ["198.51.100.", "Netscape", "example.test", "Some One", "Some Account"] {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
    // They are beside the events, so the search would have found them.
    let contexts = ledger.rows("event_context");
    assert!(contexts.iter().all(|row| row[4].as_ref().unwrap().starts_with("198.51.100.")));
    assert!(contexts.iter().all(|row| row[5].as_ref().unwrap().starts_with("Netscape/")));
}

async fn events_do_not_tell_who_was_called_or_became_a_prospect<S: TestStore>(stage: Stage<S>) {
    let account = stage.account(stage.user().await).await;
    let assistant = stage.assistant(account).await;
    stage.call(account, assistant).await;
    let campaign = stage.campaign(account).await;
    stage.add(campaign, &[person(1), person(2)]).await;
    stage.add(campaign, &[person(2), person(3)]).await;
    stage.rotate(campaign).await;
    let ledger = stage.ledger().await;
    assert_eq!(ledger.events.len(), 9);
    // Names, companies, titles, numbers, addresses, pages; a time zone, what else was told, the key of
    // the match keys.
    let personal = [
        " No. ", "Pat", "Works", "Buyer", "4155", "2071", "@", ".test", "linkedin", "Europe",
        "ticket", "phone", "3a3a",
    ];
    for event in &ledger.events {
        let text = format!("{} {}", event.payload, event.metadata);
        for personal in personal {
            assert!(!text.contains(personal), "{personal} in {text}");
        }
    }
    // It is all beside the events, so the search would have found it.
    let tables = ["assistant_profiles", "call_details", "campaign_profiles", "prospect_profiles"];
    let beside = format!("{:?}", tables.map(|table| ledger.rows(table)));
    for personal in personal {
        assert!(beside.contains(personal), "{personal} is nowhere");
    }
}

async fn the_digest_in_an_event_is_that_of_its_context<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let some = |text: &str| Some(text.to_owned());
    let origins = [
        (some("203.0.113.9"), some("curl/8")),
        (None, some("curl/8")),
        (some("203.0.113.9"), None),
        (None, None),
        (some(""), some("")),
        (some("203.0.113.9curl"), some("/8")),
        (some("2001:db8::1"), some("Ünïcödé \u{1f511}")),
    ];
    for (address, user_agent) in origins {
        let command =
            TokenCommand::Generate { replace: true, fresh: stage.fresh(), at: stage.now() };
        let mut submission = stage.by(alice);
        submission.origin = Origin { address, user_agent, ..submission.origin };
        stage.commands.token(alice, command, submission).await.unwrap();
    }
    let ledger = stage.ledger().await;
    let contexts = ledger.rows("event_context");
    assert_eq!(ledger.events.len(), contexts.len());
    let mut digests = Vec::new();
    for (event, context) in ledger.events.iter().zip(contexts) {
        let mut salt = [0; 16];
        hex::decode_to_slice(context[3].as_ref().unwrap(), &mut salt).unwrap();
        let origin = Origin { salt, address: context[4].clone(), user_agent: context[5].clone() };
        assert_eq!(event.metadata["origin_sha256"], hex::encode(origin.digest()));
        digests.push(origin.digest());
    }
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), contexts.len(), "the salt makes every digest another");
}

async fn an_event_says_who_did_it_and_by_what_right<S: TestStore>(stage: Stage<S>) {
    let (alice, root) = (stage.user().await, stage.user().await);
    let token = stage.generate(root).await;
    let by_token = Via::Token { token_id: token.id, generation: Generation::FIRST };
    let webhook_id = stage.fresh_webhook().id;
    let by_webhook = Via::Webhook { webhook_id, generation: Generation::FIRST.next() };
    let actors = [
        (Some(alice), Via::Session),
        (Some(root), by_token),
        (None, by_webhook),
        (Some(alice), Via::Setup),
        (None, Via::CommandLine),
        (None, Via::System),
    ];
    for (user_id, via) in actors {
        stage.generate(alice).await;
        let reason = RevocationReason::Administrator;
        let command = TokenCommand::Revoke { expected_generation: None, reason, at: stage.now() };
        let submission = Submission { actor: Actor { user_id, via }, ..stage.by(alice) };
        let (command_id, request_id) = (submission.command_id, submission.request_id.clone());
        stage.commands.token(alice, command, submission).await.unwrap();

        let ledger = stage.ledger().await;
        let event: &Event = ledger.events_of("token", &alice.to_string()).pop().unwrap();
        let metadata: HashMap<String, String> =
            serde_json::from_value(event.metadata.clone()).unwrap();
        assert_eq!(Actor::from_metadata(&metadata).unwrap(), Actor { user_id, via });
        assert_eq!(metadata["command_id"], command_id.to_string());
        assert_eq!(metadata["request_id"], request_id);
        let named: Vec<_> = ["token_id", "token_generation", "webhook_id", "webhook_generation"]
            .map(|name| metadata.get(name).map(String::as_str))
            .into();
        let id = via.credential_id();
        let expected = match via {
            Via::Token { .. } => [id.as_deref(), Some("1"), None, None],
            Via::Webhook { .. } => [None, None, id.as_deref(), Some("2")],
            Via::Session | Via::Setup | Via::CommandLine | Via::System => [None; 4],
        };
        assert_eq!(named, expected);
    }
}

async fn erasing_the_context_leaves_the_events_as_they_are<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.generate(alice).await;
    let before = stage.ledger().await;
    let mut connection = Connection::open(&stage.database).await;
    connection.execute("DELETE FROM event_context").await.unwrap();
    stage.generate(alice).await;
    let after = stage.ledger().await;
    for event in &before.events {
        let events = after.events_of(&event.aggregate_type, &event.aggregate_id);
        let same = events.iter().find(|other| other.sequence == event.sequence).unwrap();
        assert_eq!((&same.payload, &same.metadata), (&event.payload, &event.metadata));
    }
}
