//! What LVM2's tools are asked and what they answer: JSON, whose values are all texts.

use std::collections::BTreeSet;

use domfleet_shared::id::OperationId;
use domfleet_shared::inventory::{Storage, Volume, VolumeGroup};
use serde::Deserialize;

use crate::dom0::DiskSnapshot;
use crate::dom0::snapshots::{BACKUP_TAG, ON_SITE_TAG};
use crate::dom0::step::{MANAGED_TAG, operation_tag};

const LV_FIELDS: &str = "lv_uuid,lv_name,vg_name,lv_size,lv_attr,lv_path,lv_tags,origin,\
     data_percent,metadata_percent,pool_lv,segtype";
const VG_FIELDS: &str = "vg_name,vg_uuid,vg_size,vg_free,vg_extent_size";
const PV_FIELDS: &str = "pv_name,pv_uuid,dev_size,pe_start,pv_size,pv_used,pv_missing,vg_name";

/// A query whose answer is exact: bytes, no units, JSON.
pub(super) fn query(fields: &'static str) -> Vec<&'static str> {
    vec!["--reportformat", "json", "--units", "b", "--nosuffix", "-o", fields]
}

pub(crate) fn volumes_query() -> Vec<&'static str> {
    query(LV_FIELDS)
}

pub(crate) fn groups_query() -> Vec<&'static str> {
    query(VG_FIELDS)
}

pub(super) fn physical_query() -> Vec<&'static str> {
    query(PV_FIELDS)
}

/// So that a report neither waits for a lock nor writes, on a system that may be half dead.
pub(super) const READ_ONLY: [&str; 3] = ["--nolocking", "--config", "global{metadata_read_only=1}"];

/// A volume to be made, with both of our tags.
#[derive(Clone, Copy, Debug)]
pub(super) struct New<'a> {
    pub(super) operation: OperationId,
    pub(super) group: &'a str,
    pub(super) name: &'a str,
}

impl New<'_> {
    /// What makes it as a volume, thick or in a thin pool.
    pub(super) fn volume(self, size_bytes: u64, thin_pool: Option<&str>) -> Vec<String> {
        // `-Wn`: wiping signatures may prompt.
        let mut arguments = texts(&["-y", "-Wn", "-n", self.name]);
        match thin_pool {
            Some(pool) => arguments.extend(texts(&["--type", "thin", "--thinpool", pool, "-V"])),
            None => arguments.push("-L".to_owned()),
        }
        arguments.push(format!("{size_bytes}b"));
        self.tagged(arguments)
    }

    /// What makes it as a thin pool.
    pub(super) fn pool(self, size_bytes: u64, metadata_bytes: Option<u64>) -> Vec<String> {
        let mut arguments = texts(&["-y", "--type", "thin-pool", "-n", self.name, "-L"]);
        arguments.push(format!("{size_bytes}b"));
        if let Some(bytes) = metadata_bytes {
            arguments.extend(["--poolmetadatasize".to_owned(), format!("{bytes}b")]);
        }
        self.tagged(arguments)
    }

    fn tagged(self, mut arguments: Vec<String>) -> Vec<String> {
        arguments.extend(tags(self.operation));
        arguments.push(self.group.to_owned());
        arguments
    }
}

pub(super) fn snapshot(
    operation: OperationId,
    origin: &str,
    name: &str,
    size_bytes: Option<u64>,
) -> Vec<String> {
    let mut arguments = texts(&["-y", "-s", "-n", name]);
    if let Some(size_bytes) = size_bytes {
        arguments.extend(["-L".to_owned(), format!("{size_bytes}b")]);
    }
    arguments.extend(tags(operation));
    arguments.push(origin.to_owned());
    arguments
}

/// What makes a snapshot for a backup: nobody writes to it, and it is active, which thin ones are not by
/// themselves.
pub(super) fn backup_snapshot(
    (operation, on_site): (OperationId, bool),
    disk: &DiskSnapshot,
) -> Vec<String> {
    let DiskSnapshot { volume_group, origin, name, size_bytes, .. } = disk;
    let origin = format!("{volume_group}/{origin}");
    let mut arguments = snapshot(operation, &origin, name, *size_bytes);
    let origin = arguments.pop();
    arguments.extend(texts(&["--addtag", BACKUP_TAG, "-pr", "-kn"]));
    if on_site {
        arguments.extend(texts(&["--addtag", ON_SITE_TAG]));
    }
    arguments.extend(origin);
    arguments
}

fn tags(operation: OperationId) -> [String; 4] {
    ["--addtag".into(), MANAGED_TAG.into(), "--addtag".into(), operation_tag(operation)]
}

fn texts(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}

#[derive(Deserialize)]
struct Answer {
    report: Vec<Report>,
}

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    lv: Vec<Lv>,
    #[serde(default)]
    vg: Vec<Vg>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "LVM's own names")]
struct Lv {
    lv_uuid: String,
    lv_name: String,
    vg_name: String,
    lv_size: String,
    lv_attr: String,
    lv_tags: String,
    origin: String,
    data_percent: String,
    metadata_percent: Option<String>,
    pool_lv: Option<String>,
    segtype: String,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "LVM's own names")]
struct Vg {
    vg_name: String,
    vg_uuid: String,
    vg_size: String,
    vg_free: String,
    vg_extent_size: String,
}

