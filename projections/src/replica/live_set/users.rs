//! All users, each found by id and by the key of the live token.
//!
//! Those who were there in the beginning are in the order of their ids and found by halving. Whoever comes later with an id
//! that is not the greatest is behind them, and found through an index. Ids begin with the time they were made.

use std::hash::BuildHasher;

use domain::UserId;
use hashbrown::{DefaultHashBuilder, HashMap};

use super::index::Index;
use super::packed::{Packed, unmarked};
use super::user::{Key, User, hash_key};

/// Users, by place.
#[derive(Debug, Default)]
pub(super) struct Users {
    records: Vec<Packed>,
    /// How many of them are in order.
    ordered: usize,
    /// Who was changed last: when everything is loaded, mostly the one before the next.
    latest: u32,
    /// Those with something out of the ordinary, by place.
    others: HashMap<u32, User>,
    hasher: DefaultHashBuilder,
    /// Those out of order.
    by_id: Index,
    /// Those with a live token.
    by_key: Index,
}

impl Users {
    /// Room for so many.
    pub(super) fn reserve(&mut self, users: usize) {
        self.records.reserve_exact(users);
        self.by_key.reserve(users);
    }

    pub(super) const fn len(&self) -> usize {
        self.records.len()
    }

    /// How many have a live token.
    pub(super) fn tokens(&self) -> usize {
        self.by_key.len()
    }

    /// The user whose live token has this key.
    pub(super) fn with_key(&self, key: &Key) -> Option<User> {
        let is_it = |place| self.records.get(index(place)).is_some_and(|it| it.key() == key);
        self.by_key.find(hash_key(key), is_it).and_then(|place| self.at(place))
    }

    /// The user with this id.
    pub(super) fn with_id(&self, id: UserId) -> Option<User> {
        self.find(id).map(|(_, user)| user)
    }

    /// Changes a user, who is made known if need be. Nothing happens when there are two billion.
    pub(super) fn change(&mut self, id: UserId, change: impl FnOnce(&mut User)) {
        let known = self.find(id).or_else(|| Some((self.add(id)?, User::unknown(id))));
        let Some((place, mut user)) = known else { return };
        self.latest = place;
        let stale = user.key();
        change(&mut user);
        let fresh = user.key();
        if let Some(stale) = stale.filter(|_| stale != fresh) {
            self.by_key.remove(hash_key(&stale), place);
        }
        self.put(place, user);
        if let Some(fresh) = fresh.filter(|_| stale != fresh) {
            let hash_of = |place| self.records.get(index(place)).map_or(0, |it| hash_key(it.key()));
            self.by_key.insert(hash_key(&fresh), place, hash_of);
        }
    }

    fn at(&self, place: u32) -> Option<User> {
        let packed = self.records.get(index(place))?;
        packed.user().or_else(|| self.others.get(&place).cloned())
    }

    fn find(&self, id: UserId) -> Option<(u32, User)> {
        let is_it = |place| self.at(place).filter(|user| user.id == id).map(|user| (place, user));
        let wanted = unmarked(id);
        if let Some(near) = self.near(wanted).and_then(is_it) {
            return Some(near);
        }
        let ordered = self.records.get(..self.ordered)?;
        let place = ordered.partition_point(|it| it.id() < wanted);
        let found = u32::try_from(place).ok().and_then(is_it);
        found.or_else(|| {
            let hash = self.hasher.hash_one(wanted);
            self.by_id.find(hash, |place| is_it(place).is_some()).and_then(is_it)
        })
    }

    /// The place of the latest, or the one after, if such an id is there.
    fn near(&self, wanted: u128) -> Option<u32> {
        let has = |place: &u32| self.records.get(index(*place)).is_some_and(|it| it.id() == wanted);
        [self.latest, self.latest + 1].into_iter().find(has)
    }

    fn add(&mut self, id: UserId) -> Option<u32> {
        let place =
            u32::try_from(self.len()).ok().filter(|place| *place < i32::MAX.unsigned_abs())?;
        let unmarked = unmarked(id);
        if self.ordered == self.len() && self.records.last().is_none_or(|it| it.id() < unmarked) {
            self.ordered += 1;
        } else {
            let (hasher, records) = (&self.hasher, &self.records);
            let hash_of =
                |place| records.get(index(place)).map_or(0, |it| hasher.hash_one(it.id()));
            self.by_id.insert(hasher.hash_one(unmarked), place, hash_of);
        }
        self.records.push(Packed::elsewhere(&User::unknown(id)));
        Some(place)
    }

    fn put(&mut self, place: u32, user: User) {
        let ordinary = Packed::ordinary(&user);
        if let Some(record) = self.records.get_mut(index(place)) {
            *record = ordinary.unwrap_or_else(|| Packed::elsewhere(&user));
        }
        if ordinary.is_some() {
            self.others.remove(&place);
        } else {
            self.others.insert(place, user);
        }
    }

    /// How many have something out of the ordinary.
    #[cfg(test)]
    pub(super) fn elsewhere(&self) -> usize {
        self.others.len()
    }

    /// How much room everything takes: records, users out of the ordinary, slots of both indexes.
    #[cfg(test)]
    pub(super) fn capacities(&self) -> [usize; 4] {
        [
            self.records.capacity(),
            self.others.capacity(),
            self.by_id.capacity(),
            self.by_key.capacity(),
        ]
    }
}

const fn index(place: u32) -> usize {
    place as usize
}
