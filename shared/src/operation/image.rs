//! What is said of a disk image that is to be looked at, repaired or converted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::vm::NewVolume;
use crate::image::Format;

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageAt {
    /// A file or a block device in dom0, by its absolute path.
    Path(String),
    /// A volume, by its `lv_uuid`.
    Volume(String),
}

/// An image to be converted: the result is read back and compared, or there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageConvert {
    /// What it is made of. Its VM must be off.
    pub source: ImageAt,
    /// What the VM's configuration calls the format of the source; otherwise its first bytes tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_format: Option<Format>,
    /// Where the result goes.
    pub target: ConvertTo,
    /// What it becomes: raw, qcow2, or qcow, which hypervisor 0.9.7 reads. A volume is raw.
    pub format: Format,
}

/// Where the result of a conversion goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvertTo {
    /// A new file, by its absolute path. Nothing may be there.
    Path(String),
    /// A managed volume that no VM uses, by its `lv_uuid`. Everything on it is lost.
    Volume(String),
    /// A volume that is made for it, and removed again where nothing comes of it.
    NewVolume(NewVolume),
}

/// Why `path` cannot name an image.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    let mut parts = path.split('/').skip(1);
    let fits = path.starts_with('/')
        && (2..=4096).contains(&path.len())
        && !path.contains(|letter: char| letter.is_control())
        && parts.all(|part| part != ".." && part != ".");
    if fits {
        return Ok(());
    }
    Err("it is an absolute path without . and .., such as /vm/pbx.qcow2")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_that_go_straight_down_name_an_image() {
        for path in ["", "/", "disk", "../x", "/vm/../etc/x", "/vm/./x", "/vm/\n", "file:/x"] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        for path in ["/vm/pbx.qcow2", "/vm/a b", "/vm/..x", "/dev/vg0/root"] {
            assert!(check_path(path).is_ok(), "{path:?}");
        }
    }

    #[test]
    fn a_target_is_one_word_with_what_it_is() {
        let json = r#"{"source":{"path":"/vm/a"},"target":{"volume":"u"},"format":"raw"}"#;
        let convert: ImageConvert = serde_json::from_str(json).unwrap();

        assert_eq!(convert.target, ConvertTo::Volume("u".into()));
        assert_eq!(serde_json::to_string(&convert).unwrap(), json);
    }
}
