//! A bundle's bytes into a file.

use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use reqwest::header::{CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use reqwest::{Method, Response, StatusCode};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use crate::client::{Client, answer};
use crate::error::Error;
use crate::output;

/// Writes beside the target and renames at the end: a file of that name is a whole bundle. What came before
/// an interruption is gone on from.
pub(super) async fn download(
    client: &mut Client,
    bundle: &str,
    to: Option<PathBuf>,
) -> Result<(), Error> {
    let to = to.unwrap_or_else(|| PathBuf::from(format!("{bundle}.tar.zst")));
    let draft = beside(&to, ".part");
    let here = fs::metadata(&draft).await.map_or(0, |file| file.len());
    let response = ask(client, bundle, here, &beside(&to, ".part.tag")).await?;
    let goes_on = response.status() == StatusCode::PARTIAL_CONTENT;
    if !response.status().is_success() {
        return answer(response).await.map(|_| ());
    }
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    let tag_file = beside(&to, ".part.tag");
    fs::write(&tag_file, tag).await.map_err(|e| file_error(&tag_file, &e))?;
    let mut bytes = if goes_on { here } else { 0 };
    let mut file = open(&draft, goes_on).await.map_err(|e| file_error(&draft, &e))?;
    let mut body = response.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| Error::Unreachable(e.to_string()))?;
        file.write_all(&chunk).await.map_err(|e| file_error(&draft, &e))?;
        bytes += chunk.len() as u64;
    }
    file.sync_all().await.map_err(|e| file_error(&draft, &e))?;
    fs::rename(&draft, &to).await.map_err(|e| file_error(&to, &e))?;
    fs::remove_file(&tag_file).await.map_err(|e| file_error(&tag_file, &e))?;
    output::say(&format!("{}: {bytes} bytes", to.display()));
    Ok(())
}

/// Asks for what is missing, of the content of which the beginning is here, or for all.
async fn ask(
    client: &mut Client,
    bundle: &str,
    here: u64,
    tag_file: &Path,
) -> Result<Response, Error> {
    let path = format!("/bundles/{bundle}/content");
    let tag = fs::read_to_string(tag_file).await.unwrap_or_default();
    let shape = |request: reqwest::RequestBuilder| {
        if here == 0 || tag.is_empty() {
            return request;
        }
        request.header(RANGE, format!("bytes={here}-")).header(IF_RANGE, tag.as_str())
    };
    let response = client.shaped(&Method::GET, &path, shape).await?;
    // All of it was here: only its name was missing.
    let is_all = response.status() == StatusCode::RANGE_NOT_SATISFIABLE
        && response.headers().get(CONTENT_RANGE).is_some();
    if is_all { client.send(&Method::GET, &path, &[], None).await } else { Ok(response) }
}

async fn open(draft: &Path, goes_on: bool) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).append(goes_on).truncate(!goes_on).open(draft).await
}

fn beside(to: &Path, ending: &str) -> PathBuf {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    to.with_file_name(name)
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::File { path: path.to_owned(), why: error.to_string() }
}
