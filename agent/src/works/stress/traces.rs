//! What there is of a run beside this process: a folder of ours, and fio's processes that work in it.
//!
//! Processes are found by what they were started with and not by a number that was written down: an agent may die
//! before it has written it, fio's first process before the others, and numbers are used again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Makes a folder ours; the first file in it, and the last.
const MARK: &str = "stress-run";
/// What is killed is gone within this, unless it waits for the disk.
const GONE_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Makes the folder, in place of one that an earlier run has left.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    clear(folder)?;
    fs::create_dir(folder)?;
    File::create_new(folder.join(MARK)).map(|_| ())
}

/// Ends what works in the folder and removes it; nothing happens where there is none. One that somebody else has
/// made is refused. `TimedOut` where a process cannot be ended, which goes on as soon as the disk answers.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    let there = match entries(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        there => there?,
    };
    // A run that was cut off before its first file, or after its last, has left an empty one.
    if !there.is_empty() && !folder.join(MARK).exists() {
        let why = "it is there, and no stress run has made it: move it away";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    end(folder)?;
    for path in entries(folder)? {
        if !path.ends_with(MARK) {
            fs::remove_file(path)?;
        }
    }
    if !there.is_empty() {
        fs::remove_file(folder.join(MARK))?;
    }
    fs::remove_dir(folder)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn end(folder: &Path) -> io::Result<()> {
    let until = Instant::now() + GONE_WITHIN;
    loop {
        let left = at_work(folder)?;
        if left.is_empty() {
            return Ok(());
        }
        for pid in left {
            // One that has ended meanwhile needs no killing.
            kill_process(pid, Signal::KILL).ok();
        }
        if Instant::now() >= until {
            let why = "fio waits for the disk and cannot be ended";
            return Err(io::Error::new(io::ErrorKind::TimedOut, why));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The argument by which fio works there.
pub(super) fn argument(folder: &Path) -> String {
    format!("--directory={}", folder.display())
}

/// Processes that work there. One that has ended and waits to be taken note of is none.
pub(super) fn at_work(folder: &Path) -> io::Result<Vec<Pid>> {
    let wanted = argument(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let pid = name.to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
        let Some(pid) = pid else { continue };
        // It may have ended since.
        let command =
            fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        if command.split(|byte| *byte == 0).any(|argument| argument == wanted.as_bytes()) {
            found.push(pid);
        }
    }
    Ok(found)
}
