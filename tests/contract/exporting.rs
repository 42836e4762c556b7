//! Many write at once, and every event that the store acknowledged is exported, once, and nothing else.
//!
//! On the store itself; the whole way, over HTTP, is gone in `tests/stories/export/load.rs`. `SYMBOLON_LOAD` asks for
//! another number of operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use api::audit::Notary;
use api::audit::export::selection::Selection;
use api::audit::export::{Export, ExportFormat};
use api::commands::Commands;
use cqrs_es::DomainEvent;
use domain::log::{Audit, Checkpoint, Examined, LogKey, Origin};
use domain::token::{RevocationReason, TokenCommand};
use domain::user::UserCommand;
use domain::{AccountId, AssistantId, UserId};
use http_body_util::BodyExt;
use projections::Submission;
use rand::SeedableRng;
use serde_json::Value;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(what_the_store_acknowledged_is_exported_and_nothing_else);

const WRITERS: usize = 16;
/// Of each writer, one after the other, because a command reads all that happened to its token before.
const USERS: usize = 8;
/// Exports while they write.
const MEANWHILE: usize = 3;

fn operations() -> usize {
    std::env::var("SYMBOLON_LOAD").map_or(20_000, |text| text.parse().expect("a number"))
}

/// Which events each command was said to have made, by the request's id.
type Noted = BTreeMap<String, Vec<String>>;

fn names<E: DomainEvent>(events: &[E]) -> Vec<String> {
    events.iter().map(DomainEvent::event_type).collect()
}

/// One operation of this user, and what was acknowledged.
async fn operate<S: TestStore>(
    stage: &Stage<S>,
    step: usize,
    user: UserId,
    (account, assistant): (AccountId, AssistantId),
) -> (String, Vec<String>) {
    let submission = stage.by(user);
    let id = submission.request_id.clone();
    let commands = &stage.commands;
    let events = match step % 8 {
        0 | 4 => {
            let command =
                TokenCommand::Generate { replace: true, fresh: stage.fresh(), at: stage.now() };
            names(&commands.token(user, command, submission).await.unwrap().events)
        }
        1 | 5 => {
            let details = stage.details(stage.call_id());
            let call = stage.try_call(account, assistant, details, submission).await;
            names(&call.unwrap().events)
        }
        2 => {
            let command = TokenCommand::Regenerate {
                expected_generation: None,
                fresh: stage.fresh(),
                at: stage.now(),
            };
            names(&commands.token(user, command, submission).await.unwrap().events)
        }
        3 => {
            let reason = RevocationReason::Owner;
            let command =
                TokenCommand::Revoke { expected_generation: None, reason, at: stage.now() };
            names(&commands.token(user, command, submission).await.unwrap().events)
        }
        6 => lock(stage, user, UserCommand::Lock { at: stage.now() }, submission).await,
        _ => lock(stage, user, UserCommand::Unlock { at: stage.now() }, submission).await,
    };
    (id, events)
}

async fn lock<S: TestStore>(
    stage: &Stage<S>,
    user: UserId,
    command: UserCommand,
    submission: Submission,
) -> Vec<String> {
    names(&stage.commands.user(user, command, submission).await.unwrap().events)
}

/// The log as the route gives it, held against a checkpoint of its own; by the request's id.
async fn exported<S: TestStore>(
    stage: &Stage<S>,
    notary: &Notary,
    origin: &Origin,
) -> (Noted, u64) {
    let made = notary.sign_everything(&stage.store, stage.now()).await.unwrap();
    let export = Export {
        store: Arc::new(stage.store.clone()),
        origin: origin.clone(),
        format: ExportFormat::Ndjson,
        selection: Selection::default(),
        after: 0,
        to: made.head.size,
    };
    let bytes = export.into_body().collect().await.unwrap().to_bytes();
    let checkpoint = Checkpoint::read_unverified(&made.note).unwrap();
    let (mut audit, mut told) = (Audit::new(&[checkpoint]), Noted::new());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        audit.take(Examined::of(line, origin)).unwrap();
        let line: Value = serde_json::from_slice(line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let id = text(&line["data"]["metadata"]["request_id"]);
        told.entry(id).or_default().push(text(&line["data"]["eventType"]));
    }
    assert_eq!(audit.finish(false).unwrap().head, made.head);
    (told, made.head.size)
}

async fn what_the_store_acknowledged_is_exported_and_nothing_else<S: TestStore>(stage: Stage<S>) {
    let stage = Arc::new(stage);
    let origin: Origin = "tokens.example.com".parse().unwrap();
    let key = LogKey::generate(origin.clone(), &mut rand::rngs::StdRng::seed_from_u64(1));
    let notary = Notary::new(key, None);
    let account = stage.account(stage.user().await).await;
    let place = (account, stage.assistant(account).await);
    let mut crews = Vec::new();
    for _ in 0..WRITERS {
        let mut users = Vec::new();
        for _ in 0..USERS {
            users.push(stage.user().await);
        }
        crews.push(users);
    }
    let (prologue, mut size) = exported(&stage, &notary, &origin).await;
    let begin = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for users in crews {
        let stage = stage.clone();
        running.spawn(async move {
            let mut noted = Noted::new();
            for step in 0..operations().div_ceil(WRITERS) {
                let user = users[step / 8 % USERS];
                noted.extend([operate(&stage, step, user, place).await]);
            }
            noted
        });
    }
    for _ in 0..MEANWHILE {
        // Each is what its checkpoint says.
        size = exported(&stage, &notary, &origin).await.1;
    }
    let noted: Noted = running.join_all().await.into_iter().flatten().collect();
    let took = begin.elapsed();
    let rate = noted.len() as u128 * 1_000 / took.as_millis();
    println!("{:?}: {} operations in {took:?}, {rate} a second", S::STORE, noted.len());
    assert!(noted.len() >= operations());
    let (mut told, last) = exported(&stage, &notary, &origin).await;
    assert!(size < last, "they were exported meanwhile");
    told.retain(|id, _| !prologue.contains_key(id));
    let missing: Vec<_> = noted.iter().filter(|(id, made)| told.get(*id) != Some(made)).collect();
    let extra: Vec<_> = told.keys().filter(|id| !noted.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{} missing: {:?}", missing.len(), missing.first());
    assert!(extra.is_empty(), "{} extra: {:?}", extra.len(), extra.first());
}
