//! Where the bytes of bundles and artifacts are: in a folder, or in S3.

use std::error::Error;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use crate::config::S3;

/// How much of an object is in memory while it is stored. S3 wants parts of 5 MiB or more.
const CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// What is asked for to see whether the store answers. Nobody has ever stored it.
const PROBE: &str = "is-it-there";
const PROBE_TIME: Duration = Duration::from_secs(10);

/// The store of objects. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Objects(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Box<dyn ObjectStore>,
    is_local: bool,
    /// Why it did not answer, when it was last asked.
    trouble: Mutex<Option<String>>,
}

impl Deref for Objects {
    type Target = dyn ObjectStore;

    fn deref(&self) -> &Self::Target {
        &*self.0.store
    }
}

/// Opens the store at `url` (`file://…`, whose folder is made where it is not there, or
/// `s3://bucket/prefix`).
pub fn open(url: &str, s3: &S3) -> anyhow::Result<Objects> {
    let (store, is_local) = match url.split_once("://") {
        Some(("file", path)) => (folder(path)?, true),
        Some(("s3", rest)) => (bucket(rest, s3)?, false),
        _ => bail!("objects_url {url:?} must begin with file:// or s3://"),
    };
    Ok(Objects(Arc::new(Parts { store, is_local, trouble: Mutex::default() })))
}

fn folder(path: &str) -> anyhow::Result<Box<dyn ObjectStore>> {
    std::fs::create_dir_all(path).with_context(|| format!("cannot make the folder {path}"))?;
    let files = LocalFileSystem::new_with_prefix(path)
        .with_context(|| format!("cannot use the folder {path}"))?
        // What is acknowledged to an appliance is gone there: it must be on disk here.
        .with_fsync(true);
    Ok(Box::new(files))
}

fn bucket(rest: &str, s3: &S3) -> anyhow::Result<Box<dyn ObjectStore>> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        bail!("objects_url must name a bucket: s3://BUCKET or s3://BUCKET/PREFIX");
    }
    // A second call finds the first one's provider in place, which is the same.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Short: whoever stores comes again, and an operator who reads should not be kept waiting.
    let retries = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 3,
        retry_timeout: Duration::from_secs(20),
    };
    let options = ClientOptions::new()
        .with_allow_http(s3.allow_http)
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_mins(5))
        .with_read_timeout(Duration::from_secs(30));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&s3.region)
        .with_virtual_hosted_style_request(!s3.path_style)
        .with_client_options(options)
        .with_retry(retries);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some((access, secret)) = s3.access_key.as_ref().zip(s3.secret_key.as_ref()) {
        builder = builder.with_access_key_id(access).with_secret_access_key(secret.reveal());
    }
    let store = builder.build().context("cannot use the S3 bucket of objects_url")?;
    Ok(match prefix.trim_matches('/') {
        "" => Box::new(store),
        prefix => Box::new(PrefixStore::new(store, prefix)),
    })
}

impl Objects {
    /// Whether it is a folder of this machine's.
    pub fn is_local(&self) -> bool {
        self.0.is_local
    }

    /// Why it did not answer when it was last asked; nothing where it did.
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores what is left in `file` as `name`. When it returns well it is durable there; when it does
    /// not, within `limit` or at all, nothing is there that was not before.
    pub async fn store(&self, name: &str, file: File, limit: Duration) -> anyhow::Result<()> {
        let stored = self.store_within(&Path::from(name), file, limit).await;
        self.note(stored.as_ref().err());
        stored
    }

    async fn store_within(
        &self,
        name: &Path,
        mut file: File,
        limit: Duration,
    ) -> anyhow::Result<()> {
        let first = chunk(&mut file).await?;
        if first.len() < CHUNK_BYTES {
            timeout(limit, self.put(name, first.into())).await.context("it took too long")??;
            return Ok(());
        }
        let mut upload =
            timeout(limit, self.put_multipart(name)).await.context("it took too long")??;
        let parts = async {
            let mut next = first;
            while !next.is_empty() {
                upload.put_part(next.into()).await?;
                next = chunk(&mut file).await?;
            }
            upload.complete().await?;
            anyhow::Ok(())
        };
        let failed = match timeout(limit, parts).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error,
            Err(elapsed) => anyhow::Error::new(elapsed).context("it took too long"),
        };
        // S3 keeps, and charges for, the parts of what is never completed nor aborted.
        if let Err(error) = upload.abort().await {
            tracing::warn!(object = %name, error = &error as &dyn Error, "parts of an object may stay");
        }
        Err(failed)
    }

    /// Asks whether it answers, and keeps what it said for [`Self::trouble`].
    pub async fn probe(&self) {
        let answer = match timeout(PROBE_TIME, self.head(&Path::from(PROBE))).await {
            Ok(Ok(_) | Err(object_store::Error::NotFound { .. })) => None,
            Ok(Err(error)) => Some(anyhow::Error::new(error)),
            Err(_) => Some(anyhow::anyhow!("no answer within {} s", PROBE_TIME.as_secs())),
        };
        self.note(answer.as_ref());
    }

    fn note(&self, error: Option<&anyhow::Error>) {
        let trouble = error.map(|error| format!("{error:#}"));
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Removes the object of that name, if there is one. Nothing refers to it any more: one that
    /// stays because the store does not answer costs room, and is logged.
    pub async fn remove(&self, name: Option<&str>) {
        let Some(name) = name else { return };
        match self.delete(&Path::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::warn!(
                    object = name,
                    error = &error as &dyn Error,
                    "cannot remove an object"
                );
            }
        }
    }
}

async fn chunk(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut chunk = Vec::new();
    file.take(CHUNK_BYTES as u64).read_to_end(&mut chunk).await?;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        open(url, &S3::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_store_that_cannot_be_is_refused_with_what_is_expected() {
        assert!(refusal("ftp://x").contains("file:// or s3://"));
        assert!(refusal("/var/lib").contains("file:// or s3://"));
        assert!(refusal("s3:///prefix").contains("s3://BUCKET"));
    }

    #[tokio::test]
    async fn an_object_is_stored_whole_whether_it_is_small_or_large() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("file://{}", dir.path().join("objects").display());
        let objects = open(&url, &S3::default()).unwrap();
        for length in [0, 5, CHUNK_BYTES, CHUNK_BYTES + 5] {
            let content = vec![7_u8; length];
            let source = dir.path().join("source");
            std::fs::write(&source, &content).unwrap();

            let file = File::open(&source).await.unwrap();
            objects.store("bundles/a/b.tar.zst", file, Duration::from_secs(30)).await.unwrap();

            let stored = std::fs::read(dir.path().join("objects/bundles/a/b.tar.zst")).unwrap();
            assert_eq!(stored, content);
        }
        assert_eq!(objects.trouble(), None);
    }
}
