//! What is on record of a bundle while it is collected, so that a freeze in the middle leaves one that can be used.
//!
//! A line of JSON for what is known before, and one for each entry once it is durable in the archive. Whatever is in
//! the archive behind the last of them is cut off.

use domfleet_shared::id::{BootId, BundleId};
use serde::{Deserialize, Serialize};

use super::archive::Archive;
use super::manifest::{Described, Head, MANIFEST, Manifest};
use super::{FOLDER, Sealed};
use crate::storage::{Entry, Files, record};

const ENDING: &str = ".draft";
/// A few hundred entries.
const LIMIT: usize = 1024 * 1024;

/// The record of a bundle that is being collected.
pub(super) struct Draft<'a, F> {
    files: &'a F,
    name: String,
    length: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// The length of the archive with this entry.
    until: u64,
    entry: Described,
}

/// Its file.
pub(super) fn name(bundle: BundleId) -> String {
    format!("{FOLDER}/{bundle}{ENDING}")
}

impl<'a, F: Files> Draft<'a, F> {
    pub(super) async fn begin(files: &'a F, head: &Head) -> std::io::Result<Self> {
        let mut draft = Self { files, name: name(head.bundle), length: 0 };
        draft.write(head).await?;
        Ok(draft)
    }

    /// An entry is durable, and the archive has that length.
    pub(super) async fn note(&mut self, until: u64, entry: &Described) -> std::io::Result<()> {
        self.write(&Line { until, entry: entry.clone() }).await
    }

    async fn write(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let length = bytes.len() as u64;
        self.files.append(&self.name, self.length, bytes).await?;
        self.length += length;
        Ok(())
    }
}

/// The bundle that a file is the record of.
fn of_file(entry: &Entry) -> Option<BundleId> {
    entry.name.strip_suffix(ENDING)?.parse().ok()
}

/// Bundles that were being collected when the agent or dom0 ended.
pub(super) async fn left(files: &impl Files) -> Vec<BundleId> {
    let entries = files.list(FOLDER).await.unwrap_or_default();
    entries.iter().filter_map(of_file).collect()
}

/// Seals what there is of `bundle`. Nothing where there is nothing of use, or where whoever asked for it has it
/// collected anew in the boot that runs.
pub(super) async fn close<F: Files>(
    files: &F,
    bundle: BundleId,
    running: BootId,
) -> std::io::Result<Option<Sealed>> {
    let text = files.read(&name(bundle), LIMIT).await?.unwrap_or_default();
    let mut lines =
        text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let head = lines.next().and_then(|line| serde_json::from_slice::<Head>(line).ok());
    let Some(head) = head.filter(|head| head.operation.is_none() || head.boot_id != running) else {
        return Ok(None);
    };
    let lines: Vec<Line> = lines.map_while(|line| serde_json::from_slice(line).ok()).collect();
    let Some(until) = lines.last().map(|line| line.until) else { return Ok(None) };
    let mut archive = Archive::new(files, bundle, head.created_at);
    if !archive.go_on_from(until).await? {
        return Ok(None);
    }
    let manifest = Manifest {
        head: head.clone(),
        sealed: false,
        is_whole: false,
        left_out: Vec::new(),
        entries: lines.into_iter().map(|line| line.entry).collect(),
    };
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    let (size_bytes, blake3) = archive.finish(MANIFEST, &text).await?;
    let sealed = Sealed::new(&head, size_bytes, blake3);
    record::store(files, &Sealed::record_name(bundle), &sealed)
        .await
        .map_err(std::io::Error::other)?;
    Ok(Some(sealed))
}
