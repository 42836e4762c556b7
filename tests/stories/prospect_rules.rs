//! What a record of a prospect may hold, field by field, by token and by webhook URL alike.

use serde_json::{Value, json};
use tests::integration::{path_of, prospect, with};
use tests::{Client, Store, TestApp, on_both_stores};

on_both_stores!(
    a_record_that_cannot_be_used_is_named_and_none_is_stored,
    a_body_of_another_shape_is_refused,
    one_to_twenty_records_are_taken,
    one_contact_or_a_full_identity_is_enough,
    what_is_just_within_the_rules_is_taken,
);

const NAME: &str = "must have 1 to 255 characters, none of them a control character";
const EMAIL: &str = "must be an e-mail address";
const LINKEDIN: &str = "must be a LinkedIn address, like https://www.linkedin.com/in/name";
const NUMBER: &str = "must be a phone number in E.164 form, like +14155552671";
const UNKNOWN_PERSON: &str = "needs one contact (email, linkedinUrl or phone) or a full identity \
                              (firstName, lastName and company)";
const TEXTS: [&str; 7] =
    ["firstName", "lastName", "company", "jobTitle", "email", "linkedinUrl", "phone"];

/// A client and its way to add prospects: with a token, and with a webhook URL.
async fn ways(app: &TestApp) -> [(Client, String); 2] {
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let url = alice.rotate_webhook(&id).await;
    let target = format!("/v1/campaigns/{id}/prospects");
    [((*alice).clone(), target), (app.anonymous(), path_of(&url))]
}

/// Nobody was added, in whichever way.
async fn assert_nobody(app: &TestApp) {
    let campaigns = app.admin().entries("/v1/campaigns").await;
    let id = campaigns[0]["id"].as_str().unwrap();
    assert!(app.admin().prospects(id).await.is_empty());
}

/// Records that cannot be used, and what is said after the record's place.
fn refused() -> Vec<(Value, String)> {
    let mut cases = vec![
        (json!({}), format!(" {UNKNOWN_PERSON}")),
        (json!({ "jobTitle": "Countess" }), format!(" {UNKNOWN_PERSON}")),
        (json!({ "firstName": "Ada", "lastName": "Lovelace" }), format!(" {UNKNOWN_PERSON}")),
        (json!({ "firstName": "Ada", "company": "AE" }), format!(" {UNKNOWN_PERSON}")),
        (json!({ "lastName": "Lovelace", "company": "AE" }), format!(" {UNKNOWN_PERSON}")),
        (json!({ "email": null, "phone": null }), format!(" {UNKNOWN_PERSON}")),
    ];
    let mut add = |field: &str, texts: &[&str], said: &str| {
        let case = |text: &&str| {
            (json!({ "email": "ada@b.test", field: text }), format!(".{field} {said}"))
        };
        cases.extend(texts.iter().map(case));
    };
    let (long, wide) = ("x".repeat(256), "👩".repeat(256));
    for field in ["firstName", "lastName", "company", "jobTitle"] {
        add(field, &["", " ", "a\0b", "a\nb", &long, &wide], NAME);
    }
    let long_email = format!("{}@b.test", "x".repeat(248));
    add("email", &["", "ada", "@b", "a@", "a@b@c", "a b@c", "a@b\0", &long_email], EMAIL);
    let long_url = format!("https://linkedin.com/in/{}", "x".repeat(2048));
    let urls = [
        "",
        "linkedin.com/in/ada",
        "https://linkedin.com",
        "https://linkedin.com/",
        "https://evil-linkedin.com/in/ada",
        "https://linkedin.com.evil.test/in/ada",
        "https://evil.test/linkedin.com/in/ada",
        "ftp://linkedin.com/in/ada",
        "javascript:alert(1)//linkedin.com/in/ada",
        "https://linkedin.com/in/a da",
        "https://linkedin.com/in/ad\0a",
        "https://linkedin.com/in/ädä",
        &long_url,
    ];
    add("linkedinUrl", &urls, LINKEDIN);
    add(
        "phone",
        &[
            "",
            "4155552671",
            "+1415555267a",
            "+0123456789",
            "+123456",
            "+1234567890123456",
            " +14155552671",
        ],
        NUMBER,
    );
    cases
}

