//! The users of a run, what they hold, and the notes of everything that was asked and answered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::token::{Prefix, TokenSecret};
use futures_util::{StreamExt, stream};
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::fleet::{Fleet, NODES, SIGNED_IN};
use crate::record::{
    Account, BEFORE, Change, Changed, DURING, History, Node, Outcome, Question, Role, Seen, Span,
    Time, Token, TokenFacts, User, Verified, Window,
};
use crate::wire::{Pool, Reply, request};

/// How many users a run has.
pub(crate) const USERS: usize = 200;
const ACCOUNTS: usize = 12;
/// Well-formed tokens that never were made.
pub(crate) const NEVER_MADE: usize = 20;
/// Connections to each node that are open before they are needed.
const CONNECTIONS: usize = 48;

/// The status of [`World::showing`] for a good token.
pub(crate) const GOOD: u16 = 403;

const ADMIN: &str = "root@example.test";

/// What a change to be made next is chosen by. It may be wrong, when an answer was lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Belief {
    pub(crate) live: Option<Token>,
    pub(crate) is_locked: bool,
    pub(crate) roles: Vec<(Account, Option<Role>)>,
}

#[derive(Debug)]
struct Person {
    id: String,
    email: String,
    belief: Mutex<Belief>,
}

/// A token as the test needs it.
#[derive(Debug)]
struct Held {
    facts: TokenFacts,
    /// The head of a request that shows it.
    headers: Vec<String>,
}

/// The first nodes, by which everyone is let in. The last may be of another release, whose writers wait for
/// every lease to run out.
const SETTLERS: usize = 2;

/// Everything that workers share.
#[derive(Debug)]
pub(crate) struct World {
    began: Instant,
    pools: Vec<Pool>,
    people: Vec<Person>,
    accounts: Vec<String>,
    account_numbers: HashMap<String, Account>,
    user_numbers: HashMap<String, User>,
    tokens: Mutex<Vec<Arc<Held>>>,
    token_numbers: Mutex<HashMap<String, Token>>,
    requests: AtomicUsize,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    changes: Vec<Changed>,
    verifies: Vec<Verified>,
    windows: Vec<Window>,
    starved: Vec<Span>,
    answered: usize,
    done: usize,
}

#[derive(Deserialize)]
struct CallerReply {
    #[serde(rename = "tokenId")]
    token_id: String,
    generation: u64,
    user: IdReply,
    accounts: Vec<AccountReply>,
}

#[derive(Deserialize)]
struct IdReply {
    id: String,
}

#[derive(Deserialize)]
struct AccountReply {
    id: String,
    role: Role,
}

#[derive(Deserialize)]
struct TokenReply {
    token: String,
    #[serde(rename = "tokenId")]
    token_id: String,
    generation: u64,
}

impl World {
    /// Sets the service up, and lets everyone in: each user belongs to some accounts and has a token.
    pub(crate) async fn settle(
        fleet: &Fleet,
        code: &str,
        users: usize,
        chance: &mut StdRng,
    ) -> Arc<Self> {
        let pools: Vec<_> = (0..NODES).map(|node| Pool::new(fleet.address(node))).collect();
        let body = json!({
            "code": code, "email": ADMIN, "name": "root", "password": "horse battery staple",
            "account": "Main",
        });
        ask(&pools[0], "POST", "/v1/setup", &[], &body.to_string(), 201).await;
        let mut world = Self {
            began: Instant::now(),
            pools,
            people: Vec::new(),
            accounts: Vec::new(),
            account_numbers: HashMap::new(),
            user_numbers: HashMap::new(),
            tokens: Mutex::default(),
            token_numbers: Mutex::default(),
            requests: AtomicUsize::new(0),
            notes: Mutex::default(),
        };
        for account in 0..ACCOUNTS {
            let body = json!({ "name": format!("account {account}") }).to_string();
            let target = "/v1/admin/accounts";
            let id = world.ask_before(0, "POST", target, ADMIN, &body, 201).await;
            let id: IdReply = serde_json::from_slice(&id.body).expect("an account");
            world.account_numbers.insert(id.id.clone(), account);
            world.accounts.push(id.id);
        }
        world.invite(users).await;
        let world = Arc::new(world);
        for _ in 0..NEVER_MADE {
            let secret = TokenSecret::generate(&Prefix::default(), chance);
            let facts = TokenFacts { owner: None, id: String::new(), generation: 0 };
            world.hold(facts, secret.expose());
        }
        world.let_in().await;
        for pool in &world.pools {
            pool.fill(CONNECTIONS).await;
        }
        world
    }

