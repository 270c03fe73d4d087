//! What the server is told when it starts: a TOML file, and `DOMFLEET_…` over it.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

/// Every key that there is. In the environment `tls.cert` is `DOMFLEET_TLS_CERT`.
const KEYS: [&str; 15] = [
    "listen",
    "data_dir",
    "database_url",
    "objects_url",
    "nats_url",
    "public_url",
    "heartbeat_seconds",
    "tls.cert",
    "tls.key",
    "first_admin.email",
    "first_admin.password",
    "bundles.keep_days",
    "bundles.keep_per_appliance",
    "bundles.max_bytes",
    "events.keep_days",
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
    /// `file://…`; a folder in `data_dir` where it is not said.
    #[serde(default)]
    objects_url: Option<String>,
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
}

impl Default for Bundles {
    fn default() -> Self {
        Self { keep_days: 180, keep_per_appliance: 20, max_bytes: 100 * 1024 * 1024 }
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
        for key in KEYS {
            let name = format!("DOMFLEET_{}", key.replace('.', "_").to_uppercase());
            if let Some(value) = environment(&name) {
                // A number is taken for one, anything else for text.
                figment = match value.parse::<u64>() {
                    Ok(number) => figment.merge((key, number)),
                    Err(_) => figment.merge((key, value)),
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
            _ if KEYS.contains(&key.as_str()) => {}
            _ => return Err(ConfigError::UnknownKey { nearest: nearest(&key), key }),
        }
    }
    Ok(())
}

fn nearest(key: &str) -> &'static str {
    KEYS.into_iter().min_by_key(|known| edits(key, known)).unwrap_or(KEYS[0])
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
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        Config::read(text, |_| None)
    }

    #[test]
    fn a_data_dir_is_enough() {
        let config = read("data_dir = '/var/lib/domfleet'").unwrap();

        assert_eq!(config.database_url(), "sqlite:///var/lib/domfleet/domfleet.sqlite");
        assert_eq!(config.objects_url(), "file:///var/lib/domfleet/objects");
        assert_eq!(config.listen, "0.0.0.0:8443");
    }

    #[test]
    fn a_misspelt_key_is_refused_and_the_nearest_one_named() {
        for (text, nearest) in [
            ("data_dri = '/x'", "data_dir"),
            ("data_dir = '/x'\n[tls]\nkye = 'k'", "tls.key"),
            ("data_dir = '/x'\n[bundle]\nkeep_days = 1", "bundles.keep_days"),
        ] {
            match read(text).unwrap_err() {
                ConfigError::UnknownKey { nearest: found, .. } => assert_eq!(found, nearest),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = |name: &str| match name {
            "DOMFLEET_TLS_CERT" => Some("/c.pem".to_owned()),
            "DOMFLEET_TLS_KEY" => Some("/k.pem".to_owned()),
            "DOMFLEET_HEARTBEAT_SECONDS" => Some("2".to_owned()),
            _ => None,
        };

        let config = Config::read("data_dir = '/x'\nheartbeat_seconds = 9", environment).unwrap();

        assert_eq!(config.heartbeat_seconds, 2);
        assert_eq!(config.tls.cert.as_deref(), Some(Path::new("/c.pem")));
    }

    #[test]
    fn the_host_is_what_lies_between_the_scheme_and_the_port() {
        for (url, host) in [
            ("https://fleet.example:8443/x", Some("fleet.example")),
            ("https://fleet.example", Some("fleet.example")),
            ("https://192.0.2.7:8443", Some("192.0.2.7")),
            ("https://[2001:db8::1]:8443", Some("[2001:db8::1]")),
            ("https://[2001:db8::1]", Some("[2001:db8::1]")),
            ("nonsense", None),
        ] {
            let config = read(&format!("data_dir = '/x'\npublic_url = '{url}'")).unwrap();
            assert_eq!(config.public_host(), host, "{url}");
        }
    }

    #[test]
    fn half_a_certificate_is_refused() {
        let error = read("data_dir = '/x'\n[tls]\ncert = 'c'").unwrap_err();

        assert!(matches!(error, ConfigError::Unfit(_)));
    }
}
