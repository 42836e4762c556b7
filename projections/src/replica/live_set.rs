//! Users, tokens, accounts and memberships, as the tables have them, for ten million tokens.
//!
//! **Invariant:** like the tables, every part only moves forward by the sequence of the event that wrote it, so
//! changes can be applied twice and in any order.

use std::collections::HashSet;
use std::hash::BuildHasher;

use domain::token::{Generation, TokenDigest};
use domain::{AccountId, AccountRole, TokenId, UserId};
use fail::fail_point;
use hashbrown::{DefaultHashBuilder, HashTable};
use smallvec::SmallVec;

use super::Intent;
use crate::projector::{Change, LiveFields};
use crate::verifier::{Access, LiveToken, Membership};

/// The first 128 bits of a digest. Digests are of secrets that the service made, so nobody chooses them: to hit one of
/// ten million by guessing takes 2^104 tries.
type Key = [u8; 16];

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
    hasher: DefaultHashBuilder,
    users: Vec<User>,
    accounts: Vec<Account>,
    /// Places in `users`, by user.
    by_user: HashTable<u32>,
    /// Places in `users`, by the key of the live token.
    by_key: HashTable<u32>,
    /// Places in `accounts`.
    by_account: HashTable<u32>,
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

#[derive(Debug)]
struct User {
    id: UserId,
    token: Option<Token>,
    token_sequence: u32,
    registered_sequence: u32,
    lock_sequence: u32,
    is_admin: bool,
    is_auditor: bool,
    is_locked: bool,
    is_not_understood: bool,
    seats: SmallVec<[Seat; 1]>,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    id: TokenId,
    key: Key,
    generation: Generation,
}

/// A membership; without a role, a former one.
#[derive(Clone, Copy, Debug)]
struct Seat {
    /// Its place in `accounts`.
    account: u32,
    sequence: u32,
    role: Option<AccountRole>,
}

#[derive(Debug)]
struct Account {
    id: AccountId,
    sequence: u32,
    /// Known, and not closed.
    is_open: bool,
    is_not_understood: bool,
}

impl LiveSet {
    /// Room for so many users.
    pub fn reserve(&mut self, users: usize) {
        self.users.reserve(users);
        self.by_user.reserve(users, |place| hash_user(&self.hasher, &self.users, *place));
        self.by_key.reserve(users, |place| hash_key(&self.users, *place));
    }

    /// How many users there are.
    pub const fn users(&self) -> usize {
        self.users.len()
    }

    /// How many live tokens there are.
    pub fn tokens(&self) -> usize {
        self.by_key.len()
    }

