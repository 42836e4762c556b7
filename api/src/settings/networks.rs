//! Reads lists of networks. One that is everyone is refused: nothing that everyone says can be believed.

use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

use super::SettingsError;
use crate::networks::Networks;

/// `["10.0.0.0/8", "::1/128"]`, or the same with commas in one text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawNetworks {
    /// As in an environment variable.
    Text(String),
    /// As in a file.
    List(Vec<String>),
}

impl RawNetworks {
    /// The networks of the setting of this name.
    pub(super) fn parse(self, name: &'static str) -> Result<Networks, SettingsError> {
        self.into_texts().iter().map(|text| network(name, text)).collect()
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
            Self::List(list) => list,
        }
    }
}

fn network(name: &'static str, text: &str) -> Result<IpNet, SettingsError> {
    let refused = |reason: &str| SettingsError::Value {
        name,
        value: text.to_owned(),
        reason: reason.to_owned(),
    };
    let network = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    let network = network.map(canonical).map_err(|_| {
        refused("it must be networks like 10.0.0.0/8 or addresses, with commas between")
    })?;
    if network.prefix_len() == 0 {
        return Err(refused("everyone could be anyone: name only the machine's own network"));
    }
    Ok(network)
}

/// `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let address = mapped.addr().to_ipv4_mapped();
    let length = mapped.prefix_len().checked_sub(96);
    let unmapped = address.zip(length).and_then(|(at, length)| Ipv4Net::new(at, length).ok());
    unmapped.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Networks, SettingsError> {
        RawNetworks::Text(text.to_owned()).parse("gateway_cidrs")
    }

    #[test]
    fn an_ipv4_network_is_the_same_in_ipv6_notation() {
        for text in ["10.0.0.0/8", "::ffff:10.0.0.0/104"] {
            let networks = parse(text).unwrap();
            assert!(networks.contain("10.1.2.3".parse().unwrap()), "{text}");
            assert!(networks.contain("::ffff:10.1.2.3".parse().unwrap()), "{text}");
            assert!(!networks.contain("11.1.2.3".parse().unwrap()), "{text}");
        }
        assert!(parse("::ffff:127.0.0.1").unwrap().contain("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn everyone_is_no_network() {
        for text in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.0/8,::/0"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
