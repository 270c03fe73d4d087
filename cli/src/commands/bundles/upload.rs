//! A file for an appliance, by tus. Only the server knows how far it is: whoever begins again with the same
//! file goes on.

use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::LOCATION;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::time::sleep;

use super::COLUMNS;
use crate::client::{Client, answer};
use crate::error::Error;
use crate::output::{self, Format};

/// What is sent at once, and lost at most.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often it is tried again without any progress.
const TRIES: u32 = 8;

/// Brings `file`, however often the line breaks.
pub(super) async fn upload(
    client: &mut Client,
    format: Format,
    appliance: &str,
    file: &Path,
    note: &str,
) -> Result<(), Error> {
    let unreadable =
        |error: io::Error| Error::Unreadable { path: file.into(), why: error.to_string() };
    let (length, blake3) = look_at(file).await.map_err(unreadable)?;
    if length == 0 {
        return Err(unreadable(io::Error::other("there is nothing in it")));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let pairs = [("filename", &*name), ("note", note), ("blake3", &blake3)];
    let metadata = pairs.map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).join(",");
    let path = format!("/appliances/{appliance}/uploads");
    let created = client
        .shaped(&Method::POST, &path, |request| {
            tus(request).header("upload-length", length).header("upload-metadata", &metadata)
        })
        .await?;
    let created = checked(created).await?;
    let upload = location(&created)?;
    let mut standing = Standing::of(&created)?;
    if standing.offset > 0 && standing.offset < length {
        output::say(&format!("going on at {} of {length} bytes", standing.offset));
    }
    let mut source = File::open(file).await.map_err(unreadable)?;
    let (mut tries, mut wait) = (0, FIRST_WAIT);
    while standing.offset < length {
        let piece = read(&mut source, standing.offset).await.map_err(unreadable)?;
        let before = standing;
        standing = match send(client, &upload, standing.offset, piece).await {
            Ok(standing) => standing,
            Err(error) if may_pass(&error) && tries < TRIES => {
                output::say(&format!("{error}; trying again in {} s", wait.as_secs()));
                sleep(wait).await;
                tries += 1;
                wait = (wait * 2).min(LONGEST_WAIT);
                ask(client, &upload).await.unwrap_or(before)
            }
            Err(error) => return Err(error),
        };
        if standing.offset > before.offset {
            (tries, wait) = (0, FIRST_WAIT);
        }
    }
    if !standing.is_complete {
        output::say("it is all there, and is stored as soon as the server's object store answers");
    }
    let id = upload.rsplit('/').next().unwrap_or_default();
    output::one(format, &COLUMNS, &client.get(&format!("/bundles/{id}"), &[]).await?)
}

/// How far the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    offset: u64,
    is_complete: bool,
}

impl Standing {
    fn of(answer: &Response) -> Result<Self, Error> {
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let offset = header("upload-offset").and_then(|offset| offset.parse().ok());
        let offset = offset.ok_or_else(|| Error::Answer("an upload without an offset".into()))?;
        Ok(Self { offset, is_complete: header("upload-complete") == Some("?1") })
    }
}

fn tus(request: RequestBuilder) -> RequestBuilder {
    request.header("tus-resumable", "1.0.0")
}

async fn send(
    client: &mut Client,
    upload: &str,
    offset: u64,
    piece: Vec<u8>,
) -> Result<Standing, Error> {
    let checksum = format!("blake3 {}", STANDARD.encode(blake3::hash(&piece).as_bytes()));
    let sent = client
        .shaped(&Method::PATCH, upload, |request| {
            tus(request)
                .header("content-type", "application/offset+octet-stream")
                .header("upload-offset", offset)
                .header("upload-checksum", &checksum)
                .body(piece.clone())
        })
        .await?;
    Standing::of(&checked(sent).await?)
}

async fn ask(client: &mut Client, upload: &str) -> Result<Standing, Error> {
    let answer = client.shaped(&Method::HEAD, upload, tus).await?;
    Standing::of(&checked(answer).await?)
}

/// Whether it may be otherwise in a while: the line, another sender, a damaged piece, the server's troubles.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Unreachable(_) => true,
        Error::Refused { status, .. } => matches!(status, 409 | 429 | 460 | 500..=599),
        _ => false,
    }
}

async fn checked(response: Response) -> Result<Response, Error> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match answer(response).await {
        Err(error) => Err(error),
        Ok(_) => Err(Error::Answer(format!("{status}"))),
    }
}

/// Where it is to be sent, below `/api/v1`.
fn location(created: &Response) -> Result<String, Error> {
    let wrong = || Error::Answer("an upload without a location".into());
    if created.status() != StatusCode::CREATED {
        return Err(wrong());
    }
    let location = created.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let path = location.and_then(|location| location.strip_prefix("/api/v1"));
    path.map(str::to_owned).ok_or_else(wrong)
}

async fn read(source: &mut File, offset: u64) -> io::Result<Vec<u8>> {
    source.seek(io::SeekFrom::Start(offset)).await?;
    let mut piece = Vec::new();
    source.take(PIECE_BYTES).read_to_end(&mut piece).await?;
    if piece.is_empty() {
        Err(io::Error::other("it has become shorter meanwhile"))
    } else {
        Ok(piece)
    }
}

/// How long the file is, and its BLAKE3.
async fn look_at(file: &Path) -> io::Result<(u64, String)> {
    let mut source = File::open(file).await?;
    let (mut hasher, mut length) = (blake3::Hasher::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = source.read(&mut buffer).await?;
        if read == 0 {
            return Ok((length, hasher.finalize().to_hex().to_string()));
        }
        hasher.update(&buffer[..read]);
        length += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Problem;

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_said() {
        let refused = |status| Error::Refused { status, problem: Problem::default() };

        for passes in [Error::Unreachable(String::new()), refused(409), refused(460), refused(503)]
        {
            assert!(may_pass(&passes), "{passes:?}");
        }
        for stays in [refused(403), refused(404), refused(410), refused(413), refused(422)] {
            assert!(!may_pass(&stays), "{stays:?}");
        }
    }
}
