//! Which header of which machines names the user. Both or nothing.

use axum::http::HeaderName;

use super::SettingsError;
use super::networks::RawNetworks;
use crate::auth::trusted_proxy::TrustedProxy;

/// `None` when nothing is set.
pub(super) fn parse(
    header: Option<String>,
    networks: Option<RawNetworks>,
) -> Result<Option<TrustedProxy>, SettingsError> {
    let (header, networks) = match (header, networks) {
        (None, None) => return Ok(None),
        (Some(header), Some(networks)) => (header, networks),
        (Some(header), None) => {
            let reason = "trusted_proxy_cidrs must be set too: who may send it?";
            return Err(refused("trusted_proxy_header", &header, reason));
        }
        (None, Some(networks)) => {
            let reason = "trusted_proxy_header must be set too: which header names the user?";
            return Err(refused("trusted_proxy_cidrs", &networks.into_texts().join(","), reason));
        }
    };
    let name: HeaderName = header.parse().map_err(|_| {
        refused("trusted_proxy_header", &header, "it must be the name of an HTTP header")
    })?;
    Ok(Some(TrustedProxy::new(name, networks.parse("trusted_proxy_cidrs")?)))
}

fn refused(name: &'static str, value: &str, reason: &str) -> SettingsError {
    SettingsError::Value { name, value: value.to_owned(), reason: reason.to_owned() }
}
