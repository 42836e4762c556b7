//! Tokens that were used lately: when, until it is written, and what their bearers were told about themselves, for as long
//! as it stays true. No clock and no database: both are handed in.
//!
//! **Invariant:** memory is bounded. **Invariant:** between two writes about one token lies a minute.
//!
//! **Invariant:** a reply is found only for exactly the token, owner, roles and memberships that it was made for, as they
//! were just verified. The rest of it are names. They never change; who is erased is locked first, and has no live token.
//! Nobody's name stays here for two minutes after the last use of the token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use domain::TokenId;
use hashbrown::HashMap;
use projections::LiveToken;
use smallvec::SmallVec;

use super::is_due;

/// Parts, each with a lock of its own, so that requests rarely meet at one.
const PARTS: usize = 64;
/// Tokens that a part remembers: 131,072 in all, each with a reply of some 550 bytes if there is one. Of more that are used
/// within a minute, some uses go unnoticed and some replies are made anew.
const TOKENS: usize = 2_048;
/// Longer replies are made anew each time.
const LONGEST_BYTES: usize = 2_048;
/// Most replies are no longer; they lie beside what they were made for.
const USUAL_BYTES: usize = 384;

/// A token and when it was used.
pub(super) type Use = (TokenId, DateTime<Utc>);

/// Tokens that were used lately.
pub(super) struct Bearers(Box<[Mutex<Part>]>);

type Part = HashMap<TokenId, Bearer>;

struct Bearer {
    used_at: DateTime<Utc>,
    written: Option<Instant>,
    reply: Option<Arc<Reply>>,
    /// There is a use to write.
    is_new: bool,
    /// Not used since [`Bearers::age`].
    is_idle: bool,
}

/// In one piece, because nearly every reply is read from memory that no cache has.
struct Reply {
    to: LiveToken,
    body: SmallVec<[u8; USUAL_BYTES]>,
}

/// The body of a reply, without copying it.
struct Body(Arc<Reply>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.0.body
    }
}

impl Default for Bearers {
    fn default() -> Self {
        Self((0..PARTS).map(|_| Mutex::default()).collect())
    }
}

impl Bearers {
    /// Takes note of a use.
    pub(super) fn note(&self, token_id: TokenId, at: DateTime<Utc>) {
        let Some(mut part) = self.part(token_id) else { return };
        if let Some(bearer) = part.get_mut(&token_id) {
            bearer.is_idle = false;
            if bearer.used_at < at {
                (bearer.used_at, bearer.is_new) = (at, true);
            }
        } else if part.len() < TOKENS {
            let (is_new, is_idle) = (true, false);
            let bearer = Bearer { used_at: at, written: None, reply: None, is_new, is_idle };
            part.insert(token_id, bearer);
        }
    }

    /// What the bearer was told, if all that it says is still so.
    pub(super) fn reply(&self, to: &LiveToken) -> Option<Bytes> {
        let reply = self.part(to.token_id)?.get(&to.token_id)?.reply.clone()?;
        (reply.to == *to).then(|| Bytes::from_owner(Body(reply)))
    }

    /// Keeps what a bearer was told, whose use was noted.
    pub(super) fn keep_reply(&self, to: LiveToken, body: &[u8]) {
        if body.len() > LONGEST_BYTES {
            return;
        }
        let token_id = to.token_id;
        let reply = Arc::new(Reply { to, body: body.into() });
        if let Some(bearer) = self.part(token_id).as_mut().and_then(|part| part.get_mut(&token_id))
        {
            bearer.reply = Some(reply);
        }
    }

    /// Forgets what was told to those whose token was not used since the last time.
    pub(super) fn age(&self) {
        for part in &self.0 {
            for bearer in locked(part).values_mut() {
                if bearer.is_idle {
                    bearer.reply = None;
                }
                bearer.is_idle = true;
            }
        }
    }

