//! Asking an appliance for something, and seeing to its end.

use domfleet_shared::id::VmId;
use domfleet_shared::operation::image::{ConvertTo, ImageConvert};
use domfleet_shared::operation::usb::DriveAt;
use domfleet_shared::operation::{Class, Operation, OperationState};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::wait::{LOOK_AGAIN, WITHIN};
use super::{Appliance, Fleet, eventually};

/// The states of what has not ended, as a filter.
pub(super) const UNFINISHED: &str = "queued,offered,cancelling,accepted,running,lost";

/// Why an operation was not done, in a word; nothing where it was.
pub fn code(operation: &Value) -> Option<&str> {
    operation["reason"]["code"].as_str()
}

impl Fleet {
    /// Asks for an operation, with what must be typed for it, and returns its id.
    ///
    /// # Panics
    ///
    /// When it is refused.
    pub async fn ask(&self, appliance: &Appliance, operation: &Operation) -> String {
        let answer = self.try_ask(appliance, operation).await.ok();
        answer["id"].as_str().unwrap().to_owned()
    }

    /// The same, refused or not.
    pub async fn try_ask(&self, appliance: &Appliance, operation: &Operation) -> super::Answer {
        let mut request = json!({ "operation": operation });
        if operation.class() == Class::Destructive {
            request["confirm"] = Self::confirmation(appliance, operation).into();
        }
        self.api.post(&format!("{}/operations", appliance.path()), request).await
    }

    fn confirmation(appliance: &Appliance, operation: &Operation) -> String {
        let vm_name = |vm: VmId| {
            let found = appliance.host.vms().into_iter().find(|found| found.uuid == vm);
            found.map(|vm| vm.name)
        };
        let volume_name = |uuid: &str| {
            let found = appliance.host.volumes().into_iter().find(|found| found.lv_uuid == uuid);
            found.map(|volume| volume.name)
        };
        let name = match operation {
            Operation::VmDestroy { vm } | Operation::VmRemove { vm, .. } => vm_name(*vm),
            Operation::VolumeRemove { volume } => volume_name(volume),
            Operation::ImageConvert(ImageConvert { target: ConvertTo::Volume(volume), .. }) => {
                volume_name(volume)
            }
            Operation::UsbPrepare { drive } | Operation::UsbQualify { drive, .. } => {
                Some(drive.consent().to_owned())
            }
            Operation::BackupPrune(prune) => {
                let drives = appliance.host.drives();
                let found = drives.iter().find(|found| found.identity.drive == Some(prune.drive));
                found.map(|found| DriveAt::of(found).consent().to_owned())
            }
            Operation::VolumeRevert { volume } => {
                let volumes = appliance.host.volumes();
                let found = volumes.into_iter().find(|found| found.lv_uuid == *volume);
                found.and_then(|snapshot| snapshot.origin)
            }
            _ => None,
        };
        name.unwrap_or_else(|| appliance.name.clone())
    }

    /// How far an operation is.
    pub async fn operation(&self, id: &str) -> Value {
        self.api.get(&format!("/api/v1/operations/{id}")).await
    }

    /// The operation, once it has ended.
    pub async fn end_of(&self, id: &str) -> Value {
        eventually(&format!("operation {id} has ended"), async || {
            let path = format!("/api/v1/operations/{id}");
            // The server may be away for a moment.
            let seen = self.api.try_send(hyper::Method::GET, &path, None).await.ok()?.json();
            let state = seen["state"].as_str().and_then(OperationState::parse)?;
            state.is_end().then_some(seen)
        })
        .await
    }

    /// Waits until no operation is under way.
    ///
    /// # Panics
    ///
    /// When some still are after 45 s: says which.
    pub async fn wait_for_all_ends(&self) {
        let path = format!("/api/v1/operations?limit=3&state={UNFINISHED}");
        let until = Instant::now() + WITHIN;
        loop {
            if let Ok(seen) = self.api.try_send(hyper::Method::GET, &path, None).await {
                let open = seen.json();
                if open["total"] == 0 {
                    return;
                }
                assert!(Instant::now() < until, "operations do not end: {open:#}");
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until the operation is in that state.
    pub async fn wait_for_state(&self, id: &str, state: OperationState) -> Value {
        eventually(&format!("operation {id} is {}", state.as_str()), async || {
            let seen = self.operation(id).await;
            (seen["state"] == state.as_str()).then_some(seen)
        })
        .await
    }

    /// Asks for an operation and sees to its end.
    pub async fn carry_out(&self, appliance: &Appliance, operation: &Operation) -> Value {
        let id = self.ask(appliance, operation).await;
        self.end_of(&id).await
    }

    /// The same, and it must succeed.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn succeed(&self, appliance: &Appliance, operation: &Operation) -> Value {
        let ended = self.carry_out(appliance, operation).await;
        assert_eq!(ended["state"], "succeeded", "{ended:#}");
        ended
    }

    /// Waits until a bundle of the appliance with that trigger is complete.
    pub async fn wait_for_bundle(&self, appliance: &Appliance, trigger: &str) -> Value {
        eventually(&format!("a bundle ({trigger}) is complete"), async || {
            let path = format!("/api/v1/bundles?appliance={}", appliance.id);
            let bundles = self.api.get(&path).await;
            let bundles = bundles["bundles"].as_array()?.clone();
            let fits =
                |bundle: &Value| bundle["trigger"] == trigger && bundle["state"] == "complete";
            bundles.into_iter().find(fits)
        })
        .await
    }
}
