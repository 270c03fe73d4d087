//! Where the bytes of bundles and artifacts are.

use std::sync::Arc;

use anyhow::Context;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;

/// The store of objects.
pub type Objects = Arc<dyn ObjectStore>;

/// Opens the store at `url` (`file://…`), and makes a folder that is not there yet.
pub fn open(url: &str) -> anyhow::Result<Objects> {
    let path = url
        .strip_prefix("file://")
        .with_context(|| format!("objects_url {url:?} must begin with file://"))?;
    std::fs::create_dir_all(path).with_context(|| format!("cannot make the folder {path}"))?;
    let files = LocalFileSystem::new_with_prefix(path)
        .with_context(|| format!("cannot use the folder {path}"))?
        // What is acknowledged to an appliance is gone there: it must be on disk here.
        .with_fsync(true);
    Ok(Arc::new(files))
}
