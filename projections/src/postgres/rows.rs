//! Commands that are alike, as statements about the rows of all of them. A parameter is then an array with a value of each
//! command, so that a text does not depend on how many there are.

use std::collections::HashSet;

use chrono::SecondsFormat;
use sqlx::postgres::PgConnection;

use super::announcing::{Announcement, WITHDRAW};
use super::in_time;
use crate::StoreError;
use crate::sql::{Statement, Value, renumbered};
use crate::write::{Demand, Step};

/// What makes rows of the rows that a statement changes.
const RETURNING: &str = "\nRETURNING true";

/// All values of one parameter, as PostgreSQL reads them.
type Column = Vec<Option<String>>;

/// One statement that carries out all of several commands.
#[derive(Debug, Default)]
struct Whole {
    /// The statements of which it consists, all of which see what was there before any of them.
    parts: Vec<String>,
    columns: Vec<Column>,
    /// Which of them must touch rows, and how many.
    demands: Vec<(usize, i64)>,
}

/// Whether each statement is about one row, so that those of other commands can be carried out with it; and each is another
/// one, because the parts of one statement are carried out in no order, and the events of a command have one.
pub(super) fn is_of_rows(command: &[Step]) -> bool {
    let statements = || command.iter().flat_map(|step| &step.statements);
    let texts: HashSet<_> = statements().map(|it| &*it.text).collect();
    texts.len() == statements().count() && statements().all(|it| about_many(it).is_some())
}

/// Whether both consist of the same texts.
pub(super) fn are_alike(one: &[Step], other: &[Step]) -> bool {
    let texts = |step: &Step| step.statements.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
    one.iter().map(texts).eq(other.iter().map(texts))
}

/// Carries out commands that are alike and of rows, and takes back what was announced of them.
///
/// # Errors
/// `Conflict` when one of them is refused. Which, and why, only each of them can tell, alone: the parts of one statement are carried
/// out in no order, so even which constraint was broken says nothing. `Unavailable` when there was no answer.
pub(super) async fn run(
    tx: &mut PgConnection,
    commands: &[&[Step]],
    announced: Option<&Announcement>,
) -> Result<(), StoreError> {
    let mut whole = Whole::of(commands);
    if let Some(announced) = announced {
        whole.withdraw(announced);
    }
    let text = whole.text();
    let mut query = sqlx::query_scalar::<_, Vec<i64>>(&text);
    for column in std::mem::take(&mut whole.columns) {
        query = query.bind(column);
    }
    let touched = in_time(query.fetch_one(tx)).await.map_err(|error| {
        if error.as_database_error().is_some() { StoreError::Conflict } else { error.into() }
    })?;
    let is_met = |(touched, (_, least)): (i64, &(usize, i64))| touched >= *least;
    if touched.len() == whole.demands.len() && touched.into_iter().zip(&whole.demands).all(is_met) {
        return Ok(());
    }
    Err(StoreError::Conflict)
}

impl Whole {
    fn of(commands: &[&[Step]]) -> Self {
        let first = commands.first().copied().unwrap_or_default();
        let mut whole = Self::default();
        for (number, model) in first.iter().enumerate() {
            let steps: Vec<&Step> = commands.iter().filter_map(|steps| steps.get(number)).collect();
            for place in 0..model.statements.len() {
                whole.add_rows(&steps.iter().filter_map(|step| step.statements.get(place)));
            }
            match model.demand {
                Demand::Nothing => {}
                Demand::Find(_) => whole.demand(commands.len(), ""),
                Demand::Change(_) => whole.demand(commands.len(), RETURNING),
            }
        }
        whole
    }

    /// Adds statements of the same text, each about one row.
    fn add_rows<'a>(&mut self, statements: &(impl Iterator<Item = &'a Statement> + Clone)) {
        let Some(first) = statements.clone().next() else { return };
        let Some(text) = about_many(first) else { return };
        self.parts.push(renumbered(&text, self.columns.len()));
        for place in 0..first.values.len() {
            let values = statements.clone().filter_map(|it| it.values.get(place));
            self.columns.push(values.map(as_text).collect());
        }
    }

    /// Demands that the last part touches so many rows.
    fn demand(&mut self, least: usize, returning: &str) {
        if let Some(part) = self.parts.last_mut() {
            part.push_str(returning);
            let least = i64::try_from(least).unwrap_or(i64::MAX);
            self.demands.push((self.parts.len() - 1, least));
        }
    }

    /// Adds that all of this is taken back.
    fn withdraw(&mut self, announced: &Announcement) {
        let [transaction, subjects] = announced.columns();
        let count = subjects.len();
        self.parts.push(renumbered(WITHDRAW, self.columns.len()));
        for column in [transaction, subjects] {
            self.columns.push(column.into_iter().map(Some).collect());
        }
        self.demand(count, RETURNING);
    }

    /// Says how many rows each part touched of which that is demanded.
    fn text(&self) -> String {
        let parts = self.parts.iter().enumerate();
        let parts = parts.map(|(number, text)| format!("part{number} AS ({text})"));
        let count = |(number, _): &(usize, i64)| format!("(SELECT COUNT(*) FROM part{number})");
        let counts: Vec<_> = self.demands.iter().map(count).collect();
        let parts: Vec<_> = parts.collect();
        format!("WITH {}\nSELECT ARRAY[{}]::bigint[]", parts.join(",\n"), counts.join(", "))
    }
}

