//! Which tables there are, and how either database says their rows as text.

use super::Event;
use crate::Store;
use crate::sql::{Connection, Row};

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Boolean,
    Bytes,
    Time,
    Json,
}
use Kind::{Boolean, Bytes, Integer, Json, Text, Time};

/// A table in order of its key.
pub(super) struct Table {
    pub(super) name: &'static str,
    columns: &'static [(&'static str, Kind)],
    order: &'static [&'static str],
}

const KEY: [(&str, Kind); 3] =
    [("aggregate_type", Text), ("aggregate_id", Text), ("sequence", Integer)];

const ACTOR: [(&str, Kind); 3] = [("actor_id", Text), ("actor_via", Text), ("credential_id", Text)];

/// Everything but the browser sessions, what servers tell one another about memory (`nodes`, `intents`, `replica_epoch`,
/// `events.transaction_id`) and what the database itself sets.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "events",
        columns: &[
            KEY[0],
            KEY[1],
            KEY[2],
            ("event_type", Text),
            ("event_version", Text),
            ("payload", Json),
            ("metadata", Json),
        ],
        order: &["aggregate_type", "aggregate_id", "sequence"],
    },
    Table {
        name: "event_context",
        columns: &[
            KEY[0],
            KEY[1],
            KEY[2],
            ("salt", Bytes),
            ("address", Text),
            ("user_agent", Text),
            ("user_id", Text),
        ],
        order: &["aggregate_type", "aggregate_id", "sequence"],
    },
    Table {
        name: "log_queue",
        columns: &[("id", Integer), KEY[0], KEY[1], KEY[2]],
        order: &["id"],
    },
    Table {
        name: "event_log",
        columns: &[("position", Integer), KEY[0], KEY[1], KEY[2], ("leaf_hash", Bytes)],
        order: &["position"],
    },
    Table {
        name: "log_nodes",
        columns: &[("level", Integer), ("node_index", Integer), ("hash", Bytes)],
        order: &["level", "node_index"],
    },
    Table {
        name: "log_head",
        columns: &[("id", Boolean), ("size", Integer), ("frontier", Bytes)],
        order: &["id"],
    },
    Table {
        name: "log_checkpoints",
        columns: &[
            ("size", Integer),
            ("verifier_key", Text),
            ("root_hash", Bytes),
            ("note", Text),
            ("made_at", Time),
        ],
        order: &["size", "verifier_key"],
    },
    Table {
        name: "users",
        columns: &[
            ("user_id", Text),
            ("is_admin", Boolean),
            ("is_auditor", Boolean),
            ("registered_at", Time),
            ("registered_sequence", Integer),
            ("is_locked", Boolean),
            ("lock_sequence", Integer),
            ("erased_at", Time),
            ("erase_sequence", Integer),
        ],
        order: &["user_id"],
    },
    Table {
        name: "accounts",
        columns: &[("account_id", Text), ("is_closed", Boolean), ("sequence", Integer)],
        order: &["account_id"],
    },
    Table {
        name: "memberships",
        columns: &[("account_id", Text), ("user_id", Text), ("role", Text), ("sequence", Integer)],
        order: &["account_id", "user_id"],
    },
    Table {
        name: "account_profiles",
        columns: &[("account_id", Text), ("name", Text)],
        order: &["account_id"],
    },
    Table {
        name: "token_lookup",
        columns: &[
            ("user_id", Text),
            ("token_id", Text),
            ("generation", Integer),
            ("token_digest", Bytes),
            ("hint", Text),
            ("created_at", Time),
            ("sequence", Integer),
        ],
        order: &["user_id"],
    },
    Table {
        name: "token_history",
        columns: &[
            ("user_id", Text),
            ("sequence", Integer),
            ("kind", Text),
            ("token_id", Text),
            ("generation", Integer),
            ("hint", Text),
            ("invalidated_token_id", Text),
            ("reason", Text),
            ("occurred_at", Time),
            ("actor_id", Text),
            ("actor_via", Text),
            ("token_digest", Bytes),
        ],
        order: &["user_id", "sequence"],
    },
    Table {
        name: "audit_reads",
        columns: &[
            ("id", Integer),
            ("read_at", Time),
            ("request_id", Text),
            ("reader_id", Text),
            ("via", Text),
            ("token_id", Text),
            ("address", Text),
            ("user_agent", Text),
            ("method", Text),
            ("route", Text),
            ("parameters", Json),
            ("status", Integer),
        ],
        order: &["id"],
    },
    Table {
        name: "token_usage",
        columns: &[("token_id", Text), ("last_used_at", Time)],
        order: &["token_id"],
    },
    Table {
        name: "token_refusals",
        columns: &[
            ("token_id", Text),
            ("client_digest", Bytes),
            ("slot", Integer),
            ("address", Text),
            ("user_agent", Text),
            ("first_at", Time),
            ("last_at", Time),
            ("requests", Integer),
            ("seen_at", Time),
        ],
        order: &["token_id", "client_digest"],
    },
    Table {
        name: "user_profiles",
        columns: &[
            ("user_id", Text),
            ("email", Text),
            ("name", Text),
            ("password_hash", Text),
            ("session_epoch", Integer),
            ("is_founder", Boolean),
        ],
        order: &["user_id"],
    },
    Table {
        name: "identities",
        columns: &[("issuer", Text), ("subject", Text), ("user_id", Text)],
        order: &["issuer", "subject"],
    },
    Table {
        name: "deliveries",
        columns: &[
            ("id", Integer),
            ("endpoint", Text),
            ("event_type", Text),
            KEY[0],
            KEY[1],
            KEY[2],
            ("status", Text),
            ("attempts", Integer),
            ("next_attempt_at", Time),
            ("claimed_until", Time),
            ("last_status", Integer),
            ("last_error", Text),
            ("created_at", Time),
            ("updated_at", Time),
        ],
        order: &["id"],
    },
    Table {
        name: "setup_codes",
        columns: &[
            ("code_digest", Bytes),
            ("user_id", Text),
            ("expires_at", Time),
            ("used_at", Time),
        ],
        order: &["code_digest"],
    },
    Table {
        name: "assistants",
        columns: &[
            ("assistant_id", Text),
            ("account_id", Text),
            ("is_removed", Boolean),
            ("sequence", Integer),
        ],
        order: &["assistant_id"],
    },
    Table {
        name: "assistant_profiles",
        columns: &[("assistant_id", Text), ("name", Text), ("phone_number", Text)],
        order: &["assistant_id"],
    },
    Table {
        name: "calls",
        columns: &[
            ("call_id", Text),
            ("account_id", Text),
            ("assistant_id", Text),
            ("triggered_at", Time),
            ACTOR[0],
            ACTOR[1],
            ACTOR[2],
            ("sequence", Integer),
        ],
        order: &["call_id"],
    },
    Table {
        name: "call_details",
        columns: &[
            ("call_id", Text),
            ("name", Text),
            ("phone_number", Text),
            ("from_number", Text),
            ("email", Text),
            ("timezone", Text),
            ("data", Json),
            ("call_transfer", Json),
        ],
        order: &["call_id"],
    },
    Table {
        name: "campaigns",
        columns: &[
            ("campaign_id", Text),
            ("account_id", Text),
            ("created_at", Time),
            ("created_sequence", Integer),
            ("archived_at", Time),
            ("archive_sequence", Integer),
        ],
        order: &["campaign_id"],
    },
    Table {
        name: "campaign_profiles",
        columns: &[("campaign_id", Text), ("name", Text), ("match_secret", Bytes)],
        order: &["campaign_id"],
    },
    Table {
        name: "prospects",
        columns: &[
            ("prospect_id", Text),
            ("campaign_id", Text),
            ("added_at", Time),
            ACTOR[0],
            ACTOR[1],
            ACTOR[2],
            ("sequence", Integer),
        ],
        order: &["prospect_id"],
    },
    Table {
        name: "prospect_profiles",
        columns: &[
            ("prospect_id", Text),
            ("first_name", Text),
            ("last_name", Text),
            ("company", Text),
            ("job_title", Text),
            ("email", Text),
            ("linkedin_url", Text),
            ("phone", Text),
        ],
        order: &["prospect_id"],
    },
    Table {
        name: "webhooks",
        columns: &[
            ("campaign_id", Text),
            ("webhook_id", Text),
            ("generation", Integer),
            ("secret_digest", Bytes),
            ("hint", Text),
            ("created_at", Time),
            ("sequence", Integer),
        ],
        order: &["campaign_id"],
    },
    Table {
        name: "idempotency_keys",
        columns: &[
            ("key_digest", Bytes),
            ("request_digest", Bytes),
            ("aggregate_type", Text),
            ("aggregate_id", Text),
            ("first_sequence", Integer),
            ("last_sequence", Integer),
            ("expires_at", Time),
        ],
        order: &["key_digest"],
    },
];

