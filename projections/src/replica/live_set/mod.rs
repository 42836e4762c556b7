//! Users, tokens, accounts and memberships, as the tables have them, for ten million tokens.
//!
//! **Invariant:** like the tables, every part only moves forward by the sequence of the event that wrote it, so
//! changes can be applied twice and in any order.
//!
//! Bytes for each user with a live token and a membership:
//!
//! | | |
//! |---|---|
//! | the record ([`packed`]): two ids, the key, the membership | 49 |
//! | a slot of the [`index`] by key: 4, and the empty ones | 4.2 to 4.7 |
//! | a share in an account: 16, a slot and one that is empty, over so many members | 21 / members |
//! | for one who came out of the order of ids since everything was loaded: a slot of the index by id | 4.3 to 4.8 |
//!
//! Measured: 54 with a thousand members in each account, 55 to 56 with ten. One with something out of the ordinary takes
//! some 150 more: an instance role, a lock that was ever closed, a second account, a token of the 63rd event or later.

mod accounts;
mod index;
mod packed;
mod user;
mod users;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use domain::token::{Generation, TokenDigest};
use domain::{AccountId, AccountRole, TokenId, UserId};
use fail::fail_point;

use self::accounts::{Accounts, Standing};
use self::user::{Seat, Token, User, key};
use self::users::Users;
use super::Intent;
use crate::projector::{Change, LiveFields};
use crate::verifier::{Access, LiveToken, Membership, Memberships};

/// What is known about a token or a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<T> {
    /// It is live, and this is it.
    Live(T),
    /// There is no such live thing.
    Nothing,
    /// It is about to change, or has changed a moment ago: the database knows.
    Unsettled,
    /// Something happened to it that this version does not understand.
    NotUnderstood,
}

/// The live set.
#[derive(Debug, Default)]
pub struct LiveSet {
    users: Users,
    accounts: Accounts,
    unsettled: Unsettled,
}

/// What is not to be answered from here. Nearly always nothing.
#[derive(Debug, Default)]
struct Unsettled {
    intents: HashSet<Intent>,
    /// Someone announced something that this version does not understand.
    everything: bool,
}

impl Unsettled {
    fn has(&self, intent: impl FnOnce() -> Intent) -> bool {
        self.everything || (!self.intents.is_empty() && self.intents.contains(&intent()))
    }
}

impl LiveSet {
    /// Room for so many.
    pub fn reserve(&mut self, users: usize, accounts: usize) {
        self.users.reserve(users);
        self.accounts.reserve(accounts);
    }

    /// How many users there are.
    pub const fn users(&self) -> usize {
        self.users.len()
    }

    /// How many live tokens there are.
    pub fn tokens(&self) -> usize {
        self.users.tokens()
    }

    /// The live token with this digest, if its owner is not locked.
    pub fn find_live_token(&self, digest: &TokenDigest) -> Verdict<LiveToken> {
        if self.unsettled.has(|| Intent::Token(*digest)) {
            return Verdict::Unsettled;
        }
        let user = self.users.with_key(&key(digest));
        let Some((user, token)) = user.and_then(|user| user.token.map(|token| (user, token)))
        else {
            return Verdict::Nothing;
        };
        let (token_id, generation) = (token.id, token.generation);
        match self.access(&user) {
            Verdict::Live(access) => Verdict::Live(LiveToken { token_id, generation, access }),
            Verdict::Nothing => Verdict::Nothing,
            Verdict::Unsettled => Verdict::Unsettled,
            Verdict::NotUnderstood => Verdict::NotUnderstood,
        }
    }

    /// What a user may do.
    pub fn find_access(&self, user_id: UserId) -> Verdict<Access> {
        if self.unsettled.has(|| Intent::User(user_id)) {
            return Verdict::Unsettled;
        }
        self.users.with_id(user_id).map_or(Verdict::Nothing, |user| self.access(&user))
    }

    fn access(&self, user: &User) -> Verdict<Access> {
        if self.unsettled.has(|| Intent::User(user.id)) {
            return Verdict::Unsettled;
        }
        if user.is_not_understood {
            return Verdict::NotUnderstood;
        }
        if user.registered_sequence == 0 || user.is_locked {
            return Verdict::Nothing;
        }
        let mut memberships = Memberships::with_capacity(user.seats.len());
        for seat in &user.seats {
            let (Some(role), Some((account_id, standing))) =
                (seat.role, self.accounts.at(seat.account))
            else {
                continue;
            };
            if self.unsettled.has(|| Intent::Account(account_id)) {
                return Verdict::Unsettled;
            }
            match standing {
                Standing::Open => memberships.push(Membership { account_id, role }),
                Standing::Closed => {}
                Standing::NotUnderstood => return Verdict::NotUnderstood,
            }
        }
        memberships.sort_unstable_by_key(|membership| membership.account_id);
        Verdict::Live(Access {
            user_id: user.id,
            is_admin: user.is_admin,
            is_auditor: user.is_auditor,
            memberships,
        })
    }

