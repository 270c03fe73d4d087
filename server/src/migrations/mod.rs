//! Migrations, at the server: between what operators and agents say and what is stored. Each change is read,
//! decided by `domain::migration`, and written on condition that nobody was faster.

mod hear;
mod links;
mod sign;
mod start;
mod wish;

use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::task::tasks;
use domfleet_shared::migration::vm::Progress;
use sea_orm::DbErr;

pub use self::hear::{Teller, hear};
pub use self::links::{links, make_link, on_site, take_link_back};
pub use self::sign::permit_file;
pub use self::start::start;
pub use self::wish::wish;
use crate::app::App;
use crate::auth::Scope;
use crate::db::{migration_list, migrations};
use crate::domain::admission::Refusal;
use crate::domain::migration::change::{Refused, Wish, check};
use crate::domain::migration::line::line;
use crate::domain::migration::view::{May, MigratedVm, MigrationView, PermitFacts};
use crate::domain::migration::{Standing, Story};

/// Somebody else may be faster so many times.
const TRIES: usize = 4;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It cannot be had.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nothing is done with that appliance now.
    #[error(transparent)]
    Admission(#[from] Refusal),
    /// There is none.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Others were faster, each time.
    #[error("the migration has just changed")]
    Stale,
    /// The database.
    #[error("the database failed")]
    Db(#[from] DbErr),
    /// A fault of ours.
    #[error("internal error")]
    Internal(#[from] anyhow::Error),
}

/// One in the scope, as people see it.
pub async fn view(
    app: &App,
    scope: &Scope,
    id: MigrationId,
) -> Result<Option<MigrationView>, DbErr> {
    let db = app.db.read();
    let Some(standing) = migrations::find(db, scope, id).await? else { return Ok(None) };
    let rows = migration_list::by_ids(db, scope, vec![id.0]).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let (records, story) = migrations::story(db, &standing).await?;
    let is_there = app.registry.get(standing.appliance).is_some();
    let facts = |id, issued_at, not_after| PermitFacts { id, issued_at, not_after };
    let wanted = &standing.wanted;
    let waits = row.waits;
    Ok(Some(MigrationView {
        line: line(&standing.plan, &records, row.phase),
        vms: vms(&standing, &story),
        permit: wanted.permit.as_ref().map(|p| facts(p.id, p.issued_at, p.not_after)),
        way_back: wanted.back().map(|p| facts(p.id, p.issued_at, p.not_after)),
        tasks: tasks(&standing.shown(&story), waits),
        may: may(&standing, &story, is_there),
        given_up: wanted.given_up.clone(),
        lost: wanted.lost.clone(),
        decisions: wanted.decisions.clone(),
        plan: standing.plan.clone(),
        drive: standing.drive,
        second_drive: standing.wanted.second_drive,
        row,
    }))
}

fn vms(standing: &Standing, story: &Story) -> Vec<MigratedVm> {
    let progress = |vm| story.journey.vms.get(&vm).cloned().unwrap_or(Progress::Waiting);
    let vms = standing.plan.vms.iter();
    vms.map(|vm| MigratedVm { vm: vm.uuid, name: vm.name.clone(), progress: progress(vm.uuid) })
        .collect()
}

fn may(standing: &Standing, story: &Story, is_there: bool) -> May {
    use domfleet_shared::migration::phase::End;
    let reason = || "-".to_owned();
    let can = |wish: &Wish| check(standing, story, wish, is_there).is_ok();
    let give_up = can(&Wish::GiveUp { end: End::Cancelled, reason: reason() });
    May {
        cancel: give_up,
        defer: give_up,
        roll_back: can(&Wish::RollBack { reason: reason() }),
        stay: can(&Wish::Stay),
        lose: can(&Wish::Lose { reason: reason() }),
        permit_file: standing.wanted.permit.is_some() || standing.wanted.back().is_some(),
    }
}
