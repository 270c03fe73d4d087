//! What somebody brings to a simulated appliance of a demo: USB drives, and a VM whose disk is a file
//! of this machine, so that images and backups are real.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use domfleet_shared::id::VmId;

use super::dice::Dice;
use super::host::Host;

/// What the guest of the VM has written; the rest of its disk is a hole.
const WRITTEN: usize = 1 << 20;
const DISK: u64 = 64 << 20;
/// What the drives say of themselves.
const CLAIMED: u64 = 64 << 30;
/// One appliance in so many has a drive, too, that holds less than it says.
const FAKES: u64 = 4;

/// Brings them to the `index`-th appliance, and keeps what is on them in `folder`.
pub fn bring(host: &Host, dice: &mut Dice, index: u64, folder: &Path) -> io::Result<()> {
    let folder = std::path::absolute(folder)?;
    let vm = VmId(dice.uuid());
    std::fs::create_dir_all(folder.join("stick"))?;
    let disk = folder.join("archive.raw");
    let written: Vec<u8> = (0..WRITTEN / 8).flat_map(|_| dice.roll().to_le_bytes()).collect();
    let mut file = File::create(&disk)?;
    file.write_all(&written)?;
    file.set_len(DISK)?;
    let config = format!(
        "name = 'archive'\nuuid = '{vm}'\nmemory = 64\nvcpus = 1\n\
         disk = [ 'format=raw, vdev=xvda, access=rw, target={}' ]\n",
        disk.display()
    );
    let path = folder.join("archive.cfg");
    std::fs::write(&path, &config)?;
    host.set_up_vm(vm, &path.display().to_string(), &config);
    host.plug_in_drive(&format!("4C5300{index:04}"), CLAIMED, folder.join("stick"));
    if index % FAKES == FAKES - 1 {
        host.plug_in_drive(&format!("FAKE{index:04}"), CLAIMED / 8, folder.join("fake"));
    }
    Ok(())
}
