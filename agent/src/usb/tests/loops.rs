//! Drives that are loop devices: a real file system, and a kernel that mounts it. Needs root, as the
//! agent does.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use domfleet_shared::Timestamp;
use domfleet_shared::usb::Usage;

use super::super::gpt::ALIGNMENT;
use super::super::prepare::PrepareError;
use super::{MIB, System, run};
use crate::meter::Meter;

pub(crate) const SIZE: u64 = 64 * MIB;
const PART_BYTES: u64 = SIZE - 2 * ALIGNMENT;

/// A drive on loop devices: one for the whole, and one for the partition, as a kernel that reads
/// tables would have it.
pub(crate) struct Loops {
    pub(crate) system: System,
    pub(crate) image: PathBuf,
    pub(crate) devices: Vec<String>,
}

impl Loops {
    pub(crate) fn new() -> Self {
        let system = System::new();
        let image = system.path("image");
        fs::File::create(&image).unwrap().set_len(SIZE).unwrap();
        let (start, limit) = (ALIGNMENT.to_string(), PART_BYTES.to_string());
        let file = image.to_str().unwrap();
        let whole = run("losetup", &["-f", "--show", file]);
        let part = run("losetup", &["-f", "--show", "-o", &start, "--sizelimit", &limit, file]);
        let mounts = system.path("proc/self/mountinfo");
        fs::remove_file(&mounts).unwrap();
        symlink("/proc/self/mountinfo", mounts).unwrap();
        symlink("/dev/kmsg", system.path("dev/kmsg")).unwrap();
        let loops = Self { system, image, devices: vec![whole, part] };
        loops.plug("sdb");
        loops
    }

    /// The kernel calls it `name`, such as `sdb`.
    pub(crate) fn plug(&self, name: &str) {
        let system = &self.system;
        system.plug(name, "4C530001", SIZE);
        system.partition(name, 1, ALIGNMENT, PART_BYTES);
        let part = format!("{name}1");
        let place = format!("{name}/{part}");
        for (node, place, device) in
            [(name, name, &self.devices[0]), (part.as_str(), place.as_str(), &self.devices[1])]
        {
            let (device, node) = (device.trim(), system.path(&format!("dev/{node}")));
            fs::remove_file(&node).ok();
            symlink(device, node).unwrap();
            let numbers = format!("/sys/block/{}/dev", device.trim_start_matches("/dev/"));
            let numbers = fs::read_to_string(numbers).unwrap();
            system.write(&format!("sys/block/{place}/dev"), numbers);
        }
    }

    /// As the kernel sees it once somebody has pulled it out; but what is open can still be written to.
    pub(crate) fn unplug(&self, name: &str) {
        for gone in [format!("sys/block/{name}"), format!("dev/{name}"), format!("dev/{name}1")] {
            fs::remove_file(self.system.path(&gone)).unwrap();
        }
    }

    pub(crate) async fn prepare(
        &self,
        typed: Option<&str>,
        meter: &dyn Meter,
    ) -> Result<Usage, PrepareError> {
        let drive = self.system.only();
        let now = Timestamp::from_millis(1);
        Ok(self.system.usb().prepare(&drive, typed, now, meter).await?.usage)
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        for device in &self.devices {
            run("losetup", &["-d", device.trim()]);
        }
    }
}
