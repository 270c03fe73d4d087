use std::io::Read as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domfleet_shared::id::{BootId, VmId};
use domfleet_shared::inventory::VmState;
use tokio::sync::mpsc;

use super::*;
use crate::agent::{Settings, World};
use crate::clock::Clock;
use crate::dom0::{ImageQuestion, Limit};
use crate::network::Network;
use crate::testing::{Fuse, Memory, Quiet, joined, managed};

type Box = Agent<Quiet, Memory, Network>;

async fn agent(dom0: &Quiet, files: &Memory, bundle_privacy: Privacy) -> Box {
    joined(files).await;
    let world = World {
        dom0: dom0.clone(),
        files: files.clone(),
        clock: Clock::of_the_machine(),
        dialer: Network::new("/nonexistent".into(), None),
        settings: Settings { bundle_privacy, ..Settings::default() },
    };
    let agent = Agent::open(world, mpsc::channel(1).0).await.unwrap();
    agent.observe().await;
    agent
}

fn collecting(collects: impl Fn(&Item) -> Collected + Send + Sync + 'static) -> Quiet {
    let dom0 = Quiet::new(BootId::new());
    *dom0.collects.lock().unwrap() = Some(Arc::new(collects));
    dom0
}

fn text(bytes: impl Into<Vec<u8>>) -> Collected {
    Collected { bytes: bytes.into(), ..Collected::default() }
}

/// The files of a sealed bundle, and its manifest.
fn unpacked(files: &Memory, bundle: BundleId) -> (Vec<(String, Vec<u8>)>, Manifest) {
    let plain = zstd::decode_all(files.of(&Sealed::data_name(bundle)).as_slice()).unwrap();
    let mut found = Vec::new();
    for entry in tar::Archive::new(plain.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.push((entry.path().unwrap().display().to_string(), bytes));
    }
    let (name, manifest) = found.last().unwrap();
    assert_eq!(name, MANIFEST);
    let manifest = serde_json::from_slice(manifest).unwrap();
    (found, manifest)
}

async fn sealed(agent: &Box) -> BundleId {
    let bundle = BundleId::new();
    seal(agent, bundle, Trigger::OnDemand, None).await.unwrap();
    bundle
}

/// Secrets of every kind, each with the surroundings by which it is known, and what must not be seen of it.
fn planted(item: &Item) -> (String, Vec<String>) {
    let seed = blake3::hash(format!("{item:?}").as_bytes()).to_hex();
    let part = |kind: &str| {
        format!("{kind}{}", &blake3::hash(format!("{seed}{kind}").as_bytes()).to_hex()[..20])
    };
    let [cfg, json, store, argv, user, bearer, jwt, pem, key, space, odd] =
        ["cfg", "json", "store", "argv", "user", "bearer", "jwt", "pem", "key", "space", "odd+/="]
            .map(part);
    let known = "0wn-sec/ret+of=box";
    let text = format!(
        "vncpasswd = \"{cfg}\"\n\
         {{\"vnc\": {{\"passwd\": \"{json}\"}}}}\n\
         /local/domain/0/backend/vfb/1/0/vncpasswd = \"{store}\"\n\
         qemu -object secret,id=s,data={argv} -drive file=a\n\
         proxy http://me:{user}@proxy:3128/\n\
         Authorization: Bearer {bearer}\n\
         cookie eyJhbGciOiJFZERTQSJ9.{jwt}.c2lnbmF0dXJl\n\
         -----BEGIN EC PRIVATE KEY-----\n{pem}\n-----END EC PRIVATE KEY-----\n\
         api_key={key}&x=1\n\
         secret = '{odd}'\n\
         wpa-psk {space}\n\
         plain {known}\nbase64 {}\nurl-safe {}\nhex {}\npercent {}\n",
        STANDARD.encode(format!("user:{known}")),
        URL_SAFE_NO_PAD.encode(known),
        hex::encode(known),
        "0wn-sec%2Fret%2Bof%3Dbox",
    );
    let canaries = vec![cfg, json, store, argv, user, bearer, jwt, pem, key, space, odd];
    (text, canaries)
}

