//! What a long log costs: giving events their positions, making the read models anew, and turning the pages of the audit,
//! beside the replay of the crates.
//!
//! The crates replay a part of the log: all of it would take them an hour.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::cluster::Cluster;
use bench::lineup::Folder;
use bench::process::SERVER_CPU;
use bench::program::Program;
use bench::report::{begin, thousands};
use bench::scale::Scale;
use bench::statistics::Spread;
use bench::{databases, past};
use cqrs_es::persist::{
    GenericQuery, PersistedEventRepository, QueryReplay, SerializedEvent, ViewRepository,
};
use cqrs_es::{EventEnvelope, View};
use domain::token::Generation;
use domain::{Token, TokenEvent, TokenId};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use projections::{Cursor, EventStore, Numbering, PageRequest, ReadModels, TokenFilter, Turn};
use serde::{Deserialize, Serialize};
use sqlite_es::{SqliteEventRepository, SqliteViewRepository};

/// Entries of a page, as the API has them when nothing else is asked for.
const PAGE: u32 = 20;
/// How often a page is turned.
const TURNS: u32 = 200;

fn main() {
    let scale = Scale::from_environment();
    let program = Program::build();
    begin(program.profile, scale);
    println!(
        "\n| {} events | numbered, events/s | made anew, s | events/s | replayed by the crate, events/s | × | first page, ms | last page, ms |",
        thousands(scale.events().into())
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let folder = Folder::new();
        on_sqlite(&program, &folder, scale).await;
        match Cluster::start(&folder.file("cluster"), SERVER_CPU) {
            Ok(cluster) => on_postgres(&program, &folder, &cluster, scale).await,
            Err(reason) => println!("| PostgreSQL | not run: {reason} |"),
        }
    });
}

async fn on_sqlite(program: &Program, folder: &Folder, scale: Scale) {
    let own = folder.folder("sqlite");
    let file = own.join("symbolon.db");
    let store = databases::sqlite(&file).await;
    past::on_sqlite(&store, scale.events()).await;
    let numbered = number(&store).await;
    let events = some_events(&store, scale).await;
    store.close().await;
    drop(store);
    let rebuilt = rebuild(program, &format!("sqlite://{}", file.display()), &own);
    let pool = databases::stock_sqlite(&folder.file("stock.db")).await;
    let repository = SqliteEventRepository::new(pool.clone());
    let views = SqliteViewRepository::new(databases::VIEW, pool);
    let replayed = replay(repository, views, events).await;
    let store = databases::sqlite(&file).await;
    past::enrol_on_sqlite(&store).await;
    let pages = turn_pages(&store, scale).await;
    print("SQLite", scale, (numbered, rebuilt, replayed), pages);
}

async fn on_postgres(program: &Program, folder: &Folder, cluster: &Cluster, scale: Scale) {
    let url = cluster.create_database("ours");
    let store = databases::postgres(&url).await;
    past::on_postgres(&store, scale.events()).await;
    cluster.sql("ours", "VACUUM ANALYZE");
    let numbered = number(&store).await;
    let events = some_events(&store, scale).await;
    let rebuilt = rebuild(program, &url, &folder.folder("postgres"));
    past::enrol_on_postgres(&store).await;
    cluster.sql("ours", "VACUUM ANALYZE");
    let pool = databases::stock_postgres(&cluster.create_database("stock")).await;
    let repository = PostgresEventRepository::new(pool.clone());
    let views = PostgresViewRepository::new(databases::VIEW, pool);
    let replayed = replay(repository, views, events).await;
    let pages = turn_pages(&store, scale).await;
    print("PostgreSQL", scale, (numbered, rebuilt, replayed), pages);
}

/// So many things in so much time.
#[derive(Clone, Copy)]
struct Rate(u32, Duration);

impl Rate {
    fn per_second(self) -> f64 {
        f64::from(self.0) / self.1.as_secs_f64()
    }
}

