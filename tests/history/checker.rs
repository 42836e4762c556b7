//! Judges a history. Pure: what is written down goes in, what broke a rule comes out.
//!
//! Each user's token, lock and memberships are registers whose order is known from the log; see
//! [`crate::register`]. That a read shows several of them at once is not made use of, so nothing legal is
//! ever reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use crate::record::{
    Account, Aggregate, BEFORE, Change, Changed, DURING, Event, Fact, History, Outcome, Question,
    Role, Seen, Span, Time, User, Verified, Window,
};
use crate::register::{Breach, Read, Register, Says, Step};

/// The rules of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// No token is accepted after its end was acknowledged.
    StaleAccept,
    /// No live token is refused.
    FalseReject,
    /// What was refused after its acknowledgement is never accepted again.
    Resurrection,
    /// What a newer token was seen to have replaced is never accepted again.
    Order,
    /// The log has what was acknowledged, once, and nothing else.
    Log,
    /// Nobody is turned away but around faults.
    Unavailable,
    /// A token is its owner's, and was made.
    Identity,
    /// The same for locks, memberships and roles.
    Access,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StaleAccept => "R1 stale accept",
            Self::FalseReject => "R2 false reject",
            Self::Resurrection => "R3 resurrection",
            Self::Order => "R4 order",
            Self::Log => "R5 log",
            Self::Unavailable => "R6 unavailable",
            Self::Identity => "R7 identity",
            Self::Access => "R8 access",
        })
    }
}

/// A broken rule.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    /// When the read or change ended that shows it.
    pub(crate) at: Time,
    pub(crate) what: String,
}

/// A node answers again at the latest so long after what kept it from it has ended.
pub(crate) const READ_RECOVERY: Time = 2_000_000_000;
/// A change can be held up for longer: the database keeps the locks of a node that fell silent in the
/// middle of a transaction for ten seconds, whichever node asks.
pub(crate) const CHANGE_RECOVERY: Time = 12_000_000_000;

/// Everything that broke a rule, the earliest first.
pub(crate) fn check(history: &History) -> Vec<Violation> {
    let log = Log::of(history);
    let mut violations = Vec::new();
    violations.extend(log_is_whole(history));
    violations.extend(changes_are_logged(history, &log));
    violations.extend(availability(history));
    violations.extend(identities(history));
    let reads = Reads::of(history, &log);
    for (user, (reads, registers)) in reads.users.iter().zip(&log.users).enumerate() {
        violations.extend(reads.judge(history, user, registers));
    }
    violations.sort_by_key(|violation| (violation.at, violation.rule));
    violations
}

/// The registers of one user.
#[derive(Debug)]
struct Registers {
    /// The generation of the live token.
    token: Register<Option<u64>>,
    locked: Register<bool>,
    roles: BTreeMap<Account, Register<Option<Role>>>,
}

/// The log by user and by request.
#[derive(Debug)]
struct Log<'a> {
    users: Vec<Registers>,
    by_request: BTreeMap<&'a str, Vec<&'a Event>>,
}

