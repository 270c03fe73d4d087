//! The kernel's log as it comes (`/dev/kmsg`).

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::sync::Mutex;

use super::facts::Root;
use crate::dom0::{Dom0Error, KernelMessage};

/// A record of `/dev/kmsg` is at most this long (`LOG_LINE_MAX` and its header).
const RECORD_BYTES: usize = 8 * 1024;

/// Follows `/dev/kmsg`, which stays open between calls.
#[derive(Debug, Default)]
pub(super) struct Follower(Mutex<Option<AsyncFd<File>>>);

impl Follower {
    pub(super) async fn after(
        &self,
        root: &Root,
        after: Option<u64>,
    ) -> Result<Vec<KernelMessage>, Dom0Error> {
        let broken = |error: io::Error| Dom0Error::not_run("reading /dev/kmsg", error.to_string());
        let mut followed = self.0.lock().await;
        if followed.is_none() || after.is_none() {
            let file = open(root).map_err(broken)?;
            *followed = Some(watched(file).map_err(broken)?);
        }
        let Some(kmsg) = followed.as_mut() else { return Ok(Vec::new()) };
        loop {
            // Nothing waits between reading and handing over: cancelling loses nothing.
            let messages = read_all(kmsg.get_mut()).map_err(broken)?;
            let is_new = |m: &KernelMessage| after.is_none_or(|after| m.sequence > after);
            let messages: Vec<_> = messages.into_iter().filter(is_new).collect();
            if !messages.is_empty() {
                return Ok(messages);
            }
            kmsg.readable().await.map_err(broken)?.clear_ready();
        }
    }
}

/// What the kernel still holds of its log.
pub(crate) fn messages(root: &Root) -> io::Result<Vec<KernelMessage>> {
    read_all(&mut open(root)?)
}

fn open(root: &Root) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(root.path("/dev/kmsg"))
}

#[expect(deprecated, reason = "a `File` owns its descriptor; its successor is unsafe to call")]
fn watched(file: File) -> io::Result<AsyncFd<File>> {
    AsyncFd::new(file)
}

fn read_all(file: &mut File) -> io::Result<Vec<KernelMessage>> {
    let mut messages = Vec::new();
    let mut record = vec![0; RECORD_BYTES];
    loop {
        match file.read(&mut record) {
            Ok(0) => return Ok(messages),
            Ok(length) => {
                let text = String::from_utf8_lossy(record.get(..length).unwrap_or_default());
                messages.extend(parse(&text));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(messages),
            // Records were overwritten before they were read: the next is the oldest still held.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(error),
        }
    }
}

/// `6,1234,5678901,-;text`: facility and level, number, microseconds, flags (ABI/testing/dev-kmsg).
fn parse(record: &str) -> Option<KernelMessage> {
    let (head, text) = record.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let sequence = fields.next()?.parse().ok()?;
    let microseconds = fields.next()?.parse().ok()?;
    Some(KernelMessage {
        sequence,
        level: u8::try_from(priority & 7).unwrap_or(7),
        at: Duration::from_micros(microseconds),
        text: text.lines().next().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_the_kernel_is_read_without_its_dictionary() {
        let record = "4,339,5140900,-;EXT4-fs error (device sda2)\n SUBSYSTEM=block\n";

        let message = parse(record).unwrap();

        assert_eq!((message.level, message.sequence), (4, 339));
        assert_eq!(message.text, "EXT4-fs error (device sda2)");
        assert_eq!(message.at, Duration::from_micros(5_140_900));
        assert_eq!(parse("nonsense"), None);
    }
}
