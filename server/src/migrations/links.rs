//! Links for the person on site: made and taken back by operators, and what is shown to whoever has one.

use domfleet_shared::id::MigrationId;
use domfleet_shared::migration::preflight::Report;
use domfleet_shared::migration::task::tasks;
use sea_orm::{ConnectionTrait, DbErr};
use serde_json::json;
use uuid::Uuid;

use super::Failed;
use crate::app::App;
use crate::auth::Scope;
use crate::db::audit::{self, Actor, Change};
use crate::db::join_tokens::new_secret;
use crate::db::{migration_links, migrations, on_site};
use crate::domain::migration::Standing;
use crate::domain::migration::link::{self, Link, LinkRequest, LinkView, NewLinkView};
use crate::domain::migration::on_site::{Off, OnSite, seen_before};

/// Makes one for a migration in the scope.
pub async fn make_link(
    app: &App,
    scope: &Scope,
    actor: &Actor,
    id: MigrationId,
    asked: &LinkRequest,
) -> Result<NewLinkView, Failed> {
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let standing = find(&txn, scope, id).await?;
    let known = migration_links::of(&txn, id).await?;
    let good = known.iter().filter(|link| link.is_good(&standing, now)).count();
    let new = link::new(asked, &standing, good, &actor.name, now)?;
    let secret = new_secret();
    let made = migration_links::insert(&txn, &standing, &new, &secret).await?;
    let said = json!({ "link": made, "note": new.note, "expires_at": new.expires_at });
    note(&txn, actor, &standing, ("migration.link", said), now).await?;
    txn.commit().await?;
    let link = Link {
        id: made,
        migration: id,
        note: new.note,
        created_by: Some(new.by),
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let url = format!("{}/on-site#{secret}", app.public_url().trim_end_matches('/'));
    Ok(NewLinkView { url, view: link.view(&standing, now) })
}

/// Those of a migration in the scope, the newest first.
pub async fn links(app: &App, scope: &Scope, id: MigrationId) -> Result<Vec<LinkView>, Failed> {
    let now = app.clock.now();
    let standing = find(app.db.read(), scope, id).await?;
    let links = migration_links::of(app.db.read(), id).await?;
    Ok(links.into_iter().map(|link| link.view(&standing, now)).collect())
}

/// Takes one of a migration in the scope back. Once more does nothing.
pub async fn take_link_back(
    app: &App,
    scope: &Scope,
    actor: &Actor,
    (id, link): (MigrationId, Uuid),
) -> Result<(), Failed> {
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let standing = find(&txn, scope, id).await?;
    let links = migration_links::of(&txn, id).await?;
    let found = links.into_iter().find(|known| known.id == link).ok_or(Failed::NotFound("link"))?;
    if found.revoked_at.is_some() {
        return Ok(());
    }
    migration_links::revoke(&txn, link, now).await?;
    let said = json!({ "link": link, "note": found.note });
    note(&txn, actor, &standing, ("migration.unlink", said), now).await?;
    Ok(txn.commit().await?)
}

/// What `secret` shows, if it is a link's that is good.
pub async fn on_site(app: &App, secret: &str) -> Result<Option<OnSite>, DbErr> {
    let (db, now) = (app.db.read(), app.clock.now());
    let Some(link) = migration_links::opened_by(db, secret).await? else { return Ok(None) };
    let Some(standing) = migrations::by_id(db, link.migration).await? else { return Ok(None) };
    if !link.is_good(&standing, now) {
        return Ok(None);
    }
    // Whoever needs the steps gets them from a server that cannot write, too.
    if let Err(error) = migration_links::used(app.db.write(), &link, now).await {
        tracing::warn!(link = %link.id, %error, "that a link was used is not noted down");
    }
    let (records, story) = migrations::story(db, &standing).await?;
    let place = on_site::place(db, standing.appliance).await?;
    let preflight: Option<Report> = on_site::preflight(db, standing.id).await?;
    let stick = preflight.as_ref().map(|report| report.assumptions.stick.clone());
    let seen = preflight.zip(standing.drive).and_then(|(seen, drive)| seen_before(&seen, drive));
    let drive = match (seen, standing.drive) {
        (None, Some(drive)) => on_site::drive(db, standing.organisation, drive).await?,
        (seen, _) => seen,
    };
    let waits = standing.now.as_ref().and_then(|now| now.waits);
    let off = Off::of(&records);
    Ok(Some(OnSite {
        appliance: place.appliance,
        site: place.site,
        phase: standing.phase,
        waits,
        tasks: tasks(&standing.shown(&story), waits),
        drive,
        stick: stick.unwrap_or_default(),
        vms_off_since: off.since,
        vms_back_at: off.back,
        downtime_seconds: standing.plan.downtime_seconds,
        heard_at: standing.heard_at,
        ended_at: standing.ended_at,
        expires_at: link.expires_at,
    }))
}

async fn find(
    db: &impl ConnectionTrait,
    scope: &Scope,
    id: MigrationId,
) -> Result<Standing, Failed> {
    migrations::find(db, scope, id).await?.ok_or(Failed::NotFound("migration"))
}

async fn note(
    txn: &impl ConnectionTrait,
    actor: &Actor,
    standing: &Standing,
    (action, said): (&'static str, serde_json::Value),
    now: domfleet_shared::Timestamp,
) -> Result<(), DbErr> {
    let change = Change {
        organisation: standing.organisation,
        action,
        kind: "migration",
        id: standing.id.to_string(),
        before: None,
        after: Some(said),
    };
    audit::record(txn, actor, change, now).await
}