impl<'a> Log<'a> {
    fn of(history: &'a History) -> Self {
        let changes: BTreeMap<&str, &Changed> =
            history.changes.iter().map(|change| (change.request.as_str(), change)).collect();
        let mut by_request = BTreeMap::<_, Vec<_>>::new();
        let mut by_aggregate = BTreeMap::<_, Vec<_>>::new();
        for event in &history.log {
            by_request.entry(event.request.as_str()).or_default().push(event);
            let (begun, acknowledged) = bounds(&event.request, &changes);
            by_aggregate.entry(event.aggregate).or_default().push(Step {
                state: &event.fact,
                begun,
                acknowledged,
            });
        }
        let whole = |aggregate| {
            // Bounds are carried over from other users' events of the same account.
            let steps = by_aggregate.get(&aggregate).cloned().unwrap_or_default();
            Register::new(&Fact::Other, steps)
        };
        let users = (0..history.users).map(|user| Registers {
            token: whole(Aggregate::Token(user)).only(None, |fact| match fact {
                Fact::Live { generation, .. } => Some(Some(*generation)),
                Fact::Dead => Some(None),
                Fact::Locked
                | Fact::Unlocked
                | Fact::Member(..)
                | Fact::NoMember(_)
                | Fact::Other => None,
            }),
            locked: whole(Aggregate::User(user)).only(false, |fact| match fact {
                Fact::Locked => Some(true),
                Fact::Unlocked => Some(false),
                Fact::Live { .. }
                | Fact::Dead
                | Fact::Member(..)
                | Fact::NoMember(_)
                | Fact::Other => None,
            }),
            roles: history.accounts_of[user]
                .iter()
                .map(|account| {
                    let roles = whole(Aggregate::Account(*account)).only(None, |fact| match fact {
                        Fact::Member(of, role) if *of == user => Some(Some(*role)),
                        Fact::NoMember(of) if *of == user => Some(None),
                        Fact::Live { .. }
                        | Fact::Dead
                        | Fact::Locked
                        | Fact::Unlocked
                        | Fact::Member(..)
                        | Fact::NoMember(_)
                        | Fact::Other => None,
                    });
                    (*account, roles)
                })
                .collect(),
        });
        Self { users: users.collect(), by_request }
    }

    fn events(&self, change: &Changed) -> &[&Event] {
        self.by_request.get(change.request.as_str()).map_or(&[], Vec::as_slice)
    }
}

/// When what this request made can have come about, and from when on it holds.
fn bounds(request: &str, changes: &BTreeMap<&str, &Changed>) -> (Time, Time) {
    if request.starts_with(BEFORE) {
        return (0, 0);
    }
    match changes.get(request) {
        Some(Changed { span, outcome: Outcome::Done(_), .. }) => (span.start, span.end),
        Some(Changed { span, .. }) => (span.start, Time::MAX),
        None => (0, Time::MAX),
    }
}

/// R5, by the log alone: the events of each aggregate are numbered without a gap.
fn log_is_whole(history: &History) -> Vec<Violation> {
    let mut expected = BTreeMap::<Aggregate, u64>::new();
    let mut violations = Vec::new();
    for event in &history.log {
        let number = expected.entry(event.aggregate).or_insert(1);
        if event.sequence != *number {
            let what = format!("event {number} is missing before {event:?}");
            violations.push(Violation { rule: Rule::Log, at: 0, what });
        }
        *number = event.sequence + 1;
    }
    violations
}

/// R5, by the requests: what was acknowledged is there once, what was refused is not, and nobody else wrote.
fn changes_are_logged(history: &History, log: &Log<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut known = BTreeSet::new();
    for change in &history.changes {
        known.insert(change.request.as_str());
        let events = log.events(change);
        if let Some(what) = wrongly_logged(history, change, events) {
            let what = format!("{what}: {change:?}, events {events:?}");
            violations.push(Violation { rule: Rule::Log, at: change.span.end, what });
        }
    }
    for event in &history.log {
        let is_ours = event.request.starts_with(BEFORE) || known.contains(event.request.as_str());
        // A server that starts ends the tokens of users who were locked by half.
        let is_tidying = !event.request.starts_with(DURING) && event.fact == Fact::Dead;
        if !is_ours && !is_tidying {
            let what = format!("nobody asked for {event:?}");
            violations.push(Violation { rule: Rule::Log, at: 0, what });
        }
    }
    violations
}

