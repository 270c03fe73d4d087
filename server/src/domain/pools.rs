//! Thin pools that fill up. A full one stops every VM that writes to it, and can destroy their file
//! systems, so that somebody must hear of it in time.

use domfleet_shared::inventory::{Storage, Volume};

/// From here on somebody should make room, in hundredths of a percent.
const FILLING: u32 = 8_000;
/// From here on it is urgent.
const FULL: u32 = 9_500;
/// An alarm ends only so far below where it began: what goes to and fro says nothing new.
const MARGIN: u32 = 300;

/// How a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Fine,
    Filling,
    Full,
}

/// A pool that somebody must hear of, or no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool<'a> {
    pub volume: &'a Volume,
    pub level: Level,
    /// For people.
    pub message: String,
}

/// Every thin pool. `was` says how one was, by its `lv_uuid`.
pub fn pools<'a>(storage: &'a Storage, was: impl Fn(&str) -> Level) -> Vec<Pool<'a>> {
    let is_pool = |volume: &&Volume| volume.segment_type == "thin-pool";
    let pool = |volume: &'a Volume| {
        let data = volume.data_basis_points.unwrap_or(0);
        let metadata = volume.metadata_basis_points.unwrap_or(0);
        let level = level(data.max(metadata), was(&volume.lv_uuid));
        let (group, name) = (&volume.volume_group, &volume.name);
        let message = format!(
            "the thin pool {group}/{name} is filling up: its data to {} %, its metadata to {} %; \
             grow it, or remove what is not needed",
            data / 100,
            metadata / 100
        );
        Pool { volume, level, message }
    };
    storage.volumes.iter().filter(is_pool).map(pool).collect()
}

fn level(fill: u32, was: Level) -> Level {
    let reaches = |bound: u32, level: Level| {
        fill >= if was >= level { bound.saturating_sub(MARGIN) } else { bound }
    };
    if reaches(FULL, Level::Full) {
        Level::Full
    } else if reaches(FILLING, Level::Filling) {
        Level::Filling
    } else {
        Level::Fine
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(data: u32, metadata: u32, was: Level) -> Level {
        let volume = Volume {
            lv_uuid: "u".into(),
            name: "pool0".into(),
            volume_group: "vg0".into(),
            size_bytes: 1,
            attributes: "twi-aotz--".into(),
            segment_type: "thin-pool".into(),
            origin: None,
            data_basis_points: Some(data),
            metadata_basis_points: Some(metadata),
            pool: None,
            tags: BTreeSet::new(),
            managed: true,
        };
        let thin = Volume { segment_type: "thin".into(), ..volume.clone() };
        let storage = Storage { volume_groups: Vec::new(), volumes: vec![volume, thin] };
        let found = pools(&storage, |_| was);
        assert_eq!(found.len(), 1);
        found[0].level
    }

    #[test]
    fn data_or_metadata_that_fills_up_is_heard_of() {
        assert_eq!(of(7_999, 0, Level::Fine), Level::Fine);
        assert_eq!(of(8_000, 0, Level::Fine), Level::Filling);
        assert_eq!(of(0, 8_000, Level::Fine), Level::Filling);
        assert_eq!(of(100, 9_500, Level::Filling), Level::Full);
    }

    #[test]
    fn what_goes_to_and_fro_says_nothing_new() {
        assert_eq!(of(7_800, 0, Level::Filling), Level::Filling);
        assert_eq!(of(7_699, 0, Level::Filling), Level::Fine);
        assert_eq!(of(9_300, 0, Level::Full), Level::Full);
        assert_eq!(of(9_100, 0, Level::Full), Level::Filling);
    }
}
