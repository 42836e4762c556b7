//! What a leaf is made of: all of the event, and bytes that no other event has.

use std::collections::BTreeSet;

use domain::log::{Frontier, LogEntry, NotCanonical, TreeHash, canonical_json};
use serde_json::{Value, json};

/// An event with values for everything.
#[derive(Clone)]
struct Happened {
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
    event_type: String,
    event_version: String,
    payload: Value,
    metadata: Value,
}

impl Happened {
    fn entry(&self) -> LogEntry<'_> {
        LogEntry::try_new(
            (&self.aggregate_type, &self.aggregate_id, self.sequence),
            (&self.event_type, &self.event_version),
            &self.payload,
            &self.metadata,
        )
        .unwrap()
    }

    fn leaf(&self) -> TreeHash {
        self.entry().leaf_hash()
    }
}

fn revoked() -> Happened {
    let user = "01980000-0000-7000-8000-000000000001";
    Happened {
        aggregate_type: "token".to_owned(),
        aggregate_id: user.to_owned(),
        sequence: 3,
        event_type: "TokenRevoked".to_owned(),
        event_version: "1".to_owned(),
        payload: json!({ "TokenRevoked": {
            "token_id": "01980000-0000-7000-8000-00000000000a",
            "generation": 2,
            "reason": "owner",
            "at": "2026-01-02T03:04:05.678901Z",
        } }),
        metadata: json!({
            "command_id": "01980000-0000-7000-8000-0000000000c1",
            "request_id": "r-1",
            "actor_via": "session",
            "actor_id": user,
            "origin_sha256": "0".repeat(64),
        }),
    }
}

fn empty() -> Happened {
    Happened {
        aggregate_type: String::new(),
        aggregate_id: String::new(),
        sequence: 0,
        event_type: String::new(),
        event_version: String::new(),
        payload: json!({}),
        metadata: json!({}),
    }
}

/// Computed by other means; docs/AUDIT.md shows the same.
#[test]
fn the_documented_events_have_the_documented_leaves() {
    let bytes = "000000000000001173796d626f6c6f6e2d6576656e742d76310000000000000000000000000000000000000000\
                 00000008000000000000000000000000000000000000000000000000000000000000000\
                 27b7d00000000000000027b7d";
    assert_eq!(hex::encode(empty().entry().encode()), bytes);
    assert_eq!(empty().leaf().to_string(), "6z2xrqGawX4/gC8stcemVfCnqTo7jsiihBDuLYjEdJI=");
    assert_eq!(revoked().entry().encode().len(), 505);
    assert_eq!(revoked().leaf().to_string(), "7ZgrLeUSMjeDL80cLgjcIcslxyvcHj0wRJgOYmf/yCE=");
    let mut frontier = Frontier::new();
    for leaf in [empty().leaf(), revoked().leaf()] {
        frontier.push(leaf, |_, _| {});
    }
    assert_eq!(frontier.root().to_string(), "uGtDEezySHJo7oZN2zMb4IXSwRUnLLWdsBVgKa7fbp0=");
    let documented = include_str!("../../../docs/AUDIT.md");
    for part in [empty().leaf(), revoked().leaf(), frontier.root()] {
        assert!(documented.contains(&part.to_string()), "{part}");
    }
    assert!(documented.replace('\n', "").contains(bytes));
}

#[test]
fn an_entry_knows_when_the_event_happened_as_the_payload_says() {
    assert_eq!(revoked().entry().time(), Some("2026-01-02T03:04:05.678901Z"));
    assert_eq!(empty().entry().time(), None);
}

/// The value with one thing in it changed, for each thing in it.
fn variations(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![json!(false), json!(0), json!("")],
        Value::Bool(it) => vec![json!(!it), Value::Null],
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            vec![json!(number + 1), json!(-number - 1), json!(number.to_string())]
        }
        Value::String(text) => {
            let mut changed = vec![json!(format!("{text} ")), json!(format!("x{text}")), json!(7)];
            for (at, byte) in text.bytes().enumerate() {
                for bit in 0..7 {
                    let mut bytes = text.clone().into_bytes();
                    bytes[at] = byte ^ (1 << bit);
                    changed.extend(String::from_utf8(bytes).map(Value::from));
                }
            }
            changed
        }
        Value::Array(items) => {
            let mut changed = vec![json!({}), json!([items, []])];
            for at in 0..items.len() {
                let mut without = items.clone();
                without.remove(at);
                changed.push(without.into());
                changed.extend(variations(&items[at]).into_iter().map(|item| {
                    let mut with = items.clone();
                    with[at] = item;
                    with.into()
                }));
            }
            changed
        }
        Value::Object(fields) => {
            let mut changed = vec![json!([]), json!({ "more": fields })];
            for (key, field) in fields {
                let mut without = fields.clone();
                without.remove(key);
                changed.push(without.clone().into());
                let mut renamed = without;
                renamed.insert(format!("{key}_"), field.clone());
                changed.push(renamed.into());
                changed.extend(variations(field).into_iter().map(|field| {
                    let mut with = fields.clone();
                    with.insert(key.clone(), field);
                    with.into()
                }));
            }
            changed
        }
    }
}

