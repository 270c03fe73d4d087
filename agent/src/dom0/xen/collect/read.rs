//! Reads files of a dom0 that may be half dead. Nothing here waits for anything but the file itself.

use std::fs::{self, File, Metadata};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::dom0::excerpt::{Excerpt, excerpt};
use crate::dom0::withheld::is_withheld;
use crate::dom0::xen::facts::Root;
use crate::dom0::{Collected, Limit};

const PIECE_BYTES: usize = 64 * 1024;
/// Of a folder each file has this much room.
const FILE_BYTES: usize = 256 * 1024;
/// A folder with more files is none that people made.
const FILES_AT_MOST: usize = 500;
const DEPTH_AT_MOST: usize = 4;
/// Where files that are withheld are looked for.
const WITHHELD_BELOW: [&str; 2] = ["/etc", "/root"];

/// A file that grows faster than it is read ends for us after this much.
const READ_AT_MOST: u64 = 256 * 1024 * 1024;

/// A file: all of it, or its beginning and its end.
pub(super) fn file(path: &Path, limit: Limit) -> Collected {
    if is_withheld(&path.to_string_lossy()) {
        return Collected::failed("this file is never collected");
    }
    let read = || {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(std::io::Error::other("it is not a file"));
        }
        let mut excerpt = Excerpt::of(limit.bytes);
        let mut piece = vec![0; PIECE_BYTES];
        let mut seen = 0;
        // Of a long one the middle need not be read. Files of /proc do not say how long they are.
        let skip = metadata.len().saturating_sub(4 * limit.bytes as u64);
        loop {
            let length = file.read(&mut piece)?;
            if length == 0 || seen > READ_AT_MOST {
                return Ok(excerpt.finish());
            }
            excerpt.push(piece.get(..length).unwrap_or_default());
            let before = seen;
            seen += length as u64;
            let is_past_head = before < limit.bytes as u64 && seen >= limit.bytes as u64;
            if skip > 0 && is_past_head {
                file.seek(SeekFrom::Current(skip.cast_signed()))?;
            }
        }
    };
    read().unwrap_or_else(|error| Collected::failed(error.to_string()))
}

/// The files of folders, each under its name.
pub(super) fn folders(folders: &[PathBuf], limit: Limit) -> Collected {
    let mut excerpt = Excerpt::of(limit.bytes);
    let each = Limit { bytes: FILE_BYTES, ..limit };
    let mut is_cut = false;
    let mut found = false;
    for folder in folders {
        for path in files_below(folder) {
            found = true;
            excerpt.push(format!("--- {}\n", path.display()).as_bytes());
            let kept = file(&path, each);
            is_cut |= kept.truncated;
            excerpt.push(&kept.bytes);
            if let Some(error) = kept.error {
                excerpt.push(format!("({error})").as_bytes());
            }
            excerpt.push(b"\n");
        }
    }
    let mut kept = excerpt.finish();
    kept.truncated |= is_cut;
    if !found {
        kept.error = Some("there is nothing".to_owned());
    }
    kept
}

/// Regular files, by name.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            // A folder behind a link may lead in a circle.
            let is_folder = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            if is_folder && depth < DEPTH_AT_MOST {
                folders.push((path, depth + 1));
            } else if fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
                files.push(path);
            }
            if files.len() >= FILES_AT_MOST {
                files.sort();
                return files;
            }
        }
    }
    files.sort();
    files
}

/// The files below a folder that were written to last, by their path below it.
pub(super) fn newest(folder: &Path, at_most: usize) -> Vec<String> {
    let mut files: Vec<_> = files_below(folder)
        .into_iter()
        .filter_map(|path| {
            let written = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
            Some((written, path.strip_prefix(folder).ok()?.to_str()?.to_owned()))
        })
        .collect();
    files.sort_by(|(a, a_name), (b, b_name)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    files.into_iter().map(|(_, name)| name).take(at_most).collect()
}

/// The end of a file.
pub(super) fn tail(path: &Path, bytes: u64) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() {
        return None;
    }
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(bytes))).ok()?;
    let mut tail = Vec::new();
    file.take(bytes).read_to_end(&mut tail).ok()?;
    Some(tail)
}

fn tasks(root: &Root) -> impl Iterator<Item = String> {
    root.names("/proc").into_iter().filter(|name| name.parse::<u32>().is_ok())
}

pub(super) fn stuck_tasks(root: &Root, limit: Limit) -> Collected {
    let mut text = String::new();
    for pid in tasks(root) {
        let read = |file: &str| root.text(&format!("/proc/{pid}/{file}"));
        let Some(status) = read("status") else { continue };
        if !status.lines().any(|line| line.starts_with("State:") && line.contains("D (")) {
            continue;
        }
        for file in ["status", "wchan", "stack"] {
            let value = read(file).unwrap_or_default();
            text.extend(["--- ", &pid, "/", file, "\n", &value, "\n"]);
        }
    }
    excerpt(text.as_bytes(), limit)
}

/// `ps` hangs on a task that holds the lock of its own memory. What such a task was started with is not asked.
pub(super) fn processes(root: &Root, limit: Limit) -> Collected {
    let mut excerpt = Excerpt::of(limit.bytes);
    excerpt.push(b"PID PPID STATE THREADS RSS COMMAND\n");
    for pid in tasks(root) {
        let Some(stat) = root.text(&format!("/proc/{pid}/stat")) else { continue };
        // The name is in brackets, and may hold anything.
        let Some((name, rest)) = stat.rsplit_once(')') else { continue };
        let name = name.split_once('(').map_or("", |(_, name)| name);
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or("?");
        let started = (field(0) != "D")
            .then(|| fs::read(root.path(&format!("/proc/{pid}/cmdline"))).ok())
            .flatten()
            .filter(|command| !command.is_empty())
            .map(|command| String::from_utf8_lossy(&command).replace('\0', " "));
        let command = started.unwrap_or_else(|| format!("[{name}]"));
        let (parent, state, threads, pages) = (field(1), field(0), field(17), field(21));
        excerpt.push(format!("{pid} {parent} {state} {threads} {pages} {command}\n").as_bytes());
    }
    excerpt.finish()
}