/// How a secret might still stand somewhere.
fn shapes(secret: &str) -> Vec<String> {
    let padded = format!("user:{secret}");
    let inner = STANDARD.encode(&padded);
    vec![
        secret.to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        inner[8..inner.len() - 6].to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
    ]
}

fn further() -> Vec<Item> {
    vec![
        Item::XenToolLog("qemu-dm-pbx.log".into()),
        Item::Smart("sda".into()),
        Item::Image { path: "/vm/pbx.qcow2".into(), question: ImageQuestion::Check },
    ]
}

#[tokio::test]
async fn of_a_secret_in_each_place_that_is_collected_none_is_in_the_bundle() {
    let dom0 = collecting(|item| match item {
        // Where the agent's own secret is known from.
        Item::AgentConfig => text(
            "proxy = \"http://me:0wn-sec/ret+of=box@proxy:3128\"\npassword = \"0wn-sec/ret+of=box\"",
        ),
        item => Collected { error: Some(planted(item).0), ..text(planted(item).0) },
    });
    *dom0.further.lock().unwrap() = further();
    let files = Memory::default();
    files.put("pstore/x.dmesg-1", planted(&Item::Proc("pstore")).0.into_bytes());
    let agent = agent(&dom0, &files, Privacy::Secrets).await;

    let (found, manifest) = unpacked(&files, sealed(&agent).await);

    let key = String::from_utf8(files.of(KEY)).unwrap();
    let key_lines = key.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
    let items = Item::ALL.iter().cloned().chain(Item::REVEALING.iter().cloned()).chain(further());
    let mut secrets: Vec<String> =
        items.flat_map(|item| planted(&item).1).chain(key_lines).collect();
    secrets.extend(planted(&Item::Proc("pstore")).1);
    secrets.push("0wn-sec/ret+of=box".into());
    assert!(secrets.len() > 700);
    let everything: Vec<u8> =
        found.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes].concat()).collect();
    let everything = String::from_utf8_lossy(&everything);
    for shape in secrets.iter().flat_map(|secret| shapes(secret)) {
        assert!(!everything.contains(&shape), "{shape}");
    }
    for entry in manifest.entries.iter().filter(|entry| entry.path.starts_with("proc/")) {
        assert!(entry.redactions >= 15, "{entry:?}");
    }
}

#[tokio::test]
async fn a_secret_at_a_cut_does_not_leave_in_part() {
    let secret = "C4nary-of-the-cut";
    // Around both places where it is cut all of it is secret: each cut is in the middle of one.
    let cut = |secret: &str| {
        let secrets = secret.repeat(90 * 1024 / secret.len());
        [secrets.clone(), ".".repeat(1 << 20), secrets, ".".repeat((2 << 20) - 40 * 1024)].concat()
    };
    let (bare, lines) = (cut(secret), cut(&format!("password={secret}\n")));
    let dom0 = collecting(move |item| match item {
        Item::AgentConfig => text(format!("password = \"{secret}\"")),
        Item::XenToolLog(_) => text(bare.clone()),
        Item::Smart(_) => text(lines.clone()),
        _ => text(""),
    });
    *dom0.further.lock().unwrap() = further();
    let files = Memory::default();
    let agent = agent(&dom0, &files, Privacy::Secrets).await;

    let (found, manifest) = unpacked(&files, sealed(&agent).await);

    let cut = manifest.entries.iter().filter(|entry| entry.truncated).count();
    assert_eq!(cut, 2);
    for (name, bytes) in found.iter().filter(|(name, _)| name != MANIFEST) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("C4nary") && !text.contains("password=C"), "{name}");
        let left = ["4nary", "of-the", "-cut"].into_iter().find(|part| text.contains(part));
        assert_eq!(left, None, "{name}");
    }
}

#[tokio::test]
async fn what_knows_no_end_and_what_is_no_text_is_collected_within_its_bounds() {
    let dom0 = collecting(|item| match item {
        Item::Proc("uptime") => text(vec![b'x'; 100 << 20]),
        Item::Proc("loadavg") => text(b"\xff\xfe\0\0password=hunter2hunter2\0\xff".to_vec()),
        Item::Proc("meminfo") => text("a line\n".repeat(10_000_000)),
        _ => text(""),
    });
    let files = Memory::default();
    let agent = agent(&dom0, &files, Privacy::Secrets).await;

    let (found, manifest) = unpacked(&files, sealed(&agent).await);

    assert!(found.iter().all(|(_, bytes)| bytes.len() <= ITEM_BYTES));
    let of = |path: &str| found.iter().find(|(name, _)| name == path).unwrap().1.clone();
    assert!(of("proc/meminfo").len() > 2_000_000);
    assert!(!String::from_utf8_lossy(&of("proc/loadavg")).contains("hunter2"));
    assert!(manifest.sealed && manifest.is_whole);
}

