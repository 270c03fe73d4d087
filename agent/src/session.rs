//! One session with the server, from hello to its end.

use std::collections::BTreeMap;
use std::time::Duration;

use domfleet_shared::enrolment::{SERVER_NAME, SOCKET_PATH};
use domfleet_shared::id::OperationId;
use domfleet_shared::inventory::Digests;
use domfleet_shared::operation::Report;
use domfleet_shared::protocol::{
    Frame, FrameError, Hello, MAX_FRAME_BYTES, ToAgent, ToServer, Versions, Welcome, decode,
    encode, refusal,
};
use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::sync::CancellationToken;

use crate::agent::{Agent, locked};
use crate::alive::Clean;
use crate::dial::Dialer;
use crate::dom0::{Dom0, Dom0Error};
use crate::identity::{self, Identity, IdentityError};
use crate::migration::following::{self, Standing};
use crate::migration::telling::Telling;
use crate::operations::Order;
use crate::storage::Files;
use crate::storage::record::RecordError;
use crate::tls;

/// The server answers the hello within this: it may be greeting a whole fleet.
const WELCOME_WITHIN: Duration = Duration::from_mins(1);
/// A frame that cannot be sent for so long never will be: the connection is dead.
const SENT_WITHIN: Duration = Duration::from_secs(30);
/// Before a session is given up for silence, however short its heartbeats.
const SILENCE_AT_LEAST: Duration = Duration::from_mins(1);
/// Whether the certificate wants renewing is asked this often.
const RENEWAL_CHECK: Duration = Duration::from_hours(1);
/// How a migration is doing is said no more often, but for what is new in its story.
const TELL_AGAIN: Duration = Duration::from_secs(1);
/// 10,000 agents may share a process, and dom0 has little memory.
const BUFFER_BYTES: usize = 4 * 1024;

/// How a session ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the connection broke")]
    Broken(#[from] tungstenite::Error),
    #[error("the server closed the connection")]
    Closed,
    #[error("the server has been silent for too long")]
    Silent,
    #[error("the server refuses the agent ({code}): {message}")]
    Refused { code: String, message: String, retry_after: Option<Duration> },
    #[error("the server does not speak the protocol: {0}")]
    Protocol(&'static str),
    #[error("what the server sent is no frame")]
    Frame(#[from] FrameError),
    #[error("the server is an older copy of itself: it is not obeyed")]
    OldIncarnation,
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Dom0(#[from] Dom0Error),
}

/// Talks over `stream` until it ends, or until `stop`.
pub(crate) async fn talk<D: Dom0, F: Files, N: Dialer, S>(
    agent: &Agent<D, F, N>,
    stream: S,
    stop: &CancellationToken,
) -> Result<(), SessionError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let uri = format!("wss://{SERVER_NAME}{SOCKET_PATH}");
    let handshake = tokio_tungstenite::client_async_with_config(uri, stream, Some(config));
    let (socket, _) =
        timeout(WELCOME_WITHIN, handshake).await.map_err(|_| SessionError::Silent)??;
    let mut wire = Wire { socket, sent: 0, received: 0, heard: Instant::now() };
    let (told, session) = greet(agent, &mut wire).await?;
    agent.trouble.send_replace(None);
    agent.connected.send_replace(true);
    let talk = Talk {
        agent,
        wire,
        told,
        session,
        said: BTreeMap::new(),
        telling: Telling::default(),
        tell_at: Instant::now(),
    };
    let ended = talk.until(stop).await;
    agent.connected.send_replace(false);
    ended
}

/// Hello and welcome. What the welcome says is durable before anything else is sent.
async fn greet<D: Dom0, F: Files, N: Dialer, S>(
    agent: &Agent<D, F, N>,
    wire: &mut Wire<S>,
) -> Result<(Digests, Opening), SessionError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let seen = agent.seen();
    let running = agent.world.dom0.running()?;
    let digests = agent.inventory.digests();
    let hello = Hello {
        versions: Versions::OURS,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        epoch: agent.identity().epoch,
        instance: agent.instance,
        session: seen.session,
        incarnation: seen.incarnation,
        fingerprint: agent.inventory.fingerprint(),
        boot_id: running.boot_id,
        uptime_seconds: running.uptime.as_secs(),
        now: agent.world.clock.now(),
        digests: digests.clone(),
        journal: agent.journal.owed(),
    };
    let owed = hello.journal.clone();
    wire.send(ToServer::Hello(Box::new(hello))).await?;
    let first = timeout(WELCOME_WITHIN, wire.next()).await.map_err(|_| SessionError::Silent)??;
    let welcome = match first {
        ToAgent::Welcome(welcome) => welcome,
        ToAgent::Refused { code, message, retry_after_seconds } => {
            return Err(refused(code, message, retry_after_seconds));
        }
        _ => return Err(SessionError::Protocol("it did not welcome the agent")),
    };
    let identity = agent.identity();
    if welcome.appliance != identity.appliance {
        return Err(SessionError::Protocol("it takes the agent for another appliance"));
    }
    let seen = seen.after(&welcome).ok_or(SessionError::OldIncarnation)?;
    seen.store(&agent.world.files).await?;
    *locked(&agent.seen) = seen;
    if welcome.trust_bundle_pem != identity.trust_bundle_pem {
        let trust_bundle_pem = welcome.trust_bundle_pem.clone();
        take_identity(agent, Identity { trust_bundle_pem, ..identity }).await?;
    }
    locked(&agent.terms).read_only.clone_from(&welcome.read_only);
    let uptime_seconds = agent.world.dom0.running()?.uptime.as_secs();
    tracing::info!(
        session = welcome.session,
        accepted = welcome.accepted,
        read_only = welcome.read_only,
        "welcomed by the server"
    );
    Ok((digests, Opening { welcome, welcomed_at_uptime_seconds: uptime_seconds, owed }))
}

/// What a session begins with.
struct Opening {
    welcome: Welcome,
    welcomed_at_uptime_seconds: u64,
    owed: Vec<Report>,
}

/// Makes `identity` durable and uses it from now on, if a server can be verified with it.
async fn take_identity<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    identity: Identity,
) -> Result<(), IdentityError> {
    identity.check_key(&agent.key)?;
    if !tls::is_trust_bundle(&identity.trust_bundle_pem) {
        return Err(IdentityError::Certificate);
    }
    identity.store(&agent.world.files).await?;
    *locked(&agent.identity) = identity;
    Ok(())
}

