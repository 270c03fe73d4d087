//! Logs, counts and times.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Where this process's counts and times can be read. There is one recorder in a process, however
/// many servers are.
pub fn metrics() -> PrometheusHandle {
    METRICS
        .get_or_init(|| {
            let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
            let recorder = PrometheusBuilder::new()
                .set_buckets(&buckets)
                .unwrap_or_else(|_| PrometheusBuilder::new())
                .build_recorder();
            let handle = recorder.handle();
            // Another recorder stays: then ours has nothing to show.
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder of metrics was there first");
            }
            handle
        })
        .clone()
}

/// Whether what is written to the standard error may have colours: only a terminal shows them, and
/// whoever sets `NO_COLOR` does not want them there either.
pub fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

/// Begins to log to the standard error: a line for each event, as JSON where that is wished.
pub fn log(json: bool) {
    let filter = EnvFilter::try_from_env("DOMFLEET_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_coloured())
        .with_writer(std::io::stderr);
    let started = if json { logs.json().try_init() } else { logs.try_init() };
    if let Err(error) = started {
        tracing::warn!(%error, "logging had begun before");
    }
}