/// Gives all events that wait their positions.
async fn number(store: &impl EventStore) -> Rate {
    let (begun, mut numbered) = (Instant::now(), 0);
    loop {
        match store.number_batch(Turn::Await).await.expect("the log is whole") {
            Numbering::Done { count, more, .. } => {
                numbered += u32::try_from(count).expect("a batch is small");
                if !more {
                    return Rate(numbered, begun.elapsed());
                }
            }
            Numbering::OthersTurn => unreachable!("nobody else numbers"),
        }
    }
}

/// All events of some users, for the crates.
async fn some_events(store: &impl EventStore, scale: Scale) -> Vec<SerializedEvent> {
    let mut events = Vec::new();
    for user in 0..scale.replayed() / past::EACH {
        let of_user = store.read_events::<Token>(&past::user(user)).await;
        events.extend(of_user.expect("they are there"));
    }
    events
}

/// All read models, from the start of the program to its end.
fn rebuild(program: &Program, url: &str, folder: &Path) -> Duration {
    let mut command = program.command();
    command.args(["rebuild", "--database-url", url, "--data-dir"]).arg(folder);
    let begun = Instant::now();
    let output = command.output().expect("it runs");
    let took = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    took
}

/// What there is to know of a user's token, as a view of the crates.
#[derive(Debug, Default, Deserialize, Serialize)]
struct LiveToken {
    token_id: Option<TokenId>,
    generation: Option<Generation>,
}

impl View<Token> for LiveToken {
    fn update(&mut self, event: &EventEnvelope<Token>) {
        let (TokenEvent::TokenGenerated { token_id, generation, .. }
        | TokenEvent::TokenRegenerated { token_id, generation, .. }
        | TokenEvent::TokenRevoked { token_id, generation, .. }) = &event.payload;
        (self.token_id, self.generation) = (Some(*token_id), Some(*generation));
    }
}

/// Writes these events as the crates do, and has the crates make a view of them.
async fn replay<R, V>(repository: R, views: V, events: Vec<SerializedEvent>) -> Rate
where
    R: PersistedEventRepository,
    V: ViewRepository<LiveToken, Token> + 'static,
{
    for events in events.chunks(1_000) {
        repository.persist::<Token>(events, None).await.expect("they are new");
    }
    let views = std::sync::Arc::new(views);
    let mut query = GenericQuery::new(std::sync::Arc::clone(&views));
    query.use_error_handler(Box::new(|error| panic!("{error}")));
    let mut replay = QueryReplay::new(repository, query);
    replay.use_error_handler(Box::new(|error| panic!("{error}")));
    let begun = Instant::now();
    replay.replay_all().await.expect("it reads them");
    let took = begun.elapsed();
    let last = &events[events.len() - 1];
    let view = views.load(&last.aggregate_id).await.expect("it is readable").expect("it is there");
    assert!(view.token_id.is_some(), "a replay says nothing of what it could not read");
    Rate(u32::try_from(events.len()).expect("few"), took)
}

/// How long the first and the last page of all tokens take, in milliseconds.
async fn turn_pages(store: &impl ReadModels, scale: Scale) -> [Spread; 2] {
    // Tokens come newest first, and all were made at the same time: by their ids.
    let last = Cursor { key: past::token(PAGE), backward: false };
    let requests = [None, Some(last)].map(|cursor| PageRequest { limit: PAGE, cursor });
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..if scale == Scale::Short { 5 } else { TURNS } {
        for (request, times) in requests.iter().zip(&mut times) {
            let begun = Instant::now();
            let page = store.list_audit_tokens(&TokenFilter::default(), request).await;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            assert_eq!(page.expect("it is there").data.len(), PAGE as usize);
        }
    }
    times.map(Spread::of)
}

fn print(
    database: &str,
    scale: Scale,
    (numbered, rebuilt, replayed): (Rate, Duration, Rate),
    [first, last]: [Spread; 2],
) {
    assert_eq!(numbered.0, scale.events(), "every event has a position");
    let made = Rate(scale.events(), rebuilt);
    println!(
        "| {database} | {:.0} | {:.1} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} |",
        numbered.per_second(),
        rebuilt.as_secs_f64(),
        made.per_second(),
        replayed.per_second(),
        made.per_second() / replayed.per_second(),
        first.median,
        last.median,
    );
}
