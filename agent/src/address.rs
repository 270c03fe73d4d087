//! Where the server or a proxy is: `scheme://user:password@host:port`.

use std::fmt;
use std::str::FromStr;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address such as https://fleet.example.com:8443")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (rest, default_port) = if let Some(rest) = text.strip_prefix("https://") {
            (rest, 443)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (rest, 80)
        } else {
            (text, 443)
        };
        parse(rest.trim_end_matches('/'), default_port)
            .ok_or_else(|| AddressError(without_userinfo(text)))
    }
}

fn parse(text: &str, default_port: u16) -> Option<Address> {
    if text.contains(['/', '@', ' ', '?', '#']) {
        return None;
    }
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
    (!host.is_empty() && port != 0).then(|| Address { host: host.to_owned(), port })
}

/// What comes before an `@` may be a password; it does not belong in a message.
fn without_userinfo(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, host, port) in [
            ("https://fleet.example:8443", "fleet.example", 8443),
            ("https://fleet.example/", "fleet.example", 443),
            ("http://10.0.0.1", "10.0.0.1", 80),
            ("https://[::1]:8443", "::1", 8443),
            ("fleet.example:1", "fleet.example", 1),
        ] {
            assert_eq!(text.parse(), Ok(Address { host: host.into(), port }), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_said_without_its_password() {
        for text in ["", "https://", "https://a:b", "https://a:0", "https://a/b", "https://[x]:1"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let error = "https://me:secret@host".parse::<Address>().unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
