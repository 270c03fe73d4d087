//! A configuration with one thing said otherwise, and one from a form.

use std::collections::BTreeMap;

use super::document::{Document, Item, Value};
use super::error::ConfigError;
use crate::id::VmId;
use crate::operation::vm::{NewDisk, NewNic, VmForm, VmType};

/// A disk whose target is known.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// What was asked for.
    pub disk: &'a NewDisk,
    /// Where it is in dom0; nothing for an empty drive.
    pub target: Option<&'a str>,
}

impl Document {
    /// The same, with `key` said as `raw`, which is a value as it is written. Everything else stays
    /// as it is, byte by byte.
    pub fn with(&self, key: &str, raw: &str) -> Result<Self, ConfigError> {
        let mut spans: Vec<_> = self.settings.iter().filter(|setting| setting.key == key).collect();
        let Some(last) = spans.pop() else {
            let mut text = self.text.clone();
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.extend([key, " = ", raw, "\n"]);
            return Self::parse(text.as_bytes());
        };
        let mut text = self.text.clone();
        if last.adds {
            text.replace_range(last.span.clone(), &format!("{key} = {raw}"));
        } else {
            text.replace_range(last.value_span.clone(), raw);
        }
        // Whatever was said before counts no more; left out, it misleads nobody.
        for before in spans.iter().rev() {
            text.replace_range(before.span.clone(), "");
        }
        Self::parse(text.as_bytes())
    }

    /// The same, with that text for `key`.
    pub fn with_text(&self, key: &str, value: &str) -> Result<Self, ConfigError> {
        self.with(key, &quoted(value))
    }

    /// The same, with the UUID and the address of every card written into it: without them, `xl`
    /// makes up new ones at each start, and a guest's licence or DHCP lease goes with them. A card
    /// that says its address keeps it; the others get those of `macs`, in order of the cards.
    pub fn pinned(&self, uuid: VmId, macs: &[String]) -> Result<Self, ConfigError> {
        let said = self.atom("uuid").and_then(|said| said.parse().ok());
        let pinned = if said == Some(uuid) {
            self.clone()
        } else {
            self.with_text("uuid", &uuid.to_string())?
        };
        let cards = pinned.list("vif");
        let mac_of = |item: &Item| match &item.value {
            Value::Atom(spec) => super::Nic::parse(spec).mac,
            Value::List(_) => None,
        };
        if cards.iter().all(|card| mac_of(card).is_some()) {
            return Ok(pinned);
        }
        let cards = cards.iter().zip(0..).map(|(card, at): (&Item, usize)| match &card.value {
            Value::Atom(spec) if mac_of(card).is_none() => match macs.get(at) {
                Some(mac) if spec.trim().is_empty() => quoted(&format!("mac={mac}")),
                Some(mac) => quoted(&format!("{spec},mac={mac}")),
                None => card.raw.clone(),
            },
            _ => card.raw.clone(),
        });
        pinned.with("vif", &listed(cards))
    }

    /// The same for another VM: with that name, that UUID, and those addresses for its cards, in their
    /// order, in place of what they say.
    pub fn with_identity(
        &self,
        name: &str,
        uuid: VmId,
        macs: &[String],
    ) -> Result<Self, ConfigError> {
        let named = self.with_text("name", name)?.with_text("uuid", &uuid.to_string())?;
        let cards = named.list("vif");
        if cards.is_empty() {
            return Ok(named);
        }
        let cards = cards.iter().zip(0..).map(|(card, at): (&Item, usize)| {
            match (&card.value, macs.get(at)) {
                (Value::Atom(spec), Some(mac)) => quoted(&with_mac(spec, mac)),
                _ => card.raw.clone(),
            }
        });
        named.with("vif", &listed(cards))
    }

