//! `domfleet-swarm`: simulated appliances with real agents, from one process.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use domfleet_server::telemetry::is_coloured;
use domfleet_shared::enrolment::JoinToken;
use domfleet_tests::sim::Weather;
use domfleet_tests::swarm::{Progress, Swarm, make_room};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_subscriber::EnvFilter;

/// Agents get so long to end in order.
const DRAIN: Duration = Duration::from_secs(15);

/// Simulated appliances with real agents, which join a server and stay until SIGTERM.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where the server is, such as `https://127.0.0.1:8443`; where it is not said, the token's.
    #[arg(long)]
    server: Option<String>,
    /// The join token. It must be good for as many uses as there are appliances.
    #[arg(long)]
    token: String,
    /// How many appliances.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=50_000))]
    appliances: u64,
    /// What hardware, VMs and fates follow from: the same seed gives the same appliances.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How much faster than in life they freeze, panic and lose power; 0 is never.
    #[arg(long, default_value_t = 0.0)]
    freeze_scale: f64,
    /// So many of them, the first, are spared that: something to rely on, for whoever tests pages.
    #[arg(long, default_value_t = 0)]
    sheltered: u64,
    /// Where the names of those are written, one a line, before any of them joins.
    #[arg(long)]
    sheltered_names: Option<PathBuf>,
    /// A folder for what is on their USB drives and on the disks of some VMs; without it they have
    /// neither.
    #[arg(long)]
    belongings: Option<PathBuf>,
    /// How logs are written.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log(arguments.log_format);
    // Whoever was first has the same one.
    let _same = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")
        .and_then(|runtime| runtime.block_on(run(arguments)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn log(format: LogFormat) {
    // Ten thousand agents have much to say.
    let filter = EnvFilter::try_from_env("DOMFLEET_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,domfleet_swarm=info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let token = JoinToken::decode(&arguments.token)?;
    make_room(arguments.appliances)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let swarm = Swarm {
        server: arguments.server,
        token,
        appliances: arguments.appliances,
        seed: arguments.seed,
        weather: Weather::scaled(arguments.freeze_scale),
        sheltered: arguments.sheltered,
        belongings: arguments.belongings,
    };
    if let Some(file) = &arguments.sheltered_names {
        std::fs::write(file, swarm.sheltered_names().join("\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let progress = swarm.start(&tracker, &stop);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        given_up = watch(&progress, arguments.appliances) => given_up?,
    }
    stop.cancel();
    tracker.close();
    if timeout(DRAIN, tracker.wait()).await.is_err() {
        tracing::warn!(left = tracker.len(), "some agents did not end in time");
    }
    Ok(())
}

/// Says how far they are, until all are in; ends only where none will ever be.
async fn watch(progress: &Progress, appliances: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    let all = usize::try_from(appliances)?;
    let mut told = 0;
    loop {
        sleep(Duration::from_millis(100)).await;
        let (joined, given_up) = (progress.joined(), progress.given_up());
        anyhow::ensure!(given_up < all, "the server takes none of them; see above");
        let seconds = began.elapsed().as_secs_f64();
        if joined + given_up == all {
            tracing::info!(joined, given_up, seconds, "all have joined");
            break;
        }
        if joined >= told + 1000 {
            told = joined;
            tracing::info!(joined, seconds, "joining");
        }
    }
    std::future::pending().await
}
