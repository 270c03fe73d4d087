//! The words for migrations from 1.x to 2.x.

use clap::{Args as ClapArgs, Subcommand};

use super::Selection;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

#[derive(Debug, Subcommand)]
pub(crate) enum Migrations {
    /// Have an appliance say everything that stands in the way of its migration, whether everything fits, and how
    /// long each VM would be off. Changes nothing; reads every image's tables, which may take minutes.
    Preflight(Preflight),
    /// List migrations.
    List(Selection),
    /// Everything about a migration: where it is, its VMs, what is to be done by whom.
    Show {
        /// Its id.
        migration: String,
    },
    /// Start one, from a preflight of the appliance; without one, run it first, show it, and go on if nothing is in the
    /// way.
    Start(Start),
    /// Watch a migration until it ends, or until a person is needed.
    Watch {
        /// Its id.
        migration: String,
        /// Go on where a person is needed.
        #[arg(long)]
        to_the_end: bool,
        /// Stay at most so many seconds.
        #[arg(long, default_value_t = 86_400)]
        timeout: u64,
    },
    /// Give a migration up before the system disk may be overwritten: the VMs start again.
    Cancel {
        /// Its id.
        migration: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// Only for now.
        #[arg(long)]
        defer: bool,
    },
    /// Go back to the system before, by another reset.
    Rollback {
        /// Its id.
        migration: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Stay after all, where it was to go back.
    Stay {
        /// Its id.
        migration: String,
    },
    /// Say that the appliance is not expected back after a reset: it is over, and goes on if it is heard of after all.
    Lose {
        /// Its id.
        migration: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Try a VM again that failed.
    Retry {
        /// The migration's id.
        migration: String,
        /// The VM: name, UUID, or the beginning of a UUID.
        vm: String,
        /// Write its disks anew: what it has written since is lost.
        #[arg(long)]
        afresh: bool,
    },
    /// Go without a VM that failed, or take it as it is.
    Waive {
        /// The migration's id.
        migration: String,
        /// The VM: name, UUID, or the beginning of a UUID.
        vm: String,
    },
    /// Print the permit as the file that belongs on the drive, for an appliance that the server does not reach.
    Permit {
        /// The migration's id.
        migration: String,
        /// That for the way back.
        #[arg(long)]
        way_back: bool,
    },
    /// Make a link for the person on site and print it: it shows the steps without a log-in, and nothing can be done
    /// with it.
    Link {
        /// The migration's id.
        migration: String,
        /// How many hours it is good for; and at most until a day after the migration has ended.
        #[arg(long, value_name = "N", default_value_t = 168, value_parser = clap::value_parser!(u16).range(1..=744))]
        hours: u16,
        /// Whom it is for.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// List the links of a migration.
    Links {
        /// The migration's id.
        migration: String,
    },
    /// Take a link back: it opens nothing any more.
    Unlink {
        /// The migration's id.
        migration: String,
        /// The link's id.
        link: String,
    },
    /// Print the journal, as far as the server was told of it.
    Records {
        /// The migration's id.
        migration: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Start {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// The operation that was the preflight; without it one is run.
    #[arg(long, value_name = "OPERATION")]
    pub(crate) preflight: Option<String>,
    /// Leave a VM behind: name, UUID, or the beginning of a UUID, and why. What it has is gone after the reset.
    #[arg(long, value_name = "VM=REASON", value_parser = exclude)]
    pub(crate) exclude: Vec<(String, String)>,
    /// The sentence that accepts that one drive holds the only copy for a while, as it is asked for.
    #[arg(long, value_name = "SENTENCE")]
    pub(crate) one_copy: Option<String>,
    /// The drive, by its id; the one that the preflight has chosen where it is not said.
    #[arg(long, value_name = "ID")]
    pub(crate) drive: Option<String>,
    /// Another drive of ours that is plugged in: it gets a second copy of every VM before the permit.
    #[arg(long, value_name = "ID", conflicts_with = "one_copy")]
    pub(crate) second_drive: Option<String>,
    /// How many hours the VMs may be off before the permit.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=168))]
    pub(crate) hours: Option<u16>,
}

fn exclude(text: &str) -> Result<(String, String), String> {
    let (vm, reason) = text
        .split_once('=')
        .filter(|(vm, reason)| !vm.trim().is_empty() && !reason.trim().is_empty())
        .ok_or("say which VM and why, such as old-fax=\"nobody uses it\"")?;
    Ok((vm.trim().to_owned(), reason.trim().to_owned()))
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Preflight {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// When the VMs may be off, by the clock where the appliance stands, such as 22:00-04:00.
    #[arg(long, value_name = "HH:MM-HH:MM", value_parser = window)]
    pub(crate) window: Option<Window>,
    /// How many hours the VMs may be off.
    #[arg(long, value_name = "N", conflicts_with = "window", value_parser = clap::value_parser!(u16).range(1..=168))]
    pub(crate) hours: Option<u16>,
    /// The id of the permit key that the recovery stick shows.
    #[arg(long, value_name = "KEY")]
    pub(crate) stick: Option<String>,
    /// The recovery stick is the vendor's own.
    #[arg(long, conflicts_with = "stick")]
    pub(crate) vendor_stick: bool,
    /// A second drive that is to hold a copy: its id.
    #[arg(long, value_name = "ID")]
    pub(crate) second_drive: Option<String>,
    /// The whole report as JSON, as `--output json`.
    #[arg(long)]
    pub(crate) json: bool,
    /// Stay at most so many seconds.
    #[arg(long, default_value_t = 3600)]
    pub(crate) timeout: u64,
}

/// From when on, in minutes since midnight, and for how long, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) begins_minute: u16,
    pub(crate) seconds: u64,
}

fn window(text: &str) -> Result<Window, String> {
    let wrong = || "a window is two times of day, such as 22:00-04:00".to_owned();
    let (begins, ends) = text.split_once('-').ok_or_else(wrong)?;
    let begins = minute(begins).ok_or_else(wrong)?;
    let ends = minute(ends).ok_or_else(wrong)?;
    // One that ends when it begins is a day long.
    let minutes = if ends > begins { ends - begins } else { DAY - begins + ends };
    Ok(Window { begins_minute: begins, seconds: u64::from(minutes) * 60 })
}

fn minute(text: &str) -> Option<u16> {
    let digits = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = text.split_once(':').filter(|(h, m)| digits(h) && digits(m))?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vm_is_left_behind_with_a_reason_and_not_without() {
        assert_eq!(exclude("fax=nobody = it"), Ok(("fax".into(), "nobody = it".into())));
        for wrong in ["fax", "fax=", "=why", " = "] {
            assert!(exclude(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_window_is_two_times_of_day_and_may_go_over_midnight() {
        let hours = |begins_minute, hours: u64| Ok(Window { begins_minute, seconds: hours * 3600 });

        assert_eq!(window("22:00-04:00"), hours(22 * 60, 6));
        assert_eq!(window("8:30-12:30"), hours(8 * 60 + 30, 4));
        assert_eq!(window("00:00-00:00"), hours(0, 24));
        for wrong in ["", "22:00", "22-04", "24:00-01:00", "22:60-01:00", "+1:00-2:00", "a:b-c:d"] {
            assert!(window(wrong).is_err(), "{wrong}");
        }
    }
}
