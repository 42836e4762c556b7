//! The whole service under a clock of the test's own, which moves when the test says so.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use api::chance::SystemChance;
use api::clock::Clock;
use api::enrolment;
use api::networks::Networks;
use api::settings::{self, CheckpointSettings, LimitSettings, Settings, VerifierSettings};
use api::startup::{Service, Surroundings};
use chrono::{DateTime, Utc};
use domain::token::Prefix;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{Database, Store};
use tower::ServiceExt;

/// The quotas of its limits.
pub(crate) const LIMITS: (u32, u32) = (5, 2);

/// Stands still.
pub(crate) struct TestClock(Mutex<(DateTime<Utc>, Instant)>);

impl TestClock {
    pub(crate) fn forward(&self, by: Duration) {
        let mut both = self.0.lock().unwrap();
        *both = (both.0 + by, both.1 + by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().unwrap().0
    }

    fn instant(&self) -> Instant {
        self.0.lock().unwrap().1
    }
}

pub(crate) struct Stopped {
    pub(crate) service: Service,
    pub(crate) clock: Arc<TestClock>,
    /// Goes when the service has gone.
    _database: Database,
}

/// A service on an empty database whose clock stands still.
pub(crate) async fn stopped(store: Store) -> Stopped {
    let database = Database::new(store).await;
    let settings = Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        listen_unix: None,
        database: match database.url() {
            None => settings::Database::Sqlite(database.sqlite_file()),
            Some(url) => settings::Database::Postgres(url.to_owned()),
        },
        data_dir: database.data_directory().to_owned(),
        checkpoints: CheckpointSettings {
            key_file: None,
            origin: None,
            period: Duration::from_mins(1),
            file: None,
        },
        public_url: None,
        token_prefix: Prefix::default(),
        log: "info".to_owned(),
        oidc: None,
        trusted_proxy: None,
        gateways: Networks::default(),
        endpoints: Arc::default(),
        limits: LimitSettings {
            account_per_minute: LIMITS.0.try_into().unwrap(),
            prospects_per_minute: LIMITS.1.try_into().unwrap(),
        },
        verifier: VerifierSettings::Direct,
        verify_timeout: Duration::from_secs(1),
        drain: Duration::ZERO,
    };
    let start = "2026-02-28T23:50:00.654321Z".parse().unwrap();
    let clock = Arc::new(TestClock(Mutex::new((start, Instant::now()))));
    let around = Surroundings { clock: clock.clone(), chance: Arc::new(SystemChance) };
    let service = Service::start(&settings, settings.listen, around).await.unwrap();
    Stopped { service, clock, _database: database }
}

/// An answer, whole.
pub(crate) type Told = (StatusCode, HeaderMap, Value);

impl Stopped {
    pub(crate) async fn first_users_code(&self) -> String {
        let issued = enrolment::first_user_link(&self.service.app).await.unwrap();
        issued.expect("nobody is there").code.expose_secret().to_owned()
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Told {
        let answer = self.service.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn set_up(&self, body: Value) -> Told {
        let request = Request::post("/v1/setup").header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub(crate) async fn found(&self, code: &str) -> Told {
        self.set_up(json!({
            "code": code,
            "email": "ada@example.test",
            "name": "Ada",
            "password": "horse battery staple",
            "account": "Analytical Engines",
        }))
        .await
    }
}
