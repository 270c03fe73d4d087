//! Saved logins, one for each context, in a file that only its owner may read.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) url: String,
    /// The server's CA in PEM, where it is a private one.
    pub(crate) ca_pem: Option<String>,
    pub(crate) access_token: String,
    /// Cookies that renew the access token.
    pub(crate) refresh_cookies: String,
    pub(crate) csrf: String,
}

/// The file of all logins.
pub(crate) struct Profiles {
    path: PathBuf,
}

impl Profiles {
    /// Under `XDG_CONFIG_HOME`, or `~/.config`.
    pub(crate) fn standard() -> Result<Self, Error> {
        let base = std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")))
            .ok_or_else(|| Error::Usage("neither XDG_CONFIG_HOME nor HOME is set".into()))?;
        Ok(Self { path: base.join("domfleet/logins.json") })
    }

    /// The login of that context.
    pub(crate) fn load(&self, context: &str) -> Result<Option<Profile>, Error> {
        Ok(self.read()?.remove(context))
    }

    /// Keeps the login; `None` forgets it.
    pub(crate) fn store(&self, context: &str, profile: Option<Profile>) -> Result<(), Error> {
        let mut all = self.read()?;
        match profile {
            Some(profile) => all.insert(context.to_owned(), profile),
            None => all.remove(context),
        };
        let json = serde_json::to_vec_pretty(&all).map_err(|e| self.error(&e))?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|e| self.error(&e))?;
        let draft = self.path.with_extension("new");
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .map_err(|e| self.error(&e))?;
        file.write_all(&json).map_err(|e| self.error(&e))?;
        std::fs::rename(&draft, &self.path).map_err(|e| self.error(&e))
    }

    fn read(&self) -> Result<BTreeMap<String, Profile>, Error> {
        match std::fs::read(&self.path) {
            Ok(json) => serde_json::from_slice(&json).map_err(|e| self.error(&e)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(self.error(&error)),
        }
    }

    fn error(&self, why: &dyn std::fmt::Display) -> Error {
        Error::File { path: self.path.clone(), why: why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_login_is_found_again_and_read_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Profiles { path: folder.path().join("domfleet/logins.json") };
        let login = Profile { url: "https://a:1".into(), ..Profile::default() };

        profiles.store("default", Some(login.clone())).unwrap();
        profiles.store("other", Some(Profile::default())).unwrap();

        assert_eq!(profiles.load("default").unwrap(), Some(login));
        let mode = std::fs::metadata(&profiles.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        profiles.store("default", None).unwrap();
        assert_eq!(profiles.load("default").unwrap(), None);
        assert!(profiles.load("other").unwrap().is_some());
    }
}
