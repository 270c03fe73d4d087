//! Where the bytes of bundles and artifacts are.

use std::error::Error;
use std::sync::Arc;

use anyhow::Context;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

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

/// Removes the object of that name, if there is one. Nothing refers to it any more: one that
/// stays because the disk does not answer costs room, and is logged.
pub async fn remove(objects: &Objects, name: Option<&str>) {
    let Some(name) = name else { return };
    match objects.delete(&Path::from(name)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => {
            tracing::warn!(object = name, error = &error as &dyn Error, "cannot remove an object");
        }
    }
}
