//! Rows that only agents could make.

use domfleet_server::db::alarms::{self, AlarmKind, NewAlarm};
use domfleet_server::db::entity::{appliance, backup_set, boot, inventory, usb_drive};
use domfleet_shared::backup_set::SetSummary;
use domfleet_shared::id::{ApplianceId, DriveId, OrganisationId, SetId, VmId};
use domfleet_shared::inventory::{Storage, Vm, VmState, Volume, VolumeGroup};
use domfleet_shared::usb::{DriveIdentity, PartitionTable, Usage, UsbDrive, UsbHardware};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _};
use serde_json::json;
use uuid::Uuid;

use crate::client::Api;

/// An accepted appliance that is online.
pub(crate) fn row(organisation: &str, name: &str, now: i64) -> appliance::ActiveModel {
    appliance::ActiveModel {
        id: Set(ApplianceId::new().0),
        organisation_id: Set(organisation.parse().unwrap()),
        site_id: Set(None),
        name: Set(name.into()),
        hostname: Set(name.into()),
        state: Set("accepted".into()),
        fingerprint: Set(json!({})),
        epoch: Set(1),
        session: Set(0),
        instance: Set(None),
        incarnation: Set(1),
        presence: Set("online".into()),
        presence_since: Set(now),
        last_seen_at: Set(Some(now)),
        expected_until: Set(None),
        boot_id: Set(None),
        booted_at: Set(Some(now)),
        uptime_seconds: Set(None),
        hypervisor: Set(Some("2.1".into())),
        dom0_kernel: Set(None),
        xen: Set(Some("4.17.1".into())),
        qemu_installed: Set(None),
        alpine: Set(None),
        agent: Set(None),
        io_scheduler: Set(None),
        swap: Set(None),
        overcommit: Set(None),
        vms_running: Set(1),
        vms_total: Set(1),
        read_only: Set(None),
        accepted_at: Set(Some(now)),
        join_token_id: Set(None),
        created_at: Set(now),
        version: Set(1),
    }
}

pub(crate) async fn insert(api: &Api, rows: Vec<appliance::ActiveModel>) {
    for rows in rows.chunks(200) {
        appliance::Entity::insert_many(rows.to_vec())
            .exec_without_returning(api.app.db.write())
            .await
            .unwrap();
    }
}

/// An encrypted set that is no backup yet, on a drive of its own.
pub(crate) async fn backup_set(api: &Api, organisation: &str, appliance: Uuid) -> Uuid {
    let now = api.app.clock.now();
    let set = SetSummary {
        set: SetId::new(),
        created_at: now,
        sealed_at: None,
        verified_at: None,
        key: Some(api.app.set_keys.new_name(organisation.parse().unwrap())),
        stored_bytes: 0,
        is_protected: false,
        troubles: Vec::new(),
        vms: Vec::new(),
    };
    let row = backup_set::ActiveModel {
        appliance_id: Set(appliance),
        drive_id: Set(DriveId::new().0),
        set_id: Set(set.set.0),
        organisation_id: Set(organisation.parse().unwrap()),
        created_at: Set(now.as_millis()),
        sealed_at: Set(None),
        verified_at: Set(None),
        state: Set("unfinished".into()),
        document: Set(json!(set)),
        told_at: Set(now.as_millis()),
        gone_at: Set(None),
    };
    backup_set::Entity::insert(row).exec_without_returning(api.app.db.write()).await.unwrap();
    set.set.0
}

/// An alarm about an appliance; returns its subject, which is in its message.
pub(crate) async fn alarm(api: &Api, organisation: &str, appliance: Uuid) -> String {
    let subject = Uuid::new_v4().to_string();
    let new = NewAlarm {
        kind: AlarmKind::BackupDamaged,
        organisation: OrganisationId(organisation.parse().unwrap()),
        appliance: Some(ApplianceId(appliance)),
        subject: subject.clone(),
        message: &format!("{subject} is damaged"),
    };
    let now = api.app.clock.now();
    alarms::raise(api.app.db.write(), &new, now).await.unwrap();
    subject
}