    /// The live token with this digest, if its owner is not locked.
    pub fn find_live_token(&self, digest: &TokenDigest) -> Verdict<LiveToken> {
        if self.unsettled.has(|| Intent::Token(*digest)) {
            return Verdict::Unsettled;
        }
        let key = key(digest);
        let found = self.by_key.find(number(&key), |place| {
            let token = self.users.get(index(*place)).and_then(|user| user.token);
            token.is_some_and(|token| token.key == key)
        });
        let user = found.and_then(|place| self.users.get(index(*place)));
        let Some((user, token)) = user.and_then(|user| Some((user, user.token?))) else {
            return Verdict::Nothing;
        };
        let (token_id, generation) = (token.id, token.generation);
        match self.access(user) {
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
        let place = self.place_of(user_id);
        place
            .and_then(|place| self.users.get(index(place)))
            .map_or(Verdict::Nothing, |user| self.access(user))
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
        let mut memberships = Vec::with_capacity(user.seats.len());
        for seat in &user.seats {
            let (Some(role), Some(account)) = (seat.role, self.accounts.get(index(seat.account)))
            else {
                continue;
            };
            if self.unsettled.has(|| Intent::Account(account.id)) {
                return Verdict::Unsettled;
            }
            if account.is_not_understood {
                return Verdict::NotUnderstood;
            }
            if account.is_open {
                memberships.push(Membership { account_id: account.id, role });
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
        let Some(user) = self.user(user_id) else { return };
        if user.registered_sequence < sequence {
            user.registered_sequence = sequence;
            (user.is_admin, user.is_auditor) = (is_admin, is_auditor);
        }
    }

    /// Whether a user is shut out.
    pub(crate) fn put_lock(&mut self, user_id: UserId, is_locked: bool, sequence: u32) {
        let Some(user) = self.user(user_id) else { return };
        if user.lock_sequence < sequence {
            (user.lock_sequence, user.is_locked) = (sequence, is_locked);
        }
    }

    /// Whether an account is closed.
    pub(crate) fn put_account(&mut self, account_id: AccountId, is_closed: bool, sequence: u32) {
        let Some(account) = self.account(account_id) else { return };
        if account.sequence < sequence {
            (account.sequence, account.is_open) = (sequence, !is_closed);
        }
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
        if self.account(account_id).is_none() {
            return;
        }
        let Some(account) = self.place_of_account(account_id) else { return };
        let Some(user) = self.user(user_id) else { return };
        match user.seats.iter_mut().find(|seat| seat.account == account) {
            Some(seat) if seat.sequence < sequence => (seat.sequence, seat.role) = (sequence, role),
            Some(_) => {}
            None => user.seats.push(Seat { account, sequence, role }),
        }
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
        let Some(user) = self.user(user_id) else { return };
        if user.token_sequence >= sequence {
            return;
        }
        user.token_sequence = sequence;
        let fresh = digest.map(|digest| Token { id, key: key(digest), generation });
        let stale = std::mem::replace(&mut user.token, fresh);
        let Some(place) = self.place_of(user_id) else { return };
        if let Some(stale) = stale
            && let Ok(entry) = self.by_key.find_entry(number(&stale.key), |at| *at == place)
        {
            entry.remove();
        }
        if let Some(fresh) = fresh {
            let users = &self.users;
            self.by_key.insert_unique(number(&fresh.key), place, |place| hash_key(users, *place));
        }
    }

    /// Something happened to a user that this version does not understand: no answer about that user is certain.
    pub fn distrust_user(&mut self, user_id: UserId) {
        if let Some(user) = self.user(user_id) {
            user.is_not_understood = true;
        }
    }

    /// The same for everyone who is a member of an account.
    pub fn distrust_account(&mut self, account_id: AccountId) {
        if let Some(account) = self.account(account_id) {
            account.is_not_understood = true;
        }
    }

    fn place_of(&self, user_id: UserId) -> Option<u32> {
        let is_it = |place: &u32| self.users.get(index(*place)).is_some_and(|it| it.id == user_id);
        self.by_user.find(self.hasher.hash_one(user_id), is_it).copied()
    }

    /// The user, who is made known if need be; `None` when there are four billion.
    fn user(&mut self, user_id: UserId) -> Option<&mut User> {
        let place = match self.place_of(user_id) {
            Some(place) => place,
            None => {
                let place = u32::try_from(self.users.len()).ok()?;
                self.users.push(User::unknown(user_id));
                let (hasher, users) = (&self.hasher, &self.users);
                let hash = hasher.hash_one(user_id);
                self.by_user.insert_unique(hash, place, |place| hash_user(hasher, users, *place));
                place
            }
        };
        self.users.get_mut(index(place))
    }

    fn place_of_account(&self, account_id: AccountId) -> Option<u32> {
        let is_it =
            |place: &u32| self.accounts.get(index(*place)).is_some_and(|it| it.id == account_id);
        self.by_account.find(self.hasher.hash_one(account_id), is_it).copied()
    }

    fn account(&mut self, account_id: AccountId) -> Option<&mut Account> {
        let place = match self.place_of_account(account_id) {
            Some(place) => place,
            None => {
                let place = u32::try_from(self.accounts.len()).ok()?;
                self.accounts.push(Account {
                    id: account_id,
                    sequence: 0,
                    is_open: false,
                    is_not_understood: false,
                });
                let (hasher, accounts) = (&self.hasher, &self.accounts);
                self.by_account.insert_unique(hasher.hash_one(account_id), place, |place| {
                    accounts.get(index(*place)).map_or(0, |account| hasher.hash_one(account.id))
                });
                place
            }
        };
        self.accounts.get_mut(index(place))
    }
}

impl User {
    fn unknown(id: UserId) -> Self {
        Self {
            id,
            token: None,
            token_sequence: 0,
            registered_sequence: 0,
            lock_sequence: 0,
            is_admin: false,
            is_auditor: false,
            is_locked: false,
            is_not_understood: false,
            seats: SmallVec::new(),
        }
    }
}

fn key(digest: &TokenDigest) -> Key {
    let [first, ..] = digest.as_bytes().as_chunks::<16>().0 else { return Key::default() };
    *first
}

/// The key's own bits are as good as any hash of them.
fn number(key: &Key) -> u64 {
    let [first, ..] = key.as_chunks::<8>().0 else { return 0 };
    u64::from_le_bytes(*first)
}

fn hash_user(hasher: &DefaultHashBuilder, users: &[User], place: u32) -> u64 {
    users.get(index(place)).map_or(0, |user| hasher.hash_one(user.id))
}

fn hash_key(users: &[User], place: u32) -> u64 {
    let token = users.get(index(place)).and_then(|user| user.token);
    token.map_or(0, |token| number(&token.key))
}

const fn index(place: u32) -> usize {
    place as usize
}

/// Sequences are 31 bits wide: the events' table says so.
fn small(sequence: i64) -> u32 {
    u32::try_from(sequence).unwrap_or(u32::MAX)
}
