//! The checker's own tests: for each rule a history that breaks it, and the nearest one that does not.

use crate::checker::{CHANGE_RECOVERY, READ_RECOVERY, Rule, check};
use crate::record::{
    Aggregate, Change, Changed, Event, Fact, History, Outcome, Question, Role, Seen, Span, Time,
    Token, TokenFacts, Verified, Window,
};

/// A history that is being told. One user in one account; token 0 never was made, token 1 is the first.
struct Tale(History);

fn tale() -> Tale {
    let never = TokenFacts { owner: None, id: String::new(), generation: 0 };
    let mut tale = Tale(History {
        users: 1,
        accounts_of: vec![vec![0]],
        tokens: vec![never],
        ..History::default()
    });
    tale.token(1);
    tale.event(Aggregate::User(0), "before-0", Fact::Other);
    tale.event(Aggregate::Account(0), "before-1", Fact::Member(0, Role::Admin));
    tale.event(Aggregate::Token(0), "before-2", live(1));
    tale
}

fn live(generation: u64) -> Fact {
    Fact::Live { id: format!("token-{generation}"), generation }
}

fn caller(token: Token, role: Option<Role>) -> Seen {
    Seen::Caller {
        user: Some(0),
        token: Some(token),
        generation: token as u64,
        roles: role.map(|role| (0, role)).into_iter().collect(),
    }
}

/// The token is accepted, and its owner is an admin of the account.
fn valid(token: Token) -> Seen {
    caller(token, Some(Role::Admin))
}

impl Tale {
    fn token(&mut self, generation: u64) {
        let id = format!("token-{generation}");
        self.0.tokens.push(TokenFacts { owner: Some(0), id, generation });
    }

    fn event(&mut self, aggregate: Aggregate, request: &str, fact: Fact) {
        let before = self.0.log.iter().filter(|event| event.aggregate == aggregate).count();
        let (sequence, request) = (before as u64 + 1, request.to_owned());
        self.0.log.push(Event { aggregate, sequence, request, fact });
    }

    fn change(mut self, start: Time, end: Time, change: Change, outcome: Outcome) -> Self {
        let request = format!("history-{}", self.0.changes.len());
        let span = Span { start, end };
        let changed = Changed { request, user: 0, span, change, outcome };
        self.0.changes.push(changed);
        self
    }

    /// The event of the change told last.
    fn log(mut self, aggregate: Aggregate, fact: Fact) -> Self {
        let request = self.0.changes.last().expect("a change was told").request.clone();
        self.event(aggregate, &request, fact);
        self
    }

    /// Token 2 takes the place of token 1.
    fn rotation(mut self, start: Time, end: Time, outcome: Outcome) -> Self {
        self.token(2);
        let excused = matches!(outcome, Outcome::Unknown | Outcome::Unavailable);
        let told = if excused { self.fault(start, end) } else { self };
        told.change(start, end, Change::Regenerate, outcome).log(Aggregate::Token(0), live(2))
    }

    /// The user is locked, which ends the token.
    fn lock(self, start: Time, end: Time) -> Self {
        self.change(start, end, Change::Lock, Outcome::Done(None))
            .log(Aggregate::User(0), Fact::Locked)
            .log(Aggregate::Token(0), Fact::Dead)
    }

    fn see(self, start: Time, end: Time, token: Token, seen: Seen) -> Self {
        self.ask(start, end, token, Question::Caller, seen)
    }

    fn ask(mut self, start: Time, end: Time, token: Token, question: Question, seen: Seen) -> Self {
        let span = Span { start, end };
        self.0.verifies.push(Verified { token, node: 0, span, question, seen });
        self
    }

    fn fault(mut self, start: Time, end: Time) -> Self {
        let span = Span { start, end };
        self.0.windows.push(Window { span, nodes: vec![0], fault: String::new() });
        self
    }

    #[track_caller]
    fn breaks(self, rule: Rule) {
        let violations = check(&self.0);
        let rules: Vec<_> = violations.iter().map(|violation| violation.rule).collect();
        assert_eq!(rules, [rule], "{violations:?}");
    }

    #[track_caller]
    fn breaks_nothing(self) {
        let violations = check(&self.0);
        assert!(violations.is_empty(), "{violations:?}");
    }
}

const DONE: Outcome = Outcome::Done(Some(2));

