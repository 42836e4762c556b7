//! Whether the primary answers, and who follows it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::PgPool;

use super::{Postgres, in_time};
use crate::closing::close;
use crate::health::{Health, Probe, Standby, StandbyState};
use crate::{Finding, StoreError};

/// What is known of the standbys may be as old as this.
const STANDBYS_KNOWN: Duration = Duration::from_secs(3);

/// The tables can be read.
const ALIVE: &str = "SELECT EXISTS (SELECT FROM users)";

/// A role without the right to know sees the names, and NULL for what they are.
const STANDBYS: &str = "
SELECT coalesce(application_name, ''), sync_state
FROM pg_stat_replication
ORDER BY 1, 2";

/// Asks on connections of its own: neither slow commands nor many readers make the database look lost.
#[derive(Debug)]
pub(super) struct Prober {
    pool: PgPool,
    standbys: Mutex<Option<(Instant, Vec<Standby>)>>,
}

impl Prober {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool, standbys: Mutex::new(None) }
    }

    async fn probe(&self, now: Instant) -> Result<Health, StoreError> {
        in_time(sqlx::query(ALIVE).fetch_one(&self.pool)).await?;
        let known = self.standbys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_recent = |at: Instant| now.saturating_duration_since(at) < STANDBYS_KNOWN;
        if let Some((_, standbys)) = known.filter(|(at, _)| is_recent(*at)) {
            return Ok(Health { database: "postgres", standbys });
        }
        let standbys = self.standbys().await?;
        let mut known = self.standbys.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((now, standbys.clone()));
        Ok(Health { database: "postgres", standbys })
    }

    async fn standbys(&self) -> Result<Vec<Standby>, StoreError> {
        let question = sqlx::query_as::<_, (String, Option<String>)>(STANDBYS);
        let rows = in_time(question.fetch_all(&self.pool)).await?;
        let standby = |(name, state): (String, Option<String>)| Standby {
            name,
            state: StandbyState::of(state.as_deref()),
        };
        Ok(rows.into_iter().map(standby).collect())
    }

    /// One for each standby.
    pub(super) async fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        Ok(self.standbys().await?.iter().map(finding).collect())
    }

    pub(super) async fn close(&self) {
        close(&self.pool).await;
    }
}

fn finding(Standby { name, state }: &Standby) -> Finding {
    let text = format!("PostgreSQL standby {name} is {}", state.as_str());
    match state.keeps_promise() {
        Some(true) => {
            Finding { text: format!("{text}: it has what is acknowledged"), remedy: None }
        }
        Some(false) => Finding {
            text: format!("{text}: a failover to it may bring dead tokens back"),
            remedy: Some(format!(
                "Name {name} in synchronous_standby_names, or see to it that it is never promoted."
            )),
        },
        None => Finding {
            text: format!("{text}: this role may not see whether the primary waits for it"),
            remedy: Some("GRANT pg_read_all_stats to the role that serves.".to_owned()),
        },
    }
}

#[async_trait]
impl Probe for Postgres {
    async fn probe(&self, now: Instant) -> Result<Health, StoreError> {
        self.prober.probe(now).await
    }
}