#[tokio::test(start_paused = true)]
async fn an_item_that_hangs_is_skipped_and_the_rest_is_collected() {
    let dom0 = Quiet::new(BootId::new());
    dom0.hangs.lock().unwrap().push(Item::Volumes);
    let files = Memory::default();
    let agent = agent(&dom0, &files, Privacy::Secrets).await;

    let (found, manifest) = unpacked(&files, sealed(&agent).await);

    let hung = manifest.entries.iter().find(|entry| entry.path == "storage/lvs.json").unwrap();
    assert!(hung.error.as_ref().unwrap().contains("skipped"), "{hung:?}");
    assert!(found.iter().any(|(name, _)| name == "system/withheld.txt"));
    assert!(manifest.is_whole);
}

#[tokio::test(start_paused = true)]
async fn after_five_minutes_it_is_sealed_with_what_there_is() {
    let dom0 = Quiet::new(BootId::new());
    dom0.hangs.lock().unwrap().extend(Item::ALL.iter().cloned());
    let files = Memory::default();
    let agent = agent(&dom0, &files, Privacy::Secrets).await;
    let began = Instant::now();

    let (_, manifest) = unpacked(&files, sealed(&agent).await);

    assert!(began.elapsed() < ALL_WITHIN + Duration::from_secs(20));
    assert!(manifest.sealed && !manifest.is_whole);
    assert!(manifest.left_out.contains(&"agent/log.txt".to_owned()));
}

#[tokio::test]
async fn wherever_it_is_cut_the_next_boot_seals_what_is_there() {
    let whole = {
        let files = Memory::default();
        let agent = agent(&Quiet::new(BootId::new()), &files, Privacy::Secrets).await;
        unpacked(&files, sealed(&agent).await).1.entries
    };
    let mut most = 0;
    for happenings in (3..400).step_by(7) {
        let (files, fuse) = (Memory::default(), Fuse::of(happenings));
        let mut dom0 = Quiet::new(BootId::new());
        let bundle = BundleId::new();
        let dying = files.with(fuse.clone());
        let collecting = async {
            let first = agent(&dom0, &dying, Privacy::Secrets).await;
            seal(&first, bundle, Trigger::UncleanBoot, None).await
        };
        tokio::select! {
            done = collecting => { done.unwrap(); break }
            () = fuse.blown() => {}
        }

        dom0.boot_anew();
        let next = agent(&dom0, &files, Privacy::Secrets).await;

        let drafts = files.list("bundles").await.unwrap();
        assert!(drafts.iter().all(|file| !file.name.contains("draft")), "{happenings}");
        let Some(kept) = next.bundles.get(bundle) else { continue };
        let (found, manifest) = unpacked(&files, bundle);
        let bytes = files.of(&Sealed::data_name(bundle));
        assert_eq!((kept.size_bytes, kept.trigger), (bytes.len() as u64, Trigger::UncleanBoot));
        assert_eq!(kept.blake3, blake3::hash(&bytes).to_hex().as_str());
        assert!(!manifest.sealed && !manifest.is_whole, "{happenings}");
        assert_eq!(found.len(), manifest.entries.len() + 1);
        let paths = |entries: &[Described]| {
            entries.iter().map(|entry| entry.path.clone()).collect::<Vec<_>>()
        };
        assert!(
            paths(&whole).starts_with(&paths(&manifest.entries)[..3.min(manifest.entries.len())])
        );
        most = most.max(manifest.entries.len());
    }
    assert!(most > 10, "{most}");
}

