//! How a domain is, by what Xen and the kernel count of it.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Duration;

use domfleet_shared::inventory::Vm;

use super::facts::Root;
use super::{QUERY_WITHIN, command, vms};
use crate::dom0::Domain;
use crate::migration::carry::watch::Pulse;

/// What xenbus calls connected.
const CONNECTED: &str = "4";

/// How that domain is, which has been seen to be up for so long. What cannot be read is not known.
pub(super) async fn pulse(root: &Root, vm: &Vm, domain: &Domain, up: Duration) -> Pulse {
    let number = domain.domid.to_string();
    let listed = said("xl", &["list", &number]).await.unwrap_or_default();
    let own = format!("/local/domain/{number}");
    let health = said("xenstore-read", &[&format!("{own}/vm-data/domfleet-health")]).await;
    Pulse {
        domid: domain.domid,
        state: domain.vm_state(),
        up,
        cpu: processor_time(&listed).unwrap_or_default(),
        disk_requests: requests(root, vm, domain.domid),
        is_connected: is_connected(&own).await,
        says: health.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
    }
}

async fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command::run(program, arguments, QUERY_WITHIN).await.ok()?;
    Some(output.success(program).ok()?.text())
}

/// The last field of the last line of `xl list`, in seconds.
fn processor_time(listed: &str) -> Option<Duration> {
    let line = listed.lines().skip(1).last()?;
    let seconds = line.split_whitespace().next_back()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Whether the guest's own driver is connected to one of its disks: a CD drive may never be.
async fn is_connected(own: &str) -> Option<bool> {
    let disks = format!("{own}/device/vbd");
    let listed = said("xenstore-list", &[&disks]).await?;
    let mut is_any = None;
    for disk in listed.split_whitespace() {
        let state = said("xenstore-read", &[&format!("{disks}/{disk}/state")]).await;
        let is_it = state.is_some_and(|state| state.trim() == CONNECTED);
        is_any = Some(is_any.unwrap_or(false) || is_it);
    }
    is_any
}

/// What grows with each request of the VM's disks. A volume counts whoever serves it; of an image only the device
/// model that reads and writes it can be asked, which counts bytes.
fn requests(root: &Root, vm: &Vm, domid: u32) -> Option<u64> {
    let targets = vm.disks.iter().filter(|disk| disk.writable);
    let targets = targets.filter_map(|disk| disk.target.as_deref());
    let counted = targets.map(|target| of_device(root, &root.path(target)));
    let counted: Option<Vec<u64>> = counted.collect();
    match counted {
        Some(counted) if !counted.is_empty() => {
            Some(counted.into_iter().fold(0, u64::wrapping_add))
        }
        _ => of_process(root, vms::device_model(root, domid)?),
    }
}

/// Reads and writes that a block device has completed (`Documentation/block/stat.rst`).
fn of_device(root: &Root, path: &Path) -> Option<u64> {
    let data = std::fs::metadata(path).ok()?;
    if !data.file_type().is_block_device() {
        return None;
    }
    let (major, minor) = (rustix::fs::major(data.rdev()), rustix::fs::minor(data.rdev()));
    completed(&root.text(&format!("/sys/dev/block/{major}:{minor}/stat"))?)
}

fn completed(stat: &str) -> Option<u64> {
    let fields: Vec<u64> = stat.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    Some(fields.first()?.wrapping_add(*fields.get(4)?))
}

/// Bytes that a process has had read and written (`proc_pid_io(5)`).
fn of_process(root: &Root, pid: u32) -> Option<u64> {
    bytes(&root.text(&format!("/proc/{pid}/io"))?)
}

fn bytes(io: &str) -> Option<u64> {
    let field = |name: &str| {
        let line = io.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse::<u64>().ok()
    };
    Some(field("read_bytes:")?.wrapping_add(field("write_bytes:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xen_and_the_kernel_count_is_read() {
        let listed = include_str!("../../../testdata/xen-4.17/xl-list.txt");
        assert!(processor_time(listed).is_some(), "{listed}");
        assert_eq!(processor_time("Name ID Mem VCPUs State Time(s)\n"), None);

        let stat = "   1201   12  34567  89   455   6  7890  12   0  100  101   0 0 0 0 0 0\n";
        assert_eq!(completed(stat), Some(1_656));
        assert_eq!(completed("1 2"), None);

        let io = "rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: 4096\nwrite_bytes: 512\n\
                  cancelled_write_bytes: 7\n";
        assert_eq!(bytes(io), Some(4_608));
    }
}
