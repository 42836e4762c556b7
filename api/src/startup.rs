//! Puts the service together. The one place that names a concrete database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::log::Origin;
use projections::Terms;
use projections::postgres::{Postgres, PostgresScaffold};
use projections::rebuild::{self, RebuildError, Report, Scaffold, Watch};
use projections::sqlite::{Sqlite, SqliteScaffold};
use projections::{EventStore, Finding, ReadModels, Verifier};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_sessions::ExpiredDeletion;
use tower_sessions_sqlx_store::{PostgresStore, SqliteStore};
use uuid::Uuid;

use crate::app::{self, App};
use crate::audit::{LogKeeper, LogKeyError, Notary, key};
use crate::auth::oidc::{Provider, ProviderError};
use crate::auth::password::Passwords;
use crate::auth::session_store::TimedStore;
use crate::auth::throttle::{FailedCredentials, SignInThrottle};
use crate::auth::trusted_proxy::TrustedProxy;
use crate::chance::{Chance, SystemChance};
use crate::clock::{Clock, SystemClock};
use crate::commands::Executor;
use crate::deliveries::{Dispatcher, DispatcherError, Endpoints};
use crate::error::ApiError;
use crate::front::Front;
use crate::housekeeping::keep_house;
use crate::limits::Limits;
use crate::measures;
use crate::names::Names;
use crate::networks::Networks;
use crate::readiness::Readiness;
use crate::router::router;
use crate::settings::{Database, LimitSettings, PublicUrl, Settings, VerifierSettings};
use crate::usage::{UsageRecorder, UsageWriter};

/// How long a start waits for memory to answer; afterwards it goes on filling behind requests, which ask the database.
const FILLING: Duration = Duration::from_secs(5);

/// Why the service cannot start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The embedded database.
    #[error(transparent)]
    Sqlite(#[from] projections::sqlite::OpenError),
    /// The database server.
    #[error(transparent)]
    Postgres(#[from] projections::postgres::OpenError),
    /// The tables.
    #[error("cannot bring the tables up to date: {0}")]
    Migration(#[from] projections::MigrateError),
    /// The identity provider as it is configured; whether it answers does not matter yet.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// An endpoint that may not be reached.
    #[error(
        "endpoint {name:?} is at {origin}, but {reason}; if that is meant, allow_private_endpoints lets it"
    )]
    Endpoint {
        /// Its name.
        name: String,
        /// Where it is, without the path.
        origin: String,
        /// Why not.
        reason: String,
    },
    /// The means to tell endpoints anything.
    #[error(transparent)]
    Dispatcher(#[from] DispatcherError),
    /// The key that signs what the log is.
    #[error(transparent)]
    LogKey(#[from] LogKeyError),
    /// The read models could not be made anew.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// A question or command that belongs to starting.
    #[error("cannot prepare the service: {0}")]
    Prepare(#[from] ApiError),
}

/// An open database.
#[derive(Clone)]
pub enum Store {
    /// The embedded one.
    Sqlite(Sqlite),
    /// A server.
    Postgres(Postgres),
}

/// Time and chance, from outside.
#[derive(Clone)]
pub struct Surroundings {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes generators.
    pub chance: Arc<dyn Chance>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), chance: Arc::new(SystemChance) }
    }
}

/// The service, ready to serve.
pub struct Service {
    /// For what is done without a request.
    pub app: App,
    /// For requests.
    pub router: Router,
    running: TaskTracker,
    dispatcher: Option<Dispatcher>,
    keeper: Option<LogKeeper>,
    replica: Option<ReplicaKeeper>,
    housekeeping: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    usage: UsageWriter,
    store: Store,
}

impl Store {
    /// Opens the database that the settings name. Migrations are not run.
    ///
    /// # Errors
    /// When it cannot be used, with what to do.
    pub async fn open(database: &Database) -> Result<Self, StartError> {
        Ok(match database {
            Database::Sqlite(path) => Self::Sqlite(Sqlite::open(path).await?),
            Database::Postgres(url) => Self::Postgres(Postgres::open(url).await?),
        })
    }

    /// Brings the tables up to date.
    ///
    /// # Errors
    /// When a migration fails.
    pub async fn migrate(&self) -> Result<(), StartError> {
        match self {
            Self::Sqlite(store) => store.migrate().await?,
            Self::Postgres(store) => store.migrate().await?,
        }
        Ok(())
    }