fn refused(code: String, message: String, retry_after_seconds: Option<u32>) -> SessionError {
    let retry_after = retry_after_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    SessionError::Refused { code, message, retry_after }
}

/// A session that has been welcomed.
struct Talk<'a, D, F, N, S> {
    agent: &'a Agent<D, F, N>,
    wire: Wire<S>,
    /// The digests that the server knows of.
    told: Digests,
    session: Opening,
    /// The last report of each operation that was said in this session.
    said: BTreeMap<OperationId, u64>,
    /// What was said of a migration, and when the next word is due at the earliest.
    telling: Telling,
    tell_at: Instant,
}

impl<D: Dom0, F: Files, N: Dialer, S> Talk<'_, D, F, N, S>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    async fn until(mut self, stop: &CancellationToken) -> Result<(), SessionError> {
        let mut journal = self.agent.journal.changes();
        let mut inventory = self.agent.inventory.changes();
        let mut leaving = self.agent.leaving.subscribe();
        let mut migration = self.agent.following.standing();
        migration.mark_changed();
        self.said = self.session.owed.drain(..).map(|report| (report.id, report.report)).collect();
        let period = Duration::from_secs(self.session.welcome.heartbeat_seconds.max(1).into());
        let silence = (period * 3).max(SILENCE_AT_LEAST);
        let mut heartbeat = Instant::now() + jittered(period);
        let mut renewal = Instant::now() + jittered(Duration::from_secs(20));
        // Something may have been recorded between the hello and now.
        self.reports().await?;
        loop {
            let silent_at = self.wire.heard + silence;
            // Every branch only waits; nothing is lost when another one wins.
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.part().await,
                _ = leaving.changed() => self.goodbye().await?,
                message = self.wire.next() => self.hear(message?).await?,
                _ = journal.changed() => self.reports().await?,
                _ = inventory.changed() => self.heartbeat().await?,
                () = until_due(&mut migration, self.tell_at) => self.tell().await?,
                () = sleep_until(heartbeat) => {
                    heartbeat = Instant::now() + jittered(period);
                    self.heartbeat().await?;
                    self.wire.ping().await?;
                }
                () = sleep_until(renewal) => {
                    renewal = Instant::now() + jittered(RENEWAL_CHECK);
                    self.renew().await?;
                }
                () = sleep_until(silent_at) => return Err(SessionError::Silent),
            }
        }
    }

    async fn hear(&mut self, message: ToAgent) -> Result<(), SessionError> {
        match message {
            ToAgent::Welcome(_) => return Err(SessionError::Protocol("a second welcome")),
            ToAgent::Refused { code, message, retry_after_seconds } => {
                return Err(refused(code, message, retry_after_seconds));
            }
            ToAgent::Want { sections } => {
                for section in sections {
                    if let Some(content) = self.agent.inventory.content(section) {
                        self.wire.send(ToServer::Inventory { content }).await?;
                    }
                }
            }
            ToAgent::Offer(offer) => {
                let begin_before_uptime_seconds = self
                    .session
                    .welcomed_at_uptime_seconds
                    .saturating_add(offer.start_before_seconds);
                let offer = Box::new(offer);
                self.order(Order::Offer { offer, begin_before_uptime_seconds });
            }
            ToAgent::Withdraw { id } => self.order(Order::Withdraw(id)),
            ToAgent::Acknowledge { id, report } => self.order(Order::Acknowledge { id, report }),
            ToAgent::Renewed { certificate_pem, trust_bundle_pem } => {
                let identity =
                    Identity { certificate_pem, trust_bundle_pem, ..self.agent.identity() };
                take_identity(self.agent, identity).await?;
                tracing::info!("the certificate is renewed");
            }
            ToAgent::Unsupported { seq } => {
                tracing::warn!(seq, "the server did not understand what it was told");
                self.telling.fall_silent();
            }
            ToAgent::Migrate(intent) => {
                following::take(self.agent, *intent).await;
                self.tell().await?;
            }
            ToAgent::Heard(heard) => {
                if let Some(why) = &heard.refused {
                    tracing::info!(why, "the server does not give what was asked for");
                }
                if self.telling.heard(&heard) {
                    self.tell().await?;
                } else {
                    self.tell_at = Instant::now() + TELL_AGAIN;
                    self.agent.following.touch();
                }
            }
            ToAgent::Unknown => {
                let seq = self.wire.received;
                self.wire.send(ToServer::Unsupported { seq }).await?;
            }
        }
        Ok(())
    }

    /// Says the next word of a migration, if there is one.
    async fn tell(&mut self) -> Result<(), SessionError> {
        let Some((migration, revision)) = self.agent.following.subject() else { return Ok(()) };
        let standing = self.agent.following.standing().borrow().clone();
        let Some(told) = self.telling.next(migration, &standing, revision) else { return Ok(()) };
        self.tell_at = Instant::now() + TELL_AGAIN;
        self.wire.send(ToServer::Migration(Box::new(told))).await
    }

    /// What the clerk has no room for, the server says again in the next session.
    fn order(&self, order: Order) {
        if self.agent.orders.try_send(order).is_err() {
            tracing::warn!("too much at once: an order of the server is left for later");
        }
    }

    /// Says what has happened to operations since it was last said in this session.
    async fn reports(&mut self) -> Result<(), SessionError> {
        for report in self.agent.repeats() {
            self.say(report).await?;
        }
        let owed = self.agent.journal.owed();
        self.said.retain(|id, _| owed.iter().any(|report| report.id == *id));
        for report in owed {
            if self.said.get(&report.id).is_none_or(|said| *said < report.report) {
                self.say(report).await?;
            }
        }
        Ok(())
    }

    async fn say(&mut self, report: Report) -> Result<(), SessionError> {
        self.said.insert(report.id, report.report);
        self.wire.send(ToServer::Report(Box::new(report))).await
    }

    async fn heartbeat(&mut self) -> Result<(), SessionError> {
        let now = self.agent.inventory.digests();
        let is_news = |section, digest| self.told.get(section) != Some(digest);
        let digests = now.iter().filter(|(section, digest)| is_news(section, digest));
        let digests = digests.map(|(section, digest)| (*section, digest.clone())).collect();
        let uptime_seconds = self.agent.world.dom0.running()?.uptime.as_secs();
        self.wire.send(ToServer::Heartbeat { uptime_seconds, digests }).await?;
        self.told = now;
        Ok(())
    }

    /// Asks for a new certificate at half of the old one's life, unless the server holds the agent
    /// for a possible clone: it would not get one.
    async fn renew(&mut self) -> Result<(), SessionError> {
        let is_time =
            self.agent.identity().validity()?.is_half_over(self.agent.judged_time().now());
        if !is_time || self.agent.read_only().is_some() {
            return Ok(());
        }
        let csr_pem = identity::request(&self.agent.key)?;
        self.wire.send(ToServer::Renew { csr_pem }).await
    }

    async fn goodbye(&mut self) -> Result<(), SessionError> {
        let leaving = *self.agent.leaving.borrow();
        if let Some(returning) = leaving {
            self.wire.send(ToServer::Goodbye { returning }).await?;
            self.agent.said_goodbye.send_replace(true);
        }
        Ok(())
    }

    /// The process ends. If that is because dom0 goes down, the stop script has left a record.
    async fn part(&mut self) -> Result<(), SessionError> {
        let clean = Clean::load(&self.agent.world.files).await;
        let clean = clean.filter(|clean| clean.boot_id == self.agent.boot_id);
        if let Some(clean) = clean.filter(|_| !*self.agent.said_goodbye.borrow()) {
            self.wire.send(ToServer::Goodbye { returning: clean.returning }).await?;
        }
        let closed = timeout(Duration::from_secs(2), self.wire.socket.close(None)).await;
        closed.unwrap_or(Ok(())).map_err(SessionError::from)
    }
}

