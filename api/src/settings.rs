//! What an operator can set: flag before environment before file before default.

mod checkpoints;
mod endpoints;
mod limits;
mod networks;
mod oidc;
mod trusted_proxy;
mod verifier;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use config::{Config, Environment, File, FileFormat};
use domain::token::Prefix;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

pub use self::checkpoints::CheckpointSettings;
pub use self::limits::LimitSettings;
use self::networks::RawNetworks;
pub use self::oidc::OidcSettings;
use self::oidc::RawOidc;
pub use self::verifier::VerifierSettings;
use crate::auth::trusted_proxy::TrustedProxy;
use crate::deliveries::Endpoints;
use crate::networks::Networks;

/// Settings as flags. What is not given comes from the environment, then from the file.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[expect(clippy::doc_markdown, reason = "the texts are shown as they are by --help")]
pub struct SettingsArgs {
    /// TOML file with the same settings, in `snake_case` [env: SYMBOLON_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Address to serve on; port 0 takes any free one [env: SYMBOLON_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    /// Unix socket to serve on as well, for a gateway on this machine [env: SYMBOLON_LISTEN_UNIX]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen_unix: Option<PathBuf>,
    /// Folder of the embedded database [env: SYMBOLON_DATA_DIR] [default: ./symbolon-data]
    #[arg(long, global = true, value_name = "FOLDER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    /// postgres://… or sqlite:///…; without it, a SQLite file in the data folder [env: SYMBOLON_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    database_url: Option<String>,
    /// How browsers reach this server; https makes cookies Secure [env: SYMBOLON_PUBLIC_URL]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// What every token begins with; changing it orphans every token in use [env: SYMBOLON_TOKEN_PREFIX] [default: alta_pat]
    #[arg(long, global = true, value_name = "PREFIX")]
    #[serde(skip_serializing_if = "Option::is_none")]
    token_prefix: Option<String>,
    /// Which log lines to write, as a tracing filter [env: SYMBOLON_LOG] [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    /// Identity provider for sign-in with OpenID Connect [env: SYMBOLON_OIDC_ISSUER]
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc_issuer: Option<String>,
    /// This service's name at the provider [env: SYMBOLON_OIDC_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID")]
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc_client_id: Option<String>,
    /// This service's secret at the provider; other users of the machine can read flags [env: SYMBOLON_OIDC_CLIENT_SECRET]
    #[arg(long, global = true, value_name = "SECRET")]
    #[serde(skip)]
    oidc_client_secret: Option<SecretString>,
    /// File that holds the secret instead [env: SYMBOLON_OIDC_CLIENT_SECRET_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc_client_secret_file: Option<PathBuf>,
    /// Header in which a reverse proxy names the user by e-mail [env: SYMBOLON_TRUSTED_PROXY_HEADER]
    #[arg(long, global = true, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_proxy_header: Option<String>,
    /// The networks of that proxy, with commas between; the header counts from nowhere else [env: SYMBOLON_TRUSTED_PROXY_CIDRS]
    #[arg(long, global = true, value_name = "CIDRS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_proxy_cidrs: Option<String>,
    /// Gateways whose X-Forwarded-For says who the client is, with commas between [env: SYMBOLON_GATEWAY_CIDRS]
    #[arg(long, global = true, value_name = "CIDRS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_cidrs: Option<String>,
    /// Requests admitted in an account in any minute [env: SYMBOLON_ACCOUNT_REQUESTS_PER_MINUTE] [default: 100]
    #[arg(long, global = true, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    account_requests_per_minute: Option<u32>,
    /// Of these, requests that add prospects [env: SYMBOLON_PROSPECT_REQUESTS_PER_MINUTE] [default: 10]
    #[arg(long, global = true, value_name = "NUMBER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    prospect_requests_per_minute: Option<u32>,
    /// TOML file that names who is told what happens here, with their keys [env: SYMBOLON_ENDPOINTS_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoints_file: Option<PathBuf>,
    /// Let endpoints be on private networks and without TLS [env: SYMBOLON_ALLOW_PRIVATE_ENDPOINTS] [default: false]
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_private_endpoints: Option<bool>,
    /// File with the key that signs checkpoints; without it, one beside the database [env: SYMBOLON_LOG_KEY_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log_key_file: Option<PathBuf>,
    /// What the log is called, for ever; without it, as its key says [env: SYMBOLON_LOG_ORIGIN]
    #[arg(long, global = true, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    log_origin: Option<String>,
    /// Seconds from one checkpoint of the log to the next [env: SYMBOLON_CHECKPOINT_SECONDS] [default: 60]
    #[arg(long, global = true, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint_seconds: Option<u32>,
    /// File to append every checkpoint to [env: SYMBOLON_CHECKPOINT_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint_file: Option<PathBuf>,
    /// Where tokens are looked up: in memory (replica) or in the database (direct) [env: SYMBOLON_VERIFIER] [default: replica]
    #[arg(long, global = true, value_name = "KIND")]
    #[serde(skip_serializing_if = "Option::is_none")]
    verifier: Option<String>,
    /// Milliseconds for which a node may answer from memory without asking PostgreSQL [env: SYMBOLON_LEASE_MS] [default: 1000]
    #[arg(long, global = true, value_name = "MILLISECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u32>,
    /// Milliseconds from one renewal of that lease to the next [env: SYMBOLON_LEASE_RENEWAL_MS] [default: 250]
    #[arg(long, global = true, value_name = "MILLISECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_renewal_ms: Option<u32>,
    /// Milliseconds to wait for the database to say whose a token is where memory may not, and what people are called [env: SYMBOLON_VERIFY_TIMEOUT_MS] [default: 150]
    #[arg(long, global = true, value_name = "MILLISECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_timeout_ms: Option<u32>,
    /// Seconds to serve on after SIGTERM, while /readyz says 503 and the load balancer takes notice [env: SYMBOLON_DRAIN_SECONDS] [default: 0]
    #[arg(long, global = true, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    drain_seconds: Option<u8>,
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(String),
}

