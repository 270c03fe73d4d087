//! Tells connected agents what is wanted of their migrations, and people of appliances that do not come back.

use std::time::Duration;

use domfleet_shared::Timestamp;
use domfleet_shared::migration::permit::Release;
use domfleet_shared::migration::phase::Phase;
use domfleet_shared::protocol::ToAgent;

use super::Task;
use crate::app::App;
use crate::db::alarms::{self, AlarmKind, NewAlarm};
use crate::db::{Stored, events, migrations, presence, server_state};
use crate::domain::migration::view::MigrationPhase;
use crate::domain::migration::{Standing, Story};

/// Silence with a permit is a reset after this long.
const RESETTING: Duration = Duration::from_mins(2);
/// A reset takes about a minute, and a person with two sticks a quarter of an hour.
const TOO_LONG: Duration = Duration::from_mins(30);

pub struct Migrations(pub App);

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub told: usize,
    pub silent: usize,
}

impl Task for Migrations {
    const NAME: &'static str = "migrations";
    const PERIOD: Duration = Duration::from_secs(5);
    type Report = Looked;

    async fn run(&mut self) -> anyhow::Result<Looked> {
        let app = &self.0;
        let mut looked = Looked::default();
        if server_state::is_held(app.db.read()).await? {
            return Ok(looked);
        }
        for standing in migrations::all_open(app.db.read()).await? {
            match app.registry.get(standing.appliance) {
                Some(slot) if slot.may_be_told() && !slot.is_read_only() => {
                    let Some(intent) = standing.intent(app.permit_keys.public_halves()) else {
                        continue;
                    };
                    let about = (intent.migration, intent.revision);
                    let message = || ToAgent::Migrate(Box::new(intent));
                    // It reads slowly where there is no room; then it is said the next time.
                    looked.told += usize::from(slot.tell_intent(about, message).unwrap_or(false));
                }
                Some(_) => {}
                None => looked.silent += usize::from(silent(app, standing).await?),
            }
        }
        Ok(looked)
    }
}

/// Whether its appliance is one that has gone to be reset; says so, and calls a person where it is gone for
/// too long.
async fn silent(app: &App, mut standing: Standing) -> anyhow::Result<bool> {
    let shown = standing.phase;
    let may_reset = matches!(
        shown,
        MigrationPhase::Permitted | MigrationPhase::Resetting | MigrationPhase::AwaitingReturn
    );
    let now = app.clock.now();
    // Who has nothing new to tell of it still gives signs of life.
    let seen = presence::some(app.db.read(), &[standing.appliance]).await?;
    let seen = seen.into_iter().find_map(|watched| watched.last_seen);
    let told = standing.heard_at.unwrap_or(standing.started_at);
    let since = seen.map_or(told, |seen| seen.max(told));
    let silence = now.since(since);
    if !may_reset || silence < RESETTING {
        return Ok(false);
    }
    let (_, story) = migrations::story(app.db.read(), &standing).await?;
    if story.journey.phase() != Phase::Permitted {
        return Ok(false);
    }
    let phase =
        if silence < TOO_LONG { MigrationPhase::Resetting } else { MigrationPhase::AwaitingReturn };
    if phase == shown {
        return Ok(true);
    }
    let txn = app.db.begin().await?;
    (standing.changed_at, standing.phase) = (now, phase);
    if migrations::store(&txn, &mut standing, &story).await? == Stored::Stale {
        return Ok(true);
    }
    let mut news = Vec::new();
    if phase == MigrationPhase::AwaitingReturn {
        news.extend(page(&txn, &standing, &story, (since, now)).await?);
    }
    news.push(migrations::event(&standing));
    events::append(&txn, news, now).await?;
    txn.commit().await?;
    app.bus.events_appended();
    Ok(true)
}

async fn page(
    txn: &sea_orm::DatabaseTransaction,
    standing: &Standing,
    story: &Story,
    (since, now): (Timestamp, Timestamp),
) -> Result<Option<events::NewEvent>, sea_orm::DbErr> {
    let stick = match story.journey.release() {
        Release::One => "2.x",
        Release::Two => "1.x",
    };
    let message = format!(
        "an appliance has a permit to be reset and has not been heard of since {since}: call whoever is on \
         site and ask what the recovery stick for {stick} says on the screen; the backup drive has every VM"
    );
    let alarm = NewAlarm {
        kind: AlarmKind::MigrationSilent,
        organisation: standing.organisation,
        appliance: Some(standing.appliance),
        subject: standing.id.to_string(),
        message: &message,
    };
    alarms::raise(txn, &alarm, now).await
}