    /// Answers nothing about what these concern, and everything about the rest.
    pub fn announce(&mut self, intents: &[Intent]) {
        self.unsettled.intents = intents.iter().copied().collect();
        self.unsettled.everything = false;
    }

    /// Answers nothing at all: someone announced what this version does not understand.
    pub fn announce_everything(&mut self) {
        self.unsettled.everything = true;
    }

    /// Does what the statement for `change` does to the tables.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::PutUser { user_id, is_admin, is_auditor, registered_at: _, sequence } => {
                self.put_user(*user_id, *is_admin, *is_auditor, small(*sequence));
            }
            Change::PutUserLock { user_id, is_locked, sequence } => {
                self.put_lock(*user_id, *is_locked, small(*sequence));
            }
            Change::PutAccount { account_id, is_closed, sequence } => {
                self.put_account(*account_id, *is_closed, small(*sequence));
            }
            Change::PutMembership { account_id, user_id, role, sequence } => {
                self.put_membership(*account_id, *user_id, *role, small(*sequence));
            }
            Change::PutToken { user_id, token_id, generation, live, sequence } => {
                let digest = live.as_ref().map(|LiveFields { digest, .. }| digest);
                self.put_token(*user_id, *token_id, *generation, digest, small(*sequence));
            }
            Change::PutUserErasure { .. }
            | Change::AppendTokenHistory(_)
            | Change::PutAssistant { .. }
            | Change::PutCall(_)
            | Change::PutCampaign { .. }
            | Change::ArchiveCampaign { .. }
            | Change::AppendProspect(_)
            | Change::PutWebhook { .. } => {}
        }
    }

    /// Roles of a registered user.
    pub(crate) fn put_user(
        &mut self,
        user_id: UserId,
        is_admin: bool,
        is_auditor: bool,
        sequence: u32,
    ) {
        self.users.change(user_id, |user| {
            if user.registered_sequence < sequence {
                user.registered_sequence = sequence;
                (user.is_admin, user.is_auditor) = (is_admin, is_auditor);
            }
        });
    }

    /// Whether a user is shut out.
    pub(crate) fn put_lock(&mut self, user_id: UserId, is_locked: bool, sequence: u32) {
        self.users.change(user_id, |user| {
            if user.lock_sequence < sequence {
                (user.lock_sequence, user.is_locked) = (sequence, is_locked);
            }
        });
    }

    /// Whether an account is closed.
    pub(crate) fn put_account(&mut self, account_id: AccountId, is_closed: bool, sequence: u32) {
        self.accounts.put(account_id, is_closed, sequence);
    }

    /// A user's role in an account.
    pub(crate) fn put_membership(
        &mut self,
        account_id: AccountId,
        user_id: UserId,
        role: Option<AccountRole>,
        sequence: u32,
    ) {
        fail_point!("drop_membership_change", role.is_none(), |_| ());
        let Some(account) = self.accounts.place(account_id) else { return };
        self.users.change(user_id, |user| {
            match user.seats.iter_mut().find(|seat| seat.account == account) {
                Some(seat) if seat.sequence < sequence => {
                    (seat.sequence, seat.role) = (sequence, role);
                }
                Some(_) => {}
                None => user.seats.push(Seat { account, sequence, role }),
            }
        });
    }

    /// A user's latest token; without a digest, a dead one.
    pub(crate) fn put_token(
        &mut self,
        user_id: UserId,
        id: TokenId,
        generation: Generation,
        digest: Option<&TokenDigest>,
        sequence: u32,
    ) {
        self.users.change(user_id, |user| {
            if user.token_sequence < sequence {
                user.token_sequence = sequence;
                user.token = digest.map(|digest| Token { id, key: key(digest), generation });
            }
        });
    }

    /// Something happened to a user that this version does not understand: no answer about that user is certain.
    pub fn distrust_user(&mut self, user_id: UserId) {
        self.users.change(user_id, |user| user.is_not_understood = true);
    }

    /// The same for everyone who is a member of an account.
    pub fn distrust_account(&mut self, account_id: AccountId) {
        self.accounts.distrust(account_id);
    }
}

/// Sequences are 31 bits wide: the events' table says so.
fn small(sequence: i64) -> u32 {
    u32::try_from(sequence).unwrap_or(u32::MAX)
}
