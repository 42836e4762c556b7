//! When tokens were last used, and who still sends dead ones: written behind the requests, in batches.
//!
//! None of it is an event. **Invariant:** a row only moves forward, so nodes can write in any order.
//! **Invariant:** a token has [`CLIENTS_PER_TOKEN`] rows of clients at most.

use std::fmt::Write;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenDigest};
use domain::{TokenId, UserId};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::sql::{Sql, Statement};
use crate::verifier::generation;

/// How many clients of a dead token are told apart; the constraint `token_refusals_slot_range` says it too.
pub const CLIENTS_PER_TOKEN: usize = 20;

/// A batch is split into statements of so many rows: a statement cannot have any number of values.
const ROWS: usize = 500;
/// Clients that an owner is shown at once.
const SHOWN: i64 = 100;

/// How often one client was refused with one dead token, lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// The dead token.
    pub token_id: TokenId,
    /// Names the client.
    pub client_digest: [u8; 32],
    /// The client's address, when known.
    pub address: Option<String>,
    /// What the client called itself, when it did.
    pub user_agent: Option<String>,
    /// The first of these.
    pub first_at: DateTime<Utc>,
    /// The last of these.
    pub last_at: DateTime<Utc>,
    /// How many these are.
    pub requests: i64,
}

impl Refusals {
    /// SHA-256 over both texts, each with its length before it: the same client has the same.
    pub fn client_digest(subscriber: Option<&str>, user_agent: Option<&str>) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for text in [subscriber, user_agent] {
            let length =
                text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or_default());
            hasher.update(length.to_be_bytes());
            hasher.update(text.unwrap_or_default());
        }
        hasher.finalize().into()
    }
}

/// A client that still sends a dead token, as the token's owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Straggler {
    /// The dead token.
    pub token_id: TokenId,
    /// Its generation.
    pub generation: Generation,
    /// The client's address, when known.
    pub address: Option<String>,
    /// What the client called itself, when it did.
    pub user_agent: Option<String>,
    /// When it was refused first.
    pub first_at: DateTime<Utc>,
    /// When it was refused last, at most a minute late.
    pub last_at: DateTime<Utc>,
    /// How often.
    pub requests: i64,
}

/// Uses of live tokens and refusals of dead ones.
#[async_trait]
pub trait Usage: Send + Sync {
    /// Remembers when tokens were used.
    async fn record_uses(&self, uses: &[(TokenId, DateTime<Utc>)]) -> Result<(), StoreError>;

    /// Of these digests, those of tokens that were ever made, and whose owner was not erased.
    async fn find_tokens(
        &self,
        digests: &[TokenDigest],
    ) -> Result<Vec<(TokenDigest, TokenId)>, StoreError>;

    /// Remembers who was refused with dead tokens. A token's clients beyond the limit are passed over.
    async fn record_refusals(&self, refusals: &[Refusals]) -> Result<(), StoreError>;

    /// Who still sends dead tokens of the user: what the user has not taken note of, latest first.
    async fn list_stragglers(&self, user_id: UserId) -> Result<Vec<Straggler>, StoreError>;

