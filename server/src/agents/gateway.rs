//! One connection of an agent, from its hello to its end.
//!
//! Ten thousand of them are idle at any time, so what a session holds while it waits is small:
//! buffers of a kilobyte, a slot, a few numbers. Everything larger lives in a box only while a
//! message is being dealt with.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use domfleet_shared::protocol::{self, Frame, Hello, MAX_FRAME_BYTES, ToAgent, ToServer};
use tokio::time::timeout;

use super::hello::{self, Admitted};
use super::problem::Problem;
use super::rate::Rate;
use super::refusal::Refusal;
use super::registry::Todo;
use super::talk::{self, Talk};
use crate::accept::Peer;
use crate::app::App;
use crate::tls::ClientCertificate;

/// How long an agent may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
/// How long an agent may take to read what it is sent.
const SEND: Duration = Duration::from_secs(30);
/// How long the end of a session may take.
const CLOSE: Duration = Duration::from_secs(2);
/// Room for frames a little too long, so that they can be refused in words.
const READ_LIMIT: usize = MAX_FRAME_BYTES + 64 * 1024;

/// `GET /agent/v1/socket`.
pub(super) async fn socket(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let certificate = peer.certificate.ok_or_else(Problem::not_found)?;
    if app.registry.is_full() {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "as many agents are connected as one server can hold",
            "try again later; run another server if this goes on",
        )
        .after(60));
    }
    let upgrade = upgrade
        .read_buffer_size(1024)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_FRAME_BYTES)
        .max_message_size(READ_LIMIT)
        .max_frame_size(READ_LIMIT);
    Ok(upgrade.on_upgrade(async move |socket| {
        // A task never becomes smaller than it once was: this one is new, and small.
        app.tracker.clone().spawn(run(app, certificate, socket));
    }))
}

/// An open session.
struct Session {
    talk: Talk,
    socket: Socket,
    rate: Rate,
}

/// A websocket that speaks in frames and counts them.
struct Socket {
    inner: WebSocket,
    heard: u64,
    said: u64,
}

/// What came from the agent.
enum Heard {
    Frame(Frame<ToServer>),
    /// An answer to a ping of ours: its number.
    Answer(u64),
    /// A ping, which the library answers.
    Ping,
    Over,
}

