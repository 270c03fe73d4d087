//! The words that the command line understands.

pub(crate) mod bundles;
pub(crate) mod media;
pub(crate) mod migrations;
pub(crate) mod mitigations;
pub(crate) mod reliability;
pub(crate) mod schedules;
pub(crate) mod signatures;
pub(crate) mod stress;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use self::bundles::Bundles;
use self::media::{Backups, Images, Usb};
use self::migrations::Migrations;
use self::mitigations::Mitigations;
use self::reliability::Reliability;
use self::schedules::Schedules;
use self::signatures::Signatures;
use self::stress::Stress;
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

Exit codes: 0 done, 1 failed, 2 wrong usage or an input that cannot be read, 3 not found, 4 not logged in
or not allowed, 5 refused as things are, 6 partly failed, 124 timed out."
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
    #[command(flatten)]
    Asking(Asking),
    #[command(flatten)]
    Alone(Alone),
}

/// What is done here, without a server.
#[derive(Debug, Subcommand)]
pub(crate) enum Alone {
    /// How long things last, and on what it depends: of any table, without a server.
    Reliability(Reliability),
    /// Signs of known faults: of any logs, without a server.
    #[command(subcommand)]
    Signatures(Signatures),
}

/// What a server is asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Asking {
    /// End the login.
    Logout,
    /// Appliances: the boxes.
    #[command(subcommand)]
    Appliances(Appliances),
    /// VMs of an appliance.
    #[command(subcommand)]
    Vms(Vms),
    /// Logical volumes of an appliance.
    #[command(subcommand)]
    Volumes(Volumes),
    /// Disk images of an appliance's VMs.
    #[command(subcommand)]
    Images(Images),
    /// USB drives that are plugged into an appliance.
    #[command(subcommand)]
    Usb(Usb),
    /// Backup sets.
    #[command(subcommand)]
    Backups(Backups),
    /// Backups on a schedule.
    #[command(subcommand)]
    Schedules(Schedules),
    /// Mitigations of freezes, on appliances of 1.x.
    #[command(subcommand)]
    Mitigations(Mitigations),
    /// Migrations from 1.x to 2.x.
    #[command(subcommand)]
    Migrations(Migrations),
    /// Operations: what was asked of appliances.
    #[command(subcommand)]
    Operations(Operations),
    /// Debug bundles.
    #[command(subcommand)]
    Bundles(Bundles),
    /// Boots that have ended: which boxes died, how, and on what evidence.
    #[command(subcommand)]
    Boots(Boots),
    /// Alarms: what somebody must look at.
    Alarms {
        #[command(flatten)]
        selection: Selection,
        /// Those that are over, too.
        #[arg(long)]
        all: bool,
    },
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
    /// Show how the mitigations of one stand, as it last reported it.
    Mitigations { appliance: String },
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
    /// Put load on dom0's disk and see whether dom0 survives it. It may freeze, and with it every VM.
    Stress(Stress),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Boots {
    /// List them, the last to end first.
    List(Selection),
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
    /// Stop its virtual CPUs.
    Pause(Guest),
    /// Let its virtual CPUs go on.
    Unpause(Guest),
    /// Make one from the text of an xl configuration, or from a form. It is not started.
    Create {
        appliance: String,
        /// A file with the text of an xl configuration.
        #[arg(long, required_unless_present = "form", conflicts_with = "form")]
        config: Option<PathBuf>,
        /// A file with a form, in JSON: see `VmForm` in the API's description.
        #[arg(long)]
        form: Option<PathBuf>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Give a managed one another name.
    Rename {
        #[command(flatten)]
        vm: Guest,
        /// The new name.
        #[arg(long)]
        to: String,
    },
    /// Have a managed one started with dom0.
    Autostart {
        #[command(flatten)]
        vm: Guest,
        /// No more.
        #[arg(long)]
        off: bool,
    },
    /// Change a managed one, from its next start on.
    Change {
        #[command(flatten)]
        vm: Guest,
        /// Memory, in MiB.
        #[arg(long)]
        memory: Option<u64>,
        /// Virtual CPUs.
        #[arg(long)]
        vcpus: Option<u32>,
    },
    /// Remove a managed one that is off.
    Remove {
        #[command(flatten)]
        vm: Guest,
        /// Its name again.
        #[arg(long)]
        confirm: String,
        /// Its volumes, too, with what is on them: those that are managed.
        #[arg(long)]
        with_disks: bool,
    },
    /// Print the end of what it said on its console.
    Console {
        #[command(flatten)]
        vm: Guest,
        /// At most so many bytes of it.
        #[arg(long, default_value_t = 16 * 1024)]
        bytes: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Volumes {
    /// List an appliance's volumes.
    List { appliance: String },
    /// Make one.
    Create {
        appliance: String,
        /// Its name.
        name: String,
        /// The volume group.
        #[arg(long)]
        group: String,
        /// Its size, in bytes.
        #[arg(long)]
        size: u64,
        /// The thin pool to make it in.
        #[arg(long)]
        thin_pool: Option<String>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Make a managed one larger.
    Grow {
        #[command(flatten)]
        volume: OneVolume,
        /// Its size then, in bytes.
        #[arg(long)]
        size: u64,
    },
    /// Take a snapshot of one.
    Snapshot {
        #[command(flatten)]
        volume: OneVolume,
        /// The snapshot's name.
        #[arg(long)]
        to: String,
    },
    /// Give the origin of a snapshot back what it held then; uses the snapshot up.
    Revert {
        #[command(flatten)]
        volume: OneVolume,
        /// The origin's name: what was written to it since is lost.
        #[arg(long)]
        confirm: String,
    },
    /// Give a managed one that no VM uses another name.
    Rename {
        #[command(flatten)]
        volume: OneVolume,
        /// The new name.
        #[arg(long)]
        to: String,
    },
    /// Remove a managed one with what is on it.
    Remove {
        #[command(flatten)]
        volume: OneVolume,
        /// Its name again.
        #[arg(long)]
        confirm: String,
    },
    /// Take one that others made under management.
    Adopt(OneVolume),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OneVolume {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// The volume's name or `lv_uuid`.
    pub(crate) volume: String,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
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
    /// Withdraw one; one that runs is stopped where nothing is left half done.
    Cancel { operation: String },
    /// Ask many appliances for one thing.
    Ask(Many),
    /// Show what became of what many were asked; failures first.
    Bulk { bulk: String },
    /// List what many were asked, newest first.
    Bulks(Selection),
    /// Take back what many were asked, where nobody has begun.
    CancelBulk {
        bulk: String,
        /// What has begun, too: it is stopped where nothing is left half done.
        #[arg(long)]
        begun: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Many {
    /// Which, in the filter language: `""` is all of them.
    #[arg(short, long, required_unless_present = "appliance", conflicts_with = "appliance")]
    pub(crate) filter: Option<String>,
    /// Which, by name, id, or the beginning of an id. May be said several times.
    #[arg(short, long)]
    pub(crate) appliance: Vec<String>,
    /// What, in JSON, such as `{"kind":"debug_bundle"}`.
    #[arg(long)]
    pub(crate) operation: String,
    /// How many it concerns, such as `12 appliances`, where something is ended or destroyed.
    #[arg(long)]
    pub(crate) confirm: Option<String>,
    /// At most so many, the first by name.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Only say what would be admitted and what refused.
    #[arg(long)]
    pub(crate) dry_run: bool,
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
