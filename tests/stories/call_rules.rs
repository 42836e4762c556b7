//! What a call may be asked for with, field by field.

use serde_json::{Map, Value, json};
use tests::integration::{call_to_ada, with};
use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    a_field_that_cannot_be_used_is_named_and_nobody_is_called,
    what_is_just_within_the_rules_is_taken,
    odd_text_is_refused_or_kept_as_it_is,
);

const NAME: &str = "name must have 1 to 255 characters, none of them a control character";
const NUMBER: &str = "must be a phone number in E.164 form, like +14155552671";
const ZONE: &str = "timezone must be the IANA name of a time zone, like America/New_York";
const DATA: &str = "data must have at most 50 entries and 16 KiB";

/// An object with this many entries.
fn entries(count: usize) -> Value {
    Value::Object((0..count).map(|number| (format!("k{number}"), json!(number))).collect())
}

/// An object that takes this many bytes without spaces.
fn bytes(count: usize) -> Value {
    let value = json!({ "text": "x".repeat(count - r#"{"text":""}"#.len()) });
    assert_eq!(value.to_string().len(), count);
    value
}

fn transfer(fields: &Value) -> Value {
    let transfer = with(json!({ "phoneNumber": "+14085551234" }), fields);
    json!({ "callTransfer": transfer })
}

/// What stands in the place of which fields, and what is said to it.
fn refused() -> Vec<(Value, String)> {
    let mut cases = vec![
        (json!({ "assistantId": null }), missing("assistantId")),
        (json!({ "name": null }), missing("name")),
        (json!({ "phoneNumber": null }), missing("phoneNumber")),
        (json!({ "surprise": 1 }), "Invalid request body: unknown field `surprise`".to_owned()),
        (transfer(&json!({ "phoneNumber": null })), missing("callTransfer.phoneNumber")),
        (
            transfer(&json!({ "surprise": 1 })),
            "Invalid request body: unknown field `callTransfer.surprise`".to_owned(),
        ),
        (
            transfer(&json!({ "phoneNumber": "4085551234" })),
            format!("callTransfer.phoneNumber {NUMBER}"),
        ),
        (json!({ "data": entries(51) }), DATA.to_owned()),
        (json!({ "data": bytes(16 * 1024 + 1) }), DATA.to_owned()),
    ];
    for field in ["assistantId", "name", "phoneNumber", "email", "timezone"] {
        for value in [json!(7), json!(true), json!([]), json!({})] {
            cases.push((json!({ field: value }), wrong(&format!("{field} must be a string"))));
        }
    }
    for field in ["data", "callTransfer"] {
        for value in [json!(7), json!("text"), json!([]), json!(["+14085551234"])] {
            let said = wrong(&format!("{field} must be a JSON object"));
            cases.push((json!({ field: value }), said));
        }
    }
    for field in ["description", "message", "messageToReceiver"] {
        let said = format!("callTransfer.{field} must have 1 to 2000 characters");
        for text in [String::new(), "x".repeat(2001), "é".repeat(2001)] {
            cases.push((transfer(&json!({ field: text })), said.clone()));
        }
        let said = wrong(&format!("callTransfer.{field} must be a string"));
        cases.push((transfer(&json!({ field: 7 })), said));
    }
    let name = ["", " ", "a\nb", "a\0b", "\u{7f}", &"x".repeat(256), &"👩".repeat(256)]
        .map(|text| (json!({ "name": text }), NAME.to_owned()));
    let number = [
        "",
        "+",
        "14155552671",
        "+1415555267a",
        "+1 415 555 2671",
        "+0123456789",
        "+123456",
        "+1234567890123456",
        "++14155552671",
        "tel:+14155552671",
        " +14155552671",
        "+14155552671\n",
        "+١٤١٥٥٥٥٢٦٧١",
        "+14155552671,",
        "+14155552671;ext=5",
        "+1415\x005552671",
    ]
    .map(|text| (json!({ "phoneNumber": text }), format!("phoneNumber {NUMBER}")));
    let email = ["", "ada", "@", "ada@", "@b.test", "a@b@c", "a b@c.test", "a@b.te\0st"]
        .map(|text| (json!({ "email": text }), "email must be an e-mail address".to_owned()));
    let zone = ["", "Mars/Olympus_Mons", "PDT", "+02:00", "Europe/", " UTC", "Europe/Berlin\0"]
        .map(|text| (json!({ "timezone": text }), ZONE.to_owned()));
    cases.extend(name);
    cases.extend(number);
    cases.extend(email);
    cases.extend(zone);
    cases
}

fn missing(field: &str) -> String {
    wrong(&format!("missing field `{field}`"))
}

fn wrong(text: &str) -> String {
    format!("Invalid request body: {text}")
}

pub(crate) async fn a_field_that_cannot_be_used_is_named_and_nobody_is_called(store: Store) {
    let app = TestApp::unlimited(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let mut otherwise = Vec::new();
    for (fields, said) in refused() {
        let body = with(call_to_ada(&assistant), &fields);
        let answer = alice.post("/v1/assistant/calls").json(body).send().await;
        let answer = answer.assert_validation_error();
        if answer.string("message") != said {
            otherwise.push(format!("{fields}: {:?} instead of {said:?}", answer.string("message")));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    assert!(alice.entries("/v1/calls").await.is_empty());
}

pub(crate) async fn what_is_just_within_the_rules_is_taken(store: Store) {
    let app = TestApp::unlimited(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let accepted = [
        json!({ "name": "x" }),
        json!({ "name": "x".repeat(255) }),
        json!({ "name": "👩".repeat(255) }),
        json!({ "phoneNumber": "+1234567" }),
        json!({ "phoneNumber": "+123456789012345" }),
        json!({ "email": "a@b" }),
        json!({ "timezone": "UTC" }),
        json!({ "timezone": "America/New_York" }),
        json!({ "timezone": "America/Argentina/ComodRivadavia" }),
        json!({ "data": Map::new() }),
        json!({ "data": entries(50) }),
        json!({ "data": bytes(16 * 1024) }),
        transfer(&json!({ "description": "x".repeat(2000), "message": "é".repeat(2000) })),
        transfer(&json!({ "messageToReceiver": "👩".repeat(2000) })),
    ];
    for fields in &accepted {
        let body = with(call_to_ada(&assistant), fields);
        let answer = alice.post("/v1/assistant/calls").json(body).send().await;
        let answer = answer.assert_status(200);
        let found = alice.call(&answer.string("id")).await.assert_status(200).json();
        assert_eq!(found, answer.json());
        for (field, value) in fields.as_object().unwrap() {
            assert_eq!(&found[if field == "phoneNumber" { "to" } else { field }], value);
        }
    }
    assert_eq!(alice.entries("/v1/calls").await.len(), accepted.len());
}

pub(crate) async fn odd_text_is_refused_or_kept_as_it_is(store: Store) {
    let app = TestApp::unlimited(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    for text in [
        "مرحبا \u{202e}abc",
        "👩‍🚀🏳️‍🌈",
        "'; DROP TABLE calls; --",
        "\\u0000",
        "a\0b\u{1}",
        "\u{feff}x",
    ] {
        let fields = json!({
            "data": { text: text, "list": [text] },
            "callTransfer": { "phoneNumber": "+14085551234", "message": text },
        });
        let body = with(call_to_ada(&assistant), &fields);
        let answer = alice.post("/v1/assistant/calls").json(body).send().await.assert_status(200);
        let found = alice.call(&answer.string("id")).await.assert_status(200).json();
        assert_eq!(found, answer.json());
        assert_eq!(
            (&found["data"], &found["callTransfer"]),
            (&fields["data"], &fields["callTransfer"])
        );
    }
    let trimmed =
        with(call_to_ada(&assistant), &json!({ "name": "  Ada ", "email": " ADA@B.test " }));
    let answer = alice.post("/v1/assistant/calls").json(trimmed).send().await.assert_status(200);
    assert_eq!(
        (answer.string("name"), answer.string("email")),
        ("Ada".into(), "ada@b.test".into())
    );
    let half =
        format!(r#"{{"assistantId":"{assistant}","name":"\ud800","phoneNumber":"+14155552671"}}"#);
    let request = alice.post("/v1/assistant/calls").body("application/json", half);
    request.send().await.assert_validation_error();
    let twice = call_to_ada(&assistant).to_string().replacen('{', r#"{"name":"Bob","#, 1);
    let request = alice.post("/v1/assistant/calls").body("application/json", twice);
    request.send().await.assert_validation_error();
}