#[test]
fn a_replaced_token_is_dead_to_whoever_asks_after_the_acknowledgement() {
    tale().rotation(10, 20, DONE).see(21, 22, 1, valid(1)).breaks(Rule::StaleAccept);
    tale().rotation(10, 20, DONE).see(20, 22, 1, valid(1)).breaks_nothing();
    // Nobody was told, so it may be at any time after.
    tale().rotation(10, 20, Outcome::Unknown).see(30, 31, 1, valid(1)).breaks_nothing();
}

#[test]
fn an_acknowledgement_holds_for_everything_before_it_in_the_same_aggregate() {
    let twice = || {
        let mut tale = tale().rotation(10, 20, Outcome::Unknown);
        tale.token(3);
        tale.change(30, 40, Change::Regenerate, Outcome::Done(Some(3)))
            .log(Aggregate::Token(0), live(3))
    };
    twice().see(41, 42, 1, valid(1)).breaks(Rule::StaleAccept);
    twice().see(40, 42, 1, valid(1)).breaks_nothing();
}

#[test]
fn a_live_token_is_not_refused() {
    tale().see(10, 20, 1, Seen::Invalid).breaks(Rule::FalseReject);
    tale().rotation(20, 30, DONE).see(10, 20, 1, Seen::Invalid).breaks_nothing();
    tale().rotation(10, 20, DONE).see(21, 22, 2, Seen::Invalid).breaks(Rule::FalseReject);
    tale().rotation(10, 20, DONE).see(20, 22, 2, Seen::Invalid).breaks_nothing();
}

#[test]
fn what_was_refused_once_is_never_accepted_again() {
    let unknown = || tale().rotation(10, 20, Outcome::Unknown).see(30, 31, 1, Seen::Invalid);
    unknown().see(32, 33, 1, valid(1)).breaks(Rule::Resurrection);
    // At the same time either may have come first.
    unknown().see(31, 33, 1, valid(1)).breaks_nothing();
}

#[test]
fn what_a_newer_token_replaced_is_never_accepted_again() {
    let unknown = || tale().rotation(10, 20, Outcome::Unknown).see(30, 31, 2, valid(2));
    unknown().see(32, 33, 1, valid(1)).breaks(Rule::Order);
    unknown().see(31, 33, 1, valid(1)).breaks_nothing();
}

#[test]
fn the_log_has_what_was_acknowledged_once_and_no_more() {
    tale().change(10, 20, Change::Generate, Outcome::Unknown).fault(10, 20).breaks_nothing();
    let mut lost = tale();
    lost.token(2);
    lost.change(10, 20, Change::Regenerate, DONE).breaks(Rule::Log);
    tale().rotation(10, 20, Outcome::Refused(409)).breaks(Rule::Log);
    tale().rotation(10, 20, Outcome::Unavailable).breaks(Rule::Log);
    tale().rotation(10, 20, Outcome::Unknown).breaks_nothing();
    let twice = tale().rotation(10, 20, DONE).log(Aggregate::Token(0), live(3));
    twice.breaks(Rule::Log);
    let mut gap = tale().rotation(10, 20, DONE);
    gap.0.log.last_mut().expect("it is there").sequence = 3;
    gap.breaks(Rule::Log);
    let mut other = tale().rotation(10, 20, DONE);
    other.0.log.last_mut().expect("it is there").fact =
        Fact::Live { id: "another".to_owned(), generation: 2 };
    other.breaks(Rule::Log);
    let mut nobody = tale();
    nobody.event(Aggregate::Token(0), "history-9", Fact::Dead);
    nobody.breaks(Rule::Log);
}

#[test]
fn an_acknowledgement_without_an_event_says_that_it_was_so() {
    let revoke = |start, end| {
        tale()
            .change(10, 20, Change::Revoke, Outcome::Done(None))
            .log(Aggregate::Token(0), Fact::Dead)
            .change(start, end, Change::Revoke, Outcome::Done(None))
    };
    revoke(15, 30).breaks_nothing();
    revoke(1, 9).breaks(Rule::Log);
    let same = Change::PutMember(0, Role::Admin);
    tale().change(10, 20, same, Outcome::Done(None)).breaks_nothing();
    let other = Change::PutMember(0, Role::Viewer);
    tale().change(10, 20, other, Outcome::Done(None)).breaks(Rule::Log);
}

