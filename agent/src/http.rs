//! One HTTP/1.1 connection to the server, driven by whoever uses it.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// A whole exchange; the largest request is one piece of a bundle.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// No answer to an agent comes near this.
const ANSWER_BYTES: usize = 256 * 1024;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The connection broke, or what came is no HTTP.
    #[error("the connection broke")]
    Broken(#[from] hyper::Error),
    /// Nothing came.
    #[error("the server did not answer in time")]
    Silent,
    /// The answer could not be read whole.
    #[error("the server's answer could not be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A connection that requests are sent over, one after the other.
pub(crate) struct Exchange {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_closed: bool,
}

impl Exchange {
    /// Over a stream that is already secured.
    pub(crate) async fn open<S>(stream: S) -> Result<Self, HttpError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its error is the sender's too, where somebody handles it.
        let connection = Box::pin(async move { drop(connection.await) });
        Ok(Self { sender, connection, is_closed: false })
    }

    /// Sends one request and waits for the whole answer.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Bytes>, HttpError> {
        let Self { sender, connection, is_closed } = self;
        let exchange = async {
            sender.ready().await?;
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await.map_err(HttpError::Body)?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let mut exchange = pin!(timeout(ANSWER_WITHIN, exchange));
        if !*is_closed {
            tokio::select! {
                biased;
                answer = &mut exchange => return answer.unwrap_or(Err(HttpError::Silent)),
                () = connection => *is_closed = true,
            }
        }
        exchange.await.unwrap_or(Err(HttpError::Silent))
    }
}
