//! Follows the kernel's log, and makes its warnings durable at once: after a freeze they are all
//! that is left. What it says of drives has the agent look at once which there are.

use std::collections::BTreeSet;
use std::time::Duration;

use domfleet_shared::boot::sign::Sign;
use domfleet_shared::id::BootId;
use tokio::time::{Instant, sleep};

use crate::agent::Agent;
use crate::dial::Dialer;
use crate::dom0::{Dom0, KernelMessage};
use crate::storage::Files;

/// `KERN_WARNING`. What is less grave is not written down.
const WARNING: u8 = 4;
/// One boot keeps at most twice this: the file being written and the one before it.
const FILE_BYTES: u64 = 128 * 1024;
/// A kernel that floods its log must not have us flood the disk.
const LINES_A_MINUTE: usize = 300;
const LINE_CHARACTERS: usize = 500;
const RETRY: Duration = Duration::from_mins(1);

fn newer(boot_id: BootId) -> String {
    format!("kernel/{boot_id}.log")
}

fn older(boot_id: BootId) -> String {
    format!("kernel/{boot_id}.old.log")
}

/// The warnings that were written down in a boot, oldest first.
pub async fn warnings(files: &impl Files, boot_id: BootId) -> Vec<String> {
    let mut lines = Vec::new();
    for name in [older(boot_id), newer(boot_id)] {
        let bytes = files.read(&name, 2 * limit()).await.ok().flatten().unwrap_or_default();
        lines.extend(text(&bytes).lines().map(str::to_owned));
    }
    lines
}

/// What a reset left of a text: a file whose last bytes never came to the disk ends in zeros, which
/// no database keeps.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

fn limit() -> usize {
    usize::try_from(FILE_BYTES).unwrap_or(usize::MAX)
}

/// Removes the warnings of all boots but those in `keep`.
pub(crate) async fn prune(files: &impl Files, keep: &[BootId]) -> std::io::Result<()> {
    for entry in files.list("kernel").await? {
        let is_kept = keep.iter().any(|boot| entry.name.starts_with(&boot.to_string()));
        if !is_kept {
            files.remove(&format!("kernel/{}", entry.name)).await?;
        }
    }
    Ok(())
}

/// Follows the log until dropped.
pub(crate) async fn follow<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>) {
    let mut persisted = Persisted::open(&agent.world.files, agent.boot_id).await;
    let mut after = None;
    let mut budget = Budget::new();
    loop {
        let messages = match agent.world.dom0.kernel_log(after).await {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the kernel log cannot be followed; trying again"
                );
                sleep(RETRY).await;
                continue;
            }
        };
        after = messages.last().map(|message| message.sequence).or(after);
        if messages.iter().any(is_of_a_drive) {
            agent.look_again.notify_one();
        }
        let is_new = |message: &&KernelMessage| {
            message.level <= WARNING && persisted.last.is_none_or(|last| message.sequence > last)
        };
        let lines: Vec<_> = messages.iter().filter(is_new).collect();
        note_fatal(agent, &lines);
        let allowed = budget.take(lines.len());
        // Of a flood the first lines tell most.
        let lines = lines.get(..allowed).unwrap_or_default();
        if let Err(error) = persisted.add(&agent.world.files, lines).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "kernel warnings could not be written down");
        }
    }
}

/// A kernel that met its own error may live for hours, or for seconds: now is the time to tell, and to collect.
fn note_fatal<D: Dom0, F: Files, N: Dialer>(agent: &Agent<D, F, N>, lines: &[&KernelMessage]) {
    let signs: BTreeSet<Sign> = lines
        .iter()
        .filter_map(|line| Sign::of(&line.text))
        .filter(|sign| sign.is_fatal())
        .collect();
    if !signs.is_empty() {
        // What it is tainted by is among the facts.
        agent.look_again.notify_one();
        for sign in signs {
            agent.fatal.say(sign);
        }
    }
}

/// What the kernel says once a drive is there to be used, and once one was pulled out.
fn is_of_a_drive(message: &KernelMessage) -> bool {
    let text = &message.text;
    text.contains("Attached SCSI") || text.contains("USB disconnect")
}

/// The file that is being written.
struct Persisted {
    boot_id: BootId,
    length: u64,
    /// The number of the last message in it: after a restart the kernel's log is read again.
    last: Option<u64>,
}

