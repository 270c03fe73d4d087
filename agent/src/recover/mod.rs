//! The recovery, the program on the stick: it lays a system out under exactly one permit. In every other case
//! it writes nothing and says why, and what is on the disk is started.
//!
//! What may be done is decided by [`domfleet_shared::migration::reset::judge`]; here is what it is decided from
//! (`claims`, `look`) and how it is carried out (`layout`). The box is a [`Machine`]: a real one, or
//! one in the tests that can be cut off between any two things that last.

mod claims;
mod decide;
mod layout;
mod look;
pub mod machine;
#[cfg(test)]
mod tests;
pub mod this_machine;

use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::reset::{PermitTrouble, Refusal};

use self::layout::Broken;
use self::machine::Machine;
use crate::migration::permit::Trusted;

/// What the stick was made to do.
#[derive(Clone, Debug)]
pub struct Stick {
    /// What its artifact is.
    pub lays_out: Release,
    /// Whose permits it believes.
    pub trusted: Trusted,
}

/// How it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The new system is whole, and is started by itself from now on.
    LaidOut,
    /// Nothing was written, for this reason, and there is a whole system that can be started.
    Refused(String),
    /// The disk is laid out in part: nothing on it may be started before it was gone on with.
    BrokenOff(String),
}

/// Does what the stick is there for. Blocks until it is over.
pub fn recover(machine: &impl Machine, stick: &Stick) -> Ended {
    let (task, drives) = loop {
        let drives = machine.drives();
        match decide::decide(machine, stick, &drives) {
            Ok(task) => break (task, drives),
            // Both may need a moment more, or somebody who plugs them in.
            Err(refusal @ (Refusal::Permit(PermitTrouble::NoDrive) | Refusal::NoDisk))
                if machine.wait(&refusal.to_string()) => {}
            Err(refusal) => return refused(machine, refusal.to_string()),
        }
    };
    let settings = match layout::settings(machine, &task, &drives) {
        Ok(settings) => settings,
        Err(broken) => return ended(machine, broken),
    };
    // From here on the backup drive is not needed, and is not even mounted.
    drop(drives);
    machine.say(&task.words());
    match layout::lay_out(machine, &task, &settings) {
        Ok(()) => Ended::LaidOut,
        Err(broken) => ended(machine, broken),
    }
}

fn ended(machine: &impl Machine, broken: Broken) -> Ended {
    match broken {
        Broken::Untouched(why) => refused(machine, why),
        Broken::InPart(why) => Ended::BrokenOff(why),
    }
}

/// A refusal by which nothing was written: but something may have been, before.
fn refused(machine: &impl Machine, why: String) -> Ended {
    if layout::is_any_in_part(machine) { Ended::BrokenOff(why) } else { Ended::Refused(why) }
}
