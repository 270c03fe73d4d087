//! dom0's own files and the settings of its kernel, as far as mitigations are about them: the agent's
//! real code works on these. What the files say is so from the next boot on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use domfleet_agent::dom0::Dom0Error;
use domfleet_agent::mitigation::System;

use super::host::{Host, State};
use super::release::Release;

const FSTAB: &str = "/etc/fstab";
const MENU: &str = "/boot/extlinux.conf";
const SYSCTL: &str = "/etc/sysctl.d/01-overcommit.conf";
const DISK: &str = "/sys/block/sda/queue/scheduler";
const SWAP: &str = "/dev/sda2";
const VM: &str = "/proc/sys/vm/";

/// As the vendor's installer writes them.
const FILES: [(&str, &str); 3] = [
    (
        FSTAB,
        "/dev/sda3 / ext4 rw,relatime 0 1\n/dev/sda2 swap swap defaults 0 0\n\
         //nas/music /mnt/music cifs user=pbx,password=moh-4711-secret 0 0\n",
    ),
    (
        MENU,
        "DEFAULT xen\nTIMEOUT 30\nLABEL xen\n  KERNEL mboot.c32\n  APPEND xen.gz dom0_mem=1024M --- \
         vmlinuz-grsec root=/dev/sda3 modules=sd-mod,usb-storage,ext4 quiet --- initramfs-grsec\n",
    ),
    ("/etc/update-extlinux.conf", "overwrite=1\ndefault_kernel_opts=\"quiet\"\n"),
];

/// The same of a release that has the mitigations built in.
const MITIGATED: [(&str, &str); 3] = [
    (FSTAB, "/dev/sda3 / ext4 rw,relatime 0 1\n#/dev/sda2 swap swap defaults 0 0\n"),
    (
        MENU,
        "DEFAULT xen\nLABEL xen\n  KERNEL mboot.c32\n  APPEND xen.gz dom0_mem=1024M --- vmlinuz-grsec \
         root=/dev/sda3 elevator=noop quiet --- initramfs-grsec\n",
    ),
    (SYSCTL, "vm.overcommit_memory=2\n"),
];

/// Files, and what the kernel that runs goes by.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    files: BTreeMap<Cow<'static, str>, Cow<'static, [u8]>>,
    /// What the agent keeps of its own.
    kept: BTreeMap<String, Vec<u8>>,
    pub(super) has_swap: bool,
    pub(super) scheduler: &'static str,
    pub(super) overcommit: u8,
    ratio: u64,
    /// So many changes happen yet, before the power goes.
    changes_left: Option<usize>,
}

impl Settings {
    pub(super) fn of(release: &Release) -> Self {
        let files = if release.is_mitigated { MITIGATED } else { FILES };
        let files = files.map(|(path, text)| (Cow::from(path), Cow::from(text.as_bytes())));
        let mut settings = Self {
            files: BTreeMap::from(files),
            kept: BTreeMap::new(),
            has_swap: false,
            scheduler: "cfq",
            overcommit: 0,
            ratio: 50,
            changes_left: None,
        };
        settings.boot();
        settings
    }

    /// What the files say is so.
    pub(super) fn boot(&mut self) {
        self.has_swap = self.text(FSTAB).lines().any(|line| line.starts_with(SWAP));
        self.scheduler = if self.text(MENU).contains(" elevator=noop ") { "noop" } else { "cfq" };
        (self.overcommit, self.ratio) = (0, 50);
        self.read_sysctl();
    }

    fn text(&self, path: &str) -> String {
        let bytes = self.files.get(path).map(AsRef::as_ref).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn read_sysctl(&mut self) {
        for line in self.text(SYSCTL).lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            self.set(key.trim().trim_start_matches("vm."), value.trim());
        }
    }

    fn set(&mut self, key: &str, value: &str) {
        match key {
            "overcommit_memory" => self.overcommit = value.parse().unwrap_or(self.overcommit),
            "overcommit_ratio" => self.ratio = value.parse().unwrap_or(self.ratio),
            _ => {}
        }
    }

