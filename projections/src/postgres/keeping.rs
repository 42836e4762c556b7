//! Keeps a node's memory like the database, and the node's right to answer from it.
//!
//! One task and one connection of its own, so that neither slow commands nor an empty pool keep a lease from being
//! renewed. Whatever fails is tried again; meanwhile the lease runs out by itself.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::announcing::CHANNEL;
use super::connecting::BY_INDEX;
use super::round::{Filled, IDENTITY, Node, Round, go_round, leave};
use super::sweeping::Sweeper;
use super::{Postgres, loading, within};
use crate::lease::{Lease, Moment, Standing, Terms};
use crate::replica::{Intent, LiveSet};
use crate::{StoreError, measures, replica};

/// A round that takes longer is given up, while there is a lease to lose.
const ROUND: Duration = Duration::from_millis(150);
/// After a failure.
const RETRY: Duration = Duration::from_millis(50);
/// Longest wait for what no lease depends on.
const CALL: Duration = Duration::from_secs(5);
/// From one look whether the listening connection is still there to the next.
const LISTEN_CHECK: Duration = Duration::from_secs(10);

/// The node, and how far its memory is.
struct Keeper<'a> {
    store: &'a Postgres,
    /// Looked at between rounds: one that is given up half-way could put the row back after the goodbye.
    stop: CancellationToken,
    terms: Terms,
    node: Node,
    lease: Lease,
    filled: Option<Filled>,
    /// What memory does not answer about.
    intents: Vec<String>,
    /// When the last proof began.
    proved: Option<Moment>,
    sweeper: Sweeper,
}

impl Postgres {
    /// Fills memory, and keeps it, and the right to answer from it, until `stop`. Then no writer waits for this node.
    pub async fn keep_replica(&self, node_id: Uuid, terms: Terms, stop: CancellationToken) {
        let listening = tokio::spawn(listen((*self.options).clone(), Arc::clone(&self.hint)));
        let node = Node {
            id: node_id,
            lease_ms: i64::try_from(terms.length.as_millis()).unwrap_or(i64::MAX),
        };
        let mut keeper = Keeper {
            store: self,
            stop,
            terms,
            node,
            lease: Lease::new(terms.length),
            filled: None,
            intents: Vec::new(),
            proved: None,
            sweeper: Sweeper::new(),
        };
        keeper.keep().await;
        listening.abort();
        self.memory.forget();
        if let Err(error) = self.say_goodbye(node).await {
            tracing::info!(%error, "writers wait once for this node's lease to end: {error}");
        }
    }

    async fn say_goodbye(&self, node: Node) -> Result<(), sqlx::Error> {
        let goodbye = async {
            let mut connection = self.options.connect().await?;
            leave(&mut connection, node).await?;
            connection.close().await
        };
        within(CALL, goodbye).await
    }
}

