//! An empty store and the means to make things happen on it, with times, ids and digests that are all
//! different and the same in every run.

mod campaigns;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::commands::{CommandError, Commands, Executor};
use chrono::{DateTime, Utc};
use domain::token::{FreshToken, RevocationReason, TokenDigest, TokenHint};
use domain::{
    AccountCommand, AccountId, AccountRole, CommandId, TokenCommand, TokenEvent, TokenId,
    UserCommand, UserId,
};
use projections::particulars::SetupStep;
use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use projections::{
    Actor, EventStore, NewUserProfile, Origin, Particulars, ReadModels, StoreError, Submission,
    Subscribers, Via,
};
use sha2::{Digest, Sha256};
use tests::{Database, Ledger, Store};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub(crate) use campaigns::{added, person};

/// A store that the contract holds for.
pub(crate) trait TestStore: EventStore + ReadModels {
    const STORE: Store;

    /// Opens an empty database and makes its tables.
    async fn open(database: &Database) -> Self;

    /// Closes all connections.
    async fn close(&self);
}

impl TestStore for Sqlite {
    const STORE: Store = Store::Sqlite;

    async fn open(database: &Database) -> Self {
        let store = Self::open(&database.sqlite_file()).await.expect("a new file");
        store.migrate().await.expect("the migrations run");
        store
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

impl TestStore for Postgres {
    const STORE: Store = Store::Postgres;

    async fn open(database: &Database) -> Self {
        let store = Self::open(database.url().expect("a URL")).await.expect("the cluster runs");
        store.migrate().await.expect("the migrations run");
        store
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}

/// Where a test plays.
pub(crate) struct Stage<S> {
    pub(crate) store: S,
    pub(crate) database: Database,
    pub(crate) commands: Executor<S>,
    /// Who is told of what happens.
    pub(crate) subscribers: Arc<Subscribers>,
    count: AtomicU64,
}

impl<S: TestStore> Stage<S> {
    pub(crate) async fn new() -> Self {
        let database = Database::new(S::STORE).await;
        let store = S::open(&database).await;
        let commands = Executor::new(store.clone(), TaskTracker::new());
        Self { store, database, commands, subscribers: Arc::default(), count: AtomicU64::new(1) }
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn uuid(&self) -> Uuid {
        numbered(self.next())
    }

    /// A moment after every one before.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let seconds = i64::try_from(1_770_000_000 + self.next()).unwrap();
        DateTime::from_timestamp(seconds, 123_456_000).unwrap()
    }

    pub(crate) fn user_id(&self) -> UserId {
        UserId::new(self.uuid())
    }

    pub(crate) fn account_id(&self) -> AccountId {
        AccountId::new(self.uuid())
    }

    /// A token nobody has seen before.
    pub(crate) fn fresh(&self) -> FreshToken {
        let id = TokenId::new(self.uuid());
        let hint = format!("{:04}", self.next());
        FreshToken { id, digest: digest_of(id.as_uuid()), hint: TokenHint::new(hint) }
    }

    /// The digests of all tokens so far, and others.
    pub(crate) fn digests_so_far(&self) -> Vec<TokenDigest> {
        let numbers = 1..self.count.load(Ordering::Relaxed);
        numbers.map(|number| digest_of(numbered(number))).collect()
    }

    /// The circumstances of a command: by this user in a browser.
    pub(crate) fn by(&self, user_id: UserId) -> Submission {
        let number = self.next();
        let mut salt = [0x5a; 16];
        salt[..8].copy_from_slice(&number.to_be_bytes());
        Submission {
            command_id: CommandId::new(self.uuid()),
            request_id: format!("request-{number}"),
            actor: Actor { user_id: Some(user_id), via: Via::Session },
            origin: Origin {
                salt,
                address: Some(format!("198.51.100.{}", number % 256)),
                user_agent: Some(format!("Netscape/{number}")),
            },
            particulars: None,
            idempotency_key: None,
            subscribers: self.subscribers.clone(),
        }
    }

    /// The person behind a new user, who may sign in with a password.
    pub(crate) fn profile(&self, user_id: UserId) -> NewUserProfile {
        NewUserProfile {
            user_id,
            email: format!("person-{}@example.test", self.next()),
            name: "Some One".to_owned(),
            password_hash: Some("$argon2id$…".to_owned()),
            is_founder: false,
            setup: SetupStep::None,
        }
    }

    pub(crate) async fn register(&self, profile: NewUserProfile) -> Result<(), CommandError> {
        let user_id = profile.user_id;
        let command = UserCommand::Register { roles: BTreeSet::new(), at: self.now() };
        let particulars = Some(Particulars::User(profile));
        let submission = Submission { particulars, ..self.by(user_id) };
        self.commands.user(user_id, command, submission).await.map(drop)
    }

    /// A registered user.
    pub(crate) async fn user(&self) -> UserId {
        let user_id = self.user_id();
        self.register(self.profile(user_id)).await.expect("nothing is in the way");
        user_id
    }

    /// An open account of which the user is the first administrator.
    pub(crate) async fn account(&self, first_admin: UserId) -> AccountId {
        let account_id = self.account_id();
        let command = AccountCommand::Open { first_admin: Some(first_admin), at: self.now() };
        let particulars =
            Some(Particulars::Account { account_id, name: "Some Account".to_owned() });
        let submission = Submission { particulars, ..self.by(first_admin) };
        self.commands.account(account_id, command, submission).await.expect("the id is new");
        account_id
    }

    pub(crate) async fn in_account(&self, account_id: AccountId, command: AccountCommand) {
        let submission = self.by(self.user_id());
        self.commands.account(account_id, command, submission).await.expect("the account is open");
    }

    pub(crate) async fn put_member(&self, account: AccountId, user: UserId, role: AccountRole) {
        let command = AccountCommand::PutMember { user_id: user, role, at: self.now() };
        self.in_account(account, command).await;
    }

    pub(crate) async fn remove_member(&self, account: AccountId, user: UserId) {
        let command = AccountCommand::RemoveMember { user_id: user, at: self.now() };
        self.in_account(account, command).await;
    }

    /// Asks for a token that replaces any other.
    pub(crate) async fn try_generate(
        &self,
        user_id: UserId,
        fresh: &FreshToken,
    ) -> Result<Option<TokenEvent>, CommandError> {
        let command =
            TokenCommand::Generate { replace: true, fresh: fresh.clone(), at: self.now() };
        let receipt = self.commands.token(user_id, command, self.by(user_id)).await?;
        Ok(receipt.events.into_iter().next())
    }

    /// A live token of the user, in place of any other.
    pub(crate) async fn generate(&self, user_id: UserId) -> FreshToken {
        let fresh = self.fresh();
        self.try_generate(user_id, &fresh).await.expect("the user is active");
        fresh
    }

    pub(crate) async fn revoke(&self, user_id: UserId) {
        let command = TokenCommand::Revoke {
            expected_generation: None,
            reason: RevocationReason::Owner,
            at: self.now(),
        };
        self.commands.token(user_id, command, self.by(user_id)).await.expect("the store is there");
    }

    pub(crate) async fn lock(&self, user_id: UserId) {
        let command = UserCommand::Lock { at: self.now() };
        self.commands.user(user_id, command, self.by(user_id)).await.expect("the user is known");
    }

    pub(crate) async fn unlock(&self, user_id: UserId) {
        let command = UserCommand::Unlock { at: self.now() };
        self.commands.user(user_id, command, self.by(user_id)).await.expect("the user is known");
    }

    pub(crate) async fn ledger(&self) -> Ledger {
        Ledger::read(&self.database).await
    }
}

/// The digest of the token with this id: as good as random in every bit, as digests are.
fn digest_of(id: Uuid) -> TokenDigest {
    TokenDigest::new(Sha256::digest(id).into())
}

fn numbered(number: u64) -> Uuid {
    Uuid::from_u64_pair(0x0198_c0de_0000_7000, (2 << 62) | number)
}

/// What the store said, when it was the store that refused.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, CommandError>) -> StoreError {
    match outcome {
        Err(CommandError::Store(error)) => error,
        other => panic!("the store should have refused: {other:?}"),
    }
}

/// Bytes in hexadecimal as a literal of the store's SQL.
pub(crate) fn bytes(store: Store, hex: &str) -> String {
    match store {
        Store::Sqlite => format!("x'{hex}'"),
        Store::Postgres => format!("'\\x{hex}'::bytea"),
    }
}

/// Makes a test on each store of every function named: `sqlite::<name>` and `postgres::<name>`.
macro_rules! contract_tests {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(crate::stage::Stage::<projections::sqlite::Sqlite>::new().await).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(crate::stage::Stage::<projections::postgres::Postgres>::new().await).await;
                }
            )+
        }
    };
}
pub(crate) use contract_tests;
