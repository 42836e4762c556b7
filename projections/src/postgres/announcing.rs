//! What a writer does before its commit: it says what it is about to change, and waits until every node that answers
//! from memory knows.
//!
//! Everyone who waits looks at the same roll calls, and there is one at a time, whatever the number of waiters. Whatever
//! goes wrong with the questions, waiting ends when every lease that began before the intent has run out.

use std::time::Duration;

use fail::fail_point;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{PgPool, Postgres};
use tokio::sync::Mutex;

use super::round::IDENTITY;
use super::snapshot::Snapshot;
use super::{connecting, in_time, within};
use crate::lease::{Grounds, MARGIN, Moment, Roll, Seen};
use crate::{StoreError, measures};

/// Nodes that listen here look sooner. Nothing depends on it.
pub(super) const CHANNEL: &str = "symbolon_intents";

/// Longest lease there is; a constraint of `nodes` says so.
const LONGEST: Duration = Duration::from_secs(3);
/// Nodes that are well confirm sooner than a timer could wake anyone: so long, one roll call follows another.
const EAGER: Duration = Duration::from_millis(4);
/// From one roll call to the next after that.
const PAUSE: Duration = Duration::from_millis(2);
/// Longest wait for one.
const CALL: Duration = Duration::from_millis(150);

/// Need not outlive a crash: the command whose intents are lost cannot commit. Nodes hear of it when it is there.
fn announce() -> String {
    format!(
        "
WITH quick AS (
    SELECT set_config('synchronous_commit', 'off', true), pg_notify('{CHANNEL}', '')
)
INSERT INTO intents (announced, subject)
SELECT pg_current_xact_id()::text::bigint, unnest($1::text[])
FROM quick
RETURNING announced"
    )
}

/// Its values are those of [`Announcement::columns`].
pub(super) const WITHDRAW: &str = "
DELETE FROM intents
WHERE announced = ANY ($1::text[]::bigint[])
  AND subject = ANY ($2::text[])";

/// A connection that answered a moment ago.
pub(super) type Proven = PoolConnection<Postgres>;

/// Who announces, and what it knows of the nodes.
#[derive(Debug)]
pub(super) struct Announcer {
    connections: PgPool,
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
#[derive(Clone, Debug)]
pub(super) struct Announcement {
    /// In which transaction, which may have announced others, too.
    transaction: i64,
    subjects: Vec<String>,
}

impl Announcement {
    /// Some of them, which are taken back apart from the others.
    pub(super) const fn only(&self, subjects: Vec<String>) -> Self {
        Self { transaction: self.transaction, subjects }
    }

    /// What [`WITHDRAW`] takes back, as texts.
    pub(super) fn columns(&self) -> [Vec<String>; 2] {
        [vec![self.transaction.to_string()], self.subjects.clone()]
    }
}

impl Announcer {
    /// On these connections.
    pub(super) fn new(connections: PgPool) -> Self {
        Self { connections, state: Mutex::default() }
    }

    /// Returns when no node answers from memory about what so many commands are about to change. A node that comes later
    /// sees the intents before it answers. The connection is one that answered a moment ago, if any did.
    pub(super) async fn announce(
        &self,
        subjects: Vec<String>,
        commands: usize,
    ) -> Result<(Announcement, Option<Proven>), StoreError> {
        let text = announce();
        let (rows, connection) =
            connecting::ask::<(i64,)>(&self.connections, &text, &[&subjects]).await?;
        let &(transaction,) =
            rows.first().ok_or_else(|| StoreError::corrupt("nothing was announced"))?;
        let (announced, at) = (Announcement { transaction, subjects }, Moment::now());
        fail_point!("skip_wait", |_| Ok((announced.clone(), None)));
        let wait = self.wait(transaction, at, connection);
        let waited = tokio::time::timeout(LONGEST + MARGIN, wait).await;
        let (grounds, proven) = waited.unwrap_or((Grounds::Time, None));
        let seconds = Moment::now().since(at).as_secs_f64();
        metrics::histogram!(measures::INTENT_WAIT).record_many(seconds, commands);
        let count = u64::try_from(commands).unwrap_or(u64::MAX);
        metrics::counter!(measures::INTENTS, "by" => grounds.as_str()).increment(count);
        Ok((announced, proven))
    }

    /// Says on what grounds it is over, and on which connection that was found. Who waits for long holds none meanwhile.
    async fn wait(
        &self,
        transaction: i64,
        at: Moment,
        connection: Proven,
    ) -> (Grounds, Option<Proven>) {
        let (mut judged, mut held) = (at, Some(connection));
        loop {
            let connection = match held.take() {
                Some(connection) => Ok(connection),
                None => self.connections.acquire().await,
            };
            if let Ok(mut connection) = connection {
                match self.look(transaction, at, &mut judged, &mut connection).await {
                    Ok(Some(grounds)) => return (grounds, Some(connection)),
                    Ok(None) => held = Some(connection),
                    Err(_) => connection.close_on_drop(),
                }
            }
            if Moment::now().since(at) > EAGER {
                held = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Looks at a roll call that began after the intent was there and after the one judged before, calling it if nobody
    /// else has.
    async fn look(
        &self,
        transaction: i64,
        at: Moment,
        judged: &mut Moment,
        connection: &mut PgConnection,
    ) -> Result<Option<Grounds>, sqlx::Error> {
        let mut state = self.state.lock().await;
        if state.last.as_ref().is_none_or(|call| call.begun <= *judged) {
            state.call(connection).await?;
        }
        let Some(call) = &state.last else { return Ok(None) };
        *judged = call.begun;
        let knows = |confirmed: &Snapshot| confirmed.sees(transaction.unsigned_abs());
        let seen = |node: &Node| Seen {
            confirms: node.confirmed.as_ref().is_some_and(knows),
            silence: node.silence,
            lease: node.lease,
        };
        let nodes: Vec<_> = call.nodes.iter().map(seen).collect();
        Ok(Grounds::of(at, call.begun, &nodes))
    }
}

impl State {
    async fn call(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let text = format!(
            "
SELECT node_id, renewal, lease_ms, CASE WHEN identity = {IDENTITY} THEN confirmed::text END AS confirmed
FROM nodes"
        );
        let begun = Moment::now();
        let rows = within(CALL, sqlx::query_as::<_, Row>(&text).fetch_all(connection)).await?;
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

/// Takes the intents back in the transaction that carries them out, so that a snapshot sees either them or the change.
///
/// # Errors
/// `Unavailable` when they are not there any more: nodes may answer from memory.
pub(super) async fn withdraw(
    tx: &mut PgConnection,
    announcement: &Announcement,
) -> Result<(), StoreError> {
    let [transaction, subjects] = announcement.columns();
    let query = sqlx::query(WITHDRAW).bind(transaction).bind(&subjects);
    let withdrawn = in_time(query.execute(tx)).await?.rows_affected();
    if usize::try_from(withdrawn) == Ok(subjects.len()) {
        return Ok(());
    }
    Err(StoreError::Unavailable("the command took so long that its intents were swept".into()))
}

/// Takes back the intents of a command that was not carried out. What is left is swept.
pub(super) async fn forget(pool: &PgPool, announcement: &Announcement) {
    let [transaction, subjects] = announcement.columns();
    let query = sqlx::query(WITHDRAW).bind(transaction).bind(subjects);
    if let Err(error) = in_time(query.execute(pool)).await {
        tracing::debug!(%error, "intents are left to be swept: {error}");
    }
}
