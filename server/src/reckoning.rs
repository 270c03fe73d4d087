//! Works out why appliances freeze: off the threads that serve, one at a time, and not anew for everybody who looks.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use domfleet_shared::Timestamp;
use domfleet_shared::component::Component;
use domfleet_shared::diagnosis::{Settings, before_after, diagnose};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use crate::auth::Scope;
use crate::db::watched::{self, Watched};
use crate::domain::filter::Filter;
use crate::domain::reliability::{Comparison, LeftOut, Reliability};

/// What was worked out is good for so long: days are counted, and one more minute changes nothing.
const GOOD_FOR: Duration = Duration::from_mins(1);
/// Of so many questions the answers are kept.
const KEPT: usize = 32;

/// What was worked out lately.
#[derive(Debug)]
pub struct Reckoning {
    kept: Mutex<HashMap<Question, Arc<Reliability>>>,
    /// It takes all of a processor and the memory of every boot.
    place: Arc<Semaphore>,
}

/// What is asked: whose appliances, which of them, and how sure one has to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    scope: String,
    filter: String,
    alpha: u64,
}

impl Default for Reckoning {
    fn default() -> Self {
        Self { kept: Mutex::default(), place: Arc::new(Semaphore::new(1)) }
    }
}

/// Which component makes the appliances in the scope freeze for which `filter` holds.
pub async fn reliability(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    alpha: f64,
) -> anyhow::Result<Arc<Reliability>> {
    let question = Question {
        scope: scope.path().to_owned(),
        filter: format!("{filter:?}"),
        alpha: alpha.to_bits(),
    };
    let place = app.reckoning.place().await?;
    let now = app.clock.now();
    if let Some(kept) = app.reckoning.kept(&question, now) {
        return Ok(kept);
    }
    let Watched { intervals, left_out, imported } =
        watched::watched(app.db.read(), scope, filter, now).await?;
    let settings = Settings { alpha, ..Settings::default() };
    let diagnosis = apart(place, move || diagnose(&intervals, &settings)).await?;
    let named = diagnosis.hangs_on_one.iter().map(|one| one.appliance.as_str());
    let found = Arc::new(Reliability {
        names: watched::names(app.db.read(), named).await?,
        as_of: now,
        imported,
        left_out: left_out.into_iter().map(|(why, boots)| LeftOut { boots, why }).collect(),
        diagnosis,
    });
    app.reckoning.keep(question, &found);
    Ok(found)
}

/// Two values of a component beside each other.
pub async fn compare(
    app: &App,
    scope: &Scope,
    filter: &Filter,
    (component, one, other): (Component, String, String),
) -> anyhow::Result<Comparison> {
    let place = app.reckoning.place().await?;
    let now = app.clock.now();
    let mut intervals = watched::watched(app.db.read(), scope, filter, now).await?.intervals;
    let compared = apart(place, move || {
        let around = [
            before_after(&intervals, component, &one, &other),
            before_after(&intervals, component, &other, &one),
        ];
        let value = |values: &BTreeMap<_, String>| values.get(&component).cloned();
        intervals.retain(|interval| {
            value(&interval.values).is_some_and(|value| value == one || value == other)
        });
        let diagnosis = diagnose(&intervals, &Settings::default());
        let report = diagnosis.components.into_iter().find(|found| found.component == component);
        (report, around)
    });
    let (report, around) = compared.await?;
    let appliances = around.iter().flat_map(|around| &around.appliances);
    let names = watched::names(app.db.read(), appliances.map(|one| one.appliance.as_str())).await?;
    let around = around.into_iter().filter(|around| !around.appliances.is_empty()).collect();
    Ok(Comparison { report, around, names, as_of: now })
}

/// On a thread of its own, which keeps the place until it is done: whoever asked may have gone long before.
async fn apart<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let work = move || {
        let done = work();
        drop(place);
        done
    };
    tokio::task::spawn_blocking(work).await.context("the statistics have failed")
}

impl Reckoning {
    async fn place(&self) -> anyhow::Result<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.place).acquire_owned().await;
        place.context("the server is going down")
    }

    fn kept(&self, question: &Question, now: Timestamp) -> Option<Arc<Reliability>> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, found| now.since(found.as_of) < GOOD_FOR);
        all.get(question).map(Arc::clone)
    }

    fn keep(&self, question: Question, found: &Arc<Reliability>) {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < KEPT {
            all.insert(question, Arc::clone(found));
        }
    }

    /// What was watched has changed by hand.
    pub fn forget(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
