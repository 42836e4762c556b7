//! Which addresses belong to the public internet, and which URLs may be posted to.
//!
//! Whoever can name an endpoint must not be able to make this service talk to its own neighbours: to a
//! database without a password, or to a cloud's metadata.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use url::{Host, Url};

/// Everything in the IANA special-purpose address registries for IPv4, whether or not it can be reached
/// from elsewhere, multicast (RFC 5771) and what is reserved.
const SPECIAL_IPV4: [&str; 20] = [
    "0.0.0.0/8",          // this network (RFC 791)
    "10.0.0.0/8",         // private (RFC 1918)
    "100.64.0.0/10",      // behind a provider's NAT (RFC 6598)
    "127.0.0.0/8",        // loopback (RFC 1122)
    "168.63.129.16/32",   // public by number only: Azure's platform, from inside its machines
    "169.254.0.0/16",     // link-local (RFC 3927), clouds' metadata
    "172.16.0.0/12",      // private (RFC 1918)
    "192.0.0.0/24",       // protocol assignments (RFC 6890)
    "192.0.2.0/24",       // documentation (RFC 5737)
    "192.31.196.0/24",    // AS112 (RFC 7535)
    "192.52.193.0/24",    // AMT (RFC 7450)
    "192.88.99.0/24",     // 6to4 relays (RFC 7526)
    "192.168.0.0/16",     // private (RFC 1918)
    "192.175.48.0/24",    // AS112 (RFC 7534)
    "198.18.0.0/15",      // benchmarking (RFC 2544)
    "198.51.100.0/24",    // documentation (RFC 5737)
    "203.0.113.0/24",     // documentation (RFC 5737)
    "224.0.0.0/4",        // multicast (RFC 5771)
    "240.0.0.0/4",        // reserved (RFC 1112)
    "255.255.255.255/32", // broadcast (RFC 919)
];

/// All that is given out as global unicast (RFC 4291, section 2.4). Loopback, unspecified, unique local,
/// link-local, multicast, discard-only and the forms that hold an IPv4 address (mapped, compatible,
/// translated by NAT64) are outside.
const GLOBAL_IPV6: &str = "2000::/3";

/// What of it is in the IANA special-purpose address registry for IPv6, or was.
const SPECIAL_IPV6: [&str; 6] = [
    "2001::/23", // protocol assignments (RFC 2928): Teredo, benchmarking, ORCHID and others
    "2001:db8::/32", // documentation (RFC 3849)
    "2002::/16", // 6to4 (RFC 3056): holds an IPv4 address
    "2620:4f:8000::/48", // AS112 (RFC 7534)
    "3ffe::/16", // the 6bone, given back (RFC 3701)
    "3fff::/20", // documentation (RFC 9637)
];

struct Networks {
    special: Vec<IpNet>,
    global_ipv6: Option<IpNet>,
}

static NETWORKS: LazyLock<Networks> = LazyLock::new(|| {
    let special = SPECIAL_IPV4.iter().chain(&SPECIAL_IPV6);
    Networks {
        special: special.filter_map(|text| text.parse().ok()).collect(),
        global_ipv6: GLOBAL_IPV6.parse().ok(),
    }
});

/// Whether the address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    let networks = &*NETWORKS;
    let is_global = match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(_) => networks.global_ipv6.is_some_and(|network| network.contains(&address)),
    };
    is_global && !networks.special.iter().any(|network| network.contains(&address))
}

/// What may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, over TLS.
    Public,
    /// Whatever an operator names.
    Everything,
}

impl Reach {
    /// Whether `url` may be posted to, as far as it can be told without looking its name up.
    ///
    /// # Errors
    /// Why not, in words that do not repeat the path.
    pub fn permits(self, url: &Url) -> Result<(), String> {
        if self == Self::Everything {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err("its URL must begin with https://".to_owned());
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if is_public(literal) { Ok(()) } else { Err(format!("{literal} is not a public address")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_can_be_read() {
        assert_eq!(NETWORKS.special.len(), SPECIAL_IPV4.len() + SPECIAL_IPV6.len());
        assert!(NETWORKS.global_ipv6.is_some());
    }

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450:4001::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:1.1.1.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn a_url_is_judged_by_what_it_means_and_not_by_how_it_is_written() {
        for refused in [
            "http://example.com/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1:8443/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:7f00:1]/",
            "https://１２７.0.0.1/",
        ] {
            let url = refused.parse().unwrap();
            assert!(Reach::Public.permits(&url).is_err(), "{refused}");
            assert_eq!(Reach::Everything.permits(&url), Ok(()), "{refused}");
        }
        for permitted in ["https://example.com/", "https://1.1.1.1/", "https://[2606:4700::1111]/"]
        {
            assert_eq!(Reach::Public.permits(&permitted.parse().unwrap()), Ok(()), "{permitted}");
        }
    }
}
