//! `agent.toml`: every key may be missing, and so may the file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::address::AddressError;
use crate::bundle::pseudonym::Privacy;
use crate::network::Proxy;

/// Where the file is, below the root.
pub const PATH: &str = "etc/domfleet/agent.toml";
/// Nobody writes a longer one.
const LIMIT: u64 = 64 * 1024;

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The agent's own folder.
    pub data_dir: PathBuf,
    /// Where VMs' configurations are looked for.
    pub vm_config_dir: OneOrMany,
    /// Where configurations, or links to them, are that dom0 starts by itself.
    pub autostart_dir: PathBuf,
    /// Where xenconsoled keeps what guests say.
    pub console_log_dir: PathBuf,
    /// A program and its arguments that are told, by a JSON document on standard input, of each VM
    /// that was made, moved, changed, renamed or removed.
    pub vm_hook: Vec<String>,
    /// The file that names the vendor's release.
    pub release_file: Option<PathBuf>,
    /// Whether the machine's watchdog is armed, and fed for as long as the disk takes what is written to it: what
    /// freezes is reset then. `true`, or the path of its device.
    pub watchdog: Watchdog,
    /// How much a debug bundle tells: `secrets` takes secrets out, `pseudonyms` names of who and where, too.
    pub bundle_privacy: Privacy,
    /// `http://user:password@host:port`.
    pub proxy: Option<String>,
    /// The servers that names are asked of.
    pub resolv_conf: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "/var/lib/domfleet".into(),
            vm_config_dir: OneOrMany::Many(vec!["/etc/xen".into(), "/etc/xen/auto".into()]),
            autostart_dir: "/etc/xen/auto".into(),
            console_log_dir: "/var/log/xen/console".into(),
            vm_hook: Vec::new(),
            release_file: None,
            watchdog: Watchdog::Wanted(false),
            bundle_privacy: Privacy::default(),
            proxy: None,
            resolv_conf: "/etc/resolv.conf".into(),
        }
    }
}

/// Whether there is to be a watchdog, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Watchdog {
    /// The usual device, or none.
    Wanted(bool),
    /// This device.
    At(String),
}

impl Watchdog {
    /// Its device, where there is to be one.
    pub fn device(&self) -> Option<&str> {
        match self {
            Self::Wanted(false) => None,
            Self::Wanted(true) => Some("/dev/watchdog"),
            Self::At(device) => Some(device),
        }
    }
}

/// A text or a list of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(PathBuf),
    /// Several.
    Many(Vec<PathBuf>),
}

impl OneOrMany {
    /// All of them.
    pub fn as_slice(&self) -> &[PathBuf] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is there and cannot be read.
    #[error("{path} cannot be read")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path} is not valid: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// The proxy's address is none.
    #[error("the proxy's address is not valid")]
    Proxy(#[from] AddressError),
}

impl Config {
    /// Reads the file below `root`.
    pub fn load(root: &Path) -> Result<Self, ConfigError> {
        let path = root.join(PATH);
        let length = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => return Err(ConfigError::Io { path, source }),
        };
        if length > LIMIT {
            return Err(ConfigError::Invalid { path, message: "it is too long".to_owned() });
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|error| ConfigError::Invalid { path, message: error.to_string() }),
            Err(source) => Err(ConfigError::Io { path, source }),
        }
    }

    /// The proxy, if there is one.
    pub fn proxy(&self) -> Result<Option<Proxy>, ConfigError> {
        Ok(self.proxy.as_deref().map(Proxy::parse).transpose()?)
    }
}

/// `path` in the system below `root`.
pub fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_and_an_empty_one_mean_the_defaults() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Config::load(root.path()).unwrap(), Config::default());

        std::fs::create_dir_all(root.path().join("etc/domfleet")).unwrap();
        std::fs::write(root.path().join(PATH), "").unwrap();

        assert_eq!(Config::load(root.path()).unwrap(), Config::default());
    }

    #[test]
    fn folders_are_one_text_or_a_list() {
        let one: Config = toml::from_str("vm_config_dir = \"/a\"").unwrap();
        let two: Config = toml::from_str("vm_config_dir = [\"/a\", \"/b\"]").unwrap();

        assert_eq!(one.vm_config_dir.as_slice(), [PathBuf::from("/a")]);
        assert_eq!(two.vm_config_dir.as_slice().len(), 2);
    }

    #[test]
    fn a_bundle_tells_as_much_as_was_set() {
        let of = |text: &str| toml::from_str::<Config>(text).map(|config| config.bundle_privacy);

        assert_eq!(of("").unwrap(), Privacy::Secrets);
        assert_eq!(of("bundle_privacy = \"pseudonyms\"").unwrap(), Privacy::Pseudonyms);
        assert!(of("bundle_privacy = \"everything\"").is_err());
    }

    #[test]
    fn a_watchdog_is_only_fed_where_somebody_wants_one() {
        let of = |text: &str| toml::from_str::<Config>(text).unwrap();

        assert_eq!(of("").watchdog.device(), None);
        assert_eq!(of("watchdog = false").watchdog.device(), None);
        assert_eq!(of("watchdog = true").watchdog.device(), Some("/dev/watchdog"));
        assert_eq!(of("watchdog = \"/dev/watchdog1\"").watchdog.device(), Some("/dev/watchdog1"));
    }

    #[test]
    fn a_key_with_a_typing_error_is_not_passed_over() {
        assert!(toml::from_str::<Config>("vm_config_dirs = \"/a\"").is_err());
    }
}
