//! Alarms about thin pools, raised and ended as appliances report their storage.

use std::collections::BTreeMap;

use domfleet_shared::Timestamp;
use domfleet_shared::inventory::Storage;
use sea_orm::{ConnectionTrait, DbErr};

use super::alarms::{self, AlarmKind, NewAlarm};
use super::events::NewEvent;
use super::inventory::Reporter;
use crate::domain::pools::{Level, pools};

/// Raises and ends what `storage` gives reason to; gives what to tell about it.
pub(super) async fn watch(
    txn: &impl ConnectionTrait,
    reporter: Reporter,
    storage: &Storage,
    now: Timestamp,
) -> Result<Vec<NewEvent>, DbErr> {
    let mut was = BTreeMap::new();
    for (kind, level) in
        [(AlarmKind::PoolFilling, Level::Filling), (AlarmKind::PoolFull, Level::Full)]
    {
        for subject in alarms::open_at(txn, kind, reporter.appliance).await? {
            was.insert(subject, level);
        }
    }
    let subject = |lv_uuid: &str| format!("{}/{lv_uuid}", reporter.appliance);
    let level_before = |lv_uuid: &str| was.get(&subject(lv_uuid)).copied().unwrap_or(Level::Fine);
    let found = pools(storage, level_before);
    let mut levels: BTreeMap<String, Level> =
        found.iter().map(|pool| (subject(&pool.volume.lv_uuid), pool.level)).collect();
    // One that is gone is filling up no more.
    for subject in was.keys() {
        levels.entry(subject.clone()).or_insert(Level::Fine);
    }
    let mut news = Vec::new();
    for (subject, level) in levels {
        let message = found.iter().find(|pool| is_of(&subject, &pool.volume.lv_uuid));
        let message = message.map(|pool| pool.message.clone()).unwrap_or_default();
        for (kind, from) in
            [(AlarmKind::PoolFilling, Level::Filling), (AlarmKind::PoolFull, Level::Full)]
        {
            let event = if level >= from {
                let alarm = NewAlarm {
                    kind,
                    organisation: reporter.organisation,
                    appliance: Some(reporter.appliance),
                    subject: subject.clone(),
                    message: &message,
                };
                alarms::raise(txn, &alarm, now).await?
            } else if was.contains_key(&subject) {
                alarms::clear(txn, kind, &subject, now).await?
            } else {
                None
            };
            news.extend(event);
        }
    }
    Ok(news)
}

fn is_of(subject: &str, lv_uuid: &str) -> bool {
    subject.rsplit_once('/').is_some_and(|(_, found)| found == lv_uuid)
}
