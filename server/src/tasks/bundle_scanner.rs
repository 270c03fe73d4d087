//! Searches bundles for the signs of known faults: those that have come, and all again when what is looked for has changed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domfleet_shared::scan_input::Limits;
use domfleet_shared::signatures::{Finding, Scan, Signature};
use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::Task;
use crate::app::App;
use crate::contents::ONLY;
use crate::db::findings::{self, Unsearched};
use crate::db::signatures;
use crate::domain::signature::Wanted;

/// How many are searched in one run: others want to run, too, and the next run comes.
const AT_ONCE: u64 = 20;

/// What a bundle may unpack to. Ours are at most 100 MB.
const LIMITS: Limits = Limits {
    unpacked_bytes: 2 << 30,
    ratio: 1000,
    ratio_from_bytes: 64 << 20,
    entries: 10_000,
    layers: 4,
};

/// See the module.
pub struct BundleScanner {
    app: App,
    /// What was looked for in the last run, compiled; by what was added to ours.
    wanted: HashMap<String, Arc<Wanted>>,
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    pub bundles: usize,
    pub findings: usize,
}

impl Task for BundleScanner {
    const NAME: &'static str = "bundle_scanner";
    const PERIOD: Duration = Duration::from_secs(10);
    type Report = Searched;

    async fn run(&mut self) -> anyhow::Result<Searched> {
        let app = self.app.clone();
        let db = app.db.read();
        let own = signatures::by_organisation(db).await?;
        let mut compiled = std::mem::take(&mut self.wanted);
        let mut searched = Searched::default();
        for (organisation, by) in findings::searched(db).await? {
            let own = own.get(&organisation.0).map(Vec::as_slice).unwrap_or_default();
            let wanted = self.wanted(&mut compiled, own)?;
            if by.as_deref() == Some(&wanted.name) {
                continue;
            }
            let left = AT_ONCE.saturating_sub(searched.bundles as u64);
            for bundle in findings::unsearched(db, organisation, by.as_deref(), left).await? {
                searched.bundles += 1;
                // One that cannot be fetched now must not keep the others waiting; it comes again.
                match self.search(&bundle, &wanted).await {
                    Ok(findings) => searched.findings += findings,
                    Err(error) => {
                        let error = format!("{error:#}");
                        tracing::warn!(bundle = %bundle.id, error, "a bundle could not be searched");
                    }
                }
            }
        }
        if searched.bundles > 0 {
            app.bus.events_appended();
        }
        Ok(searched)
    }
}

fn compile(own: &[Signature]) -> anyhow::Result<Arc<Wanted>> {
    let wanted = Wanted::of(own.to_vec()).context("signatures")?;
    for (id, error) in &wanted.left_out {
        let error = error as &dyn std::error::Error;
        tracing::warn!(signature = id, error, "a signature is not looked for");
    }
    Ok(Arc::new(wanted))
}

impl BundleScanner {
    pub fn new(app: App) -> Self {
        Self { app, wanted: HashMap::new() }
    }

    /// What is looked for where `own` was added: compiled once, for however many organisations.
    fn wanted(
        &mut self,
        compiled: &mut HashMap<String, Arc<Wanted>>,
        own: &[Signature],
    ) -> anyhow::Result<Arc<Wanted>> {
        let key = serde_json::to_string(own)?;
        if let Some(known) = self.wanted.get(&key) {
            return Ok(Arc::clone(known));
        }
        let wanted = match compiled.remove(&key) {
            Some(known) => known,
            None => compile(own)?,
        };
        self.wanted.insert(key, Arc::clone(&wanted));
        Ok(wanted)
    }

    /// Searches one; gives how much was found.
    async fn search(&self, bundle: &Unsearched, wanted: &Wanted) -> anyhow::Result<usize> {
        let app = &self.app;
        let Some(file) = self.fetch(bundle).await? else {
            let txn = app.db.begin().await?;
            findings::give_up(&txn, bundle, &wanted.name).await?;
            txn.commit().await?;
            return Ok(0);
        };
        let catalogue = Arc::clone(&wanted.catalogue);
        let found = tokio::task::spawn_blocking(move || -> Vec<Finding> {
            let mut scan = Scan::new(&catalogue, LIMITS);
            scan.file(ONLY, file);
            // A file in an archive goes by its path alone, as it does where it can be read.
            let found = scan.finish().findings.into_iter().map(|finding| {
                let within =
                    finding.file.strip_prefix(ONLY).and_then(|file| file.strip_prefix('/'));
                Finding { file: within.unwrap_or(&finding.file).to_owned(), ..finding }
            });
            found.collect()
        });
        let found = found.await.context("searching a bundle has failed")?;
        let count = found.len();
        let txn = app.db.begin().await?;
        findings::store(&txn, bundle, &wanted.name, found, app.clock.now()).await?;
        txn.commit().await?;
        Ok(count)
    }

    /// The bytes of a bundle, in a file without a name; nothing where they are gone.
    async fn fetch(&self, bundle: &Unsearched) -> anyhow::Result<Option<File>> {
        let object = match self.app.objects.get(&Path::from(bundle.object.as_str())).await {
            Ok(object) => object,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error).context("the store of objects does not answer"),
        };
        let mut file = tempfile::tempfile().context("no room for a bundle")?;
        let mut stream = object.into_stream();
        while let Some(piece) = stream.try_next().await? {
            file.write_all(&piece).context("no room for a bundle")?;
        }
        file.rewind()?;
        Ok(Some(file))
    }
}
