//! From an address to a secured stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::address::Address;
use crate::dial::{DialError, Dialer};
use crate::http::HttpError;
use crate::tls::{self, TlsError};

/// The whole of dialling and the handshake; a name has several addresses with their own bounds.
const DIAL_WITHIN: Duration = Duration::from_secs(45);
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(30);

/// Why there is no connection to the server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Below TLS.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// Our own certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The handshake failed, and what to do about it.
    #[error("{explanation}")]
    Judged {
        /// For people.
        explanation: &'static str,
        /// What TLS said.
        #[source]
        source: io::Error,
    },
    /// The handshake failed.
    #[error("{server} does not speak TLS as a domfleet server does")]
    Handshake {
        /// The address.
        server: String,
        /// What TLS said.
        #[source]
        source: io::Error,
    },
    /// Connected, and then nothing.
    #[error("{server} does not answer: check the network, the firewall and the address")]
    Silent {
        /// The address.
        server: String,
    },
    /// Above TLS.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// Connects to `server`, and makes sure that it is who `config` says.
pub(crate) async fn secure<N: Dialer>(
    dialer: &N,
    server: &Address,
    config: ClientConfig,
) -> Result<TlsStream<N::Stream>, ConnectError> {
    let silent = || ConnectError::Silent { server: server.to_string() };
    let stream = timeout(DIAL_WITHIN, dialer.dial(&server.host, server.port))
        .await
        .map_err(|_| silent())??;
    let handshake = TlsConnector::from(Arc::new(config)).connect(tls::server_name()?, stream);
    timeout(HANDSHAKE_WITHIN, handshake)
        .await
        .map_err(|_| silent())?
        .map_err(|source| refused(server, source))
}

fn refused(server: &Address, source: io::Error) -> ConnectError {
    let explanation = source
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .and_then(tls::explain);
    match explanation {
        Some(explanation) => ConnectError::Judged { explanation, source },
        None => ConnectError::Handshake { server: server.to_string(), source },
    }
}

/// Whether the server said that our own certificate has expired: its clock is ahead of ours.
pub(crate) fn says_expired(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let rustls = error.downcast_ref::<rustls::Error>().or_else(|| {
            let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
            inner.downcast_ref::<rustls::Error>()
        });
        if let Some(rustls::Error::AlertReceived(rustls::AlertDescription::CertificateExpired)) =
            rustls
        {
            return true;
        }
        next = error.source();
    }
    false
}