/// The storage that the answers to [`volumes_query`] and [`groups_query`] describe.
pub(crate) fn storage(volumes: &[u8], groups: &[u8]) -> Result<Storage, serde_json::Error> {
    let volumes: Answer = serde_json::from_slice(volumes)?;
    let groups: Answer = serde_json::from_slice(groups)?;
    let lvs = volumes.report.into_iter().flat_map(|report| report.lv);
    let vgs = groups.report.into_iter().flat_map(|report| report.vg);
    let mut storage = Storage {
        volume_groups: vgs.map(VolumeGroup::from).collect(),
        volumes: lvs.map(Volume::from).collect(),
    };
    storage.volume_groups.sort_by(|a, b| a.name.cmp(&b.name));
    storage.volumes.sort_by(|a, b| (&a.volume_group, &a.name).cmp(&(&b.volume_group, &b.name)));
    Ok(storage)
}

impl From<Vg> for VolumeGroup {
    fn from(vg: Vg) -> Self {
        Self {
            uuid: vg.vg_uuid,
            name: vg.vg_name,
            size_bytes: vg.vg_size.parse().unwrap_or(0),
            free_bytes: vg.vg_free.parse().unwrap_or(0),
            extent_bytes: vg.vg_extent_size.parse().unwrap_or(0),
        }
    }
}

impl From<Lv> for Volume {
    fn from(lv: Lv) -> Self {
        let tags: BTreeSet<String> =
            lv.lv_tags.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        Self {
            managed: tags.contains(MANAGED_TAG),
            tags,
            lv_uuid: lv.lv_uuid,
            name: lv.lv_name,
            volume_group: lv.vg_name,
            size_bytes: lv.lv_size.parse().unwrap_or(0),
            attributes: lv.lv_attr,
            segment_type: lv.segtype,
            origin: Some(lv.origin).filter(|origin| !origin.is_empty()),
            data_basis_points: basis_points(&lv.data_percent),
            metadata_basis_points: lv.metadata_percent.as_deref().and_then(basis_points),
            pool: lv.pool_lv.filter(|pool| !pool.is_empty()),
        }
    }
}

/// `12.56` is 1256 hundredths of a percent.
fn basis_points(percent: &str) -> Option<u32> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
    let hundredths: String = part.chars().chain("00".chars()).take(2).collect();
    Some(whole.parse::<u32>().ok()? * 100 + hundredths.parse::<u32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> Storage {
        storage(
            include_bytes!("../../../testdata/xen-4.17/lvs.json"),
            include_bytes!("../../../testdata/xen-4.17/vgs.json"),
        )
        .unwrap()
    }

    #[test]
    fn recorded_volumes_are_read_with_origin_fill_and_tags() {
        let storage = recorded();
        let named = |name: &str| storage.volumes.iter().find(|v| v.name == name).unwrap();

        assert_eq!(named("thick1.snap").origin.as_deref(), Some("thick1"));
        assert_eq!(named("thick1.snap").data_basis_points, Some(1256));
        assert_eq!(named("thick1").data_basis_points, None);
        assert!(named("thick1").tags.contains("domfleet.role.disk"));
        assert!(!named("thick1").managed);
        assert_eq!(named("thin1").segment_type, "thin");
        assert_eq!(storage.volume_groups[0].name, "vg0");
        assert!(storage.volume_groups[0].extent_bytes > 0);
    }

    #[test]
    fn what_we_create_carries_both_of_our_tags() {
        let operation = OperationId::new();

        let new = New { operation, group: "vg0", name: "data" };
        for arguments in
            [new.volume(4096, None), new.volume(4096, Some("pool0")), new.pool(4096, Some(4096))]
        {
            assert!(arguments.contains(&MANAGED_TAG.to_owned()));
            assert!(arguments.contains(&operation_tag(operation)));
            assert_eq!(arguments.last().map(String::as_str), Some("vg0"));
        }
    }

    #[test]
    fn a_snapshot_for_a_backup_is_read_only_active_and_carries_all_of_its_tags() {
        let operation = OperationId::new();
        let disk = DiskSnapshot {
            origin_uuid: "uuid".into(),
            volume_group: "vg0".into(),
            origin: "root".into(),
            name: "backup-1".into(),
            size_bytes: Some(4096),
        };

        let thick = backup_snapshot((operation, false), &disk);
        let thin = backup_snapshot((operation, true), &DiskSnapshot { size_bytes: None, ..disk });

        for arguments in [&thick, &thin] {
            let said = arguments.join(" ");
            for part in [MANAGED_TAG, &operation_tag(operation), BACKUP_TAG, "-pr", "-kn"] {
                assert!(arguments.contains(&part.to_owned()), "{said}");
            }
            assert!(said.ends_with(" vg0/root"), "{said}");
        }
        assert!(thick.contains(&"4096b".to_owned()) && !thin.contains(&"-L".to_owned()));
        let is_on_site = |arguments: &[String]| arguments.contains(&ON_SITE_TAG.to_owned());
        assert!(!is_on_site(&thick) && is_on_site(&thin));
    }

    #[test]
    fn other_text_than_json_is_an_error_and_no_empty_storage() {
        assert!(storage(b"  WARNING: device for PV x not found", b"{}").is_err());
    }
}
