//! How a simulated appliance reaches the server.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use domfleet_agent::dial::{DialError, Dialer};
use tokio::net::{TcpSocket, TcpStream, lookup_host};

/// A simulated appliance's network. Clones are the same network.
#[derive(Clone, Debug, Default)]
pub struct SimNetwork {
    /// The address it comes from. One address has room for some 28,000 connections to one port, so
    /// many appliances of one process need several.
    source: Option<Ipv4Addr>,
    route: Arc<Mutex<Route>>,
}

/// Where connections lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Where they were meant to.
    #[default]
    Direct,
    /// To this address, whatever was asked for: a link that a test cuts.
    Via(SocketAddr),
    /// Nowhere. Connections that there are stay.
    Down,
}

impl SimNetwork {
    /// One whose connections come from the `index`-th loopback address.
    pub fn from_loopback(index: u64) -> Self {
        let last = u8::try_from(2 + index % 250).unwrap_or(2);
        Self { source: Some(Ipv4Addr::new(127, 0, 1, last)), route: Arc::default() }
    }

    /// Leads connections elsewhere from now on.
    pub fn set_route(&self, route: Route) {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner) = route;
    }

    fn route(&self) -> Route {
        *self.route.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, to: SocketAddr) -> std::io::Result<TcpStream> {
        let stream = match (self.source, to.ip()) {
            (Some(source), IpAddr::V4(address)) if address.is_loopback() => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(SocketAddr::new(source.into(), 0))?;
                socket.connect(to).await?
            }
            _ => TcpStream::connect(to).await?,
        };
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Dialer for SimNetwork {
    type Stream = TcpStream;

    async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, DialError> {
        let unreachable = |source| DialError::Unreachable { host: host.to_owned(), port, source };
        let to = match self.route() {
            Route::Via(address) => address,
            Route::Down => return Err(unreachable(std::io::ErrorKind::NetworkUnreachable.into())),
            Route::Direct => lookup_host((host, port))
                .await
                .map_err(unreachable)?
                // The server listens on IPv4; "localhost" has both.
                .max_by_key(SocketAddr::is_ipv4)
                .ok_or_else(|| unreachable(std::io::ErrorKind::NotFound.into()))?,
        };
        self.connect(to).await.map_err(unreachable)
    }
}