#[test]
fn nobody_is_turned_away_without_a_fault() {
    let fault = || tale().fault(100, 200);
    for seen in [Seen::Unavailable, Seen::Nothing] {
        fault().see(98, 99, 1, seen.clone()).breaks(Rule::Unavailable);
        fault().see(98, 100, 1, seen.clone()).breaks_nothing();
        let late = 200 + READ_RECOVERY;
        fault().see(late, late + 1, 1, seen.clone()).breaks_nothing();
        fault().see(late + 1, late + 2, 1, seen).breaks(Rule::Unavailable);
    }
    let mut elsewhere = fault();
    elsewhere.0.windows[0].nodes = vec![1];
    elsewhere.see(110, 120, 1, Seen::Unavailable).breaks(Rule::Unavailable);
    fault().see(110, 120, 1, Seen::Broken(500)).breaks(Rule::Unavailable);
    let mut starved = tale();
    starved.0.starved.push(Span { start: 100, end: 200 });
    starved.see(98, 100, 1, Seen::Unavailable).breaks_nothing();
    let late = 201 + CHANGE_RECOVERY;
    fault().change(late, late, Change::Revoke, Outcome::Unknown).breaks(Rule::Unavailable);
    fault().change(late - 1, late, Change::Revoke, Outcome::Unknown).breaks_nothing();
}

#[test]
fn a_token_is_its_owners_and_was_made() {
    let other =
        Seen::Caller { user: None, token: Some(1), generation: 1, roles: vec![(0, Role::Admin)] };
    tale().see(10, 20, 1, other).breaks(Rule::Identity);
    tale().see(10, 20, 1, caller(1, Some(Role::Admin))).breaks_nothing();
    tale().see(10, 20, 0, valid(1)).breaks(Rule::Identity);
    tale().see(10, 20, 0, Seen::Invalid).breaks_nothing();
}

#[test]
fn a_locked_user_is_refused_and_comes_back_without_the_token() {
    tale().lock(10, 20).see(20, 21, 1, valid(1)).breaks_nothing();
    tale().lock(10, 20).see(21, 22, 1, Seen::Invalid).breaks_nothing();
    let rules: Vec<_> = check(&tale().lock(10, 20).see(21, 22, 1, valid(1)).0)
        .iter()
        .map(|violation| violation.rule)
        .collect();
    assert_eq!(rules, [Rule::StaleAccept, Rule::Access]);
    // The lock alone refuses, when its second half has failed.
    let half = || {
        tale()
            .change(10, 20, Change::Lock, Outcome::Unknown)
            .log(Aggregate::User(0), Fact::Locked)
            .fault(10, 20)
    };
    half().see(21, 22, 1, Seen::Invalid).breaks_nothing();
    half().see(21, 22, 1, Seen::Invalid).see(23, 24, 1, valid(1)).breaks(Rule::Access);
}

#[test]
fn access_is_what_the_account_says() {
    let removed = || {
        tale()
            .change(10, 20, Change::RemoveMember(0), Outcome::Done(None))
            .log(Aggregate::Account(0), Fact::NoMember(0))
    };
    removed().see(21, 22, 1, valid(1)).breaks(Rule::Access);
    removed().see(20, 22, 1, valid(1)).breaks_nothing();
    removed().see(21, 22, 1, caller(1, None)).breaks_nothing();
    removed().see(1, 9, 1, caller(1, None)).breaks(Rule::Access);
    let access = Question::Access(0);
    removed().ask(21, 22, 1, access, Seen::Member(Role::Admin)).breaks(Rule::Access);
    removed().ask(20, 22, 1, access, Seen::Member(Role::Admin)).breaks_nothing();
    removed().ask(1, 9, 1, access, Seen::NoMember).breaks(Rule::Access);
    removed().ask(21, 22, 1, access, Seen::NoMember).breaks_nothing();
    let lowered = tale()
        .change(10, 20, Change::PutMember(0, Role::Viewer), Outcome::Done(None))
        .log(Aggregate::Account(0), Fact::Member(0, Role::Viewer));
    lowered.ask(21, 22, 1, access, Seen::Member(Role::Admin)).breaks(Rule::Access);
    let mut foreign = caller(1, Some(Role::Admin));
    if let Seen::Caller { roles, .. } = &mut foreign {
        roles.push((7, Role::Viewer));
    }
    tale().see(10, 20, 1, foreign).breaks(Rule::Access);
}
