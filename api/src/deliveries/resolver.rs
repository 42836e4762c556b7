//! Looks names up, and forgets every address that is not public.
//!
//! The connection goes to exactly the addresses that come out of here: a name that answers differently
//! the next time (DNS rebinding) gains nothing.

use std::io;
use std::net::SocketAddr;

use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use super::address::{Reach, is_public};
use super::endpoint::Endpoint;

/// Someone is waiting for `symbolon doctor`.
const PATIENCE: Duration = Duration::from_secs(5);

/// A name of which nothing is left.
#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
struct NotPublic;

/// The machine's resolver, without what is not public.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = look_up(name.as_str()).await?;
            let public: Vec<_> =
                addresses.into_iter().filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether the endpoint's name leads to an address that may be reached.
///
/// # Errors
/// Why not.
pub async fn reachable(endpoint: &Endpoint, reach: Reach) -> Result<(), String> {
    let Some(Host::Domain(name)) = endpoint.url().host() else { return Ok(()) };
    let addresses = match tokio::time::timeout(PATIENCE, look_up(name)).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(format!("{name} cannot be looked up: {error}")),
        Err(_) => return Err(format!("{name} cannot be looked up in time")),
    };
    let any = addresses.iter().any(|it| reach == Reach::Everything || is_public(it.ip()));
    if any { Ok(()) } else { Err(format!("{name} has no public address")) }
}

/// Every address of a name, with port 0.
async fn look_up(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((name, 0)).await?.collect())
}