fn wrongly_logged(history: &History, change: &Changed, events: &[&Event]) -> Option<&'static str> {
    let user = change.user;
    let count = |aggregate: Aggregate, fits: &dyn Fn(&Fact) -> bool| {
        events.iter().filter(|event| event.aggregate == aggregate && fits(&event.fact)).count()
    };
    let live = count(Aggregate::Token(user), &|fact| matches!(fact, Fact::Live { .. }));
    let dead = count(Aggregate::Token(user), &|fact| *fact == Fact::Dead);
    // What it may leave at the most, and must leave when it was acknowledged.
    let (own, all, must) = match change.change {
        Change::Generate | Change::Regenerate => (live, live, true),
        Change::Revoke | Change::RevokeByAdmin | Change::RevokeByBearer(_) => (dead, dead, false),
        Change::Lock => {
            let locked = count(Aggregate::User(user), &|fact| *fact == Fact::Locked);
            (locked, locked + dead, false)
        }
        Change::Unlock => {
            let unlocked = count(Aggregate::User(user), &|fact| *fact == Fact::Unlocked);
            (unlocked, unlocked + dead, false)
        }
        Change::PutMember(account, role) => {
            let put = count(Aggregate::Account(account), &|fact| *fact == Fact::Member(user, role));
            (put, put, false)
        }
        Change::RemoveMember(account) => {
            let removed = count(Aggregate::Account(account), &|fact| *fact == Fact::NoMember(user));
            (removed, removed, true)
        }
    };
    match change.outcome {
        Outcome::Refused(_) | Outcome::Unavailable if !events.is_empty() => {
            Some("what was refused is in the log")
        }
        _ if all != events.len() => Some("something else is in the log"),
        _ if own > 1 || dead > 1 => Some("it is in the log twice"),
        Outcome::Done(_) if must && own != 1 => Some("what was acknowledged is not in the log"),
        Outcome::Done(Some(token)) => {
            let facts = &history.tokens[token];
            let told = Fact::Live { id: facts.id.clone(), generation: facts.generation };
            let is_told = events.iter().any(|event| event.fact == told);
            (!is_told).then_some("the log has another token than the one handed over")
        }
        Outcome::Done(None)
        | Outcome::Refused(_)
        | Outcome::Unavailable
        | Outcome::Unknown
        | Outcome::Broken(_) => None,
    }
}

/// R6: whoever was turned away was so in or shortly after a fault.
fn availability(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut violated = |at: Time, what: String| {
        violations.push(Violation { rule: Rule::Unavailable, at, what });
    };
    let close = |to: Span, span: Span, recovery: Time| {
        span.start <= to.end.saturating_add(recovery) && span.end >= to.start
    };
    let near = |window: &Window, span: Span, recovery: Time| close(window.span, span, recovery);
    let starved =
        |span: Span| history.starved.iter().any(|starved| close(*starved, span, READ_RECOVERY));
    for verified in &history.verifies {
        let excused = match verified.seen {
            Seen::Unavailable | Seen::Nothing => {
                history.windows.iter().any(|window| {
                    window.nodes.contains(&verified.node)
                        && near(window, verified.span, READ_RECOVERY)
                }) || starved(verified.span)
            }
            Seen::Broken(_) => false,
            Seen::Caller { .. } | Seen::Member(_) | Seen::NoMember | Seen::Invalid => true,
        };
        if !excused {
            violated(verified.span.end, format!("{verified:?} without a fault"));
        }
    }
    for change in &history.changes {
        let excused = match change.outcome {
            Outcome::Unavailable | Outcome::Unknown => {
                let near = |window| near(window, change.span, CHANGE_RECOVERY);
                history.windows.iter().any(near) || starved(change.span)
            }
            Outcome::Broken(_) => false,
            Outcome::Done(_) | Outcome::Refused(_) => true,
        };
        if !excused {
            violated(change.span.end, format!("{change:?} without a fault"));
        }
    }
    violations
}