    /// What an operator should know about the database.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn findings(&self) -> Result<Vec<Finding>, StartError> {
        let findings = match self {
            Self::Sqlite(store) => store.findings().await,
            Self::Postgres(store) => store.findings().await,
        };
        Ok(findings.map_err(ApiError::from)?)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }

    fn serve(
        self,
        settings: &Settings,
        at: SocketAddr,
        around: Surroundings,
    ) -> Result<Service, StartError> {
        let public_url = settings.public_url.clone().unwrap_or_else(|| PublicUrl::of_listener(at));
        let key = key::load_or_make(settings, &log_name(&public_url), &mut around.chance.rng())?;
        let provider = |oidc| Provider::try_new(oidc, &public_url).map(Arc::new);
        let parts = Parts {
            oidc: settings.oidc.as_ref().map(provider).transpose()?,
            trusted_proxy: settings.trusted_proxy.clone(),
            gateways: settings.gateways.clone(),
            limits: settings.limits,
            endpoints: settings.endpoints.clone(),
            notary: Notary::new(key, settings.checkpoints.file.clone()),
            public_url,
            token_prefix: settings.token_prefix.clone(),
            verifier_kind: settings.verifier.as_str(),
            around,
            running: TaskTracker::new(),
            store: self.clone(),
        };
        match self {
            Self::Sqlite(store) => {
                let sessions = SqliteStore::new(store.session_pool());
                let verifier = settings.verifier.on(store.memory(), &store);
                let names = Names::new(Arc::new(store.clone()), settings.verify_timeout);
                parts.assemble(store, verifier, names, TimedStore::new(sessions))
            }
            Self::Postgres(store) => {
                let sessions = PostgresStore::new(store.session_pool());
                let patience = match settings.verifier {
                    VerifierSettings::Direct => None,
                    VerifierSettings::Replica(_) => Some(settings.verify_timeout),
                };
                let asked = store.for_verification(patience);
                let verifier = settings.verifier.on(store.memory(), &asked);
                // No lease is renewed for the sake of a name.
                let names = Arc::new(store.for_verification(None));
                let names = Names::new(names, settings.verify_timeout);
                parts.assemble(store, verifier, names, TimedStore::new(sessions))
            }
        }
    }
}

/// Keeps memory like the database. It stops when this is dropped.
struct ReplicaKeeper {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl ReplicaKeeper {
    async fn start(store: &Store, node_id: Uuid, terms: Terms) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = match store.clone() {
            Store::Sqlite(store) => {
                let epoch = store.fill_replica().await.map_err(ApiError::from)?;
                tokio::spawn(async move { store.keep_replica(epoch, stopped).await })
            }
            Store::Postgres(store) => {
                let memory = store.memory();
                let task = async move { store.keep_replica(node_id, terms, stopped).await };
                let task = tokio::spawn(task);
                wait_until(|| memory.is_believed(), FILLING).await;
                task
            }
        };
        Ok(Self { task, stop })
    }

    /// From then on no writer waits for this node.
    async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the task that keeps memory ended early: {error}");
        }
    }
}

struct Parts {
    public_url: PublicUrl,
    oidc: Option<Arc<Provider>>,
    trusted_proxy: Option<TrustedProxy>,
    gateways: Networks,
    limits: LimitSettings,
    endpoints: Arc<Endpoints>,
    notary: Notary,
    token_prefix: domain::token::Prefix,
    verifier_kind: &'static str,
    around: Surroundings,
    running: TaskTracker,
    store: Store,
}

impl Parts {
    fn assemble(
        self,
        store: impl EventStore + ReadModels,
        verifier: Arc<dyn Verifier>,
        names: Names,
        sessions: impl ExpiredDeletion + Clone,
    ) -> Result<Service, StartError> {
        measures::install();
        let mut salt = [0; 16];
        rand::Rng::fill_bytes(&mut self.around.chance.rng(), &mut salt);
        let models = Arc::new(store.clone());
        let app = App::from(app::Parts {
            commands: Arc::new(Executor::new(store, self.running.clone())),
            verifier,
            verifier_kind: self.verifier_kind,
            names,
            usage: UsageRecorder::default(),
            store: models,
            clock: self.around.clock,
            chance: self.around.chance,
            passwords: Passwords::try_new(&salt)?,
            throttle: Arc::new(SignInThrottle::default()),
            failures: Arc::new(FailedCredentials::default()),
            limits: Arc::new(Limits::new(
                self.limits.account_per_minute,
                self.limits.prospects_per_minute,
            )),
            token_prefix: self.token_prefix,
            public_url: self.public_url,
            oidc: self.oidc,
            trusted_proxy: self.trusted_proxy,
            gateways: self.gateways,
            endpoints: self.endpoints,
            notary: self.notary,
            readiness: Readiness::default(),
        });
        let (store, clock) = (app.store.clone(), app.clock.clone());
        let housekeeping = tokio::spawn(keep_house(store, sessions.clone(), clock));
        let usage = UsageWriter::start(&app);
        let recorder = app.usage.clone();
        let upkeep = tokio::spawn(async move {
            tokio::join!(measures::keep_small(), recorder.keep_young());
        });
        let router = router(app.clone(), sessions);
        Ok(Service {
            app,
            router,
            running: self.running,
            housekeeping,
            upkeep,
            usage,
            dispatcher: None,
            keeper: None,
            replica: None,
            store: self.store,
        })
    }
}

