//! An integration adds prospects to a campaign, and is told what became of each.

use std::slice::from_ref;

use serde_json::{Value, json};
use tests::integration::prospect;
use tests::{Ledger, Store, TestApp, on_both_stores};

const PROSPECT: [&str; 12] = [
    "actor",
    "company",
    "createdAt",
    "email",
    "firstName",
    "id",
    "jobTitle",
    "lastName",
    "linkedinUrl",
    "objectType",
    "phone",
    "updatedAt",
];

on_both_stores!(
    prospects_are_added_and_listed,
    each_record_is_told_what_became_of_it,
    a_known_person_is_found_within_one_request_and_later,
    another_campaign_knows_nobody,
    a_phone_number_alone_is_not_enough_to_take_two_for_one,
    prospects_name_who_added_them_and_with_which_token,
    prospects_are_listed_newest_first_while_others_are_added,
    whoever_adds_at_the_same_time_adds_nobody_twice,
);

pub(crate) async fn prospects_are_added_and_listed(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let full = json!({
        "firstName": " Ada ",
        "lastName": "Lovelace",
        "company": "Analytical Engines",
        "jobTitle": "Countess",
        "email": "Ada@Analytical.Test",
        "linkedinUrl": "https://www.linkedin.com/in/Ada/?trk=1",
        "phone": "+442071234567",
    });
    let bare = json!({ "phone": "+442071234568" });
    let answer = alice.add_prospects(&id, &[full.clone(), bare]).await.assert_status(200);
    let answer = answer.assert_fields(&["added", "duplicates", "results"]);
    assert_eq!(answer.header("x-account-id"), Some(app.account_id()));
    let told = answer.json();
    assert_eq!((&told["added"], &told["duplicates"]), (&json!(2), &json!(0)));

    let listed = alice.prospects(&id).await;
    let ids: Vec<_> = listed.iter().map(|it| it["id"].clone()).collect();
    let results =
        |index: usize| json!({ "index": index, "status": "added", "prospectId": ids[1 - index] });
    assert_eq!(told["results"], json!([results(0), results(1)]));
    for entry in &listed {
        assert_eq!(tests::answer::keys(entry), PROSPECT);
        assert_eq!(entry["objectType"], "prospect");
        assert_eq!(entry["updatedAt"], entry["createdAt"]);
        entry["id"].as_str().unwrap().parse::<uuid::Uuid>().expect("ids are UUIDs");
    }
    let ada = &listed[1];
    for (field, value) in full.as_object().unwrap() {
        let expected = match field.as_str() {
            "firstName" => json!("Ada"),
            "email" => json!("ada@analytical.test"),
            _ => value.clone(),
        };
        assert_eq!(ada[field], expected, "{field}");
    }
    for field in ["firstName", "lastName", "company", "jobTitle", "email", "linkedinUrl"] {
        assert_eq!(listed[0][field], Value::Null, "{field}");
    }
}

pub(crate) async fn each_record_is_told_what_became_of_it(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let first = alice.add_prospects(&id, &[prospect("ada"), prospect("bob")]).await.json();
    let records = [prospect("bob"), prospect("eve"), prospect("ada"), prospect("eve")];
    let told = alice.add_prospects(&id, &records).await.assert_status(200).json();
    let ids: Vec<_> = alice.prospects(&id).await.iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids.len(), 3);
    let known = |index: usize| first["results"][index]["prospectId"].clone();
    let result = |index: usize, status: &str, id: &Value| json!({ "index": index, "status": status, "prospectId": id });
    assert_eq!(
        told,
        json!({
            "added": 1,
            "duplicates": 3,
            "results": [
                result(0, "duplicate", &known(1)),
                result(1, "added", &ids[0]),
                result(2, "duplicate", &known(0)),
                result(3, "duplicate", &ids[0]),
            ],
        })
    );
    let told = alice.add_prospects(&id, &records).await.assert_status(200).json();
    assert_eq!((&told["added"], &told["duplicates"]), (&json!(0), &json!(4)));
    assert_eq!(alice.prospects(&id).await.len(), 3);
}

/// Records of one person each, by whatever is known of them.
fn the_same_person() -> Vec<Vec<Value>> {
    let by =
        |field: &str, texts: &[&str]| texts.iter().map(|text| json!({ field: text })).collect();
    let named = |first: &str, last: &str, company: &str| json!({ "firstName": first, "lastName": last, "company": company });
    vec![
        by("email", &["ada@b.test", "ADA@b.test", "ada@B.TEST", " ada@b.test "]),
        by(
            "linkedinUrl",
            &[
                "https://www.linkedin.com/in/ada",
                "http://linkedin.com/in/ada/",
                "HTTPS://DE.LinkedIn.com/in/ADA?trk=1",
                "https://linkedin.com/in/ada#top",
            ],
        ),
        by("phone", &["+14155552671", "+14155552671"]),
        vec![named("Ada", "Lovelace", "AE"), named("ADA", "lovelace ", "ae")],
        // Known by either, under different names.
        vec![
            json!({ "email": "eve@b.test", "linkedinUrl": "https://linkedin.com/in/eve" }),
            json!({ "email": "eve@b.test", "firstName": "Evelyn" }),
            json!({ "linkedinUrl": "https://linkedin.com/in/eve/", "phone": "+14155552672" }),
        ],
    ]
}