    async fn invite(&mut self, users: usize) {
        let world = &*self;
        let people = stream::iter(0..users).map(|user| world.invite_one(user));
        let people: Vec<_> = people.buffered(16).collect().await;
        let numbers = people.iter().enumerate().map(|(user, person)| (person.id.clone(), user));
        self.user_numbers.extend(numbers);
        self.people = people;
    }

    async fn invite_one(&self, user: User) -> Person {
        let email = format!("user-{user}@example.test");
        let body = json!({ "email": email, "name": format!("user {user}") }).to_string();
        let target = "/v1/admin/users";
        let reply = self.ask_before(user % SETTLERS, "POST", target, ADMIN, &body, 201).await;
        let reply: IdReply = serde_json::from_slice(&reply.body).expect("a user");
        Person { id: reply.id, email, belief: Mutex::default() }
    }

    async fn let_in(self: &Arc<Self>) {
        let mut work = JoinSet::new();
        for account in 0..ACCOUNTS {
            let world = Arc::clone(self);
            work.spawn(async move { world.fill_account(account).await });
        }
        for user in 0..self.users() {
            let world = Arc::clone(self);
            work.spawn(async move { world.give_token(user).await });
            if work.len() > 16 {
                work.join_next().await.expect("it is not empty").expect("no refusal");
            }
        }
        while let Some(done) = work.join_next().await {
            done.expect("no refusal");
        }
    }

    async fn fill_account(&self, account: Account) {
        for user in 0..self.users() {
            let Some(place) = accounts_of(user).iter().position(|of| *of == account) else {
                continue;
            };
            // Nobody is in the last of theirs, so that it can be joined.
            let role = [Some(Role::Member), Some(Role::Viewer), None][place];
            if let Some(role) = role {
                let (target, body) = (self.member(account, user), role_body(role));
                self.ask_before(account % SETTLERS, "PUT", &target, ADMIN, &body, 204).await;
            }
            let mut belief = self.people[user].belief.lock().expect("nobody panics");
            belief.roles.push((account, role));
        }
    }

    async fn give_token(&self, user: User) {
        let email = &self.people[user].email;
        let target = "/v1/user/api-token";
        let reply = self.ask_before(user % SETTLERS, "POST", target, email, "", 201).await;
        let token = self.receive(user, &reply).expect("a token");
        self.people[user].belief.lock().expect("nobody panics").live = Some(token);
    }

    async fn ask_before(
        &self,
        node: Node,
        method: &str,
        target: &str,
        email: &str,
        body: &str,
        expected: u16,
    ) -> Reply {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let headers = [format!("{SIGNED_IN}: {email}"), format!("x-request-id: {BEFORE}{number}")];
        ask(&self.pools[node], method, target, &headers, body, expected).await
    }

    /// How many users there are.
    pub(crate) fn users(&self) -> usize {
        self.people.len()
    }

    /// The bytes of a request that is answered from what is known of the token alone: may it act in an account
    /// that is none of its owner's? That it may not, [`GOOD`], says that the token is good.
    pub(crate) fn showing(&self, token: Token) -> Vec<u8> {
        self.acting(token, "00000000-0000-7000-8000-000000000000")
    }

    /// The bytes of a request that is answered 200 for a good token, and whose answer tells what the user's first account
    /// is called.
    pub(crate) fn naming(&self, user: User, token: Token) -> Vec<u8> {
        self.acting(token, &self.accounts[accounts_of(user)[0]])
    }

