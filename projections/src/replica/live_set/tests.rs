//! The live set beside a naive one, and that it does not grow.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// Ids of all shapes, some of which differ in their marks only.
fn id(number: u8) -> Uuid {
    let mut bytes = [number / 4; 16];
    (bytes[6], bytes[8]) = match number % 4 {
        0 => (0x70, 0x80),
        1 => (0x40, 0x80),
        2 => (0, 0),
        _ => (0x10, 0xc0),
    };
    Uuid::from_bytes(bytes)
}

fn user_id(number: u8) -> UserId {
    UserId::new(id(number))
}

fn account_id(number: u8) -> AccountId {
    AccountId::new(id(number))
}

/// A token of each event of a user.
fn digest(user: u8, sequence: u32) -> TokenDigest {
    let mut digest = [user; 32];
    digest[..4].copy_from_slice(&sequence.wrapping_mul(0x9e37_79b9).to_le_bytes());
    TokenDigest::new(digest)
}

/// What an event says about one part; the same event always says the same.
#[derive(Clone, Copy, Debug)]
enum Step {
    User(u8),
    Lock(u8),
    Account(u8),
    Membership(u8, u8),
    Token(u8),
}

const ROLES: [Option<AccountRole>; 4] =
    [None, Some(AccountRole::Admin), Some(AccountRole::Member), Some(AccountRole::Viewer)];

fn is_admin(sequence: u32) -> bool {
    sequence % 3 == 2
}

fn is_locked(sequence: u32) -> bool {
    sequence % 2 == 1
}

fn is_closed(sequence: u32) -> bool {
    sequence % 4 == 3
}

fn role(sequence: u32) -> Option<AccountRole> {
    ROLES[sequence as usize % 4]
}

fn generation(sequence: u32) -> Generation {
    Generation::new(sequence - sequence / 8).unwrap()
}

fn is_live(sequence: u32) -> bool {
    !sequence.is_multiple_of(8)
}

fn apply(live: &mut LiveSet, step: Step, sequence: u32) {
    match step {
        Step::User(user) => live.put_user(user_id(user), is_admin(sequence), false, sequence),
        Step::Lock(user) => live.put_lock(user_id(user), is_locked(sequence), sequence),
        Step::Account(account) => {
            live.put_account(account_id(account), is_closed(sequence), sequence);
        }
        Step::Membership(account, user) => {
            live.put_membership(account_id(account), user_id(user), role(sequence), sequence);
        }
        Step::Token(user) => {
            let digest = digest(user, sequence);
            let digest = is_live(sequence).then_some(&digest);
            let token_id = TokenId::new(id(user));
            live.put_token(user_id(user), token_id, generation(sequence), digest, sequence);
        }
    }
}

/// The highest sequence of each part.
#[derive(Default)]
struct Naive {
    users: HashMap<u8, u32>,
    locks: HashMap<u8, u32>,
    accounts: HashMap<u8, u32>,
    memberships: BTreeMap<(u8, u8), u32>,
    tokens: HashMap<u8, u32>,
}

impl Naive {
    fn of(steps: &[(Step, u32)]) -> Self {
        let mut naive = Self::default();
        for (step, sequence) in steps {
            let latest = match *step {
                Step::User(user) => naive.users.entry(user).or_default(),
                Step::Lock(user) => naive.locks.entry(user).or_default(),
                Step::Account(account) => naive.accounts.entry(account).or_default(),
                Step::Membership(account, user) => {
                    naive.memberships.entry((user, account)).or_default()
                }
                Step::Token(user) => naive.tokens.entry(user).or_default(),
            };
            *latest = (*latest).max(*sequence);
        }
        naive
    }

    fn access(&self, user: u8) -> Option<Access> {
        let registered = *self.users.get(&user)?;
        if self.locks.get(&user).is_some_and(|sequence| is_locked(*sequence)) {
            return None;
        }
        let seats = self.memberships.iter().filter(|((owner, _), _)| *owner == user);
        let open = seats.filter(|((_, account), _)| {
            self.accounts.get(account).is_some_and(|sequence| !is_closed(*sequence))
        });
        let mut memberships: Memberships = open
            .filter_map(|((_, account), sequence)| {
                Some(Membership { account_id: account_id(*account), role: role(*sequence)? })
            })
            .collect();
        memberships.sort_by_key(|membership| membership.account_id);
        let is_admin = is_admin(registered);
        Some(Access { user_id: user_id(user), is_admin, is_auditor: false, memberships })
    }

    fn token(&self, user: u8, sequence: u32) -> Option<LiveToken> {
        (self.tokens.get(&user) == Some(&sequence) && is_live(sequence)).then_some(())?;
        let (token_id, generation) = (TokenId::new(id(user)), generation(sequence));
        Some(LiveToken { token_id, generation, access: self.access(user)? })
    }
}

fn known<T>(verdict: Verdict<T>) -> Option<T> {
    match verdict {
        Verdict::Live(found) => Some(found),
        Verdict::Nothing => None,
        Verdict::Unsettled | Verdict::NotUnderstood => panic!("nothing is in doubt"),
    }
}