#[tokio::test]
async fn one_that_was_asked_for_is_collected_anew_in_the_same_boot_and_kept_in_part_in_the_next() {
    for (in_next_boot, expected) in [(false, false), (true, true)] {
        let (files, fuse) = (Memory::default(), Fuse::of(60));
        let mut dom0 = Quiet::new(BootId::new());
        let first = agent(&dom0, &files.with(fuse.clone()), Privacy::Secrets).await;
        let bundle = BundleId::new();
        tokio::select! {
            _ = seal(&first, bundle, Trigger::OnDemand, Some(OperationId::new())) => panic!("not cut"),
            () = fuse.blown() => {}
        }
        if in_next_boot {
            dom0.boot_anew();
        }
        let next = agent(&dom0, &files, Privacy::Secrets).await;

        assert_eq!(next.bundles.get(bundle).is_some(), expected);
        assert_eq!(files.of(&Sealed::data_name(bundle)).is_empty(), !expected);
    }
}

#[tokio::test]
async fn names_of_who_and_where_are_told_by_pseudonyms_where_somebody_wants_that() {
    let dom0 = collecting(|_| text("pbx-main 192.168.7.31 00:16:3e:01:02:03"));
    let vm = managed(VmId::new(), VmState::Off, None);
    let vm = domfleet_shared::inventory::Vm { name: "pbx-main".into(), ..vm };
    dom0.observed.lock().unwrap().vms = Ok(vec![vm]);
    *dom0.further.lock().unwrap() = vec![Item::XenToolLog("guest-pbx-main.log".into())];
    let files = Memory::default();
    let agent = agent(&dom0, &files, Privacy::Pseudonyms).await;

    let (found, manifest) = unpacked(&files, sealed(&agent).await);

    assert_eq!(manifest.head.privacy, Privacy::Pseudonyms);
    for (name, bytes) in &found {
        let text = String::from_utf8_lossy(bytes);
        for named in ["pbx-main", "192.168", "00:16:3e"] {
            assert!(!text.contains(named) && !name.contains(named), "{name}: {text}");
        }
    }
    assert!(found.iter().any(|(name, _)| name.starts_with("xen/log/guest-vm-")));
}

#[tokio::test]
async fn a_name_of_the_hosts_own_neither_leads_out_of_the_archive_nor_tells_a_secret() {
    let dom0 = collecting(|item| match item {
        Item::AgentConfig => text("password = \"hunter2hunter2\""),
        _ => text("x"),
    });
    *dom0.further.lock().unwrap() = [
        "../../etc/passwd",
        "guest-hunter2hunter2.log",
        "a\nb\0c.log",
        "a_b_c.log",
        &"long".repeat(100),
        "/",
    ]
    .map(|name| Item::XenToolLog(name.to_owned()))
    .into();
    let files = Memory::default();
    let agent = agent(&dom0, &files, Privacy::Secrets).await;

    let (found, _) = unpacked(&files, sealed(&agent).await);

    let names: Vec<&str> = found
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with("xen/log"))
        .collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(
        names.contains(&"xen/log/etc/passwd") && names.contains(&"xen/log/a_b_c.log-2"),
        "{names:?}"
    );
    assert!(
        names.iter().all(|name| !name.contains("hunter2") && !name.contains("..")),
        "{names:?}"
    );
}

#[tokio::test]
async fn of_those_that_wait_the_oldest_that_nobody_asked_for_gives_way() {
    let files = Memory::default();
    let agent = agent(&Quiet::new(BootId::new()), &files, Privacy::Secrets).await;
    let asked = BundleId::new();
    seal(&agent, asked, Trigger::OnDemand, Some(OperationId::new())).await.unwrap();
    let mut unasked = Vec::new();
    for _ in 0..5 {
        unasked.push(sealed(&agent).await);
    }

    assert!(agent.bundles.get(asked).is_some());
    assert!(agent.bundles.get(unasked[0]).is_none());
    assert!(unasked[1..].iter().all(|bundle| agent.bundles.get(*bundle).is_some()));
    assert!(files.of(&Sealed::data_name(unasked[0])).is_empty());
}

#[test]
fn an_item_keeps_to_what_a_bundle_gives_it() {
    for item in Item::ALL.iter().chain(Item::REVEALING) {
        assert_eq!(item.limit(), Limit { time: Duration::from_secs(10), bytes: ITEM_BYTES });
    }
    assert_eq!(Item::Smart("sda".into()).limit().time, Duration::from_mins(1));
}
