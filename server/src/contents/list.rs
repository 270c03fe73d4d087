//! The files in a bundle.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::bounds::Bounds;
use super::walk::{Entry, walk};
use super::{Contents, FileInside};
use crate::domain::bundle::BundleKind;

/// What our bundles say of themselves is in this file.
const MANIFEST: &str = "manifest.json";
const FORMAT: &str = "domfleet-bundle/";
/// The longest manifest that is read. It and the list are kept in the database.
const MANIFEST_BYTES: u64 = 1 << 20;
/// What all names together may come to.
const NAMES_BYTES: usize = 2 << 20;

/// What was found in a bundle.
#[derive(Clone, Debug)]
pub struct Listed {
    pub contents: Contents,
    /// What a bundle of ours says of itself.
    pub manifest: Option<Value>,
}

/// What matters here of a manifest; whatever else it says is left alone.
#[derive(Debug, Deserialize)]
struct Manifest {
    format: String,
    #[serde(default)]
    is_whole: Option<bool>,
    #[serde(default)]
    sealed: Option<bool>,
    #[serde(default)]
    entries: Vec<Described>,
}

#[derive(Debug, Deserialize)]
struct Described {
    path: String,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    redactions: u64,
}

/// Lists the files of a bundle that is a file here.
pub fn list_file(path: &Path) -> io::Result<Listed> {
    list(File::open(path)?, Bounds::default())
}

/// Lists the files of a bundle. What is wrong with it is no error, but in the answer.
pub fn list(source: impl Read, bounds: Bounds) -> io::Result<Listed> {
    let mut files: Vec<FileInside> = Vec::new();
    let (mut unpacked_bytes, mut names, mut too_many_names) = (0_u64, 0, false);
    let mut manifest = None;
    let walked = walk(source, bounds, |entry| {
        names += entry.path.len();
        if names > NAMES_BYTES {
            too_many_names = true;
            return Ok(ControlFlow::Break(()));
        }
        let is_manifest = entry.path == MANIFEST;
        let size = match entry.size {
            Some(size) if is_manifest && size <= MANIFEST_BYTES => {
                manifest = read_manifest(entry)?;
                size
            }
            Some(size) => size,
            None => io::copy(&mut entry.data, &mut io::sink())?,
        };
        unpacked_bytes = unpacked_bytes.saturating_add(size);
        let path = std::mem::take(&mut entry.path);
        files.push(FileInside {
            path,
            size_bytes: size,
            truncated: false,
            redactions: 0,
            error: None,
        });
        Ok(ControlFlow::Continue(()))
    })?;
    let mut troubles: Vec<String> = walked.trouble.into_iter().collect();
    if too_many_names {
        troubles.push("its names are too long to be listed all".into());
    }
    let kind = match &manifest {
        Some((said, _)) => {
            describe(&mut files, said);
            troubles.extend(says(said).map(str::to_owned));
            BundleKind::Bundle
        }
        None if walked.is_archive => BundleKind::Archive,
        None => BundleKind::File,
    };
    let format = walked.format.to_owned();
    let contents = Contents { kind, format, files, unpacked_bytes, troubles };
    Ok(Listed { contents, manifest: manifest.map(|(_, value)| value) })
}

fn read_manifest(entry: &mut Entry<'_>) -> io::Result<Option<(Manifest, Value)>> {
    let mut text = Vec::new();
    entry.data.take(MANIFEST_BYTES).read_to_end(&mut text)?;
    // PostgreSQL keeps no zero in a text.
    if text.windows(6).any(|letters| letters == br"\u0000") {
        return Ok(None);
    }
    let Ok(value) = serde_json::from_slice::<Value>(&text) else { return Ok(None) };
    let manifest = serde_json::from_value::<Manifest>(value.clone()).ok();
    Ok(manifest.filter(|manifest| manifest.format.starts_with(FORMAT)).map(|said| (said, value)))
}

fn describe(files: &mut [FileInside], manifest: &Manifest) {
    let described: HashMap<&str, &Described> =
        manifest.entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    for file in files {
        if let Some(said) = described.get(file.path.as_str()) {
            file.truncated = said.truncated;
            file.redactions = said.redactions;
            file.error.clone_from(&said.error);
        }
    }
}

fn says(manifest: &Manifest) -> Option<&'static str> {
    if manifest.sealed == Some(false) {
        return Some("the appliance died while it was collecting: what came before that is here");
    }
    if manifest.is_whole == Some(false) {
        return Some("the appliance had no time, or no room, to collect everything");
    }
    None
}
