//! One connection of an agent, from its hello to its end.
//!
//! Ten thousand of them are idle at any time, so what a session holds while it waits is small: a
//! socket, a slot, a few numbers. Everything larger lives in a box only while a message is being
//! dealt with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use domfleet_shared::protocol::{Hello, ToAgent, ToServer};
use hyper::upgrade::Upgraded;
use tokio::time::timeout;

use super::hello::{self, Admitted};
use super::problem::Problem;
use super::rate::Rate;
use super::refusal::Refusal;
use super::registry::Todo;
use super::socket::{self, End, Heard, Received, Socket};
use super::talk::{self, Talk};
use crate::accept::{Opening, Peer};
use crate::app::App;
use crate::tls::ClientCertificate;

/// How long an agent may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);

/// `GET /agent/v1/socket`.
pub(super) async fn socket(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
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
    // Taken from it: a fleet comes back no faster than it can be welcomed, so that what is needed
    // only for that is never needed by many at once.
    let opening = request.extensions_mut().remove::<Opening>();
    let (response, upgrade) = socket::upgrade(request).ok_or_else(no_handshake)?;
    app.tracker.clone().spawn(async move {
        match upgrade.await {
            // A task never becomes smaller than it once was: this one is new, and small.
            Ok(connection) => {
                _ = app.tracker.clone().spawn(run(app, certificate, connection, opening));
            }
            Err(error) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "a connection ended before it was a session"
            ),
        }
    });
    Ok(response)
}

fn no_handshake() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "no_handshake",
        "this is no handshake of a websocket",
        "ask for this path with the headers of RFC 6455, version 13, over HTTP/1.1",
    )
}

/// An open session.
struct Session {
    talk: Talk,
    socket: Socket,
    rate: Rate,
}

async fn run(
    app: App,
    certificate: Arc<ClientCertificate>,
    connection: Upgraded,
    opening: Option<Opening>,
) {
    let Some(mut session) = Box::pin(open(app, certificate, connection)).await else { return };
    drop(opening);
    let end = session.last().await;
    session.talk.app.registry.leave(&session.talk.slot);
    Box::pin(session.socket.close(end)).await;
}

/// From a connection to a session; nothing where it came to none.
async fn open(
    app: App,
    certificate: Arc<ClientCertificate>,
    connection: Upgraded,
) -> Option<Session> {
    let mut socket = Socket::new(connection).await;
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
    let admitted = hello::admit(app, certificate, &hello, socket)
        .await
        .map_err(|trouble| trouble.refusal(key))?;
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
    socket.shrink().await
}

impl Session {
    /// Goes on until there is nothing more to go on with.
    async fn last(&mut self) -> End {
        loop {
            let slot = Arc::clone(&self.talk.slot);
            // Both are cancel safe: a frame that is not whole stays in the websocket's buffer, and
            // what is not taken from the slot waits in it.
            let turn = tokio::select! {
                received = self.socket.receive() => Turn::Heard(received),
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
            Heard::Frame(frame) => {
                let answer = talk::answer(&mut self.talk, frame)
                    .await
                    .map_err(|trouble| trouble.refusal(self.talk.slot.appliance))?;
                if let Some(answer) = answer {
                    self.socket.say(answer).await?;
                }
                // Only here: before a control frame there may be half of a message.
                self.socket.shrink().await
            }
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
            self.socket.ping(probe).await?;
        }
        for message in todo.messages {
            self.socket.say(message).await?;
        }
        Ok(())
    }
}

enum Turn {
    Heard(Received),
    Do(Box<Todo>),
}