pub(crate) async fn a_known_person_is_found_within_one_request_and_later(store: Store) {
    let app = TestApp::unlimited(store).await;
    let alice = app.integration("alice", "member").await;
    for records in the_same_person() {
        let (at_once, later) =
            (alice.create_campaign("At once").await, alice.create_campaign("Later").await);
        let told = alice.add_prospects(&at_once, &records).await.assert_status(200).json();
        assert_eq!((&told["added"], &told["duplicates"]), (&json!(1), &json!(records.len() - 1)));
        for (number, record) in records.iter().enumerate() {
            let told = alice.add_prospects(&later, from_ref(record)).await.json();
            let expected = if number == 0 { "added" } else { "duplicate" };
            assert_eq!(told["results"][0]["status"], expected, "{record}");
        }
        for id in [&at_once, &later] {
            assert_eq!(alice.prospects(id).await.len(), 1, "{records:?}");
        }
    }
}

pub(crate) async fn another_campaign_knows_nobody(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let mut ids = Vec::new();
    for name in ["Spring", "Spring", "Autumn"] {
        let id = alice.create_campaign(name).await;
        let told = alice.add_prospects(&id, &[prospect("ada")]).await.assert_status(200).json();
        assert_eq!(told["added"], 1);
        ids.push(told["results"][0]["prospectId"].to_string());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

pub(crate) async fn a_phone_number_alone_is_not_enough_to_take_two_for_one(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let at_reception = |name: &str| json!({ "phone": "+14155552671", "firstName": name });
    let records = [
        at_reception("Ada"),
        at_reception("Bob"),
        json!({ "phone": "+14155552671" }),
        json!({ "firstName": "Ada", "lastName": "L", "company": "AE" }),
        json!({ "firstName": "Ada", "lastName": "L", "company": "BE" }),
        json!({ "email": "ada@b.test", "phone": "+14155552671" }),
        json!({ "email": "bob@b.test", "phone": "+14155552671" }),
    ];
    let told = alice.add_prospects(&id, &records).await.assert_status(200).json();
    assert_eq!(told["added"], records.len());
}

pub(crate) async fn prospects_name_who_added_them_and_with_which_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    alice.add_prospects(&id, &[prospect("ada")]).await.assert_status(200);
    alice.user.add_prospects(&id, &[prospect("bob")]).await.assert_status(200);
    let token_id = alice.user.token_state().await.string("tokenId");
    let actors: Vec<_> =
        alice.prospects(&id).await.iter().map(|entry| entry["actor"].clone()).collect();
    let by = |via: &str, credential: Value| json!({ "userId": alice.user.id, "via": via, "credentialId": credential });
    assert_eq!(actors, [by("session", json!(null)), by("token", json!(token_id))]);

    let ledger = Ledger::read(app.database()).await;
    let [_, by_token, by_session] = ledger.events_of("campaign", &id)[..] else {
        panic!("not three events");
    };
    assert_eq!(by_token.metadata["token_id"], token_id);
    assert_eq!(by_token.metadata["token_generation"], "1");
    assert_eq!(by_session.metadata["actor_via"], "session");
    assert_eq!(by_session.metadata["actor_id"], alice.user.id);
}

pub(crate) async fn prospects_are_listed_newest_first_while_others_are_added(store: Store) {
    let app = TestApp::unlimited(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let numbered = |number: usize| prospect(&format!("early-{number}"));
    let together: Vec<_> = (0..5).map(numbered).collect();
    alice.add_prospects(&id, &together).await.assert_status(200);
    alice.add_prospects(&id, &[numbered(5), numbered(6)]).await.assert_status(200);
    let names: Vec<_> =
        alice.prospects(&id).await.iter().map(|it| it["firstName"].clone()).collect();
    let expected: Vec<_> = (0..7).rev().map(|number| json!(format!("early-{number}"))).collect();
    assert_eq!(names, expected);

    let count = std::sync::atomic::AtomicUsize::new(0);
    let add = async || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let record = prospect(&format!("late-{number}"));
        alice.add_prospects(&id, &[record]).await.assert_status(200);
    };
    let list = format!("/v1/campaigns/{id}/prospects");
    crate::paging::assert_newest_first_while_it_grows(&alice, &list, add).await;
}

pub(crate) async fn whoever_adds_at_the_same_time_adds_nobody_twice(store: Store) {
    let app = TestApp::unlimited(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let requests: Vec<_> = (0..8)
        .map(|number| {
            let (client, id) = ((*alice).clone(), id.clone());
            let records = [prospect("ada"), prospect(&format!("person-{number}"))];
            tokio::spawn(async move { client.add_prospects(&id, &records).await })
        })
        .collect();
    let mut added = 0;
    for request in requests {
        let told = request.await.unwrap().assert_status(200).json();
        added += told["added"].as_u64().unwrap();
    }
    assert_eq!(added, 9);
    assert_eq!(alice.prospects(&id).await.len(), 9);
}
