//! What an agent tells of a migration.

use domfleet_shared::Timestamp;
use domfleet_shared::id::{ApplianceId, OrganisationId};
use domfleet_shared::migration::event::Event;
use domfleet_shared::migration::phase::Phase;
use domfleet_shared::migration::talk::{Heard, Now, Told};
use domfleet_shared::migration::{Plan, Record};
use sea_orm::ConnectionTrait;

use super::{Failed, TRIES, sign};
use crate::app::App;
use crate::db::alarms::{self, AlarmKind, NewAlarm};
use crate::db::audit::{self, Actor, Change};
use crate::db::{OnConstraint, Stored, events, migrations};
use crate::domain::migration::mirror::{self, Take};
use crate::domain::migration::view::MigrationPhase;
use crate::domain::migration::{Standing, Story, Wanted};

/// Words of an agent's are cut after so many letters.
const LONGEST: usize = 2000;

/// Who tells.
#[derive(Clone, Copy, Debug)]
pub struct Teller {
    pub appliance: ApplianceId,
    pub organisation: OrganisationId,
}

/// Takes in what `teller` tells, and gives the answer.
pub async fn hear(app: &App, teller: Teller, told: &Told) -> Result<Heard, Failed> {
    for _ in 0..TRIES {
        match Box::pin(try_once(app, teller, told)).await {
            Ok(Some(heard)) => return Ok(heard),
            Ok(None) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Failed::Stale)
}

/// The answer that says nothing is kept of it, and why.
fn unheard(told: &Told, why: impl Into<String>) -> Heard {
    // The agent goes on from where it is: asking for all of it again would be for ever.
    let records = told.from.saturating_add(told.records.len() as u64);
    Heard { migration: told.migration, records, revision: 0, refused: Some(why.into()) }
}

/// Nothing where somebody else was faster.
async fn try_once(app: &App, teller: Teller, told: &Told) -> Result<Option<Heard>, Failed> {
    let now = app.clock.now();
    let txn = app.db.begin().await?;
    let known = migrations::by_id(&txn, told.migration).await?;
    let is_known = known.is_some();
    let mut standing = match known {
        Some(standing) if standing.appliance == teller.appliance => standing,
        Some(_) => return Ok(Some(unheard(told, "this is another appliance's migration"))),
        None => match taken_in(teller, told, now) {
            Ok(standing) => standing,
            Err(heard) => return Ok(Some(heard)),
        },
    };
    let overlap =
        migrations::records(&txn, standing.id, told.from, Some(told.records.len() as u64)).await?;
    let take = mirror::take(&standing, told, &overlap);
    let goes_on_at = match take {
        Take::TooLong => return Ok(Some(unheard(told, "its journal is longer than any can be"))),
        Take::Again => 0,
        // One frame after the other, to its end.
        Take::Known => told.from.saturating_add(told.records.len() as u64),
        Take::Nothing | Take::Rechain | Take::Append(_) | Take::Replace(_) => u64::MAX,
    };
    if !is_known {
        let Some(story) = Story::of(&standing.plan, &[]) else {
            return Ok(Some(unheard(told, "its plan is none")));
        };
        let inserted = migrations::insert(&txn, &standing, &story, None).await;
        let another = || Failed::Refused(another());
        match inserted.on_constraint("migration_open_once", another) {
            Ok(()) => {}
            Err(Failed::Refused(refused)) => return Ok(Some(unheard(told, refused.title))),
            Err(error) => return Err(error),
        }
        taken_in_noted(&txn, &standing, now).await?;
    }
    let mut is_new = !is_known | keep(&txn, &mut standing, told, take).await?;
    is_new |= is_found(&txn, &mut standing).await?;
    let (records, story) = migrations::story(&txn, &standing).await?;
    is_new |= follow(&mut standing, &story, &records, told, now);
    let mut refused = None;
    if let Some(ask) = told.ask.as_ref().filter(|_| goes_on_at == u64::MAX) {
        match sign::answer(app, &txn, &mut standing, &story, ask).await? {
            Ok(signed) => is_new |= signed,
            Err(why) => refused = Some(why.to_owned()),
        }
    }
    let heard = Heard {
        migration: told.migration,
        records: goes_on_at.min(standing.records),
        revision: standing.revision,
        refused,
    };
    if !is_new {
        migrations::heard(&txn, standing.id, now).await?;
        txn.commit().await?;
        return Ok(Some(heard));
    }
    standing.heard_at = Some(now);
    standing.changed_at = now;
    if migrations::store(&txn, &mut standing, &story).await? == Stored::Stale {
        return Ok(None);
    }
    let mut news: Vec<_> = alarm(&txn, &standing, &story, now).await?.into_iter().collect();
    let silent = standing.id.to_string();
    news.extend(alarms::clear(&txn, AlarmKind::MigrationSilent, &silent, now).await?);
    news.push(migrations::event(&standing));
    events::append(&txn, news, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    if standing.revision != told.revision {
        app.bus.migrations.wake();
    }
    Ok(Some(heard))
}

fn another() -> crate::domain::migration::change::Refused {
    crate::domain::migration::change::Refused::now(
        "migration_open",
        "another migration of this appliance is under way here",
        "End that first.",
    )
}

/// A migration that this server does not remember, from the first line of its journal; or the answer that it
/// is none.
fn taken_in(teller: Teller, told: &Told, now: Timestamp) -> Result<Standing, Heard> {
    // Whatever was told of it before is told again from the beginning.
    let again = || Heard { records: 0, ..unheard(told, "this server does not know it") };
    let first = told.records.first().filter(|_| told.from == 0).ok_or_else(again)?;
    let Event::Planned { plan } = &first.event else {
        return Err(unheard(told, "its journal does not begin with its plan"));
    };
    let plan: &Plan = plan;
    if plan.appliance != teller.appliance || plan.migration != told.migration {
        return Err(unheard(told, "its plan is for another appliance"));
    }
    if plan.check().is_err() {
        return Err(unheard(told, "its plan cannot be carried out"));
    }
    Ok(Standing {
        id: plan.migration,
        organisation: teller.organisation,
        appliance: teller.appliance,
        plan: plan.clone(),
        drive: None,
        wanted: Wanted::default(),
        revision: told.revision,
        records: 0,
        chain: None,
        phase: MigrationPhase::Preflight,
        now: None,
        started_by: None,
        started_at: now.min(plan.created_at),
        changed_at: now,
        heard_at: Some(now),
        ended_at: None,
        version: 1,
    })
}

async fn taken_in_noted(
    txn: &impl ConnectionTrait,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), Failed> {
    let change = Change {
        organisation: standing.organisation,
        action: "migration.taken_in",
        kind: "migration",
        id: standing.id.to_string(),
        before: None,
        after: Some(serde_json::json!({
            "appliance_id": standing.appliance,
            "because": "its appliance tells of it, and this server does not remember it",
        })),
    };
    audit::record(txn, &Actor::local("server"), change, now).await?;
    tracing::warn!(migration = %standing.id, appliance = %standing.appliance,
        "a migration was taken in that this server does not remember");
    Ok(())
}

/// An appliance that nobody expected back is not lost any more once it tells of its migration. Where another was
/// begun meanwhile, that is the one that counts.
async fn is_found(txn: &impl ConnectionTrait, standing: &mut Standing) -> Result<bool, Failed> {
    let Some(lost) = &standing.wanted.lost else { return Ok(false) };
    if migrations::open_of(txn, standing.appliance).await?.is_some() {
        return Ok(false);
    }
    tracing::warn!(migration = %standing.id, by = lost.by, "an appliance is back that was said to be lost");
    standing.wanted.lost = None;
    standing.revision += 1;
    Ok(true)
}

/// Keeps the records; says whether any is new.
async fn keep(
    txn: &impl ConnectionTrait,
    standing: &mut Standing,
    told: &Told,
    take: Take,
) -> Result<bool, Failed> {
    let (from, new) = match take {
        Take::Append(new) => (standing.records, new),
        Take::Replace(new) => {
            tracing::warn!(migration = %standing.id, had = standing.records, has = new.len(),
                "an appliance tells its journal otherwise than before");
            migrations::forget_records(txn, standing.id).await?;
            (0, new)
        }
        Take::Rechain => {
            standing.chain = Some(told.after);
            return Ok(true);
        }
        Take::Nothing | Take::Known | Take::Again | Take::TooLong => return Ok(false),
    };
    migrations::add_records(txn, standing, from, &new).await?;
    standing.records = from + new.len() as u64;
    standing.chain = Some(told.after);
    Ok(true)
}

/// Follows what is told beside the records; says whether anything of that is new.
fn follow(
    standing: &mut Standing,
    story: &Story,
    records: &[Record],
    told: &Told,
    now: Timestamp,
) -> bool {
    let before = standing.clone();
    standing.phase = standing.shown(story).phase().into();
    standing.now.clone_from(&told.now);
    standing.now.iter_mut().for_each(shorten);
    // A server that was restored is behind what its agents follow.
    if told.revision > standing.revision {
        standing.revision = told.revision + 1;
    }
    let done = |number| records.iter().any(|record| record.decision == Some(number));
    if standing.wanted.hear(done, &told.refused) {
        standing.revision += 1;
    }
    if story.journey.drive.is_some() && standing.drive.is_none() {
        standing.drive = story.journey.drive;
        standing.revision += 1;
    }
    if let (Some(copied), None) = (story.journey.copied, standing.wanted.second_drive) {
        standing.wanted.second_drive = Some(copied.drive);
        standing.revision += 1;
    }
    let is_wanted = standing.wanted.waiting().next().is_some();
    standing.ended_at = match standing.ended_at {
        at if standing.wanted.lost.is_some() => at,
        _ if !story.is_over() || is_wanted => None,
        Some(at) => Some(at),
        None => Some(now),
    };
    *standing != before
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

fn shorten(now: &mut Now) {
    now.what = cut(&now.what);
    now.trouble = now.trouble.as_deref().map(cut);
}

/// A journal that cannot be is for a person to look at.
async fn alarm(
    txn: &impl ConnectionTrait,
    standing: &Standing,
    story: &Story,
    now: Timestamp,
) -> Result<Option<events::NewEvent>, Failed> {
    let subject = standing.id.to_string();
    let kind = AlarmKind::MigrationStuck;
    let message = if let Some(trouble) = &story.trouble {
        format!("the journal of a migration cannot be believed, and is not followed: {trouble}")
    } else if story.journey.phase() == Phase::NeedsHands {
        "VMs could not be given back as they should: decide what becomes of them".into()
    } else {
        return Ok(alarms::clear(txn, kind, &subject, now).await?);
    };
    let alarm = NewAlarm {
        kind,
        organisation: standing.organisation,
        appliance: Some(standing.appliance),
        subject,
        message: &message,
    };
    Ok(alarms::raise(txn, &alarm, now).await?)
}
