//! `domfleet vms …`.

use serde_json::{Value, json};

use crate::args::{Guest, Vms};
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 5] = [
    ("NAME", "/name"),
    ("STATE", "/state"),
    ("MEMORY", "/memory_bytes"),
    ("VCPUS", "/vcpus"),
    ("UUID", "/uuid"),
];

pub(super) async fn run(client: &mut Client, format: Format, command: Vms) -> Result<(), Error> {
    match command {
        Vms::List { appliance } => {
            let id = super::appliances::id(client, &appliance).await?;
            output::rows(format, &COLUMNS, &vms(client, &id).await?)
        }
        Vms::Start(vm) => ask(client, format, "vm_start", vm, None).await,
        Vms::Shutdown(vm) => ask(client, format, "vm_shutdown", vm, None).await,
        Vms::Reboot(vm) => ask(client, format, "vm_reboot", vm, None).await,
        Vms::Adopt(vm) => ask(client, format, "vm_adopt", vm, None).await,
        Vms::Destroy { vm, confirm } => ask(client, format, "vm_destroy", vm, Some(confirm)).await,
    }
}

async fn ask(
    client: &mut Client,
    format: Format,
    kind: &str,
    vm: Guest,
    confirm: Option<String>,
) -> Result<(), Error> {
    let id = super::appliances::id(client, &vm.appliance).await?;
    let rows = vms(client, &id).await?;
    let uuid = super::text(super::pick(&rows, "VM", "uuid", &vm.vm)?, "uuid").to_owned();
    let mut body = json!({ "operation": { "kind": kind, "vm": uuid } });
    if let Some(confirm) = confirm {
        body["confirm"] = Value::String(confirm);
    }
    super::operations::ask(client, format, &id, "operations", &body, vm.waiting).await
}

async fn vms(client: &mut Client, appliance: &str) -> Result<Vec<Value>, Error> {
    let mut answer = client.get(&format!("/appliances/{appliance}/vms"), &[]).await?;
    match answer["vms"].take() {
        Value::Array(rows) => Ok(rows),
        _ => Err(Error::Answer("VMs without a list of them".into())),
    }
}
