//! The endpoints file: who is told what happens here, and with which keys.
//!
//! **Invariant:** no error repeats a key, nor a line of the file that may hold one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::AccountId;
use projections::Announcement;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::SettingsError;
use crate::deliveries::address::Reach;
use crate::deliveries::endpoint::{EndpointParts, is_name};
use crate::deliveries::schedule::Schedule;
use crate::deliveries::{Endpoint, Endpoints};
use crate::extract::reason;

/// As Standard Webhooks has it: 192 to 512 bits.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const KEY_PREFIX: &str = "whsec_";
/// Nobody waits longer than 30 days, nor tries more often than this.
const WAIT_SECONDS: std::ops::RangeInclusive<u32> = 1..=2_592_000;
const WAITS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    delivery_schedule_seconds: Option<Vec<u32>>,
    #[serde(default)]
    endpoint: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEndpoint {
    name: String,
    url: SecretString,
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    events: Option<Vec<String>>,
    accounts: Option<Vec<String>>,
}

/// No endpoint without a file.
pub(super) fn load(file: Option<&Path>, allow_private: bool) -> Result<Endpoints, SettingsError> {
    let reach = if allow_private { Reach::Everything } else { Reach::Public };
    let Some(path) = file else {
        return Ok(Endpoints::new(Vec::new(), Schedule::default(), reach));
    };
    read(path, reach).map_err(|reason| SettingsError::Value {
        name: "endpoints_file",
        value: path.display().to_string(),
        reason,
    })
}

fn read(path: &Path, reach: Reach) -> Result<Endpoints, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let raw: RawFile = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, reason(error.message()))
    })?;
    let schedule = match raw.delivery_schedule_seconds {
        None => Schedule::default(),
        Some(waits) => schedule(&waits)?,
    };
    let mut names = BTreeSet::new();
    let mut all = Vec::with_capacity(raw.endpoint.len());
    for (number, table) in (1..).zip(raw.endpoint) {
        let called = table.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        let called = called
            .map_or_else(|| format!("endpoint {number}"), |name| format!("endpoint {name:?}"));
        let endpoint = endpoint(table).map_err(|reason| format!("{called}: {reason}"))?;
        if !names.insert(endpoint.name().to_owned()) {
            return Err(format!("{called}: another endpoint has this name"));
        }
        all.push(endpoint);
    }
    Ok(Endpoints::new(all, schedule, reach))
}

fn schedule(waits: &[u32]) -> Result<Schedule, String> {
    if waits.len() <= WAITS && waits.iter().all(|wait| WAIT_SECONDS.contains(wait)) {
        Ok(Schedule::of_seconds(waits))
    } else {
        Err(format!(
            "delivery_schedule_seconds must be at most {WAITS} waits of 1 second to 30 days"
        ))
    }
}

fn endpoint(table: toml::Table) -> Result<Endpoint, String> {
    let raw: RawEndpoint =
        table.try_into().map_err(|error: toml::de::Error| reason(error.message()))?;
    let parts = EndpointParts {
        name: name(raw.name)?,
        url: url(&raw.url)?,
        events: events(raw.events)?,
        accounts: raw.accounts.as_deref().map(accounts).transpose()?,
        key: key(raw.secret, raw.secret_file.as_deref())?,
    };
    Endpoint::try_new(parts).map_err(|_| "secret cannot be used".to_owned())
}

fn name(text: String) -> Result<String, String> {
    if is_name(&text) {
        Ok(text)
    } else {
        Err("name must have 1 to 40 lower-case letters, digits or hyphens".to_owned())
    }
}

/// Whether it may be reached is another question: see [`Reach`].
fn url(text: &SecretString) -> Result<Url, String> {
    let refused = "url must be https://host/path, without user name and fragment";
    let url: Url = text.expose_secret().parse().map_err(|_| refused.to_owned())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if matches!(url.scheme(), "https" | "http") && url.has_host() && plain {
        Ok(url)
    } else {
        Err(refused.to_owned())
    }
}

fn events(names: Option<Vec<String>>) -> Result<BTreeSet<Announcement>, String> {
    let Some(names) = names else { return Ok(Announcement::ALL.into()) };
    if names.is_empty() {
        return Err("events is empty: leave it out for all".to_owned());
    }
    let known = || Announcement::ALL.map(Announcement::as_str).join(", ");
    let parse = |name: &String| {
        name.parse().map_err(|_| format!("events has {name:?}, which is none of {}", known()))
    };
    names.iter().map(parse).collect()
}

fn accounts(ids: &[String]) -> Result<BTreeSet<AccountId>, String> {
    if ids.is_empty() {
        return Err("accounts is empty: leave it out for all".to_owned());
    }
    let parse =
        |id: &String| id.parse().map_err(|_| format!("accounts has {id:?}, which is no id"));
    ids.iter().map(parse).collect()
}

fn key(direct: Option<SecretString>, file: Option<&Path>) -> Result<Vec<u8>, String> {
    let secret = match (direct, file) {
        (Some(secret), None) => secret,
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| format!("secret_file cannot be read: {error}"))?;
            text.trim_end_matches(['\r', '\n']).into()
        }
        (None, None) => return Err("secret or secret_file must be set".to_owned()),
        (Some(_), Some(_)) => return Err("set secret or secret_file, not both".to_owned()),
    };
    let encoded = secret.expose_secret().strip_prefix(KEY_PREFIX);
    let key = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    key.filter(|key| KEY_BYTES.contains(&key.len())).ok_or_else(|| {
        "secret must be whsec_ and 24 to 64 random bytes in Base64, for example whsec_$(openssl rand -base64 32)"
            .to_owned()
    })
}
