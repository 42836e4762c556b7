//! What is written down during a run: every operation as the client saw it, every fault, and afterwards the
//! events. The checker knows nothing else.
//!
//! Users, accounts, tokens and nodes are numbers here. No secret is kept.

use serde::Deserialize;

/// A user of the run.
pub(crate) type User = usize;
/// An account of the run.
pub(crate) type Account = usize;
/// A token that was handed over, or one that never was made.
pub(crate) type Token = usize;
/// A node.
pub(crate) type Node = usize;

/// Nanoseconds of the one monotonic clock of the run. Zero is before everything.
pub(crate) type Time = u64;

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Time,
    pub(crate) end: Time,
}

/// What a member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Admin,
    Member,
    Viewer,
}

impl Role {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Admin, Self::Member, Self::Viewer];

    /// Its name in JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }
}

/// What was asked to be changed about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A token, whether or not there is one.
    Generate,
    /// Another token for the one there is.
    Regenerate,
    /// No token any more, by the owner.
    Revoke,
    /// The same by an administrator.
    RevokeByAdmin,
    /// The same by whoever holds the token.
    RevokeByBearer(Token),
    /// No access at all.
    Lock,
    /// Access again.
    Unlock,
    /// Membership in this role.
    PutMember(Account, Role),
    /// No membership.
    RemoveMember(Account),
}

/// What the client was told about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done; this token was handed over.
    Done(Option<Token>),
    /// It was refused with this status, and nothing was done.
    Refused(u16),
    /// The service could not, and nothing was done.
    Unavailable,
    /// Nobody knows: no answer, or the one that says so.
    Unknown,
    /// The service is broken.
    Broken(u16),
}

/// A change that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    /// The id of the request, which its events carry.
    pub(crate) request: String,
    pub(crate) user: User,
    pub(crate) span: Span,
    pub(crate) change: Change,
    pub(crate) outcome: Outcome,
}

/// What was asked with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Who am I, and where do I belong?
    Caller,
    /// May I act in this account?
    Access(Account),
}

/// What a node answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The token is good: whose it is, which one, and all memberships.
    Caller {
        user: Option<User>,
        token: Option<Token>,
        generation: u64,
        roles: Vec<(Account, Role)>,
    },
    /// The token is good, and its owner has this role in the account.
    Member(Role),
    /// The token is good, and its owner does not belong to the account.
    NoMember,
    /// The token is no good.
    Invalid,
    /// The node could not say.
    Unavailable,
    /// No answer came.
    Nothing,
    /// Something else, with this status.
    Broken(u16),
}

/// A token that was shown to a node.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub(crate) token: Token,
    pub(crate) node: Node,
    pub(crate) span: Span,
    pub(crate) question: Question,
    pub(crate) seen: Seen,
}

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenFacts {
    /// `None` when it was never made.
    pub(crate) owner: Option<User>,
    /// Its id.
    pub(crate) id: String,
    pub(crate) generation: u64,
}

/// While something was broken on purpose.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) span: Span,
    /// Which nodes it was done to.
    pub(crate) nodes: Vec<Node>,
    pub(crate) fault: String,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aggregate {
    /// The token of a user.
    Token(User),
    /// A user.
    User(User),
    /// An account.
    Account(Account),
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// This token is live.
    Live { id: String, generation: u64 },
    /// No token is live.
    Dead,
    /// The user is locked.
    Locked,
    /// The user is not locked.
    Unlocked,
    /// The user has this role in the account.
    Member(User, Role),
    /// The user does not belong to the account.
    NoMember(User),
    /// Something that no rule is about.
    Other,
}

/// An event of the log.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) aggregate: Aggregate,
    pub(crate) sequence: u64,
    /// The id of the request that made it.
    pub(crate) request: String,
    pub(crate) fact: Fact,
}

/// What the ids of requests begin with that were done and acknowledged before the run began.
pub(crate) const BEFORE: &str = "before-";
/// What the ids of requests of the run begin with.
pub(crate) const DURING: &str = "history-";

/// Everything about a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) users: usize,
    /// Of each user, the accounts that changes are about.
    pub(crate) accounts_of: Vec<Vec<Account>>,
    pub(crate) tokens: Vec<TokenFacts>,
    pub(crate) changes: Vec<Changed>,
    pub(crate) verifies: Vec<Verified>,
    pub(crate) windows: Vec<Window>,
    /// While the machine had no time for anybody.
    pub(crate) starved: Vec<Span>,
    /// In order of aggregate and sequence.
    pub(crate) log: Vec<Event>,
}
