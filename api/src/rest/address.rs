//! Where a request comes from: the connection's peer, or, where that is a proxy of ours, whom the proxy names.
//!
//! What must hold: nobody but a trusted proxy can say where somebody else is.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The last address of `X-Forwarded-For` that is none of our proxies, as far as proxies of ours vouch for it.
    #[must_use]
    pub fn of(peer: Peer, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let ours = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
        let mut client = peer.0.to_canonical();
        let named = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(','));
        let named: Vec<&str> = named.map(str::trim).collect();
        for text in named.into_iter().rev() {
            let Some(before) = ours(&client).then(|| text.parse::<IpAddr>().ok()).flatten() else {
                break;
            };
            client = before.to_canonical();
        }
        Self(client)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientAddress, Peer};
    use axum::http::{HeaderMap, HeaderValue};
    use ipnet::IpNet;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        let peer = Peer(peer.parse().expect("an address"));
        ClientAddress::of(peer, &headers, &proxies).0.to_string()
    }

    #[test]
    fn without_a_proxy_it_is_the_peer() {
        assert_eq!(client("192.0.2.1", &[]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn who_is_no_proxy_of_ours_is_not_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn a_proxy_of_ours_names_whom_it_speaks_for() {
        assert_eq!(client("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["198.51.100.7", "10.0.0.2"]), "198.51.100.7");
    }

    #[test]
    fn what_a_client_made_up_before_the_proxy_does_not_count() {
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &["nonsense"]), "10.0.0.1");
    }
}
