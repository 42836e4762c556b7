//! Who sent a token, as far as its owner could recognise them by it.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use projections::Refusals;

use crate::client_address::ClientAddress;

/// Longer names of clients are cut.
const USER_AGENT_LENGTH: usize = 256;

/// A client. The same program of the same subscriber is the same one, whatever the rest of an IPv6 address.
#[derive(Clone, Debug)]
pub struct Client {
    address: Option<ClientAddress>,
    user_agent: Option<String>,
}

impl Client {
    /// Whoever sent these headers.
    pub fn new(address: Option<ClientAddress>, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            text.chars().take(USER_AGENT_LENGTH).map(harmless).collect()
        });
        Self { address, user_agent }
    }

    /// The network address that it was first seen at.
    pub const fn address(&self) -> Option<ClientAddress> {
        self.address
    }

    /// What it calls itself.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Names it in tables.
    pub fn digest(&self) -> [u8; 32] {
        let subscriber = self.subscriber().map(|address| address.to_string());
        Refusals::client_digest(subscriber.as_deref(), self.user_agent())
    }

    fn subscriber(&self) -> Option<IpAddr> {
        self.address.map(ClientAddress::subscriber)
    }
}

/// A character that does nothing to the text around it: no control character, and none that turns the
/// direction of writing.
fn harmless(character: char) -> char {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    if turns || character.is_control() { char::REPLACEMENT_CHARACTER } else { character }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        self.subscriber() == other.subscriber() && self.user_agent == other.user_agent
    }
}

impl Eq for Client {}

impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.subscriber(), &self.user_agent).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(address: &str, agent: &[u8]) -> Client {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_bytes(agent).unwrap());
        Client::new(Some(address.parse::<IpAddr>().unwrap().into()), &headers)
    }

    #[test]
    fn a_program_of_a_subscriber_is_one_client() {
        let one = client("2001:db8:1:2::1", b"cron/1");
        assert_eq!(one, client("2001:db8:1:2:3:4:5:6", b"cron/1"));
        assert_eq!(one.digest(), client("2001:db8:1:2:3:4:5:6", b"cron/1").digest());
        for other in [
            client("2001:db8:1:3::1", b"cron/1"),
            client("2001:db8:1:2::1", b"cron/2"),
            Client::new(None, &HeaderMap::new()),
        ] {
            assert_ne!(one, other);
            assert_ne!(one.digest(), other.digest());
        }
    }

    #[test]
    fn a_name_is_short_and_does_nothing_to_the_page() {
        let agent = |bytes: &[u8]| client("192.0.2.1", bytes).user_agent().unwrap().to_owned();
        assert_eq!(agent(b"tool\t1"), "tool\u{fffd}1");
        assert_eq!(agent("tool\u{202e}1\u{85}".as_bytes()), "tool\u{fffd}1\u{fffd}");
        assert_eq!(agent(b"tool\xff"), "tool\u{fffd}");
        assert_eq!(agent(&[b'a'; 1_000]), "a".repeat(256));
        assert_eq!(agent("\u{e4}".repeat(300).as_bytes()).chars().count(), 256);
    }
}
