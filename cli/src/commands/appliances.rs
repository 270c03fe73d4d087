//! `domfleet appliances …`.

use serde_json::{Value, json};

use crate::args::Appliances;
use crate::client::Client;
use crate::error::Error;
use crate::output::{self, Column, Format};

const COLUMNS: [Column; 6] = [
    ("NAME", "/name"),
    ("PRESENCE", "/presence"),
    ("HYPERVISOR", "/hypervisor_version"),
    ("BOOTED", "/booted_at"),
    ("VMS", "/vms_running"),
    ("ID", "/id"),
];

const DETAILS: [Column; 14] = [
    ("name", "/name"),
    ("id", "/id"),
    ("state", "/state"),
    ("presence", "/presence"),
    ("last seen", "/last_seen_at"),
    ("booted", "/booted_at"),
    ("hypervisor", "/hypervisor_version"),
    ("Xen", "/components/xen"),
    ("kernel", "/components/dom0_kernel"),
    ("QEMU", "/components/qemu_installed"),
    ("Alpine", "/components/alpine"),
    ("agent", "/components/agent"),
    ("VMs running", "/vms_running"),
    ("read-only", "/read_only"),
];

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    command: Appliances,
) -> Result<(), Error> {
    match command {
        Appliances::List(selection) => {
            let rows = super::all(client, "/appliances", "appliances", &selection).await?;
            output::rows(format, &COLUMNS, &rows)
        }
        Appliances::Show { appliance } => {
            let id = id(client, &appliance).await?;
            let whole = client.get(&format!("/appliances/{id}"), &[]).await?;
            output::one(format, &DETAILS, &whole)
        }
        Appliances::Mitigations { appliance } => {
            super::mitigations::list(client, format, &appliance).await
        }
        Appliances::Accept { appliance } => decide(client, format, &appliance, "accept").await,
        Appliances::Reject { appliance } => decide(client, format, &appliance, "reject").await,
        Appliances::Stress(asked) => super::stress::run(client, format, asked).await,
        Appliances::Reboot { appliance, confirm, waiting } => {
            let id = id(client, &appliance).await?;
            let operation = json!({ "kind": "appliance_reboot" });
            let body = json!({ "operation": operation, "confirm": confirm });
            super::operations::ask(client, format, &id, "operations", &body, waiting).await
        }
    }
}

async fn decide(
    client: &mut Client,
    format: Format,
    appliance: &str,
    what: &str,
) -> Result<(), Error> {
    let id = id(client, appliance).await?;
    let after = client.post(&format!("/appliances/{id}/{what}"), &json!({})).await?;
    output::one(format, &DETAILS, &after)
}

/// The id of the appliance that is called so.
pub(super) async fn id(client: &mut Client, appliance: &str) -> Result<String, Error> {
    let row: Value = super::appliance(client, appliance).await?;
    Ok(super::text(&row, "id").to_owned())
}
