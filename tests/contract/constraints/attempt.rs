//! One attempt to break one rule.

use tests::Store;

pub(super) const BOTH: &[Store] = &[Store::Sqlite, Store::Postgres];
pub(super) const SQLITE: &[Store] = &[Store::Sqlite];
pub(super) const POSTGRES: &[Store] = &[Store::Postgres];

/// What the triggers on `events` say.
const APPEND_ONLY: &str = "events are append-only";
/// What the triggers on the tables of the log say.
const LOG_APPEND_ONLY: &str = "the log is append-only";
/// What the triggers on `audit_reads` say.
const READS_KEPT: &str = "what was read stays recorded";

/// What becomes of a statement that waits for longer than it may.
const TOO_LONG: &str = "canceling statement due to statement timeout";

/// How a rule makes itself known.
#[derive(Clone, Copy)]
enum Rule {
    /// SQLite tells the columns.
    Unique(&'static str),
    /// SQLite tells the name.
    Check,
    /// Both tell what the trigger says.
    Trigger(&'static str),
    /// SQLite tells only that it was one.
    ForeignKey,
}

/// What should be stopped, and what is next to it and should not.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    pub(super) breaks: &'static str,
    pub(super) stores: &'static [Store],
    rule: Rule,
    pub(super) given: &'static [&'static str],
    pub(super) allowed: &'static [&'static str],
    pub(super) forbidden: &'static str,
}

impl Attempt {
    const fn new(breaks: &'static str, rule: Rule, forbidden: &'static str) -> Self {
        Self { breaks, stores: BOTH, rule, given: &[], allowed: &[], forbidden }
    }

    /// To make a second of what there may be one of in these columns.
    pub(super) const fn twice(
        breaks: &'static str,
        columns: &'static str,
        forbidden: &'static str,
    ) -> Self {
        Self::new(breaks, Rule::Unique(columns), forbidden)
    }

    /// To write a value that may not be.
    pub(super) const fn value(breaks: &'static str, forbidden: &'static str) -> Self {
        Self::new(breaks, Rule::Check, forbidden)
    }

    /// To change an event.
    pub(super) const fn change(breaks: &'static str, forbidden: &'static str) -> Self {
        Self::new(breaks, Rule::Trigger(APPEND_ONLY), forbidden)
    }

    /// To change what is in the log.
    pub(super) const fn change_log(breaks: &'static str, forbidden: &'static str) -> Self {
        Self::new(breaks, Rule::Trigger(LOG_APPEND_ONLY), forbidden)
    }

    /// To change what was recorded of a read.
    pub(super) const fn change_read(breaks: &'static str, forbidden: &'static str) -> Self {
        Self::new(breaks, Rule::Trigger(READS_KEPT), forbidden)
    }

    /// To write sooner than the trigger lets anybody.
    pub(super) const fn hurry(breaks: &'static str, forbidden: &'static str) -> Self {
        Self::new(breaks, Rule::Trigger(TOO_LONG), forbidden)
    }

    /// To name what is not there.
    pub(super) const fn nowhere(breaks: &'static str, forbidden: &'static str) -> Self {
        Self::new(breaks, Rule::ForeignKey, forbidden)
    }

    /// On these stores only.
    pub(super) const fn on(mut self, stores: &'static [Store]) -> Self {
        self.stores = stores;
        self
    }

    /// What is there before.
    pub(super) const fn given(mut self, given: &'static [&'static str]) -> Self {
        self.given = given;
        self
    }

    /// What the rule lets pass.
    pub(super) const fn but(mut self, allowed: &'static [&'static str]) -> Self {
        self.allowed = allowed;
        self
    }

    /// Expects that this error comes from the rule.
    #[track_caller]
    pub(super) fn assert_stopped_by_its_rule(&self, store: Store, error: &sqlx::Error) {
        let error = error.as_database_error().unwrap_or_else(|| panic!("{}: {error}", self.breaks));
        let expected = match (self.rule, store) {
            (Rule::Unique(columns), Store::Sqlite) => {
                format!("UNIQUE constraint failed: {columns}")
            }
            (Rule::Check, Store::Sqlite) => format!("CHECK constraint failed: {}", self.breaks),
            (Rule::ForeignKey, Store::Sqlite) => "FOREIGN KEY constraint failed".to_owned(),
            (Rule::Trigger(says), _) => says.to_owned(),
            (Rule::Unique(_) | Rule::Check | Rule::ForeignKey, Store::Postgres) => {
                assert_eq!(error.constraint(), Some(self.breaks), "{error}");
                return;
            }
        };
        let message = error.message();
        let said = message == expected || message.ends_with(&format!(") {expected}"));
        assert!(said, "{}: {message} instead of {expected}", self.breaks);
    }
}

/// Writes an event of this sequence.
macro_rules! event {
    ($sequence:literal) => {
        concat!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, ",
            "event_version, payload, metadata) VALUES ('token', 'a', ",
            $sequence,
            ", 'Happened', '1', '{}', '{}')"
        )
    };
}
pub(super) use event;