/// What a run is configured to do.
#[derive(Clone)]
pub struct Settings {
    /// Address to serve on.
    pub listen: SocketAddr,
    /// Unix socket to serve on as well.
    pub listen_unix: Option<PathBuf>,
    /// Where the data is.
    pub database: Database,
    /// Where files are that belong to no other place.
    pub data_dir: PathBuf,
    /// How browsers reach the server; `None` = by the address it listens on.
    pub public_url: Option<PublicUrl>,
    /// What every token begins with.
    pub token_prefix: Prefix,
    /// Which log lines to write.
    pub log: String,
    /// The identity provider, if there is one.
    pub oidc: Option<OidcSettings>,
    /// The proxy that names people, if there is one.
    pub trusted_proxy: Option<TrustedProxy>,
    /// The machines that say for which client they speak.
    pub gateways: Networks,
    /// How often an account may be acted in.
    pub limits: LimitSettings,
    /// Who is told what happens here.
    pub endpoints: Arc<Endpoints>,
    /// Who signs what the log is, and when.
    pub checkpoints: CheckpointSettings,
    /// Where tokens are looked up.
    pub verifier: VerifierSettings,
    /// Longest time without a word of the database while it is asked whose a token is, and longest wait for what its owner is called.
    pub verify_timeout: Duration,
    /// How long to serve on when asked to stop.
    pub drain: Duration,
}