pub(crate) async fn a_record_that_cannot_be_used_is_named_and_none_is_stored(store: Store) {
    let app = TestApp::unlimited(store).await;
    let mut otherwise = Vec::new();
    for (client, target) in ways(&app).await {
        for (record, said) in refused() {
            let records =
                [prospect("ada"), prospect("bob"), prospect("eve"), record.clone(), json!({})];
            let answer = client.post(&target).json(json!({ "data": records })).send().await;
            let message = answer.assert_validation_error().string("message");
            if message != format!("data[3]{said}") {
                otherwise.push(format!("{record}: {message:?} instead of data[3]{said}"));
            }
        }
        for (record, said) in [
            (json!({ "email": "a@b", "surprise": 1 }), "unknown field `data[3].surprise`"),
            (json!("ada@b.test"), "data[3] must be a JSON object"),
            (
                json!(["Ada", "Lovelace", "AE", null, null, null, null]),
                "data[3] must be a JSON object",
            ),
            (json!(null), "data[3] must be a JSON object"),
        ] {
            let records = [prospect("ada"), prospect("bob"), prospect("eve"), record.clone()];
            let answer = client.post(&target).json(json!({ "data": records })).send().await;
            let message = answer.assert_validation_error().string("message");
            if message != format!("Invalid request body: {said}") {
                otherwise.push(format!("{record}: {message:?} instead of {said}"));
            }
        }
        for field in TEXTS {
            for value in [json!(7), json!(true), json!([]), json!({})] {
                let record = with(prospect("ada"), &json!({ field: value }));
                let answer = client.post(&target).json(json!({ "data": [record] })).send().await;
                let said = format!("Invalid request body: data[0].{field} must be a string");
                answer.assert_error(400, "ValidationError", &said);
            }
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    assert_nobody(&app).await;
}

pub(crate) async fn a_body_of_another_shape_is_refused(store: Store) {
    let app = TestApp::unlimited(store).await;
    for (client, target) in ways(&app).await {
        for body in [
            json!(null),
            json!([]),
            json!([prospect("ada")]),
            json!({ "data": null }),
            json!({ "data": {} }),
            json!({ "data": prospect("ada") }),
            json!({ "data": "text" }),
            json!({ "data": [[prospect("ada")]] }),
            json!({ "data": [prospect("ada")], "surprise": 1 }),
            json!({ "data": [prospect("ada")], "email": "ada@b.test" }),
            json!({ "records": [prospect("ada")] }),
            json!({}),
        ] {
            client.post(&target).json(body).send().await.assert_validation_error();
        }
        let good = json!({ "data": [prospect("ada")] }).to_string();
        let twice = format!("{{{inner},{inner}}}", inner = &good[1..good.len() - 1]);
        let field = good.replacen("\"email\"", "\"email\":\"x@y\",\"email\"", 1);
        let huge = format!("{}{good}", " ".repeat(64 * 1024));
        for body in [&twice, &field, &huge, &good[..good.len() - 1], ""] {
            let request = client.post(&target).body("application/json", body.to_owned());
            request.send().await.assert_validation_error();
        }
        client.post(&target).body("text/plain", good).send().await.assert_validation_error();
        client.post(&target).send().await.assert_validation_error();
    }
    assert_nobody(&app).await;
}

pub(crate) async fn one_to_twenty_records_are_taken(store: Store) {
    let app = TestApp::new(store).await;
    let said = "data must have 1 to 20 records";
    for (way, (client, target)) in ways(&app).await.into_iter().enumerate() {
        let body = |count: usize| {
            let records = (0..count).map(|number| prospect(&format!("person-{way}-{number}")));
            json!({ "data": records.collect::<Vec<_>>() })
        };
        for count in [0, 21] {
            let answer = client.post(&target).json(body(count)).send().await;
            answer.assert_error(400, "ValidationError", said);
        }
        for (count, added) in [(1, 1), (20, 19)] {
            let answer = client.post(&target).json(body(count)).send().await;
            assert!(answer.status.is_success(), "{answer:?}");
            assert_eq!(answer.json()["added"], added);
        }
    }
}

pub(crate) async fn one_contact_or_a_full_identity_is_enough(store: Store) {
    let app = TestApp::new(store).await;
    for (client, target) in ways(&app).await {
        let records = [
            json!({ "email": "one@b.test" }),
            json!({ "linkedinUrl": "https://linkedin.com/in/two" }),
            json!({ "phone": "+14155552671" }),
            json!({ "firstName": "Ada", "lastName": "Lovelace", "company": "AE" }),
            // A null is an absent field.
            json!({ "email": "five@b.test", "phone": null, "firstName": null }),
        ];
        let answer = client.post(&target).json(json!({ "data": records })).send().await;
        assert!(answer.status.is_success(), "{answer:?}");
        assert_eq!(answer.json()["results"].as_array().unwrap().len(), records.len());
    }
    let campaigns = app.admin().entries("/v1/campaigns").await;
    let id = campaigns[0]["id"].as_str().unwrap();
    assert_eq!(app.admin().prospects(id).await.len(), 5);
}

pub(crate) async fn what_is_just_within_the_rules_is_taken(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let (long, wide) = ("x".repeat(255), "👩".repeat(255));
    let longest = |number: usize| format!("{number:0>247}@b.test");
    let names =
        [&*long, &wide, "مرحبا \u{202e}abc", "👩‍🚀🏳️‍🌈", "'; DROP TABLE prospects; --", "\u{feff}x"];
    let mut records: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            json!({
                "firstName": name, "lastName": name, "company": name, "jobTitle": name,
                "email": longest(number),
            })
        })
        .collect();
    let prefix = "https://linkedin.com/in/";
    records.push(json!({ "linkedinUrl": format!("{prefix}{}", "x".repeat(2048 - prefix.len())) }));
    records.push(json!({ "phone": "+1234567" }));
    records.push(json!({ "phone": "+123456789012345" }));
    let told = alice.add_prospects(&id, &records).await.assert_status(200).json();
    assert_eq!(told["added"], records.len());
    for (record, found) in records.iter().zip(alice.prospects(&id).await.iter().rev()) {
        for (field, value) in record.as_object().unwrap() {
            assert_eq!(&found[field], value);
        }
    }
}