impl Keeper<'_> {
    async fn keep(&mut self) {
        let mut is_told = false;
        loop {
            let Err(error) = self.hold(&mut is_told).await else { return };
            self.count("failed");
            if is_told {
                tracing::debug!(%error, "still no lease: {error}");
            } else {
                is_told = true;
                tracing::warn!(%error, "no lease is renewed, so memory does not answer: {error}");
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    }

    /// Goes round on one connection until that fails, or until it is to stop.
    async fn hold(&mut self, is_told: &mut bool) -> Result<(), StoreError> {
        // Statistics may say that there are few events, and a plan may be kept that was made when there were. What that costs on
        // paper would have the statement compiled, each time, or planned.
        let options = PgConnectOptions::clone(&self.store.options).options(BY_INDEX);
        let mut connection = within(self.patience(), options.connect()).await?;
        let is_hinted = &mut true;
        while !self.stop.is_cancelled() {
            let Some(filled) = &self.filled else {
                self.fill().await?;
                continue;
            };
            let begun = Moment::now();
            let is_visible = self.lease.is_visible(begun);
            let round = go_round(&mut connection, self.node, filled, is_visible);
            let round = within(self.patience(), round).await?;
            let ended = Moment::now();
            if round.identity != filled.identity {
                tracing::warn!(
                    before = filled.identity,
                    now = round.identity,
                    "the database is another one, or was mended: loading everything again"
                );
                self.store.memory.forget();
                self.filled = None;
                continue;
            }
            let brought = self.take(round, *is_hinted);
            let is_proof = match self.lease.round(begun, ended) {
                Standing::Proof { until } => {
                    self.store.memory.vouch_until(until);
                    self.proved = Some(begun);
                    true
                }
                Standing::Visible => false,
            };
            self.count(if is_proof { "proof" } else { "visible" });
            if is_proof && *is_told {
                *is_told = false;
                tracing::info!("memory answers again");
            }
            self.sweeper.sweep(&mut connection, self.patience()).await?;
            *is_hinted = brought || !is_proof || self.wait(begun).await;
        }
        Ok(())
    }

    /// Publishes what a round came to.
    fn count(&self, outcome: &'static str) {
        metrics::counter!(measures::LEASE_ROUNDS, "outcome" => outcome).increment(1);
        if let Some(proved) = self.proved {
            let age = Moment::now().since(proved).as_secs_f64();
            metrics::gauge!(measures::LEASE_AGE).set(age);
        }
    }

    /// While there is a lease to lose, no round may take long.
    fn patience(&self) -> Duration {
        if fail::eval("lease_from_reply", |_| ()).is_some() {
            return CALL;
        }
        if self.store.memory.is_believed() { ROUND } else { self.terms.length }
    }

    /// Applies what a round brought; says whether it was anything that a writer may be waiting to see confirmed.
    fn take(&mut self, round: Round, is_hinted: bool) -> bool {
        let Some(filled) = &mut self.filled else { return false };
        filled.open_from = round.open_from();
        filled.applied = round.snapshot;
        metrics::gauge!(measures::REPLICA_TRANSACTION).set(as_number(filled.applied.end()));
        let is_news = !round.events.is_empty() || self.intents != round.intents;
        if !is_news || (!is_hinted && fail::eval("notify_only", |_| ()).is_some()) {
            return is_news;
        }
        let intents: Result<Vec<Intent>, _> = round.intents.iter().map(|it| it.parse()).collect();
        self.store.memory.change(|live| {
            replica::apply_all(live, &round.events);
            match intents {
                Ok(intents) => live.announce(&intents),
                Err(_) => live.announce_everything(),
            }
        });
        self.intents = round.intents;
        true
    }

    /// Waits for the next round to be due, or for a hint; says which.
    async fn wait(&self, begun: Moment) -> bool {
        let due = self.terms.renewal.saturating_sub(Moment::now().since(begun));
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = self.store.hint.notified() => true,
            () = tokio::time::sleep(due) => false,
        }
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        let begun = Moment::now();
        let (mut live, filled) = load(&self.store.options).await?;
        let milliseconds = Moment::now().since(begun).as_millis();
        replica::tell_loaded(&live, milliseconds);
        self.store.memory.change(|memory| std::mem::swap(memory, &mut live));
        self.intents = Vec::new();
        self.filled = Some(filled);
        Ok(())
    }
}

/// Reads everything in one snapshot, and says which.
async fn load(options: &PgConnectOptions) -> Result<(LiveSet, Filled), StoreError> {
    let mut connection = within(CALL, options.connect()).await?;
    let mut tx = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    sqlx::query("SET LOCAL statement_timeout = 0").execute(&mut *tx).await?;
    let filled = whereabouts(&mut tx).await?;
    let live = loading::load(&mut tx).await?;
    tx.rollback().await?;
    if fail::eval("resurrect_on_reload", |_| ()).is_some() {
        // Longer than a lease: changes are made meanwhile, as they are while much is loaded.
        tokio::time::sleep(RETRY * 30).await;
        return Ok((live, whereabouts(&mut connection).await?));
    }
    connection.close().await?;
    Ok((live, filled))
}

async fn whereabouts(connection: &mut PgConnection) -> Result<Filled, StoreError> {
    let text = format!("SELECT pg_current_snapshot()::text, {IDENTITY}");
    let question = sqlx::query_as::<_, (String, String)>(&text);
    let (snapshot, identity) = question.fetch_one(connection).await?;
    let applied = snapshot.parse().map_err(StoreError::corrupt)?;
    Ok(Filled { identity, applied, open_from: 0 })
}

/// Passes hints on, until it is aborted.
async fn listen(options: PgConnectOptions, hint: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    loop {
        if let Err(error) = hear(&pool, &hint).await {
            tracing::debug!(%error, "not listening for hints: {error}");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn hear(pool: &sqlx::PgPool, hint: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = within(CALL, PgListener::connect_with(pool)).await?;
    within(CALL, listener.listen(CHANNEL)).await?;
    loop {
        if let Ok(heard) = tokio::time::timeout(LISTEN_CHECK, listener.recv()).await {
            heard?;
        } else {
            // A connection that is gone without a word is as quiet as one on which nothing happens.
            within(CALL, sqlx::query("SELECT 1").execute(&mut listener)).await?;
        }
        hint.notify_one();
    }
}

/// As metrics are written. Exact for nine quadrillion transactions.
#[expect(clippy::cast_precision_loss, reason = "transactions do not reach 2^53")]
const fn as_number(transaction: u64) -> f64 {
    transaction as f64
}