    /// The bytes of a request of a token's bearer about this account.
    fn acting(&self, token: Token, account: &str) -> Vec<u8> {
        let mut headers = self.held(token).headers.clone();
        headers.push(format!("x-account-id: {account}"));
        request("GET", "/v1/account", &headers, "")
    }

    fn held(&self, token: Token) -> Arc<Held> {
        Arc::clone(&self.tokens.lock().expect("nobody panics")[token])
    }

    /// The bytes of a request of a user who is signed in, in one of the user's accounts.
    pub(crate) fn signed_in(&self, user: User, method: &str, target: &str) -> Vec<u8> {
        let account = &self.accounts[accounts_of(user)[0]];
        let email = &self.people[user].email;
        let headers = [format!("{SIGNED_IN}: {email}"), format!("x-account-id: {account}")];
        request(method, target, &headers, "")
    }

    /// What time it is; never zero.
    pub(crate) fn now(&self) -> Time {
        u64::try_from(self.began.elapsed().as_nanos()).expect("no run takes centuries")
    }

    /// What is believed of a user.
    pub(crate) fn belief(&self, user: User) -> Belief {
        self.people[user].belief.lock().expect("nobody panics").clone()
    }

    /// How many tokens there are, those that never were made among them.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens.lock().expect("nobody panics").len()
    }

    /// So many verifies were answered, and so many changes acknowledged.
    pub(crate) fn progress(&self) -> (usize, usize) {
        let notes = self.notes.lock().expect("nobody panics");
        (notes.answered, notes.done)
    }

    /// Notes that something was broken on purpose.
    pub(crate) fn note_fault(&self, window: Window) {
        self.notes.lock().expect("nobody panics").windows.push(window);
    }

    /// Notes that the machine had no time for anybody.
    pub(crate) fn note_starvation(&self, span: Span) {
        self.notes.lock().expect("nobody panics").starved.push(span);
    }

    /// Opens the connections that a fault has closed.
    pub(crate) async fn reconnect(&self) {
        for pool in &self.pools {
            pool.fill(CONNECTIONS).await;
        }
    }

    /// Shows a token to a node, and notes what it says.
    pub(crate) async fn verify(&self, token: Token, node: Node, question: Question) -> Seen {
        let bytes = match question {
            Question::Caller => request("GET", "/v1/token", &self.held(token).headers, ""),
            Question::Access(account) => self.acting(token, &self.accounts[account]),
        };
        let start = self.now();
        let reply = self.pools[node].ask(&bytes).await;
        let span = Span { start, end: self.now() };
        let seen = self.understand(question, reply);
        let mut notes = self.notes.lock().expect("nobody panics");
        if !matches!(seen, Seen::Unavailable | Seen::Nothing) {
            notes.answered += 1;
        }
        notes.verifies.push(Verified { token, node, span, question, seen: seen.clone() });
        seen
    }

    fn understand(&self, question: Question, reply: Option<Reply>) -> Seen {
        let Some(reply) = reply else { return Seen::Nothing };
        match (reply.status, question) {
            (200, Question::Caller) => match serde_json::from_slice::<CallerReply>(&reply.body) {
                Ok(caller) => self.caller(&caller),
                Err(_) => Seen::Broken(200),
            },
            (200, Question::Access(account)) => {
                match serde_json::from_slice::<AccountReply>(&reply.body) {
                    Ok(reply) if reply.id == self.accounts[account] => Seen::Member(reply.role),
                    _ => Seen::Broken(200),
                }
            }
            (403, Question::Access(_)) => Seen::NoMember,
            // Past the limit of an address what is dead is told 429; what is live never is.
            (401 | 429, _) => Seen::Invalid,
            (503, _) => Seen::Unavailable,
            (status, _) => Seen::Broken(status),
        }
    }

    fn caller(&self, caller: &CallerReply) -> Seen {
        let numbers = self.token_numbers.lock().expect("nobody panics");
        let role = |account: &AccountReply| {
            // An account of no number is one that nobody is put in.
            let number = self.account_numbers.get(&account.id).copied().unwrap_or(usize::MAX);
            (number, account.role)
        };
        Seen::Caller {
            user: self.user_numbers.get(&caller.user.id).copied(),
            token: numbers.get(&caller.token_id).copied(),
            generation: caller.generation,
            roles: caller.accounts.iter().map(role).collect(),
        }
    }

    /// Asks a node for a change, and notes what it says.
    pub(crate) async fn change(&self, user: User, node: Node, change: Change) -> Outcome {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("{DURING}{number}");
        let bytes = self.request_for(user, change, &id);
        let start = self.now();
        let reply = self.pools[node].ask(&bytes).await;
        let end = self.now();
        let outcome = self.outcome(user, change, reply);
        let span = Span { start, end };
        let mut notes = self.notes.lock().expect("nobody panics");
        notes.done += usize::from(matches!(outcome, Outcome::Done(_)));
        notes.changes.push(Changed { request: id, user, span, change, outcome });
        drop(notes);
        self.believe(user, change, outcome);
        outcome
    }

    fn request_for(&self, user: User, change: Change, id: &str) -> Vec<u8> {
        let person = &self.people[user];
        let signed_in = |email: &str| vec![format!("{SIGNED_IN}: {email}")];
        let own = || signed_in(&person.email);
        let of_admin = || signed_in(ADMIN);
        let id_of = &person.id;
        let lock = || format!("/v1/admin/users/{id_of}/lock");
        let (method, target, mut headers, body) = match change {
            Change::Generate => ("POST", "/v1/user/api-token".to_owned(), own(), String::new()),
            Change::Regenerate => {
                ("POST", "/v1/user/api-token/regenerate".to_owned(), own(), String::new())
            }
            Change::Revoke => ("DELETE", "/v1/user/api-token".to_owned(), own(), String::new()),
            Change::RevokeByAdmin => {
                let target = format!("/v1/admin/users/{id_of}/api-token");
                ("DELETE", target, of_admin(), String::new())
            }
            Change::RevokeByBearer(token) => {
                let held = self.held(token);
                ("DELETE", "/v1/token".to_owned(), held.headers.clone(), String::new())
            }
            Change::Lock => ("PUT", lock(), of_admin(), String::new()),
            Change::Unlock => ("DELETE", lock(), of_admin(), String::new()),
            Change::PutMember(account, role) => {
                ("PUT", self.member(account, user), of_admin(), role_body(role))
            }
            Change::RemoveMember(account) => {
                ("DELETE", self.member(account, user), of_admin(), String::new())
            }
        };
        headers.push(format!("x-request-id: {id}"));
        request(method, &target, &headers, &body)
    }

    fn outcome(&self, user: User, change: Change, reply: Option<Reply>) -> Outcome {
        let Some(reply) = reply else { return Outcome::Unknown };
        // These two are two commands each: the second may fail when the first is done.
        let is_twofold = matches!(change, Change::Lock | Change::Unlock);
        match reply.status {
            200 | 201 => match self.receive(user, &reply) {
                Some(token) => Outcome::Done(Some(token)),
                None => Outcome::Broken(reply.status),
            },
            204 => Outcome::Done(None),
            503 if is_twofold || reply.text().contains("not known") => Outcome::Unknown,
            503 => Outcome::Unavailable,
            status @ (401 | 403 | 404 | 409 | 412) => Outcome::Refused(status),
            status => Outcome::Broken(status),
        }
    }

    fn believe(&self, user: User, change: Change, outcome: Outcome) {
        let mut belief = self.people[user].belief.lock().expect("nobody panics");
        match (change, outcome) {
            (_, Outcome::Done(Some(token))) => {
                let tokens = self.tokens.lock().expect("nobody panics");
                let generation = |token: Token| tokens[token].facts.generation;
                if belief.live.is_none_or(|live| generation(live) < generation(token)) {
                    belief.live = Some(token);
                }
            }
            (Change::Lock, Outcome::Done(None) | Outcome::Unknown) => {
                (belief.is_locked, belief.live) = (true, None);
            }
            (Change::Unlock, Outcome::Done(None)) => belief.is_locked = false,
            // Someone was quicker, or it was so.
            (Change::Regenerate, Outcome::Refused(409))
            | (
                Change::Revoke | Change::RevokeByAdmin | Change::RevokeByBearer(_),
                Outcome::Done(None) | Outcome::Unknown,
            ) => belief.live = None,
            (Change::Generate | Change::Regenerate, Outcome::Refused(403)) => {
                belief.is_locked = true;
            }
            (Change::PutMember(account, role), Outcome::Done(None)) => {
                belief.set_role(account, Some(role));
            }
            (Change::RemoveMember(account), Outcome::Done(None) | Outcome::Refused(404)) => {
                belief.set_role(account, None);
            }
            _ => {}
        }
    }

    /// Keeps the token that an answer shows.
    fn receive(&self, user: User, reply: &Reply) -> Option<Token> {
        let reply: TokenReply = serde_json::from_slice(&reply.body).ok()?;
        let TokenReply { token, token_id, generation } = reply;
        Some(self.hold(TokenFacts { owner: Some(user), id: token_id, generation }, &token))
    }

    fn hold(&self, facts: TokenFacts, secret: &str) -> Token {
        let mut tokens = self.tokens.lock().expect("nobody panics");
        let token = tokens.len();
        let id = facts.id.clone();
        let [_, high, middle, low] = u32::try_from(token).expect("few").to_be_bytes();
        let headers = vec![
            format!("authorization: Bearer {secret}"),
            format!("x-forwarded-for: 10.{high}.{middle}.{low}"),
        ];
        tokens.push(Arc::new(Held { facts, headers }));
        self.token_numbers.lock().expect("nobody panics").insert(id, token);
        token
    }

    /// The number of a user or account by the id that the database knows.
    pub(crate) fn user_number(&self, id: &str) -> Option<User> {
        self.user_numbers.get(id).copied()
    }

    /// As [`World::user_number`].
    pub(crate) fn account_number(&self, id: &str) -> Option<Account> {
        self.account_numbers.get(id).copied()
    }

    /// All notes so far, without the log.
    pub(crate) fn history(&self) -> History {
        let notes = self.notes.lock().expect("nobody panics");
        let tokens = self.tokens.lock().expect("nobody panics");
        History {
            users: self.users(),
            accounts_of: (0..self.users()).map(|user| accounts_of(user).to_vec()).collect(),
            tokens: tokens.iter().map(|held| held.facts.clone()).collect(),
            changes: notes.changes.clone(),
            verifies: notes.verifies.clone(),
            windows: notes.windows.clone(),
            starved: notes.starved.clone(),
            log: Vec::new(),
        }
    }

    fn member(&self, account: Account, user: User) -> String {
        let (account, user) = (&self.accounts[account], &self.people[user].id);
        format!("/v1/admin/accounts/{account}/members/{user}")
    }
}

impl Belief {
    fn set_role(&mut self, account: Account, role: Option<Role>) {
        for (of, known) in &mut self.roles {
            if *of == account {
                *known = role;
            }
        }
    }
}

/// The accounts that changes about a user are made in: three different ones.
fn accounts_of(user: User) -> [Account; 3] {
    [user % ACCOUNTS, (user + 5) % ACCOUNTS, (user + 7) % ACCOUNTS]
}

fn role_body(role: Role) -> String {
    json!({ "role": role.name() }).to_string()
}

/// One request before the run, which is answered as expected.
async fn ask(
    pool: &Pool,
    method: &str,
    target: &str,
    headers: &[String],
    body: &str,
    expected: u16,
) -> Reply {
    let bytes = request(method, target, headers, body);
    let mut left = 20;
    loop {
        match pool.ask(&bytes).await {
            Some(reply) if reply.status == expected => return reply,
            // Another writer was quicker.
            Some(reply) if reply.status == 409 && left > 0 => left -= 1,
            reply => panic!("{method} {target}: {:?}", reply.map(|reply| reply.text())),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