/// Why a session is over.
enum End {
    /// The agent is gone, or never introduced itself.
    Gone,
    Refused(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn run(app: App, certificate: Arc<ClientCertificate>, socket: WebSocket) {
    let Some(mut session) = Box::pin(open(app, certificate, socket)).await else { return };
    let end = session.last().await;
    session.talk.app.registry.leave(&session.talk.slot);
    Box::pin(session.socket.close(end)).await;
}

/// From a connection to a session; nothing where it came to none.
async fn open(app: App, certificate: Arc<ClientCertificate>, socket: WebSocket) -> Option<Session> {
    let mut socket = Socket { inner: socket, heard: 0, said: 0 };
    match greet(&app, &certificate, &mut socket).await {
        Ok(admitted) => {
            metrics::counter!("domfleet_sessions_total").increment(1);
            let talk = Talk {
                slot: admitted.slot,
                number: admitted.welcome.session,
                app,
                certificate,
                arrived: false,
            };
            Some(Session { talk, socket, rate: Rate::new(Instant::now()) })
        }
        Err(end) => {
            if let End::Refused(refusal) = &end {
                tracing::info!(
                    key = certificate.spki_sha256,
                    appliance = certificate.appliance.map(tracing::field::display),
                    code = refusal.code,
                    "an agent is refused"
                );
            }
            socket.close(end).await;
            None
        }
    }
}

async fn greet(
    app: &App,
    certificate: &ClientCertificate,
    socket: &mut Socket,
) -> Result<Admitted, End> {
    let first = timeout(HELLO, socket.first()).await.map_err(|_| {
        End::Refused(Refusal::protocol("an agent must say hello within ten seconds"))
    })??;
    let ToServer::Hello(hello) = first.message else {
        return Err(Refusal::protocol("the first frame must be a hello").into());
    };
    let key = &certificate.spki_sha256;
    let admitted =
        hello::admit(app, certificate, &hello).await.map_err(|trouble| trouble.refusal(key))?;
    if let Err(end) = receive(app, socket, &admitted, &hello).await {
        app.registry.leave(&admitted.slot);
        return Err(end);
    }
    Ok(admitted)
}

/// Says welcome, and answers what the hello said.
async fn receive(
    app: &App,
    socket: &mut Socket,
    admitted: &Admitted,
    hello: &Hello,
) -> Result<(), End> {
    socket.say(ToAgent::Welcome(admitted.welcome.clone())).await?;
    let answers = hello::follow_up(app, admitted, hello)
        .await
        .map_err(|trouble| trouble.refusal(admitted.guest.id))?;
    for answer in answers {
        socket.say(answer).await?;
    }
    Ok(())
}

impl Session {
    /// Goes on until there is nothing more to go on with.
    async fn last(&mut self) -> End {
        loop {
            let slot = Arc::clone(&self.talk.slot);
            // Both are cancel safe: a frame that is not whole stays in the websocket's buffer, and
            // what is not taken from the slot waits in it.
            let turn = tokio::select! {
                received = self.socket.inner.recv() => Turn::Heard(received),
                todo = slot.todo() => Turn::Do(Box::new(todo)),
            };
            let result = match turn {
                Turn::Heard(received) => Box::pin(self.hear(received)).await,
                Turn::Do(todo) => Box::pin(self.attend(*todo)).await,
            };
            if let Err(end) = result {
                return end;
            }
        }
    }

    async fn hear(&mut self, received: Received) -> Result<(), End> {
        if !self.rate.allows(Instant::now()) {
            return Err(Refusal::too_many().into());
        }
        let heard = self.socket.read(received)?;
        self.talk.slot.seen(self.talk.app.clock.now());
        match heard {
            Heard::Frame(frame) => match talk::answer(&mut self.talk, frame).await {
                Ok(Some(answer)) => self.socket.say(answer).await,
                Ok(None) => Ok(()),
                Err(trouble) => Err(trouble.refusal(self.talk.slot.appliance).into()),
            },
            Heard::Answer(probe) => {
                self.talk.slot.answers(probe);
                Ok(())
            }
            Heard::Ping => Ok(()),
            Heard::Over => Err(End::Gone),
        }
    }

    async fn attend(&mut self, todo: Todo) -> Result<(), End> {
        if let Some(refusal) = todo.ended {
            return Err(refusal.into());
        }
        if let Some(probe) = todo.probe {
            let number = bytes::Bytes::copy_from_slice(&probe.to_be_bytes());
            self.socket.send(Message::Ping(number)).await?;
        }
        for message in todo.messages {
            self.socket.say(message).await?;
        }
        Ok(())
    }
}

type Received = Option<Result<Message, axum::Error>>;

enum Turn {
    Heard(Received),
    Do(Box<Todo>),
}

impl Socket {
    /// The first frame, whatever comes before it.
    async fn first(&mut self) -> Result<Frame<ToServer>, End> {
        loop {
            let received = self.inner.recv().await;
            match self.read(received)? {
                Heard::Frame(frame) => return Ok(frame),
                Heard::Answer(_) | Heard::Ping => {}
                Heard::Over => return Err(End::Gone),
            }
        }
    }

    fn read(&mut self, received: Received) -> Result<Heard, Refusal> {
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => {
                return Err(Refusal::protocol("frames are text"));
            }
            Some(Ok(Message::Ping(_))) => return Ok(Heard::Ping),
            Some(Ok(Message::Pong(number))) => {
                let number = <[u8; 8]>::try_from(number.as_ref()).map_or(0, u64::from_be_bytes);
                return Ok(Heard::Answer(number));
            }
            Some(Ok(Message::Close(_))) | None => return Ok(Heard::Over),
            // A frame beyond all limits, or not a websocket's at all, or the connection is gone;
            // in the last case nobody hears the refusal.
            Some(Err(_)) => {
                return Err(Refusal::protocol("this is not a frame, or it is too long"));
            }
        };
        let frame = decode(&text)?;
        if frame.seq != self.heard + 1 {
            return Err(Refusal::out_of_order());
        }
        self.heard = frame.seq;
        Ok(Heard::Frame(frame))
    }

    async fn say(&mut self, message: ToAgent) -> Result<(), End> {
        let frame = Frame { seq: self.said + 1, message };
        let text = match protocol::encode(&frame) {
            Ok(text) => text,
            Err(error) => {
                // Never with what we send; losing the session is better than losing its order.
                tracing::error!(error = &error as &dyn std::error::Error, "cannot say this");
                return Err(End::Gone);
            }
        };
        self.said = frame.seq;
        self.send(Message::Text(Utf8Bytes::from(text))).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND, self.inner.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Says why, if that is still possible, and closes in order: an agent that is cut off while it
    /// sends would not read the reason.
    async fn close(&mut self, end: End) {
        let End::Refused(refusal) = end else { return };
        let farewell = async {
            self.say(refusal.into()).await?;
            self.send(Message::Close(None)).await?;
            while let Some(Ok(_)) = self.inner.recv().await {}
            Ok::<(), End>(())
        };
        // Whoever does not read it by then will not.
        _ = timeout(CLOSE, farewell).await;
    }
}

fn decode(text: &str) -> Result<Frame<ToServer>, Refusal> {
    protocol::decode(&without_zero_bytes(text)).map_err(|error| match error {
        protocol::FrameError::TooLong(_) => Refusal::protocol("the frame is longer than 1 MiB"),
        protocol::FrameError::Malformed(_) => Refusal::protocol("this is not a frame"),
    })
}

/// PostgreSQL keeps no zero bytes in a text, and what is left of a crash may hold some. A session
/// that ended for that would end again each time.
fn without_zero_bytes(json: &str) -> Cow<'_, str> {
    let zero = r"\u0000";
    if json.contains(zero) { json.replace(zero, r"\ufffd").into() } else { json.into() }
}