impl Service {
    /// Opens the database, brings it up to date and finishes what a crash interrupted. `at` is the
    /// address that the service is reached at, unless the settings name another.
    ///
    /// # Errors
    /// When the service cannot start, with what to do.
    pub async fn start(
        settings: &Settings,
        at: SocketAddr,
        around: Surroundings,
    ) -> Result<Self, StartError> {
        check(&settings.endpoints)?;
        let store = Store::open(&settings.database).await?;
        store.migrate().await?;
        let service = store.serve(settings, at, around)?;
        crate::locking::finish_interrupted(&service.app).await?;
        Ok(service)
    }

    /// Begins to tell the endpoints what happened and happens.
    ///
    /// # Errors
    /// When nothing can be sent.
    pub fn dispatch(&mut self) -> Result<(), StartError> {
        self.dispatcher = Some(Dispatcher::start(&self.app)?);
        Ok(())
    }

    /// Begins to number events and to sign what the log is, this often.
    pub fn keep_log(&mut self, period: Duration) {
        let numbers = matches!(self.store, Store::Postgres(_));
        self.keeper = Some(LogKeeper::start(&self.app, period, numbers));
    }

    /// Begins to answer from memory, unless the settings say not to.
    ///
    /// # Errors
    /// When what is stored cannot be read.
    pub async fn keep_replica(&mut self, settings: &Settings) -> Result<(), StartError> {
        let VerifierSettings::Replica(terms) = settings.verifier else { return Ok(()) };
        let node_id = self.app.new_uuid();
        self.replica = Some(ReplicaKeeper::start(&self.store, node_id, terms).await?);
        Ok(())
    }

    /// The same, for connections.
    pub fn front(&self) -> Front {
        Front::new(self.app.clone(), self.router.clone())
    }

    /// Waits for commands and deliveries that began, says that memory answers no more, writes when tokens were used, signs the log, then closes the database.
    pub async fn stop(self) {
        self.housekeeping.abort();
        self.upkeep.abort();
        self.running.close();
        self.running.wait().await;
        if let Some(replica) = self.replica {
            replica.stop().await;
        }
        self.usage.stop().await;
        if let Some(keeper) = self.keeper {
            keeper.stop(&self.app).await;
        }
        if let Some(dispatcher) = self.dispatcher {
            dispatcher.stop().await;
        }
        self.store.close().await;
    }
}

/// Looks again and again, for so long.
async fn wait_until(holds: impl Fn() -> bool, patience: Duration) {
    let looking = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    // Whether it came to hold in time makes no difference to what is served.
    let _ = tokio::time::timeout(patience, looking).await;
}

/// What a new log is called: by the host of the public URL.
fn log_name(public_url: &PublicUrl) -> Origin {
    public_url.host().parse().unwrap_or_default()
}

/// Refuses endpoints that would never be reached.
fn check(endpoints: &Endpoints) -> Result<(), StartError> {
    for endpoint in endpoints.all() {
        endpoint.within(endpoints.reach()).map_err(|reason| StartError::Endpoint {
            name: endpoint.name().to_owned(),
            origin: endpoint.origin(),
            reason,
        })?;
    }
    Ok(())
}

/// Whether to mend what a comparison finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// Compare, and change nothing.
    Check,
    /// Make everything anew.
    Rebuild,
}

impl Thoroughness {
    async fn apply(
        self,
        scaffold: &mut impl Scaffold,
        watch: &mut impl Watch,
    ) -> Result<Report, RebuildError> {
        match self {
            Self::Check => rebuild::check(scaffold, watch).await,
            Self::Rebuild => rebuild::rebuild(scaffold, watch).await,
        }
    }
}

/// Compares the read models of a database with its events, or makes them anew. It may be served meanwhile.
///
/// # Errors
/// When that could not be done. Then nothing that is served has changed.
pub async fn rebuild(
    database: &Database,
    how: Thoroughness,
    watch: &mut impl Watch,
) -> Result<Report, StartError> {
    let (report, closed) = match database {
        Database::Sqlite(path) => {
            let mut scaffold = match how {
                Thoroughness::Check => SqliteScaffold::look(path).await?,
                Thoroughness::Rebuild => SqliteScaffold::open(path).await?,
            };
            let report = how.apply(&mut scaffold, watch).await;
            (report, scaffold.close().await.map_err(StartError::from))
        }
        Database::Postgres(url) => {
            let mut scaffold = match how {
                Thoroughness::Check => PostgresScaffold::look(url).await?,
                Thoroughness::Rebuild => PostgresScaffold::open(url).await?,
            };
            let report = how.apply(&mut scaffold, watch).await;
            (report, scaffold.close().await.map_err(StartError::from))
        }
    };
    let report = report?;
    closed.map(|()| report)
}
