//! Which migrations the drives hold a permit of.

use domfleet_shared::migration::reset::PermitTrouble;
use domfleet_shared::migration::{Migration, Permit, Record};

use crate::backup::medium::Medium;
use crate::migration::book;
use crate::migration::permit::Trusted;

/// A migration on a drive that has a permit.
pub(super) struct Claim<'d, D> {
    pub(super) drive: &'d D,
    pub(super) permit: Result<Permit, PermitTrouble>,
    /// Nothing where it tells what cannot be, or cannot be read.
    pub(super) journal: Option<Migration>,
    records: Vec<Record>,
}

/// Those of the one drive that has any, or of both where one was made a copy of the other. A drive may hold
/// migrations of years.
pub(super) fn claims<'d, D: Medium>(
    drives: &'d [D],
    trusted: &Trusted,
) -> Result<Vec<Claim<'d, D>>, PermitTrouble> {
    let (mut claiming, mut holds_any) = (Vec::new(), false);
    for drive in drives {
        let migrations = book::list(drive).map_err(|_| PermitTrouble::Unreadable)?;
        holds_any |= !migrations.is_empty();
        let mut claims = Vec::new();
        for migration in migrations {
            let permit = match book::permit(drive, migration) {
                Ok(None) => continue,
                Ok(Some(signed)) => trusted.check(&signed),
                Err(_) => Err(PermitTrouble::Unreadable),
            };
            let told = book::read(drive, migration).ok().flatten();
            let (journal, records) =
                told.map_or((None, Vec::new()), |(story, records)| (Some(story), records));
            claims.push(Claim { drive, permit, journal, records });
        }
        if !claims.is_empty() {
            claiming.push(claims);
        }
    }
    match (claiming.pop(), claiming.pop()) {
        (Some(claims), None) => Ok(claims),
        (Some(second), Some(first)) if claiming.is_empty() => {
            of_both(first, second).ok_or(PermitTrouble::TwoDrives)
        }
        (Some(_), Some(_)) => Err(PermitTrouble::TwoDrives),
        (None, _) if holds_any => Err(PermitTrouble::None),
        (None, _) => Err(PermitTrouble::NoDrive),
    }
}

/// Those of two drives of which one was made a copy of the other, as their migration itself tells; nothing where they
/// are not.
fn of_both<'d, D>(
    first: Vec<Claim<'d, D>>,
    second: Vec<Claim<'d, D>>,
) -> Option<Vec<Claim<'d, D>>> {
    let (mut claims, mut others, mut are_copies) = (first, Vec::new(), false);
    for claim in second {
        match claims.iter_mut().find(|there| is_copy(there, &claim)) {
            // The one that tells more was there when the other was away.
            Some(there) => {
                are_copies = true;
                if there.records.len() < claim.records.len() {
                    *there = claim;
                }
            }
            None => others.push(claim),
        }
    }
    claims.extend(others);
    are_copies.then_some(claims)
}

fn is_copy<D>(one: &Claim<'_, D>, other: &Claim<'_, D>) -> bool {
    let is_said = |claim: &Claim<'_, D>| {
        let story = claim.journal.as_ref();
        story.is_some_and(|story| story.wants_second_drive() && story.is_copied())
    };
    let (short, long) =
        if one.records.len() < other.records.len() { (one, other) } else { (other, one) };
    let is_same = one.permit.is_ok() && one.permit == other.permit;
    is_same && is_said(one) && is_said(other) && long.records.starts_with(&short.records)
}
