//! Users, accounts, and who belongs where.

use serde_json::Value;

use super::{Event, Keyed, some, text, time};

pub(super) fn user(users: &mut Keyed, event: &Event, body: &Value) {
    let id = &event.aggregate_id;
    let row = users.entry(vec![id.clone()]).or_insert_with(|| {
        let never = [None, some(&0)];
        let row = [some(&id), some(&false), some(&false), None, some(&0), some(&false), some(&0)];
        [&row[..], &never].concat()
    });
    match event.event_type.as_str() {
        "UserRegistered" => {
            let roles = body["roles"].as_array().expect("a list");
            row[1] = some(&roles.contains(&"admin".into()));
            row[2] = some(&roles.contains(&"auditor".into()));
            row[3] = time(&body["at"]);
            row[4] = some(&event.sequence);
        }
        "UserLocked" | "UserUnlocked" => {
            row[5] = some(&(event.event_type == "UserLocked"));
            row[6] = some(&event.sequence);
        }
        "PersonalDataErased" => {
            row[7] = time(&body["at"]);
            row[8] = some(&event.sequence);
        }
        unknown => panic!("unknown event {unknown}"),
    }
}

pub(super) fn account(accounts: &mut Keyed, event: &Event, _: &Value) {
    let is_closed = match event.event_type.as_str() {
        "AccountOpened" => false,
        "AccountClosed" => true,
        unknown => panic!("unknown event {unknown}"),
    };
    let id = event.aggregate_id.clone();
    accounts.insert(vec![id.clone()], vec![some(&id), some(&is_closed), some(&event.sequence)]);
}

pub(super) fn membership(memberships: &mut Keyed, event: &Event, body: &Value) {
    let role = match event.event_type.as_str() {
        "MemberAdded" | "MemberRoleChanged" => text(&body["role"]),
        "MemberRemoved" => None,
        unknown => panic!("unknown event {unknown}"),
    };
    let user_id = text(&body["user_id"]).expect("a member");
    let key = vec![event.aggregate_id.clone(), user_id];
    let row = vec![some(&key[0]), some(&key[1]), role, some(&event.sequence)];
    memberships.insert(key, row);
}