const USERS: u8 = 12;
const ACCOUNTS: u8 = 6;

fn steps() -> impl Strategy<Value = Vec<(Step, u32)>> {
    let user = || 0..USERS;
    let step = prop_oneof![
        user().prop_map(Step::User),
        user().prop_map(Step::Lock),
        (0..ACCOUNTS).prop_map(Step::Account),
        (0..ACCOUNTS, user()).prop_map(|(account, user)| Step::Membership(account, user)),
        user().prop_map(Step::Token),
    ];
    let sequence = prop_oneof![3 => 1..=2_u32, 2 => 1..=70_u32, 1 => 65_530..=65_540_u32];
    proptest::collection::vec((step, sequence), 0..120)
}

proptest! {
    #[test]
    fn changes_come_in_any_order_and_twice(
        (steps, order) in steps().prop_flat_map(|steps| {
            let twice = steps.iter().chain(&steps).copied().collect::<Vec<_>>();
            (Just(steps), Just(twice).prop_shuffle())
        })
    ) {
        let mut live = LiveSet::default();
        for (step, sequence) in order {
            apply(&mut live, step, sequence);
        }
        let naive = Naive::of(&steps);
        for user in 0..USERS {
            prop_assert_eq!(known(live.find_access(user_id(user))), naive.access(user));
            for (_, sequence) in &steps {
                let found = known(live.find_live_token(&digest(user, *sequence)));
                prop_assert_eq!(found, naive.token(user, *sequence));
            }
        }
        let tokens = naive.tokens.values().filter(|sequence| is_live(**sequence)).count();
        prop_assert_eq!(live.tokens(), tokens);
    }
}

/// Ordinary users, in the order of their ids.
fn many(users: u32) -> LiveSet {
    let mut live = LiveSet::default();
    live.reserve(users as usize, 200);
    for user in 0..users {
        register(&mut live, user);
    }
    live
}

fn nth(user: u32) -> UserId {
    UserId::new(Uuid::from_u128((u128::from(user) << 80) | 0x7000_8000_0000_0000_0000))
}

fn register(live: &mut LiveSet, user: u32) {
    live.put_user(nth(user), false, false, 1);
    live.put_account(account_id((user % 200).try_into().unwrap()), false, 1);
    live.put_membership(account_id((user % 200).try_into().unwrap()), nth(user), ROLES[2], 2);
    regenerate(live, user, 1);
}

fn regenerate(live: &mut LiveSet, user: u32, sequence: u32) {
    let digest = nth_digest(user, sequence);
    let generation = Generation::new(sequence).unwrap();
    live.put_token(
        nth(user),
        TokenId::new(nth(user).as_uuid()),
        generation,
        Some(&digest),
        sequence,
    );
}

fn nth_digest(user: u32, sequence: u32) -> TokenDigest {
    let number =
        ((u64::from(user) << 32) | u64::from(sequence)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(
        &(number ^ (number >> 29)).wrapping_mul(0xd6e8_feb8_6659_fd93).to_le_bytes(),
    );
    digest[8..12].copy_from_slice(&user.to_le_bytes());
    TokenDigest::new(digest)
}

#[test]
fn regenerating_every_token_again_and_again_takes_no_more_room() {
    const USERS: u32 = 20_000;
    let mut live = many(USERS);
    let before = live.users.capacities();
    for sequence in 2..40 {
        for user in 0..USERS {
            regenerate(&mut live, user, sequence);
        }
    }
    let [records, others, by_id, by_key] = live.users.capacities();
    assert_eq!([records, others, by_id], before[..3]);
    // Which buckets are full is another matter each time.
    assert!(by_key <= before[3] + before[3] / 8, "{by_key} slots, {} before", before[3]);
    assert_eq!((live.users(), live.tokens()), (USERS as usize, USERS as usize));
    for user in 0..USERS {
        assert_eq!(live.find_live_token(&nth_digest(user, 38)), Verdict::Nothing);
        assert!(matches!(live.find_live_token(&nth_digest(user, 39)), Verdict::Live(_)));
    }
}

#[test]
fn nobody_is_kept_elsewhere_without_need() {
    let mut live = many(1_000);
    assert_eq!(live.users.capacities()[1..3], [0, 0], "all are ordinary, and in order");
    assert_eq!(live.accounts.elsewhere(), 0);
    live.put_lock(nth(7), true, 1);
    assert_eq!(live.find_access(nth(7)), Verdict::Nothing);
    assert_eq!(live.find_live_token(&nth_digest(7, 1)), Verdict::Nothing);
    live.put_lock(nth(7), false, 2);
    assert!(matches!(live.find_live_token(&nth_digest(7, 1)), Verdict::Live(_)));
    assert_eq!(live.users.elsewhere(), 1);
}

#[test]
fn a_record_takes_49_bytes() {
    assert_eq!(size_of::<packed::Packed>(), 49);
}