impl Persisted {
    async fn open(files: &impl Files, boot_id: BootId) -> Self {
        let bytes = files.read(&newer(boot_id), 2 * limit()).await.ok().flatten();
        let bytes = bytes.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default()).into_owned();
        let number = |line: &str| line.split(' ').next()?.parse().ok();
        let last = text.lines().next_back().and_then(number);
        Self { boot_id, length: whole as u64, last }
    }

    async fn add(&mut self, files: &impl Files, lines: &[&KernelMessage]) -> std::io::Result<()> {
        let Some(newest) = lines.last() else { return Ok(()) };
        if self.length > FILE_BYTES {
            let full = files.read(&newer(self.boot_id), 2 * limit()).await?.unwrap_or_default();
            files.replace(&older(self.boot_id), full).await?;
            self.length = 0;
        }
        let bytes = lines.iter().flat_map(|line| printed(line).into_bytes()).collect::<Vec<u8>>();
        let length = bytes.len() as u64;
        files.append(&newer(self.boot_id), self.length, bytes).await?;
        self.length += length;
        self.last = Some(newest.sequence);
        Ok(())
    }
}

fn printed(message: &KernelMessage) -> String {
    let text: String = message.text.chars().take(LINE_CHARACTERS).collect();
    let at = message.at;
    format!("{} <{}>[{:.6}] {text}\n", message.sequence, message.level, at.as_secs_f64())
}

struct Budget {
    left: usize,
    since: Instant,
}

impl Budget {
    fn new() -> Self {
        Self { left: LINES_A_MINUTE, since: Instant::now() }
    }

    fn take(&mut self, wanted: usize) -> usize {
        if self.since.elapsed() >= Duration::from_mins(1) {
            *self = Self::new();
        }
        let taken = wanted.min(self.left);
        self.left -= taken;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::disk::Disk;

    fn message(sequence: u64, text: &str) -> KernelMessage {
        let at = Duration::from_millis(sequence);
        KernelMessage { sequence, level: 4, at, text: text.to_owned() }
    }

    #[test]
    fn a_drive_that_comes_or_goes_is_told_from_what_else_is_plugged_in() {
        // As Linux 6.1 says it.
        let said = [
            (
                "usb 2-2: New USB device found, idVendor=46f4, idProduct=0001, bcdDevice= 0.00",
                false,
            ),
            ("sd 0:0:0:0: [sda] 2097152 512-byte logical blocks: (1.07 GB/1.00 GiB)", false),
            ("sd 0:0:0:0: [sda] Attached SCSI removable disk", true),
            ("sd 1:0:0:0: [sdb] Attached SCSI disk", true),
            ("usb 2-2: USB disconnect, device number 2", true),
        ];
        for (text, expected) in said {
            let message =
                KernelMessage { sequence: 1, level: 6, at: Duration::ZERO, text: text.into() };
            assert_eq!(is_of_a_drive(&message), expected, "{text}");
        }
    }

    #[test]
    fn what_never_came_to_the_disk_leaves_no_zero_in_a_text() {
        assert_eq!(text(b"oops\0\xff"), "oops\u{fffd}\u{fffd}");
    }

    #[tokio::test]
    async fn after_a_restart_it_goes_on_behind_the_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let boot_id = BootId::new();
        let mut first = Persisted::open(&disk, boot_id).await;
        first.add(&disk, &[&message(7, "soft lockup")]).await.unwrap();
        disk.append(&newer(boot_id), first.length, b"8 <4>[0.0".to_vec()).await.unwrap();

        let mut second = Persisted::open(&disk, boot_id).await;
        assert_eq!(second.last, Some(7));
        second.add(&disk, &[&message(8, "I/O error")]).await.unwrap();

        let lines = warnings(&disk, boot_id).await;
        assert_eq!(lines, ["7 <4>[0.007000] soft lockup", "8 <4>[0.008000] I/O error"]);
    }

    #[tokio::test]
    async fn a_flood_fills_two_files_and_no_more_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let boot_id = BootId::new();
        let mut persisted = Persisted::open(&disk, boot_id).await;
        let long = "x".repeat(LINE_CHARACTERS);

        for sequence in 0..2000 {
            persisted.add(&disk, &[&message(sequence, &long)]).await.unwrap();
        }

        let entries = disk.list("kernel").await.unwrap();
        assert!(entries.iter().map(|entry| entry.bytes).sum::<u64>() < 3 * FILE_BYTES);
        assert!(warnings(&disk, boot_id).await.last().unwrap().starts_with("1999 "));
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_has_a_budget_of_lines() {
        let mut budget = Budget::new();

        assert_eq!(budget.take(1000), LINES_A_MINUTE);
        assert_eq!(budget.take(1), 0);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(budget.take(1), 1);
    }
}
