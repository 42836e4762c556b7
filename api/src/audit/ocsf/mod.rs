//! Events of the log as events of the Open Cybersecurity Schema Framework, version 1.8, for systems that collect
//! such.
//!
//! What the schema has a place for stands there; all of the event stands under `unmapped` besides.
//! **Invariant:** every event becomes one, and an event of a type that is not known here a base event: none is
//! left out.

mod classes;

use domain::log::Origin;
use projections::{Actor, ExportedEvent, Via};
use serde_json::{Map, Value, json};

use super::export::selection::occurred_at;
use classes::Class;

/// Of the schema.
pub const VERSION: &str = "1.8.0";

/// Who made what is reported.
const PRODUCT: &str = "Symbolon";

/// The event of the schema. `origin` is what the log is called.
pub fn event(exported: &ExportedEvent, origin: &Origin) -> Value {
    let mut event = common(exported, origin);
    let read = exported.read().ok();
    let class = read.as_ref().map_or(Class::base(), |read| Class::of(&read.happening));
    classify(&mut event, &class, &exported.logged.event_type);
    if let Some(read) = read {
        event.insert("actor".to_owned(), actor(&read.actor));
        event.insert("src_endpoint".to_owned(), source(exported.address.as_deref(), &class));
        event.insert("http_request".to_owned(), request(exported));
        if class.is_api_activity() {
            event.insert("api".to_owned(), api(exported, &read.actor));
        }
    }
    event.extend(class.attributes);
    event.retain(|_, value| !value.is_null());
    Value::Object(event)
}

/// What every event has.
fn common(exported: &ExportedEvent, origin: &Origin) -> Map<String, Value> {
    let logged = &exported.logged;
    let key = &logged.key;
    let at = occurred_at(logged).unwrap_or(exported.recorded_at);
    let request_id = logged.metadata.get("request_id");
    let metadata = json!({
        "version": VERSION,
        "product": {
            "name": PRODUCT, "vendor_name": PRODUCT, "version": env!("CARGO_PKG_VERSION"),
        },
        "uid": format!("{}/{}/{}", key.aggregate_type, key.aggregate_id, key.sequence),
        "log_name": origin.as_str(),
        "event_code": logged.event_type,
        "sequence": logged.position,
        "logged_time": exported.recorded_at.timestamp_millis(),
        "correlation_uid": request_id.and_then(Value::as_str).unwrap_or_default(),
    });
    let unmapped = json!({
        "position": logged.position,
        "leaf_hash": logged.leaf.to_string(),
        "event_version": logged.event_version,
        "payload": logged.payload,
        "metadata": logged.metadata,
    });
    Map::from_iter([
        ("time".to_owned(), at.timestamp_millis().into()),
        (
            "message".to_owned(),
            format!("{} {}/{}", logged.event_type, key.aggregate_type, key.aggregate_id).into(),
        ),
        ("status_id".to_owned(), 1.into()),
        ("status".to_owned(), "Success".into()),
        ("metadata".to_owned(), metadata),
        ("unmapped".to_owned(), unmapped),
    ])
}

fn classify(event: &mut Map<String, Value>, class: &Class, event_type: &str) {
    let activity_name = class.activity_name.unwrap_or(event_type);
    let pairs = [
        ("category_uid", Value::from(class.category_uid())),
        ("category_name", class.category_name().into()),
        ("class_uid", class.uid.into()),
        ("class_name", class.name.into()),
        ("activity_id", class.activity_id.into()),
        ("activity_name", activity_name.into()),
        ("type_uid", (class.uid * 100 + class.activity_id).into()),
        ("type_name", format!("{}: {activity_name}", class.name).into()),
        ("severity_id", class.severity.id().into()),
        ("severity", class.severity.name().into()),
    ];
    event.extend(pairs.map(|(name, value)| (name.to_owned(), value)));
}

/// Who did it, and with what.
fn actor(actor: &Actor) -> Value {
    let credential = |kind: &str, id: String| json!([{ "type": kind, "uid": id }]);
    let user = actor.user_id.map(|user_id| {
        let mut user = json!({ "uid": user_id.to_string(), "type_id": 1, "type": "User" });
        if let (Via::Token { token_id, .. }, Some(user)) = (actor.via, user.as_object_mut()) {
            let credentials = credential("API token", token_id.to_string());
            user.insert("programmatic_credentials".to_owned(), credentials);
        }
        user
    });
    let mut by = json!({ "app_name": actor.via.as_str() });
    if let Some(by) = by.as_object_mut() {
        by.extend(user.map(|user| ("user".to_owned(), user)));
        by.extend(actor.via.credential_id().map(|id| ("app_uid".to_owned(), id.into())));
    }
    by
}

/// From where; null when that is unknown or erased and the class can do without.
fn source(address: Option<&str>, class: &Class) -> Value {
    match address {
        Some(text) if text.parse::<std::net::IpAddr>().is_ok() => json!({ "ip": text }),
        Some(text) => json!({ "name": text }),
        None if class.is_api_activity() => json!({ "name": "unknown" }),
        None => Value::Null,
    }
}

fn request(exported: &ExportedEvent) -> Value {
    let mut request = Map::new();
    let id = exported.logged.metadata.get("request_id");
    request.extend(id.map(|id| ("uid".to_owned(), id.clone())));
    let user_agent = exported.user_agent.clone();
    request.extend(user_agent.map(|text| ("user_agent".to_owned(), text.into())));
    Value::Object(request)
}

fn api(exported: &ExportedEvent, actor: &Actor) -> Value {
    let mut api = json!({
        "operation": exported.logged.event_type,
        "service": { "name": PRODUCT },
        "request": { "uid": exported.logged.metadata.get("request_id") },
    });
    if let (Via::Token { token_id, .. }, Some(api)) = (actor.via, api.as_object_mut()) {
        api.insert(
            "token".to_owned(),
            json!({ "uid": token_id.to_string(), "type": "API token", "type_id": 99 }),
        );
    }
    api
}
