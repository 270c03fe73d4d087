//! An agent by hand: a key, a certificate, and what it says over real TLS.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use domfleet_shared::Timestamp;
use domfleet_shared::enrolment::{
    ALPN_AGENT, ALPN_ENROL, Enrolled, JOIN_PATH, JoinRequest, RENEW_PATH, RenewRequest,
    SERVER_NAME, SOCKET_PATH,
};
use domfleet_shared::id::{BootId, InstanceId};
use domfleet_shared::inventory::{Digests, Fingerprint};
use domfleet_shared::operation::Report;
use domfleet_shared::protocol::{
    self, Frame, Hello, ToAgent, ToServer, Version, Versions, Welcome,
};
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as Piece;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::harness::{PATIENCE, Server};

/// An appliance's agent, and what is on its disk.
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    pub(crate) key: KeyPair,
    pub(crate) enrolled: Enrolled,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) instance: InstanceId,
    pub(crate) session: u64,
    pub(crate) digests: Digests,
    pub(crate) journal: Vec<Report>,
    pub(crate) incarnation: u64,
    pub(crate) boot_id: BootId,
    pub(crate) uptime_seconds: u64,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn new_key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(crate) fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

/// Hardware that no other has.
pub(crate) fn hardware(serial: &str) -> Fingerprint {
    Fingerprint {
        system_uuid: Some(format!("uuid-{serial}")),
        board_serial: Some(format!("board-{serial}")),
        macs: BTreeSet::from([format!("mac-{serial}")]),
        disks: BTreeSet::from([format!("disk-{serial}")]),
    }
}

/// How a client connects: what it offers, trusts and shows.
pub(crate) struct Dial<'a> {
    pub(crate) alpn: &'a [&'a [u8]],
    pub(crate) trust: &'a str,
    /// Certificate and key.
    pub(crate) identity: Option<(&'a str, &'a KeyPair)>,
}

pub(crate) async fn dial(
    address: SocketAddr,
    dial: &Dial<'_>,
) -> std::io::Result<TlsStream<TcpStream>> {
    secure(TcpStream::connect(address).await?, dial).await
}

