//! All accounts, by place: users name the place of theirs.

use std::collections::HashSet;
use std::hash::BuildHasher;

use domain::AccountId;
use hashbrown::DefaultHashBuilder;

use super::index::Index;

/// Accounts that an event or a membership named.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    list: Vec<Account>,
    hasher: DefaultHashBuilder,
    by_id: Index,
    /// Places of the closed ones.
    closed: HashSet<u32>,
    /// Places of those to which something happened that this version does not understand.
    not_understood: HashSet<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    pub(super) id: AccountId,
    /// Zero before anything is known.
    sequence: u32,
}

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
        let account = self.list.get(place as usize)?;
        let standing = if self.not_understood.contains(&place) {
            Standing::NotUnderstood
        } else if account.sequence == 0 || self.closed.contains(&place) {
            Standing::Closed
        } else {
            Standing::Open
        };
        Some((account.id, standing))
    }

    /// The place of an account, which is made known if need be; `None` when there are two billion.
    pub(super) fn place(&mut self, id: AccountId) -> Option<u32> {
        let Self { list, hasher, by_id, .. } = self;
        let hash = hasher.hash_one(id);
        let is_it = |place| list.get(place as usize).is_some_and(|it: &Account| it.id == id);
        if let Some(place) = by_id.find(hash, is_it) {
            return Some(place);
        }
        let place =
            u32::try_from(list.len()).ok().filter(|place| *place < i32::MAX.unsigned_abs())?;
        by_id.insert(hash, place, |place| {
            list.get(place as usize).map_or(0, |it| hasher.hash_one(it.id))
        });
        list.push(Account { id, sequence: 0 });
        Some(place)
    }

    /// Whether an account is closed.
    pub(super) fn put(&mut self, id: AccountId, is_closed: bool, sequence: u32) {
        let Some(place) = self.place(id) else { return };
        let account = self.list.get_mut(place as usize);
        let Some(account) = account.filter(|it| it.sequence < sequence) else { return };
        account.sequence = sequence;
        if is_closed {
            self.closed.insert(place);
        } else {
            self.closed.remove(&place);
        }
    }

    /// Something happened to an account that this version does not understand.
    pub(super) fn distrust(&mut self, id: AccountId) {
        if let Some(place) = self.place(id) {
            self.not_understood.insert(place);
        }
    }
}