#[test]
fn every_change_of_anything_in_an_event_changes_its_leaf() {
    let event = revoked();
    let texts = |text: &str| -> Vec<String> {
        let changed = variations(&json!(text)).into_iter();
        changed.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    };
    let mut changed = Vec::new();
    for text in texts(&event.aggregate_type) {
        changed.push(Happened { aggregate_type: text, ..event.clone() });
    }
    for text in texts(&event.aggregate_id) {
        changed.push(Happened { aggregate_id: text, ..event.clone() });
    }
    for bit in 0..64 {
        changed.push(Happened { sequence: event.sequence ^ (1 << bit), ..event.clone() });
    }
    for text in texts(&event.event_type) {
        changed.push(Happened { event_type: text, ..event.clone() });
    }
    for text in texts(&event.event_version) {
        changed.push(Happened { event_version: text, ..event.clone() });
    }
    for payload in variations(&event.payload) {
        changed.push(Happened { payload, ..event.clone() });
    }
    for metadata in variations(&event.metadata) {
        changed.push(Happened { metadata, ..event.clone() });
    }
    assert!(changed.len() > 1_900, "{}", changed.len());
    let leaves: BTreeSet<_> = changed.iter().map(Happened::leaf).collect();
    // Two variations may be the same event, and none is the original.
    let events: BTreeSet<_> = changed.iter().map(|event| event.entry().encode()).collect();
    assert_eq!(leaves.len(), events.len());
    assert!(!leaves.contains(&event.leaf()));
}

/// Takes the bytes apart again. Nothing but the bytes is needed, so no two events share them.
fn decode(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut fields = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = usize::try_from(u64::from_be_bytes(*length)).unwrap();
        fields.push(rest[..length].to_vec());
        bytes = &rest[length..];
    }
    assert!(bytes.is_empty());
    fields
}

#[test]
fn the_bytes_of_a_leaf_can_be_taken_apart_in_one_way() {
    let event = revoked();
    let fields = decode(&event.entry().encode());
    assert_eq!(
        fields,
        [
            b"symbolon-event-v1".to_vec(),
            event.aggregate_type.into_bytes(),
            event.aggregate_id.into_bytes(),
            vec![0, 0, 0, 0, 0, 0, 0, 3],
            event.event_type.into_bytes(),
            event.event_version.into_bytes(),
            canonical_json(&event.payload).unwrap().into_bytes(),
            canonical_json(&event.metadata).unwrap().into_bytes(),
        ]
    );
}

#[test]
fn texts_do_not_run_into_each_other() {
    let split = |at: usize, text: &str| {
        let (aggregate_type, aggregate_id) = text.split_at(at);
        let pair = (aggregate_type.to_owned(), aggregate_id.to_owned());
        Happened { aggregate_type: pair.0, aggregate_id: pair.1, ..revoked() }.leaf()
    };
    let text = "token\0\0\0\0\0\0\0\u{1}account";
    let leaves: BTreeSet<_> = (0..=text.len()).map(|at| split(at, text)).collect();
    assert_eq!(leaves.len(), text.len() + 1);
    let swapped =
        Happened { payload: revoked().metadata, metadata: revoked().payload, ..revoked() };
    assert_ne!(swapped.leaf(), revoked().leaf());
    let versions = |event_type: &str, event_version: &str| {
        let (event_type, event_version) = (event_type.to_owned(), event_version.to_owned());
        Happened { event_type, event_version, ..revoked() }.leaf()
    };
    assert_ne!(versions("Happened1", ""), versions("Happened", "1"));
}

#[test]
fn a_leaf_is_no_node_and_no_other_hash_of_the_same_bytes() {
    let (left, right) = (TreeHash::leaf(b"l"), TreeHash::leaf(b"r"));
    let both = [left.as_bytes().as_slice(), right.as_bytes()].concat();
    assert_ne!(TreeHash::leaf(&both), TreeHash::node(&left, &right));
    assert_ne!(TreeHash::node(&right, &left), TreeHash::node(&left, &right));
    assert_ne!(TreeHash::leaf(b""), TreeHash::empty());
}

#[test]
fn the_canonical_text_is_that_of_rfc_8785() {
    // Section 3.2.3: by UTF-16 code units, which puts the clef before the dalet.
    let value: Value = serde_json::from_str(
        r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#,
    )
    .unwrap();
    let text = canonical_json(&value).unwrap();
    let order: Vec<_> = ["\\r", "1", "\u{80}", "ö", "€", "😀", "\u{fb33}"]
        .map(|key| text.find(&format!("\"{key}\":")).unwrap())
        .into();
    assert!(order.is_sorted(), "{text}");
    assert_eq!(
        canonical_json(&json!({ "b": [ 1, -2, null ], "a": { "d": true, "c": false }, "": "" })),
        Ok(r#"{"":"","a":{"c":false,"d":true},"b":[1,-2,null]}"#.to_owned())
    );
    let string = "\u{20ac}$\u{f}\nA'B\"\\\"/\u{8}\t\u{c}\r\u{7f}\0";
    let expected = r#""€$\u000f\nA'B\"\\\"/\b\t\f\r"#.to_owned() + "\u{7f}" + r#"\u0000""#;
    assert_eq!(canonical_json(&json!(string)), Ok(expected));
}

#[test]
fn a_canonical_text_reads_as_the_same_value_and_is_its_own_canonical_text() {
    for value in [revoked().payload, revoked().metadata, json!([[], {}, "\\", { "a\"": -7 }])] {
        let text = canonical_json(&value).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
        assert_eq!(canonical_json(&read).unwrap(), text);
    }
}

#[test]
fn only_integers_that_every_reader_keeps_have_a_canonical_text() {
    let largest = 9_007_199_254_740_991_i64;
    assert_eq!(canonical_json(&json!(largest)), Ok("9007199254740991".to_owned()));
    assert_eq!(canonical_json(&json!(-largest)), Ok("-9007199254740991".to_owned()));
    for number in [json!(largest + 1), json!(-largest - 1), json!(u64::MAX), json!(0.5), json!(1.0)]
    {
        assert_eq!(canonical_json(&json!({ "a": [number] })), Err(NotCanonical), "{number}");
    }
}