pub(super) fn block_devices(root: &Root, limit: Limit) -> Collected {
    let files =
        ["size", "stat", "queue/scheduler", "queue/nr_requests", "device/model", "inflight"];
    excerpt(values(root, "/sys/block", &files).as_bytes(), limit)
}

pub(super) fn watchdogs(root: &Root, limit: Limit) -> Collected {
    let files = ["identity", "state", "status", "bootstatus", "timeout", "timeleft", "nowayout"];
    excerpt(values(root, "/sys/class/watchdog", &files).as_bytes(), limit)
}

/// `NAME/FILE: VALUE` for everything in a folder.
fn values(root: &Root, folder: &str, files: &[&str]) -> String {
    let mut text = String::new();
    for name in root.names(folder) {
        for file in files {
            if let Some(value) = root.text(&format!("{folder}/{name}/{file}")) {
                text.extend([&name, "/", file, ": ", &value, "\n"]);
            }
        }
    }
    text
}

pub(super) fn withheld(root: &Root, limit: Limit) -> Collected {
    let mut excerpt = Excerpt::of(limit.bytes);
    excerpt.push(b"bytes, seconds since 1970, path\n");
    for folder in WITHHELD_BELOW {
        for path in files_below(&root.path(folder)) {
            let shown = path.display().to_string();
            let Some(metadata) = is_withheld(&shown).then(|| fs::metadata(&path).ok()).flatten()
            else {
                continue;
            };
            let line = format!("{} {} {shown}\n", metadata.len(), written(&metadata));
            excerpt.push(line.as_bytes());
        }
    }
    excerpt.finish()
}

fn written(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMIT: Limit = Limit { time: Duration::from_secs(1), bytes: 400_000 };

    fn system(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root(folder.path().to_owned());
        for (path, content) in files {
            let path = root.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        (folder, root)
    }

    #[test]
    fn of_a_long_file_the_beginning_and_the_very_end_are_read() {
        let middle = vec![b'.'; 8_000_000];
        let long =
            [b"first\n".as_slice(), &middle, b"\n", &vec![b'x'; 100_000], b"\nlast\n"].concat();
        let (_folder, root) = system(&[("/var/log/xen/x.log", &long)]);

        let kept = file(&root.path("/var/log/xen/x.log"), LIMIT);

        assert!(kept.truncated && kept.bytes.len() <= LIMIT.bytes);
        assert!(kept.bytes.starts_with(b"first") && kept.bytes.ends_with(b"last\n"));
    }

    #[test]
    fn nothing_but_name_size_and_time_is_told_of_what_is_withheld() {
        let (_folder, root) = system(&[
            ("/etc/shadow", b"root:$6$C4nary"),
            ("/etc/xen/tls/vnc.key", b"C4nary"),
            ("/etc/xen/pbx.cfg", b"name = 'pbx'"),
        ]);

        let listed = withheld(&root, LIMIT).bytes;
        let read = folders(&[root.path("/etc/xen")], LIMIT).bytes;
        let direct = file(&root.path("/etc/shadow"), LIMIT);

        let (listed, read) = (String::from_utf8(listed).unwrap(), String::from_utf8(read).unwrap());
        assert!(listed.contains("14 ") && listed.contains("etc/shadow"), "{listed}");
        assert!(read.contains("name = 'pbx'") && read.contains("vnc.key"), "{read}");
        assert!(!listed.contains("C4nary") && !read.contains("C4nary") && direct.bytes.is_empty());
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let (_folder, root) = system(&[("/etc/xen/pbx.cfg", b"x")]);
        let pipe = root.path("/etc/xen/pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        std::os::unix::fs::symlink(root.path("/etc"), root.path("/etc/xen/circle")).unwrap();

        let read = folders(&[root.path("/etc/xen")], LIMIT);

        assert_eq!(String::from_utf8(read.bytes).unwrap().lines().count(), 2);
    }

    #[test]
    fn processes_are_listed_with_what_they_were_started_with_but_for_those_that_hang() {
        let stat = b"7 (qemu (x) y) S 1 7 7 0 -1 4194560 1 0 0 0 5 3 0 0 20 0 3 0 99 1 2048 0\n";
        let hung = b"8 (jbd2/sda2-8) D 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 60 0 0 0\n";
        let (_folder, root) = system(&[
            ("/proc/7/stat", stat),
            ("/proc/7/cmdline", b"qemu\0-xen-domid\x003\0"),
            ("/proc/8/stat", hung),
            ("/proc/8/cmdline", b"never read"),
            ("/proc/self/stat", b"no number"),
        ]);

        let text = String::from_utf8(processes(&root, LIMIT).bytes).unwrap();

        assert!(text.contains("7 1 S 3 2048 qemu -xen-domid 3"), "{text}");
        assert!(text.contains("8 2 D 1 0 [jbd2/sda2-8]"), "{text}");
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn of_logs_the_newest_come_first() {
        let (_folder, root) =
            system(&[("/var/log/xen/console/guest-a.log", b"a"), ("/var/log/xen/xl-b.log", b"b")]);
        let old = File::options().write(true).open(root.path("/var/log/xen/xl-b.log")).unwrap();
        old.set_modified(UNIX_EPOCH).unwrap();

        let names = newest(&root.path("/var/log/xen"), 5);

        assert_eq!(names, ["console/guest-a.log", "xl-b.log"]);
    }
}