/// The text for many rows of one about a row, `… VALUES ($1, $2) …` or `… IN ($1) …`; `None` when it is neither.
fn about_many(Statement { text, values }: &Statement) -> Option<String> {
    let numbers = || 1..=values.len();
    let list = |each: &dyn Fn(usize) -> String| numbers().map(each).collect::<Vec<_>>().join(", ");
    let (before, behind) =
        text.split_once(&format!("({})", list(&|number| format!("${number}"))))?;
    if before.contains('$') || behind.contains('$') {
        return None;
    }
    let arrays = list(&|number| format!("${number}::text[]"));
    if let Some(before) = before.strip_suffix("VALUES ") {
        let names = list(&|number| format!("value{number}"));
        let kinds: Vec<_> = values.iter().map(type_of).collect();
        let typed =
            list(&|number| format!("value{number}::{}", kinds.get(number - 1).unwrap_or(&"text")));
        return Some(format!(
            "{before}SELECT {typed} FROM unnest({arrays}) AS command ({names}){behind}"
        ));
    }
    let is_list = values.len() == 1 && before.ends_with("IN ");
    is_list.then(|| format!("{before}(SELECT unnest({arrays})){behind}"))
}

const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "text",
        Value::Integer(_) => "bigint",
        Value::Boolean(_) => "boolean",
        Value::Bytes(_) => "bytea",
        Value::Time(_) => "timestamptz",
        Value::Json(_) => "json",
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.map(|it| it.to_string()),
        Value::Boolean(truth) => truth.map(|it| it.to_string()),
        Value::Bytes(bytes) => bytes.as_ref().map(|it| format!("\\x{}", hex::encode(it))),
        // As sqlx sends it, whose microseconds are not rounded up either.
        Value::Time(time) => time.map(|it| it.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Value::Json(json) => json.as_ref().map(ToString::to_string),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn step(text: &'static str, values: Vec<Value>) -> Step {
        values.into_iter().fold(Statement::new(text), Statement::bind).into()
    }

    #[test]
    fn commands_that_are_alike_are_one_statement_whatever_their_number() {
        const TEXT: &str = "INSERT INTO a (b, c) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let command = |text: &str, number: i64| vec![step(TEXT, vec![text.into(), number.into()])];
        let (one, other) = (command("x", 1), command("y", 2));
        assert!(is_of_rows(&one) && are_alike(&one, &other));
        let whole = Whole::of(&[&one, &other]);
        assert_eq!(
            whole.text(),
            "WITH part0 AS (INSERT INTO a (b, c) SELECT value1::text, value2::bigint \
             FROM unnest($1::text[], $2::text[]) AS command (value1, value2) ON CONFLICT DO NOTHING)\n\
             SELECT ARRAY[]::bigint[]"
        );
        let texts = |texts: [&str; 2]| texts.map(|text| Some(text.to_owned())).to_vec();
        assert_eq!(whole.columns, [texts(["x", "y"]), texts(["1", "2"])]);
    }

    #[test]
    fn what_each_must_find_all_must_find() {
        let command = |user: &str| {
            let question = Statement::new("SELECT a FROM b WHERE c IN ($1) FOR SHARE").bind(user);
            vec![Step::must_find(question, StoreError::UserNotActive)]
        };
        let (one, other, third) = (command("x"), command("y"), command("z"));
        let whole = Whole::of(&[&one, &other, &third]);
        assert_eq!(
            whole.text(),
            "WITH part0 AS (SELECT a FROM b WHERE c IN (SELECT unnest($1::text[])) FOR SHARE)\n\
             SELECT ARRAY[(SELECT COUNT(*) FROM part0)]::bigint[]"
        );
        assert_eq!(whole.demands, [(0, 3)]);
    }

    #[test]
    fn what_is_not_about_one_row_is_left_alone() {
        for (text, count) in [
            ("DELETE FROM a WHERE b = $1", 1),
            ("INSERT INTO a (b) VALUES ($1) ON CONFLICT (b) DO UPDATE SET c = $2", 2),
            ("INSERT INTO a (b, c) VALUES ($1, $2), ($3, $4)", 4),
            ("SELECT $1 FROM a WHERE b IN ($1)", 1),
        ] {
            let command = vec![step(text, vec![Value::from("x"); count])];
            assert!(!is_of_rows(&command), "{text}");
        }
    }

    #[test]
    fn events_of_one_command_keep_their_order() {
        let event = |number: i64| {
            step("INSERT INTO a (b, c) VALUES ($1, $2)", vec!["x".into(), number.into()])
        };
        assert!(is_of_rows(&[event(1)]));
        assert!(!is_of_rows(&[event(1), event(2)]));
    }

    #[test]
    fn values_are_written_as_postgresql_reads_them() {
        let time = DateTime::from_timestamp(1_770_000_000, 123_456_789);
        for (value, text) in [
            (Value::from("x'\u{e4}"), "x'\u{e4}"),
            (Value::from(-7_i64), "-7"),
            (Value::from(true), "true"),
            (Value::from(vec![0_u8, 0xab]), "\\x00ab"),
            (Value::from(time), "2026-02-02T02:40:00.123456Z"),
            (Value::from(serde_json::json!({"a": [1, null]})), r#"{"a":[1,null]}"#),
        ] {
            assert_eq!(as_text(&value).as_deref(), Some(text));
        }
        assert_eq!(as_text(&Value::Bytes(None)), None);
    }
}
