//! What bearers of tokens were told about themselves, kept for as long as it stays true.
//!
//! **Invariant:** a reply is found only for exactly the token, owner, roles and memberships that it was made for, as they
//! were just verified. The rest of it are names. They never change; who is erased is locked first, and has no live token.
//!
//! **Invariant:** memory is bounded, and nobody's name stays here for two minutes after the last time it was asked for.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use domain::TokenId;
use projections::LiveToken;

/// Parts, each with a lock of its own, so that requests rarely meet at one.
const PARTS: usize = 64;
/// Replies in each half of a part: 131,072 in all, of some 400 bytes each.
const HALF: usize = 1_024;
/// How long a reply is young.
const AGE: Duration = Duration::from_mins(1);
/// Longer ones are made anew each time.
const LONGEST_BYTES: usize = 2_048;

/// Cheap to clone.
#[derive(Clone)]
pub struct Replies(Arc<[RwLock<Part>]>);

/// What was asked for lately, and what was before.
#[derive(Default)]
struct Part {
    young: HashMap<TokenId, Reply>,
    old: HashMap<TokenId, Reply>,
}

#[derive(Clone)]
struct Reply {
    to: LiveToken,
    body: Bytes,
}

impl Default for Replies {
    fn default() -> Self {
        Self((0..PARTS).map(|_| RwLock::default()).collect())
    }
}

impl Replies {
    /// What the bearer was told, if all that it says is still so.
    pub fn find(&self, to: &LiveToken) -> Option<Bytes> {
        let part = self.part(to.token_id)?;
        let aged = {
            let part = part.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(reply) = part.young.get(&to.token_id) {
                return (reply.to == *to).then(|| reply.body.clone());
            }
            part.old.get(&to.token_id).filter(|reply| reply.to == *to)?.clone()
        };
        let body = aged.body.clone();
        part.write().unwrap_or_else(PoisonError::into_inner).keep(aged);
        Some(body)
    }

    /// Keeps what a bearer was told.
    pub fn keep(&self, to: LiveToken, body: Bytes) {
        if body.len() > LONGEST_BYTES {
            return;
        }
        if let Some(part) = self.part(to.token_id) {
            part.write().unwrap_or_else(PoisonError::into_inner).keep(Reply { to, body });
        }
    }

    /// Forgets what is not asked for, until it is dropped.
    pub async fn keep_young(&self) {
        let mut rounds = tokio::time::interval(AGE);
        loop {
            rounds.tick().await;
            self.age();
        }
    }

    fn age(&self) {
        for part in &*self.0 {
            part.write().unwrap_or_else(PoisonError::into_inner).age();
        }
    }

    /// By the last bits of the id, which are random.
    fn part(&self, token_id: TokenId) -> Option<&RwLock<Part>> {
        let [.., last] = token_id.as_uuid().into_bytes();
        self.0.get(usize::from(last) % PARTS)
    }
}

impl Part {
    fn keep(&mut self, reply: Reply) {
        if self.young.len() >= HALF {
            self.age();
        }
        self.young.insert(reply.to.token_id, reply);
    }

    fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

#[cfg(test)]
mod tests {
    use domain::token::Generation;
    use domain::{AccountId, AccountRole, UserId};
    use projections::{Access, Membership};
    use uuid::Uuid;

    use super::*;

    fn live(number: u128) -> LiveToken {
        let id = Uuid::from_u128(number);
        let memberships =
            vec![Membership { account_id: AccountId::new(id), role: AccountRole::Member }];
        let user_id = UserId::new(id);
        let access = Access { user_id, is_admin: false, is_auditor: false, memberships };
        LiveToken { token_id: TokenId::new(id), generation: Generation::FIRST, access }
    }

    #[test]
    fn a_reply_is_found_for_exactly_what_it_was_made_for() {
        let replies = Replies::default();
        let body = Bytes::from_static(b"{}");
        replies.keep(live(1), body.clone());
        assert_eq!(replies.find(&live(1)), Some(body));
        assert_eq!(replies.find(&live(2)), None);
        for change in [
            |live: &mut LiveToken| live.access.memberships.clear(),
            |live: &mut LiveToken| live.access.is_admin = true,
            |live: &mut LiveToken| live.access.user_id = UserId::new(Uuid::from_u128(3)),
            |live: &mut LiveToken| live.generation = live.generation.next(),
        ] {
            let mut other = live(1);
            change(&mut other);
            assert_eq!(replies.find(&other), None, "{other:?}");
        }
    }

    #[test]
    fn what_nobody_asks_for_is_gone_when_it_has_aged_twice() {
        let replies = Replies::default();
        for number in [1, 2] {
            replies.keep(live(number), Bytes::from_static(b"{}"));
        }
        replies.age();
        assert!(replies.find(&live(1)).is_some());
        replies.age();
        assert!(replies.find(&live(1)).is_some());
        assert!(replies.find(&live(2)).is_none());
    }

    #[test]
    fn many_replies_and_long_ones_take_no_more_room() {
        let replies = Replies::default();
        for number in 0..1_000_000_u128 {
            replies.keep(live(number * 64), Bytes::from_static(b"{}"));
        }
        let part = replies.0[0].read().unwrap();
        assert!(part.young.len() <= HALF && part.old.len() <= HALF);
        drop(part);
        replies.keep(live(1), vec![b' '; LONGEST_BYTES + 1].into());
        assert_eq!(replies.find(&live(1)), None);
    }
}