/// R7: whoever is named is the owner, and what never was made is never accepted. R8, as far as it needs no
/// order: nobody belongs to an account that nobody put them in.
fn identities(history: &History) -> Vec<Violation> {
    let mut violations = Vec::new();
    for verified in &history.verifies {
        let facts = &history.tokens[verified.token];
        let (wrong, rule) = match (&verified.seen, facts.owner) {
            (Seen::Caller { .. } | Seen::Member(_) | Seen::NoMember, None) => {
                ("a token that never was made is accepted", Rule::Identity)
            }
            (Seen::Caller { user, token, generation, roles }, Some(owner)) => {
                let is_owner = *user == Some(owner)
                    && *token == Some(verified.token)
                    && *generation == facts.generation;
                let is_known =
                    |(account, _): &(Account, Role)| history.accounts_of[owner].contains(account);
                if !is_owner {
                    ("a token is taken for another", Rule::Identity)
                } else if !roles.iter().all(is_known) {
                    ("an account that its owner never was in", Rule::Access)
                } else {
                    continue;
                }
            }
            _ => continue,
        };
        let what = format!("{wrong}: {verified:?}, {facts:?}");
        violations.push(Violation { rule, at: verified.span.end, what });
    }
    violations
}

/// Where a read comes from.
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Verified(&'a Verified),
    /// A change that was acknowledged and left no event, because it was so already.
    Changed(&'a Changed),
}

impl Source<'_> {
    const fn span(self) -> Span {
        match self {
            Self::Verified(verified) => verified.span,
            Self::Changed(change) => change.span,
        }
    }
}

/// What was read of one user.
#[derive(Clone, Debug, Default)]
struct OfUser<'a> {
    verifies: Vec<&'a Verified>,
    /// What was acknowledged and left no event of its own.
    unchanged: Vec<&'a Changed>,
}

#[derive(Debug)]
struct Reads<'a> {
    users: Vec<OfUser<'a>>,
}

impl<'a> Reads<'a> {
    fn of(history: &'a History, log: &Log<'_>) -> Self {
        let mut users = vec![OfUser::default(); history.users];
        for verified in &history.verifies {
            if let Some(owner) = history.tokens[verified.token].owner {
                users[owner].verifies.push(verified);
            }
        }
        for change in &history.changes {
            let is_twofold = matches!(change.change, Change::Lock | Change::Unlock);
            let did = |event: &&Event| !is_twofold || event.fact != Fact::Dead;
            let is_done = matches!(change.outcome, Outcome::Done(_));
            if is_done && !log.events(change).iter().any(did) {
                users[change.user].unchanged.push(change);
            }
        }
        Self { users }
    }
}

/// Reads of one register, each with its source.
#[derive(Debug)]
struct Collected<'a, S> {
    reads: Vec<Read<S>>,
    sources: Vec<Source<'a>>,
}

impl<'a, S: Copy + PartialEq + fmt::Debug> Collected<'a, S> {
    const fn new() -> Self {
        Self { reads: Vec::new(), sources: Vec::new() }
    }

    fn add(&mut self, source: Source<'a>, says: Says<S>) {
        self.reads.push(Read { span: source.span(), says });
        self.sources.push(source);
    }

    /// What cannot be, with the rule that `rule` finds for it.
    fn judge(
        &self,
        register: &Register<S>,
        rule: impl Fn(Says<S>, Breach, Option<Says<S>>) -> Rule,
    ) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (index, breach) in register.breaches(&self.reads) {
            let (says, source) = (self.reads[index].says, self.sources[index]);
            let earlier = match breach {
                Breach::WentBack(earlier) => Some(earlier),
                Breach::Stale | Breach::Early | Breach::Never => None,
            };
            let rule = match source {
                Source::Verified(_) => {
                    rule(says, breach, earlier.map(|earlier| self.reads[earlier].says))
                }
                Source::Changed(_) => Rule::Log,
            };
            let mut what = format!("{breach:?}, {says:?}: {source:?}");
            if let Some(earlier) = earlier {
                write!(what, ", after {:?}", self.sources[earlier]).expect("text takes all");
            }
            violations.push(Violation { rule, at: source.span().end, what });
        }
        violations
    }
}

