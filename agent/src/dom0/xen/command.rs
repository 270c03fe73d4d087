//! The only place that runs programs: absolute path, no shell, a deadline, and bounded output.
//!
//! A child in uninterruptible sleep cannot be killed. It is left behind, and the caller goes on:
//! what it did is unknown until it is seen.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::dom0::Dom0Error;

/// Where programs are, in this order; `PATH` is whoever started us's.
const FOLDERS: [&str; 6] =
    ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
/// More than the longest listing of a small appliance.
const OUTPUT_BYTES: usize = 4 * 1024 * 1024;

/// What a program said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    /// Nothing where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) truncated: bool,
}

impl Output {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The output of a program that ended well; else its refusal.
    pub(crate) fn success(self, what: &str) -> Result<Self, Dom0Error> {
        match self.code {
            Some(0) => Ok(self),
            Some(code) => {
                let why = self.stderr.lines().rev().find(|line| !line.trim().is_empty());
                let why = why.unwrap_or("it said nothing");
                Err(Dom0Error::refused(what, format!("exit code {code}: {why}")))
            }
            None => Err(Dom0Error::unknown(what, "it was killed")),
        }
    }
}

/// Where the program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program));
    }
    FOLDERS.iter().map(|folder| PathBuf::from(folder).join(program)).find(|path| path.exists())
}

/// Runs a program to its end, or for `limit`.
pub(crate) async fn run(
    program: &str,
    arguments: &[&str],
    limit: Duration,
) -> Result<Output, Dom0Error> {
    feed(program, arguments, &[], limit).await
}

/// Begins a program that nobody waits for: it goes on when this process ends. For what must be done
/// although its future is being dropped.
pub(crate) fn begin(program: &str, arguments: &[&str]) {
    let (Some(path), Ok(_)) = (find(program), tokio::runtime::Handle::try_current()) else {
        return;
    };
    let begun = Command::new(path)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    if let Err(error) = begun {
        tracing::error!(program, %error, "it cannot be begun");
    }
}

/// Starts a program that its caller waits for. It leads a process group, by which everything that it begins can be
/// ended, and complains into a file: a program that nobody reads from must not wait for a full pipe.
pub(crate) fn start(
    program: &str,
    arguments: &[&str],
    complaints: File,
) -> Result<Child, Dom0Error> {
    let path = find(program).ok_or_else(|| missing(program, program))?;
    Command::new(path)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(complaints)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Dom0Error::not_run(program, error.to_string()))
}

fn missing(what: &str, program: &str) -> Dom0Error {
    Dom0Error::not_run(what, format!("there is no {program} on this machine"))
}

/// Runs a program to its end, with `input` on its standard input.
pub(crate) async fn feed(
    program: &str,
    arguments: &[&str],
    input: &[u8],
    limit: Duration,
) -> Result<Output, Dom0Error> {
    talk(program, arguments, input, |_| (), limit).await
}

/// Runs a program, and tells what it says on standard output as it says it.
pub(crate) async fn hear(
    program: &str,
    arguments: &[&str],
    heard: impl FnMut(&[u8]),
    limit: Duration,
) -> Result<Output, Dom0Error> {
    talk(program, arguments, &[], heard, limit).await
}

async fn talk(
    program: &str,
    arguments: &[&str],
    input: &[u8],
    heard: impl FnMut(&[u8]),
    limit: Duration,
) -> Result<Output, Dom0Error> {
    let what = format!("{program} {}", arguments.first().copied().unwrap_or_default());
    let path = find(program).ok_or_else(|| missing(&what, program))?;
    let mut child = Command::new(path)
        .args(arguments)
        .env("LC_ALL", "C")
        .env("LVM_SUPPRESS_FD_WARNINGS", "1")
        .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Dom0Error::not_run(&what, error.to_string()))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ended = timeout(limit, async {
        let (stdout, stderr, ()) =
            tokio::join!(read(stdout, heard), read(stderr, |_| ()), write(stdin, input));
        (stdout, stderr, child.wait().await)
    })
    .await;
    match ended {
        Ok(((stdout, truncated), (stderr, _), status)) => Ok(Output {
            code: status.ok().and_then(|status| status.code()),
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            truncated,
        }),
        Err(_) => Err(Dom0Error::unknown(what, format!("no end after {} s", limit.as_secs()))),
    }
}

/// A program that does not want to hear it to its end is none the worse for it.
async fn write(stream: Option<impl AsyncWrite + Unpin>, input: &[u8]) {
    if let Some(mut stream) = stream {
        drop(stream.write_all(input).await);
        drop(stream.shutdown().await);
    }
}

/// All of it, of which only the first part is kept: a program must not block on a full pipe.
async fn read(
    stream: Option<impl AsyncRead + Unpin>,
    mut heard: impl FnMut(&[u8]),
) -> (Vec<u8>, bool) {
    let (mut kept, mut truncated) = (Vec::new(), false);
    let Some(mut stream) = stream else { return (kept, truncated) };
    let mut piece = vec![0; 8 * 1024];
    while let Ok(length) = stream.read(&mut piece).await {
        if length == 0 {
            break;
        }
        heard(piece.get(..length).unwrap_or_default());
        let room = OUTPUT_BYTES - kept.len();
        truncated |= length > room;
        kept.extend(piece.iter().take(length.min(room)));
    }
    (kept, truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_refusal_quotes_what_the_program_said_last() {
        let output = run("/bin/sh", &["-c", "echo first >&2; echo no room >&2; exit 5"], SOON);

        let refused = output.await.unwrap().success("lvcreate");

        assert_eq!(refused, Err(Dom0Error::refused("lvcreate", "exit code 5: no room")));
    }

    #[tokio::test]
    async fn what_does_not_end_in_time_is_unknown_and_what_is_not_there_is_not_run() {
        let hung = run("/bin/sh", &["-c", "exec tail -f /dev/null"], Duration::from_millis(100));
        let missing = run("no-such-program", &[], SOON);

        assert!(matches!(hung.await, Err(Dom0Error::Unknown { .. })));
        assert!(matches!(missing.await, Err(Dom0Error::NotRun { .. })));
    }

    #[tokio::test]
    async fn a_program_is_fed_and_one_that_does_not_listen_ends_all_the_same() {
        let said = feed("/bin/cat", &[], b"{}", SOON).await.unwrap();
        let long = vec![b'x'; 1 << 20];
        let deaf = feed("/bin/sh", &["-c", "exit 3"], &long, SOON).await.unwrap();

        assert_eq!(said.stdout, b"{}");
        assert_eq!(deaf.code, Some(3));
    }

    #[tokio::test]
    async fn what_a_program_says_is_heard_before_it_ends() {
        let mut heard: Vec<u8> = Vec::new();
        let told = hear(
            "/bin/sh",
            &["-c", "echo half; echo not this >&2; echo whole"],
            |piece| heard.extend(piece),
            SOON,
        );

        let output = told.await.unwrap();

        assert_eq!(heard, b"half\nwhole\n");
        assert_eq!(output.stdout, heard);
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_the_program_still_ends() {
        let flood = run("/bin/sh", &["-c", "head -c 6000000 /dev/zero"], SOON);

        let output = flood.await.unwrap();

        assert_eq!((output.stdout.len(), output.truncated), (OUTPUT_BYTES, true));
        assert_eq!(output.code, Some(0));
    }
}
