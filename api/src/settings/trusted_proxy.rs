//! Which header of which machines names the user. Both or nothing.

use axum::http::HeaderName;
use ipnet::IpNet;
use serde::Deserialize;

use super::SettingsError;
use crate::auth::trusted_proxy::TrustedProxy;

/// `["10.0.0.0/8", "::1/128"]`, or the same with commas in one text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Networks {
    /// As in an environment variable.
    Text(String),
    /// As in a file.
    List(Vec<String>),
}

/// `None` when nothing is set.
pub(super) fn parse(
    header: Option<String>,
    networks: Option<Networks>,
) -> Result<Option<TrustedProxy>, SettingsError> {
    let (header, networks) = match (header, networks.map(Networks::into_texts)) {
        (None, None) => return Ok(None),
        (Some(header), Some(networks)) => (header, networks),
        (Some(header), None) => {
            let reason = "trusted_proxy_cidrs must be set too: who may send it?";
            return Err(refused("trusted_proxy_header", &header, reason));
        }
        (None, Some(networks)) => {
            let reason = "trusted_proxy_header must be set too: which header names the user?";
            return Err(refused("trusted_proxy_cidrs", &networks.join(","), reason));
        }
    };
    let name: HeaderName = header.parse().map_err(|_| {
        refused("trusted_proxy_header", &header, "it must be the name of an HTTP header")
    })?;
    let networks = networks.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
    Ok(Some(TrustedProxy::new(name, networks)))
}

impl Networks {
    fn into_texts(self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            Self::List(list) => list,
        }
    }
}

fn network(text: &str) -> Result<IpNet, SettingsError> {
    let name = "trusted_proxy_cidrs";
    let network = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| {
        refused(name, text, "it must be networks like 10.0.0.0/8 or addresses, with commas between")
    })?;
    if network.prefix_len() == 0 {
        return Err(refused(name, text, "everyone could be anyone: name the proxy's own network"));
    }
    Ok(network)
}

fn refused(name: &'static str, value: &str, reason: &str) -> SettingsError {
    SettingsError::Value { name, value: value.to_owned(), reason: reason.to_owned() }
}