async fn secure(tcp: TcpStream, dial: &Dial<'_>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(dial.trust.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match dial.identity {
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = dial.alpn.iter().map(|name| name.to_vec()).collect();
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from(SERVER_NAME).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// One request over a connection that is there already.
pub(crate) async fn exchange(
    stream: TlsStream<TcpStream>,
    request: hyper::Request<Full<Bytes>>,
) -> Result<Answer, hyper::Error> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut connection = std::pin::pin!(connection);
    let answer = async {
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = answer.as_mut() => answer,
        ended = connection.as_mut() => { ended?; answer.await }
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    body: impl Into<Bytes>,
) -> hyper::Request<Full<Bytes>> {
    hyper::Request::builder()
        .method(method)
        .uri(path)
        .header("host", SERVER_NAME)
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .unwrap()
}

pub(crate) fn trust(server: &Server) -> String {
    server.app.pki.trust_bundle_pem().as_ref().to_owned()
}

/// A connection to the enrolment face.
pub(crate) async fn enrolment_line(server: &Server) -> TlsStream<TcpStream> {
    let trust = trust(server);
    let dialled = Dial { alpn: &[ALPN_ENROL], trust: &trust, identity: None };
    dial(server.address, &dialled).await.unwrap()
}

/// A request on the enrolment face.
pub(crate) async fn enrol(server: &Server, path: &str, body: &impl serde::Serialize) -> Answer {
    let stream = enrolment_line(server).await;
    exchange(stream, request("POST", path, serde_json::to_vec(body).unwrap())).await.unwrap()
}

pub(crate) async fn join(
    server: &Server,
    secret: &str,
    key: &KeyPair,
    fingerprint: &Fingerprint,
) -> Answer {
    join_on(server, ALPN_ENROL, secret, key, fingerprint).await
}

/// On the face that `alpn` asks for.
pub(crate) async fn join_on(
    server: &Server,
    alpn: &[u8],
    secret: &str,
    key: &KeyPair,
    fingerprint: &Fingerprint,
) -> Answer {
    let body = JoinRequest {
        secret: secret.into(),
        csr_pem: csr(key),
        fingerprint: fingerprint.clone(),
        hostname: "xen-1".into(),
    };
    let trust = trust(server);
    let dialled = Dial { alpn: &[alpn], trust: &trust, identity: None };
    let stream = dial(server.address, &dialled).await.unwrap();
    exchange(stream, request("POST", JOIN_PATH, serde_json::to_vec(&body).unwrap())).await.unwrap()
}

pub(crate) async fn renew(server: &Server, key: &KeyPair) -> Answer {
    enrol(server, RENEW_PATH, &RenewRequest { csr_pem: csr(key) }).await
}

impl Agent {
    /// An accepted appliance on hardware of its own.
    pub(crate) async fn joined(server: &Server) -> Self {
        let secret = server.token(1).await;
        let serial = InstanceId::new().to_string();
        Self::joined_with(server, &secret, hardware(&serial)).await
    }

    pub(crate) async fn joined_with(
        server: &Server,
        secret: &str,
        fingerprint: Fingerprint,
    ) -> Self {
        let key = new_key();
        let answer = join(server, secret, &key, &fingerprint).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        Self {
            address: server.address,
            key,
            enrolled: serde_json::from_slice(&answer.body).unwrap(),
            fingerprint,
            instance: InstanceId::new(),
            session: 0,
            digests: Digests::new(),
            journal: Vec::new(),
            incarnation: 0,
            boot_id: BootId::new(),
            uptime_seconds: 60,
        }
    }

    /// What a copy of its disk would hold.
    pub(crate) fn copied(&self) -> Self {
        Self {
            address: self.address,
            key: KeyPair::from_pem(&self.key.serialize_pem()).unwrap(),
            enrolled: self.enrolled.clone(),
            fingerprint: self.fingerprint.clone(),
            instance: InstanceId::new(),
            session: self.session,
            digests: self.digests.clone(),
            journal: self.journal.clone(),
            incarnation: self.incarnation,
            boot_id: BootId::new(),
            uptime_seconds: 60,
        }
    }

    pub(crate) async fn dial(&self) -> std::io::Result<TlsStream<TcpStream>> {
        dial(self.address, &self.dialled()).await
    }

    /// The same, from an address of its own.
    pub(crate) async fn dial_from(&self, own: IpAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(own, 0))?;
        secure(socket.connect(self.address).await?, &self.dialled()).await
    }

    fn dialled(&self) -> Dial<'_> {
        Dial {
            alpn: &[ALPN_AGENT],
            trust: &self.enrolled.trust_bundle_pem,
            identity: Some((&self.enrolled.certificate_pem, &self.key)),
        }
    }

    pub(crate) async fn request(&self, request: hyper::Request<Full<Bytes>>) -> Answer {
        exchange(self.dial().await.unwrap(), request).await.unwrap()
    }

    pub(crate) fn hello(&self) -> Hello {
        Hello {
            versions: Versions { oldest: Version(1), newest: Version(1) },
            agent_version: "0.1.0".into(),
            epoch: self.enrolled.epoch,
            instance: self.instance,
            session: self.session,
            incarnation: self.incarnation,
            fingerprint: self.fingerprint.clone(),
            boot_id: self.boot_id,
            uptime_seconds: self.uptime_seconds,
            now: Timestamp::now(),
            digests: self.digests.clone(),
            journal: self.journal.clone(),
        }
    }

    /// A socket on which nothing has been said.
    pub(crate) async fn socket(&self) -> Socket {
        Socket::open(self.dial().await.unwrap()).await.unwrap()
    }

    /// Says hello, and gives the answer.
    pub(crate) async fn greet(&self) -> (Socket, ToAgent) {
        let mut socket = self.socket().await;
        socket.say(ToServer::Hello(Box::new(self.hello()))).await;
        let answer = socket.hear().await.expect("an answer");
        (socket, answer)
    }

    /// Says hello, is welcome, and makes the number durable.
    pub(crate) async fn connect(&mut self) -> (Socket, Welcome) {
        match self.greet().await {
            (socket, ToAgent::Welcome(welcome)) => {
                self.session = welcome.session;
                (socket, welcome)
            }
            (_, other) => panic!("not welcome: {other:?}"),
        }
    }

    /// Says hello, and gives the word that it is refused with.
    pub(crate) async fn refused(&self) -> String {
        match self.greet().await.1 {
            ToAgent::Refused { code, .. } => code,
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// A websocket that counts its frames.
pub(crate) struct Socket {
    inner: WebSocketStream<TlsStream<TcpStream>>,
    said: u64,
    heard: u64,
}

impl Socket {
    pub(crate) async fn open(
        stream: TlsStream<TcpStream>,
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let url = format!("wss://{SERVER_NAME}{SOCKET_PATH}");
        let (inner, _) = tokio_tungstenite::client_async(url, stream).await?;
        Ok(Self { inner, said: 0, heard: 0 })
    }

    pub(crate) async fn say(&mut self, message: ToServer) {
        self.said += 1;
        let text = protocol::encode(&Frame { seq: self.said, message }).unwrap();
        self.send(Message::text(text)).await;
    }

    /// Sends whatever it is. That the other end is gone is for the next [`Self::hear`] to find.
    pub(crate) async fn send(&mut self, message: Message) {
        drop(self.inner.send(message).await);
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Says something that is answered and so long, in two pieces with a ping between them. It may
    /// wait for [`Self::flush`]. Gives its number.
    pub(crate) async fn say_in_pieces(&mut self, length: usize) -> u64 {
        self.said += 1;
        let (seq, padding) = (self.said, "x".repeat(length));
        let text = format!(r#"{{"seq":{seq},"message":{{"type":"dance","how":"{padding}"}}}}"#);
        let (first, rest) = text.split_at(text.len() / 3);
        let piece = |text: &str, kind, is_last| {
            Message::Frame(Piece::message(text.to_owned(), OpCode::Data(kind), is_last))
        };
        self.inner.feed(piece(first, Data::Text, false)).await.unwrap();
        self.inner.feed(Message::Ping("still there?".into())).await.unwrap();
        self.inner.feed(piece(rest, Data::Continue, true)).await.unwrap();
        seq
    }

    pub(crate) async fn flush(&mut self) {
        self.inner.flush().await.unwrap();
    }

    /// The next frame; nothing where the connection is over.
    pub(crate) async fn hear(&mut self) -> Option<ToAgent> {
        loop {
            let message = timeout(PATIENCE, self.inner.next()).await.expect("in time")?.ok()?;
            let Message::Text(text) = message else { continue };
            let frame: Frame<ToAgent> = protocol::decode(&text).unwrap();
            self.heard += 1;
            assert_eq!(frame.seq, self.heard);
            return Some(frame.message);
        }
    }

    /// Waits until the server asks for a sign of life. The answer goes with what is said next.
    pub(crate) async fn answer_ping(&mut self) {
        loop {
            let message = timeout(PATIENCE, self.inner.next()).await.expect("in time");
            if matches!(message.unwrap().unwrap(), Message::Ping(_)) {
                return;
            }
        }
    }

    /// Answers pings and nothing else, until the server says something.
    pub(crate) async fn refused(&mut self) -> String {
        match self.hear().await {
            Some(ToAgent::Refused { code, .. }) => code,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Says something that is answered at once, so that all before it has been dealt with.
    pub(crate) async fn settle(&mut self) {
        self.said += 1;
        let text = format!(r#"{{"seq":{},"message":{{"type":"dance"}}}}"#, self.said);
        self.say_text(&text).await;
        match self.hear().await {
            Some(ToAgent::Unsupported { seq }) => assert_eq!(seq, self.said),
            other => panic!("{other:?}"),
        }
    }
}
