//! A stress run: load on dom0's disk of the kind that has a bad build freeze.
//!
//! What it is made of is fio's `randrw` with direct I/O from several processes at once, for hours. A build that
//! freezes under it does so within about an hour; one that survives is as good as the run was long, which
//! [`chance_of_death`] puts into a number.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::image::check_path;

/// What is asked for where nothing is said: eight hours of five processes, of 800 MiB each.
const SECONDS: u32 = 8 * 3600;
const JOBS: u32 = 5;
const SIZE_BYTES: u64 = 800 << 20;
/// Nobody waits longer for an answer.
const MOST_SECONDS: u32 = 24 * 3600;
const MOST_JOBS: u32 = 64;
/// fio makes files of whole blocks.
const LEAST_SIZE_BYTES: u64 = 1 << 20;
const MOST_SIZE_BYTES: u64 = 64 << 30;

/// Load on dom0's disk, to see whether dom0 survives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StressRun {
    /// How long it goes on, in seconds, at most a day; 8 hours where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// How many processes write and read at once; 5 where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<u32>,
    /// How large the file of each is, in bytes; 800 MiB where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The folder in dom0 whose disk is put under load, by its absolute path; the agent's own where it is not
    /// said. A folder for the run is made in it and removed afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Go on although not every VM has a verified backup that is newer than its last start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waive_backups: bool,
}

impl StressRun {
    /// How long it goes on.
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(SECONDS).into())
    }

    /// How many processes there are.
    pub fn jobs(&self) -> u32 {
        self.jobs.unwrap_or(JOBS)
    }

    /// How large the file of each is, in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes.unwrap_or(SIZE_BYTES)
    }

    /// How many bytes must be free before it begins: a disk that it has filled would end the VMs.
    pub fn needed_bytes(&self) -> u64 {
        let written = self.size_bytes().saturating_mul(self.jobs().into());
        written.saturating_add(written / 4)
    }

    /// The field that cannot be as it is, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let within = |field, value: u64, least: u64, most: u64| {
            let why = || format!("{least} to {most}");
            if (least..=most).contains(&value) { Ok(()) } else { Err((field, why())) }
        };
        within("seconds", self.duration().as_secs(), 1, MOST_SECONDS.into())?;
        within("jobs", self.jobs().into(), 1, MOST_JOBS.into())?;
        within("size_bytes", self.size_bytes(), LEAST_SIZE_BYTES, MOST_SIZE_BYTES)?;
        match &self.folder {
            // fio takes a colon to stand between two folders.
            Some(folder) if folder.contains(':') => {
                Err(("folder", "a path without a colon".into()))
            }
            Some(folder) => check_path(folder).map_err(|why| ("folder", why.to_owned())),
            None => Ok(()),
        }
    }
}

/// What came of a run that dom0 survived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Survived {
    /// For how long there was load, in seconds.
    pub seconds: u64,
    /// What was read.
    pub read_bytes: u64,
    /// What was written.
    pub written_bytes: u64,
    /// Reads and writes.
    pub operations: u64,
    /// The slowest of them, in milliseconds.
    pub slowest_milliseconds: u64,
    /// The chance that a dom0 would have died of it which dies once an hour under such load. Above 0.95 the
    /// run is evidence at the usual level that this one does not.
    pub chance_of_death: f64,
}

/// The chance that whatever dies `rate_per_hour` times an hour, at any moment as likely as at any other, dies
/// within `long`: `1 − exp(−rate · t)`. Three hours at one an hour are 0.95, since −ln 0.05 = 2.996.
pub fn chance_of_death(rate_per_hour: f64, long: Duration) -> f64 {
    -(-rate_per_hour * long.as_secs_f64() / 3600.0).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{Class, Lock, Operation};

    #[test]
    fn what_is_not_said_is_what_is_known_to_freeze_a_bad_build() {
        let json = serde_json::json!({ "kind": "stress_run" });

        let Ok(Operation::StressRun(run)) = serde_json::from_value(json.clone()) else { panic!() };

        assert_eq!(run.duration(), Duration::from_hours(8));
        assert_eq!((run.jobs(), run.size_bytes()), (5, 800 << 20));
        assert!(run.needed_bytes() >= (4 << 30) * 6 / 5, "4 GiB and a fifth more");
        assert_eq!(run.check(), Ok(()));
        assert_eq!(serde_json::to_value(Operation::StressRun(run)).unwrap(), json);
    }

    #[test]
    fn a_run_may_kill_dom0_and_nothing_else_is_done_meanwhile() {
        let operation = Operation::StressRun(StressRun::default());

        assert_eq!(operation.class(), Class::Destructive);
        assert_eq!(operation.locks(), [Lock::Power]);
        assert!(operation.is_work());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_its_field() {
        let refused = |run: StressRun| run.check().unwrap_err().0;

        assert_eq!(refused(StressRun { seconds: Some(0), ..StressRun::default() }), "seconds");
        assert_eq!(refused(StressRun { seconds: Some(86_401), ..StressRun::default() }), "seconds");
        assert_eq!(refused(StressRun { jobs: Some(0), ..StressRun::default() }), "jobs");
        assert_eq!(
            refused(StressRun { size_bytes: Some(1), ..StressRun::default() }),
            "size_bytes"
        );
        for folder in ["../x", "/vm:/etc"] {
            let elsewhere = StressRun { folder: Some(folder.into()), ..StressRun::default() };
            assert_eq!(refused(elsewhere), "folder");
        }
    }

    #[test]
    fn three_hours_are_evidence_against_one_death_an_hour_and_eight_are_nearly_proof() {
        let chance = |minutes| chance_of_death(1.0, Duration::from_mins(minutes));

        assert!((chance(180) - 0.950).abs() < 0.0005, "{}", chance(180));
        assert!((chance(480) - 0.9997).abs() < 0.00005, "{}", chance(480));
        assert!(chance(0).abs() < f64::EPSILON);
    }
}
