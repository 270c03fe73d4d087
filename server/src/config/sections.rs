//! Keys that belong together.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// PEM files; one from the private CA where they are not said.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Tls {
    /// The chain.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

/// The login that the first start makes.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct FirstAdmin {
    /// Its e-mail address.
    pub email: String,
    /// Its password; a random one where it is not said.
    pub password: Option<String>,
}

impl Default for FirstAdmin {
    fn default() -> Self {
        Self { email: "admin@domfleet.local".into(), password: None }
    }
}

/// What there is to know of the store of objects.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ObjectStore {
    /// For an `objects_url` of `s3://…`.
    pub s3: S3,
}

/// How S3, or what speaks like it, is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct S3 {
    /// Where it is, such as `https://s3.example`; Amazon's where it is not said.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The id of the key. Where there is none, the machine's own role is asked for one.
    pub access_key: Option<String>,
    /// The key.
    pub secret_key: Option<Secret>,
    /// Whether it may be spoken to without TLS.
    pub allow_http: bool,
    /// Whether the bucket is in the path, not in the name of the host.
    pub path_style: bool,
}

impl Default for S3 {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: "us-east-1".into(),
            access_key: None,
            secret_key: None,
            allow_http: false,
            path_style: true,
        }
    }
}

/// A text that is in no log.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How debug bundles are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Bundles {
    /// Days after which one goes.
    pub keep_days: u32,
    /// How many of an appliance stay; the oldest go.
    pub keep_per_appliance: u32,
    /// The largest that is taken.
    pub max_bytes: u64,
    /// Days for which an upload may be interrupted.
    pub unfinished_days: u32,
}

impl Bundles {
    /// How long one stays.
    pub fn kept_for(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.keep_days))
    }

    /// For how long an upload may be interrupted.
    pub fn unfinished_for(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.unfinished_days))
    }
}

impl Default for Bundles {
    fn default() -> Self {
        Self {
            keep_days: 180,
            keep_per_appliance: 20,
            max_bytes: 100 * 1024 * 1024,
            unfinished_days: 14,
        }
    }
}

/// How long events are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Events {
    /// Days after which they go.
    pub keep_days: u32,
}

impl Default for Events {
    fn default() -> Self {
        Self { keep_days: 14 }
    }
}