    /// One more change, unless the power is gone.
    fn change(&mut self) -> io::Result<()> {
        match &mut self.changes_left {
            Some(0) => Err(io::Error::other("the power is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// What the kernel shows of itself in a file.
fn shown(state: &State, path: &str) -> Option<String> {
    let settings = &state.settings;
    let text = match path {
        "/proc/sys/kernel/random/boot_id" => state.run.boot_id.to_string(),
        "/proc/sys/kernel/osrelease" => state.appliance.release.components().dom0_kernel?,
        "/proc/mounts" => "/dev/sda3 / ext4 rw 0 0".to_owned(),
        "/proc/swaps" => {
            let swap = format!("{SWAP} partition 524284 0 -1");
            format!(
                "Filename Type Size Used Priority\n{}",
                if settings.has_swap { swap } else { String::new() }
            )
        }
        "/proc/meminfo" => {
            let total = state.appliance.hardware.dom0_memory_bytes / 1024;
            let swap = if settings.has_swap { 524_284 } else { 0 };
            format!(
                "MemTotal: {total} kB\nMemFree: {0} kB\nMemAvailable: {0} kB\nSwapTotal: {swap} kB\n\
                 SwapFree: {swap} kB\nCommitted_AS: {1} kB",
                total / 2,
                total / 4
            )
        }
        DISK if settings.scheduler == "noop" => "[noop] deadline cfq".to_owned(),
        DISK => "noop deadline [cfq]".to_owned(),
        _ => match path.strip_prefix(VM)? {
            "overcommit_memory" => settings.overcommit.to_string(),
            "overcommit_ratio" => settings.ratio.to_string(),
            _ => return None,
        },
    };
    Some(text + "\n")
}

impl Host {
    /// A file of dom0's, as text.
    pub fn file(&self, path: &str) -> Option<String> {
        let state = self.state();
        state.settings.files.contains_key(path).then(|| state.settings.text(path))
    }

    /// Somebody writes a file of dom0's.
    pub fn write_file(&self, path: &str, text: &str) {
        let (path, bytes) = (Cow::from(path.to_owned()), Cow::from(text.as_bytes().to_vec()));
        self.state().settings.files.insert(path, bytes);
    }

    /// The vendor's tool writes the boot loader's menu anew, as it came.
    pub fn regenerate_menu(&self) {
        for (path, text) in FILES {
            if path == MENU {
                self.write_file(path, text);
            }
        }
    }

    /// The power goes in the middle of what the agent does to dom0's files and kernel, after so many
    /// changes; once.
    pub fn cut_power_after(&self, changes: usize) {
        self.state().settings.changes_left = Some(changes);
    }

    /// Whether the power is gone, of which the agent does not live to hear.
    pub(super) fn is_cut(&self) -> bool {
        self.state().settings.changes_left.take_if(|left| *left == 0).is_some()
    }
}

impl System for Host {
    fn is_live(&self) -> bool {
        true
    }

    fn release(&self) -> Option<String> {
        Some(Host::release(self).hypervisor.to_owned())
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let state = self.state();
        let shown = shown(&state, path).map(String::into_bytes);
        Ok(shown.or_else(|| state.settings.files.get(path).map(|bytes| bytes.to_vec())))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let fixed = match folder {
            "/sys/block" => "sda",
            "/etc/runlevels" => "boot",
            "/etc/runlevels/boot" => "swap",
            _ => {
                let prefix = format!("{folder}/");
                let state = self.state();
                let names =
                    state.settings.files.keys().filter_map(|path| path.strip_prefix(&prefix));
                return names.map(str::to_owned).collect();
            }
        };
        vec![fixed.to_owned()]
    }

    fn resolved(&self, path: &str) -> Option<String> {
        Some(path.to_owned())
    }

    fn obstacle(&self, _path: &str) -> Option<String> {
        None
    }

    fn replace(&self, path: &str, content: Option<&[u8]>, _is_program: bool) -> io::Result<()> {
        let mut state = self.state();
        state.settings.change()?;
        match content {
            Some(bytes) => {
                let path = Cow::from(path.to_owned());
                state.settings.files.insert(path, Cow::from(bytes.to_vec()));
            }
            None => _ = state.settings.files.remove(path),
        }
        Ok(())
    }

    fn set(&self, path: &str, value: &str) -> io::Result<()> {
        let mut state = self.state();
        state.settings.change()?;
        match (path, value) {
            (DISK, "noop") => state.settings.scheduler = "noop",
            (DISK, "cfq") => state.settings.scheduler = "cfq",
            (DISK, _) => return Err(io::ErrorKind::InvalidInput.into()),
            (path, value) => {
                let key = path.strip_prefix(VM).ok_or(io::ErrorKind::NotFound)?;
                state.settings.set(key, value);
            }
        }
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Dom0Error> {
        let mut state = self.state();
        let gone = |error: io::Error| Dom0Error::not_run(program, error.to_string());
        state.settings.change().map_err(gone)?;
        let fault = state.faults.iter().position(|(of, _)| *of == program);
        if fault.and_then(|at| state.faults.remove(at)).is_some() {
            return Err(Dom0Error::refused(program, "it was told to refuse"));
        }
        match (program, arguments) {
            ("swapoff", [SWAP]) => state.settings.has_swap = false,
            ("swapon", ["-a"]) => {
                let fstab = state.settings.text(FSTAB);
                state.settings.has_swap |= fstab.lines().any(|line| line.starts_with(SWAP));
            }
            ("sysctl", ["-p", SYSCTL]) => state.settings.read_sysctl(),
            _ => return Err(Dom0Error::not_run(program, "there is none")),
        }
        Ok(())
    }

    fn kept(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.state().settings.kept.get(name).cloned())
    }

    fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.settings.change()?;
        state.settings.kept.insert(name.to_owned(), content.to_vec());
        Ok(())
    }

    fn kept_names(&self) -> Vec<String> {
        self.state().settings.kept.keys().cloned().collect()
    }

    fn forget(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.settings.change()?;
        state.settings.kept.remove(name);
        Ok(())
    }
}
