//! Makes the agent a service of dom0: OpenRC or systemd, and `lbu` where dom0 runs from RAM.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::dom0::xen::command;

const BINARY: &str = "usr/local/sbin/domfleet-agent";
const OPENRC: &str = include_str!("../../deploy/openrc/domfleet-agent");
const SYSTEMD: &str = include_str!("../../deploy/systemd/domfleet-agent.service");
const WITHIN: Duration = Duration::from_mins(1);

/// Which service manager there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Init {
    OpenRc,
    Systemd,
}

/// Why the agent was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Neither is there.
    #[error(
        "neither OpenRC nor systemd is here: have your service manager run `domfleet-agent run`, \
         and stop it with SIGTERM while disks can still be written"
    )]
    NoServiceManager,
    /// A file could not be written.
    #[error("{path} could not be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Installs `binary` as a service below `root`. Doing it again changes nothing.
///
/// Gives what was done, a sentence each. Services are only started on the running system, `/`.
pub async fn install(
    root: &Path,
    binary: &Path,
    data_dir: &Path,
) -> Result<Vec<String>, InstallError> {
    let init = init(root).ok_or(InstallError::NoServiceManager)?;
    let place = root.join(BINARY);
    let bytes = fs::read(binary)
        .map_err(|source| InstallError::Write { path: binary.to_owned(), source })?;
    let mut done = Vec::new();
    done.extend(put(&place, &bytes, 0o755)?);
    let (path, text, mode) = match init {
        Init::OpenRc => ("etc/init.d/domfleet-agent", OPENRC, 0o755),
        Init::Systemd => ("etc/systemd/system/domfleet-agent.service", SYSTEMD, 0o644),
    };
    done.extend(put(&root.join(path), text.as_bytes(), mode)?);
    if root == Path::new("/") {
        start(init, &mut done).await;
        if runs_from_ram(&fs::read_to_string("/proc/mounts").unwrap_or_default()) {
            keep_over_reboots(data_dir, &mut done).await;
        }
    }
    Ok(done)
}

/// Puts `binary` into `folder` as what a system that is laid out has on top of its own files: a service of OpenRC,
/// which such a system starts by itself. Where there is no OpenRC these are files that nobody reads.
pub(crate) fn put_into(folder: &Path, binary: &Path) -> Result<(), InstallError> {
    let error = |path: &Path| {
        let path = path.to_owned();
        move |source| InstallError::Write { path, source }
    };
    let bytes = fs::read(binary).map_err(error(binary))?;
    put(&folder.join(BINARY), &bytes, 0o755)?;
    put(&folder.join("etc/init.d/domfleet-agent"), OPENRC.as_bytes(), 0o755)?;
    let runlevel = folder.join("etc/runlevels/default");
    fs::create_dir_all(&runlevel).map_err(error(&runlevel))?;
    let link = runlevel.join("domfleet-agent");
    match std::os::unix::fs::symlink("/etc/init.d/domfleet-agent", &link) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => Err(error(&link)(source)),
        _ => Ok(()),
    }
}

fn init(root: &Path) -> Option<Init> {
    if root.join("sbin/openrc-run").exists() {
        return Some(Init::OpenRc);
    }
    root.join("run/systemd/system").exists().then_some(Init::Systemd)
}

/// Writes a file whose content or mode differs, beside its place first.
fn put(path: &Path, bytes: &[u8], mode: u32) -> Result<Option<String>, InstallError> {
    let error = |source| InstallError::Write { path: path.to_owned(), source };
    let same_mode = |meta: fs::Metadata| meta.permissions().mode() & 0o777 == mode;
    if fs::read(path).is_ok_and(|there| there == bytes) && fs::metadata(path).is_ok_and(same_mode) {
        return Ok(None);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(error)?;
    }
    let draft = path.with_extension("new");
    fs::write(&draft, bytes).map_err(error)?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(mode)).map_err(error)?;
    fs::File::open(&draft).and_then(|file| file.sync_all()).map_err(error)?;
    fs::rename(&draft, path).map_err(error)?;
    Ok(Some(format!("wrote {}", path.display())))
}

async fn start(init: Init, done: &mut Vec<String>) {
    let commands: &[(&str, &[&str])] = match init {
        Init::OpenRc => &[
            ("rc-update", &["add", "domfleet-agent", "default"]),
            ("rc-service", &["domfleet-agent", "restart"]),
        ],
        Init::Systemd => &[
            ("systemctl", &["daemon-reload"]),
            ("systemctl", &["enable", "--now", "domfleet-agent.service"]),
        ],
    };
    for (program, arguments) in commands {
        ask(program, arguments, done).await;
    }
}

/// An Alpine that runs from RAM forgets everything that `lbu` was not told to keep.
async fn keep_over_reboots(data_dir: &Path, done: &mut Vec<String>) {
    let data_dir = data_dir.to_string_lossy();
    ask("lbu", &["include", &data_dir, "/usr/local/sbin/domfleet-agent"], done).await;
    ask("lbu", &["commit", "-d"], done).await;
}

async fn ask(program: &str, arguments: &[&str], done: &mut Vec<String>) {
    let line = format!("{program} {}", arguments.join(" "));
    let said = command::run(program, arguments, WITHIN).await;
    match said.and_then(|output| output.success(program)) {
        Ok(_) => done.push(format!("ran {line}")),
        Err(error) => done.push(format!("could not run {line}: {error}; run it by hand")),
    }
}

fn runs_from_ram(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        fields.next() == Some("/") && matches!(fields.next(), Some("tmpfs" | "rootfs"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_openrc_system_gets_a_service_and_a_second_time_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let binary = root.path().join("agent");
        fs::write(&binary, "binary").unwrap();
        fs::create_dir_all(root.path().join("sbin")).unwrap();
        fs::write(root.path().join("sbin/openrc-run"), "").unwrap();
        let install = || install(root.path(), &binary, Path::new("/var/lib/domfleet"));

        let first = install().await.unwrap();
        let second = install().await.unwrap();

        assert_eq!((first.len(), second.len()), (2, 0));
        assert_eq!(fs::read_to_string(root.path().join(BINARY)).unwrap(), "binary");
        let script = root.path().join("etc/init.d/domfleet-agent");
        assert_eq!(fs::metadata(script).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_system_that_is_laid_out_gets_a_service_that_it_starts() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("agent");
        fs::write(&binary, "binary").unwrap();

        for _ in 0..2 {
            put_into(folder.path(), &binary).unwrap();
        }

        let at = |path: &str| folder.path().join(path);
        assert_eq!(fs::read_to_string(at(BINARY)).unwrap(), "binary");
        assert_eq!(fs::read_to_string(at("etc/init.d/domfleet-agent")).unwrap(), OPENRC);
        let link = fs::read_link(at("etc/runlevels/default/domfleet-agent")).unwrap();
        assert_eq!(link, Path::new("/etc/init.d/domfleet-agent"));
    }

    #[tokio::test]
    async fn without_a_service_manager_people_are_told_what_to_do() {
        let root = tempfile::tempdir().unwrap();

        let refused = install(root.path(), Path::new("/bin/sh"), Path::new("/d")).await;

        assert!(matches!(refused, Err(InstallError::NoServiceManager)));
    }

    #[test]
    fn a_system_in_ram_is_told_from_one_on_a_disk() {
        assert!(runs_from_ram("tmpfs / tmpfs rw 0 0\n"));
        assert!(!runs_from_ram("/dev/sda2 / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n"));
    }
}
