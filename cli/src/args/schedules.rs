//! `domfleet schedules …`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::media::Keep;

#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// List the schedules, what they will do next and what came of it last.
    List,
    /// Show one, by name, id, or the beginning of an id.
    Show { schedule: String },
    /// Say what came of its times: the newest of each appliance, failures first.
    Runs {
        schedule: String,
        /// Every time, newest first.
        #[arg(long)]
        all: bool,
    },
    /// Make one.
    Create {
        /// What it is called.
        name: String,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        when: When,
        #[command(flatten)]
        keep: Keep,
        #[command(flatten)]
        sets: Sets,
        /// Say which appliances it would choose, and when, and make nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Change one. What is not said stays.
    Change {
        schedule: String,
        /// What it is called.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        when: When,
        #[command(flatten)]
        keep: Keep,
        #[command(flatten)]
        sets: Sets,
        /// Keep all sets.
        #[arg(long)]
        keep_all: bool,
    },
    /// Have it ask nothing for the time being.
    Pause { schedule: String },
    /// Have it go on. What passed meanwhile is not made up for.
    Resume { schedule: String },
    /// Remove one. What it has asked goes on, and its backups stay.
    Delete { schedule: String },
}

/// Which appliances, all VMs of each.
#[derive(Debug, ClapArgs)]
pub(crate) struct Which {
    /// In the filter language of the dashboard, evaluated anew each time; '' is all.
    #[arg(short, long, conflicts_with = "appliance")]
    pub(crate) filter: Option<String>,
    /// An appliance by name or id. May be said several times.
    #[arg(long)]
    pub(crate) appliance: Vec<String>,
    /// What becomes of VMs that run.
    #[arg(long, value_enum)]
    pub(crate) how: Option<How>,
}

/// What the sets are made as. What is not said stays, and is no at first.
#[derive(Debug, ClapArgs)]
pub(crate) struct Sets {
    /// Encrypt them; `--encrypted=false` no longer does.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) encrypted: Option<bool>,
    /// Make parity of each, a tenth of its size, from which a drive that loses sectors is mended;
    /// `--parity=false` no longer does.
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) parity: Option<bool>,
}

/// What becomes of VMs that run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum How {
    /// They go on, and snapshots of their logical volumes are copied.
    Snapshot,
    /// They are shut down, and started again afterwards.
    ShutDown,
    /// Nothing is backed up while one runs.
    MustBeOff,
}

impl How {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::ShutDown => "shut_down",
            Self::MustBeOff => "must_be_off",
        }
    }
}

/// When, by the clock of each appliance's site.
#[derive(Debug, ClapArgs)]
pub(crate) struct When {
    /// The time of day: HH:MM.
    #[arg(long)]
    pub(crate) at: Option<String>,
    /// A day of the week, in full. May be said several times; every day where none is.
    #[arg(long)]
    pub(crate) day: Vec<String>,
    /// Each appliance begins up to so many minutes later, so that not all begin at once.
    #[arg(long, value_name = "MINUTES")]
    pub(crate) spread: Option<u16>,
}
