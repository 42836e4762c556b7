//! SQL that both databases understand, written once beside its reader.
//!
//! SQLite and PostgreSQL agree on everything the read models need: `$1`, `ON CONFLICT … DO UPDATE …
//! WHERE`, `RETURNING`. So a statement is one text with typed values, and an adapter only binds them.

use std::borrow::Cow;
use std::future::Future;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use crate::StoreError;

/// A statement with its values, in the order of `$1`, `$2` …
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub text: Cow<'static, str>,
    /// The values.
    pub values: Vec<Value>,
}

/// A value to bind; `None` is NULL of that type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `text`
    Text(Option<String>),
    /// `bigint` / `INTEGER`
    Integer(Option<i64>),
    /// `boolean` / `INTEGER` 0 or 1
    Boolean(Option<bool>),
    /// `bytea` / `BLOB`
    Bytes(Option<Vec<u8>>),
    /// `timestamptz` / RFC 3339 `TEXT`
    Time(Option<DateTime<Utc>>),
    /// `json` / `TEXT`
    Json(Option<serde_json::Value>),
}

impl Statement {
    /// A statement without values yet.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Adds the next value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Several statements in one, with all of their values.
    pub(crate) fn joined(
        statements: impl Iterator<Item = Self>,
        as_one: impl FnOnce(Vec<String>) -> String,
    ) -> Self {
        let (mut texts, mut values) = (Vec::new(), Vec::new());
        for statement in statements {
            texts.push(renumbered(&statement.text, values.len()));
            values.extend(statement.values);
        }
        Self { text: as_one(texts).into(), values }
    }
}

/// The text with `$1`, `$2` … counted on from so many.
pub(crate) fn renumbered(text: &str, from: usize) -> String {
    let mut parts = text.split('$');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let end = part.find(|it: char| !it.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let number =
            number.parse::<usize>().map_or_else(|_| number.into(), |it| (it + from).to_string());
        text + "$" + &number + rest
    })
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value)
            }
        }
    )+};
}

value_from! {
    String => Text,
    i64 => Integer,
    bool => Boolean,
    Vec<u8> => Bytes,
    DateTime<Utc> => Time,
    serde_json::Value => Json,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

/// A row type that can be read from either database.
pub trait Row:
    for<'r> sqlx::FromRow<'r, PgRow> + for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<R> Row for R where
    R: for<'r> sqlx::FromRow<'r, PgRow> + for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin
{
}

/// A database that can be asked, and told things that are not events.
///
/// Every call ends within a few seconds. A question that fails is `Unavailable`, never an empty answer.
pub trait Sql: Send + Sync {
    /// Deletes the browser sessions in which an id stands. Their table has a name of its own on each database.
    const FORGET_SESSIONS: &str;

    /// All rows of a question, from one snapshot that includes every acknowledged write.
    fn fetch<R: Row>(
        &self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<R>, StoreError>> + Send;

    /// Changes rows that are not events, in a transaction of its own; says how many.
    fn execute(&self, statement: Statement)
    -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Changes rows that are not events, all in one transaction, and only if each statement touches a
    /// row; says whether they did.
    fn execute_all(
        &self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Sees to it that what was deleted from the tables that hold personal data is no longer in the database's
    /// files either, as far as this database lets its clients.
    fn scrub(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Binds a statement's values to a query of either database.
macro_rules! bind_values {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                $crate::sql::Value::Text(value) => query.bind(value),
                $crate::sql::Value::Integer(value) => query.bind(value),
                $crate::sql::Value::Boolean(value) => query.bind(value),
                $crate::sql::Value::Bytes(value) => query.bind(value),
                $crate::sql::Value::Time(value) => query.bind(value),
                $crate::sql::Value::Json(value) => {
                    query.bind(value.map($crate::plain_json::PlainJson))
                }
            };
        }
        query
    }};
}
pub(crate) use bind_values;