impl OfUser<'_> {
    fn judge(&self, history: &History, user: User, registers: &Registers) -> Vec<Violation> {
        let mut token = Collected::<Option<u64>>::new();
        let mut locked = Collected::<bool>::new();
        let mut roles: BTreeMap<Account, Collected<'_, Option<Role>>> =
            registers.roles.keys().map(|account| (*account, Collected::new())).collect();
        for verified in &self.verifies {
            let generation = Some(history.tokens[verified.token].generation);
            let source = Source::Verified(verified);
            match &verified.seen {
                Seen::Unavailable | Seen::Nothing | Seen::Broken(_) => continue,
                Seen::Invalid => {
                    let span = verified.span;
                    let may_be_locked = registers.locked.within(span).any(|locked| *locked);
                    let is_live = registers.token.within(span).all(|live| *live == generation);
                    match (may_be_locked, is_live) {
                        (false, _) => token.add(source, Says::IsNot(generation)),
                        (true, true) => locked.add(source, Says::Is(true)),
                        // Either would do, so it says nothing of either.
                        (true, false) => {}
                    }
                    continue;
                }
                Seen::Caller { roles: shown, .. } => {
                    for (account, reads) in &mut roles {
                        let role =
                            shown.iter().find(|(of, _)| of == account).map(|(_, role)| *role);
                        reads.add(source, Says::Is(role));
                    }
                }
                Seen::Member(role) => access(&mut roles, verified, Some(*role)),
                Seen::NoMember => access(&mut roles, verified, None),
            }
            token.add(source, Says::Is(generation));
            locked.add(source, Says::Is(false));
        }
        for change in &self.unchanged {
            let source = Source::Changed(change);
            match change.change {
                Change::Revoke | Change::RevokeByAdmin => token.add(source, Says::Is(None)),
                Change::RevokeByBearer(sent) => {
                    token.add(source, Says::IsNot(Some(history.tokens[sent].generation)));
                }
                Change::Lock => locked.add(source, Says::Is(true)),
                Change::Unlock => locked.add(source, Says::Is(false)),
                Change::PutMember(account, role) => {
                    if let Some(reads) = roles.get_mut(&account) {
                        reads.add(source, Says::Is(Some(role)));
                    }
                }
                Change::Generate | Change::Regenerate | Change::RemoveMember(_) => {}
            }
        }
        let mut violations = token.judge(&registers.token, of_token);
        violations.extend(locked.judge(&registers.locked, |_, _, _| Rule::Access));
        for (account, reads) in &roles {
            violations.extend(reads.judge(&registers.roles[account], |_, _, _| Rule::Access));
        }
        for violation in &mut violations {
            write!(violation.what, " (user {user})").expect("text takes all");
        }
        violations
    }
}

/// The answer about one account.
fn access<'a>(
    roles: &mut BTreeMap<Account, Collected<'a, Option<Role>>>,
    verified: &'a Verified,
    role: Option<Role>,
) {
    let Question::Access(account) = verified.question else { return };
    if let Some(reads) = roles.get_mut(&account) {
        reads.add(Source::Verified(verified), Says::Is(role));
    }
}

/// Which rule a read of a token breaks.
fn of_token(says: Says<Option<u64>>, breach: Breach, earlier: Option<Says<Option<u64>>>) -> Rule {
    match (says, breach, earlier) {
        (Says::IsNot(_), _, _) => Rule::FalseReject,
        (Says::Is(_), Breach::Stale, _) => Rule::StaleAccept,
        (Says::Is(_), Breach::WentBack(_), Some(Says::IsNot(_))) => Rule::Resurrection,
        (Says::Is(_), Breach::WentBack(_), _) => Rule::Order,
        (Says::Is(_), Breach::Early | Breach::Never, _) => Rule::Identity,
    }
}
