//! Removes what processes left behind that were killed: their rows, and intents of commands that will not be carried out.

use std::time::Duration;

use sqlx::postgres::PgConnection;

use super::within;
use crate::lease::{Moment, Roll};

/// From one look to the next.
const SWEEP: Duration = Duration::from_secs(1);
/// The silence from which on a node is taken for dead. The longest lease is shorter.
const DEAD: Duration = Duration::from_secs(5);
/// A command that has been under way for so long is not waited for.
const ABANDONED: Duration = Duration::from_secs(15);

/// What one node has seen of the others' rows.
pub(super) struct Sweeper {
    nodes: Roll<String>,
    announced: Roll<i64>,
    last: Moment,
}

impl Sweeper {
    pub(super) fn new() -> Self {
        Self { nodes: Roll::default(), announced: Roll::default(), last: Moment::now() }
    }

    /// Removes nodes that have been silent for long: a process that was killed says no goodbye.
    pub(super) async fn sweep(
        &mut self,
        connection: &mut PgConnection,
        patience: Duration,
    ) -> Result<(), sqlx::Error> {
        let begun = Moment::now();
        if begun.since(self.last) < SWEEP {
            return Ok(());
        }
        self.last = begun;
        let question = sqlx::query_as::<_, (String, i64)>(
            "SELECT node_id, renewal FROM nodes ORDER BY node_id",
        );
        let rows = within(patience, question.fetch_all(&mut *connection)).await?;
        let renewals: Vec<_> =
            rows.iter().map(|(id, renewal)| (id.clone(), renewal.unsigned_abs())).collect();
        let silences = self.nodes.call(begun, Moment::now(), &renewals);
        for ((id, renewal), _) in rows.iter().zip(silences).filter(|(_, it)| *it >= DEAD) {
            let gone = sqlx::query("DELETE FROM nodes WHERE node_id = $1 AND renewal = $2");
            let gone = gone.bind(id).bind(renewal).execute(&mut *connection);
            within(patience, gone).await?;
        }
        self.sweep_intents(connection, patience).await
    }

    /// Removes the intents of commands that have been under way for long. If one still is, it cannot commit.
    async fn sweep_intents(
        &mut self,
        connection: &mut PgConnection,
        patience: Duration,
    ) -> Result<(), sqlx::Error> {
        let begun = Moment::now();
        let question = sqlx::query_as::<_, (i64,)>("SELECT DISTINCT announced FROM intents");
        let rows = within(patience, question.fetch_all(&mut *connection)).await?;
        let commands: Vec<_> = rows.into_iter().map(|(id,)| (id, 0)).collect();
        let ages = self.announced.call(begun, Moment::now(), &commands);
        for ((id, _), _) in commands.iter().zip(ages).filter(|(_, age)| *age >= ABANDONED) {
            let gone = sqlx::query("DELETE FROM intents WHERE announced = $1").bind(id);
            within(patience, gone.execute(&mut *connection)).await?;
        }
        Ok(())
    }
}
