//! Telling formats by their first bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use domfleet_shared::image::Format;

/// Enough for all that are known.
const LOOKED_AT: usize = 512;

/// The format of `file`; raw where nothing else is recognised.
pub(super) fn of(file: &File) -> io::Result<Format> {
    let mut start = [0; LOOKED_AT];
    let mut seen = 0;
    while seen < start.len() {
        match file.read_at(&mut start[seen..], seen as u64)? {
            0 => break,
            read => seen += read,
        }
    }
    Ok(by_its_start(&start[..seen]))
}

fn by_its_start(start: &[u8]) -> Format {
    if let Some(rest) = start.strip_prefix(b"QFI\xfb") {
        return match rest.first_chunk().map(|version| u32::from_be_bytes(*version)) {
            Some(1) => Format::Qcow,
            _ => Format::Qcow2,
        };
    }
    // Offsets and magic numbers: the VDI, VMDK, VHD, VHDX, QED and LUKS specifications.
    let known = [
        (0, b"KDMV".as_slice(), Format::Vmdk),
        (0, b"COWD".as_slice(), Format::Vmdk),
        (0, b"# Disk DescriptorFile".as_slice(), Format::Vmdk),
        (0, b"conectix".as_slice(), Format::Vhd),
        (0, b"vhdxfile".as_slice(), Format::Vhdx),
        (0, b"QED\0".as_slice(), Format::Qed),
        (0, b"LUKS\xba\xbe".as_slice(), Format::Luks),
        (0x40, b"\x7f\x10\xda\xbe".as_slice(), Format::Vdi),
    ];
    let is =
        |offset: usize, magic: &[u8]| start.get(offset..).is_some_and(|s| s.starts_with(magic));
    known
        .into_iter()
        .find(|(offset, magic, _)| is(*offset, magic))
        .map_or(Format::Raw, |(_, _, format)| format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes_and_everything_else_is_raw() {
        let mut vdi = [0; 512];
        vdi[0x40..0x44].copy_from_slice(&0xbeda_107f_u32.to_le_bytes());
        let cases: [(&[u8], Format); 9] = [
            (b"QFI\xfb\0\0\0\x01", Format::Qcow),
            (b"QFI\xfb\0\0\0\x03", Format::Qcow2),
            (b"QFI\xfb", Format::Qcow2),
            (b"KDMV....", Format::Vmdk),
            (b"vhdxfile", Format::Vhdx),
            (b"LUKS\xba\xbe\0\x01", Format::Luks),
            (&vdi, Format::Vdi),
            (b"", Format::Raw),
            (b"\xeb\x63\x90", Format::Raw),
        ];
        for (start, format) in cases {
            assert_eq!(by_its_start(start), format, "{start:?}");
        }
    }
}
