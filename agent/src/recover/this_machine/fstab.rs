//! Which file systems the system before had mounted, and where: its `/etc/fstab`.

use uuid::Uuid;

/// A line that the VMs' disks may be behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) by: By,
    /// Without the first `/`.
    pub(super) folder: String,
}

/// How the line calls its device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    Id(Uuid),
    Label(String),
    /// A partition of the disk that the root is on, by its number. The kernel's names of disks are others here, so
    /// that `/dev/sdb1` cannot be believed: what is there then has not what was copied, and that is found.
    Partition(u32),
}

/// Those of ext file systems, the root apart, in their order.
pub(super) fn lines(text: &str) -> Vec<Line> {
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Line> {
    let mut words = text.split_whitespace();
    let (device, folder, kind) = (words.next()?, words.next()?, words.next()?);
    let folder = folder.strip_prefix('/')?.trim_end_matches('/');
    if device.starts_with('#') || folder.is_empty() || !matches!(kind, "ext2" | "ext3" | "ext4") {
        return None;
    }
    if folder.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    Some(Line { by: by(device)?, folder: folder.to_owned() })
}

fn by(device: &str) -> Option<By> {
    let bare = |text: &str| text.trim_matches('"').to_owned();
    if let Some(id) = device.strip_prefix("UUID=") {
        return bare(id).parse().ok().map(By::Id);
    }
    if let Some(label) = device.strip_prefix("LABEL=") {
        return Some(By::Label(bare(label)));
    }
    let name = device.strip_prefix("/dev/")?;
    let number = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    // `nvme0n1p2`, `mmcblk0p2`.
    let number = number.rsplit_once('p').map_or(number, |(_, number)| number);
    let is_disk = ["sd", "hd", "vd", "nvme", "mmcblk"].iter().any(|kind| name.starts_with(kind));
    if is_disk { number.parse().ok().map(By::Partition) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_are_found_however_their_devices_are_called() {
        let text = "# comment\n\
            UUID=5f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21 / ext4 rw,relatime 0 1\n\
            /dev/sda1\t/boot\text4\trw 0 2\n\
            UUID=\"6f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21\" /var/lib/guests/ ext4 rw 0 2\n\
            LABEL=data /data ext3 rw 0 2\n\
            /dev/nvme0n1p3 /more ext4 rw 0 2\n\
            /dev/vg0/data /volumes ext4 rw 0 2\n\
            /dev/sda2 swap swap defaults 0 0\n\
            tmpfs /tmp tmpfs rw 0 0\n\
            LABEL=evil /../etc ext4 rw 0 0\n";

        let found = lines(text);

        let id = "6f0c2c3e-8d1b-4a5e-9a53-6c1f0e7b9d21".parse().unwrap();
        let line = |by, folder: &str| Line { by, folder: folder.to_owned() };
        assert_eq!(
            found,
            [
                line(By::Partition(1), "boot"),
                line(By::Id(id), "var/lib/guests"),
                line(By::Label("data".to_owned()), "data"),
                line(By::Partition(3), "more"),
            ]
        );
    }
}
