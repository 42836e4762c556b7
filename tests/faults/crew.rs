//! Users who replace their tokens as fast as they can and keep books of what they were told.

use tests::client::neighbour;
use tests::{Actor, Answer, Client, TestApp};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The words of a 503 after which the request may have taken effect.
const OUTCOME_UNKNOWN: &str = "not known whether the request took effect";

/// Whether this is the 503 that leaves the outcome open.
pub(crate) fn is_outcome_unknown(answer: &Answer) -> bool {
    answer.status == 503 && answer.text().contains(OUTCOME_UNKNOWN)
}

/// Expects a refusal because the store cannot be asked.
#[track_caller]
pub(crate) fn assert_unavailable(answer: Answer) -> Answer {
    let answer = answer.assert_refused(503, "Unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
    answer
}

/// Expects the answer to a token that is not good: past the limit of an address that is 429, which
/// a live one is never told.
#[track_caller]
pub(crate) fn assert_dead(answer: &Answer) {
    assert!([401, 429].contains(&answer.status.as_u16()), "a dead token works: {answer:?}");
}

/// One user with a token.
#[derive(Debug)]
pub(crate) struct Rotator {
    pub(crate) actor: Actor,
    /// The last token that was handed over, and its generation.
    token: (String, u64),
    /// Tokens that were handed over before it, since the last look.
    dead: Vec<String>,
    /// Whether one more replacement may have happened.
    in_doubt: bool,
}

/// What a crew has seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Books {
    /// Replacements that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Requests that ended without an answer, or with that of not knowing.
    pub(crate) in_doubt: usize,
    /// Those of them that had taken effect.
    pub(crate) happened: usize,
}

impl Rotator {
    async fn new(actor: Actor) -> Self {
        let answer = actor.post("/v1/user/api-token").send().await.assert_status(201);
        let token = token_of(&answer);
        Self { actor, token, dead: Vec::new(), in_doubt: false }
    }

    /// Replaces the token again and again until a request is not answered with a new one.
    async fn rotate_until_it_fails(mut self, acknowledged: watch::Sender<usize>) -> Self {
        while let Ok(answer) = self.actor.post("/v1/user/api-token/regenerate").try_send().await {
            match answer.status.as_u16() {
                200 => {
                    let new = token_of(&answer);
                    assert_eq!(new.1, self.token.1 + 1, "a generation was left out: {answer:?}");
                    self.dead.push(std::mem::replace(&mut self.token, new).0);
                    acknowledged.send_modify(|count| *count += 1);
                }
                503 => {
                    self.in_doubt = is_outcome_unknown(&answer);
                    assert_unavailable(answer);
                    return self;
                }
                _ => panic!("{answer:?}"),
            }
        }
        self.in_doubt = true;
        self
    }

    /// Expects that everything acknowledged still holds, and leaves with a token that works.
    async fn check(mut self, anonymous: Client) -> (Self, Books) {
        let mut books = Books { acknowledged: self.dead.len(), ..Books::default() };
        let whoami = async |token: &str| anonymous.clone().with_token(token).whoami().await;
        for dead in self.dead.drain(..) {
            assert_dead(&whoami(&dead).await);
        }
        let state = self.actor.token_state().await.json();
        assert_eq!(state["active"], true, "{state}");
        let (name, (token, generation)) = (&self.actor.name, &self.token);
        if state["generation"] == *generation {
            whoami(token).await.assert_user(name);
            books.in_doubt = self.in_doubt.into();
        } else {
            assert!(self.in_doubt, "{name} was told {generation} and found {state}");
            assert_eq!(state["generation"], generation + 1, "{name}");
            assert_dead(&whoami(token).await);
            (books.in_doubt, books.happened) = (1, 1);
            let answer = self.actor.post("/v1/user/api-token/regenerate").send().await;
            self.token = token_of(&answer.assert_status(200));
            whoami(&self.token.0).await.assert_user(name);
        }
        self.in_doubt = false;
        (self, books)
    }
}

fn token_of(answer: &Answer) -> (String, u64) {
    (answer.string("token"), answer.json()["generation"].as_u64().expect("a number"))
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Crew {
    pub(crate) rotators: Vec<Rotator>,
    working: JoinSet<Rotator>,
    acknowledged: watch::Sender<usize>,
    pub(crate) books: Books,
}

impl Crew {
    /// So many users with a token each.
    pub(crate) async fn of(size: usize, app: &TestApp) -> Self {
        let mut rotators = Vec::new();
        for number in 0..size {
            rotators.push(Rotator::new(app.user(&format!("user-{number}")).await).await);
        }
        Self {
            rotators,
            working: JoinSet::new(),
            acknowledged: watch::Sender::new(0),
            books: Books::default(),
        }
    }

    /// Lets all of them work at the same time, and waits until so many replacements are acknowledged.
    pub(crate) async fn work(&mut self, acknowledgements: usize) {
        let mut acknowledged = self.acknowledged.subscribe();
        let goal = *acknowledged.borrow() + acknowledgements;
        for rotator in self.rotators.drain(..) {
            self.working.spawn(rotator.rotate_until_it_fails(self.acknowledged.clone()));
        }
        acknowledged.wait_for(|count| *count >= goal).await.expect("the crew keeps it open");
    }

    /// Waits until each has met a failure.
    pub(crate) async fn stopped(&mut self) {
        while let Some(rotator) = self.working.join_next().await {
            self.rotators.push(rotator.expect("no broken promise"));
        }
    }

    /// Expects that what each was told holds.
    pub(crate) async fn check(&mut self, app: &TestApp) {
        let mut checks = JoinSet::new();
        // Each from an address of its own: the dead tokens of all would be too many from one.
        for (number, rotator) in (1..).zip(self.rotators.drain(..)) {
            checks.spawn(rotator.check(app.anonymous().connecting_from(neighbour(number))));
        }
        while let Some(checked) = checks.join_next().await {
            let (rotator, books) =
                checked.unwrap_or_else(|broken| panic!("{broken}:\n{}", app.server().stderr()));
            self.rotators.push(rotator);
            self.books.acknowledged += books.acknowledged;
            self.books.in_doubt += books.in_doubt;
            self.books.happened += books.happened;
        }
    }
}
