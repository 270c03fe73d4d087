//! The listener: from a TCP connection to requests, for each of the faces.
//!
//! Handshakes run apart from the accepting, and nobody who is slow in one is in anyone else's
//! way: see [`gates`].

pub mod gates;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use self::gates::{Gates, Waiting};
use crate::tls::{ClientCertificate, Face, Faces};

/// How many connections may wait to be accepted: a fleet that comes back all at once.
const BACKLOG: u32 = 4096;
/// How long a client may take to begin its handshake, and then to finish it, and for the head of a
/// request.
const HANDSHAKE: Duration = Duration::from_secs(10);
const REQUEST_HEAD: Duration = Duration::from_secs(15);
/// How long its turn may take to come: about as long as an agent waits for its handshake.
const TURN: Duration = Duration::from_secs(25);
/// How long requests that are under way get when the server goes down.
const DRAIN: Duration = Duration::from_secs(10);
/// A connection that is not a session yet, or uploads.
const AGENT_CONNECTIONS: usize = 8192;
const PUBLIC_CONNECTIONS: usize = 4096;
/// hyper's least: an agent's requests are small, and there are many agents.
const AGENT_BUFFER_BYTES: usize = 8192;

/// Who is at the other end of a connection: in the extensions of each of its requests.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// Always there on the agents' face, and only there.
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// The place that a connection holds while it opens: in the extensions of its first request. Whoever
/// makes a session of it keeps that until the agent is welcome; otherwise it goes with the request.
#[derive(Clone, Debug)]
pub struct Opening {
    _place: Arc<Waiting>,
}

/// What is served on each face.
#[derive(Clone, Debug)]
pub struct Routers {
    pub agent: Router,
    pub enrolment: Router,
    pub public: Router,
}

/// A connection whose handshake is done.
struct Connection {
    stream: TlsStream<TcpStream>,
    face: Face,
    peer: Peer,
    opening: Option<Opening>,
}

/// The listener.
#[derive(Debug)]
pub struct Entrance {
    faces: Arc<Faces>,
    routers: Routers,
    gates: Gates,
    agents: Arc<Semaphore>,
    public: Arc<Semaphore>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

/// Binds `address`, with room for a whole fleet to come back.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Entrance {
    /// Everything runs on `tracker`, until `stop`.
    pub fn new(
        faces: Arc<Faces>,
        routers: Routers,
        tracker: TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            faces,
            routers,
            gates: Gates::new(gates::Limits::default()),
            agents: Arc::new(Semaphore::new(AGENT_CONNECTIONS)),
            public: Arc::new(Semaphore::new(PUBLIC_CONNECTIONS)),
            tracker,
            stop,
        })
    }

    /// Accepts what comes to `listener` until the server goes down.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                // Cancel safe: a connection that was not handed out is still in the backlog.
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address),
                Err(error) => {
                    // Most likely there are no more files to open. Whoever waits, waits on.
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, stream: TcpStream, address: SocketAddr) {
        let Some(waiting) = self.gates.enter(address.ip()) else {
            metrics::counter!("domfleet_connections_turned_away_total").increment(1);
            return;
        };
        let entrance = Arc::clone(self);
        self.tracker.spawn(async move {
            // In a box each, so that the task is as large as the later of the two, not both.
            let greeted = Box::pin(entrance.greet(stream, address, waiting)).await;
            match greeted {
                Ok(connection) => Box::pin(entrance.attend(connection)).await,
                Err(error) => {
                    metrics::counter!("domfleet_handshakes_failed_total").increment(1);
                    tracing::debug!(%address, error = format!("{error:#}"), "no handshake");
                }
            }
        });
    }

    async fn greet(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        mut waiting: Waiting,
    ) -> anyhow::Result<Connection> {
        stream.set_nodelay(true)?;
        let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
        let start = timeout(HANDSHAKE, hello).await.context("too slow to begin")??;
        let face = Face::of(&start.client_hello());
        timeout(TURN, waiting.turn()).await.context("too many before it")?;
        let handshake = start.into_stream(self.faces.config(face));
        let stream = timeout(HANDSHAKE, handshake).await.context("too slow")??;
        let certificate = match face {
            Face::Agent => {
                let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
                let leaf = chain.first().context("no certificate")?;
                Some(Arc::new(ClientCertificate::read(leaf).context("unreadable certificate")?))
            }
            Face::Enrolment | Face::Public => None,
        };
        let opening = match face {
            Face::Agent => Some(Opening { _place: Arc::new(waiting) }),
            Face::Enrolment | Face::Public => None,
        };
        Ok(Connection { stream, face, peer: Peer { address, certificate }, opening })
    }

    async fn attend(&self, connection: Connection) {
        let Connection { stream, face, peer, opening } = connection;
        let room = match face {
            Face::Agent | Face::Enrolment => &self.agents,
            Face::Public => &self.public,
        };
        let Ok(_place) = Arc::clone(room).try_acquire_owned() else {
            metrics::counter!("domfleet_connections_turned_away_total").increment(1);
            return;
        };
        let served = match face {
            Face::Agent => self.attend_agent(stream, &self.routers.agent, peer, opening).await,
            Face::Enrolment => {
                self.attend_agent(stream, &self.routers.enrolment, peer, opening).await
            }
            Face::Public => self.attend_public(stream, peer).await,
        };
        if let Err(error) = served {
            tracing::debug!(error = error.as_ref() as &dyn std::error::Error, "connection ended");
        }
    }

    async fn attend_agent(
        &self,
        stream: TlsStream<TcpStream>,
        router: &Router,
        peer: Peer,
        opening: Option<Opening>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(REQUEST_HEAD)
            .max_buf_size(AGENT_BUFFER_BYTES);
        let service = service(router, peer, opening);
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            served = connection.as_mut() => return Ok(served?),
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        Ok(timeout(DRAIN, connection).await??)
    }

    async fn attend_public(
        &self,
        stream: TlsStream<TcpStream>,
        peer: Peer,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut http =
            hyper_util::server::conn::auto::Builder::new(TrackerExecutor(self.tracker.clone()));
        http.http1().timer(TokioTimer::new()).header_read_timeout(REQUEST_HEAD);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20))
            .max_concurrent_streams(128)
            .max_header_list_size(16 * 1024);
        let service = service(&self.routers.public, peer, None);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            served = connection.as_mut() => return served,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        timeout(DRAIN, connection).await?
    }
}

/// `router`, told who asks, and with the first request, the place that it holds.
fn service(
    router: &Router,
    peer: Peer,
    opening: Option<Opening>,
) -> impl Service<
    Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send + 'static,
> + use<> {
    let router = router.clone();
    let opening = Mutex::new(opening);
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(peer.address));
        extensions.insert(peer.clone());
        if let Some(opening) = opening.lock().unwrap_or_else(PoisonError::into_inner).take() {
            extensions.insert(opening);
        }
        router.clone().oneshot(request)
    })
}

/// Streams of HTTP/2 run on the tracker too.
#[derive(Clone, Debug)]
struct TrackerExecutor(TaskTracker);

impl<F> hyper::rt::Executor<F> for TrackerExecutor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}
