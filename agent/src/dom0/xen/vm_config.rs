//! VMs' configuration files, as `xl create` takes them: enough of the language to know which VM a
//! file is for and what it is made of. `xl` itself remains the judge of a file.

use std::collections::BTreeMap;

use domfleet_shared::id::VmId;
use domfleet_shared::image::Format;
use domfleet_shared::inventory::VmDisk;
use uuid::Uuid;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VmConfig {
    pub(crate) name: String,
    pub(crate) uuid: Option<VmId>,
    pub(crate) memory_mebibytes: u64,
    pub(crate) vcpus: u32,
    pub(crate) disks: Vec<VmDisk>,
    pub(crate) macs: Vec<String>,
}

/// Reads a file; nothing where it names no VM.
pub(crate) fn parse(text: &str) -> Option<VmConfig> {
    let mut config = VmConfig { vcpus: 1, ..VmConfig::default() };
    for (key, values) in settings(text) {
        let first = values.first().map(String::as_str).unwrap_or_default();
        match key.as_str() {
            "name" => first.clone_into(&mut config.name),
            "uuid" => config.uuid = first.parse::<Uuid>().ok().map(VmId),
            "memory" => config.memory_mebibytes = first.parse().unwrap_or(0),
            "vcpus" => config.vcpus = first.parse().unwrap_or(1),
            "disk" => config.disks = values.iter().map(|spec| disk(spec)).collect(),
            "vif" => config.macs = values.iter().filter_map(|spec| mac(spec)).collect(),
            _ => {}
        }
    }
    (!config.name.is_empty()).then_some(config)
}

/// `key = value` and `key = [ 'value', … ]`, which may go over several lines.
fn settings(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = without_comment(line);
        let Some((key, value)) = line.split_once('=') else { continue };
        let mut value = value.to_owned();
        while value.trim_start().starts_with('[') && !without_quoted(&value).contains(']') {
            let Some(more) = lines.next() else { break };
            value.push('\n');
            value.push_str(without_comment(more));
        }
        found.push((key.trim().to_owned(), values(&value)));
    }
    found
}

/// What stands in quotes; where nothing does, the bare word.
fn values(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        let Some(quote) = rest.get(at..=at) else { break };
        let inside = rest.get(at + 1..).unwrap_or_default();
        let Some(end) = inside.find(quote) else { break };
        found.push(inside.get(..end).unwrap_or_default().to_owned());
        rest = inside.get(end + 1..).unwrap_or_default();
    }
    let bare = text.trim().trim_end_matches(';').trim();
    if found.is_empty() && !bare.is_empty() && !bare.starts_with('[') {
        found.push(bare.to_owned());
    }
    found
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    for (at, character) in line.char_indices() {
        match (character, quote) {
            ('#', None) => return line.get(..at).unwrap_or_default(),
            ('"' | '\'', None) => quote = Some(character),
            (_, Some(open)) if character == open => quote = None,
            _ => {}
        }
    }
    line
}

fn without_quoted(text: &str) -> String {
    let mut quote = None;
    text.chars()
        .filter(|character| {
            if let Some(open) = quote {
                if *character == open {
                    quote = None;
                }
                return false;
            }
            quote = matches!(character, '"' | '\'').then_some(*character);
            quote.is_none()
        })
        .collect()
}

/// xl-disk-configuration(5): `target,format,vdev,access` by place, keys anywhere, `target=` last
/// and with the rest of the line; old forms begin with `phy:` or `file:` or `tap:qcow2:`.
fn disk(spec: &str) -> VmDisk {
    let (before, target) = match spec.find("target=") {
        Some(at) => (spec.get(..at), spec.get(at + "target=".len()..)),
        None => (Some(spec), None),
    };
    let mut disk = VmDisk {
        vdev: String::new(),
        target: target.map(|target| target.trim().to_owned()),
        format: "raw".into(),
        writable: true,
    };
    let mut places = ["target", "format", "vdev", "access"].into_iter();
    if target.is_some() {
        places.next();
    }
    for field in before.unwrap_or_default().split(',').map(str::trim) {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.trim(), value.trim()),
            None if field.is_empty() && target.is_some() => continue,
            None => match places.next() {
                // The old form has no format between target and vdev.
                Some("format") if !is_format(field) && !field.is_empty() => {
                    places.next();
                    ("vdev", field)
                }
                Some(place) => (place, field),
                None => continue,
            },
        };
        set(&mut disk, key, value);
    }
    disk.target = disk.target.filter(|target| !target.is_empty());
    disk
}

fn set(disk: &mut VmDisk, key: &str, value: &str) {
    match key {
        "target" => {
            let mut path = value;
            for prefix in ["phy:", "file:", "tap:", "tap2:", "aio:", "raw:"] {
                path = path.strip_prefix(prefix).unwrap_or(path);
            }
            for format in ["qcow2", "qcow", "vhd"] {
                if let Some(rest) = path.strip_prefix(format).and_then(|r| r.strip_prefix(':')) {
                    format.clone_into(&mut disk.format);
                    path = rest;
                }
            }
            disk.target = Some(path.to_owned());
        }
        "format" if !value.is_empty() => value.clone_into(&mut disk.format),
        "vdev" => value.split(':').next().unwrap_or_default().clone_into(&mut disk.vdev),
        "access" => disk.writable = !matches!(value, "r" | "ro"),
        _ => {}
    }
}

