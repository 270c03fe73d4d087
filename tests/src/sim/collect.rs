//! What a simulated appliance has for a debug bundle. Some of it holds passwords, as the real files
//! do: they must not leave it.

use std::fmt::Write as _;

use domfleet_agent::dom0::{Collected, Item, Limit};

use super::dom0::domains;
use super::host::State;

/// The password in every simulated VM's configuration.
pub const PASSWORD: &str = "s3cret-of-the-customer";

pub(super) fn item(state: &State, item: Item, limit: Limit) -> Collected {
    let text = match item {
        Item::KernelLog => kernel_log(state),
        Item::Proc("uptime") => format!("{:.2} 0.00\n", state.run.uptime().as_secs_f64()),
        Item::Proc("sys/kernel/tainted") => format!("{}\n", state.run.taint),
        Item::Proc("cmdline") => {
            "root=UUID=f75fac6a-cf4d-48bd-89c5-5a9fffd0e23f modules=sd-mod,usb-storage,ext4 quiet\n"
                .to_owned()
        }
        Item::Domains => domain_list(state),
        Item::DomainConfigs => domain_configs(state),
        Item::VmConfigs => vm_configs(state),
        Item::Volumes => volumes(state),
        Item::XenInfo => xen_info(state),
        Item::ConsoleLog(vm) => match state.appliance.vms.get(&vm) {
            Some(vm) => format!("{} login: root\npassword: {PASSWORD}\n# ok\n", vm.name),
            None => String::new(),
        },
        Item::Proc(_)
        | Item::XenLog
        | Item::StuckTasks
        | Item::VirtualCpus
        | Item::VolumeGroups
        | Item::PhysicalVolumes
        | Item::XenToolLogs
        | Item::BlockDevices
        | Item::Packages
        | Item::AgentLog
        | Item::AgentConfig => String::new(),
    };
    cut(text.into_bytes(), limit.bytes)
}

fn cut(mut bytes: Vec<u8>, limit: usize) -> Collected {
    let truncated = bytes.len() > limit;
    if truncated {
        let tail = bytes.split_off(bytes.len() - limit / 2);
        bytes.truncate(limit - limit / 2);
        bytes.extend(tail);
    }
    Collected { bytes, exit_code: Some(0), truncated, error: None }
}

fn kernel_log(state: &State) -> String {
    let mut text = String::new();
    for line in &state.run.log {
        writeln!(text, "[{:12.6}] {}", line.at.as_secs_f64(), line.text).ok();
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