impl Kind {
    /// `column` as text that both databases agree on, but for times on SQLite and JSON.
    fn expression(self, column: &str, store: Store) -> String {
        match (self, store) {
            (Text, _) | (Time | Json, Store::Sqlite) => column.to_owned(),
            (Integer, _) | (Boolean | Json, Store::Postgres) => format!("CAST({column} AS text)"),
            (Boolean, Store::Sqlite) => {
                format!("CASE {column} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END")
            }
            (Bytes, Store::Sqlite) => {
                format!("CASE WHEN {column} IS NOT NULL THEN lower(hex({column})) END")
            }
            (Bytes, Store::Postgres) => format!("encode({column}, 'hex')"),
            (Time, Store::Postgres) => {
                format!(
                    "to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
                )
            }
        }
    }
}

impl Table {
    pub(super) async fn read(&self, connection: &mut Connection) -> Vec<Row> {
        let store = connection.store();
        let expressions: Vec<_> =
            self.columns.iter().map(|(column, kind)| kind.expression(column, store)).collect();
        // By the columns themselves: an expression may have inherited the name of its column.
        let order: Vec<_> = self.order.iter().map(|column| format!("t.{column}")).collect();
        let question = format!(
            "SELECT {} FROM {} t ORDER BY {}",
            expressions.join(", "),
            self.name,
            order.join(", ")
        );
        let mut rows = connection.rows(&question).await;
        for row in &mut rows {
            for (value, (_, kind)) in row.iter_mut().zip(self.columns) {
                if matches!(kind, Time) {
                    *value = value.take().map(|text| time(&text));
                }
            }
        }
        rows
    }
}

/// A time of RFC 3339 in UTC, with microseconds.
pub(super) fn time(text: &str) -> String {
    let time = chrono::DateTime::parse_from_rfc3339(text).expect("a time");
    time.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Takes a row of `events` apart.
pub(super) fn event(row: Row) -> Event {
    let mut columns = row.into_iter().map(|value| value.expect("no column may be NULL"));
    let mut next = || columns.next().expect("seven columns");
    let json = |text: String| serde_json::from_str(&text).expect("JSON");
    Event {
        aggregate_type: next(),
        aggregate_id: next(),
        sequence: next().parse().expect("a number"),
        event_type: next(),
        event_version: next(),
        payload: json(next()),
        metadata: json(next()),
    }
}
