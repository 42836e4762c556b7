//! What the parts of a verification cost in the process: nanoseconds, without sockets.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bench::lineup::Folder;
use bench::program::Program;
use bench::{seed, tokens};
use criterion::{Criterion, criterion_group, criterion_main};
use domain::token::{Prefix, TokenDigest, TokenSecret};
use projections::sqlite::Sqlite;
use projections::{Replica, Verifier};

const TOKENS: u32 = 1_000_000;
/// So few that the processor's caches hold them.
const HOT: u32 = 64;
/// So many, from everywhere, that they do not.
const COLD: u32 = 65_536;

fn secrets(criterion: &mut Criterion) {
    let prefix = Prefix::default();
    let token = tokens::issued(1).next().expect("one");
    let mistyped = tokens::mistyped(&token);
    criterion.bench_function("parse, valid", |bencher| {
        bencher.iter(|| TokenSecret::parse(&prefix, black_box(token.expose())));
    });
    criterion.bench_function("parse, wrong checksum", |bencher| {
        bencher.iter(|| TokenSecret::parse(&prefix, black_box(&mistyped)));
    });
    criterion.bench_function("digest", |bencher| bencher.iter(|| black_box(&token).digest()));
}

/// A filled database in a folder, and what answers from its memory.
struct Filled {
    store: Sqlite,
    replica: Replica,
    _folder: Folder,
}

impl Filled {
    async fn new() -> Self {
        let folder = Folder::new();
        let own = folder.folder("sqlite");
        let file = own.join("symbolon.db");
        let making = move || seed::filled_sqlite(&Program::build(), &own, TOKENS);
        let filled = tokio::task::spawn_blocking(making);
        filled.await.expect("it is filled");
        let store = Sqlite::open(&file).await.expect("nobody else has it");
        store.fill_replica().await.expect("it is readable");
        let replica = Replica::new(store.memory(), Arc::new(store.clone()));
        Self { store, replica, _folder: folder }
    }

    /// Asks as a request does.
    fn verify(&self, digest: &TokenDigest) {
        let mut answer = pin!(self.replica.find_live_token(digest));
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => assert!(black_box(found).is_ok_and(|found| found.is_some())),
            Poll::Pending => panic!("memory does not answer"),
        }
    }

    /// How long each of so many threads takes for so many questions, each with its own digests.
    fn readers(&self, threads: usize, questions: u64, digests: &[TokenDigest]) -> Duration {
        let barrier = std::sync::Barrier::new(threads);
        let ask = |digests: &[TokenDigest]| {
            barrier.wait();
            let begun = Instant::now();
            digests.iter().cycle().zip(0..questions).for_each(|(digest, _)| self.verify(digest));
            begun.elapsed()
        };
        std::thread::scope(|scope| {
            let share = digests.chunks(digests.len() / threads).take(threads);
            let readers: Vec<_> = share.map(|share| scope.spawn(move || ask(share))).collect();
            let times = readers.into_iter().map(|reader| reader.join().expect("it answers"));
            times.max().unwrap_or_default()
        })
    }
}

fn digests(number: u32) -> Vec<TokenDigest> {
    let asked = tokens::spread(tokens::issued(TOKENS), TOKENS, number);
    let mut digests: Vec<TokenDigest> = asked.map(|token| token.digest()).collect();
    // They were made in the order in which they lie in memory.
    digests.sort_by_key(|digest| *digest.as_bytes());
    digests
}

fn memory(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let filled = runtime.block_on(Filled::new());
    for (name, digests) in [("hot", digests(HOT)), ("cold", digests(COLD))] {
        let memory = filled.store.memory();
        let mut asked = digests.iter().cycle();
        criterion.bench_function(&format!("live set, {name}"), |bencher| {
            bencher.iter(|| {
                let digest = asked.next().expect("it goes round");
                memory.ask(|live| black_box(live.find_live_token(digest)))
            });
        });
        for threads in [1, 2] {
            let title = format!("replica, {name}, readers: {threads}");
            criterion.bench_function(&title, |bencher| {
                bencher.iter_custom(|questions| filled.readers(threads, questions, &digests));
            });
        }
    }
}

criterion_group!(parts, secrets, memory);
criterion_main!(parts);
