//! What appliances report of themselves.

use domfleet_server::db::entity::{alarm, appliance, boot, inventory};
use domfleet_shared::Timestamp;
use domfleet_shared::boot::{Boot, BootEnd, Confidence};
use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::inventory::{
    Components, Content, Digests, Facts, Section, Storage, Vm, VmState, Volume,
};
use domfleet_shared::mitigation::{Mitigation, MitigationStanding, MitigationStatus};
use domfleet_shared::protocol::{ToAgent, ToServer};
use sea_orm::EntityTrait as _;

use super::client::Agent;
use super::harness::Server;

fn facts(agent: &Agent) -> Content {
    Content::Facts(Box::new(Facts {
        fingerprint: agent.fingerprint.clone(),
        hostname: "xen-7".into(),
        boot_id: BootId::new(),
        booted_at: Timestamp::from_millis(1_795_000_000_000),
        memory_bytes: Some(1 << 34),
        free_memory_bytes: None,
        dom0_memory_bytes: None,
        cpus: Some(4),
        components: Components {
            hypervisor: Some("1.9.1".into()),
            xen: Some("4.17.3".into()),
            swap: Some(false),
            overcommit: Some(2),
            ..Components::default()
        },
        taint: Some(0),
    }))
}

fn vm(state: VmState) -> Vm {
    Vm {
        uuid: VmId::new(),
        name: "pbx".into(),
        state,
        domid: Some(3),
        memory_bytes: 1 << 30,
        vcpus: 2,
        disks: Vec::new(),
        macs: Vec::new(),
        qemu_running: None,
        config_path: None,
        managed: false,
        autostart: None,
        started_at: None,
    }
}

fn running_boot(id: BootId) -> Boot {
    Boot {
        boot_id: id,
        started_at: Timestamp::from_millis(1_795_000_000_000),
        ended_at: None,
        end: None,
        confidence: None,
        evidence: Vec::new(),
        components: Components::default(),
        first_seen_seconds: None,
        last_seen_seconds: None,
        changes: Vec::new(),
    }
}

fn ended_boot(id: BootId, end: BootEnd) -> Boot {
    Boot {
        ended_at: Some(Timestamp::from_millis(1_795_000_009_000)),
        end: Some(end),
        confidence: Some(Confidence::High),
        evidence: vec!["it said so".into()],
        ..running_boot(id)
    }
}

fn digests(contents: &[Content]) -> Digests {
    contents.iter().map(|content| (content.section(), content.digest())).collect()
}

async fn row(server: &Server, agent: &Agent) -> appliance::Model {
    let id = agent.enrolled.appliance.0;
    appliance::Entity::find_by_id(id).one(server.app.db.read()).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_is_new_is_asked_for_and_what_is_known_is_not() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let contents = [
        facts(&agent),
        Content::Vms(vec![vm(VmState::Running), vm(VmState::Off)]),
        Content::Storage(Storage::default()),
    ];
    agent.digests = digests(&contents);
    let (mut socket, _) = agent.connect().await;

    let wanted = socket.hear().await.unwrap();
    for content in contents {
        socket.say(ToServer::Inventory { content }).await;
    }
    socket.settle().await;

    let all = vec![Section::Facts, Section::Vms, Section::Storage];
    assert_eq!(wanted, ToAgent::Want { sections: all });
    let row = row(&server, &agent).await;
    assert_eq!((row.vms_running, row.vms_total), (1, 2));
    assert_eq!((row.hostname.as_str(), row.hypervisor.as_deref()), ("xen-7", Some("1.9.1")));
    assert_eq!((row.swap, row.overcommit), (Some(false), Some(2)));
    let (mut socket, _) = agent.connect().await;
    socket.settle().await;
    assert_eq!(inventory::Entity::find().all(server.app.db.read()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_heartbeat_names_what_has_changed() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let content = Content::Vms(vec![vm(VmState::Running)]);
    let heartbeat = || ToServer::Heartbeat {
        uptime_seconds: 5,
        digests: digests(std::slice::from_ref(&content)),
    };

    socket.say(heartbeat()).await;
    let wanted = socket.hear().await.unwrap();
    socket.say(ToServer::Inventory { content: content.clone() }).await;
    socket.say(heartbeat()).await;

    assert_eq!(wanted, ToAgent::Want { sections: vec![Section::Vms] });
    socket.settle().await;
}

#[tokio::test]
async fn a_boot_that_is_over_does_not_change_any_more() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let (old, new) = (BootId::new(), BootId::new());

    for boots in [
        vec![running_boot(old)],
        vec![ended_boot(old, BootEnd::Panic), running_boot(new)],
        vec![ended_boot(old, BootEnd::Clean), running_boot(old), running_boot(new)],
        Vec::new(),
    ] {
        socket.say(ToServer::Inventory { content: Content::Boots(boots) }).await;
    }
    socket.settle().await;

    let rows = boot::Entity::find().all(server.app.db.read()).await.unwrap();
    let ending =
        |id: BootId| rows.iter().find(|row| row.boot_id == id.0).and_then(|row| row.ending.clone());
    assert_eq!(rows.len(), 2);
    assert_eq!(ending(old).as_deref(), Some("panic"));
    assert_eq!(ending(new), None);
}

#[tokio::test]
async fn boots_in_any_order_more_than_once_and_by_another_box_s_id_are_each_box_s_own() {
    let server = Server::start().await;
    let (mut one, mut other) = (Agent::joined(&server).await, Agent::joined(&server).await);
    let (mut of_one, _) = one.connect().await;
    let (mut of_other, _) = other.connect().await;
    let (old, new) = (BootId::new(), BootId::new());
    let boots = vec![running_boot(new), ended_boot(old, BootEnd::Hang), running_boot(new)];

    for _ in 0..2 {
        of_one.say(ToServer::Inventory { content: Content::Boots(boots.clone()) }).await;
    }
    // A cloned disk image has the seed of its random numbers, too.
    let copied = vec![ended_boot(old, BootEnd::Clean), ended_boot(new, BootEnd::Panic)];
    of_other.say(ToServer::Inventory { content: Content::Boots(copied) }).await;
    of_one.settle().await;
    of_other.settle().await;

    let rows = boot::Entity::find().all(server.app.db.read()).await.unwrap();
    let ending = |agent: &Agent, id: BootId| {
        let is_it = |row: &&boot::Model| {
            row.boot_id == id.0 && row.appliance_id == agent.enrolled.appliance.0
        };
        rows.iter().find(is_it).and_then(|row| row.ending.clone())
    };
    assert_eq!(rows.len(), 4);
    assert_eq!((ending(&one, old).as_deref(), ending(&one, new)), (Some("hang"), None));
    assert_eq!(ending(&other, old).as_deref(), Some("clean"));
    assert_eq!(ending(&other, new).as_deref(), Some("panic"));
}

/// What is left of a crash may hold anything, and PostgreSQL keeps no zero bytes in a text.
#[tokio::test]
async fn a_zero_byte_in_what_is_left_of_a_crash_ends_no_session() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let mut ended = ended_boot(BootId::new(), BootEnd::Panic);
    ended.evidence = vec!["Kernel panic\0\0 - not syncing".into(), r"C:\u0000".into()];

    socket.say(ToServer::Inventory { content: Content::Boots(vec![ended]) }).await;
    socket.settle().await;

    let rows = boot::Entity::find().all(server.app.db.read()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].evidence.to_string().contains("Kernel panic"), "{}", rows[0].evidence);
}

