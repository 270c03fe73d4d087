//! A server from a backup: into an empty data directory and an empty database, never over
//! anything.
//!
//! The new server is a later incarnation, and held: what it knows is old, and appliances may have
//! done since what it would ask for again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::auth::keys::write_private;
use crate::backup::{FOLDERS, FORMAT, MANIFEST, Manifest, schema};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::server_state::Hold;
use crate::db::{Db, dump, migration_links, organisations, server_state, sessions};

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    pub rows: u64,
    pub files: usize,
    pub incarnation: u64,
}

/// Fills the data directory and the database of `config` from the backup in `file`.
pub async fn read(config: Config, file: &Path) -> anyhow::Result<Restored> {
    let clock = Clock::default();
    fs::create_dir_all(&config.data_dir)?;
    for folder in FOLDERS {
        let path = config.data_dir.join(folder);
        ensure!(
            !path.exists(),
            "{} is there already: a backup is restored into an empty data directory",
            path.display()
        );
    }
    let work = tempfile::Builder::new().prefix(".restore-").tempdir_in(&config.data_dir)?;
    let manifest =
        unpack(file, work.path()).with_context(|| format!("{} cannot be read", file.display()))?;
    check(&manifest, work.path())?;

    let db = Db::connect(&config.database_url()).await.context("cannot open the database")?;
    db.migrate().await.context("cannot make the schema")?;
    ensure!(
        organisations::none(db.read()).await?,
        "the database is not empty: a backup is restored into an empty one"
    );
    let txn = db.begin().await?;
    let mut rows = 0;
    for table in dump::TABLES {
        let path = work.path().join("tables").join(format!("{table}.jsonl"));
        let mut lines = BufReader::new(File::open(path)?);
        rows += dump::read_table(table, &txn, &mut lines)
            .await
            .with_context(|| format!("cannot restore the table {table}"))?;
    }
    let incarnation = manifest.incarnation + 1;
    server_state::set_incarnation(&txn, incarnation).await?;
    server_state::set_hold(&txn, &Hold { since: clock.now() }).await?;
    // Whoever was logged in then may have been logged out since.
    sessions::revoke_everybody(&txn, "the server was restored", clock.now()).await?;
    migration_links::revoke_all(&txn, clock.now()).await?;
    // The files first: a database without its authority would make itself another one.
    let files = put_files(&manifest, work.path(), &config.data_dir)?;
    txn.commit().await?;
    db.close().await?;
    Ok(Restored { rows, files, incarnation })
}

fn unpack(file: &Path, into: &Path) -> anyhow::Result<Manifest> {
    let decoder = zstd::Decoder::new(File::open(file)?)?;
    let mut archive = tar::Archive::new(decoder);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        ensure!(is_ours(&name), "it holds {}, which no backup of ours does", name.display());
        let path = into.join(&name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = File::create(&path)?;
        io::copy(&mut entry, &mut out)?;
    }
    let text = fs::read(into.join(MANIFEST)).context("its end is missing")?;
    serde_json::from_slice(&text).context("its manifest is damaged")
}

/// One of the names that a backup has: nothing that leads elsewhere.
fn is_ours(name: &Path) -> bool {
    let parts: Vec<Component<'_>> = name.components().collect();
    match parts.as_slice() {
        [Component::Normal(file)] => *file == MANIFEST,
        [Component::Normal(folder), Component::Normal(_)] => {
            *folder == "tables" || FOLDERS.iter().any(|ours| folder == ours)
        }
        _ => false,
    }
}

/// Whether it is whole, and this build can read it.
fn check(manifest: &Manifest, unpacked: &Path) -> anyhow::Result<()> {
    ensure!(manifest.format == FORMAT, "it has format {}, not {FORMAT}", manifest.format);
    if manifest.schema != schema() {
        bail!(
            "it was made by version {} with the schema {}; restore it with that version, then \
             upgrade",
            manifest.version,
            manifest.schema
        );
    }
    let named: HashMap<&str, &str> =
        manifest.entries.iter().map(|entry| (entry.path.as_str(), entry.blake3.as_str())).collect();
    for table in dump::TABLES {
        let name = format!("tables/{table}.jsonl");
        ensure!(named.contains_key(name.as_str()), "the table {table} is missing");
    }
    for (name, hash) in named {
        ensure!(is_ours(Path::new(name)), "it names {name}, which no backup of ours holds");
        let mut hasher = blake3::Hasher::new();
        let mut file =
            File::open(unpacked.join(name)).with_context(|| format!("{name} is missing"))?;
        io::copy(&mut file, &mut hasher)?;
        ensure!(hasher.finalize().to_hex().as_str() == hash, "{name} is damaged");
    }
    Ok(())
}

fn put_files(manifest: &Manifest, unpacked: &Path, data_dir: &Path) -> anyhow::Result<usize> {
    let of_folders = |path: &&PathBuf| FOLDERS.iter().any(|folder| path.starts_with(folder));
    let names: Vec<PathBuf> =
        manifest.entries.iter().map(|entry| PathBuf::from(&entry.path)).collect();
    let mut put = 0;
    for name in names.iter().filter(of_folders) {
        let path = data_dir.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_private(&path, &fs::read(unpacked.join(name))?)?;
        put += 1;
    }
    Ok(put)
}
