//! How far long work is, for whoever waits at the console, and their Ctrl-C.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use domfleet_agent::meter::Meter;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};

/// A bar on standard error, where that is a terminal.
pub(crate) struct Bar {
    drawn: ProgressBar,
    /// What was begun, and when.
    parts: Mutex<Vec<(String, Instant)>>,
    is_cancelled: Arc<AtomicBool>,
}

impl Bar {
    /// Ctrl-C, and what else asks a program to end, stops the work at its next safe point from here
    /// on; a second time it ends the program.
    pub(crate) fn begin(as_json: bool) -> anyhow::Result<Self> {
        let is_seen = !as_json && std::io::stderr().is_terminal();
        let target =
            if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let drawn = ProgressBar::with_draw_target(None, target);
        let is_cancelled = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_cancelled);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot listen for Ctrl-C")?;
        let listen = |kind| {
            let _context = runtime.enter();
            signal(kind).context("cannot listen for signals")
        };
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut terminate = listen(SignalKind::terminate())?;
        let mut hang_up = listen(SignalKind::hangup())?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                        _ = hang_up.recv() => {}
                    }
                    if flag.swap(true, Ordering::Relaxed) {
                        std::process::exit(130);
                    }
                }
            });
        });
        Ok(Self { drawn, parts: Mutex::default(), is_cancelled })
    }

    /// What each part took so far.
    pub(crate) fn seconds(&self) -> BTreeMap<String, f64> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = parts.iter().skip(1).map(|(_, begun)| *begun).chain([Instant::now()]);
        let mut seconds = BTreeMap::new();
        for ((what, begun), end) in parts.iter().zip(ends) {
            *seconds.entry(what.clone()).or_insert(0.0) += (end - *begun).as_secs_f64();
        }
        seconds
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.drawn.finish_and_clear();
    }
}

impl Meter for Bar {
    fn begin(&self, what: &str, total_bytes: u64) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.push((what.to_owned(), Instant::now()));
        let template = if total_bytes > 0 {
            "{msg} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"
        } else {
            "{msg} {bytes}, {bytes_per_sec}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.drawn.set_style(style);
        }
        self.drawn.reset();
        self.drawn.set_length(total_bytes);
        self.drawn.set_message(what.to_owned());
    }

    fn advance(&self, bytes: u64) {
        self.drawn.inc(bytes);
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}
