//! What auditors ask of the history, and the record of their asking.

pub mod actions;
pub mod as_of;
pub mod history;
pub mod overview;
pub mod reads;
pub mod token_filter;
pub mod tokens;

use crate::sql::{Statement, Value};

/// The same question with one more condition, in which `?` stands for the value.
fn and(mut question: Statement, condition: &str, value: impl Into<Value>) -> Statement {
    let number = question.values.len() + 1;
    let condition = condition.replace('?', &format!("${number}"));
    question.text = format!("{}\n  AND {condition}", question.text).into();
    question.bind(value)
}

/// The same question with its order, and a limit.
fn ordered(mut question: Statement, order: &str, limit: i64) -> Statement {
    let number = question.values.len() + 1;
    question.text = format!("{}\nORDER BY {order}\nLIMIT ${number}", question.text).into();
    question.bind(limit)
}
