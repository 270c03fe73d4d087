//! What is to be done with this box: everything that can be found out, brought before the judge.

use domfleet_shared::migration::Permit;
use domfleet_shared::migration::permit::DiskIdentity;
use domfleet_shared::migration::reset::{Look, Refusal, Seen, Server, Verdict, judge};
use domfleet_shared::migration::reset_block::{Marker, ResetBlock, Stage};

use super::Stick;
use super::claims::{Claim, claims};
use super::layout::UNDER_WAY;
use super::look::look;
use super::machine::Machine;
use crate::migration::block::{self, Disk};
use crate::migration::partition_table;
use crate::migration::system_disk::{self, Found};

/// What is to be done.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) permit: Permit,
    pub(super) disk: Found,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Overwrite the system before, and this is the marker of it.
    Reset(Marker),
    /// Go on with what was begun.
    GoOn(Marker),
    /// All is written and read back, and only the disk does not say so yet.
    Finish,
}

/// The system disk that a permit names, as it is.
struct Seat {
    found: Found,
    identity: DiskIdentity,
    block: ResetBlock,
    id: u32,
}

/// Looks, and decides. Writes nothing.
pub(super) fn decide<M: Machine>(
    machine: &M,
    stick: &Stick,
    drives: &[M::Drive],
) -> Result<Task, Refusal> {
    let mut refusals = Vec::new();
    for claim in claims(drives, &stick.trusted).map_err(Refusal::Permit)? {
        match of_claim(machine, stick, &claim) {
            Ok(task) => return Ok(task),
            // What was looked at to the end was meant.
            Err(refusal @ Refusal::Look(_)) => return Err(refusal),
            Err(refusal) => {
                let issued = claim.permit.as_ref().ok().map(|permit| permit.issued_at);
                refusals.push((issued, refusal));
            }
        }
    }
    // Of several permits the newest is the one that somebody waits for.
    let newest = refusals.into_iter().max_by_key(|(issued, _)| *issued);
    Err(newest.map_or(Refusal::NoDisk, |(_, refusal)| refusal))
}

fn of_claim<M: Machine>(
    machine: &M,
    stick: &Stick,
    claim: &Claim<'_, M::Drive>,
) -> Result<Task, Refusal> {
    let seat = claim.permit.as_ref().ok().map(|permit| seat(machine, permit)).transpose()?;
    let seat = seat.flatten();
    let fingerprint = machine.fingerprint();
    let asked = |look: Option<Look>| {
        judge(&Seen {
            now: machine.now(),
            permit: claim.permit.as_ref().map_err(Clone::clone),
            disk: seat.as_ref().map(|seat| &seat.identity),
            block: seat.as_ref().map(|seat| seat.block),
            fingerprint: &fingerprint,
            lays_out: stick.lays_out,
            journal: claim.journal.as_ref(),
            // There is no network here, and no answer is no answer.
            server: Server::Silent,
            look,
        })
    };
    let verdict = asked(None);
    let (Ok(permit), Some(seat)) = (&claim.permit, &seat) else {
        return Err(match verdict {
            Verdict::Refuse(refusal) => refusal,
            _ => Refusal::NoDisk,
        });
    };
    let verdict = match verdict {
        Verdict::TakeLook => asked(Some(look(machine, claim.drive, permit, &seat.found))),
        verdict => verdict,
    };
    let kind = match verdict {
        Verdict::Reset(marker) => Kind::Reset(marker),
        Verdict::GoOn(marker) => Kind::GoOn(marker),
        Verdict::Refuse(Refusal::Used(_)) if is_unfinished(seat, permit) => Kind::Finish,
        Verdict::Refuse(refusal) => return Err(refusal),
        // It was taken.
        Verdict::TakeLook => return Err(Refusal::UnreadableDisk),
    };
    Ok(Task { permit: permit.clone(), disk: seat.found.clone(), kind })
}

/// The power went between the marker that says "done" and the disk's id: the same reset, under the same permit.
fn is_unfinished(seat: &Seat, permit: &Permit) -> bool {
    let done = ResetBlock::Marker(Marker { permit: permit.id, stage: Stage::Done });
    seat.block == done && seat.id == UNDER_WAY
}

/// Nothing where it is not here, or there are two of it.
fn seat(machine: &impl Machine, permit: &Permit) -> Result<Option<Seat>, Refusal> {
    let wwid = system_disk::normalised(&permit.disk.wwid);
    let mut named: Vec<_> =
        machine.disks().into_iter().filter(|(found, _)| found.wwid == wwid).collect();
    let (Some((found, disk)), true) = (named.pop(), named.is_empty()) else { return Ok(None) };
    let read = |disk| -> std::io::Result<Seat> {
        let disk: &_ = disk;
        let identity = system_disk::identity(&found, disk)?;
        let (block, id) = (block::read(disk)?, partition_table::disk_id(disk)?);
        Ok(Seat { found: found.clone(), identity, block, id })
    };
    read_seat(read(&disk))
}

fn read_seat(read: std::io::Result<Seat>) -> Result<Option<Seat>, Refusal> {
    read.map(Some).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "the system disk cannot be read");
        Refusal::UnreadableDisk
    })
}

/// Whether a disk is laid out in part: begun, and past the first write of it.
pub(super) fn is_in_part(disk: &impl Disk) -> bool {
    let is_begun =
        matches!(block::read(disk), Ok(ResetBlock::Marker(Marker { stage: Stage::Begun, .. })));
    is_begun && partition_table::disk_id(disk).is_ok_and(|id| id == UNDER_WAY)
}
