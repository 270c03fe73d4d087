//! The operators' API, as a program of theirs uses it: HTTPS, JSON, a bearer token.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::TaskTracker;

/// The first admin of every fleet.
pub const EMAIL: &str = "admin@fleet.test";
/// Its password.
pub const PASSWORD: &str = "correct horse battery staple";

/// A client.
#[derive(Clone, Debug)]
pub struct Api {
    address: SocketAddr,
    tls: Arc<ClientConfig>,
    clock: Arc<OperatorsClock>,
    token: Arc<Mutex<Option<String>>>,
    /// Connections that are open and have nothing to do. Tests look often, and a handshake each
    /// time would be all that they do.
    idle: Arc<Mutex<Vec<SendRequest<Full<Bytes>>>>>,
    connections: TaskTracker,
}

/// By which the server's certificate is judged.
#[derive(Debug, Default)]
struct OperatorsClock {
    ahead_seconds: AtomicU64,
}

impl TimeProvider for OperatorsClock {
    fn current_time(&self) -> Option<UnixTime> {
        let ahead = self.ahead_seconds.load(Ordering::Relaxed);
        Some(UnixTime::since_unix_epoch(Duration::from_secs(UnixTime::now().as_secs() + ahead)))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Answer {
    /// Its JSON; nothing where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The JSON of an answer that says yes.
    ///
    /// # Panics
    ///
    /// When it does not.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(
            self.status.is_success(),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }

    /// The `code` of an answer that says no.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert!(!self.status.is_success(), "{}", String::from_utf8_lossy(&self.body));
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Api {
    /// A client of the server at `address` whose CA's certificate is `ca`.
    pub(super) fn new(address: SocketAddr, ca: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let clock = Arc::<OperatorsClock>::default();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_details(provider, Arc::clone(&clock) as _)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            address,
            tls: Arc::new(tls),
            clock,
            token: Arc::default(),
            idle: Arc::default(),
            connections: TaskTracker::new(),
        }
    }

    /// Operators live in the same time as the fleet: see [`super::Fleet::advance`].
    pub(super) fn advance(&self, by: Duration) {
        self.clock.ahead_seconds.fetch_add(by.as_secs(), Ordering::Relaxed);
    }

    /// What the server says to a request, or why it says nothing.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        for _ in 0..2 {
            let token = self.token().await?;
            let answer = self.exchange(method.clone(), path, body, Some(&token)).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
            // Its ten minutes are over, or the clock was moved.
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        anyhow::bail!("the server takes no login of ours")
    }

    async fn token(&self) -> anyhow::Result<String> {
        let kept = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(token) = kept {
            return Ok(token);
        }
        let login = json!({ "email": EMAIL, "password": PASSWORD });
        let answer = self.exchange(Method::POST, "/api/v1/login", Some(&login), None).await?;
        let token = answer.ok()["access_token"].as_str().unwrap_or_default().to_owned();
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = || {
            let mut request =
                Request::builder().method(method.clone()).uri(path).header(HOST, "localhost");
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            request.header(CONTENT_TYPE, "application/json").body(Full::new(bytes.clone()))
        };
        // A connection that has been idle may be dead; what may be said twice is tried on it.
        let kept = if method == Method::GET { self.idle().pop() } else { None };
        if let Some(mut sender) = kept
            && let Ok(answer) = converse(&mut sender, request()?).await
        {
            self.idle().push(sender);
            return Ok(answer);
        }
        let mut sender = self.connect().await?;
        let answer = converse(&mut sender, request()?).await?;
        self.idle().push(sender);
        Ok(answer)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SendRequest<Full<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends when the server closes it, or when nobody holds the sender any more.
        self.connections.spawn(async move { connection.await.ok() });
        Ok(sender)
    }

    /// `GET path`, of a server that is there.
    ///
    /// # Panics
    ///
    /// When it says no, or nothing.
    pub async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None).await.ok()
    }

    /// `POST path`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(&body)).await
    }

    /// Any request to a server that is there.
    ///
    /// # Panics
    ///
    /// When it says nothing.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        match self.try_send(method, path, body).await {
            Ok(answer) => answer,
            Err(error) => panic!("{path}: {error:#}"),
        }
    }
}

async fn converse(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Answer> {
    sender.ready().await?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    Ok(Answer { status, body })
}
