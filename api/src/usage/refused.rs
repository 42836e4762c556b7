//! Which dead tokens were refused, and to whom, until it is written. No clock and no database: both are handed in.
//!
//! **Invariant:** memory is bounded, whatever is sent. **Invariant:** a token that was never made leaves
//! nothing here after the next look-up. **Invariant:** between two writes about one token lies a minute.

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::TokenId;
use domain::token::TokenDigest;
use projections::Refusals;
use projections::usage::CLIENTS_PER_TOKEN;

use super::client::Client;
use super::is_due;

/// Dead tokens that are remembered.
const DEAD: usize = 1_000;
/// Refused tokens that wait for someone to look up whether they were ever made.
const UNKNOWN: usize = 500;

/// A dead token.
struct Dead {
    token_id: TokenId,
    clients: Clients,
    written: Option<Instant>,
}

/// Who was refused with one token.
type Clients = HashMap<Client, Count>;

struct Count {
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    requests: i64,
}

/// Which tokens were refused.
#[derive(Default)]
pub(super) struct Refused {
    dead: HashMap<TokenDigest, Dead>,
    unknown: HashMap<TokenDigest, Clients>,
}

fn count(clients: &mut Clients, client: Client, at: DateTime<Utc>) {
    if let Some(count) = clients.get_mut(&client) {
        count.first_at = count.first_at.min(at);
        count.last_at = count.last_at.max(at);
        count.requests += 1;
    } else if clients.len() < CLIENTS_PER_TOKEN {
        clients.insert(client, Count { first_at: at, last_at: at, requests: 1 });
    }
}

impl Refused {
    /// Only a known token counts when the client was told to slow down: whoever tries many must not crowd
    /// out others.
    pub(super) fn note(
        &mut self,
        digest: &TokenDigest,
        client: impl FnOnce() -> Client,
        at: DateTime<Utc>,
        was_told_to_slow_down: bool,
    ) {
        if let Some(dead) = self.dead.get_mut(digest) {
            count(&mut dead.clients, client(), at);
        } else if let Some(clients) = self.unknown.get_mut(digest) {
            count(clients, client(), at);
        } else if !was_told_to_slow_down && self.unknown.len() < UNKNOWN {
            let mut clients = Clients::new();
            count(&mut clients, client(), at);
            self.unknown.insert(*digest, clients);
        }
    }

    /// The refused tokens to look up.
    pub(super) fn unknown(&self) -> Vec<TokenDigest> {
        self.unknown.keys().copied().collect()
    }

    /// Which of those that were `asked` about were ever made. The others are forgotten.
    pub(super) fn recognise(
        &mut self,
        asked: &[TokenDigest],
        found: Vec<(TokenDigest, TokenId)>,
        now: Instant,
    ) {
        if self.dead.len() + found.len() > DEAD {
            self.dead.retain(|_, dead| !dead.clients.is_empty() || !is_due(dead.written, now));
        }
        for (digest, token_id) in found {
            if let Some(clients) = self.unknown.remove(&digest)
                && self.dead.len() < DEAD
            {
                self.dead.insert(digest, Dead { token_id, clients, written: None });
            }
        }
        for digest in asked {
            self.unknown.remove(digest);
        }
    }

    /// The refusals to write now; all of them `at_last`.
    pub(super) fn take(&mut self, now: Instant, at_last: bool) -> Vec<Taken> {
        let mut taken = Vec::new();
        for (digest, dead) in &mut self.dead {
            if !dead.clients.is_empty() && (at_last || is_due(dead.written, now)) {
                dead.written = Some(now);
                let clients = std::mem::take(&mut dead.clients);
                taken.push(Taken { digest: *digest, token_id: dead.token_id, clients });
            }
        }
        taken
    }

    /// They could not be written.
    pub(super) fn put_back(&mut self, taken: Vec<Taken>) {
        for Taken { digest, clients, .. } in taken {
            let Some(dead) = self.dead.get_mut(&digest) else { continue };
            dead.written = None;
            for (client, earlier) in clients {
                if let Some(count) = dead.clients.get_mut(&client) {
                    count.first_at = count.first_at.min(earlier.first_at);
                    count.last_at = count.last_at.max(earlier.last_at);
                    count.requests += earlier.requests;
                } else if dead.clients.len() < CLIENTS_PER_TOKEN {
                    dead.clients.insert(client, earlier);
                }
            }
        }
    }
}

/// What is on its way to the database about one dead token.
pub(super) struct Taken {
    digest: TokenDigest,
    token_id: TokenId,
    clients: Clients,
}

impl Taken {
    /// A row for each client.
    pub(super) fn rows(&self) -> impl Iterator<Item = Refusals> {
        self.clients.iter().map(|(client, count)| Refusals {
            token_id: self.token_id,
            client_digest: client.digest(),
            address: client.address().map(|address| address.to_string()),
            user_agent: client.user_agent().map(str::to_owned),
            first_at: count.first_at,
            last_at: count.last_at,
            requests: count.requests,
        })
    }
}
