//! The websocket of an agent: frames in and out, counted.
//!
//! Its library's buffers begin small, grow with the longest message in either direction, and never
//! shrink. Ten thousand agents are idle at any time, so after a long message the library's part is
//! made anew; [`WholeFrames`] sees to it that nothing is lost by that.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use domfleet_shared::protocol::{self, Frame, MAX_FRAME_BYTES, ToAgent, ToServer};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::refusal::Refusal;
use super::whole_frames::WholeFrames;

/// How long an agent may take to read what it is sent.
const SEND: Duration = Duration::from_secs(30);
/// How long the end of a session may take.
const CLOSE: Duration = Duration::from_secs(2);
/// Room for frames a little too long, so that they can be refused in words.
const READ_LIMIT: usize = MAX_FRAME_BYTES + 64 * 1024;
/// Room for a heartbeat: what is longer makes the buffers grow.
const IDLE_BYTES: usize = 256;

/// A websocket that speaks in frames and counts them.
pub(super) struct Socket {
    /// Always there, but while it is made anew.
    stream: Option<Stream>,
    /// Whether a message was longer than the buffers of an idle agent.
    has_grown: bool,
    heard: u64,
    said: u64,
}

type Stream = WebSocketStream<WholeFrames<TokioIo<Upgraded>>>;

/// What the library makes of what comes from the agent; nothing where there is no more.
pub(super) type Received = Option<Result<Message, tungstenite::Error>>;

/// What came from the agent.
pub(super) enum Heard {
    Frame(Frame<ToServer>),
    /// An answer to a ping of ours: its number.
    Answer(u64),
    /// A ping, which the library answers.
    Ping,
    Over,
}

/// Why a session is over.
pub(super) enum End {
    /// The agent is gone, or never introduced itself.
    Gone,
    Refused(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The answer to a websocket's handshake, and what becomes of the connection after it; nothing
/// where `request` is no such handshake.
pub(super) fn upgrade(mut request: Request) -> Option<(Response, OnUpgrade)> {
    let response = create_response_with_body(&request, Body::empty).ok()?;
    Some((response, hyper::upgrade::on(&mut request)))
}

impl Socket {
    pub(super) async fn new(connection: Upgraded) -> Self {
        let stream = open(WholeFrames::new(TokioIo::new(connection))).await;
        Self { stream: Some(stream), has_grown: false, heard: 0, said: 0 }
    }

    /// What comes next. Cancelling it loses nothing.
    pub(super) async fn receive(&mut self) -> Received {
        self.stream.as_mut()?.next().await
    }

    /// The first frame, whatever comes before it.
    pub(super) async fn first(&mut self) -> Result<Frame<ToServer>, End> {
        loop {
            let received = self.receive().await;
            match self.read(received)? {
                Heard::Frame(frame) => return Ok(frame),
                Heard::Answer(_) | Heard::Ping => {}
                Heard::Over => return Err(End::Gone),
            }
        }
    }

    pub(super) fn read(&mut self, received: Received) -> Result<Heard, Refusal> {
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
            // Whole messages are all that is read.
            Some(Ok(Message::Close(_) | Message::Frame(_))) | None => return Ok(Heard::Over),
            // A frame beyond all limits, or not a websocket's at all, or the connection is gone;
            // in the last case nobody hears the refusal.
            Some(Err(_)) => {
                return Err(Refusal::protocol("this is not a frame, or it is too long"));
            }
        };
        self.has_grown |= text.len() > IDLE_BYTES;
        let frame = decode(&text)?;
        if frame.seq != self.heard + 1 {
            return Err(Refusal::out_of_order());
        }
        self.heard = frame.seq;
        Ok(Heard::Frame(frame))
    }

    pub(super) async fn say(&mut self, message: ToAgent) -> Result<(), End> {
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
        self.has_grown |= text.len() > IDLE_BYTES;
        self.send(Message::text(text)).await
    }

    /// Asks for a sign of life.
    pub(super) async fn ping(&mut self, probe: u64) -> Result<(), End> {
        let number = bytes::Bytes::copy_from_slice(&probe.to_be_bytes());
        self.send(Message::Ping(number)).await
    }

    /// Whether someone still answers who has said something before: what was said may be read long after
    /// that. Until then an agent is to say nothing more; one that does is out of order.
    pub(super) async fn still_answers(&mut self, patience: Duration) -> bool {
        const PROBE: u64 = 1;
        let answer = async {
            self.ping(PROBE).await.ok()?;
            loop {
                let received = self.receive().await;
                match self.read(received).ok()? {
                    Heard::Answer(PROBE) => return Some(()),
                    Heard::Answer(_) | Heard::Ping => {}
                    Heard::Frame(_) | Heard::Over => return None,
                }
            }
        };
        timeout(patience, answer).await.is_ok_and(|answer| answer.is_some())
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let stream = self.stream.as_mut().ok_or(End::Gone)?;
        match timeout(SEND, stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Gives back what long messages have needed. Only between messages: half of one would be lost.
    pub(super) async fn shrink(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.has_grown) {
            return Ok(());
        }
        let mut stream = self.stream.take().ok_or(End::Gone)?;
        // What waits to be sent, such as the answer to a ping, is in the buffer that goes.
        match timeout(SEND, stream.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Err(End::Gone),
        }
        self.stream = Some(open(stream.into_inner()).await);
        Ok(())
    }

    /// Says why, if that is still possible, and closes in order: an agent that is cut off while it
    /// sends would not read the reason.
    pub(super) async fn close(&mut self, end: End) {
        let End::Refused(refusal) = end else { return };
        let farewell = async {
            self.say(refusal.into()).await?;
            self.send(Message::Close(None)).await?;
            while let Some(Ok(_)) = self.receive().await {}
            Ok::<(), End>(())
        };
        // Whoever does not read it by then will not.
        _ = timeout(CLOSE, farewell).await;
    }
}

async fn open(connection: WholeFrames<TokioIo<Upgraded>>) -> Stream {
    let config = WebSocketConfig::default()
        .read_buffer_size(IDLE_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_FRAME_BYTES)
        .max_message_size(Some(READ_LIMIT))
        .max_frame_size(Some(READ_LIMIT));
    WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)).await
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
