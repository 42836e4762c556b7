//! The document is complete, and hangs together.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document;
use crate::router::HANDLERS;

fn json() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// Method, path and operation of everything in the document.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(|(method, it)| (method.to_uppercase(), path.clone(), it.clone()))
    });
    operations.collect()
}

fn is_documented(path: &str) -> bool {
    path.starts_with("/v1/") || ["/livez", "/readyz", "/metrics"].contains(&path)
}

#[test]
fn every_route_of_the_api_is_described_at_its_handler_and_nothing_else_is() {
    let routed: BTreeSet<_> = HANDLERS
        .iter()
        .filter(|(_, path, _)| is_documented(path))
        .map(|(method, path, handler)| {
            let name = handler.rsplit(':').next().unwrap().trim();
            (method.to_string(), path.to_string(), name.to_owned())
        })
        .collect();
    let described: BTreeSet<_> = operations(&json())
        .into_iter()
        .map(|(method, path, it)| {
            (method, path, it["operationId"].as_str().unwrap_or("").to_owned())
        })
        .collect();
    let missing: Vec<_> = routed.difference(&described).collect();
    let extra: Vec<_> = described.difference(&routed).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing {missing:#?}, extra {extra:#?}");
}

#[test]
fn every_operation_says_what_it_is_and_how_it_refuses() {
    let document = json();
    let tags: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    for (method, path, it) in operations(&document) {
        let text = |key: &str| it[key].as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(text("operationId") && text("summary"), "{method} {path}");
        let tag = it["tags"][0].as_str().unwrap();
        assert!(tags.contains(tag), "{method} {path} has the unknown tag {tag}");
        let statuses: Vec<_> = it["responses"].as_object().unwrap().keys().collect();
        let refuses = statuses.iter().any(|status| status.starts_with('4'));
        assert!(refuses || !path.starts_with("/v1/"), "{method} {path} says {statuses:?} only");
        let secured = it["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
        let challenges = it["responses"]["401"]["$ref"] == "#/components/responses/Unauthorized";
        assert_eq!(secured, challenges, "{method} {path}: a credential and its 401 go together");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = json();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                references.insert(reference.clone());
            }
            object.values().for_each(|value| collect(value, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn no_text_looks_like_a_token() {
    let text = json().to_string();
    assert!(text.contains("YOUR_API_TOKEN"));
    assert!(!text.contains("alta_pat_"), "{text}");
}