    /// The user has taken note of everything until then.
    async fn note_stragglers(
        &self,
        user_id: UserId,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

const RECORD_USES: &str = "
ON CONFLICT (token_id) DO UPDATE
SET last_used_at = excluded.last_used_at
WHERE token_usage.last_used_at < excluded.last_used_at";

/// `seen` has the rows. A known client keeps its slot; new ones take the next ones, while there are some.
const RECORD_REFUSALS: &str = "
INSERT INTO token_refusals (token_id, client_digest, slot, address, user_agent, first_at, last_at, requests)
SELECT token_id, client_digest, slot, address, user_agent, first_at, last_at, requests
FROM (
    SELECT s.token_id, s.client_digest, s.address, s.user_agent, s.first_at, s.last_at, s.requests,
           COALESCE(
               known.slot,
               (SELECT COALESCE(max(other.slot), 0) FROM token_refusals other WHERE other.token_id = s.token_id)
               + row_number() OVER (PARTITION BY s.token_id, known.slot IS NULL ORDER BY s.first_at, s.client_digest)
           ) AS slot
    FROM seen s
    JOIN token_history h ON h.token_id = s.token_id AND h.kind <> 'revoked'
    JOIN users u ON u.user_id = h.user_id AND u.erased_at IS NULL
    LEFT JOIN token_refusals known
      ON known.token_id = s.token_id
     AND known.client_digest = s.client_digest
) numbered
WHERE slot <= 20
ORDER BY token_id, client_digest
ON CONFLICT (token_id, client_digest) DO UPDATE
SET first_at = CASE WHEN excluded.first_at < token_refusals.first_at THEN excluded.first_at ELSE token_refusals.first_at END,
    last_at = CASE WHEN excluded.last_at > token_refusals.last_at THEN excluded.last_at ELSE token_refusals.last_at END,
    requests = token_refusals.requests + excluded.requests";

const LIST_STRAGGLERS: &str = "
SELECT r.token_id, h.generation, r.address, r.user_agent, r.first_at, r.last_at, r.requests
FROM token_refusals r
JOIN token_history h ON h.token_id = r.token_id AND h.kind <> 'revoked'
WHERE h.user_id = $1
  AND (r.seen_at IS NULL OR r.seen_at < r.last_at)
ORDER BY r.last_at DESC, r.token_id, r.slot
LIMIT $2";

const NOTE_STRAGGLERS: &str = "
UPDATE token_refusals
SET seen_at = last_at
WHERE token_id IN (SELECT token_id FROM token_history WHERE user_id = $1)
  AND last_at <= $2";

/// `($1, $2), ($3, $4), …`
fn values(columns: usize, rows: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        for column in 0..columns {
            let before = match (row, column) {
                (0, 0) => "(",
                (_, 0) => "), (",
                (..) => ", ",
            };
            // Writing to a text cannot fail.
            let _ = write!(text, "{before}${}", row * columns + column + 1);
        }
    }
    text + ")"
}

fn record_uses(uses: &[(TokenId, DateTime<Utc>)]) -> Statement {
    let values = values(2, uses.len());
    let text =
        format!("\nINSERT INTO token_usage (token_id, last_used_at)\nVALUES {values}{RECORD_USES}");
    uses.iter().fold(Statement::new(text), |statement, (token_id, at)| {
        statement.bind(token_id.to_string()).bind(*at)
    })
}

fn record_refusals(refusals: &[Refusals]) -> Statement {
    let text = format!(
        "
WITH seen (token_id, client_digest, address, user_agent, first_at, last_at, requests) AS (
    VALUES {}
){RECORD_REFUSALS}",
        values(7, refusals.len())
    );
    refusals.iter().fold(Statement::new(text), |statement, refusals| {
        statement
            .bind(refusals.token_id.to_string())
            .bind(refusals.client_digest.to_vec())
            .bind(refusals.address.clone())
            .bind(refusals.user_agent.clone())
            .bind(refusals.first_at)
            .bind(refusals.last_at)
            .bind(refusals.requests)
    })
}

#[derive(sqlx::FromRow)]
struct StragglerRow {
    token_id: String,
    generation: i64,
    address: Option<String>,
    user_agent: Option<String>,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    requests: i64,
}

impl TryFrom<StragglerRow> for Straggler {
    type Error = StoreError;

    fn try_from(row: StragglerRow) -> Result<Self, StoreError> {
        Ok(Self {
            token_id: row.token_id.parse().map_err(StoreError::corrupt)?,
            generation: generation(row.generation)?,
            address: row.address,
            user_agent: row.user_agent,
            first_at: row.first_at,
            last_at: row.last_at,
            requests: row.requests,
        })
    }
}

#[async_trait]
impl<S: Sql> Usage for S {
    async fn record_uses(&self, uses: &[(TokenId, DateTime<Utc>)]) -> Result<(), StoreError> {
        for rows in uses.chunks(ROWS) {
            self.execute(record_uses(rows)).await?;
        }
        Ok(())
    }

    async fn find_tokens(
        &self,
        digests: &[TokenDigest],
    ) -> Result<Vec<(TokenDigest, TokenId)>, StoreError> {
        let mut found = Vec::new();
        for digests in digests.chunks(ROWS) {
            let text = format!(
                "
SELECT h.token_digest, h.token_id
FROM token_history h
JOIN users u ON u.user_id = h.user_id
WHERE h.token_digest IN {}
  AND u.erased_at IS NULL",
                values(digests.len(), 1)
            );
            let bind = |statement: Statement, digest: &TokenDigest| {
                statement.bind(digest.as_bytes().to_vec())
            };
            let question = digests.iter().fold(Statement::new(text), bind);
            for (digest, token_id) in self.fetch::<(Vec<u8>, String)>(question).await? {
                let digest: [u8; 32] = digest
                    .try_into()
                    .map_err(|_| StoreError::corrupt("a digest of another length"))?;
                found.push((
                    TokenDigest::new(digest),
                    token_id.parse().map_err(StoreError::corrupt)?,
                ));
            }
        }
        Ok(found)
    }

    async fn record_refusals(&self, refusals: &[Refusals]) -> Result<(), StoreError> {
        for rows in refusals.chunks(ROWS) {
            self.execute(record_refusals(rows)).await?;
        }
        Ok(())
    }

    async fn list_stragglers(&self, user_id: UserId) -> Result<Vec<Straggler>, StoreError> {
        let question = Statement::new(LIST_STRAGGLERS).bind(user_id.to_string()).bind(SHOWN);
        let rows = self.fetch::<StragglerRow>(question).await?;
        rows.into_iter().map(Straggler::try_from).collect()
    }

    async fn note_stragglers(
        &self,
        user_id: UserId,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let statement = Statement::new(NOTE_STRAGGLERS).bind(user_id.to_string()).bind(until);
        self.execute(statement).await.map(drop)
    }
}
