//! The end of what a VM said on its console, for whoever asks for it.

use std::time::Duration;

use domfleet_shared::id::VmId;
use domfleet_shared::operation::Reason;
use domfleet_shared::operation::vm::CONSOLE_LOG_BYTES;
use serde_json::{Value, json};

use crate::bundle::redact::Redactor;
use crate::dom0::{Dom0, Item, Limit};
use crate::plan::reason;

/// Where it is not said.
const USUAL_BYTES: u32 = 16 * 1024;
const WITHIN: Duration = Duration::from_secs(20);

/// Reads it. Secrets are taken out, as they are of whatever leaves the appliance.
pub(crate) async fn read(dom0: &impl Dom0, vm: VmId, bytes: Option<u32>) -> Result<Value, Reason> {
    let bytes = bytes.unwrap_or(USUAL_BYTES).clamp(1, CONSOLE_LOG_BYTES);
    let limit = Limit { time: WITHIN, bytes: usize::try_from(bytes).unwrap_or(usize::MAX) };
    let collected = dom0.collect(Item::ConsoleLog(vm), limit).await;
    if let Some(error) = collected.error {
        return Err(reason("not_found", error));
    }
    let mut redactor = Redactor::new();
    redactor.learn(&collected.bytes);
    let (text, redacted) = redactor.redact(&collected.bytes);
    Ok(json!({
        "text": String::from_utf8_lossy(&text).replace('\0', "\u{fffd}"),
        "truncated": collected.truncated,
        "redacted": redacted,
    }))
}
