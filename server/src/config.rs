//! What the server is told when it starts: a TOML file, and `DOMFLEET_…` over it.

mod sections;

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

pub use self::sections::{Bundles, Events, FirstAdmin, ObjectStore, S3, Secret, Tls};

/// What a key holds; the environment has only texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Text,
    Number,
    Flag,
}

/// Every key that there is. In the environment `tls.cert` is `DOMFLEET_TLS_CERT`.
const KEYS: [(&str, Holds); 22] = [
    ("listen", Holds::Text),
    ("data_dir", Holds::Text),
    ("database_url", Holds::Text),
    ("objects_url", Holds::Text),
    ("objects.s3.endpoint", Holds::Text),
    ("objects.s3.region", Holds::Text),
    ("objects.s3.access_key", Holds::Text),
    ("objects.s3.secret_key", Holds::Text),
    ("objects.s3.allow_http", Holds::Flag),
    ("objects.s3.path_style", Holds::Flag),
    ("nats_url", Holds::Text),
    ("public_url", Holds::Text),
    ("heartbeat_seconds", Holds::Number),
    ("tls.cert", Holds::Text),
    ("tls.key", Holds::Text),
    ("first_admin.email", Holds::Text),
    ("first_admin.password", Holds::Text),
    ("bundles.keep_days", Holds::Number),
    ("bundles.keep_per_appliance", Holds::Number),
    ("bundles.max_bytes", Holds::Number),
    ("bundles.unfinished_days", Holds::Number),
    ("events.keep_days", Holds::Number),
];

/// What the server is told when it starts.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Where it keeps keys, and everything else that has no place of its own.
    pub data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…`; a file in `data_dir` where it is not said.
    #[serde(default)]
    database_url: Option<String>,
    /// `file://…` or `s3://bucket/prefix`; a folder in `data_dir` where it is not said.
    #[serde(default)]
    objects_url: Option<String>,
    /// What there is to know of the store of objects.
    #[serde(default)]
    pub objects: ObjectStore,
    /// NATS, for several replicas.
    #[serde(default)]
    pub nats_url: Option<String>,
    /// How appliances and people reach it, such as `https://fleet.example:8443`.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Seconds between an agent's heartbeats.
    #[serde(default = "default_heartbeat")]
    pub heartbeat_seconds: u32,
    /// The certificate that browsers are shown.
    #[serde(default)]
    pub tls: Tls,
    /// The login that the first start makes.
    #[serde(default)]
    pub first_admin: FirstAdmin,
    /// How debug bundles are kept.
    #[serde(default)]
    pub bundles: Bundles,
    /// How long events are kept.
    #[serde(default)]
    pub events: Events,
}

fn default_listen() -> String {
    "0.0.0.0:8443".into()
}

fn default_heartbeat() -> u32 {
    30
}

/// Why the server does not know how to start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read the configuration {}", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The file is not TOML.
    #[error("the configuration is not TOML")]
    NotToml(#[source] Box<toml::de::Error>),
    /// A key that means nothing.
    #[error("there is no key {key:?}; did you mean {nearest:?}?")]
    UnknownKey {
        /// What was written.
        key: String,
        /// The key most like it.
        nearest: &'static str,
    },
    /// A value that does not fit its key.
    #[error("a value of the configuration cannot be used")]
    Value(#[source] Box<figment::Error>),
    /// Values that do not fit each other, or this build.
    #[error("{0}")]
    Unfit(&'static str),
}

impl Config {
    /// Reads `file`, then the environment, which wins.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| ConfigError::Unreadable(path.into(), error))?,
            None => String::new(),
        };
        Self::read(&text, |name| std::env::var(name).ok())
    }

    /// Reads `text` as TOML, then what `environment` has, which wins.
    pub fn read(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| ConfigError::NotToml(Box::new(error)))?;
        check_keys(&table, "")?;
        let mut figment = Figment::from(Toml::string(text));
        for (key, holds) in KEYS {
            let name = format!("DOMFLEET_{}", key.replace('.', "_").to_uppercase());
            if let Some(value) = environment(&name) {
                // What does not parse is refused below, by its name.
                figment = match (holds, value.parse::<u64>(), value.parse::<bool>()) {
                    (Holds::Number, Ok(number), _) => figment.merge((key, number)),
                    (Holds::Flag, _, Ok(flag)) => figment.merge((key, flag)),
                    _ => figment.merge((key, value)),
                };
            }
        }
        let config: Self =
            figment.extract().map_err(|error| ConfigError::Value(Box::new(error)))?;
        config.check()
    }

    fn check(self) -> Result<Self, ConfigError> {
        if self.nats_url.is_some() {
            return Err(ConfigError::Unfit(
                "nats_url is for several replicas, which this build cannot be; remove it",
            ));
        }
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return Err(ConfigError::Unfit("tls.cert and tls.key belong together; give both"));
        }
        if self.objects.s3.access_key.is_some() != self.objects.s3.secret_key.is_some() {
            return Err(ConfigError::Unfit(
                "objects.s3.access_key and objects.s3.secret_key belong together; give both",
            ));
        }
        if self.bundles.unfinished_days == 0 || self.bundles.max_bytes == 0 {
            return Err(ConfigError::Unfit(
                "bundles.unfinished_days and bundles.max_bytes must be at least 1",
            ));
        }
        if self.heartbeat_seconds == 0 {
            return Err(ConfigError::Unfit("heartbeat_seconds must be at least 1"));
        }
        Ok(self)
    }

    /// Where the database is.
    pub fn database_url(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| {
            format!("sqlite://{}", self.data_dir.join("domfleet.sqlite").display())
        })
    }

    /// Where bundles and artifacts are.
    pub fn objects_url(&self) -> String {
        self.objects_url
            .clone()
            .unwrap_or_else(|| format!("file://{}", self.data_dir.join("objects").display()))
    }

    /// The host that browsers know the server by.
    pub fn public_host(&self) -> Option<&str> {
        let (_, rest) = self.public_url.as_deref()?.split_once("://")?;
        let authority = rest.split(['/', '?']).next()?;
        let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
        let host = &authority[..port.unwrap_or(authority.len())];
        (!host.is_empty()).then_some(host)
    }

    /// Where keys are.
    pub fn keys_dir(&self) -> PathBuf {
        self.data_dir.join("keys")
    }
}

fn check_keys(table: &toml::Table, within: &str) -> Result<(), ConfigError> {
    for (name, value) in table {
        let key = format!("{within}{name}");
        let section = format!("{key}.");
        match value {
            toml::Value::Table(inner) if !inner.is_empty() => check_keys(inner, &section)?,
            _ if KEYS.iter().any(|(known, _)| *known == key) => {}
            _ => return Err(ConfigError::UnknownKey { nearest: nearest(&key), key }),
        }
    }
    Ok(())
}

fn nearest(key: &str) -> &'static str {
    let names = KEYS.into_iter().map(|(name, _)| name);
    names.min_by_key(|known| edits(key, known)).unwrap_or(KEYS[0].0)
}

/// How many letters must be put in, taken out or changed to make `a` of `b`.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
