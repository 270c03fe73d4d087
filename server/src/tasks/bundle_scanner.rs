//! Searches bundles for the signs of known faults: those that have come, and all again when what is looked for has changed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domfleet_shared::id::OrganisationId;
use domfleet_shared::scan_input::Limits;
use domfleet_shared::signatures::{Finding, Scan};
use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::Task;
use crate::app::App;
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

/// How a bundle is called that is no archive but one log.
const NAME: &str = "log";

pub struct BundleScanner(pub App);

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
        let db = self.0.db.read();
        let mut own = signatures::by_organisation(db).await?;
        let ours = Wanted::of(Vec::new()).context("our own signatures")?;
        let mut wanted: HashMap<OrganisationId, Wanted> = HashMap::new();
        let mut searched = Searched::default();
        for (organisation, by) in findings::searched(db).await? {
            if !wanted.contains_key(&organisation)
                && let Some(own) = own.remove(&organisation.0)
            {
                wanted.insert(organisation, for_own(organisation, own)?);
            }
            let wanted = wanted.get(&organisation).unwrap_or(&ours);
            if by.as_deref() == Some(&wanted.name) {
                continue;
            }
            let left = AT_ONCE.saturating_sub(searched.bundles as u64);
            for bundle in findings::unsearched(db, organisation, by.as_deref(), left).await? {
                searched.findings += self.search(&bundle, wanted).await?;
                searched.bundles += 1;
            }
        }
        if searched.bundles > 0 {
            self.0.bus.events_appended();
        }
        Ok(searched)
    }
}

fn for_own(
    organisation: OrganisationId,
    own: Vec<domfleet_shared::signatures::Signature>,
) -> anyhow::Result<Wanted> {
    let wanted = Wanted::of(own).context("signatures")?;
    for (id, error) in &wanted.left_out {
        let error = error as &dyn std::error::Error;
        tracing::warn!(%organisation, signature = id, error, "a signature is not looked for");
    }
    Ok(wanted)
}

impl BundleScanner {
    /// Searches one; gives how much was found.
    async fn search(&self, bundle: &Unsearched, wanted: &Wanted) -> anyhow::Result<usize> {
        let app = &self.0;
        let Some(file) = self.fetch(bundle).await? else {
            let txn = app.db.begin().await?;
            findings::give_up(&txn, bundle, &wanted.name).await?;
            txn.commit().await?;
            return Ok(0);
        };
        let catalogue = Arc::clone(&wanted.catalogue);
        let found = tokio::task::spawn_blocking(move || -> Vec<Finding> {
            let mut scan = Scan::new(&catalogue, LIMITS);
            scan.file(NAME, file);
            let found = scan.finish().findings.into_iter().map(|finding| {
                let within =
                    finding.file.strip_prefix(NAME).and_then(|file| file.strip_prefix('/'));
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
        let object = match self.0.objects.get(&Path::from(bundle.object.as_str())).await {
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
