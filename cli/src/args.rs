//! The words that the command line understands.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::output::Format;

/// Looks after fleets of hypervisor appliances.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  domfleet login https://fleet.example:8443 --ca ca.pem --email you@example.com
  domfleet appliances list -f 'hypervisor~1. presence=online'
  domfleet vms start pbx-12 3f0c…-uuid --wait
  domfleet bundles collect pbx-12 --wait && domfleet bundles download BUNDLE

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 not logged in or not allowed,
5 refused as things are, 6 partly failed, 124 timed out."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct Global {
    /// Which saved login to use.
    #[arg(long, global = true, default_value = "default", env = "DOMFLEET_CONTEXT")]
    pub(crate) context: String,
    /// How to print.
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Log in, and keep the login.
    Login(Login),
    /// End the login.
    Logout,
    /// Appliances: the boxes.
    #[command(subcommand)]
    Appliances(Appliances),
    /// VMs of an appliance.
    #[command(subcommand)]
    Vms(Vms),
    /// Operations: what was asked of appliances.
    #[command(subcommand)]
    Operations(Operations),
    /// Debug bundles.
    #[command(subcommand)]
    Bundles(Bundles),
    /// Join tokens for new appliances.
    #[command(subcommand)]
    Tokens(Tokens),
    /// Any request of the API, for what has no command: `domfleet api GET /server`.
    Api {
        /// GET, POST, PATCH or DELETE.
        method: String,
        /// Below `/api/v1`.
        path: String,
        /// A JSON body.
        #[arg(long)]
        data: Option<String>,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Login {
    /// `https://host:port`.
    pub(crate) url: String,
    /// Who.
    #[arg(long)]
    pub(crate) email: String,
    /// The server's CA, where it is a private one: its `pki/ca.pem`.
    #[arg(long)]
    pub(crate) ca: Option<PathBuf>,
    /// Read the password from this file instead of the terminal.
    #[arg(long)]
    pub(crate) password_file: Option<PathBuf>,
}

/// Which rows.
#[derive(Debug, ClapArgs)]
pub(crate) struct Selection {
    /// In the filter language of the dashboard, such as `presence=online hypervisor~1.`.
    #[arg(short, long, default_value = "")]
    pub(crate) filter: String,
    /// By which column; a minus before it turns the order round.
    #[arg(long)]
    pub(crate) sort: Option<String>,
    /// At most so many rows.
    #[arg(long, default_value_t = 1000)]
    pub(crate) limit: usize,
}

/// Whether to stay until it is over.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Waiting {
    /// Stay until the operation has ended. Ctrl-C leaves it running.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Stay at most so many seconds.
    #[arg(long, default_value_t = 900)]
    pub(crate) timeout: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Appliances {
    /// List them.
    List(Selection),
    /// Show one, by name, id, or the beginning of an id.
    Show { appliance: String },
    /// Let one in that asks to join.
    Accept { appliance: String },
    /// Turn one away that asks to join.
    Reject { appliance: String },
    /// Restart dom0, and with it every VM.
    Reboot {
        appliance: String,
        /// Its name again: this stops every VM on it.
        #[arg(long)]
        confirm: String,
        #[command(flatten)]
        waiting: Waiting,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vms {
    /// List an appliance's VMs.
    List { appliance: String },
    /// Start one.
    Start(Guest),
    /// Ask the guest to shut down.
    Shutdown(Guest),
    /// Shut the guest down and start it anew.
    Reboot(Guest),
    /// Pull the plug.
    Destroy {
        #[command(flatten)]
        vm: Guest,
        /// The VM's name again: what the guest had not written is lost.
        #[arg(long)]
        confirm: String,
    },
    /// Take one that others made under management.
    Adopt(Guest),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Guest {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// The VM's name or UUID.
    pub(crate) vm: String,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operations {
    /// List them, newest first.
    List(Selection),
    /// Show one.
    Show { operation: String },
    /// Stay until one has ended.
    Watch {
        operation: String,
        /// At most so many seconds.
        #[arg(long, default_value_t = 900)]
        timeout: u64,
    },
    /// Withdraw one that has not begun.
    Cancel { operation: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bundles {
    /// List them, newest first.
    List(Selection),
    /// Ask an appliance for one.
    Collect {
        appliance: String,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Download one.
    Download {
        bundle: String,
        /// Where to; `BUNDLE.tar.zst` in this folder where it is not said.
        #[arg(long)]
        to: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// List them. What a token says is shown only once, when it is made.
    List(Selection),
    /// Make one.
    Create {
        /// How many appliances may join with it.
        #[arg(long, default_value_t = 1)]
        uses: u32,
        /// They need no acceptance.
        #[arg(long)]
        preauthorised: bool,
        /// For how long, in hours.
        #[arg(long, default_value_t = 24)]
        hours: u64,
        /// What for.
        #[arg(long, default_value = "")]
        note: String,
    },
}