/// Returns once there is something new to be said, and it is time.
async fn until_due(standing: &mut watch::Receiver<Standing>, at: Instant) {
    // Where nothing changes any more, nothing is said any more.
    if standing.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    // Whatever comes first in between, this is asked again.
    standing.mark_changed();
    sleep_until(at).await;
    standing.mark_unchanged();
}

fn jittered(period: Duration) -> Duration {
    period.mul_f64(rand::rng().random_range(0.8..1.2))
}

/// The socket, and the numbers of the frames.
struct Wire<S> {
    socket: WebSocketStream<S>,
    sent: u64,
    received: u64,
    heard: Instant,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire<S> {
    async fn send(&mut self, message: ToServer) -> Result<(), SessionError> {
        let text = match encode(&Frame { seq: self.sent + 1, message }) {
            Ok(text) => text,
            Err(error) => {
                // Too long to be taken: the rest of the session is worth more than this frame.
                tracing::error!(error = &error as &dyn std::error::Error, "a frame is left out");
                return Ok(());
            }
        };
        self.sent += 1;
        self.put(Message::text(text)).await
    }

    async fn ping(&mut self) -> Result<(), SessionError> {
        self.put(Message::Ping(bytes::Bytes::new())).await
    }

    async fn put(&mut self, message: Message) -> Result<(), SessionError> {
        timeout(SENT_WITHIN, self.socket.send(message))
            .await
            .map_err(|_| SessionError::Silent)??;
        Ok(())
    }

    /// The next message. Cancelling it loses nothing.
    async fn next(&mut self) -> Result<ToAgent, SessionError> {
        loop {
            let message = self.socket.next().await.ok_or(SessionError::Closed)??;
            self.heard = Instant::now();
            let text = match message {
                Message::Text(text) => text,
                Message::Close(_) => return Err(SessionError::Closed),
                Message::Binary(_) => return Err(SessionError::Protocol("a binary frame")),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            };
            let frame: Frame<ToAgent> = decode(&text)?;
            if frame.seq != self.received + 1 {
                return Err(SessionError::Protocol("a frame is missing or came twice"));
            }
            self.received = frame.seq;
            return Ok(frame.message);
        }
    }
}

/// Whether the server will not have this agent until somebody there changes something.
pub(crate) fn is_lasting(code: &str) -> bool {
    [refusal::REVOKED, refusal::UNKNOWN_KEY, refusal::NOT_ADMITTED, refusal::VERSION]
        .contains(&code)
}
