//! A backup: one file with everything but the bytes of bundles.
//!
//! A tar archive, compressed by zstd: `tables/NAME.jsonl`, a row a line, the same from SQLite and
//! PostgreSQL; `keys/…` and `pki/…`, the files of the data directory; and last `manifest.json`,
//! with the BLAKE3 of each. It is made while the server serves, from one snapshot of the database.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use domfleet_migrations::Migrator;
use domfleet_shared::Timestamp;
use sea_orm_migration::MigratorTrait as _;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::db::{dump, server_state};

/// How a backup is laid out.
pub const FORMAT: u32 = 1;
/// Where it says what is in it.
pub const MANIFEST: &str = "manifest.json";
/// Folders of the data directory that are in it.
pub const FOLDERS: [&str; 2] = ["keys", "pki"];

/// What is in a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The server's version.
    pub version: String,
    /// The newest change of the schema.
    pub schema: String,
    pub made_at: Timestamp,
    pub incarnation: u64,
    pub entries: Vec<Entry>,
}

/// A file in a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub path: String,
    pub blake3: String,
    /// Rows, of a table.
    #[serde(default)]
    pub rows: Option<u64>,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub rows: u64,
    pub files: usize,
}

/// The newest change of the schema that this build knows.
pub fn schema() -> String {
    Migrator::migrations().last().map(|change| change.name().to_owned()).unwrap_or_default()
}

/// Writes a backup to `file`, which must not be there; whole or not at all.
pub async fn write(app: &App, file: &Path) -> anyhow::Result<Written> {
    ensure!(!file.exists(), "{} is there already; choose another name", file.display());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let work = tempfile::Builder::new()
        .prefix(".domfleet-backup-")
        .tempdir_in(folder)
        .with_context(|| format!("cannot write in {}", folder.display()))?;

    let mut manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        schema: schema(),
        made_at: app.clock.now(),
        incarnation: 0,
        entries: Vec::new(),
    };
    let part = work.path().join("backup");
    let mut archive = Archive::create(&part)?;
    let snapshot = dump::snapshot(app.db.read()).await?;
    manifest.incarnation = server_state::incarnation(&snapshot).await?;
    let mut rows = 0;
    for table in dump::TABLES {
        let path = work.path().join(table);
        let mut out = BufWriter::new(File::create(&path)?);
        let written = dump::write_table(table, &snapshot, &mut out)
            .await
            .with_context(|| format!("cannot write the table {table}"))?;
        out.flush()?;
        drop(out);
        rows += written;
        let entry = archive.add(&format!("tables/{table}.jsonl"), &path, Some(written))?;
        manifest.entries.push(entry);
        fs::remove_file(&path)?;
    }
    drop(snapshot);
    for (name, path) in files(&app.config.data_dir)? {
        manifest.entries.push(archive.add(&name, &path, None)?);
    }
    let files = manifest.entries.len() - dump::TABLES.len();
    archive.finish(&manifest)?;
    fs::rename(&part, file)?;
    File::open(folder)?.sync_all()?;
    Ok(Written { rows, files })
}

/// The files that are in a backup: their names in it, and where they are.
fn files(data_dir: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let path = data_dir.join(folder);
        let listed = fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()));
        for entry in listed? {
            let entry = entry?;
            // What is being written is not there yet.
            let is_part = entry.path().extension().is_some_and(|end| end == "part");
            if entry.file_type()?.is_file()
                && !is_part
                && let Some(name) = entry.file_name().to_str()
            {
                found.push((format!("{folder}/{name}"), entry.path()));
            }
        }
    }
    found.sort();
    Ok(found)
}

struct Archive {
    tar: tar::Builder<zstd::Encoder<'static, BufWriter<File>>>,
}

impl Archive {
    /// It holds the keys to everything: only we can read it.
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        let encoder = zstd::Encoder::new(BufWriter::new(file), 3)?;
        Ok(Self { tar: tar::Builder::new(encoder) })
    }

    fn add(&mut self, name: &str, path: &Path, rows: Option<u64>) -> anyhow::Result<Entry> {
        let mut hasher = blake3::Hasher::new();
        let mut file =
            File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        io::copy(&mut file, &mut hasher)?;
        let length = file.metadata()?.len();
        let mut header = header(length);
        let file = File::open(path)?;
        self.tar.append_data(&mut header, name, io::Read::take(file, length))?;
        Ok(Entry { path: name.to_owned(), blake3: hasher.finalize().to_hex().to_string(), rows })
    }

    fn finish(mut self, manifest: &Manifest) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(manifest)?;
        let mut header = header(u64::try_from(text.len())?);
        self.tar.append_data(&mut header, MANIFEST, text.as_slice())?;
        let mut out = self.tar.into_inner()?.finish()?;
        out.flush()?;
        out.get_ref().sync_all()?;
        Ok(())
    }
}

fn header(length: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o600);
    header
}
