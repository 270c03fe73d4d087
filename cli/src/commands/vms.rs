//! `domfleet vms …`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::args::{Guest, Vms, Waiting};
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
        Vms::Start(vm) => ask(client, format, "vm_start", vm, json!({})).await,
        Vms::Shutdown(vm) => ask(client, format, "vm_shutdown", vm, json!({})).await,
        Vms::Reboot(vm) => ask(client, format, "vm_reboot", vm, json!({})).await,
        Vms::Adopt(vm) => ask(client, format, "vm_adopt", vm, json!({})).await,
        Vms::Pause(vm) => ask(client, format, "vm_pause", vm, json!({})).await,
        Vms::Unpause(vm) => ask(client, format, "vm_unpause", vm, json!({})).await,
        Vms::Destroy { vm, confirm } => {
            ask_confirmed(client, format, "vm_destroy", vm, json!({}), confirm).await
        }
        Vms::Create { appliance, config, form, waiting } => {
            create(client, format, &appliance, (config, form), waiting).await
        }
        Vms::Rename { vm, to } => ask(client, format, "vm_rename", vm, json!({ "name": to })).await,
        Vms::Autostart { vm, off } => {
            ask(client, format, "vm_autostart", vm, json!({ "enabled": !off })).await
        }
        Vms::Change { vm, memory, vcpus } => {
            let change = json!({ "memory_mib": memory, "vcpus": vcpus });
            ask(client, format, "vm_change", vm, change).await
        }
        Vms::Remove { vm, confirm, with_disks } => {
            let disks = json!({ "disks": if with_disks { "remove" } else { "keep" } });
            ask_confirmed(client, format, "vm_remove", vm, disks, confirm).await
        }
        Vms::Console { vm, bytes } => console(client, format, vm, bytes).await,
    }
}

async fn ask(
    client: &mut Client,
    format: Format,
    kind: &str,
    vm: Guest,
    more: Value,
) -> Result<(), Error> {
    let (id, operation) = about(client, kind, &vm, more).await?;
    let body = json!({ "operation": operation });
    super::operations::ask(client, format, &id, "operations", &body, vm.waiting).await
}

async fn ask_confirmed(
    client: &mut Client,
    format: Format,
    kind: &str,
    vm: Guest,
    more: Value,
    confirm: String,
) -> Result<(), Error> {
    let (id, operation) = about(client, kind, &vm, more).await?;
    let body = json!({ "operation": operation, "confirm": confirm });
    super::operations::ask(client, format, &id, "operations", &body, vm.waiting).await
}

/// The appliance's id, and an operation on its VM with the fields of `more`.
async fn about(
    client: &mut Client,
    kind: &str,
    vm: &Guest,
    more: Value,
) -> Result<(String, Value), Error> {
    let id = super::appliances::id(client, &vm.appliance).await?;
    let mut operation = more;
    operation["kind"] = kind.into();
    operation["vm"] = uuid(client, &id, &vm.vm).await?;
    Ok((id, operation))
}

async fn create(
    client: &mut Client,
    format: Format,
    appliance: &str,
    (config, form): (Option<PathBuf>, Option<PathBuf>),
    waiting: Waiting,
) -> Result<(), Error> {
    let from = match (config, form) {
        (Some(config), _) => json!({ "config": read(&config)? }),
        (None, Some(form)) => {
            let form: Value = serde_json::from_str(&read(&form)?)
                .map_err(|error| Error::Usage(format!("the form is not JSON: {error}")))?;
            json!({ "form": form })
        }
        (None, None) => return Err(Error::Usage("either --config or --form is needed".into())),
    };
    let id = super::appliances::id(client, appliance).await?;
    let body = json!({ "operation": { "kind": "vm_create", "from": from } });
    super::operations::ask(client, format, &id, "operations", &body, waiting).await
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::File { path: path.to_owned(), why: error.to_string() })
}

/// Prints what the guest said, and nothing else.
async fn console(client: &mut Client, format: Format, vm: Guest, bytes: u32) -> Result<(), Error> {
    let (id, operation) = about(client, "vm_console_log", &vm, json!({ "bytes": bytes })).await?;
    let body = json!({ "operation": operation });
    let asked = client.post(&format!("/appliances/{id}/operations"), &body).await?;
    let limit = Duration::from_secs(vm.waiting.timeout);
    let done = super::operations::end_of(client, super::text(&asked, "id"), limit).await?;
    if format == Format::Table {
        output::text(super::text(&done["result"], "text"));
        return Ok(());
    }
    output::one(format, &COLUMNS, &done["result"])
}

/// The UUID of the VM that is called so.
pub(super) async fn uuid(
    client: &mut Client,
    appliance: &str,
    wanted: &str,
) -> Result<Value, Error> {
    let rows = vms(client, appliance).await?;
    Ok(super::pick(&rows, "VM", "uuid", wanted)?["uuid"].clone())
}

async fn vms(client: &mut Client, appliance: &str) -> Result<Vec<Value>, Error> {
    let mut answer = client.get(&format!("/appliances/{appliance}/vms"), &[]).await?;
    match answer["vms"].take() {
        Value::Array(rows) => Ok(rows),
        _ => Err(Error::Answer("VMs without a list of them".into())),
    }
}
