//! The network address of a client: what the history, events and throttles know it by.
//!
//! **Invariant:** `X-Forwarded-For` means nothing unless a listed gateway sent it, and of what it holds only
//! the part that listed gateways wrote.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::networks::Networks;

/// Not registered with IANA, and what every gateway sends.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// Of an IPv6 address, the part that names the subscriber; the rest is the subscriber's to choose.
const SUBSCRIBER_BITS: u32 = 64;

/// Who is at the other end of a connection. In every request that came over one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A machine with this address.
    Network(IpAddr),
    /// A program on this machine that may open the socket's file: a gateway.
    UnixSocket,
}

impl Peer {
    /// Its own address, if it has one.
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address),
            Self::UnixSocket => None,
        }
    }
}

/// Who asks, as the network knows it. In every request that came over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address of whoever is at the other end, or for whom a listed gateway at the other end says it
    /// speaks: read from the right, the first entry that is no listed gateway. Each entry was written by
    /// the machine to its right, so none further left can be believed; neither can one behind an entry
    /// that is no address. A peer without an address is a gateway; if it says nothing of that, nobody knows.
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, gateways: &Networks) -> Option<Self> {
        let mut address = peer.address();
        let lines = headers.get_all(FORWARDED_FOR).iter();
        let mut entries = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        while address.is_none_or(|address| gateways.contain(address)) {
            match entries.next_back().and_then(entry) {
                Some(before) => address = Some(before),
                None => break,
            }
        }
        address.map(Self::from)
    }

    /// What one client counts as, where clients are counted: an IPv4 address, or the /64 of an IPv6 one.
    /// Whoever has one address of a /64 has all of them, and could count as someone else every time.
    pub fn subscriber(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                let rest = u128::MAX >> SUBSCRIBER_BITS;
                Ipv6Addr::from_bits(address.to_bits() & !rest).into()
            }
        }
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address, with a port or without: some gateways say it.
fn entry(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim();
    text.parse().ok().or_else(|| text.parse().ok().map(|at: SocketAddr| at.ip()))
}

/// Puts the [`ClientAddress`] into every request that came over a connection.
pub async fn find_client_address(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(peer) = request.extensions().get::<Peer>().copied()
        && let Some(address) = ClientAddress::of(peer, request.headers(), &app.gateways)
    {
        request.extensions_mut().insert(address);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const GATEWAY: &str = "10.0.0.1";
    /// A peer without an address.
    const UNIX_SOCKET: &str = "";
    /// What is told of someone whom nobody knows.
    const NOBODY: &str = "nobody";

    /// Who is told behind these gateways, when `peer` sends these header lines.
    fn told(peer: &str, lines: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(FORWARDED_FOR, line);
        }
        let gateways = networks.into_iter().collect();
        let peer = match peer {
            UNIX_SOCKET => Peer::UnixSocket,
            address => Peer::Network(address.parse().unwrap()),
        };
        let told = ClientAddress::of(peer, &headers, &gateways);
        told.map_or(NOBODY.to_owned(), |address| address.to_string())
    }

    #[test]
    fn whoever_may_open_the_socket_is_a_gateway() {
        assert_eq!(told(UNIX_SOCKET, &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(told(UNIX_SOCKET, &["198.51.100.1, 203.0.113.9, 10.0.0.3"]), "203.0.113.9");
        for nothing in [&[][..], &["unknown"], &["203.0.113.9, unknown"]] {
            assert_eq!(told(UNIX_SOCKET, nothing), NOBODY, "{nothing:?}");
        }
    }

    #[test]
    fn a_listed_gateway_says_for_whom_it_speaks() {
        assert_eq!(told(GATEWAY, &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(told("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(told("fd00::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(told(GATEWAY, &[" 203.0.113.9 "]), "203.0.113.9");
        assert_eq!(told(GATEWAY, &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(told(GATEWAY, &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(told(GATEWAY, &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn nobody_else_does() {
        assert_eq!(told("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(told("192.0.2.1", &["203.0.113.9, 10.0.0.1"]), "192.0.2.1");
        assert_eq!(told("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn what_a_client_wrote_itself_is_not_believed() {
        assert_eq!(told(GATEWAY, &["198.51.100.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(told(GATEWAY, &["198.51.100.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(told(GATEWAY, &["10.0.0.7, 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn gateways_behind_gateways_are_walked_through() {
        assert_eq!(
            told(GATEWAY, &["198.51.100.1, 203.0.113.9, 10.0.0.3, 10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(told(GATEWAY, &["203.0.113.9,10.0.0.3", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(told(GATEWAY, &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(told(GATEWAY, &["203.0.113.9, ::ffff:10.0.0.2"]), "203.0.113.9");
    }

    #[test]
    fn behind_what_is_no_address_nothing_is_believed() {
        for nothing in ["", "unknown", "_hidden", "203.0.113.9 198.51.100.1", "203.0.113", "\u{e4}"]
        {
            assert_eq!(told(GATEWAY, &[nothing]), GATEWAY, "{nothing}");
            let behind = format!("203.0.113.9, {nothing}");
            assert_eq!(told(GATEWAY, &[&behind]), GATEWAY, "{nothing}");
            let further = format!("203.0.113.9, {nothing}, 10.0.0.2");
            assert_eq!(told(GATEWAY, &[&further]), "10.0.0.2", "{nothing}");
        }
        assert_eq!(told(GATEWAY, &[]), GATEWAY);
    }

    #[test]
    fn an_ipv6_subscriber_is_one_whatever_the_rest() {
        let subscriber =
            |text: &str| ClientAddress::from(text.parse::<IpAddr>().unwrap()).subscriber();
        assert_eq!(subscriber("2001:db8:1:2:3:4:5:6"), subscriber("2001:db8:1:2::"));
        assert_ne!(subscriber("2001:db8:1:2::"), subscriber("2001:db8:1:3::"));
        assert_ne!(subscriber("203.0.113.9"), subscriber("203.0.113.8"));
        assert_eq!(subscriber("::ffff:203.0.113.9"), subscriber("203.0.113.9"));
    }
}