fn is_format(word: &str) -> bool {
    matches!(word, "raw" | "qcow" | "qcow2" | "vhd" | "qed")
}

fn mac(spec: &str) -> Option<String> {
    let value = spec.split(',').find_map(|field| field.trim().strip_prefix("mac="))?;
    Some(value.trim().to_lowercase())
}

/// The text with its UUID and MAC addresses pinned: without them, `xl` makes up new ones at each
/// start, and a guest's licence or DHCP lease goes with them.
pub(crate) fn pinned(text: &str, uuid: VmId, macs: &[String]) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let key = without_comment(line).split('=').next().unwrap_or_default().trim();
        if key != "uuid" {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept.extend(["uuid = \"", &uuid.to_string(), "\"\n"]);
    let vifs = settings(text).into_iter().rev().find(|(key, _)| key == "vif");
    let Some((_, specs)) = vifs.filter(|(_, specs)| specs.iter().any(|spec| mac(spec).is_none()))
    else {
        return kept;
    };
    let pinned = specs.iter().enumerate().map(|(at, spec)| match (mac(spec), macs.get(at)) {
        (None, Some(mac)) if spec.trim().is_empty() => format!("'mac={mac}'"),
        (None, Some(mac)) => format!("'{spec},mac={mac}'"),
        _ => format!("'{spec}'"),
    });
    // The last assignment of a key is the one that counts.
    let pinned = pinned.collect::<Vec<_>>().join(", ");
    kept + &format!("vif = [ {pinned} ]\n")
}

/// The text for a VM whose disks are elsewhere now: for some of them by number, from 0 on, where and
/// in which format. Its UUID is pinned.
pub(crate) fn with_disks(
    text: &str,
    uuid: VmId,
    moved: impl Iterator<Item = (u32, String, Format)>,
) -> String {
    let moved: BTreeMap<u32, (String, Format)> =
        moved.map(|(number, path, format)| (number, (path, format))).collect();
    let specs = settings(text).into_iter().rev().find(|(key, _)| key == "disk");
    let specs = specs.map(|(_, specs)| specs).unwrap_or_default();
    let specs = (0..).zip(specs).map(|(number, spec)| match moved.get(&number) {
        None => format!("'{spec}'"),
        Some((path, format)) => {
            let VmDisk { vdev, writable, .. } = disk(&spec);
            let access = if writable { "rw" } else { "ro" };
            format!("'format={format},vdev={vdev},access={access},target={path}'")
        }
    });
    // The last assignment is the one that counts.
    let disks = specs.collect::<Vec<_>>().join(",\n  ");
    format!("{}disk = [\n  {disks}\n]\n", pinned(text, uuid, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PBX: &str = r#"
name = "pbx"            # the telephone system
uuid = '5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21'
memory = 512
vcpus = 2
disk = [ "format=qcow2, vdev=xvda, access=rw, target=/vm/a,b.qcow2",
         'phy:/dev/vg0/z,xvdb,w',   # [old]
         "/iso/x.iso,raw,hdc,ro", "tap:qcow2:/y.qcow2,xvdd,w" ]
vif = [ 'mac=00:16:3E:5E:6C:01,bridge=xenbr0', 'bridge=xenbr1' ]
"#;

    #[test]
    fn a_file_is_read_in_all_the_forms_that_people_write() {
        let config = parse(PBX).unwrap();

        assert_eq!((config.name.as_str(), config.memory_mebibytes, config.vcpus), ("pbx", 512, 2));
        let disks: Vec<_> = config
            .disks
            .iter()
            .map(|d| (d.vdev.as_str(), d.target.as_deref().unwrap(), d.format.as_str(), d.writable))
            .collect();
        assert_eq!(
            disks,
            [
                ("xvda", "/vm/a,b.qcow2", "qcow2", true),
                ("xvdb", "/dev/vg0/z", "raw", true),
                ("hdc", "/iso/x.iso", "raw", false),
                ("xvdd", "/y.qcow2", "qcow2", true),
            ]
        );
        assert_eq!(config.macs, ["00:16:3e:5e:6c:01"]);
    }

    #[test]
    fn a_file_that_names_no_vm_is_none() {
        assert_eq!(parse("# nothing\nmemory = 5\n"), None);
    }

    #[test]
    fn a_pinned_copy_says_the_same_with_identity() {
        let uuid = VmId::new();
        let macs = ["00:16:3e:5e:6c:01".to_owned(), "00:16:3e:00:00:02".to_owned()];

        let copy = parse(&pinned(PBX, uuid, &macs)).unwrap();

        assert_eq!(copy.uuid, Some(uuid));
        assert_eq!(copy.macs, macs);
        assert_eq!(copy.disks, parse(PBX).unwrap().disks);
    }
}
