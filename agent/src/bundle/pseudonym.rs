//! Puts other names in the place of names that tell who and where: addresses, hosts, VMs, telephone numbers.
//!
//! One name has one pseudonym in every bundle of an appliance, so that what happened to one thing can be followed;
//! it comes from a key that stays on the appliance.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::storage::{Files, record};

const KEY: &str = "pseudonyms.json";
/// A shorter name would be found within ordinary words.
const NAME_AT_LEAST: usize = 3;

/// How much a bundle tells of who and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// No secrets; everything else as it is.
    #[default]
    Secrets,
    /// No secrets, and pseudonyms for addresses, hosts, VMs and telephone numbers.
    Pseudonyms,
}

/// What stands for a kind of name.
struct Kind {
    word: &'static str,
    regex: Regex,
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let octet = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
    [
        ("sip", r"\bsips?:[\w.+\-]+(?:@[\w.\-:]+)?"),
        ("mac", r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b"),
        ("ip", &format!(r"\b(?:{octet}\.){{3}}{octet}\b")),
        ("ip", r"\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b"),
        ("ip", r"\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b"),
        ("phone", r"\btel:[+0-9][0-9().\-]{4,}"),
        ("phone", r"\+[1-9][0-9]{7,14}\b"),
    ]
    .into_iter()
    .filter_map(|(word, pattern)| {
        let regex =
            RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build().ok()?;
        Some(Kind { word, regex })
    })
    .collect()
});

/// Names that half of all boxes have are words of every log.
const ORDINARY: [&str; 14] = [
    "xen",
    "dom0",
    "domain",
    "localhost",
    "localdomain",
    "linux",
    "alpine",
    "kernel",
    "qemu",
    "root",
    "disk",
    "test",
    "server",
    "system",
];

/// Addresses that are the same everywhere tell nothing, and are missed where they are not there.
const COMMON: [&[u8]; 8] = [
    b"127.0.0.1",
    b"0.0.0.0",
    b"255.255.255.255",
    b"255.255.255.0",
    b"255.255.0.0",
    b"ff:ff:ff:ff:ff:ff",
    b"00:00:00:00:00:00",
    b"fe:ff:ff:ff:ff:ff",
];

/// The pseudonyms of an appliance.
#[derive(Debug)]
pub struct Pseudonyms {
    key: [u8; 32],
    names: Vec<(&'static str, Regex)>,
}

impl Pseudonyms {
    /// Those of the appliance whose files these are, with a key that is made where there is none.
    pub async fn of(files: &impl Files) -> std::io::Result<Self> {
        let known = record::load::<[u8; 32]>(files, KEY).await.ok().flatten();
        let key = if let Some(key) = known {
            key
        } else {
            let key: [u8; 32] = rand::random();
            record::store(files, KEY, &key).await.map_err(std::io::Error::other)?;
            key
        };
        Ok(Self { key, names: Vec::new() })
    }

    /// From now on these have pseudonyms, too, wherever they stand as a word. `word` says what they are.
    pub fn learn<'n>(&mut self, word: &'static str, names: impl IntoIterator<Item = &'n str>) {
        let mut names: Vec<&str> =
            names.into_iter().filter(|name| name.chars().count() >= NAME_AT_LEAST).collect();
        names.retain(|name| !ORDINARY.iter().any(|word| name.eq_ignore_ascii_case(word)));
        // Of two that begin alike the longer one.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        if names.is_empty() {
            return;
        }
        let any = names.into_iter().map(regex::escape).collect::<Vec<_>>().join("|");
        let pattern = format!(r"(?P<before>^|[^0-9A-Za-z])(?P<name>{any})(?P<after>\b|$)");
        let regex = RegexBuilder::new(&pattern).case_insensitive(true).unicode(false).build();
        self.names.extend(regex.ok().map(|regex| (word, regex)));
    }

    /// `text` with pseudonyms.
    pub fn replaced(&self, text: &[u8]) -> Vec<u8> {
        let mut text = Cow::Borrowed(text);
        for kind in KINDS.iter() {
            let replace = |found: &Captures<'_>| {
                let name = found.get(0).map_or(b"".as_slice(), |whole| whole.as_bytes());
                if COMMON.contains(&name.to_ascii_lowercase().as_slice()) {
                    return name.to_vec();
                }
                self.stand_in(kind.word, name)
            };
            if let Cow::Owned(changed) = kind.regex.replace_all(&text, replace) {
                text = Cow::Owned(changed);
            }
        }
        for (word, regex) in &self.names {
            let replace = |found: &Captures<'_>| {
                let part = |of: &str| found.name(of).map_or(b"".as_slice(), |part| part.as_bytes());
                let mut replaced = part("before").to_vec();
                replaced.extend(self.stand_in(word, part("name")));
                replaced
            };
            if let Cow::Owned(changed) = regex.replace_all(&text, replace) {
                text = Cow::Owned(changed);
            }
        }
        text.into_owned()
    }

    fn stand_in(&self, word: &str, name: &[u8]) -> Vec<u8> {
        let hash = blake3::keyed_hash(&self.key, &name.to_ascii_lowercase()).to_hex();
        format!("{word}-{}", hash.get(..8).unwrap_or_default()).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    async fn pseudonyms(files: &Memory) -> Pseudonyms {
        let mut pseudonyms = Pseudonyms::of(files).await.unwrap();
        pseudonyms.learn("vm", ["pbx", "pbx-two", "dc"]);
        pseudonyms.learn("host", ["xen.office.example", "Xen"]);
        pseudonyms
    }

    fn text(pseudonyms: &Pseudonyms, text: &str) -> String {
        String::from_utf8(pseudonyms.replaced(text.as_bytes())).unwrap()
    }

    #[tokio::test]
    async fn who_and_where_are_told_by_pseudonyms() {
        let all = pseudonyms(&Memory::default()).await;
        for named in [
            "from 192.168.7.31 port 22",
            "addr 2001:db8:1:2:3:4:5:6 here",
            "addr fe80::21b:21ff:fe3a:9c01 here",
            "hwaddr 00:1B:21:3a:9c:01",
            "INVITE sip:+4930123456@pbx.office.example SIP/2.0",
            "call to tel:030-123456",
            "dialled +493012345678 twice",
            "guest-pbx-two.log",
            "xen.office.example kernel",
        ] {
            let told = text(&all, named);
            for part in
                ["192.168", "2001:db8", "fe80", "1B:21", "123456", "12345678", "pbx", "office"]
            {
                assert!(!told.contains(part), "{named}: {told}");
            }
        }
    }

    #[tokio::test]
    async fn what_tells_nothing_stays() {
        let all = pseudonyms(&Memory::default()).await;
        for same in [
            "listening on 127.0.0.1:80 netmask 255.255.255.0",
            "[    1.234567] usb 1-1: new high-speed USB device number 2",
            "Linux version 6.1.0-13-amd64, Xen 4.17.7",
            "ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen",
            "at 12:34:56 the dc line",
            "subpbxes",
            "xen: Xen version 4.17",
        ] {
            assert_eq!(text(&all, same), same);
        }
    }

    #[tokio::test]
    async fn one_name_has_one_pseudonym_for_ever_and_another_on_another_appliance() {
        let files = Memory::default();
        let told = text(&pseudonyms(&files).await, "192.168.7.31 00:1b:21:3a:9c:01");

        assert_eq!(text(&pseudonyms(&files).await, "192.168.7.31 00:1B:21:3A:9C:01"), told);
        assert_ne!(
            text(&pseudonyms(&Memory::default()).await, "192.168.7.31 00:1b:21:3a:9c:01"),
            told
        );
    }
}
