//! What a writer does before its commit: it says what it is about to change, and waits until every node that answers
//! from memory knows.
//!
//! Everyone who waits looks at the same roll calls, and there is one at a time, whatever the number of waiters. Whatever
//! goes wrong with the questions, waiting ends when every lease that began before the intent has run out.

use std::time::Duration;

use fail::fail_point;
use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use tokio::sync::Mutex;

use super::round::IDENTITY;
use super::snapshot::Snapshot;
use super::{in_time, within};
use crate::lease::{Grounds, MARGIN, Moment, Roll, Seen};
use crate::replica::Intent;
use crate::{StoreError, measures};

/// Nodes that listen here look sooner. Nothing depends on it.
pub(super) const CHANNEL: &str = "symbolon_intents";

/// Longest lease there is; a constraint of `nodes` says so.
const LONGEST: Duration = Duration::from_secs(3);
/// From one roll call to the next.
const PAUSE: Duration = Duration::from_millis(2);
/// How many connections are tried.
const CONNECTIONS: usize = 20;
/// Longest wait for one.
const CALL: Duration = Duration::from_millis(150);

/// Need not outlive a crash: the command whose intents are lost cannot commit. Nodes hear of it when it is there.
const ANNOUNCE: &str = "
WITH quick AS (
    SELECT set_config('synchronous_commit', 'off', true), pg_notify($2, '')
)
INSERT INTO intents (announced, subject)
SELECT pg_current_xact_id()::text::bigint, unnest($1::text[])
FROM quick
RETURNING announced";

/// Whether the transaction of that statement still goes on.
const IS_OPEN: &str = "SELECT current_setting('synchronous_commit') = 'off'";

const WITHDRAW: &str = "
DELETE FROM intents
WHERE announced = $1";

/// What this process knows of the nodes.
#[derive(Debug, Default)]
pub(super) struct Announcing {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    roll: Roll<String>,
    last: Option<Call>,
}

/// A roll call.
#[derive(Debug)]
struct Call {
    begun: Moment,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    silence: Duration,
    lease: Duration,
    /// `None` when it has confirmed nothing of this database.
    confirmed: Option<Snapshot>,
}

#[derive(sqlx::FromRow)]
struct Row {
    node_id: String,
    renewal: i64,
    lease_ms: i64,
    confirmed: Option<String>,
}

/// Intents that are announced, to be taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announcement {
    /// In which transaction.
    transaction: i64,
    /// When, at the latest.
    at: Moment,
    /// How many.
    count: usize,
}

impl Announcing {
    /// Returns when no node answers from memory about what the command is about to change. A node that comes later
    /// sees the intents before it answers.
    pub(super) async fn announce(
        &self,
        pool: &PgPool,
        intents: &[Intent],
    ) -> Result<Announcement, StoreError> {
        let subjects: Vec<_> = intents.iter().map(ToString::to_string).collect();
        let transaction = write(pool, &subjects).await?;
        let announced = Announcement { transaction, at: Moment::now(), count: intents.len() };
        fail_point!("skip_wait", |_| Ok(announced));
        let waited = tokio::time::timeout(LONGEST + MARGIN, self.wait(pool, announced)).await;
        let grounds = waited.unwrap_or(Grounds::Time);
        let seconds = Moment::now().since(announced.at).as_secs_f64();
        metrics::histogram!(measures::INTENT_WAIT).record(seconds);
        metrics::counter!(measures::INTENTS, "by" => grounds.as_str()).increment(1);
        Ok(announced)
    }

