//! A link between an appliance and its server that stalls, and that cuts at any frame or byte.
//!
//! It passes TLS records on one by one: after the handshake each is one frame. A test arms it for a
//! record counted from then on; when that record comes, the link holds it, and everything behind
//! it, until it is cut or goes on.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Which way a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the agent.
    ToServer,
    /// From the server.
    ToAgent,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ToServer, Self::ToAgent];
}

/// How much of the record gets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Before,
    /// So many of its bytes, at most all but one.
    Bytes(usize),
    /// All of it, and nothing after it.
    After,
}

/// A link. Dropping it does nothing; it ends with its tracker.
#[derive(Clone, Debug)]
pub struct Link {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: SocketAddr,
    state: Mutex<State>,
    flow: watch::Sender<Flow>,
}

#[derive(Debug, Default)]
struct State {
    trap: Option<Trap>,
    records: [u64; 2],
    cut: CancellationToken,
}

#[derive(Clone, Copy, Debug)]
struct Trap {
    way: Way,
    record: u64,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Free,
    /// Nothing gets through.
    Held,
    /// The trap has struck: nothing gets through.
    Struck,
}

impl Link {
    /// A link to `to` on a port of its own.
    pub async fn start(
        to: SocketAddr,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let flow = watch::Sender::default();
        let shared = Arc::new(Shared { to, state: Mutex::default(), flow });
        let (here, stop, connections) = (Arc::clone(&shared), stop.clone(), tracker.clone());
        tracker.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    Ok((stream, _)) = listener.accept() => {
                        let (here, stop) = (Arc::clone(&here), stop.clone());
                        connections.spawn(async move {
                            tokio::select! {
                                () = stop.cancelled() => {}
                                // Whichever way a connection ends is part of the test.
                                _ended = here.carry(stream) => {}
                            }
                        });
                    }
                }
            }
        });
        Ok(Self { address, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Holds everything, or lets it go on.
    pub fn hold(&self, held: bool) {
        self.shared.flow.send_replace(if held { Flow::Held } else { Flow::Free });
    }

    /// Cuts every connection that there is, and lets new ones through.
    pub fn cut(&self) {
        let mut state = self.shared.state();
        std::mem::take(&mut state.cut).cancel();
        drop(state);
        self.hold(false);
    }

    /// Sets a trap for the `record`-th record from now on, counted from 0.
    pub fn arm(&self, way: Way, record: u64, place: Place) {
        let mut state = self.shared.state();
        state.records = [0, 0];
        state.trap = Some(Trap { way, record, place });
    }

    /// Takes the trap away, and says how many records went each way since it was set.
    pub fn disarm(&self) -> [u64; 2] {
        let mut state = self.shared.state();
        state.trap = None;
        state.records
    }

    /// Waits until the trap has struck.
    pub async fn struck(&self) {
        let mut flow = self.shared.flow.subscribe();
        flow.wait_for(|flow| *flow == Flow::Struck).await.ok();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn carry(&self, agent: TcpStream) -> io::Result<()> {
        let cut = self.state().cut.clone();
        let server = TcpStream::connect(self.to).await?;
        agent.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let ((from_agent, to_agent), (from_server, to_server)) =
            (agent.into_split(), server.into_split());
        tokio::select! {
            () = cut.cancelled() => Ok(()),
            ended = self.pass_on(Way::ToServer, from_agent, to_server) => ended,
            ended = self.pass_on(Way::ToAgent, from_server, to_agent) => ended,
        }
    }

    async fn pass_on(
        &self,
        way: Way,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> io::Result<()> {
        let mut flow = self.flow.subscribe();
        loop {
            let record = read_record(&mut from).await?;
            flow.wait_for(|flow| *flow == Flow::Free).await.map_err(io::Error::other)?;
            let Some(place) = self.count(way) else {
                to.write_all(&record).await?;
                continue;
            };
            let passed = match place {
                Place::Before => 0,
                Place::Bytes(bytes) => bytes.min(record.len() - 1),
                Place::After => record.len(),
            };
            to.write_all(&record[..passed]).await?;
            self.flow.send_replace(Flow::Struck);
            flow.wait_for(|flow| *flow == Flow::Free).await.map_err(io::Error::other)?;
            to.write_all(&record[passed..]).await?;
        }
    }

    /// Counts a record; says how much of it gets through where the trap is for it.
    fn count(&self, way: Way) -> Option<Place> {
        let mut state = self.state();
        let counted = &mut state.records[way as usize];
        let number = *counted;
        *counted += 1;
        let trap = state.trap.filter(|trap| trap.way == way && trap.record == number)?;
        state.trap = None;
        Some(trap.place)
    }
}

async fn read_record(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    from.read_exact(&mut record).await?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    from.read_exact(&mut record[5..]).await?;
    Ok(record)
}