    /// The uses to write now, in the order in which every node locks rows; all of them `at_last`.
    pub(super) fn take_uses(&self, now: Instant, at_last: bool) -> Vec<Use> {
        let mut uses = Vec::new();
        for part in &self.0 {
            let mut part = locked(part);
            // Here and not where a use is noted: that is on a request's way.
            if part.len() >= TOKENS {
                part.retain(|_, bearer| bearer.is_new || !is_due(bearer.written, now));
            }
            for (token_id, bearer) in &mut *part {
                if bearer.is_new && (at_last || is_due(bearer.written, now)) {
                    (bearer.is_new, bearer.written) = (false, Some(now));
                    uses.push((*token_id, bearer.used_at));
                }
            }
        }
        uses.sort_unstable_by_key(|(token_id, _)| token_id.as_uuid());
        uses
    }

    /// They could not be written.
    pub(super) fn put_uses_back(&self, uses: &[Use]) {
        for (token_id, _) in uses {
            if let Some(bearer) =
                self.part(*token_id).as_mut().and_then(|part| part.get_mut(token_id))
            {
                (bearer.is_new, bearer.written) = (true, None);
            }
        }
    }

    /// By the last bits of the id, which are random.
    fn part(&self, token_id: TokenId) -> Option<MutexGuard<'_, Part>> {
        let [.., last] = token_id.as_uuid().into_bytes();
        self.0.get(usize::from(last) % PARTS).map(locked)
    }
}

fn locked(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use domain::token::Generation;
    use domain::{AccountId, AccountRole, UserId};
    use projections::{Access, Membership, Memberships};
    use uuid::Uuid;

    use super::*;

    const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn live(number: u128) -> LiveToken {
        let id = Uuid::from_u128(number);
        let member = Membership { account_id: AccountId::new(id), role: AccountRole::Member };
        let memberships = Memberships::from_elem(member, 1);
        let user_id = UserId::new(id);
        let access = Access { user_id, is_admin: false, is_auditor: false, memberships };
        LiveToken { token_id: TokenId::new(id), generation: Generation::FIRST, access }
    }

    fn told(bearers: &Bearers, number: u128) {
        bearers.note(live(number).token_id, AT);
        bearers.keep_reply(live(number), b"{}");
    }

    #[test]
    fn a_reply_is_found_for_exactly_what_it_was_made_for() {
        let bearers = Bearers::default();
        told(&bearers, 1);
        assert_eq!(bearers.reply(&live(1)), Some(Bytes::from_static(b"{}")));
        assert_eq!(bearers.reply(&live(2)), None);
        for change in [
            |live: &mut LiveToken| live.access.memberships.clear(),
            |live: &mut LiveToken| live.access.is_admin = true,
            |live: &mut LiveToken| live.access.user_id = UserId::new(Uuid::from_u128(3)),
            |live: &mut LiveToken| live.generation = live.generation.next(),
        ] {
            let mut other = live(1);
            change(&mut other);
            assert_eq!(bearers.reply(&other), None, "{other:?}");
        }
    }

    #[test]
    fn what_nobody_asks_for_is_gone_when_it_has_aged_twice() {
        let bearers = Bearers::default();
        told(&bearers, 1);
        told(&bearers, 2);
        bearers.age();
        bearers.note(live(1).token_id, AT);
        assert!(bearers.reply(&live(2)).is_some());
        bearers.age();
        assert!(bearers.reply(&live(1)).is_some());
        assert!(bearers.reply(&live(2)).is_none());
        assert_eq!(bearers.take_uses(Instant::now(), false).len(), 2, "uses do not age");
    }

    #[test]
    fn many_tokens_and_long_replies_take_no_more_room() {
        let bearers = Bearers::default();
        for number in 0..10_000_u128 {
            told(&bearers, number * 64);
        }
        assert_eq!(bearers.0[0].lock().unwrap().len(), TOKENS);
        bearers.note(live(1).token_id, AT);
        bearers.keep_reply(live(1), &[b' '; LONGEST_BYTES + 1]);
        assert_eq!(bearers.reply(&live(1)), None);
    }
}
