//! Networks that an operator lists: whether to take someone's word is decided by where a connection comes from.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

/// A list of networks; an empty one lists nobody.
#[derive(Clone, Debug, Default)]
pub struct Networks(Arc<[IpNet]>);

impl Networks {
    /// Whether the address is in one of them. An IPv4 address counts as such even when a socket or a
    /// header says it as IPv6.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl FromIterator<IpNet> for Networks {
    fn from_iter<T: IntoIterator<Item = IpNet>>(networks: T) -> Self {
        Self(networks.into_iter().collect())
    }
}
