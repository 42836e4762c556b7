//! All accounts, by place: users name the place of theirs.

use std::collections::HashSet;
use std::hash::BuildHasher;

use domain::AccountId;
use hashbrown::{DefaultHashBuilder, HashMap};

use super::index::Index;

/// Accounts that an event or a membership named.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    list: Vec<AccountId>,
    hasher: DefaultHashBuilder,
    by_id: Index,
    /// Those with something out of the ordinary, by place.
    others: HashMap<u32, Account>,
    /// Places of those to which something happened that this version does not understand.
    not_understood: HashSet<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    is_closed: bool,
    /// Zero before anything is known.
    sequence: u32,
}

/// Nothing happened to it since it was opened.
const ORDINARY: Account = Account { is_closed: false, sequence: 1 };
const UNKNOWN: Account = Account { is_closed: true, sequence: 0 };

/// Whether its members may act in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Open,
    /// Or not known yet.
    Closed,
    NotUnderstood,
}

impl Accounts {
    /// Room for so many.
    pub(super) fn reserve(&mut self, accounts: usize) {
        self.list.reserve_exact(accounts);
        self.by_id.reserve(accounts);
    }

    /// The account in this place.
    pub(super) fn at(&self, place: u32) -> Option<(AccountId, Standing)> {
        let id = *self.list.get(place as usize)?;
        let standing = if self.not_understood.contains(&place) {
            Standing::NotUnderstood
        } else if self.known(place).is_closed {
            Standing::Closed
        } else {
            Standing::Open
        };
        Some((id, standing))
    }

    fn known(&self, place: u32) -> Account {
        self.others.get(&place).copied().unwrap_or(ORDINARY)
    }

    /// The place of an account, which is made known if need be; `None` when there are two billion.
    pub(super) fn place(&mut self, id: AccountId) -> Option<u32> {
        let Self { list, hasher, by_id, others, .. } = self;
        let hash = hasher.hash_one(id);
        let is_it = |place| list.get(place as usize) == Some(&id);
        if let Some(place) = by_id.find(hash, is_it) {
            return Some(place);
        }
        let place =
            u32::try_from(list.len()).ok().filter(|place| *place < i32::MAX.unsigned_abs())?;
        by_id.insert(hash, place, |place| {
            list.get(place as usize).map_or(0, |it| hasher.hash_one(it))
        });
        list.push(id);
        others.insert(place, UNKNOWN);
        Some(place)
    }

    /// Whether an account is closed.
    pub(super) fn put(&mut self, id: AccountId, is_closed: bool, sequence: u32) {
        let Some(place) = self.place(id) else { return };
        if self.known(place).sequence >= sequence {
            return;
        }
        let account = Account { is_closed, sequence };
        if account == ORDINARY {
            self.others.remove(&place);
        } else {
            self.others.insert(place, account);
        }
    }

    /// How many have something out of the ordinary.
    #[cfg(test)]
    pub(super) fn elsewhere(&self) -> usize {
        self.others.len()
    }

    /// Something happened to an account that this version does not understand.
    pub(super) fn distrust(&mut self, id: AccountId) {
        if let Some(place) = self.place(id) {
            self.not_understood.insert(place);
        }
    }
}
