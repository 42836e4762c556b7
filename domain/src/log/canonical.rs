//! One text for one JSON value, whoever wrote it and wherever it was stored in between.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The largest integer that every JSON reader keeps exact (RFC 7493, section 2.2): `2^53 - 1`.
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// A number that is not written the same way everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("only integers between -(2^53 - 1) and 2^53 - 1 have one text")]
pub struct NotCanonical;

/// The text of RFC 8785: no white space, keys in order, the shortest escapes. Of numbers it takes integers.
///
/// # Errors
/// For any other number.
pub fn canonical_json(value: &Value) -> Result<String, NotCanonical> {
    let mut text = String::new();
    write_value(value, &mut text)?;
    Ok(text)
}

fn write_value(value: &Value, text: &mut String) -> Result<(), NotCanonical> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => {
            let integer = number.as_i64().filter(|it| it.unsigned_abs() <= LARGEST_INTEGER);
            text.push_str(&integer.ok_or(NotCanonical)?.to_string());
        }
        Value::String(string) => write_string(string, text),
        Value::Array(values) => {
            text.push('[');
            for (position, value) in values.iter().enumerate() {
                separate(position, text);
                write_value(value, text)?;
            }
            text.push(']');
        }
        Value::Object(fields) => write_object(fields, text)?,
    }
    Ok(())
}

/// Keys are in order of their UTF-16 code units.
fn write_object(fields: &Map<String, Value>, text: &mut String) -> Result<(), NotCanonical> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    text.push('{');
    for (position, (key, value)) in fields.into_iter().enumerate() {
        separate(position, text);
        write_string(key, text);
        text.push(':');
        write_value(value, text)?;
    }
    text.push('}');
    Ok(())
}

fn separate(position: usize, text: &mut String) {
    if position > 0 {
        text.push(',');
    }
}

/// Appends a string with its quotes.
pub(super) fn write_string(string: &str, text: &mut String) {
    text.push('"');
    let mut plain = string;
    while let Some(at) = plain.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (before, rest) = plain.split_at(at);
        text.push_str(before);
        let mut rest = rest.chars();
        if let Some(special) = rest.next() {
            write_escape(special, text);
        }
        plain = rest.as_str();
    }
    text.push_str(plain);
    text.push('"');
}

fn write_escape(special: char, text: &mut String) {
    match special {
        '"' => text.push_str("\\\""),
        '\\' => text.push_str("\\\\"),
        '\u{8}' => text.push_str("\\b"),
        '\t' => text.push_str("\\t"),
        '\n' => text.push_str("\\n"),
        '\u{c}' => text.push_str("\\f"),
        '\r' => text.push_str("\\r"),
        other => drop(write!(text, "\\u{:04x}", u32::from(other))),
    }
}
