//! Commands that are carried out in this process, and how long they take.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use api::commands::{Commands, Executor};
use chrono::{DateTime, Utc};
use domain::token::{FreshToken, TokenDigest, TokenHint};
use domain::{CommandId, TokenCommand, TokenId, UserCommand, UserId};
use projections::particulars::SetupStep;
use projections::{Actor, EventStore, NewUserProfile, Origin, Particulars, Submission, Via};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::statistics::percentile;

/// What came of many commands.
#[derive(Clone, Debug)]
pub struct Times {
    /// How long each took that was carried out, in milliseconds, in order of length.
    pub each: Vec<f64>,
    /// How long all of them took.
    pub all: Duration,
    /// How many were not carried out.
    pub failed: u64,
}

impl Times {
    /// Commands carried out in a second.
    #[expect(clippy::cast_precision_loss, reason = "commands of some seconds")]
    pub fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.all.as_secs_f64()
    }

    /// So many percent took no longer. In milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        percentile(&self.each, percent)
    }
}

/// Lets so many clients, each by its number, do one command after another for a while, for one of so many users of its own after
/// another. A command says whether it was carried out.
pub async fn drive<F>(
    clients: u32,
    users: u32,
    length: Duration,
    command: impl Fn(u32) -> F + Clone + Send + 'static,
) -> Times
where
    F: Future<Output = bool> + Send,
{
    let begun = Instant::now();
    let mut work = JoinSet::new();
    for client in 0..clients {
        let command = command.clone();
        work.spawn(async move {
            let (mut each, mut failed) = (Vec::new(), 0);
            let mut own = (client * users..(client + 1) * users).cycle();
            while let Some(user) = own.next().filter(|_| begun.elapsed() < length) {
                let asked = Instant::now();
                if command(user).await {
                    each.push(asked.elapsed().as_secs_f64() * 1e3);
                } else {
                    failed += 1;
                }
            }
            (each, failed)
        });
    }
    let mut times = Times { each: Vec::new(), all: Duration::ZERO, failed: 0 };
    for (each, failed) in work.join_all().await {
        times.each.extend(each);
        times.failed += failed;
    }
    times.all = begun.elapsed();
    times.each.sort_by(f64::total_cmp);
    times
}

/// 1, 2, 3 … in this process.
fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// An id nobody has, of version 7.
fn id() -> Uuid {
    Uuid::from_u64_pair(0x0198_c0de_0000_7000, (2 << 62) | next())
}

/// A moment after every one before.
fn now() -> DateTime<Utc> {
    let microseconds = i64::try_from(next()).expect("few");
    DateTime::from_timestamp_micros(1_770_000_000_000_000 + microseconds).expect("it is near")
}

/// A token nobody has seen before.
fn fresh() -> FreshToken {
    // As good as random, as digests are.
    let digest: Vec<u8> = (0..4).flat_map(|_| rand::random::<u64>().to_be_bytes()).collect();
    FreshToken {
        id: TokenId::new(id()),
        digest: TokenDigest::new(digest.try_into().expect("four times eight")),
        hint: TokenHint::new(format!("{:04x}", next() % 0x1_0000)),
    }
}

/// Asks for a token where none is.
pub fn generate() -> TokenCommand {
    TokenCommand::Generate { replace: false, fresh: fresh(), at: now() }
}

/// Asks for a new token in place of the live one.
pub fn regenerate() -> TokenCommand {
    TokenCommand::Regenerate { expected_generation: None, fresh: fresh(), at: now() }
}

/// Users with a token each, and the commands of the product.
#[derive(Clone)]
pub struct Users {
    commands: Arc<dyn Commands>,
    ids: Arc<[UserId]>,
}

fn email(user_id: UserId) -> String {
    format!("{user_id}@example.test")
}

impl Users {
    /// Makes so many in a store with its tables.
    pub async fn enrol(store: impl EventStore, count: u32) -> Self {
        let commands = Arc::new(Executor::new(store, TaskTracker::new()));
        let ids: Vec<_> = (0..count).map(|_| UserId::new(id())).collect();
        for user_id in &ids {
            let profile = NewUserProfile {
                user_id: *user_id,
                email: email(*user_id),
                name: "Some One".to_owned(),
                password_hash: None,
                is_founder: false,
                setup: SetupStep::None,
            };
            let submission = Submission {
                particulars: Some(Particulars::User(profile)),
                ..submission(*user_id)
            };
            let register = UserCommand::Register { roles: BTreeSet::new(), at: now() };
            commands.user(*user_id, register, submission).await.expect("the user is new");
            commands
                .token(*user_id, generate(), self::submission(*user_id))
                .await
                .expect("the first");
        }
        Self { commands, ids: ids.into() }
    }

    /// What they sign in with, by number.
    pub fn emails(&self) -> Vec<String> {
        self.ids.iter().copied().map(email).collect()
    }

    /// Gives the user of this number a new token; says whether that was done.
    pub async fn regenerate(&self, number: u32) -> bool {
        let user_id = self.ids[number as usize];
        self.commands.token(user_id, regenerate(), submission(user_id)).await.is_ok()
    }
}

fn submission(user_id: UserId) -> Submission {
    Submission {
        command_id: CommandId::new(id()),
        request_id: id().to_string(),
        actor: Actor { user_id: Some(user_id), via: Via::Session },
        origin: Origin {
            salt: rand::random(),
            address: Some("198.51.100.7".to_owned()),
            user_agent: Some("bench".to_owned()),
        },
        particulars: None,
        idempotency_key: None,
        subscribers: Arc::default(),
    }
}
