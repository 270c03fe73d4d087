//! The layout, between its two markers. The first is written before anything of the system before is; the
//! second after everything was read back, and before the disk becomes one that is started.

use domfleet_shared::migration::permit::Proof;
use domfleet_shared::migration::reset_block::{Marker, ResetBlock, Stage as Reset};

use super::decide::{Kind, Task, is_in_part};
use super::look::{chain, with_tools};
use super::machine::{Machine, Stage};
use crate::backup::appliance::ApplianceFile;
use crate::backup::last_look::appliance_files;
use crate::migration::block;

/// The id in the MBR of a disk that is being laid out (`deploy/image/recovery/lay-out`).
pub(super) const UNDER_WAY: u32 = 0x444f_4d30;

/// Why it did not come to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The system before is as it was, but for the marker.
    Untouched(String),
    /// It is gone, and the new one is not whole.
    InPart(String),
}

impl Kind {
    /// What a failure leaves, as long as no stage has written anything.
    fn broken(self, why: String) -> Broken {
        match self {
            // Whole, under the marker of its end.
            Self::Finish | Self::Reset(_) => Broken::Untouched(why),
            Self::GoOn(_) => Broken::InPart(why),
        }
    }
}

/// The files of the system before that the new one gets.
pub(super) fn settings<M: Machine>(
    machine: &M,
    task: &Task,
    drives: &[M::Drive],
) -> Result<Vec<ApplianceFile>, Broken> {
    if task.kind == Kind::Finish {
        return Ok(Vec::new());
    }
    let mut why = "the backup drive is gone".to_owned();
    for drive in drives {
        let files = with_tools(machine, drive, |tools| appliance_files(tools, &task.permit));
        match files {
            Ok(Some(files)) => return Ok(files),
            Ok(None) => {}
            // It is better to have a system without its network than none.
            Err(error) if matches!(task.kind, Kind::GoOn(_)) && !error.is_of_the_medium() => {
                machine.say(&format!(
                    "the network configuration cannot be had from the backup, and has to be set by \
                     hand: {}",
                    chain(&error)
                ));
                return Ok(Vec::new());
            }
            Err(error) => why = chain(&error),
        }
    }
    Err(task.kind.broken(format!("the network configuration cannot be read: {why}")))
}

/// Lays the system out, and marks it as whole.
pub(super) fn lay_out(
    machine: &impl Machine,
    task: &Task,
    settings: &[ApplianceFile],
) -> Result<(), Broken> {
    let stage = |stage: Stage| {
        machine.say(stage.words());
        machine.lay_out(stage, &task.disk, settings).map_err(|error| error.to_string())
    };
    let (Kind::Reset(begun) | Kind::GoOn(begun)) = task.kind else {
        return stage(Stage::Finish).map_err(|why| task.kind.broken(why));
    };
    stage(Stage::Check).map_err(|why| task.kind.broken(why))?;
    mark(machine, task, begun).map_err(|why| task.kind.broken(why))?;
    Stage::WRITING.into_iter().try_for_each(stage).map_err(Broken::InPart)?;
    mark(machine, task, Marker { stage: Reset::Done, ..begun }).map_err(Broken::InPart)?;
    stage(Stage::Finish).map_err(Broken::InPart)
}

/// Durable, and read back, when it returns.
fn mark(machine: &impl Machine, task: &Task, marker: Marker) -> Result<(), String> {
    let mut disk = machine
        .open_to_write(&task.disk)
        .map_err(|error| format!("the system disk cannot be written: {error}"))?;
    block::write(&mut disk, ResetBlock::Marker(marker)).map_err(|error| chain(&error))
}

/// Whether a disk of this box is laid out in part.
pub(super) fn is_any_in_part(machine: &impl Machine) -> bool {
    machine.disks().iter().any(|(_, disk)| is_in_part(disk))
}

impl Task {
    /// For whoever watches.
    pub(super) fn words(&self) -> String {
        let Self { permit, disk, kind } = self;
        match kind {
            Kind::Reset(_) => {
                let back = matches!(permit.proof, Proof::Marker { .. });
                let way = if back { "going back to" } else { "laying out" };
                format!("{way} {} on {} ({})", permit.to, disk.name, disk.wwid)
            }
            Kind::GoOn(_) => format!("going on to lay out {} on {}", permit.to, disk.name),
            Kind::Finish => {
                format!("{} is on {} already, and only its id is missing", permit.to, disk.name)
            }
        }
    }
}
