//! Disks and network cards, as one text each (xl-disk-configuration(5),
//! xl-network-configuration(5)).

/// A disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Its name in the guest.
    pub vdev: String,
    /// A file or a block device in dom0; nothing for an empty drive.
    pub target: Option<String>,
    /// `raw` where nothing is said.
    pub format: String,
    /// Whether the guest may write.
    pub writable: bool,
    /// Whether it is a CD drive.
    pub cdrom: bool,
    /// A program of dom0's that attaches it.
    pub script: Option<String>,
}

/// Words that stand before a target in old configurations, and mean nothing.
const PREFIXES: [&str; 7] = ["phy:", "file:", "tap:", "tap2:", "tapdisk:", "aio:", "ioemu:"];
/// Those that name a format.
const FORMATS: [&str; 5] = ["raw", "qcow", "qcow2", "vhd", "qed"];
/// Those that name a program.
const SCRIPTS: [&str; 4] = ["iscsi:", "nbd:", "enbd:", "drbd:"];

impl Disk {
    /// `target,format,vdev,access` by place, keys anywhere, `target=` last and with the rest of the
    /// text.
    pub fn parse(spec: &str) -> Self {
        let mut reading = Reading { disk: Self { writable: true, ..Self::default() }, place: 0 };
        let mut rest = spec.trim_start();
        while !rest.is_empty() {
            if let Some(target) = rest.strip_prefix("target=") {
                let target = target.strip_suffix(',').unwrap_or(target).trim_end();
                reading.disk.target = Some(target.to_owned());
                break;
            }
            if let Some(after) = reading.prefix(rest) {
                rest = after;
                continue;
            }
            let (field, after) = rest.split_once(',').unwrap_or((rest, ""));
            reading.field(field.trim_end());
            rest = after.trim_start();
        }
        let Self { target, format, .. } = &mut reading.disk;
        *target = target.take().filter(|target| !target.is_empty());
        if format.is_empty() {
            "raw".clone_into(format);
        }
        reading.disk
    }
}

struct Reading {
    disk: Disk,
    /// How many of target, format, vdev and access were given by their place.
    place: usize,
}

impl Reading {
    fn prefix<'a>(&mut self, rest: &'a str) -> Option<&'a str> {
        if self.place > 0 || self.disk.target.is_some() {
            return None;
        }
        let (word, after) = rest.split_once(':')?;
        if PREFIXES.contains(&&*format!("{word}:")) {
            self.name_format("raw");
        } else if FORMATS.contains(&word) {
            self.disk.format.clear();
            self.name_format(word);
        } else if SCRIPTS.contains(&&*format!("{word}:")) {
            self.disk.script = Some(format!("block-{word}"));
            self.name_format("raw");
        } else {
            return None;
        }
        Some(after)
    }

    fn name_format(&mut self, format: &str) {
        if self.disk.format.is_empty() {
            format.clone_into(&mut self.disk.format);
        }
    }

    fn field(&mut self, field: &str) {
        match field {
            "cdrom" => return self.disk.cdrom = true,
            "direct-io-safe" | "discard" | "no-discard" | "colo" | "no-colo" | "trusted"
            | "untrusted" => return,
            _ => {}
        }
        let Some((key, value)) = field.split_once('=') else { return self.by_place(field) };
        match key.trim_end() {
            "format" if !value.is_empty() => value.clone_into(&mut self.disk.format),
            "vdev" => self.set_vdev(value),
            "access" => self.set_access(value),
            "devtype" => self.disk.cdrom = value == "cdrom",
            "script" => self.disk.script = Some(value.to_owned()),
            _ => {}
        }
    }

    fn by_place(&mut self, field: &str) {
        if self.place == 0 && self.disk.target.is_none() {
            self.disk.target = Some(field.to_owned());
            self.place = 1;
        } else if self.place <= 1 && self.disk.format.is_empty() {
            self.place = 2;
            if field.is_empty() || FORMATS.contains(&field) {
                self.disk.format = if field.is_empty() { "raw".into() } else { field.into() };
            } else {
                // The oldest form has no format between target and name.
                self.disk.format = "raw".into();
                self.by_place(field);
            }
        } else if self.disk.vdev.is_empty() {
            self.set_vdev(field);
        } else {
            self.set_access(field);
        }
    }

    fn set_vdev(&mut self, field: &str) {
        let (vdev, kind) = field.split_once(':').unwrap_or((field, ""));
        self.disk.cdrom |= kind == "cdrom";
        vdev.clone_into(&mut self.disk.vdev);
    }

    fn set_access(&mut self, access: &str) {
        self.disk.writable = !matches!(access, "r" | "ro");
    }
}

/// A network card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nic {
    /// Its address, lower case.
    pub mac: Option<String>,
    /// dom0's bridge.
    pub bridge: Option<String>,
    /// A program of dom0's that attaches it.
    pub script: Option<String>,
}

impl Nic {
    /// `key=value,…`.
    pub fn parse(spec: &str) -> Self {
        let mut nic = Self::default();
        for (key, value) in spec.split(',').filter_map(|field| field.split_once('=')) {
            let value = value.trim();
            match key.trim() {
                "mac" => nic.mac = Some(value.to_lowercase()),
                "bridge" => nic.bridge = Some(value.to_owned()),
                "script" => nic.script = Some(value.to_owned()),
                _ => {}
            }
        }
        nic
    }
}
