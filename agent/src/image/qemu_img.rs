//! `qemu-img`, for what it does and not for what it says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::interval;

use crate::dom0::Dom0Error;
use crate::dom0::xen::command::{self, Output};
use crate::meter::{Cancelled, Meter};

/// Nothing that a box of this kind holds takes longer, at the rate of the slowest of drives.
const LONGEST: Duration = Duration::from_hours(48);
/// How soon it is stopped once it is no longer wanted.
const ASKED_EVERY: Duration = Duration::from_millis(100);

/// Why it did not come to an end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ToolError {
    #[error(transparent)]
    Tool(#[from] Dom0Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Runs it. With `-p` among the arguments, what it says of its progress on `total_bytes` is told.
/// It is killed when it is no longer wanted.
pub(super) async fn run(
    arguments: &[&str],
    total_bytes: u64,
    meter: &Arc<dyn Meter>,
) -> Result<Output, ToolError> {
    let mut progress = Progress::default();
    let heard = |piece: &[u8]| {
        if let Some(more) = progress.hear(piece, total_bytes) {
            meter.advance(more);
        }
    };
    tokio::select! {
        done = command::hear("qemu-img", arguments, heard, LONGEST) => Ok(done?),
        () = until_cancelled(meter) => Err(Cancelled.into()),
    }
}

async fn until_cancelled(meter: &Arc<dyn Meter>) {
    let mut ticks = interval(ASKED_EVERY);
    while !meter.is_cancelled() {
        ticks.tick().await;
    }
}

/// A name that begins like an option, or like a protocol, is a path once it is absolute.
pub(super) fn name_of(path: &Path) -> std::io::Result<String> {
    std::path::absolute(path).map(|path| path.to_string_lossy().into_owned())
}

/// What it says with `-p`: `    (12.34/100%)` and a carriage return, over and over.
#[derive(Debug, Default)]
struct Progress {
    /// What has no end yet.
    rest: String,
    told: u64,
}

impl Progress {
    /// How many more bytes are done.
    fn hear(&mut self, piece: &[u8], total_bytes: u64) -> Option<u64> {
        const END: &str = "/100%)";
        self.rest.push_str(&String::from_utf8_lossy(piece));
        let (before, rest) = self.rest.rsplit_once(END)?;
        let percent = before.rsplit('(').next().and_then(|number| number.parse::<f64>().ok());
        self.rest = rest.to_owned();
        let hundredths = hundredths(percent?);
        let done = u128::from(total_bytes) * u128::from(hundredths) / 10_000;
        let done = u64::try_from(done).unwrap_or(total_bytes);
        let more = done.checked_sub(self.told).filter(|more| *more > 0)?;
        self.told = done;
        Some(more)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
fn hundredths(percent: f64) -> u64 {
    (percent.clamp(0.0, 100.0) * 100.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_heard_however_it_is_cut() {
        let said = b"    (0.00/100%)\r    (33.33/100%)\r    (33.20/100%)\r    (100.00/100%)\r\n";
        for cut in 1..said.len() {
            let mut progress = Progress::default();

            let more: u64 = said.chunks(cut).filter_map(|piece| progress.hear(piece, 4000)).sum();

            assert_eq!(more, 4000, "{cut}");
        }
        assert_eq!(Progress::default().hear(b"qemu-img: (none/100%)", 100), None);
    }
}
