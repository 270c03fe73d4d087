//! What people want of one that is under way.

use domfleet_shared::id::MigrationId;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{Failed, TRIES, sign};
use crate::app::App;
use crate::db::alarms::{self, AlarmKind};
use crate::db::audit::{self, Actor, Change};
use crate::db::{OnConstraint, Stored, events, migrations};
use crate::domain::migration::change::{Refused, Wish, check, make};
use crate::domain::migration::{Standing, Story};

/// Notes down that `actor` wants it, if it can be had.
pub async fn wish(app: &App, actor: &Actor, id: MigrationId, wish: Wish) -> Result<(), Failed> {
    for _ in 0..TRIES {
        if try_once(app, actor, id, wish.clone()).await? == Stored::Yes {
            return Ok(());
        }
    }
    Err(Failed::Stale)
}

async fn try_once(app: &App, actor: &Actor, id: MigrationId, wish: Wish) -> Result<Stored, Failed> {
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let standing = migrations::by_id(&txn, id).await?;
    let mut standing = standing.ok_or(Failed::NotFound("migration"))?;
    let (_, story) = migrations::story(&txn, &standing).await?;
    let is_there = app.registry.get(standing.appliance).is_some();
    check(&standing, &story, &wish, is_there)?;
    let (action, before) = (wish.action(), standing.revision);
    let said = format!("{wish:?}");
    let unseen = matches!(wish, Wish::RollBack { .. }) && story.journey.adopted.is_none();
    make(&mut standing, &story, wish, &actor.name, now);
    if unseen {
        // Nobody is there to ask for it: it goes with a person, as a file.
        sign::back_unseen(app, &txn, &mut standing, &story).await?;
    }
    // One that was over is under way again.
    if standing.wanted.lost.is_none() && is_wanted(&standing, &story) {
        standing.ended_at = None;
    }
    standing.changed_at = now;
    let stored = migrations::store(&txn, &mut standing, &story).await;
    let stored = stored.on_constraint("migration_open_once", || {
        let todo = "Wait until that has ended.";
        let title = "another migration of the appliance is under way";
        Failed::Refused(Refused::now("migration_open", title, todo))
    })?;
    if stored == Stored::Stale {
        return Ok(stored);
    }
    note(&txn, actor, &standing, (action, &said, before), now).await?;
    let mut news = vec![migrations::event(&standing)];
    if standing.wanted.lost.is_some() {
        // Nobody waits for it any more.
        let subject = standing.id.to_string();
        for kind in [AlarmKind::MigrationSilent, AlarmKind::MigrationStuck] {
            news.extend(alarms::clear(&txn, kind, &subject, now).await?);
        }
    }
    events::append(&txn, news, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    app.bus.migrations.wake();
    Ok(stored)
}

/// Whether the appliance has something to carry out.
fn is_wanted(standing: &Standing, story: &Story) -> bool {
    !story.is_over() || standing.wanted.waiting().next().is_some()
}

async fn note(
    txn: &impl ConnectionTrait,
    actor: &Actor,
    standing: &Standing,
    (action, said, before): (&'static str, &str, u64),
    now: domfleet_shared::Timestamp,
) -> Result<(), Failed> {
    let change = Change {
        organisation: standing.organisation,
        action,
        kind: "migration",
        id: standing.id.to_string(),
        before: Some(json!({ "revision": before })),
        after: Some(json!({ "revision": standing.revision, "wanted": said })),
    };
    Ok(audit::record(txn, actor, change, now).await?)
}