    async fn wait(&self, pool: &PgPool, announced: Announcement) -> Grounds {
        let mut judged = announced.at;
        loop {
            if let Ok(Some(grounds)) = self.look(pool, announced, &mut judged).await {
                return grounds;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Looks at a roll call that began after the intent was there and after the one judged before, calling it if nobody
    /// else has.
    async fn look(
        &self,
        pool: &PgPool,
        announced: Announcement,
        judged: &mut Moment,
    ) -> Result<Option<Grounds>, sqlx::Error> {
        let mut state = self.state.lock().await;
        if state.last.as_ref().is_none_or(|call| call.begun <= *judged) {
            state.call(pool).await?;
        }
        let Some(call) = &state.last else { return Ok(None) };
        *judged = call.begun;
        let knows = |confirmed: &Snapshot| confirmed.sees(announced.transaction.unsigned_abs());
        let seen = |node: &Node| Seen {
            confirms: node.confirmed.as_ref().is_some_and(knows),
            silence: node.silence,
            lease: node.lease,
        };
        let nodes: Vec<_> = call.nodes.iter().map(seen).collect();
        Ok(Grounds::of(announced.at, call.begun, &nodes))
    }
}

impl State {
    async fn call(&mut self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let text = format!(
            "
SELECT node_id, renewal, lease_ms, CASE WHEN identity = {IDENTITY} THEN confirmed::text END AS confirmed
FROM nodes"
        );
        let begun = Moment::now();
        let rows = within(CALL, sqlx::query_as::<_, Row>(&text).fetch_all(pool)).await?;
        let renewals: Vec<_> =
            rows.iter().map(|row| (row.node_id.clone(), row.renewal.unsigned_abs())).collect();
        let silences = self.roll.call(begun, Moment::now(), &renewals);
        let nodes = rows.into_iter().zip(silences).map(|(row, silence)| Node {
            silence,
            lease: Duration::from_millis(row.lease_ms.unsigned_abs()),
            confirmed: row.confirmed.and_then(|text| text.parse().ok()),
        });
        self.last = Some(Call { begun, nodes: nodes.collect() });
        Ok(())
    }
}

/// Writes the intents; says in which transaction.
///
/// A request that is dropped while its transaction begins leaves a connection behind in the middle of it. What is written
/// there is not committed, so another connection is taken.
async fn write(pool: &PgPool, subjects: &[String]) -> Result<i64, StoreError> {
    for _ in 0..CONNECTIONS {
        let mut connection = pool.acquire().await?;
        match in_time(try_write(&mut connection, subjects)).await {
            Ok(Some(transaction)) => return Ok(transaction),
            Ok(None) => connection.close_on_drop(),
            Err(error) => {
                connection.close_on_drop();
                return Err(error.into());
            }
        }
    }
    Err(StoreError::Unavailable("no connection is free for an intent".into()))
}

/// `None` when somebody left a transaction open on this connection.
async fn try_write(
    connection: &mut PgConnection,
    subjects: &[String],
) -> Result<Option<i64>, sqlx::Error> {
    let announce = sqlx::query_scalar(ANNOUNCE).bind(subjects).bind(CHANNEL);
    let written: Vec<i64> = announce.fetch_all(&mut *connection).await?;
    let is_open: bool = sqlx::query_scalar(IS_OPEN).fetch_one(connection).await?;
    Ok(written.first().copied().filter(|_| !is_open))
}

/// Takes the intents back in the transaction that carries them out, so that a snapshot sees either them or the change.
///
/// # Errors
/// `Unavailable` when they are not there any more: nodes may answer from memory.
pub(super) async fn withdraw(
    tx: &mut PgConnection,
    announcement: Announcement,
) -> Result<(), StoreError> {
    let query = sqlx::query(WITHDRAW).bind(announcement.transaction);
    let withdrawn = in_time(query.execute(tx)).await?.rows_affected();
    if u64::try_from(announcement.count).is_ok_and(|announced| announced == withdrawn) {
        return Ok(());
    }
    Err(StoreError::Unavailable("the command took so long that its intents were swept".into()))
}

/// Takes back the intents of a command that was not carried out. What is left is swept.
pub(super) fn forget(pool: &PgPool, announcement: Announcement) {
    let pool = pool.clone();
    tokio::spawn(async move {
        let query = sqlx::query(WITHDRAW).bind(announcement.transaction);
        if let Err(error) = in_time(query.execute(&pool)).await {
            tracing::debug!(%error, "intents are left to be swept: {error}");
        }
    });
}