/// An empty USB drive; returns its serial number.
pub(crate) async fn usb_drive(api: &Api, organisation: &str, appliance: Uuid) -> String {
    let serial = Uuid::new_v4().simple().to_string();
    insert_drive(api, organisation, appliance, &serial, "/dev/sdb", Usage::Empty).await;
    serial
}

pub(crate) async fn insert_drive(
    api: &Api,
    organisation: &str,
    appliance: Uuid,
    serial: &str,
    path: &str,
    usage: Usage,
) {
    let drive = UsbDrive {
        path: path.into(),
        size_bytes: 64 << 30,
        hardware: UsbHardware { serial: Some(serial.into()), ..UsbHardware::default() },
        read_only: false,
        table: PartitionTable::None,
        content: None,
        mounted_at: Vec::new(),
        partitions: Vec::new(),
        usage: usage.clone(),
        identity: DriveIdentity::default(),
    };
    let row = usb_drive::ActiveModel {
        appliance_id: Set(appliance),
        path: Set(path.into()),
        organisation_id: Set(organisation.parse().unwrap()),
        drive_id: Set(None),
        serial: Set(Some(serial.into())),
        model: Set(None),
        usage: Set(domfleet_server::domain::usb_drive::word(&usage).into()),
        size_bytes: Set(64 << 30),
        document: Set(json!(drive)),
        told_at: Set(api.app.clock.now().as_millis()),
    };
    usb_drive::Entity::insert(row).exec_without_returning(api.app.db.write()).await.unwrap();
}

/// An appliance with a VM `pbx` and a managed volume `pbx-root`.
pub(crate) struct Box7 {
    pub id: Uuid,
    pub vm: VmId,
}

pub(crate) async fn appliance(api: &Api, organisation: &str, name: &str) -> Box7 {
    let now = api.app.clock.now().as_millis();
    let row = row(organisation, name, now).insert(api.app.db.write()).await.unwrap();
    let vm = Vm {
        uuid: VmId::new(),
        name: "pbx".into(),
        state: VmState::Running,
        domid: Some(3),
        memory_bytes: 1 << 30,
        vcpus: 1,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: None,
        managed: true,
        autostart: None,
        started_at: None,
    };
    let storage = Storage {
        volume_groups: vec![VolumeGroup {
            uuid: "g".into(),
            name: "vg0".into(),
            size_bytes: 1 << 34,
            free_bytes: 1 << 33,
            extent_bytes: 1 << 22,
        }],
        volumes: vec![Volume {
            lv_uuid: "v".into(),
            name: "pbx-root".into(),
            volume_group: "vg0".into(),
            size_bytes: 1 << 32,
            attributes: "-wi-ao----".into(),
            segment_type: "linear".into(),
            origin: None,
            data_basis_points: None,
            metadata_basis_points: None,
            pool: None,
            tags: std::collections::BTreeSet::new(),
            managed: true,
        }],
    };
    let uuid = vm.uuid;
    for (section, document) in [("vms", json!([vm])), ("storage", json!(storage))] {
        let section = inventory::ActiveModel {
            appliance_id: Set(row.id),
            section: Set(section.into()),
            organisation_id: Set(row.organisation_id),
            digest: Set("x".into()),
            document: Set(document),
            at: Set(now),
        };
        section.insert(api.app.db.write()).await.unwrap();
    }
    let boot = boot::ActiveModel {
        appliance_id: Set(row.id),
        boot_id: Set(Uuid::new_v4()),
        organisation_id: Set(row.organisation_id),
        epoch: Set(1),
        started_at: Set(now),
        ended_at: Set(Some(now)),
        ending: Set(Some("power_loss".into())),
        confidence: Set(Some("high".into())),
        evidence: Set(json!(["the lights went out"])),
        components: Set(None),
        received_at: Set(now),
        first_seen_seconds: Set(Some(0)),
        last_seen_seconds: Set(None),
        changes: Set(None),
        told_ending: Set(Some("power_loss".into())),
        told_confidence: Set(Some("high".into())),
        told_evidence: Set(Some(json!(["the lights went out"]))),
        heard_at: Set(None),
        heard_uptime_seconds: Set(None),
        refine_at: Set(None),
    };
    boot.insert(api.app.db.write()).await.unwrap();
    Box7 { id: row.id, vm: uuid }
}
