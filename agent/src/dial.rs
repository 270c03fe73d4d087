//! How the agent reaches an address: a stream of bytes, below TLS.

use std::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

/// Whatever opens connections. The real one is `network::Network`; the simulated
/// appliances have one that stalls and cuts.
pub trait Dialer: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// Connects to `host`, a name or an address.
    fn dial(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = Result<Self::Stream, DialError>> + Send;
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name has no address, or nobody could be asked.
    #[error("the name {host} could not be resolved: check /etc/resolv.conf")]
    Name {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nobody answers there.
    #[error("{host}:{port} cannot be reached: check the network, the firewall and the address")]
    Unreachable {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What the last attempt said.
        #[source]
        source: io::Error,
    },
    /// The proxy answered, and not with a connection.
    #[error("the proxy {proxy} refused to connect to {target}: it answered {answer:?}")]
    Proxy {
        /// The proxy's address.
        proxy: String,
        /// Where to.
        target: String,
        /// The first line of its answer.
        answer: String,
    },
}
