//! A stress run in this dom0: fio, watched until it ends or is ended, and nothing left of it.
//!
//! Everything of a run is in one folder of ours, or is a process that works there (`traces.rs`), so that a run which
//! nobody watches any more is ended and cleared away by whoever comes next.

mod answer;
mod room;
mod traces;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domfleet_shared::inventory::Storage;
use domfleet_shared::operation::stress::StressRun;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::process::Child;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{WorkError, answer as told, apart};
use crate::dom0::xen::command;
use crate::meter::Meter;

/// What is made in the folder whose disk is put under load.
const OURS: &str = "domfleet-stress";
const SAID: &str = "result.json";
const COMPLAINTS: &str = "stderr";
/// Whoever stands before the appliance makes this file in the agent's folder to end a run.
const STOP: &str = "stress.stop";

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// fio writes its files before it begins: on a slow disk that takes a while.
const LAID_OUT_WITHIN: Duration = Duration::from_mins(30);
/// What is ended in order says what it has done, within this.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Why a run fails of which something still works: there may be load again at any time.
pub(crate) const UNDER_LOAD: &str = "under_load";
/// A result is a page of text.
const SAID_BYTES: u64 = 1 << 20;

/// A run, and what is known of where it is to be.
#[derive(Clone, Debug)]
pub struct Stress {
    /// What is asked.
    pub run: StressRun,
    /// What LVM holds.
    pub storage: Storage,
}

/// How a run comes to its end.
enum End {
    /// By itself.
    Over,
    Cancelled,
    /// Somebody on site has ended it.
    Stopped,
    /// It should have ended long ago.
    Late,
}

/// Puts load on the disk, and says what came of it.
pub(super) async fn run(
    data_dir: &Path,
    stress: Stress,
    meter: &Arc<dyn Meter>,
) -> Result<Value, WorkError> {
    let Stress { run, storage } = stress;
    let folder = folder(data_dir, &run);
    let stop = data_dir.join(STOP);
    let (place, asked) = (folder.clone(), run.clone());
    apart(move || {
        room::check(place.parent().unwrap_or(&place), &asked, &storage)?;
        traces::prepare(&place).map_err(|error| left(&place, &error))
    })
    .await?;
    let ended = under_load(&folder, &run, &stop, meter).await;
    let said = std::fs::read(folder.join(SAID)).unwrap_or_default();
    let complaints = std::fs::read_to_string(folder.join(COMPLAINTS)).unwrap_or_default();
    clear_away(folder).await?;
    let (end, lasted) = ended?;
    match end {
        End::Cancelled => Err(WorkError::Cancelled),
        End::Stopped => {
            let why = format!(
                "somebody on site has ended it after {} s; dom0 had survived so far",
                lasted.as_secs()
            );
            Err(WorkError::failed("stopped", why))
        }
        End::Late => {
            let why =
                "fio did not end when its time was over, and was killed: the disk does not answer";
            Err(WorkError::failed("timeout", why))
        }
        End::Over => told(&answer::of(&said, &complaints, run.duration())?),
    }
}

/// Ends what is left of a run that nobody watches any more. Nothing where there is nothing.
pub(super) async fn clear(data_dir: &Path, run: &StressRun) -> Result<Value, WorkError> {
    clear_away(folder(data_dir, run)).await?;
    Ok(json!({}))
}

fn folder(data_dir: &Path, run: &StressRun) -> PathBuf {
    run.folder.as_ref().map_or(data_dir, Path::new).join(OURS)
}

async fn clear_away(folder: PathBuf) -> Result<(), WorkError> {
    apart(move || traces::clear(&folder).map_err(|error| left(&folder, &error))).await
}

fn left(folder: &Path, error: &io::Error) -> WorkError {
    let code = if error.kind() == io::ErrorKind::TimedOut { UNDER_LOAD } else { "io" };
    WorkError::failed(code, format!("{}: {error}", folder.display()))
}

/// fio and everything that it has begun. Whoever lets go of it ends it.
struct Load {
    child: Child,
    group: Option<Pid>,
}

impl Load {
    fn tell(&self, signal: Signal) {
        if let Some(group) = self.group {
            // One that has ended already needs no telling.
            kill_process_group(group, signal).ok();
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.tell(Signal::KILL);
    }
}

async fn under_load(
    folder: &Path,
    run: &StressRun,
    stop: &Path,
    meter: &Arc<dyn Meter>,
) -> Result<(End, Duration), WorkError> {
    let unusable = |error: io::Error| WorkError::because("io", &error);
    let complaints = File::create(folder.join(COMPLAINTS)).map_err(unusable)?;
    let arguments = arguments(folder, run);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = command::start("fio", &arguments, complaints)
        .map_err(|error| WorkError::because("not_run", &error))?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let mut load = Load { child, group: id.and_then(Pid::from_raw) };
    let begun = Instant::now();
    let mut looking = interval(LOOK_EVERY);
    looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = String::new();
    let end = loop {
        tokio::select! {
            ended = load.child.wait() => {
                ended.map_err(unusable)?;
                break End::Over;
            }
            _ = looking.tick() => {
                let now = progress(begun.elapsed(), run.duration());
                if now != said {
                    meter.begin(&now, 0);
                    said = now;
                }
                if meter.is_cancelled() {
                    break End::Cancelled;
                }
                if stop.exists() {
                    std::fs::remove_file(stop).ok();
                    break End::Stopped;
                }
                if begun.elapsed() > run.duration() + LAID_OUT_WITHIN {
                    break End::Late;
                }
            }
        }
    };
    if !matches!(end, End::Over) {
        load.tell(Signal::TERM);
        // One that waits for the disk cannot be killed; what follows sees to it that nothing is left.
        drop(timeout(ENDS_WITHIN, load.child.wait()).await);
    }
    Ok((end, begun.elapsed()))
}

fn progress(elapsed: Duration, whole: Duration) -> String {
    let elapsed = elapsed.min(whole).as_secs();
    if whole < Duration::from_mins(10) {
        return format!("under load for {elapsed} of {} s", whole.as_secs());
    }
    format!("under load for {} of {} min", elapsed / 60, whole.as_secs() / 60)
}

/// As the vendor's own reproducer is, which freezes a bad build within about an hour. `alloc-size` is that of
/// fio's own memory in KiB, and not of a block: blocks have 4 KiB.
fn arguments(folder: &Path, run: &StressRun) -> Vec<String> {
    vec![
        "--name=test".to_owned(),
        "--rw=randrw".to_owned(),
        format!("--size={}", run.size_bytes()),
        format!("--numjobs={}", run.jobs()),
        "--time_based".to_owned(),
        format!("--runtime={}", run.duration().as_secs()),
        "--direct=1".to_owned(),
        "--alloc-size=4096".to_owned(),
        traces::argument(folder),
        "--output-format=json".to_owned(),
        format!("--output={}", folder.join(SAID).display()),
    ]
}

#[cfg(test)]
#[path = "stress/tests.rs"]
mod tests;
