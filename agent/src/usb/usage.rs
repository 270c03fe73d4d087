//! Decides what a drive may be used for, from what was read of it.

use domfleet_shared::usb::{
    Content, ContentKind, DriveRecord, PartitionTable, Usage, UsbPartition,
};

use super::marker::Marker;
use super::table::Table;

/// What was read of a drive.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// Who works with it.
    pub(super) taken: Option<String>,
    /// Why it cannot be read, where it cannot.
    pub(super) unreadable: Option<String>,
    pub(super) table: &'a Table,
    /// What it holds where it is not divided.
    pub(super) content: Option<&'a Content>,
    pub(super) partitions: &'a [UsbPartition],
    /// Whether its first and its last megabyte are blank.
    pub(super) is_blank: bool,
    /// Whether its first megabyte is, but for what preparing has written by then.
    pub(super) begins_as_ours: bool,
    /// Whether the first bytes of each partition are, so that it holds no file system of a kind that
    /// nobody here knows.
    pub(super) are_partitions_blank: bool,
    pub(super) record: Option<&'a DriveRecord>,
    pub(super) marker: Option<&'a Marker>,
}

/// What the drive may be used for.
pub(super) fn usage(facts: &Facts<'_>) -> Usage {
    if let Some(reason) = &facts.taken {
        return Usage::System { reason: reason.clone() };
    }
    let contents = || {
        let divided = facts.partitions.iter().filter_map(|partition| partition.content.as_ref());
        facts.content.into_iter().chain(divided)
    };
    // Guests' disks, or dom0's own: a volume group is put together again when it is activated.
    if let Some(pv) = contents().find(|content| content.kind == ContentKind::LvmPv) {
        let uuid = pv.uuid.as_deref().unwrap_or("without a UUID");
        return Usage::System { reason: format!("it holds the LVM physical volume {uuid}") };
    }
    if let Some(drive) = facts.record.and_then(|record| record.identity.drive) {
        return Usage::Ours { drive };
    }
    if let Some(why) = &facts.unreadable {
        return Usage::Foreign { what: format!("something that cannot be read: {why}") };
    }
    if let Some(marker) = facts.marker.filter(|marker| is_unfinished(facts, marker)) {
        return Usage::Unfinished { drive: marker.drive };
    }
    let is_divided = facts.table.kind != PartitionTable::None;
    let is_empty = match facts.content {
        Some(_) => false,
        // A table without partitions holds nothing; but one that is damaged has none either.
        None if is_divided => {
            facts.partitions.is_empty()
                && (facts.table.kind == PartitionTable::Mbr || facts.table.disk.is_some())
        }
        None => facts.is_blank,
    };
    if is_empty { Usage::Empty } else { Usage::Foreign { what: what(facts) } }
}

/// A marker alone is no consent: a drive whose preparation was cut short may have been put to
/// another use since, and what is before its first partition outlives that. So all else must be as
/// preparing leaves it.
fn is_unfinished(facts: &Facts<'_>, marker: &Marker) -> bool {
    match (facts.table.kind, facts.partitions) {
        (PartitionTable::None, _) => facts.content.is_none() && facts.begins_as_ours,
        (PartitionTable::Gpt, [only]) => {
            let is_ours = facts.table.disk == Some(marker.disk)
                && only.uuid.as_deref() == Some(&marker.partition.to_string());
            let holds_ours = match &only.content {
                None => facts.are_partitions_blank,
                Some(content) => content.uuid.as_deref() == Some(&marker.file_system.to_string()),
            };
            is_ours && holds_ours && facts.content.is_none()
        }
        _ => false,
    }
}

/// For people.
fn what(facts: &Facts<'_>) -> String {
    let describe = |content: &Content| {
        let name = content.kind.name();
        let label = content.label.as_ref().map(|label| format!(" “{label}”"));
        name.to_owned() + &label.unwrap_or_default()
    };
    if let Some(content) = facts.content {
        return describe(content);
    }
    if facts.table.kind == PartitionTable::None {
        return "data that nobody here knows".to_owned();
    }
    let parts: Vec<_> = facts
        .partitions
        .iter()
        .map(|part| part.content.as_ref().map_or_else(|| "unknown".to_owned(), describe))
        .collect();
    match parts.as_slice() {
        [] => "a damaged partition table".to_owned(),
        [one] => format!("a partition: {one}"),
        several => format!("{} partitions: {}", several.len(), several.join(", ")),
    }
}
