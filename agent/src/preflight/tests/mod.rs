//! What is found on an appliance is what there is.

mod blocks;
mod vms;

use std::path::Path;

/// Writes files below `root`.
fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = root.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}
