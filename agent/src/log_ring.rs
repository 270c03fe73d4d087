//! The agent's own last log lines, in memory: a debug bundle has them even where dom0 keeps no logs.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A few thousand lines.
const BYTES: usize = 256 * 1024;

/// The newest bytes that were written to it.
#[derive(Debug, Default)]
pub struct LogRing(Mutex<VecDeque<u8>>);

impl LogRing {
    /// An empty one, to be shared by the log and dom0.
    pub fn shared() -> Arc<Self> {
        Arc::default()
    }

    /// What it holds, oldest first.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn push(&self, bytes: &[u8]) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = bytes.get(bytes.len().saturating_sub(BYTES)..).unwrap_or_default();
        let over = (ring.len() + newest.len()).saturating_sub(BYTES);
        ring.drain(..over);
        ring.extend(newest);
    }
}

/// Writes to standard error and to the ring.
#[derive(Debug)]
pub struct Tee(pub Arc<LogRing>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes);
        // A log that nobody reads any more must not end the agent.
        let _unread = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay() {
        let ring = LogRing::default();

        for number in 0..100_000 {
            ring.push(format!("line {number}\n").as_bytes());
        }

        let text = String::from_utf8(ring.bytes()).unwrap();
        assert_eq!(text.len(), BYTES);
        assert!(text.ends_with("line 99999\n"));
    }
}
