//! Packs the dashboard's pages (`web/dist`) for [`include_bytes!`]: each as it is, as gzip and as
//! brotli, with the hash that becomes its `ETag`.
//!
//! It runs no npm: a Rust build works without Node and without a network. Where there are no pages,
//! the server shows how to build them; `DOMFLEET_WEB_REQUIRED=1` makes that an error, for releases.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Below this a compressed copy saves less than its header costs.
const WORTH_COMPRESSING: usize = 512;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=DOMFLEET_WEB_REQUIRED");
    let dist = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let out = PathBuf::from(variable("OUT_DIR")?);

    let mut files = Vec::new();
    if dist.is_dir() {
        walk(&dist, &mut files)?;
    }
    files.sort();
    if files.is_empty() {
        if env::var_os("DOMFLEET_WEB_REQUIRED").is_some() {
            return Err(io::Error::other("web/dist is empty: run `make web` first"));
        }
        println!(
            "cargo::warning=web/dist is empty, so there is no dashboard in this build: make web"
        );
    }

    let mut table = String::from("static ASSETS: &[Asset] = &[\n");
    for (number, path) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&dist).map_err(io::Error::other)?.display().to_string();
        // Vite's own list of what it built is of no use to a browser.
        if name.starts_with(".vite") {
            continue;
        }
        let bytes = fs::read(path)?;
        let packed = out.join(format!("asset-{number}"));
        fs::write(&packed, &bytes)?;
        let gzip = compressed(&packed, "gz", &bytes, gzip)?;
        let brotli = compressed(&packed, "br", &bytes, brotli)?;
        let hash = blake3::hash(&bytes).to_hex();
        writeln!(
            table,
            "    Asset {{ path: {:?}, etag: \"\\\"{}\\\"\", raw: include_bytes!({:?}), gzip: {gzip}, brotli: {brotli} }},",
            format!("/{name}"),
            &hash[..32],
            packed.display().to_string(),
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|_| io::Error::other(format!("{name} is not set: run this by cargo")))
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Rust source for the compressed copy, where it is worth having.
fn compressed(
    packed: &Path,
    suffix: &str,
    bytes: &[u8],
    compress: fn(&[u8]) -> io::Result<Vec<u8>>,
) -> io::Result<String> {
    if bytes.len() < WORTH_COMPRESSING {
        return Ok("None".into());
    }
    let small = compress(bytes)?;
    if small.len() * 10 > bytes.len() * 9 {
        return Ok("None".into());
    }
    let path = packed.with_extension(suffix);
    fs::write(&path, small)?;
    Ok(format!("Some(include_bytes!({:?}))", path.display().to_string()))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut small = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams::default();
    brotli::BrotliCompress(&mut &bytes[..], &mut small, &parameters)?;
    Ok(small)
}
