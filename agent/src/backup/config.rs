//! A VM's configuration: which VM it is for and what it is made of, and the same text for disks that
//! are elsewhere.

use std::collections::BTreeMap;

use domfleet_shared::id::VmId;
use domfleet_shared::image::Format;
use domfleet_shared::xl_config::{ConfigError, Document, VmConfig};

/// What a text says; nothing where it names no VM.
pub(crate) fn parse(text: &str) -> Option<VmConfig> {
    VmConfig::of(&Document::read(text.as_bytes()).ok()?)
}

/// The text for a VM whose disks are elsewhere now: for some of them by number, from 0 on, where and
/// in which format. Its UUID is pinned.
pub(super) fn with_disks(
    text: &str,
    uuid: VmId,
    moved: impl Iterator<Item = (u32, String, Format)>,
) -> String {
    let moved: BTreeMap<u32, (String, String)> =
        moved.map(|(number, path, format)| (number, (path, format.to_string()))).collect();
    changed(text, uuid, |document| document.with_moved_disks(&moved)?.pinned(uuid, &[]))
}

/// The text after `change`. One that xl would not take either is kept, with its UUID said at the
/// end, for whoever mends it.
fn changed(
    text: &str,
    uuid: VmId,
    change: impl Fn(&Document) -> Result<Document, ConfigError>,
) -> String {
    match Document::parse(text.as_bytes()).and_then(|document| change(&document)) {
        Ok(document) => document.text().to_owned(),
        Err(_) => format!("{text}\nuuid = \"{uuid}\"\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PBX: &str = "name = 'pbx'\nmemory = 5\n\
        disk = [ '/vm/a.qcow2,qcow2,xvda,w', '/iso/x.iso,raw,hdc,ro' ]\n";

    #[test]
    fn a_disk_that_is_elsewhere_now_is_said_to_be_there_and_the_others_stay() {
        let uuid = VmId::new();
        let moved = [(0, "/dev/vg0/it's".to_owned(), Format::Raw)];

        let config = parse(&with_disks(PBX, uuid, moved.into_iter())).unwrap();

        assert_eq!(config.uuid, Some(uuid));
        assert_eq!(config.disks[0].target.as_deref(), Some("/dev/vg0/it's"));
        assert_eq!((config.disks[0].format.as_str(), config.disks[0].writable), ("raw", true));
        assert_eq!(config.disks[1], parse(PBX).unwrap().disks[1]);
    }

    #[test]
    fn a_text_that_xl_would_refuse_is_kept() {
        let uuid = VmId::new();

        let kept = with_disks("name = 'a'\nmemory = lots\n", uuid, std::iter::empty());

        assert!(kept.starts_with("name = 'a'\nmemory = lots\n"));
        assert_eq!(parse(&kept).unwrap().uuid, Some(uuid));
    }
}
