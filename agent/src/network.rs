//! The real network: names by our own resolver, TCP, and a proxy where there is one.
//!
//! `getaddrinfo` is never called: a static binary cannot rely on it, and a chroot has no files for
//! it. `/etc/resolv.conf` is read anew for every name, because DHCP rewrites it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_resolver::Resolver;
use hickory_resolver::config::{LookupIpStrategy, ResolveHosts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::system_conf::parse_resolv_conf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::address::{Address, AddressError};
use crate::dial::{DialError, Dialer};

/// One address gets this long: a name may have several, and a blackholed one must not cost them.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A proxy that takes longer to answer is as good as none.
const PROXY_ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// A proxy's answer has a status line and a few headers.
const PROXY_ANSWER_BYTES: usize = 8 * 1024;

/// The way out of this machine.
#[derive(Clone, Debug)]
pub struct Network {
    resolv_conf: PathBuf,
    proxy: Option<Proxy>,
}

/// An HTTP proxy that understands CONNECT.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    address: Address,
    authorization: Option<String>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.address)
    }
}

impl Proxy {
    /// Reads `http://user:password@host:port`; user and password may be percent-encoded.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let (userinfo, rest) = match rest.rsplit_once('@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let address = format!("http://{rest}").parse()?;
        let authorization = userinfo
            .map(|userinfo| format!("Basic {}", STANDARD.encode(percent_decoded(userinfo))));
        Ok(Self { address, authorization })
    }

    /// What is said to the proxy to reach `target`.
    fn request(&self, target: &Address) -> String {
        let authorization = match &self.authorization {
            Some(value) => format!("Proxy-Authorization: {value}\r\n"),
            None => String::new(),
        };
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n")
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(value)) = (byte, hex) {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(byte);
            at += 1;
        }
    }
    decoded
}

impl Network {
    /// Names are resolved by the servers that `resolv_conf` names.
    pub fn new(resolv_conf: PathBuf, proxy: Option<Proxy>) -> Self {
        Self { resolv_conf, proxy }
    }

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, DialError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if host == "localhost" {
            return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
        }
        let name_error = |source: Box<dyn std::error::Error + Send + Sync>| DialError::Name {
            host: host.to_owned(),
            source,
        };
        let text = tokio::fs::read(&self.resolv_conf).await.map_err(|e| name_error(e.into()))?;
        let (config, mut options) = parse_resolv_conf(text).map_err(|e| name_error(e.into()))?;
        options.use_hosts_file = ResolveHosts::Never;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.cache_size = 0;
        let resolver = Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options)
            .build()
            .map_err(|e| name_error(e.into()))?;
        let found = resolver.lookup_ip(host).await.map_err(|e| name_error(e.into()))?;
        Ok(found.iter().collect())
    }

    async fn connect(&self, to: &Address) -> Result<TcpStream, DialError> {
        let unreachable =
            |source| DialError::Unreachable { host: to.host.clone(), port: to.port, source };
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in self.resolve(&to.host).await? {
            let attempt = TcpStream::connect(SocketAddr::new(address, to.port));
            match timeout(CONNECT_WITHIN, attempt).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(unreachable)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(unreachable(last))
    }
}

impl Dialer for Network {
    type Stream = TcpStream;

    async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let target = Address { host: host.to_owned(), port };
        let Some(proxy) = &self.proxy else { return self.connect(&target).await };
        let mut stream = self.connect(&proxy.address).await?;
        let answer = timeout(PROXY_ANSWERS_WITHIN, async {
            stream.write_all(proxy.request(&target).as_bytes()).await?;
            answer_of_proxy(&mut stream).await
        })
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|source| DialError::Unreachable {
            host: proxy.address.host.clone(),
            port: proxy.address.port,
            source,
        })?;
        if is_connected(&answer) {
            return Ok(stream);
        }
        Err(DialError::Proxy {
            proxy: proxy.address.to_string(),
            target: target.to_string(),
            answer: answer.lines().next().unwrap_or_default().chars().take(200).collect(),
        })
    }
}

/// The head of the answer, byte by byte: what follows it is already the server's.
async fn answer_of_proxy(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= PROXY_ANSWER_BYTES {
            return Err(io::Error::other("the proxy's answer has no end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn is_connected(answer: &str) -> bool {
    let mut words = answer.split_whitespace();
    words.next().is_some_and(|version| version.starts_with("HTTP/1."))
        && words.next().is_some_and(|status| status.len() == 3 && status.starts_with('2'))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_proxy_s_password_is_sent_to_it_and_printed_nowhere() {
        let proxy = Proxy::parse("http://me:p%40ss@proxy.example:3128").unwrap();
        let target = Address { host: "fleet.example".into(), port: 8443 };

        let request = proxy.request(&target);

        assert!(request.starts_with("CONNECT fleet.example:8443 HTTP/1.1\r\n"));
        assert!(request.contains(&format!("Basic {}\r\n", STANDARD.encode("me:p@ss"))));
        assert!(!format!("{proxy:?}").contains("p@ss"));
    }

    /// A proxy that answers `answer` and then echoes what it is sent.
    async fn proxy_that_answers(answer: &'static str) -> (Proxy, impl Future<Output = String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Proxy::parse(&format!("http://{address}")).unwrap();
        let serve = async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = answer_of_proxy(&mut stream).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            let mut byte = [0];
            if stream.read(&mut byte).await.unwrap_or(0) == 1 {
                stream.write_all(&byte).await.unwrap();
            }
            request
        };
        (proxy, serve)
    }

    #[tokio::test]
    async fn behind_a_proxy_s_yes_is_the_server() {
        let (proxy, serve) =
            proxy_that_answers("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n").await;
        let network = Network::new("/nonexistent".into(), Some(proxy));

        let talk = async {
            let mut stream = network.dial("fleet.example", 443).await.unwrap();
            stream.write_all(b"!").await.unwrap();
            stream.read_u8().await.unwrap()
        };
        let (byte, request) = tokio::join!(talk, serve);

        assert_eq!(byte, b'!');
        assert!(request.starts_with("CONNECT fleet.example:443 HTTP/1.1\r\n"));
    }

    #[tokio::test]
    async fn a_proxy_s_no_is_told_in_its_words() {
        let (proxy, serve) =
            proxy_that_answers("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
        let network = Network::new("/nonexistent".into(), Some(proxy));

        let (result, _) = tokio::join!(network.dial("fleet.example", 443), serve);

        let error = result.unwrap_err().to_string();
        assert!(error.contains("407 Proxy Authentication Required"), "{error}");
    }

    #[tokio::test]
    async fn a_name_without_a_resolver_is_an_error_that_says_where_to_look() {
        let network = Network::new("/nonexistent".into(), None);

        let error = network.dial("fleet.example", 443).await.unwrap_err().to_string();

        assert!(error.contains("/etc/resolv.conf"), "{error}");
    }
}
