//! What a simulated appliance has for a debug bundle. Some of it holds passwords, as the real files
//! do: they must not leave it.

use std::fmt::Write as _;

use domfleet_agent::dom0::excerpt::excerpt;
use domfleet_agent::dom0::{Collected, ImageQuestion, Item, Limit};

use super::dom0::domains;
use super::host::State;

/// The password in every simulated VM's configuration.
pub const PASSWORD: &str = "s3cret-of-the-customer";

pub(super) fn item(state: &State, item: &Item, limit: Limit) -> Collected {
    let text = match item {
        Item::Output { command: ["dmesg"], .. } => kernel_log(state),
        Item::Output { command: ["xl", "list", "-v"], .. } => domain_list(state),
        Item::Output { command: ["xl", "list", "-l"], .. } => domain_configs(state),
        Item::Output { command: ["xl", "info", ..], .. } => xen_info(state),
        Item::Output { command: ["xenstore-ls", ..], .. } => xenstore(state),
        Item::Proc("uptime") => format!("{:.2} 0.00\n", state.run.uptime().as_secs_f64()),
        Item::Proc("sys/kernel/tainted") => format!("{}\n", state.run.taint),
        Item::Proc("cmdline") => {
            "root=UUID=f75fac6a-cf4d-48bd-89c5-5a9fffd0e23f modules=sd-mod,usb-storage,ext4 quiet\n"
                .to_owned()
        }
        Item::Processes => processes(state),
        Item::VmConfigs => vm_configs(state),
        Item::Volumes => volumes(state),
        Item::XenToolLog(name) => {
            format!("Waiting for domain {name}\nvnc_server: password={PASSWORD}\n")
        }
        Item::ConsoleLog(vm) => match state.appliance.vms.get(vm) {
            Some(vm) => format!("{} login: root\npassword: {PASSWORD}\n# ok\n", vm.name),
            None => String::new(),
        },
        Item::Output { .. }
        | Item::Proc(_)
        | Item::File(_)
        | Item::Folder(_)
        | Item::StuckTasks
        | Item::VolumeGroups
        | Item::PhysicalVolumes
        | Item::BlockDevices
        | Item::Watchdogs
        | Item::Withheld
        | Item::AgentLog
        | Item::AgentConfig
        | Item::Smart(_)
        | Item::Image { .. } => String::new(),
    };
    Collected { exit_code: Some(0), ..excerpt(text.as_bytes(), limit) }
}

/// Logs of its VMs' device models, and their disks where those are images.
pub(super) fn further(state: &State) -> Vec<Item> {
    let mut items = Vec::new();
    for vm in state.appliance.vms.values() {
        items.push(Item::XenToolLog(format!("qemu-dm-{}.log", vm.name)));
        let runs = state.domain_of(vm.uuid).is_some();
        let question = if runs { ImageQuestion::InUse } else { ImageQuestion::Check };
        let images = vm.disks.iter().filter(|disk| disk.format == "qcow2");
        let targets = images.filter_map(|disk| disk.target.clone());
        items.extend(targets.map(|path| Item::Image { path, question }));
    }
    items
}

fn kernel_log(state: &State) -> String {
    let mut text = String::new();
    for line in &state.run.log {
        writeln!(text, "[{:12.6}] {}", line.at.as_secs_f64(), line.text).ok();
    }
    text
}

fn xenstore(state: &State) -> String {
    let mut text = String::new();
    for domid in state.domains.keys() {
        writeln!(text, "/local/domain/0/backend/vfb/{domid}/0/vncpasswd = \"{PASSWORD}\"").ok();
    }
    text
}

fn processes(state: &State) -> String {
    let mut text = "PID PPID STATE THREADS RSS COMMAND\n".to_owned();
    for domid in state.domains.keys() {
        let secret = format!("-object secret,id=vnc,data={PASSWORD}");
        writeln!(text, "{} 1 S 3 2048 qemu -xen-domid {domid} {secret}", 2000 + domid).ok();
    }
    text
}

fn domain_list(state: &State) -> String {
    let mut text = "Name                ID   Mem VCPUs      State   Time(s)\n".to_owned();
    for domain in domains(state) {
        let memory = domain.memory_bytes >> 20;
        let (name, id, vcpus, letters) = (domain.name, domain.domid, domain.vcpus, domain.state);
        writeln!(text, "{name:<19} {id:>2} {memory:>5} {vcpus:>5}     {letters}      42.0").ok();
    }
    text
}

fn domain_configs(state: &State) -> String {
    let configs: Vec<serde_json::Value> = domains(state)
        .into_iter()
        .map(|domain| {
            serde_json::json!({"domid": domain.domid, "config": {
                "c_info": {"type": "hvm", "name": domain.name, "uuid": domain.uuid},
                "b_info": {"type.hvm": {"vnc": {"enable": "True", "passwd": PASSWORD}}},
            }})
        })
        .collect();
    serde_json::Value::from(configs).to_string()
}

fn vm_configs(state: &State) -> String {
    let mut text = String::new();
    for vm in state.appliance.vms.values() {
        let (path, name, uuid) = (vm.config_path.as_deref().unwrap_or("-"), &vm.name, vm.uuid);
        writeln!(
            text,
            "==> {path}\nname = \"{name}\"\nuuid = \"{uuid}\"\nvncpasswd = \"{PASSWORD}\"\n"
        )
        .ok();
    }
    text
}

fn volumes(state: &State) -> String {
    let volumes: Vec<serde_json::Value> = (state.appliance.volumes.iter())
        .map(|volume| {
            serde_json::json!({
                "lv_uuid": volume.lv_uuid, "lv_name": volume.name, "vg_name": volume.volume_group,
                "lv_size": volume.size_bytes.to_string(),
            })
        })
        .collect();
    serde_json::json!({"report": [{"lv": volumes}]}).to_string()
}

fn xen_info(state: &State) -> String {
    let xen = state.appliance.release.components().xen.unwrap_or_default();
    let hardware = &state.appliance.hardware;
    format!(
        "nr_cpus                : {}\ntotal_memory           : {}\nxen_version            : {xen}\n",
        hardware.cpus,
        hardware.memory_bytes >> 20,
    )
}
