//! Which migrations the drives hold a permit of.

use domfleet_shared::migration::reset::PermitTrouble;
use domfleet_shared::migration::{Migration, Permit};

use crate::backup::medium::Medium;
use crate::migration::book;
use crate::migration::permit::Trusted;

/// A migration on a drive that has a permit.
pub(super) struct Claim<'d, D> {
    pub(super) drive: &'d D,
    pub(super) permit: Result<Permit, PermitTrouble>,
    /// Nothing where it tells what cannot be, or cannot be read.
    pub(super) journal: Option<Migration>,
}

/// Those of the one drive that has any. A drive may hold migrations of years.
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
            let journal = book::read(drive, migration).ok().flatten().map(|(story, _)| story);
            claims.push(Claim { drive, permit, journal });
        }
        if !claims.is_empty() {
            claiming.push(claims);
        }
    }
    match (claiming.pop(), claiming.is_empty()) {
        (Some(claims), true) => Ok(claims),
        (Some(_), false) => Err(PermitTrouble::TwoDrives),
        (None, _) if holds_any => Err(PermitTrouble::None),
        (None, _) => Err(PermitTrouble::NoDrive),
    }
}
