//! What block devices are asked by `ioctl` alone (linux/fs.h).
#![expect(unsafe_code, reason = "there is no safe call for either, and neither takes an argument")]

use std::fs::File;
use std::io;

use rustix::ioctl::{NoArg, Opcode, ioctl, opcode};

const BLKRRPART: Opcode = opcode::none(0x12, 95);
const BLKFLSBUF: Opcode = opcode::none(0x12, 97);

/// Has the kernel read the partition table again.
pub(super) fn read_table(device: &File) -> io::Result<()> {
    // SAFETY: BLKRRPART takes no argument, and touches no memory of ours.
    Ok(unsafe { ioctl(device, NoArg::<BLKRRPART>::new()) }?)
}

/// Has the kernel write what it holds back of the device, and forget what it knows of it.
pub(super) fn forget(device: &File) -> io::Result<()> {
    // SAFETY: BLKFLSBUF takes no argument, and touches no memory of ours.
    Ok(unsafe { ioctl(device, NoArg::<BLKFLSBUF>::new()) }?)
}
