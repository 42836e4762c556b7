//! What a writer waits for between its commit and its acknowledgement: that no node answers from before it.
//!
//! Everyone who waits looks at the same roll calls, and there is one at a time, whatever the number of waiters. Whatever
//! goes wrong with the questions, waiting ends when every lease that began before the commit has run out.

use std::time::Duration;

use fail::fail_point;
use sqlx::PgPool;
use tokio::sync::Mutex;

use super::round::IDENTITY;
use super::snapshot::Snapshot;
use crate::lease::{Grounds, MARGIN, Moment, Roll, Seen};
use crate::measures;

/// Nodes that listen here look sooner. Nothing depends on it.
pub(super) const CHANNEL: &str = "symbolon_changes";

/// Longest lease there is; a constraint of `nodes` says so.
const LONGEST: Duration = Duration::from_secs(3);
/// From one roll call to the next.
const PAUSE: Duration = Duration::from_millis(2);
/// Longest wait for one.
const CALL: Duration = Duration::from_millis(150);

/// The transaction that wrote the latest event of an aggregate, and whether any node is there. One that is yet to come
/// was another cluster's, from whose dump the event was restored: it is older than any lease.
const LATEST: &str = "
SELECT (SELECT CASE WHEN transaction_id < pg_snapshot_xmax(pg_current_snapshot()) THEN transaction_id::text END
        FROM events
        WHERE aggregate_type = $1
          AND aggregate_id = $2
        ORDER BY sequence DESC
        LIMIT 1),
       EXISTS (SELECT FROM nodes)";

/// What this process knows of the nodes.
#[derive(Debug, Default)]
pub(super) struct Settling {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    roll: Roll<String>,
    last: Option<Call>,
    /// When the last hint was given.
    hinted: Option<Moment>,
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

impl Settling {
    /// Returns when no node answers from before the latest event of this aggregate, which is committed.
    pub(super) async fn settle(&self, pool: &PgPool, aggregate: (&str, &str)) -> Grounds {
        fail_point!("skip_wait", |_| Grounds::Nobody);
        fail_point!("old_release", |_| Grounds::Nobody);
        let committed = Moment::now();
        let waited = self.wait(pool, aggregate, committed);
        let waited = tokio::time::timeout(LONGEST + MARGIN, waited).await;
        let grounds = waited.unwrap_or(Grounds::Time);
        let seconds = Moment::now().since(committed).as_secs_f64();
        metrics::histogram!(measures::ACKNOWLEDGEMENT_WAIT).record(seconds);
        metrics::counter!(measures::ACKNOWLEDGEMENTS, "by" => grounds.as_str()).increment(1);
        grounds
    }

    async fn wait(&self, pool: &PgPool, aggregate: (&str, &str), committed: Moment) -> Grounds {
        let transaction = loop {
            match latest(pool, aggregate).await {
                Ok((_, false)) => return Grounds::Nobody,
                // Older than leases are.
                Ok((None, true)) => return Grounds::Confirmed,
                Ok((Some(transaction), true)) => break transaction,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        };
        loop {
            if let Ok(Some(grounds)) = self.look(pool, transaction, committed).await {
                return grounds;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Looks at a roll call that began after the commit, calling it if nobody else has.
    async fn look(
        &self,
        pool: &PgPool,
        transaction: u64,
        committed: Moment,
    ) -> Result<Option<Grounds>, sqlx::Error> {
        let mut state = self.state.lock().await;
        if state.hinted.is_none_or(|hinted| hinted < committed) {
            let begun = Moment::now();
            in_time(sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(pool)).await?;
            state.hinted = Some(begun);
        }
        let oldest = Moment::now();
        let is_fresh = |call: &Call| call.begun > committed && oldest.since(call.begun) < PAUSE;
        if !state.last.as_ref().is_some_and(is_fresh) {
            state.call(pool).await?;
        }
        let Some(call) = &state.last else { return Ok(None) };
        let seen = |node: &Node| Seen {
            confirms: node.confirmed.as_ref().is_some_and(|confirmed| confirmed.sees(transaction)),
            silence: node.silence,
            lease: node.lease,
        };
        let nodes: Vec<_> = call.nodes.iter().map(seen).collect();
        Ok(Grounds::of(committed, call.begun, &nodes))
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
        let rows = in_time(sqlx::query_as::<_, Row>(&text).fetch_all(pool)).await?;
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

async fn latest(
    pool: &PgPool,
    (aggregate_type, aggregate_id): (&str, &str),
) -> Result<(Option<u64>, bool), sqlx::Error> {
    let question = sqlx::query_as::<_, (Option<String>, bool)>(LATEST);
    let question = question.bind(aggregate_type).bind(aggregate_id);
    let (transaction, anybody) = in_time(question.fetch_one(pool)).await?;
    let number = |text: String| text.parse::<u64>();
    let transaction = transaction.map(number).transpose();
    let transaction = transaction.map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok((transaction, anybody))
}

async fn in_time<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(CALL, answer).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
