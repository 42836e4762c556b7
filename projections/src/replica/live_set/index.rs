//! Finds places by hash, in a little more than four bytes each.
//!
//! A slot is 32 bits wide: the place, and in the bits that the highest place does not need, a few of the hash. Sixteen
//! slots are a bucket, which is one cache line, and a place is in one of the two buckets that its hash names. So a question
//! reads two lines and, but for one in a few dozen, no record in vain; what is removed leaves an empty slot and nothing
//! else, so no number of changes makes an index grow. When both buckets are full, one place in them moves to its
//! other bucket; when none can, there are an eighth more buckets. That happens above a load of 0.95.
//!
//! An index is made of 256 tables, so that growing holds up nobody for longer than one of them takes.

/// What an empty slot holds. Others hold their place plus one.
const EMPTY: u32 = 0;
const TABLES: usize = 256;
const SLOTS: usize = 16;
/// Of so many slots one stays empty when room is made beforehand.
const SPARE: usize = 32;
/// Places that slots have room for; so one bit of a hash is always kept.
const PLACE_BITS: u32 = 31;

/// Places by hash.
#[derive(Debug)]
pub(super) struct Index {
    tables: Vec<Table>,
}

#[derive(Clone, Debug, Default)]
struct Table {
    buckets: Vec<Bucket>,
    len: usize,
    /// Places that found no room in a table that is half empty: too many hashes are the same. Digests never are.
    crowded: Vec<u32>,
    /// How many bits of a slot are the place.
    place_bits: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bucket([u32; SLOTS]);

impl Default for Index {
    fn default() -> Self {
        Self { tables: vec![Table::default(); TABLES] }
    }
}

impl Index {
    /// How many places are in here.
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(|table| table.len).sum()
    }

    /// How many slots there are.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.tables.iter().map(|table| table.buckets.len() * SLOTS).sum()
    }

    /// Makes an empty index ready for so many places.
    pub(super) fn reserve(&mut self, places: usize) {
        let mean = places / TABLES;
        // Two standard deviations: few tables get more.
        let expected = mean + 2 * mean.isqrt();
        let slots = expected + expected / (SPARE - 1);
        for table in self.tables.iter_mut().filter(|table| table.len == 0) {
            *table = Table::new(slots.div_ceil(SLOTS), bits(places));
        }
    }

    /// The place with this hash that is the one.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        self.tables.get(table(hash))?.find(hash, is_it)
    }

    /// Adds a place that is not in here. `hash_of` is asked for the hashes of those that are.
    pub(super) fn insert(&mut self, hash: u64, place: u32, hash_of: impl Fn(u32) -> u64) {
        if let Some(table) = self.tables.get_mut(table(hash)) {
            table.insert(hash, place, &hash_of);
        }
    }

    /// Takes a place out.
    pub(super) fn remove(&mut self, hash: u64, place: u32) {
        if let Some(table) = self.tables.get_mut(table(hash)) {
            table.remove(hash, place);
        }
    }
}

impl Table {
    fn new(buckets: usize, place_bits: u32) -> Self {
        Self {
            buckets: vec![Bucket([EMPTY; SLOTS]); buckets],
            len: 0,
            crowded: Vec::new(),
            place_bits,
        }
    }

    /// The two buckets that a hash names. Different bits choose the table, each bucket, and what a slot keeps.
    fn buckets_of(&self, hash: u64) -> [usize; 2] {
        [hash >> 24, hash].map(|hash| {
            let count = self.buckets.len() as u64;
            usize::try_from(((hash & u64::from(u32::MAX)) * count) >> u32::BITS).unwrap_or_default()
        })
    }

    /// What a slot holds for this place.
    fn slot(&self, hash: u64, place: u32) -> u32 {
        (low(hash) << self.place_bits) | (place + 1)
    }

    fn place(&self, slot: u32) -> u32 {
        (slot & !(u32::MAX << self.place_bits)) - 1
    }

    fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let wanted = low(hash) << self.place_bits;
        // Both are read before one is looked through: no cache has them, and so they are waited for together.
        let matched = self.buckets_of(hash).map(|at| {
            self.buckets.get(at).map(|bucket| (bucket, bucket.matches(wanted, self.place_bits)))
        });
        for (bucket, mut matches) in matched.into_iter().flatten() {
            while let Some(slot) = matches.next_of(bucket) {
                let place = self.place(slot);
                if is_it(place) {
                    return Some(place);
                }
            }
        }
        self.crowded.iter().copied().find(|place| is_it(*place))
    }

    fn insert(&mut self, hash: u64, place: u32, hash_of: &impl Fn(u32) -> u64) {
        if bits(place as usize + 1) > self.place_bits {
            self.rebuild(self.buckets.len(), bits(place as usize + 1), hash_of);
        }
        while !self.put(hash, place, hash_of) {
            if self.len < self.buckets.len() * SLOTS / 2 {
                self.crowded.push(place);
                break;
            }
            let more = self.buckets.len() + (self.buckets.len() / 8).max(1);
            self.rebuild(more, self.place_bits, hash_of);
        }
        self.len += 1;
    }

    fn rebuild(&mut self, buckets: usize, place_bits: u32, hash_of: &impl Fn(u32) -> u64) {
        let stale = std::mem::replace(self, Self::new(buckets, place_bits));
        let slots = stale.buckets.iter().flat_map(|bucket| bucket.0);
        let placed = slots.filter(|slot| *slot != EMPTY).map(|slot| stale.place(slot));
        for place in placed.chain(stale.crowded.iter().copied()) {
            self.insert(hash_of(place), place, hash_of);
        }
    }

    /// Whether there was room.
    fn put(&mut self, hash: u64, place: u32, hash_of: &impl Fn(u32) -> u64) -> bool {
        let slot = self.slot(hash, place);
        let [one, other] = self.buckets_of(hash);
        let at = if self.room(one) >= self.room(other) { one } else { other };
        self.fill(at, slot) || (self.make_room(one, hash_of) && self.fill(one, slot)) || {
            self.make_room(other, hash_of) && self.fill(other, slot)
        }
    }

    fn room(&self, at: usize) -> usize {
        self.buckets.get(at).map_or(0, Bucket::room)
    }

    fn fill(&mut self, at: usize, slot: u32) -> bool {
        let empty = self.buckets.get_mut(at).and_then(|bucket| bucket.slot_with(EMPTY));
        empty.is_some_and(|empty| {
            *empty = slot;
            true
        })
    }

    /// Moves one place of a full bucket to its other one.
    fn make_room(&mut self, at: usize, hash_of: &impl Fn(u32) -> u64) -> bool {
        let Some(Bucket(slots)) = self.buckets.get(at).copied() else { return false };
        slots.into_iter().any(|slot| {
            let [one, other] = self.buckets_of(hash_of(self.place(slot)));
            let elsewhere = if one == at { other } else { one };
            elsewhere != at && self.fill(elsewhere, slot) && self.clear(at, slot)
        })
    }

    fn clear(&mut self, at: usize, slot: u32) -> bool {
        let found = self.buckets.get_mut(at).and_then(|bucket| bucket.slot_with(slot));
        found.is_some_and(|found| {
            *found = EMPTY;
            true
        })
    }

    fn remove(&mut self, hash: u64, place: u32) {
        let slot = self.slot(hash, place);
        let crowded = self.crowded.len();
        self.crowded.retain(|it| *it != place);
        if self.crowded.len() < crowded
            || self.buckets_of(hash).into_iter().any(|at| self.clear(at, slot))
        {
            self.len -= 1;
        }
    }
}

impl Bucket {
    fn room(&self) -> usize {
        self.0.iter().filter(|slot| **slot == EMPTY).count()
    }

    fn slot_with(&mut self, content: u32) -> Option<&mut u32> {
        self.0.iter_mut().find(|slot| **slot == content)
    }

    /// Slots that keep the same of their hash.
    fn matches(&self, wanted: u32, place_bits: u32) -> Matches {
        let mut found = 0;
        for (at, slot) in self.0.iter().enumerate() {
            found |= u32::from((slot ^ wanted) >> place_bits == 0 && *slot != EMPTY) << at;
        }
        Matches(found)
    }
}

/// One bit for each slot of a bucket.
struct Matches(u32);

impl Matches {
    fn next_of(&mut self, bucket: &Bucket) -> Option<u32> {
        let at = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        bucket.0.get(at as usize).copied()
    }
}

fn table(hash: u64) -> usize {
    usize::from(hash.to_be_bytes()[0])
}

/// The bits of a hash that slots keep.
const fn low(hash: u64) -> u32 {
    let [.., a, b, c, d] = hash.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// How many bits so many places take.
fn bits(places: usize) -> u32 {
    (usize::BITS - places.leading_zeros()).clamp(1, PLACE_BITS)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// As evenly spread as digests are.
    fn hash(place: u32) -> u64 {
        let mixed = u64::from(place).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }

    #[test]
    fn every_place_is_found_and_no_other() {
        let mut index = Index::default();
        for place in 0..100_000 {
            index.insert(hash(place), place, hash);
        }
        assert_eq!(index.len(), 100_000);
        for place in 0..100_000 {
            assert_eq!(index.find(hash(place), |it| it == place), Some(place));
        }
        let asked = Cell::new(0);
        let ask = |_| {
            asked.set(asked.get() + 1);
            false
        };
        assert!((100_000..200_000).all(|place| index.find(hash(place), ask).is_none()));
        assert!(asked.get() < 1_000, "{} records would be read in vain", asked.get());
    }

    #[test]
    fn what_is_removed_makes_room() {
        let mut index = Index::default();
        index.reserve(50_000);
        for place in 0..50_000 {
            index.insert(hash(place), place, hash);
        }
        let before = index.capacity();
        // Each place has another hash now, again and again, as a user has another token.
        let of = |round: u32, place| hash(place ^ (round << 20));
        for round in 1..20 {
            for place in 0..50_000 {
                index.remove(of(round - 1, place), place);
                index.insert(of(round, place), place, |it| of(round - u32::from(it > place), it));
            }
        }
        assert_eq!(index.len(), 50_000);
        assert!(index.capacity() <= before + before / 8, "{before} slots, {}", index.capacity());
        assert!((0..50_000).all(|place| index.find(of(19, place), |it| it == place).is_some()));
        assert!((0..50_000).all(|place| index.find(of(18, place), |it| it == place).is_none()));
    }

    #[test]
    fn hashes_that_are_the_same_are_told_apart_and_take_no_room_without_end() {
        let mut index = Index::default();
        for place in 0..1_000 {
            index.insert(7, place, |_| 7);
        }
        assert!(index.capacity() < 10_000, "{} slots", index.capacity());
        for place in 0..1_000 {
            assert_eq!(index.find(7, |it| it == place), Some(place));
            index.remove(7, place);
            assert_eq!(index.find(7, |it| it == place), None);
        }
        assert_eq!(index.len(), 0);
    }

    #[test]
    fn room_made_beforehand_is_used_well() {
        let mut index = Index::default();
        index.reserve(300_000);
        let before = index.capacity();
        for place in 0..300_000 {
            index.insert(hash(place), place, hash);
        }
        assert!(before < 360_000, "{before} slots for 300,000 places");
        assert!(index.capacity() < before + before / 100, "{} slots", index.capacity());
    }
}
