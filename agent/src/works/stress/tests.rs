use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use domfleet_shared::operation::stress::Survived;

use super::*;
use crate::meter::Cancelled;

/// A listener that no longer wants it once there is load.
#[derive(Default)]
struct Impatient {
    /// Whether it is.
    is_impatient: bool,
    saw_load: AtomicBool,
}

impl Meter for Impatient {
    fn begin(&self, what: &str, _total_bytes: u64) {
        self.saw_load.store(what.starts_with("under load for"), Ordering::Relaxed);
    }

    fn advance(&self, _bytes: u64) {}

    fn is_cancelled(&self) -> bool {
        self.is_impatient && self.saw_load.load(Ordering::Relaxed)
    }

    fn go_on(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

/// A folder on a disk: what is in memory takes no direct I/O.
fn on_disk() -> tempfile::TempDir {
    let places = [env!("CARGO_MANIFEST_DIR"), "/var/tmp"];
    let on_disk = places.into_iter().find(|place| !room::is_in_memory(Path::new(place)).unwrap());
    tempfile::tempdir_in(on_disk.unwrap()).unwrap()
}

fn asked(seconds: u32) -> StressRun {
    let size_bytes = Some(1 << 20);
    StressRun { seconds: Some(seconds), jobs: Some(2), size_bytes, ..StressRun::default() }
}

async fn carry_out(
    data_dir: &Path,
    run: StressRun,
    is_impatient: bool,
) -> Result<Value, WorkError> {
    let meter: Arc<dyn Meter> = Arc::new(Impatient { is_impatient, ..Impatient::default() });
    super::run(data_dir, Stress { run, storage: Storage::default() }, &meter).await
}

fn at_work(data_dir: &Path) -> usize {
    traces::at_work(&data_dir.join(OURS)).unwrap().len()
}

#[tokio::test]
async fn a_run_that_is_survived_says_what_it_did_and_leaves_nothing() {
    let folder = on_disk();

    let said = carry_out(folder.path(), asked(2), false).await.unwrap();

    let survived: Survived = serde_json::from_value(said).unwrap();
    assert_eq!(survived.seconds, 2);
    assert!(survived.read_bytes > 0 && survived.written_bytes > 0, "{survived:?}");
    assert!(survived.operations >= 2 && survived.chance_of_death > 0.0, "{survived:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_run_that_is_no_longer_wanted_ends_with_all_its_processes() {
    let folder = on_disk();

    let said = carry_out(folder.path(), asked(600), true).await;

    assert_eq!(said, Err(WorkError::Cancelled));
    assert_eq!(at_work(folder.path()), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn whoever_stands_before_the_appliance_can_end_it() {
    let folder = on_disk();
    fs::write(folder.path().join(STOP), "").unwrap();

    let said = carry_out(folder.path(), asked(600), false).await;

    let Err(WorkError::Failed(reason)) = said else { panic!("{said:?}") };
    assert_eq!(reason.code, "stopped");
    assert_eq!(at_work(folder.path()), 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_run_whose_agent_was_killed_is_ended_and_cleared_away_by_the_next() {
    let folder = on_disk();
    let run = StressRun { folder: Some(folder.path().display().to_string()), ..asked(600) };
    let ours = folder.path().join(OURS);
    traces::prepare(&ours).unwrap();
    let arguments = arguments(&ours, &run);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let complaints = File::create(ours.join(COMPLAINTS)).unwrap();
    let mut left = command::start("fio", &arguments, complaints).unwrap();
    // Also where its first process was killed and the others go on.
    while at_work(folder.path()) < 3 {
        tokio::task::yield_now().await;
    }
    left.start_kill().unwrap();
    left.wait().await.unwrap();
    assert!(at_work(folder.path()) > 0);

    clear(Path::new("/nonexistent"), &run).await.unwrap();

    assert_eq!(at_work(folder.path()), 0);
    assert!(!ours.exists());
    assert_eq!(clear(Path::new("/nonexistent"), &run).await, Ok(json!({})), "and once more");
}

#[tokio::test]
async fn a_folder_of_which_only_the_beginning_or_the_end_is_left_is_in_nobody_s_way() {
    let folder = on_disk();
    fs::create_dir(folder.path().join(OURS)).unwrap();

    let said = carry_out(folder.path(), asked(1), false).await;

    assert!(said.is_ok(), "{said:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_is_not_ours_is_left_alone() {
    let folder = on_disk();
    let theirs = folder.path().join(OURS);
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("letters"), "dear").unwrap();

    let said = carry_out(folder.path(), asked(1), false).await;
    let cleared = clear(folder.path(), &asked(1)).await;

    let (Err(WorkError::Failed(reason)), Err(_)) = (said, cleared) else { panic!() };
    assert!(reason.message.contains("move it away"), "{reason:?}");
    assert_eq!(fs::read_to_string(theirs.join("letters")).unwrap(), "dear");
}

#[test]
fn it_is_the_reproducer_that_is_known_to_freeze_a_bad_build() {
    let said = arguments(Path::new("/x"), &StressRun::default()).join(" ");

    let known = "--name=test --rw=randrw --size=838860800 --numjobs=5 --time_based --runtime=28800 --direct=1 \
                 --alloc-size=4096";
    assert!(said.starts_with(known), "{said}");
}

#[test]
fn long_runs_are_told_by_the_minute_and_short_ones_by_the_second() {
    let minutes = Duration::from_mins;

    assert_eq!(
        progress(Duration::from_secs(7), Duration::from_secs(20)),
        "under load for 7 of 20 s"
    );
    assert_eq!(progress(minutes(90), minutes(480)), "under load for 90 of 480 min");
    assert_eq!(progress(minutes(500), minutes(480)), "under load for 480 of 480 min");
}
