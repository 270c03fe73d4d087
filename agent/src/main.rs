//! `domfleet-agent`: the daemon in dom0, and what a person in dom0 needs of it.

mod backup_command;
mod bar;
mod image_command;
mod migration_command;
mod mitigation_command;
mod recover_command;
mod usb_command;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use domfleet_agent::agent::{self, Settings, World};
use domfleet_agent::alive::{Alive, Clean};
use domfleet_agent::clock::Clock;
use domfleet_agent::coming_back::{self, CameBack};
use domfleet_agent::config::{Config, below};
use domfleet_agent::dom0::Dom0 as _;
use domfleet_agent::dom0::xen::{Layout, Xen};
use domfleet_agent::identity::{Identity, IdentityError};
use domfleet_agent::log_ring::{LogRing, Tee};
use domfleet_agent::migration::permit::{PERMIT_KEYS, Trusted};
use domfleet_agent::mitigation::OnDisk;
use domfleet_agent::network::{Network, Proxy};
use domfleet_agent::seen::Seen;
use domfleet_agent::status::Status;
use domfleet_agent::storage::disk::Disk;
use domfleet_agent::{install, join};
use domfleet_shared::enrolment::JoinToken;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::backup_command::BackupArguments;
use self::image_command::ImageCommand;
use self::migration_command::MigrationCommand;
use self::mitigation_command::MitigationCommand;
use self::recover_command::RecoverCommand;
use self::usb_command::UsbCommand;

/// Reports what this dom0 holds to a Domfleet server, and does what it asks.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    /// A folder with a fake system in it, for trying things out.
    #[arg(long, global = true, default_value = "/")]
    root: PathBuf,
    /// The agent's own folder, where it is not the configured one.
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// An HTTP proxy: `http://user:password@host:port`.
    #[arg(long, global = true)]
    proxy: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Agent(AgentCommand),
    /// Look at disk images, on site and without a server.
    #[command(subcommand)]
    Image(ImageCommand),
    /// Back VMs up to a drive or folder, prove the backup and restore from it.
    Backup(BackupArguments),
    /// See how the migration of this appliance stands, on site and without a server.
    #[command(subcommand)]
    Migration(MigrationCommand),
    /// See to what makes freezes of hypervisor 1.x rarer: apply it, and take it back.
    #[command(subcommand)]
    Mitigations(MitigationCommand),
    /// Find and prepare USB drives, on site and without a server.
    #[command(subcommand)]
    Usb(UsbCommand),
    /// Lay a system out under a permit. Only the recovery stick runs this.
    Recover(RecoverCommand),
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Join a server with the token that it printed.
    Join {
        /// `domfleet1.…`
        token: String,
        /// Another address of the same server: `https://host:port`.
        #[arg(long)]
        server: Option<String>,
    },
    /// Make the agent a service of this dom0, and start it.
    Install,
    /// Run until SIGTERM.
    Run,
    /// Say who this agent is, and what it last heard of its server.
    Status,
}

/// How it ends where nothing can be said of what it was asked about.
const UNREADABLE: u8 = 2;

/// What every command works with.
struct Setup {
    world: World<Xen, Disk, Network>,
    data_dir: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = LogRing::shared();
    let writer = Arc::clone(&log);
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("DOMFLEET_LOG")
                .unwrap_or_else(|_| "info".into()),
        )
        .with_ansi(false)
        .with_writer(move || Tee(Arc::clone(&writer)))
        .init();
    let as_json = arguments.json;
    // Work on files alone needs neither the agent's folder nor its threads.
    let done = match &arguments.command {
        Command::Agent(command) => Err(command),
        Command::Image(command) => Ok(command.carry_out(as_json)),
        Command::Backup(command) => {
            let dom0 = || Ok(Setup::new(&arguments, &log)?.world.dom0);
            Ok(command.carry_out(&arguments.root, (|| data_dir(&arguments), dom0), as_json))
        }
        Command::Mitigations(command) => Ok(system(&arguments)
            .and_then(|system| command.carry_out(&system, as_json))
            .map(|()| ExitCode::SUCCESS)),
        Command::Migration(command) => {
            Ok(data_dir(&arguments).and_then(|data| command.carry_out(&data, as_json)))
        }
        Command::Usb(command) => Ok(data_dir(&arguments)
            .and_then(|data| command.carry_out(&arguments.root, &data, as_json))),
        Command::Recover(command) => Ok(Ok(command.carry_out())),
    };
    let command = match done {
        Err(command) => command,
        Ok(ended) => {
            return ended.unwrap_or_else(|error| {
                complain(&error, as_json);
                UNREADABLE.into()
            });
        }
    };
    // dom0 has little memory, and may refuse what is not really used (vm.overcommit_memory=2).
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(512 * 1024)
        .max_blocking_threads(8)
        .enable_all()
        .build()
        .context("cannot start")
        .and_then(|runtime| runtime.block_on(carry_out(command, &arguments, &log)));
    match done {
        Ok(said) => {
            print(&said, as_json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error, as_json);
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(
    command: &AgentCommand,
    arguments: &Arguments,
    log: &Arc<LogRing>,
) -> anyhow::Result<Value> {
    let setup = Setup::new(arguments, log)?;
    match command {
        AgentCommand::Join { token, server } => {
            let token = JoinToken::decode(token)?;
            let identity = join::join(&setup.world, &token, server.as_deref()).await?;
            Ok(json!({
                "appliance": identity.appliance,
                "epoch": identity.epoch,
                "server": identity.server,
            }))
        }
        AgentCommand::Install => {
            let binary = std::env::current_exe().context("cannot find this program's own file")?;
            let done = install::install(&arguments.root, &binary, &setup.data_dir).await?;
            Ok(json!({ "done": done }))
        }
        AgentCommand::Run => run(setup, arguments, log).await,
        AgentCommand::Status => status(&setup.world).await,
    }
}

/// The keys whose permits this system was made to believe; none where nobody said so.
fn permit_keys(root: &Path) -> anyhow::Result<Trusted> {
    let path = root.join(PERMIT_KEYS);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Trusted::default()),
        text => text
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(Trusted::parse(&text)?))
            .with_context(|| format!("{} cannot be used", path.display())),
    }
}

