//! What fio says of a run.
//!
//! Its JSON has an object for each job, with `read` and `write`, and in these `io_bytes`, `total_ios` and
//! `lat_ns.max` (fio's documentation, "JSON output"). Notes for people may come before it.

use std::time::Duration;

use domfleet_shared::operation::stress::{Survived, chance_of_death};
use serde::Deserialize;

use super::SAID_BYTES;
use crate::works::WorkError;

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    jobs: Vec<Job>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Job {
    error: i64,
    #[serde(rename = "job_runtime")]
    milliseconds: u64,
    read: Side,
    write: Side,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Side {
    io_bytes: u64,
    total_ios: u64,
    lat_ns: Latency,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Latency {
    max: f64,
}

/// Dies about once in so many hours: what a bad build does under such load.
const BAD_RATE_PER_HOUR: f64 = 1.0;

/// The answer, or why there is none: a disk that fails is no run.
pub(super) fn of(said: &[u8], complaints: &str, asked: Duration) -> Result<Survived, WorkError> {
    let refused = || {
        let last = complaints.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.unwrap_or("it said nothing");
        WorkError::failed("refused", format!("fio came to no result: {last}"))
    };
    let begins = said.iter().position(|byte| *byte == b'{');
    let json = begins.and_then(|at| said.get(at..)).filter(|json| json.len() as u64 <= SAID_BYTES);
    let found: Said =
        json.and_then(|json| serde_json::from_slice(json).ok()).ok_or_else(refused)?;
    if let Some(job) = found.jobs.iter().find(|job| job.error != 0) {
        let error = std::io::Error::from_raw_os_error(i32::try_from(job.error).unwrap_or(5));
        return Err(WorkError::failed("io", format!("the disk failed under load: {error}")));
    }
    let shortest =
        found.jobs.iter().map(|job| (job.milliseconds + 500) / 1000).min().ok_or_else(refused)?;
    if shortest + 1 < asked.as_secs() {
        return Err(refused());
    }
    let sides = || found.jobs.iter().flat_map(|job| [&job.read, &job.write]);
    let slowest = sides().map(|side| side.lat_ns.max).fold(0.0, f64::max);
    Ok(Survived {
        seconds: shortest,
        read_bytes: found.jobs.iter().map(|job| job.read.io_bytes).sum(),
        written_bytes: found.jobs.iter().map(|job| job.write.io_bytes).sum(),
        operations: sides().map(|side| side.total_ios).sum(),
        slowest_milliseconds: milliseconds(slowest),
        chance_of_death: chance_of_death(BAD_RATE_PER_HOUR, Duration::from_secs(shortest)),
    })
}

fn milliseconds(nanoseconds: f64) -> u64 {
    Duration::try_from_secs_f64(nanoseconds / 1e9)
        .ok()
        .and_then(|long| u64::try_from(long.as_millis()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWENTY: Duration = Duration::from_secs(20);

    fn job(error: i64, runtime: u64) -> serde_json::Value {
        let side = |bytes: u64, slowest: f64| serde_json::json!({ "io_bytes": bytes, "total_ios": bytes / 4096, "lat_ns": { "min": 9, "max": slowest } });
        serde_json::json!({
            "jobname": "test", "error": error, "job_runtime": runtime,
            "read": side(8192, 2.5e6), "write": side(4096, 71e6), "trim": side(0, 0.0),
        })
    }

    fn said(jobs: &[serde_json::Value]) -> Vec<u8> {
        format!("fio: a note\n{}", serde_json::json!({ "fio version": "fio-3.33", "jobs": jobs }))
            .into_bytes()
    }

    #[test]
    fn the_jobs_are_added_up_and_the_slowest_of_all_is_told() {
        let survived = of(&said(&[job(0, 20_003), job(0, 19_998)]), "", TWENTY).unwrap();

        assert_eq!(
            (survived.seconds, survived.read_bytes, survived.written_bytes),
            (20, 16384, 8192)
        );
        assert_eq!((survived.operations, survived.slowest_milliseconds), (6, 71));
        assert!((survived.chance_of_death - 0.00554).abs() < 1e-5);
    }

    #[test]
    fn a_disk_that_fails_and_a_run_that_was_cut_short_are_no_result() {
        let failed = of(&said(&[job(0, 20_000), job(5, 3_000)]), "", TWENTY).unwrap_err();
        let short = of(&said(&[job(0, 3_000)]), "fio: terminating\n\n", TWENTY).unwrap_err();
        let none = of(b"", "fio: looks like your file system does not support direct=1\n", TWENTY)
            .unwrap_err();

        let WorkError::Failed(reason) = failed else { panic!() };
        assert!(reason.code == "io" && reason.message.contains("Input/output error"), "{reason:?}");
        let WorkError::Failed(reason) = short else { panic!() };
        assert!(reason.message.ends_with("fio: terminating"), "{reason:?}");
        let WorkError::Failed(reason) = none else { panic!() };
        assert!(reason.message.contains("does not support direct=1"), "{reason:?}");
    }
}