/// `http://host[:port]` or `https://host[:port]`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why the settings cannot be used. Says which and what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The sources cannot be read or have an unknown key or a wrong type.
    #[error("{0}")]
    Source(#[from] config::ConfigError),
    /// A value is not usable.
    #[error("{name} is {value:?}, but {reason}")]
    Value {
        /// Of the setting.
        name: &'static str,
        /// As given.
        value: String,
        /// What it must be.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: SocketAddr,
    listen_unix: Option<PathBuf>,
    data_dir: PathBuf,
    database_url: Option<String>,
    public_url: Option<String>,
    token_prefix: String,
    log: String,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret: Option<SecretString>,
    oidc_client_secret_file: Option<PathBuf>,
    trusted_proxy_header: Option<String>,
    trusted_proxy_cidrs: Option<RawNetworks>,
    gateway_cidrs: Option<RawNetworks>,
    account_requests_per_minute: u32,
    prospect_requests_per_minute: u32,
    endpoints_file: Option<PathBuf>,
    allow_private_endpoints: bool,
    log_key_file: Option<PathBuf>,
    log_origin: Option<String>,
    checkpoint_seconds: u32,
    checkpoint_file: Option<PathBuf>,
    verifier: String,
    lease_ms: u32,
    lease_renewal_ms: u32,
    verify_timeout_ms: u32,
    drain_seconds: u8,
}

/// Read by itself, because it says where the rest is.
const CONFIG_VARIABLE: &str = "SYMBOLON_CONFIG";

/// Said to clients of a server, in the README's examples and to `symbolon audit export`: no settings.
const CLIENT_VARIABLES: [&str; 3] = ["SYMBOLON_URL", "SYMBOLON_TOKEN", "SYMBOLON_ACCOUNT"];

impl Settings {
    /// Puts the sources together.
    ///
    /// # Errors
    /// When a source cannot be read, has an unknown key, or a value cannot be used.
    pub fn load(args: &SettingsArgs) -> Result<Self, SettingsError> {
        let file =
            args.config.clone().or_else(|| std::env::var_os(CONFIG_VARIABLE).map(Into::into));
        let is_setting = |name: &str| name != CONFIG_VARIABLE && !CLIENT_VARIABLES.contains(&name);
        let environment = std::env::vars().filter(|(name, _)| is_setting(name)).collect();
        let mut sources = Config::builder()
            .set_default("listen", "127.0.0.1:8080")?
            .set_default("data_dir", "./symbolon-data")?
            .set_default("token_prefix", Prefix::default().as_str())?
            .set_default("log", "info")?
            .set_default("account_requests_per_minute", 100)?
            .set_default("prospect_requests_per_minute", 10)?
            .set_default("allow_private_endpoints", false)?
            .set_default("checkpoint_seconds", 60)?
            .set_default("verifier", "replica")?
            .set_default("lease_ms", 1000)?
            .set_default("lease_renewal_ms", 250)?
            .set_default("verify_timeout_ms", 150)?
            .set_default("drain_seconds", 0)?;
        if let Some(path) = file {
            sources = sources.add_source(File::from(path).format(FileFormat::Toml));
        }
        let secret = args.oidc_client_secret.as_ref();
        let raw: Raw = sources
            .add_source(
                Environment::with_prefix("SYMBOLON")
                    .prefix_separator("_")
                    .source(Some(environment)),
            )
            .add_source(Config::try_from(args)?)
            .set_override_option("oidc_client_secret", secret.map(ExposeSecret::expose_secret))?
            .build()?
            .try_deserialize()?;
        raw.try_into()
    }
}

impl TryFrom<Raw> for Settings {
    type Error = SettingsError;

    fn try_from(raw: Raw) -> Result<Self, SettingsError> {
        let database = match raw.database_url {
            None => Database::Sqlite(raw.data_dir.join("symbolon.db")),
            Some(url) => database(url)?,
        };
        let token_prefix =
            raw.token_prefix.parse().map_err(|error: domain::token::InvalidPrefix| {
                SettingsError::Value {
                    name: "token_prefix",
                    value: raw.token_prefix.clone(),
                    reason: error.to_string(),
                }
            })?;
        Ok(Self {
            listen: raw.listen,
            listen_unix: raw.listen_unix,
            database,
            data_dir: raw.data_dir,
            public_url: raw.public_url.as_deref().map(PublicUrl::parse).transpose()?,
            token_prefix,
            log: raw.log,
            oidc: RawOidc {
                issuer: raw.oidc_issuer,
                client_id: raw.oidc_client_id,
                client_secret: raw.oidc_client_secret,
                client_secret_file: raw.oidc_client_secret_file,
            }
            .parse()?,
            trusted_proxy: trusted_proxy::parse(raw.trusted_proxy_header, raw.trusted_proxy_cidrs)?,
            gateways: raw
                .gateway_cidrs
                .map(|raw| raw.parse("gateway_cidrs"))
                .transpose()?
                .unwrap_or_default(),
            limits: LimitSettings::parse(
                raw.account_requests_per_minute,
                raw.prospect_requests_per_minute,
            )?,
            endpoints: endpoints::load(raw.endpoints_file.as_deref(), raw.allow_private_endpoints)?
                .into(),
            checkpoints: CheckpointSettings::parse(
                raw.log_key_file,
                raw.log_origin,
                raw.checkpoint_seconds,
                raw.checkpoint_file,
            )?,
            verifier: VerifierSettings::parse(&raw.verifier, raw.lease_ms, raw.lease_renewal_ms)?,
            verify_timeout: verifier::timeout(raw.verify_timeout_ms)?,
            drain: Duration::from_secs(raw.drain_seconds.into()),
        })
    }
}

fn database(url: String) -> Result<Database, SettingsError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Database::Postgres(url));
    }
    match url.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
        // The value may hold a password: it is not repeated.
        Some(_) | None => Err(SettingsError::Value {
            name: "database_url",
            value: "…".to_owned(),
            reason: "it must begin with postgres:// or sqlite://".to_owned(),
        }),
    }
}

impl PublicUrl {
    fn parse(text: &str) -> Result<Self, SettingsError> {
        let refused = |reason: &str| SettingsError::Value {
            name: "public_url",
            value: text.to_owned(),
            reason: reason.to_owned(),
        };
        let url = text.trim_end_matches('/');
        let uri: axum::http::Uri =
            url.parse().map_err(|_| refused("it must be http://host or https://host"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(refused("it must be http://host or https://host"));
        }
        if uri.path_and_query().is_some_and(|path| path != "/") {
            return Err(refused("it must not have a path"));
        }
        Ok(Self(url.to_ascii_lowercase()))
    }

    /// The address a local browser can use for a server that listens on `address`.
    pub fn of_listener(address: SocketAddr) -> Self {
        let mut address = address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        Self(format!("http://{address}"))
    }

    /// Without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host in it, without a port.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or(&*self.0, |(_, authority)| authority);
        match authority.rsplit_once(':') {
            // Not the last part of an IPv6 address.
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            Some(_) | None => authority,
        }
    }

    /// Whether cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}
