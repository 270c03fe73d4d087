//! Steps as commands. Whether one has taken effect is for the caller to see.

use std::time::Duration;

use domfleet_shared::id::VmId;
use domfleet_shared::xl_config::Document;

use super::{Xen, command, lvm, vm_files, vms};
use crate::dom0::step::MANAGED_TAG;
use crate::dom0::{Dom0 as _, Dom0Error, Step};

/// `xl create` runs hotplug scripts, which libxl gives 40 s each.
const CREATE_WITHIN: Duration = Duration::from_mins(3);
const CHANGE_WITHIN: Duration = Duration::from_mins(1);

impl Xen {
    pub(super) async fn carry_out(&self, step: &Step) -> Result<(), Dom0Error> {
        match step {
            Step::CreateDomain { vm, config_path } => self.create(*vm, config_path).await,
            Step::ShutDownDomain { vm, domid } => {
                self.domain_command(*vm, *domid, &["shutdown", "-F"]).await
            }
            Step::DestroyDomain { vm, domid } => {
                self.domain_command(*vm, *domid, &["destroy"]).await
            }
            Step::PauseDomain { vm, domid } => self.domain_command(*vm, *domid, &["pause"]).await,
            Step::UnpauseDomain { vm, domid } => {
                self.domain_command(*vm, *domid, &["unpause"]).await
            }
            Step::RenameDomain { vm, domid, name } => {
                self.command_with(*vm, *domid, &["rename"], &[name]).await
            }
            Step::WriteConfig { vm, text, replaces } => {
                self.write_config(*vm, text, replaces.as_deref()).await
            }
            Step::RemoveConfig { vm, .. } => self.remove_config(*vm).await,
            Step::SetAutostart { vm, config_path, enabled } => {
                self.set_autostart(*vm, config_path, *enabled)
            }
            Step::AdoptConfig { vm, config_path, macs } => self.adopt(*vm, config_path, macs),
            Step::CreateVolume { operation, volume_group, name, size_bytes, thin_pool } => {
                let new = lvm::New { operation: *operation, group: volume_group, name };
                run_lvm("lvcreate", &new.volume(*size_bytes, thin_pool.as_deref())).await
            }
            Step::CreateThinPool { operation, volume_group, name, size_bytes, metadata_bytes } => {
                let new = lvm::New { operation: *operation, group: volume_group, name };
                run_lvm("lvcreate", &new.pool(*size_bytes, *metadata_bytes)).await
            }
            Step::GrowVolume { lv_uuid, volume_group, name, size_bytes } => {
                self.check_volume(lv_uuid, volume_group, name, true).await?;
                let size = format!("{size_bytes}b");
                let arguments = ["-y".into(), "-L".into(), size, format!("{volume_group}/{name}")];
                run_lvm("lvextend", &arguments).await
            }
            Step::RenameVolume { lv_uuid, volume_group, name, to } => {
                self.check_volume(lv_uuid, volume_group, name, true).await?;
                let arguments = [volume_group.clone(), name.clone(), to.clone()];
                run_lvm("lvrename", &arguments).await
            }
            Step::RevertVolume { lv_uuid, volume_group, name, origin, .. } => {
                self.check_volume(lv_uuid, volume_group, name, true).await?;
                // It goes on in the background, and after a reboot, once LVM has begun.
                let snapshot = format!("{volume_group}/{name}");
                let arguments = ["-y".into(), "--merge".into(), "-b".into(), snapshot];
                run_lvm("lvconvert", &arguments).await?;
                // Where the origin is not active, it would wait until somebody activates it. By now
                // it goes on, whatever comes of this.
                let origin = format!("{volume_group}/{origin}");
                let arguments = ["-ay".into(), "--poll".into(), "y".into(), origin];
                if let Err(error) = run_lvm("lvchange", &arguments).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no activation");
                }
                Ok(())
            }
            Step::SnapshotVolume {
                operation,
                volume_group,
                origin,
                origin_uuid,
                name,
                size_bytes,
            } => {
                self.check_volume(origin_uuid, volume_group, origin, false).await?;
                let origin = format!("{volume_group}/{origin}");
                run_lvm("lvcreate", &lvm::snapshot(*operation, &origin, name, *size_bytes)).await
            }
            Step::SnapshotDisks { operation, vm, pause, disks, on_site } => {
                self.snapshot_disks((*operation, *on_site), (*vm, *pause), disks).await
            }
            Step::RemoveVolume { lv_uuid, volume_group, name } => {
                self.check_volume(lv_uuid, volume_group, name, true).await?;
                run_lvm("lvremove", &["-y".into(), format!("{volume_group}/{name}")]).await
            }
            Step::AdoptVolume { lv_uuid, volume_group, name } => {
                self.check_volume(lv_uuid, volume_group, name, false).await?;
                let arguments =
                    ["--addtag".into(), MANAGED_TAG.into(), format!("{volume_group}/{name}")];
                run_lvm("lvchange", &arguments).await
            }
            Step::Reboot => reboot().await,
            Step::ForgetKeptLog { name } => self.forget(name),
        }
    }

    /// The UUID is given on the command line too, where it wins over what the file says or does not.
    async fn create(&self, vm: VmId, config_path: &str) -> Result<(), Dom0Error> {
        let uuid = format!("uuid=\"{vm}\"");
        let output = command::run("xl", &["create", config_path, &uuid], CREATE_WITHIN).await?;
        output.success("xl create").map(|_| ())
    }

    /// Looks first: a domain's number is given away again after a reboot of dom0.
    pub(super) async fn domain_command(
        &self,
        vm: VmId,
        domid: u32,
        words: &[&str],
    ) -> Result<(), Dom0Error> {
        self.command_with(vm, domid, words, &[]).await
    }

    /// The same, with more words after the domain's number.
    async fn command_with(
        &self,
        vm: VmId,
        domid: u32,
        words: &[&str],
        more: &[&str],
    ) -> Result<(), Dom0Error> {
        let domains = self.domains().await?;
        let is_it = |domain: &&crate::dom0::Domain| domain.domid == domid && domain.uuid == vm;
        if !vms::is_known(vm) || domains.iter().find(is_it).is_none() {
            // Gone already, or never that VM's: there is nothing to do to it.
            return Ok(());
        }
        let number = domid.to_string();
        let arguments: Vec<&str> =
            words.iter().chain([&number.as_str()]).chain(more).copied().collect();
        let output = command::run("xl", &arguments, CHANGE_WITHIN).await?;
        output.success("xl").map(|_| ())
    }

    fn adopt(&self, vm: VmId, config_path: &str, macs: &[String]) -> Result<(), Dom0Error> {
        let failed = |error: std::io::Error| {
            Dom0Error::refused(format!("copying {config_path}"), error.to_string())
        };
        let found = self.configs().into_iter().find(|file| file.path == config_path);
        let found = found.ok_or_else(|| Dom0Error::not_run("copying", "the file is not there"))?;
        let text = Document::parse(found.text.as_bytes())
            .and_then(|document| document.pinned(vm, macs))
            .map_err(|error| Dom0Error::not_run("copying", error.to_string()))?;
        let folder = &self.layout.adopted_dir;
        std::fs::create_dir_all(folder).map_err(failed)?;
        let (draft, path) = (folder.join(format!(".{vm}.new")), folder.join(format!("{vm}.cfg")));
        vm_files::write_whole(&draft, text.text()).map_err(failed)?;
        std::fs::rename(&draft, &path).map_err(failed)?;
        // The new name must outlive a power cut as the content does.
        vm_files::sync(folder).map_err(failed)
    }

    /// Names are reused, and what has not our tag is not ours to remove.
    pub(super) async fn check_volume(
        &self,
        lv_uuid: &str,
        volume_group: &str,
        name: &str,
        must_be_ours: bool,
    ) -> Result<(), Dom0Error> {
        let what = format!("{volume_group}/{name}");
        let storage = self.storage().await?;
        let volume = storage
            .volumes
            .iter()
            .find(|volume| volume.lv_uuid == lv_uuid)
            .ok_or_else(|| Dom0Error::not_run(&what, "there is no volume of that uuid"))?;
        if volume.name != name || volume.volume_group != volume_group {
            return Err(Dom0Error::not_run(&what, "the volume has another name by now"));
        }
        if must_be_ours && !volume.managed {
            return Err(Dom0Error::not_run(&what, "the volume does not carry our tag"));
        }
        Ok(())
    }

    fn forget(&self, name: &str) -> Result<(), Dom0Error> {
        if name.contains('/') || name.starts_with('.') {
            return Err(Dom0Error::not_run("forgetting a kept log", "that is not a file's name"));
        }
        match std::fs::remove_file(self.root.path(&format!("/sys/fs/pstore/{name}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Dom0Error::refused("forgetting a kept log", error.to_string()))
            }
            _ => Ok(()),
        }
    }
}

pub(super) async fn run_lvm(program: &str, arguments: &[String]) -> Result<(), Dom0Error> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    command::run(program, &arguments, CHANGE_WITHIN).await?.success(program).map(|_| ())
}

/// Asks init, so that services and VMs end in order. A dom0 without that program has BusyBox's.
async fn reboot() -> Result<(), Dom0Error> {
    let output = match command::find("reboot") {
        Some(_) => command::run("reboot", &[], CHANGE_WITHIN).await?,
        None => command::run("busybox", &["reboot"], CHANGE_WITHIN).await?,
    };
    output.success("reboot").map(|_| ())
}
