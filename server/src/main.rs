//! `domfleet-server`: serves, and what its console is for.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use domfleet_server::app::App;
use domfleet_server::auth::permit_keys::PermitKeys;
use domfleet_server::config::Config;
use domfleet_server::console::{self, NewToken};
use domfleet_server::domain::people::Role;
use domfleet_server::{memory, run, telemetry};

/// The central server of Domfleet.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration (TOML). Each key can also be given as `DOMFLEET_…`.
    #[arg(long, global = true, env = "DOMFLEET_CONFIG")]
    config: Option<PathBuf>,
    /// How logs are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve, until SIGTERM.
    Serve,
    /// Bring the database's schema up to date.
    Migrate,
    /// Join tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Operators.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Print the public keys that a recovery medium is to trust, one in each line.
    PermitKeys,
    /// Write everything but bundles into one file, while serving or not.
    Backup {
        /// The file; it must not be there yet.
        file: PathBuf,
    },
    /// Fill an empty data directory and database from a backup. The server then starts held.
    Restore {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a join token, and print it: it is shown this once.
    Create(TokenArguments),
}

#[derive(Debug, Args)]
struct TokenArguments {
    /// Accept whoever joins with it at once.
    #[arg(long)]
    preauthorised: bool,
    /// How many may join with it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    uses: u32,
    /// How long it is good for, in hours.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    hours: u32,
    /// The organisation, by name or id; the topmost where it is not said.
    #[arg(long)]
    organisation: Option<String>,
    /// What it is for.
    #[arg(long, default_value = "")]
    note: String,
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    /// Make an operator; the password is read from the standard input.
    Create {
        /// What it logs in by.
        email: String,
        /// Its name.
        #[arg(long)]
        name: Option<String>,
        /// viewer, operator or admin.
        #[arg(long, default_value = "viewer", value_parser = role)]
        role: Role,
        /// The organisation, by name or id; the topmost where it is not said.
        #[arg(long)]
        organisation: Option<String>,
    },
    /// Give an operator a new password, read from the standard input; ends its logins.
    SetPassword {
        /// What it logs in by.
        email: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "viewer, operator or admin".into())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::log(arguments.log_format == LogFormat::Json);
    memory::be_frugal();
    // Whoever was first has the same one.
    let _same = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")
        .and_then(|runtime| runtime.block_on(execute(arguments)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("domfleet-server: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn execute(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(arguments.config.as_deref())?;
    match arguments.command {
        Command::Serve => run::serve(config).await,
        Command::Migrate => {
            close(App::open(config).await?).await?;
            say("the schema is up to date");
            Ok(())
        }
        Command::Token(TokenCommand::Create(token)) => {
            let app = App::open(config).await?;
            let new = NewToken {
                preauthorised: token.preauthorised,
                uses: token.uses,
                life: Duration::from_secs(u64::from(token.hours) * 3600),
                organisation: token.organisation,
                note: token.note,
            };
            let text = console::create_token(&app, new).await?;
            close(app).await?;
            say(&text);
            Ok(())
        }
        Command::Operator(command) => operator(config, command).await,
        Command::PermitKeys => {
            say(PermitKeys::open(&config.keys_dir())?.public().trim_end());
            Ok(())
        }
        Command::Backup { file } => backup(config, &file).await,
        Command::Restore { file } => restore(config, &file).await,
    }
}

async fn operator(config: Config, command: OperatorCommand) -> anyhow::Result<()> {
    let password = password()?;
    let app = App::open(config).await?;
    match command {
        OperatorCommand::Create { email, name, role, organisation } => {
            let name = name.unwrap_or_else(|| email.clone());
            console::create_operator(&app, &email, &name, role, organisation.as_deref(), password)
                .await?;
            say(&format!("{email} can log in"));
        }
        OperatorCommand::SetPassword { email } => {
            console::set_password(&app, &email, password).await?;
            say(&format!("{email} has a new password"));
        }
    }
    close(app).await
}

fn password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        say_error("Password (it is shown as you type; pipe it in where that matters):");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn backup(config: Config, file: &Path) -> anyhow::Result<()> {
    let app = App::open(config).await?;
    let made = domfleet_server::backup::write(&app, file).await?;
    close(app).await?;
    say(&format!("{} rows and {} files are in {}", made.rows, made.files, file.display()));
    Ok(())
}

async fn restore(config: Config, file: &Path) -> anyhow::Result<()> {
    let made = domfleet_server::restore::read(config, file).await?;
    say(&format!(
        "{} rows and {} files are back; this is incarnation {}. The server starts held: it shows \
         everything and asks nothing of appliances until they have reported.",
        made.rows, made.files, made.incarnation
    ));
    Ok(())
}

async fn close(app: App) -> anyhow::Result<()> {
    app.db.clone().close().await.context("cannot close the database")
}

#[expect(clippy::print_stdout, reason = "what the console was asked for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "what the console should know")]
fn say_error(text: &str) {
    eprintln!("{text}");
}