/// The agent's own folder.
fn data_dir(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    match &arguments.data {
        Some(data) => Ok(data.clone()),
        None => Ok(below(&arguments.root, &Config::load(&arguments.root)?.data_dir)),
    }
}

/// What mitigations are applied to.
fn system(arguments: &Arguments) -> anyhow::Result<OnDisk> {
    let release = Config::load(&arguments.root)?.release_file.unwrap_or_default();
    Ok(OnDisk::new(&arguments.root, &data_dir(arguments)?, &release.to_string_lossy()))
}

impl Setup {
    fn new(arguments: &Arguments, log: &Arc<LogRing>) -> anyhow::Result<Self> {
        let root = &arguments.root;
        let config = Config::load(root)?;
        let data_dir = data_dir(arguments)?;
        let files = Disk::open(&data_dir)
            .with_context(|| format!("{} cannot be used as a folder", data_dir.display()))?;
        let proxy = match &arguments.proxy {
            Some(text) => Some(Proxy::parse(text).context("--proxy is no address")?),
            None => config.proxy()?,
        };
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let layout = Layout {
            root: root.clone(),
            data_dir: data_dir.clone(),
            vm_config_dirs: config.vm_config_dir.as_slice().iter().map(text).collect(),
            adopted_dir: data_dir.join("vms"),
            autostart_dir: text(&config.autostart_dir),
            console_log_dir: text(&config.console_log_dir),
            vm_hook: config.vm_hook.clone(),
            release_file: config.release_file.as_ref().map(text).unwrap_or_default(),
            watchdog: config.watchdog.device().map(str::to_owned),
        };
        let world = World {
            dom0: Xen::new(layout, Arc::clone(log)),
            files,
            clock: Clock::of_the_machine(),
            dialer: Network::new(below(root, Path::new(&config.resolv_conf)), proxy),
            settings: Settings {
                bundle_privacy: config.bundle_privacy,
                permit_keys: permit_keys(root)?,
            },
        };
        Ok(Self { world, data_dir })
    }
}

/// dom0 going down must not wait longer for a disk that hangs.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);
/// Nor for a session to say goodbye.
const PARTED_WITHIN: Duration = Duration::from_secs(10);

/// Runs until SIGTERM or SIGINT, and then records that the end was an orderly one: before the
/// session parts, because it tells the server what is on record. Should dom0 stay up, the next
/// start in the same boot takes the record back.
async fn run(setup: Setup, arguments: &Arguments, log: &Arc<LogRing>) -> anyhow::Result<Value> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let mut running = std::pin::pin!(live(setup.world, stop.clone()));
    let still_runs = tokio::select! {
        ended = &mut running => { ended?; false }
        _ = terminate.recv() => true,
        _ = interrupt.recv() => true,
    };
    let recorded = timeout(RECORDED_WITHIN, record_end(arguments, log)).await;
    stop.cancel();
    if still_runs {
        drop(timeout(PARTED_WITHIN, running).await);
    }
    recorded.context("the disk did not take the record of an orderly end in time")??;
    Ok(json!({ "ended": "in order" }))
}

/// Runs the agent; that of a system which a migration has laid out has to come back first.
async fn live(world: World<Xen, Disk, Network>, stop: CancellationToken) -> anyhow::Result<()> {
    if let Err(not_joined @ IdentityError::NotJoined) = Identity::load(&world.files).await {
        match Box::pin(coming_back::come_back(&world, &stop)).await? {
            CameBack::In => {}
            CameBack::Never => return Err(not_joined.into()),
            CameBack::Stopped => return Ok(()),
        }
    }
    Box::pin(agent::run(world, stop)).await?;
    Ok(())
}

async fn record_end(arguments: &Arguments, log: &Arc<LogRing>) -> anyhow::Result<()> {
    let World { dom0, files, clock, .. } = Setup::new(arguments, log)?.world;
    let boot_id = dom0.running()?.boot_id;
    Clean { boot_id, at: clock.now(), returning: true }.store(&files).await?;
    Ok(())
}

async fn status(world: &World<Xen, Disk, Network>) -> anyhow::Result<Value> {
    let identity = Identity::load(&world.files).await?;
    let seen = Seen::load(&world.files).await?;
    let alive = Alive::last(&world.files).await;
    let validity = identity.validity()?;
    let status = Status::load(&world.files).await?;
    Ok(json!({
        "appliance": identity.appliance,
        "epoch": identity.epoch,
        "server": identity.server,
        "certificate_not_after": validity.not_after,
        "session": seen.session,
        "incarnation": seen.incarnation,
        "server_time": seen.server_time,
        "session_now": status,
        "alive": alive,
    }))
}

#[expect(clippy::print_stdout, reason = "answers are what standard output is for")]
fn print(said: &Value, as_json: bool) {
    if as_json {
        println!("{said}");
        return;
    }
    for (key, value) in said.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        println!("{:<22} {text}", key.replace('_', " "));
    }
}

#[expect(clippy::print_stderr, reason = "words for people go to standard error")]
fn complain(error: &anyhow::Error, as_json: bool) {
    if as_json {
        eprintln!("{}", json!({ "error": format!("{error:#}") }));
    } else {
        eprintln!("domfleet-agent: {error:#}");
    }
}