fn pool(data: u32) -> Content {
    let volume = Volume {
        lv_uuid: "pool".into(),
        name: "pool0".into(),
        volume_group: "vg0".into(),
        size_bytes: 1 << 30,
        attributes: "twi-aotz--".into(),
        segment_type: "thin-pool".into(),
        origin: None,
        data_basis_points: Some(data),
        metadata_basis_points: Some(100),
        pool: None,
        tags: std::collections::BTreeSet::new(),
        managed: false,
    };
    Content::Storage(Storage { volume_groups: Vec::new(), volumes: vec![volume] })
}

#[tokio::test]
async fn a_thin_pool_that_fills_up_raises_an_alarm_that_ends_with_it() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let open = async || {
        let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
        let open = alarms.into_iter().filter(|alarm| alarm.cleared_at.is_none());
        let mut open: Vec<String> = open.map(|alarm| alarm.kind).collect();
        open.sort();
        open
    };
    let gone = Content::Storage(Storage::default());

    for (content, expected) in [
        (pool(7_000), vec![]),
        (pool(8_100), vec!["thin_pool_filling"]),
        (pool(9_600), vec!["thin_pool_filling", "thin_pool_full"]),
        (pool(9_000), vec!["thin_pool_filling"]),
        (gone, vec![]),
    ] {
        socket.say(ToServer::Inventory { content }).await;
        socket.settle().await;
        assert_eq!(open().await, expected);
    }
}

#[tokio::test]
async fn a_mitigation_that_is_not_in_force_any_more_raises_an_alarm_that_ends_with_it() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let standing = |which, status| MitigationStanding {
        which,
        status,
        ours: true,
        reasons: vec!["dom0 swaps to /dev/sda2".into()],
        runtime: Vec::new(),
    };
    let open = async || {
        let alarms = alarm::Entity::find().all(server.app.db.read()).await.unwrap();
        let open = alarms.into_iter().filter(|alarm| alarm.cleared_at.is_none());
        open.map(|alarm| (alarm.kind, alarm.message)).collect::<Vec<_>>()
    };
    let in_force = standing(Mitigation::Scheduler, MitigationStatus::Applied);

    for (status, count) in [
        (MitigationStatus::PendingReboot, 0),
        (MitigationStatus::Drifted, 1),
        (MitigationStatus::Drifted, 1),
        (MitigationStatus::Applied, 0),
    ] {
        let standings = vec![standing(Mitigation::Swap, status), in_force.clone()];
        socket.say(ToServer::Inventory { content: Content::Mitigations(standings) }).await;
        socket.settle().await;

        let open = open().await;
        assert_eq!(open.len(), count, "{status:?}: {open:?}");
        for (kind, message) in open {
            assert_eq!(kind, "mitigation_drifted");
            assert!(message.contains("swap") && message.contains("/dev/sda2"), "{message}");
        }
    }
}