    /// The same, without the disks that `removed` names and with `added` after those that stay.
    pub fn with_disks(
        &self,
        removed: &[String],
        added: &[Placed<'_>],
    ) -> Result<Self, ConfigError> {
        let stays = |item: &Item| match &item.value {
            Value::Atom(spec) => !removed.contains(&super::Disk::parse(spec).vdev),
            Value::List(_) => true,
        };
        let kept = self.list("disk").into_iter().filter(stays).map(|item| item.raw);
        self.with("disk", &listed(kept.chain(added.iter().map(Placed::written))))
    }

    /// The same, with some disks, by their number from 0 on, elsewhere: at that path, in that
    /// format. Their names and whether they can be written to stay.
    pub fn with_moved_disks(
        &self,
        moved: &BTreeMap<u32, (String, String)>,
    ) -> Result<Self, ConfigError> {
        let written = |(number, item): (u32, Item)| match (moved.get(&number), &item.value) {
            (Some((path, format)), Value::Atom(spec)) => {
                let super::Disk { vdev, writable, .. } = super::Disk::parse(spec);
                let access = if writable { "rw" } else { "ro" };
                quoted(&format!("format={format}, vdev={vdev}, access={access}, target={path}"))
            }
            _ => item.raw,
        };
        self.with("disk", &listed((0..).zip(self.list("disk")).map(written)))
    }

    /// The same, without the cards whose addresses `removed` names and with `added` after those
    /// that stay.
    pub fn with_nics(&self, removed: &[String], added: &[NewNic]) -> Result<Self, ConfigError> {
        let is_removed =
            |mac: &str| removed.iter().any(|removed| removed.eq_ignore_ascii_case(mac));
        let stays = |item: &Item| match &item.value {
            Value::Atom(spec) => super::Nic::parse(spec).mac.is_none_or(|mac| !is_removed(&mac)),
            Value::List(_) => true,
        };
        let kept = self.list("vif").into_iter().filter(stays).map(|item| item.raw);
        self.with("vif", &listed(kept.chain(added.iter().map(card))))
    }
}

/// The configuration that a form describes, its identity not yet pinned.
pub fn from_form(form: &VmForm, disks: &[Placed<'_>]) -> Result<Document, ConfigError> {
    let mut lines = vec![format!("name = {}", quoted(&form.name))];
    match form.vm_type {
        VmType::Pv => lines.push("type = \"pv\"".into()),
        VmType::Pvh => lines.push("type = \"pvh\"".into()),
        // Before Xen 4.10 it was called so, and says the same since.
        VmType::Hvm => lines.extend(["type = \"hvm\"".into(), "builder = \"hvm\"".into()]),
    }
    lines.push(format!("memory = {}", form.memory_mib));
    lines.push(format!("vcpus = {}", form.vcpus));
    let mut text = |key: &str, value: &Option<String>| {
        lines.extend(value.as_ref().map(|value| format!("{key} = {}", quoted(value))));
    };
    text("kernel", &form.kernel);
    text("ramdisk", &form.ramdisk);
    text("cmdline", &form.cmdline);
    text("boot", &form.boot);
    if form.vm_type != VmType::Hvm && form.kernel.is_none() {
        lines.push("bootloader = \"pygrub\"".into());
    }
    if form.vm_type == VmType::Hvm {
        // A screen that nobody but dom0 can reach, and a serial port whose output is kept.
        lines.extend([
            "vnc = 1".into(),
            "vnclisten = \"127.0.0.1\"".into(),
            "serial = \"pty\"".into(),
        ]);
    }
    if form.uefi {
        lines.push("bios = \"ovmf\"".into());
    }
    lines.push(format!("disk = {}", listed(disks.iter().map(Placed::written))));
    lines.push(format!("vif = {}", listed(form.nics.iter().map(card))));
    Document::parse((lines.join("\n") + "\n").as_bytes())
}

impl Placed<'_> {
    /// As a text in quotes. `target=` comes last, because it takes the rest.
    fn written(&self) -> String {
        let NewDisk { vdev, format, .. } = self.disk;
        let Some(target) = self.target else {
            // The form that every xl takes.
            return quoted(&format!(",{vdev}:cdrom,r"));
        };
        let access = if self.disk.writable && !self.disk.cdrom { "rw" } else { "ro" };
        let cdrom = if self.disk.cdrom { "devtype=cdrom, " } else { "" };
        let format = format.as_str();
        quoted(&format!("format={format}, vdev={vdev}, access={access}, {cdrom}target={target}"))
    }
}

/// A card with that address, and else as it is.
fn with_mac(spec: &str, mac: &str) -> String {
    let is_mac = |field: &str| field.split_once('=').is_some_and(|(key, _)| key.trim() == "mac");
    let others = spec.split(',').filter(|field| !is_mac(field) && !field.trim().is_empty());
    others.chain([format!("mac={mac}").as_str()]).collect::<Vec<_>>().join(",")
}

fn card(nic: &NewNic) -> String {
    let fields = [("mac", &nic.mac), ("bridge", &nic.bridge), ("model", &nic.model)];
    let fields: Vec<String> = fields
        .iter()
        .filter_map(|(key, value)| value.as_ref().map(|value| format!("{key}={value}")))
        .collect();
    quoted(&fields.join(","))
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "[ ]".into() } else { format!("[ {} ]", items.join(",\n    ")) }
}

/// In quotes, with whatever could end them escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            control if control.is_ascii_control() => {
                quoted.extend(["\\x".to_owned(), format!("{:02x}", u32::from(control))]);
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
