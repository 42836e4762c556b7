//! `symbolon doctor`

use projections::Finding;
use projections::sqlite::OpenError;

use super::Outcome;
use super::console::say;
use crate::clock::{Clock, SystemClock};
use crate::deliveries::address::Reach;
use crate::deliveries::{Endpoint, resolver};
use crate::settings::{Database, Settings};
use crate::startup::{StartError, Store};

/// 2026-01-01, before which this version was not written: a clock that says less is wrong.
const EARLIEST_UNIX_SECONDS: i64 = 1_767_225_600;

/// Looks at everything and says what to do. Fails when something must be done.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let mut findings = vec![listen_address(settings), clock()];
    findings.extend(database(settings).await);
    for endpoint in settings.endpoints.all() {
        findings.push(self::endpoint(endpoint, settings.endpoints.reach()).await);
    }
    for finding in &findings {
        match &finding.remedy {
            None => say(format!("ok    {}", finding.text)),
            Some(remedy) => say(format!("FIX   {}\n      {remedy}", finding.text)),
        }
    }
    match findings.iter().filter(|finding| finding.remedy.is_some()).count() {
        0 => Ok(()),
        count => Err(format!("{count} of {} checks need attention", findings.len()).into()),
    }
}

fn listen_address(settings: &Settings) -> Finding {
    let url = settings.public_url.as_ref().map_or("not set", |url| url.as_str());
    let exposed = !settings.listen.ip().is_loopback();
    let plain = settings.public_url.as_ref().is_none_or(|url| !url.is_https());
    Finding {
        text: format!("listens on {}, public_url {url}", settings.listen),
        remedy: (exposed && plain).then(|| {
            "Other machines can reach this address: put TLS in front and set --public-url https://…"
                .to_owned()
        }),
    }
}

fn clock() -> Finding {
    let now = SystemClock.now();
    let wrong = now.timestamp() < EARLIEST_UNIX_SECONDS;
    Finding {
        text: format!("the clock says {now}"),
        remedy: wrong.then(|| "Set the machine's clock, for example with chrony.".to_owned()),
    }
}

async fn database(settings: &Settings) -> Vec<Finding> {
    let name = match &settings.database {
        Database::Sqlite(path) => format!("database {}", path.display()),
        Database::Postgres(_) => "database PostgreSQL".to_owned(),
    };
    let broken = |error: String| vec![Finding { text: name.clone(), remedy: Some(error) }];
    if let Database::Sqlite(path) = &settings.database
        && !path.exists()
    {
        return vec![Finding { text: format!("{name} does not exist yet"), remedy: None }];
    }
    let store = match Store::open(&settings.database).await {
        Ok(store) => store,
        Err(StartError::Sqlite(OpenError::InUse(path))) => {
            let text = format!("database {} is in use by a running server", path.display());
            return vec![Finding { text, remedy: None }];
        }
        Err(error) => return broken(error.to_string()),
    };
    let findings = store.findings().await;
    store.close().await;
    match findings {
        Ok(findings) => findings,
        Err(error) => broken(error.to_string()),
    }
}

/// Looks the name up and sends nothing.
async fn endpoint(endpoint: &Endpoint, reach: Reach) -> Finding {
    let events: Vec<_> = endpoint.events().iter().map(|event| event.as_str()).collect();
    let (name, origin) = (endpoint.name(), endpoint.origin());
    let text = format!("endpoint {name} is told at {origin} of {}", events.join(", "));
    let allow = "If it is meant to be on a private network, set --allow-private-endpoints";
    let remedy = match endpoint.within(reach) {
        Err(reason) => Some(format!("It is never told anything: {reason}. {allow}.")),
        Ok(()) => resolver::reachable(endpoint, reach).await.err().map(|reason| match reach {
            Reach::Public => format!("{reason}. {allow}."),
            Reach::Everything => format!("{reason}."),
        }),
    };
    Finding { text, remedy }
}
