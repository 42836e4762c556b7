//! Users in 49 bytes, if there is nothing out of the ordinary about them.
//!
//! | bytes | |
//! |---|---|
//! | 16 | user id |
//! | 16 | id of the live token |
//! | 12 | key of the live token |
//! | 3 | place of the account |
//! | 2 | sequence of the membership |
//!
//! Six bits of an id say its version and variant. In both ids they hold something else: twice six bits are 2 for which
//! version and variant both ids have, 2 for the role, 2 for how many tokens were revoked, and 6 for the sequence of the token.
//!
//! **Invariant:** what is packed is unpacked as it was, to the bit; what does not fit is kept elsewhere, and the record says so.

use domain::token::Generation;
use domain::{AccountRole, TokenId, UserId};
use smallvec::SmallVec;
use uuid::Uuid;

use super::user::{Key, Seat, Token, User};

/// Where an id says its version and variant.
const MARKS: u128 = 0x0000_0000_0000_f000_c000_0000_0000_0000;
/// Marks that ids have: of version 7, of version 4, and none.
const SHAPES: [u8; 3] = [(7 << 2) | 2, (4 << 2) | 2, 0];
/// In place of a shape: the user is kept elsewhere.
const ELSEWHERE: u8 = 3;
/// In place of a number of revocations: no token is live.
const DEAD: u8 = 3;
/// In place of an account: no membership.
const NOWHERE: u32 = 0xff_ffff;

/// A user as most are, or the sign that this one is kept elsewhere. Either way with the id, but for its marks, and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    user: [u8; 16],
    token: [u8; 16],
    key: Key,
    account: [u8; 3],
    seat_sequence: [u8; 2],
}

/// The twelve bits between those of the ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rest {
    shape: u8,
    role: u8,
    revocations: u8,
    token_sequence: u8,
}

impl Packed {
    /// Packs a user; `None` for one with something out of the ordinary.
    pub(super) fn ordinary(user: &User) -> Option<Self> {
        let User {
            id,
            token,
            token_sequence,
            registered_sequence: 1,
            lock_sequence: 0,
            is_admin: false,
            is_auditor: false,
            is_locked: false,
            is_not_understood: false,
            seats,
        } = user
        else {
            return None;
        };
        let seat = match seats.as_slice() {
            [] => Seat { account: NOWHERE, sequence: 0, role: None },
            [seat] if seat.account < NOWHERE => *seat,
            [_, ..] => return None,
        };
        let marks = marks(id.as_uuid());
        let token_id = token.map_or(id.as_uuid(), |token| token.id.as_uuid());
        if self::marks(token_id) != marks {
            return None;
        }
        let rest = Rest {
            shape: small(SHAPES.iter().position(|shape| *shape == marks)?)?,
            role: role_number(seat.role),
            revocations: match token {
                Some(token) => small(token_sequence.checked_sub(token.generation.get())?)
                    .filter(|revocations| *revocations < DEAD)?,
                None => DEAD,
            },
            token_sequence: small(*token_sequence).filter(|sequence| *sequence < 64)?,
        };
        let [user_marks, token_marks] = rest.marks();
        let [_, account @ ..] = seat.account.to_be_bytes();
        Some(Self {
            user: marked(id.as_uuid(), user_marks),
            token: marked(token.map_or(Uuid::nil(), |token| token.id.as_uuid()), token_marks),
            key: user.key().unwrap_or_default(),
            account,
            seat_sequence: u16::try_from(seat.sequence).ok()?.to_be_bytes(),
        })
    }

    /// The sign that a user is kept elsewhere.
    pub(super) fn elsewhere(user: &User) -> Self {
        let [user_marks, token_marks] = Rest { shape: ELSEWHERE, ..Rest::default() }.marks();
        Self {
            user: marked(user.id.as_uuid(), user_marks),
            token: marked(Uuid::nil(), token_marks),
            key: user.key().unwrap_or_default(),
            account: Default::default(),
            seat_sequence: Default::default(),
        }
    }

    /// The user; `None` for one who is kept elsewhere.
    pub(super) fn user(&self) -> Option<User> {
        let rest = Rest::of([self.user, self.token].map(|id| marks(Uuid::from_bytes(id))));
        let marks = *SHAPES.get(usize::from(rest.shape))?;
        let id = |id| Uuid::from_bytes(marked(Uuid::from_bytes(id), marks));
        let token_sequence = u32::from(rest.token_sequence);
        let generation = Generation::new(token_sequence.wrapping_sub(rest.revocations.into()))
            .filter(|_| rest.revocations != DEAD);
        let [a, b, c] = self.account;
        let seat = Seat {
            account: u32::from_be_bytes([0, a, b, c]),
            sequence: u16::from_be_bytes(self.seat_sequence).into(),
            role: role(rest.role),
        };
        Some(User {
            token: generation.map(|generation| Token {
                id: TokenId::new(id(self.token)),
                key: self.key,
                generation,
            }),
            token_sequence,
            registered_sequence: 1,
            seats: Some(seat)
                .filter(|seat| seat.account != NOWHERE)
                .into_iter()
                .collect::<SmallVec<_>>(),
            ..User::unknown(UserId::new(id(self.user)))
        })
    }

    /// What users are in order of: the id without its marks.
    pub(super) const fn id(&self) -> u128 {
        u128::from_be_bytes(self.user) & !MARKS
    }

    /// The key of the live token, if there is one.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }
}

impl Rest {
    fn marks(self) -> [u8; 2] {
        [(self.shape << 4) | (self.role << 2) | self.revocations, self.token_sequence]
    }

    const fn of([first, second]: [u8; 2]) -> Self {
        Self {
            shape: first >> 4,
            role: (first >> 2) & 3,
            revocations: first & 3,
            token_sequence: second,
        }
    }
}

/// An id without its marks.
pub(super) const fn unmarked(id: UserId) -> u128 {
    id.as_uuid().as_u128() & !MARKS
}

/// The six bits that say an id's version and variant, or what is there instead.
fn marks(id: Uuid) -> u8 {
    let bytes = id.as_bytes();
    ((bytes[6] >> 4) << 2) | (bytes[8] >> 6)
}

/// An id with other marks.
fn marked(id: Uuid, marks: u8) -> [u8; 16] {
    let mut bytes = id.into_bytes();
    bytes[6] = (bytes[6] & 0x0f) | ((marks >> 2) << 4);
    bytes[8] = (bytes[8] & 0x3f) | (marks << 6);
    bytes
}

fn small<N>(number: N) -> Option<u8>
where
    u8: TryFrom<N>,
{
    u8::try_from(number).ok()
}

const fn role_number(role: Option<AccountRole>) -> u8 {
    match role {
        None => 0,
        Some(AccountRole::Admin) => 1,
        Some(AccountRole::Member) => 2,
        Some(AccountRole::Viewer) => 3,
    }
}

const fn role(number: u8) -> Option<AccountRole> {
    match number {
        1 => Some(AccountRole::Admin),
        2 => Some(AccountRole::Member),
        3 => Some(AccountRole::Viewer),
        _ => None,
    }
}
